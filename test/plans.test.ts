/** The published plans of the package: each may be published, its cases come out, and a reader of twelve can follow it. */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { readPlanFiles } from "../src/cli/community/plan-files.ts"
import { countText, gradeOf } from "../src/plan/booklet/readability.ts"
import { type PlanCase, parseCases } from "../src/plan/cases/cases.ts"
import { runCase } from "../src/plan/cases/run-case.ts"
import { checkPlan } from "../src/plan/check/check.ts"
import { checkCases } from "../src/plan/check/check-cases.ts"
import { kinds } from "../src/plan/language/effects.ts"
import { readPlan } from "../src/plan/language/read.ts"
import type { Plan } from "../src/plan/plan.ts"

const folder = fileURLToPath(new URL("../plans/", import.meta.url))
const names = readdirSync(folder).flatMap((file) => (file.endsWith(".md") ? [file.slice(0, -3)] : []))
const textOf = (file: string) => readFileSync(folder + file, "utf8")

function read(name: string, edit: (text: string) => string = (text) => text): Plan {
  const files = readPlanFiles(`${folder}${name}.md`)
  const bytes = new TextEncoder().encode(edit(new TextDecoder().decode(files.bytes)))
  const result = readPlan(bytes, new Map(files.tables.map((table) => [table.name, table.bytes])))
  if ("plan" in result) return result.plan
  assert.fail(`${name}: ${result.findings[0]?.message}`)
}

function casesOf(name: string, plan: Plan): readonly PlanCase[] {
  const { cases, findings } = parseCases(textOf(`${name}.cases`), plan)
  assert.deepEqual(findings, [], name)
  return cases
}

const plans = new Map(names.map((name) => [name, read(name)]))

test("every plan may be published without a warning, and its cases touch every rule", (t) => {
  const counts = { plans: 0, clauses: 0, cases: 0 }
  for (const [name, plan] of plans) {
    const cases = casesOf(name, plan)
    const reviewed = textOf(`${name}.reviewed`)
    assert.deepEqual(checkPlan(plan, { cases, reviewed }), [], name)
    counts.plans++
    counts.clauses += plan.clauses.length
    counts.cases += cases.length
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.plans >= 11 && counts.cases > 140)
})

test("a case that is off by the smallest coin is found, whichever side it is on", () => {
  for (const [name, plan] of plans) {
    for (const item of casesOf(name, plan)) {
      assert.deepEqual(checkCases(plan, [item]).failing, [], `${name}: ${item.name}`)
      const more = [{ ...item, plan: item.plan + 1n }]
      const less = [{ ...item, patient: item.patient + 1n }]
      assert.equal(checkCases(plan, more).failing.length + checkCases(plan, less).failing.length, 2, item.name)
    }
  }
})

test("no line of a case is left waiting", () => {
  for (const [name, plan] of plans) {
    for (const item of casesOf(name, plan)) {
      const { leg } = runCase(plan, item).outcome
      const waiting = leg.lines.filter(({ status }) => status === "pended" || status === "held")
      assert.deepEqual(waiting, [], `${name}: ${item.name}`)
    }
  }
})

test("a sentence that moves without its rule is found in every plan, and the other way round", () => {
  for (const name of names) {
    const reviewed = textOf(`${name}.reviewed`)
    const drifts = (edit: (text: string) => string) =>
      checkPlan(read(name, edit), { reviewed }).filter(({ code }) => code === "drift").length
    assert.equal(
      drifts((text) => text.replace("No service is paid twice.", "We pay no service twice.")),
      1,
      name,
    )
    assert.equal(
      drifts((text) => text.replace("same: [provider, from,", "same: [provider, from, to,")),
      1,
      name,
    )
  }
})

test("sentences are plain: reading age twelve over a plan, and none far above it", (t) => {
  const grade = (text: string) => gradeOf(countText(text)) ?? 0
  for (const [name, plan] of plans) {
    const texts = plan.clauses.map(({ number, sentence }) => ({ number, text: sentence.replace(/\{[^}]*\}/g, "30") }))
    const whole = grade(texts.map(({ text }) => text).join("\n\n"))
    t.diagnostic(`${name}: grade ${whole / 100}`)
    assert.ok(whole <= 700, `${name} reads at grade ${whole / 100}`)
    for (const { number, text } of texts) assert.ok(grade(text) <= 1100, `${name} ${number}: ${grade(text) / 100}`)
  }
})

test("together the plans use every kind of effect of the language", () => {
  const used = new Set([...plans.values()].flatMap((plan) => plan.rules.map(({ kind }) => kind)))
  assert.deepEqual(
    kinds.filter((kind) => !used.has(kind)),
    [],
  )
})

test("the scheme's first cases are those of the language's worked scheme", () => {
  const worked = new URL("../src/plan/fixtures/scheme.cases", import.meta.url)
  assert.ok(existsSync(worked))
  const money = (text: string) =>
    text
      .split("\n")
      .filter((row) => row !== "" && !row.startsWith("#"))
      .map((row) => row.split("|").slice(0, 7).join("|"))
  const own = money(textOf("low-income-scheme.cases"))
  assert.deepEqual(own.slice(0, 7), money(readFileSync(worked, "utf8")))
})
