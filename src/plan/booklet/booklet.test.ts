import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex } from "../../base/bytes.ts"
import { escapeHtml } from "../../base/html.ts"
import { parseDate } from "../../base/time.ts"
import { planOfText, publishedPlans } from "../check/published-plans.test.ts"
import { booklet } from "./booklet.ts"
import { sentenceHtml } from "./booklet-html.ts"
import { amountWords, dateWords, isInvented, sourceOfRow, valueWords } from "./booklet-words.ts"
import { exactLines } from "./exact-words.ts"

const sample = publishedPlans.find(({ name }) => name === "eye-sample")!
const day = sample.plan.front.effective.from
/** The sample with one text changed. */
const changed = (from: string, to: string) => {
  assert.ok(sample.text.includes(from), from)
  return planOfText(sample.text.replace(from, () => to))
}

test("figures are written for people, in any currency", () => {
  const usd = { code: "USD", exponent: 2 }
  const words = [valueWords(3000n, "amount", usd), valueWords(2000n, "percent", usd), valueWords(24n, "months", usd)]
  assert.deepEqual(words, ["$30.00", "20 %", "24 months"])
  assert.equal(valueWords(1n, "visits", usd), "1 visit")
  assert.equal(valueWords(1n, "teeth", usd), "1 tooth")
  assert.equal(valueWords(46_250n, "perYear", usd), "4.625 % a year")
  assert.equal(valueWords(1250n, "percent", usd), "12.5 %")
  assert.equal(amountWords(150_000n, { code: "UGX", exponent: 0 }), "150,000 UGX")
  assert.equal(amountWords(1_234_567n, { code: "BHD", exponent: 3 }), "1,234.567 BHD")
  assert.equal(amountWords(-5n, usd), "−$0.05")
  assert.equal(dateWords(parseDate("2024-02-29")!), "29 February 2024")
})

test("a row's own source stands before the table's", () => {
  const source = "invented; J0178: OPPS Addendum B 2026-04"
  assert.equal(sourceOfRow(source, "J0178"), "OPPS Addendum B 2026-04")
  assert.equal(sourceOfRow(source, "E10"), "invented")
  assert.ok(isInvented(sourceOfRow(source, "E10")) && !isInvented(sourceOfRow(source, "J0178")))
})

test("each published booklet holds every clause in order, every figure, its exact words and its identity", () => {
  for (const { name, plan } of publishedPlans) {
    const { from } = plan.front.effective
    for (const form of ["markdown", "html"] as const) {
      const text = booklet(plan, from, form)
      assert.equal(text, booklet(plan, from, form), name)
      assert.ok(text.includes(toHex(plan.digest)) && text.includes(`version ${plan.front.version}`), name)
      const printed = form === "html" ? escapeHtml : (one: string) => one
      let at = 0
      for (const clause of plan.clauses) {
        const heading =
          form === "html" ? `>${escapeHtml(`${clause.number} ${clause.title}`)}</h3>` : `### ${clause.number} `
        const next = text.indexOf(heading, at)
        assert.ok(next > at, `${name} ${clause.number} in its place`)
        at = next
        const end = text.indexOf(form === "html" ? "<h3" : "\n### ", next + 4)
        const own = text.slice(next, end < 0 ? undefined : end)
        for (const line of exactLines(plan, clause, from)) assert.ok(own.includes(printed(line).slice(0, 12)), line)
        assert.ok(clause.rule === "" || own.includes("In exact words"), `${name} ${clause.number}`)
      }
      for (const number of plan.numbers.keys()) assert.doesNotMatch(text, new RegExp(`\\{${number}\\}`))
      for (const { editions } of plan.tables.values()) assert.ok(text.includes(toHex(editions[0]!.sha256)))
    }
  }
})

test("the HTML is one file that loads nothing, with the marks that a screen reader needs", () => {
  for (const { name, plan } of publishedPlans) {
    const html = booklet(plan, plan.front.effective.from, "html")
    assert.match(html, /^<!doctype html>\n<html lang="en">/)
    assert.doesNotMatch(html, /<script|<link|<img|<iframe|@import|url\(|https?:|\son\w+=/i, name)
    assert.equal(html.match(/<h1>/g)?.length, 1)
    assert.match(html, /<nav aria-label="Contents">[\s\S]*<main>[\s\S]*<\/main>/)
    for (const [target] of html.matchAll(/(?<=href="#)[^"]+/g)) assert.ok(html.includes(`id="${target}"`), target)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])
    assert.equal(new Set(ids).size, ids.length, `${name}: an id stands twice`)
    for (const [cell] of html.matchAll(/<th(?: [^>]*)?>/g)) assert.match(cell, /scope="(col|row)"/)
    assert.match(html, /@media print/)
  }
})

test("a text of the plan never becomes markup", () => {
  const title = "Care <b>& more</b> | *stars*"
  const plan = changed("title: Sample Eye Plan 2026", `title: "${title}"`)
  const html = booklet(plan, day, "html")
  assert.ok(html.includes("<h1>Care &lt;b&gt;&amp; more&lt;/b&gt; | *stars*</h1>"))
  assert.ok(booklet(plan, day, "markdown").startsWith("# Care \\<b\\>& more\\</b\\> \\| \\*stars\\*\n"))
  assert.equal(sentenceHtml("You *pay* **a** `J0178`\n\n- one\n- two & three"), listed)
  assert.equal(sentenceHtml("1 < 2 <i>x</i>"), "<p>1 &lt; 2 &lt;i&gt;x&lt;/i&gt;</p>")
})
const listed =
  "<p>You <em>pay</em> <strong>a</strong> <code>J0178</code></p><ul><li><p>one</p></li><li><p>two &amp; three</p></li></ul>"

test("a figure that changes during the plan says when; the day chooses the figure", () => {
  const plan = changed(
    "exam-copay: 30.00 USD",
    "exam-copay: [[30.00 USD, 2026-01-01, plan design], [35.00 USD, 2026-07-01, plan design]]",
  )
  const [before, after] = [day, parseDate("2026-07-01")!].map((on) => booklet(plan, on, "markdown"))
  assert.ok(before!.includes("You pay $30.00 for an exam"))
  assert.ok(before!.includes("> *This will change:* from 1 July 2026: $35.00 instead of $30.00"))
  assert.ok(after!.includes("You pay $35.00 for an exam") && !after!.includes("will change"))
})

test("a clause that a person decides says who, by when, by what and where to object", () => {
  const clause =
    "### 2.4 New treatment\nWe pay for a treatment that our doctor finds proven.\n\n" +
    "    discretion: { by: medical-director, kind: payer, within: review-days, criteria: 2.1, judges: [proven treatment], default: notCovered, review: 7.1 }\n" +
    "    for: [medicine]\n    exclude: { notice: none }\n"
  const text = sample.text
    .replace("second: 50 %", () => "second: 50 %, review-days: 14 days")
    .replace("## 5 What you pay", () => `${clause}## 5 What you pay`)
  const printed = booklet(planOfText(text), day, "markdown")
  assert.ok(printed.includes("> *A person decides this:*"))
  for (const words of ["Who: the medical director of the payer.", "within 14 days", "it is not covered", "see 7.1"])
    assert.ok(printed.includes(words), words)
})

test("paragraphs of a chapter called About are in the booklet", () => {
  const plan = changed("## 1 Words\n", "## 0 About\nThis plan is for eyes.\n\n- and glasses\n\n## 1 Words\n")
  const text = booklet(plan, day, "markdown")
  assert.ok(text.includes("## 0 About\n\nThis plan is for eyes.\n\n- and glasses\n\n## 1 Words"))
})
