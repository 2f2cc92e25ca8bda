/** Booklet and rule cannot drift: in every published plan, one of sentence, rule or number is changed alone. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { fromUtf8, toUtf8 } from "#crypto"
import { checkDocument, reviewOf } from "../check/check.ts"
import { planOfText, publishedPlans, publishedTables } from "../check/published-plans.test.ts"
import { readPlan } from "../language/read.ts"
import { usesOf } from "../language/uses.ts"
import { booklet } from "./booklet.ts"

/** The clauses that have drifted in a changed text, beside the review of the published one. */
function drifted(text: string, reviewed: string): ReadonlySet<string> {
  const findings = checkDocument(toUtf8(text), publishedTables, { reviewed })
  return new Set(findings.flatMap(({ code, clause }) => (code === "drift" && clause !== undefined ? [clause] : [])))
}

const linesOf = (text: string) => text.split("\n")
const reads = (text: string) => "plan" in readPlan(toUtf8(text), publishedTables)

test("each published plan is reviewed, sentence by rule, as it stands", () => {
  for (const { name, plan, reviewed } of publishedPlans) {
    assert.notEqual(reviewed, undefined, `plans/${name}.reviewed is missing: countersign plan review plans/${name}.md`)
    assert.equal(reviewed, reviewOf(plan), `plans/${name}.md moved since its review: countersign plan review`)
  }
})

test("a sentence changed alone is drift, whichever it is", () => {
  for (const { name, plan, text } of publishedPlans) {
    const reviewed = reviewOf(plan)
    assert.deepEqual(drifted(text, reviewed), new Set(), name)
    const lines = linesOf(text)
    for (const { sentenceLine } of plan.clauses) lines[sentenceLine - 1] += " Or not."
    assert.deepEqual(drifted(lines.join("\n"), reviewed), new Set(plan.clauses.map(({ number }) => number)), name)
    // One of them alone: the middle one, so that nothing rests on all having moved.
    const middle = plan.clauses[plan.clauses.length >> 1]!
    const one = linesOf(text).map((line, index) => (index === middle.sentenceLine - 1 ? `${line} Or not.` : line))
    assert.deepEqual(drifted(one.join("\n"), reviewed), new Set([middle.number]), name)
  }
})

/** The rule with one more guard, so that it holds for fewer lines; undefined when the plan would not read. */
function guarded(lines: readonly string[], ruleLine: number): readonly string[] | undefined {
  const old = lines[ruleLine - 1]!
  const guard = "claims: [professional]"
  const changed = [...lines]
  if (old.startsWith("    {")) changed[ruleLine - 1] = old.replace("{", `{ ${guard},`)
  else changed[ruleLine - 1] = `    { ${guard}, ${old.trim()} }`
  return reads(changed.join("\n")) ? changed : undefined
}

test("a rule changed alone is drift", () => {
  for (const { name, plan, text } of publishedPlans) {
    const moved = new Set<string>()
    let lines: readonly string[] = linesOf(text)
    for (const { number, rule, ruleLine } of plan.clauses) {
      const changed = rule === "" ? undefined : guarded(lines, ruleLine)
      if (changed === undefined) continue
      moved.add(number)
      lines = changed
    }
    assert.ok(moved.size > 0, `${name}: no rule could be changed`)
    assert.deepEqual(drifted(lines.join("\n"), reviewOf(plan)), moved, name)
  }
})

test("a number changed alone changes the sentence, the exact words and the table of numbers together", () => {
  for (const { name, plan, text } of publishedPlans) {
    const { from } = plan.front.effective
    const numbers = [...plan.numbers.values()].filter(({ unit }) => unit === "percent" || unit === "amount")
    const changed = numbers.reduce((all, number) => {
      const pattern = new RegExp(`(\\b${number.name}: (?:\\[\\[)?)(\\d[\\d.]*)(?= )`)
      assert.match(all, pattern, `${name} ${number.name}`)
      return all.replace(pattern, (_, head: string, figure: string) => `${head}${plusOne(figure)}`)
    }, text)
    const pages = [booklet(plan, from, "markdown"), booklet(planOfText(changed), from, "markdown")] as const
    for (const number of numbers) {
      const rows = pages.map((page) => linesOf(page).find((line) => line.startsWith(`| ${number.name} |`)))
      assert.ok(rows[0] !== undefined && rows[0] !== rows[1], `${name} ${number.name} among the numbers`)
      for (const clause of plan.clauses.filter(({ sentence }) => sentence.includes(`{${number.name}}`))) {
        const [old, young] = pages.map((page) => sentencePart(page, clause.number))
        assert.notEqual(old, young, `${name} ${clause.number}: ${number.name} in its sentence`)
      }
    }
    for (const { number, rule } of usesOf(plan).numbers.filter((use) => numbers.includes(use.number))) {
      const [old, young] = pages.map((page) => exactPart(page, rule.clause.number))
      assert.notEqual(old, young, `${name} ${rule.clause.number}: ${number.name} in exact words`)
    }
  }
})

/** The figure with one more in its last place. */
function plusOne(figure: string): string {
  const digits = (BigInt(figure.replace(".", "")) + 1n).toString().padStart(figure.replace(".", "").length, "0")
  const decimals = figure.split(".")[1]?.length ?? 0
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

function clausePart(page: string, number: string): string {
  const rest = page.slice(page.indexOf(`### ${number} `))
  const end = rest.indexOf("\n##", 4)
  return end < 0 ? rest : rest.slice(0, end)
}

const sentencePart = (page: string, number: string) => clausePart(page, number).split("\n> ")[0]
const exactPart = (page: string, number: string) => clausePart(page, number).split("\n> ").slice(1).join()

test("a plan's bytes are what is printed: the booklet names the digest of the document that was read", () => {
  for (const { plan, text } of publishedPlans) assert.equal(fromUtf8(plan.bytes), text)
})
