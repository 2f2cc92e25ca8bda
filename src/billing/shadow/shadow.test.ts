/** Whole practices from a seed: what was planted is found, nothing else is, and every cent agrees. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { makePractice, type Practice } from "../../../bench/shadow-practice.ts"
import { orRefuse } from "../../formats/answer.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { Books, type ShadowFindings } from "./books.ts"
import { openIntake } from "./intake/intake.ts"
import { Payers } from "./intake/payer.ts"
import { Texts } from "./intake/texts.ts"
import { readRates } from "./judge/rates.ts"
import { differenceOf } from "./judge/work-row.ts"
import { plainOptions } from "./options.ts"
import { type Figures, figuresOf } from "./report/figures.ts"
import { summaryPage } from "./report/summary.ts"
import { worklistCsv } from "./report/worklist.ts"

interface Ran {
  readonly practice: Practice
  readonly findings: ShadowFindings
  readonly figures: Figures
  readonly rows: readonly (readonly string[])[]
}

function run(seed: number, claims: number, pieceSize = 1 << 16): Ran {
  const practice = makePractice(seed, claims)
  const books = new Books({ ...plainOptions, rates: orRefuse(readRates(toUtf8(practice.rates))) })
  const texts = new Texts()
  const keep = { texts, payers: new Payers(texts), known: books.known, planned: () => [] }
  for (const [index, { text }] of practice.files.entries()) {
    const intake = openIntake(index + 1, keep)
    const bytes = toUtf8(text)
    for (let at = 0; at < bytes.length; at += pieceSize) intake.push(bytes.subarray(at, at + pieceSize))
    books.add(intake.end())
  }
  const findings = books.finish()
  const [, ...rows] = parseCsv([...worklistCsv(findings.rows)].join(""))!
  return { practice, findings, figures: figuresOf(findings), rows }
}

const cents = (text: string) => BigInt(text.replace(".", "") || "0")

for (const seed of [1, 2, 3]) {
  test(`seed ${seed}: each planted finding is found in its class, and nothing else`, () => {
    const { practice, rows, findings } = run(seed, 700)
    const found = new Set(rows.map((cells) => `${cells[0]}|${cells[2]}|${cells[13]}`))
    assert.deepEqual(
      [...found].filter((key) => !practice.truth.has(key) && !practice.hints.has(key)),
      [],
      "false alarms",
    )
    assert.deepEqual(
      [...practice.truth].filter((key) => !found.has(key)),
      [],
      "missed",
    )
    assert.equal(rows.length, found.size, "no row twice")
    assert.ok([...practice.hints].filter((key) => found.has(key)).length * 2 > practice.hints.size, "most hints")
    assert.deepEqual(findings.problems, [])
    const classes = new Set(rows.map((cells) => cells[13]))
    assert.equal(classes.size, 6, "every class was planted")
  })

  test(`seed ${seed}: the summary's sums are the remittances' to the cent`, () => {
    const { practice, findings, figures, rows } = run(seed, 700)
    const { money } = figures
    assert.equal(figures.proven, practice.proven, "what the rates prove is what was planted under a rate")
    assert.equal(money.payments, practice.paid)
    assert.equal(money.claims - money.providerLevel, money.payments)
    assert.equal(money.matched + money.unmatched, money.claims)
    assert.equal(figures.matchedAnswers, figures.answers)
    const byClass = new Map<string, bigint>()
    for (const cells of rows) byClass.set(cells[13]!, (byClass.get(cells[13]!) ?? 0n) + cents(cells[9]!))
    for (const [name, own] of figures.byClass) assert.equal(byClass.get(name) ?? 0n, own.difference, name)
    for (const row of findings.rows) {
      if (row.expected !== undefined) assert.equal(differenceOf(row), row.expected - row.paid)
    }
    for (const { item } of findings.amounts.filter(({ tie }) => tie === undefined)) {
      const same = findings.amounts.filter((one) => one.item.reference === item.reference)
      assert.equal(same.length, 1, "only what no later payment took up is untied")
    }
    assert.ok(findings.payments.every(({ imbalances }) => imbalances.length === 0))
  })
}

test("the same files give the same worklist and page, however they are cut into pieces", () => {
  const [a, b] = [run(9, 120), run(9, 120, 97)]
  assert.deepEqual(a.rows, b.rows)
  const counts = { files: a.practice.files.length, corrected: 0, letters: 0 }
  assert.equal(summaryPage(a.findings, a.figures, counts), summaryPage(b.findings, b.figures, counts))
})

test("without rates nothing is proven, and what is hinted at says so with its n", () => {
  const practice = makePractice(4, 700)
  const books = new Books(plainOptions)
  const texts = new Texts()
  const keep = { texts, payers: new Payers(texts), known: books.known, planned: () => [] }
  for (const [index, { text }] of practice.files.entries()) {
    const intake = openIntake(index + 1, keep)
    intake.push(toUtf8(text))
    books.add(intake.end())
  }
  const findings = books.finish()
  const figures = figuresOf(findings)
  assert.equal(figures.proven, 0n)
  assert.ok(figures.hintedLines > 0)
  for (const row of findings.rows.filter((one) => one.class === "underpaid"))
    assert.match(row.source, /^inferred: mode of n=\d+$/)
})

test("a remittance given twice is counted once, and noted", () => {
  const practice = makePractice(5, 60)
  const books = new Books(plainOptions)
  const texts = new Texts()
  const keep = { texts, payers: new Payers(texts), known: books.known, planned: () => [] }
  const files = [...practice.files, ...practice.files.filter(({ name }) => name.endsWith(".835"))]
  for (const [index, { text }] of files.entries()) {
    const intake = openIntake(index + 1, keep)
    intake.push(toUtf8(text))
    books.add(intake.end())
  }
  const findings = books.finish()
  assert.equal(figuresOf(findings).money.payments, practice.paid)
  const remittances = practice.files.filter(({ name }) => name.endsWith(".835")).length
  assert.equal(findings.problems.filter(({ isNote }) => isNote).length, remittances)
})
