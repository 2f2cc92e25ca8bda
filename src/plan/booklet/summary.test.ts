import assert from "node:assert/strict"
import { test } from "node:test"
import type { PlanCase } from "../cases/cases.ts"
import { runCase } from "../cases/run-case.ts"
import { planOfText, publishedPlans } from "../check/published-plans.test.ts"
import type { Plan } from "../plan.ts"
import type { Block, Table } from "./booklet-page.ts"
import { amountWords } from "./booklet-words.ts"
import { summary, summaryPage } from "./summary.ts"

const sample = publishedPlans.find(({ name }) => name === "eye-sample")!
const day = sample.plan.front.effective.from

function tables(plan: Plan, cases: readonly PlanCase[] = []): readonly Table[] {
  const isTable = (block: Block): block is Table => block.kind === "table"
  return summaryPage(plan, cases, plan.front.effective.from).blocks.filter(isTable)
}
const rowsOf = (plan: Plan, index: number) => tables(plan)[index]!.rows
const services = (plan: Plan) => rowsOf(plan, 1)
const answerTo = (plan: Plan, start: string) => rowsOf(plan, 0).find(([question]) => question!.startsWith(start))
const changed = (...pairs: readonly (readonly [string, string])[]) =>
  planOfText(
    pairs.reduce((text, [from, to]) => {
      assert.ok(text.includes(from), from)
      return text.replace(from, () => to)
    }, sample.text),
  )

test("a plan's one deductible is called so, however the author named its bucket", () => {
  const named = changed(["deductible: deductible", "deductible: ded-pool"], ["name: deductible,", "name: ded-pool,"])
  assert.equal(services(named)[1]![1], "The deductible, then 20 % (5.2, 5.3)")
})

test("the eye plan on two pages: what is paid for each group, by which clause", () => {
  assert.deepEqual(services(sample.plan), [
    ["Exam", "$30.00 a visit (5.1)", ""],
    ["Test, procedure, medicine", "The deductible, then 20 % (5.2, 5.3)", ""],
    ["Frames, contacts", "Nothing up to $150.00 a person in any 24 months; above that 80 % of the rest (5.5)", ""],
  ])
  assert.deepEqual(answerTo(sample.plan, "What do you pay first")?.slice(1), [
    "$240.00 a person in a calendar year",
    "5.2",
  ])
  assert.deepEqual(answerTo(sample.plan, "What do we pay before")?.slice(1), ["Exam, frames, contacts.", "5.1, 5.5"])
  assert.deepEqual(answerTo(sample.plan, "What is the most you")?.slice(1), [
    "$2,500.00 a person in a calendar year",
    "5.4",
  ])
})

test("conditions, tiers, gates and limits stand beside the group they are about", () => {
  const child =
    "### 5.6 Children\nA child pays nothing for an exam.\n\n" +
    '    { exceptionTo: 5.1, for: [exam], when: "age(born, from) < number(\\"adult\\")", copay: none }\n'
  const gated =
    "### 5.7 Medicine\nAsk us before a medicine; we pay {vials} a year.\n\n    { for: [medicine], authorize: { covers: code, else: reduce, reduction: your-part }, limit: { bucket: vials-used, per: unit }, bucket: { name: vials-used, measure: count, person: vials, period: year } }\n"
  const plan = changed(
    ["tiers: [in]", "tiers: [in, out]"],
    ["second: 50 %", "second: 50 %, adult: 18 years, vials: 4 units, out-part: 45 %"],
    [
      "## 7 Time limits",
      `${child}${gated}### 5.8 Other providers\nOutside the network you pay {out-part}.\n\n    { exceptionTo: 5.3, for: [test], tiers: [out], coinsurance: { member: out-part } }\n## 7 Time limits`,
    ],
  )
  const rows = new Map(services(plan).map(([name, ...cells]) => [name, cells]))
  assert.deepEqual(rows.get("Exam"), ["$30.00 a visit (5.1)", "$30.00 a visit (5.1)", "Children (5.6)."])
  assert.deepEqual(rows.get("Test"), [
    "The deductible, then 20 % (5.2, 5.3)",
    "The deductible, then 45 % (5.2, 5.8)",
    "",
  ])
  const [, , medicine] = rows.get("Medicine")!
  assert.equal(medicine, "At most 4 units in a calendar year (5.7); ask us first (5.7).")
  assert.deepEqual(answerTo(plan, "Do you need permission")?.slice(1), ["Yes, for medicine.", "5.7"])
  assert.match(answerTo(plan, "What does not count")?.[1] ?? "", /cut for missing permission/)
  assert.deepEqual(tables(plan)[1]!.header, ["Care", "You pay: in", "You pay: out", "Limits and exceptions"])
})

test("what is excluded, and where to object, come from the clauses", () => {
  const clause =
    "### 6.1 Frames are not paid\nWe do not pay for frames unless you signed before.\n\n" +
    "    { for: [frames], exclude: { notice: required } }\n"
  const plan = changed(["## 7 Time limits", `${clause}## 7 Time limits`])
  const page = summaryPage(plan, [], day)
  const lists = page.blocks.flatMap((block) => (block.kind === "list" ? [block.items] : []))
  assert.ok(
    lists[0]!.some((item) => item === "Frames are not paid (6.1): you owe it only if you signed a notice before."),
  )
  assert.ok(!services(plan).some(([name]) => name!.includes("rames")))
  assert.ok(lists[1]!.some((item) => item.includes("sample-mutual")))
})

test("examples are what the adjudicator makes of the plan's cases, to the cent", () => {
  for (const { name, plan, cases } of publishedPlans) {
    const table = tables(plan, cases)[2]
    if (table === undefined) continue
    const money = (amount: bigint) => amountWords(amount, plan.front.currency)
    let found = 0
    for (const item of cases) {
      const row: readonly string[] | undefined = table.rows.find(([title]) =>
        title!.toLowerCase().startsWith(item.name.toLowerCase()),
      )
      if (row === undefined) continue
      found++
      const { plan: benefit, patient } = runCase(plan, item)
      assert.deepEqual(row.slice(-2), [money(patient), money(benefit)], `${name}: ${item.name}`)
    }
    assert.ok(found > 0, name)
  }
})

test("a summary is short enough for two printed pages, names its plan, and is the same every time", () => {
  for (const { name, plan, cases } of publishedPlans) {
    const from = plan.front.effective.from
    const markdown = summary(plan, cases, from, "markdown")
    // Measured on paper: A4 and Letter take about 110 lines of a summary's table text on two pages.
    const lines = markdown.split("\n").filter((line) => line !== "").length
    assert.ok(lines <= 100 && markdown.length <= 14_000, `${name}: ${lines} lines, ${markdown.length} characters`)
    assert.equal(markdown, summary(plan, cases, from, "markdown"))
    assert.ok(markdown.includes(`Plan ${plan.front.plan}, version ${plan.front.version}.`))
    assert.doesNotMatch(markdown, /undefined|\[object|NaN|\{[a-z]/)
    const html = summary(plan, cases, from, "html")
    assert.doesNotMatch(html, /<script|<link|<img|https?:/)
  }
})
