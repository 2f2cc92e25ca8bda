/** `summary.html`: what the practice's own files say, the proven first, and what they cannot say beside it. */
import { escapeHtml } from "../../../base/html.ts"
import { formatMoney } from "../../../base/money.ts"
import { formatDate } from "../../../base/time.ts"
import type { ShadowFindings } from "../books.ts"
import { payerLabel } from "../intake/payer.ts"
import { fewestPrices } from "../judge/inferred.ts"
import { differenceOf } from "../judge/work-row.ts"
import { assumedAppeal, assumedTimely } from "../options.ts"
import { barChart } from "./chart.ts"
import type { Figures } from "./figures.ts"
import { htmlPage, htmlTable } from "./page.ts"

export interface SummaryCounts {
  readonly files: number
  readonly corrected: number
  readonly letters: number
}

const count = (value: number) => formatMoney(BigInt(value), 0)
const of = (part: number, whole: number) => `${count(part)} of ${count(whole)}`
const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`
const section = (title: string, ...parts: readonly string[]) => `<h2>${escapeHtml(title)}</h2>\n${parts.join("\n")}`
const paragraph = (text: string, kind = "") => `<p${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(text)}</p>`
const side = (left: string, right: string) => `<div class="side"><div>${left}</div><div>${right}</div></div>`

/** The longest list of single claims on the page; the worklist has all. */
const mostShown = 20

/** The whole page. */
export function summaryPage(findings: ShadowFindings, figures: Figures, counts: SummaryCounts): string {
  const body = [
    head(findings, counts),
    headline(findings, figures),
    worklist(figures, counts),
    matched(figures),
    days(figures),
    ageing(figures),
    denials(figures),
    takebacks(findings, figures),
    credits(figures),
    notCheckable(findings, figures),
    money(figures),
    assumptions(findings),
  ]
  return htmlPage("Shadow summary", body.filter((part) => part !== "").join("\n"))
}

function head({ on, problems }: ShadowFindings, { files }: SummaryCounts): string {
  const refused = problems.length === 0 ? "all of them read" : `${plural(problems.length, "problem")} in problems.txt`
  return `<h1>What your own files say</h1>\n${paragraph(`As of ${formatDate(on)}, from ${plural(files, "file")}, ${refused}. Nothing was sent anywhere.`, "soft")}`
}

function headline({ options }: ShadowFindings, figures: Figures): string {
  const { proven, provenLines, provenShared, hinted, hintedLines } = figures
  const known = options.rates !== undefined || options.plan !== undefined
  const words = !known
    ? "No contract rates (--rates) and no plan (--plan) were given, so no underpayment can be proven."
    : `${plural(provenLines, "line")} allowed below the contract. The amount is what the payer should have allowed more.`
  const shared =
    provenShared > 0n
      ? paragraph(
          `Of it ${formatMoney(provenShared)} stands on lines that also left cost share to the patient; how much of that part the payer and how much the patient owes is not checkable without the plan and the accumulators of the day.`,
        )
      : ""
  const hint =
    hintedLines > 0
      ? paragraph(
          `Not counted here: ${plural(hintedLines, "line")}, ${formatMoney(hinted)}, below what the same payer usually allows. That is a reason to look, no proof.`,
          "soft",
        )
      : ""
  return `<div class="headline">Underpaid by contract<strong>${formatMoney(proven)}</strong>${paragraph(words)}${shared}</div>${hint}`
}

function worklist({ byClass }: Figures, { corrected, letters }: SummaryCounts): string {
  const rows = [...byClass].map(([name, { rows: lines, difference }]) => [name, count(lines), formatMoney(difference)])
  const chart = barChart({
    id: "classes",
    title: "Rows of the worklist by class",
    description: [...byClass].map(([name, { rows: lines }]) => `${name} ${lines}`).join(", "),
    bars: [...byClass].map(([name, own]) => ({ label: name, value: BigInt(own.rows), text: count(own.rows) })),
  })
  const made = `${plural(corrected, "corrected claim")} in corrected/, ${plural(letters, "letter")} in letters/. Read each before you send it.`
  const table = htmlTable(
    "Rows of worklist.csv; the difference is summed where something is expected",
    ["class", ">rows", ">difference"],
    rows,
  )
  return section("What is left to do", side(chart, table), paragraph(made))
}

function matched(figures: Figures): string {
  const { claims, answeredClaims, answers, matchedAnswers, lines, matchedLines, byRule } = figures
  const rows = [
    ["Answers of payers given to a claim in the files", of(matchedAnswers, answers)],
    ["Lines of those answers given to a line of the claim", of(matchedLines, lines)],
    ["Claims sent that have an answer", of(answeredClaims, claims)],
  ]
  const table = htmlTable("Answers to claims, and claims to answers", ["what", ">matched"], rows)
  const by = htmlTable(
    "Answers by the rule that matched them (matches.csv has each)",
    ["rule", ">answers"],
    [...byRule.map(([rule, number]) => [rule, count(number)])],
  )
  return section("Matched", side(table, by))
}

function days({ days: rows }: Figures): string {
  if (rows.length === 0) return section("Days to cash", paragraph("No claim in these files was paid."))
  const chart = barChart({
    id: "days",
    title: "Days from service to the first payment, by payer",
    description: rows.map(({ payer, median, p90 }) => `${payer}: median ${median}, 90 of 100 within ${p90}`).join("; "),
    bars: rows.slice(0, mostShown).map(({ payer, median, p90 }) => ({
      label: payer,
      value: BigInt(median),
      behind: BigInt(p90),
      text: `${median} / ${p90} days`,
    })),
  })
  const table = htmlTable(
    "From the last day of service to the first payment: half of the claims within the median, 90 of 100 within p90; the last column is the median since the claim was sent",
    ["payer", ">claims", ">median", ">p90", ">since sent"],
    rows.map((row) => [
      row.payer,
      count(row.claims),
      String(row.median),
      String(row.p90),
      row.medianSinceSent === undefined ? "" : String(row.medianSinceSent),
    ]),
  )
  return section("Days to cash", side(chart, table))
}

function ageing({ ageing: buckets }: Figures): string {
  const chart = barChart({
    id: "ageing",
    title: "Claims without an answer, by days since the service",
    description: buckets.map(({ label, claims }) => `${label}: ${claims}`).join(", "),
    bars: buckets.map(({ label, claims }) => ({ label, value: BigInt(claims), text: plural(claims, "claim") })),
  })
  const rows = buckets.map(({ label, claims, charge }) => [label, count(claims), formatMoney(charge)])
  const table = htmlTable("Without an answer; charges as billed", ["since the service", ">claims", ">charge"], rows)
  return section("Ageing of what is unanswered", side(chart, table))
}

function denials({ denials: all }: Figures): string {
  if (all.length === 0) return section("Denials by code", paragraph("No line was denied."))
  const top = all.slice(0, 12)
  const chart = barChart({
    id: "denials",
    title: "Denied lines by reason code",
    description: top.map(({ carc, lines }) => `${carc}: ${lines}`).join(", "),
    bars: top.map(({ carc, lines }) => ({ label: `CARC ${carc}`, value: BigInt(lines), text: plural(lines, "line") })),
  })
  const rows = all.map(({ carc, words, lines, charge, fixable }) => [
    ...[carc, words, fixable ? "yes" : "no", count(lines), formatMoney(charge)],
  ])
  const table = htmlTable(
    "Denied lines by reason (CARC), in plain words",
    ["code", "what it means", "fixable", ">lines", ">charge"],
    rows,
  )
  return section("Denials by code", side(chart, table))
}

function takebacks({ rows }: ShadowFindings, { byClass }: Figures): string {
  const all = rows.filter((row) => row.class === "takeback")
  const own = byClass.get("takeback")
  if (all.length === 0 || own === undefined) return section("Takebacks", paragraph("No payment was taken back."))
  const shown = all.slice(0, mostShown)
  const table = htmlTable(
    `${plural(own.rows, "row")}, ${formatMoney(own.difference)}${all.length > shown.length ? `; the first ${shown.length}, all are in the worklist` : ""}`,
    ["claim", "payer", "why", ">taken back"],
    shown.map((row) => [
      ...[row.control === "" ? "(no claim)" : row.control, payerLabel(row.payer), row.source],
      formatMoney(differenceOf(row) ?? 0n),
    ]),
  )
  return section("Takebacks", table)
}

function credits({ credits: all, creditTotal }: Figures): string {
  if (all.length === 0)
    return section("Patient credits", paragraph("No patient paid more than the payers left to them."))
  const shown = all.slice(0, mostShown)
  const more = all.length > shown.length ? `; the largest ${shown.length}` : ""
  const table = htmlTable(
    `${plural(all.length, "claim")}, ${formatMoney(creditTotal)}: patients paid more (AMT*F5) than the last payer left to them (CLP05)${more}`,
    ["claim", ">credit"],
    shown.map(({ control, amount }) => [control, formatMoney(amount)]),
  )
  return section(
    "Patient credits",
    table,
    paragraph("Check the patient's account before you pay anything back.", "soft"),
  )
}

function notCheckable({ tally }: ShadowFindings, _: Figures): string {
  const rows = [...tally.notCheckable]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([reason, lines]) => [reason, count(lines)])
  const checked = `Checked by contract: ${plural(tally.byContract, "answered line")}; against what the payer usually allows: ${count(tally.byInference)}.`
  const share = `Cost share (deductible, coinsurance, copay): ${formatMoney(tally.share)} on ${plural(tally.shareLines, "line")} is not checkable without the plan and the accumulators of the day.`
  const over =
    tally.overLines > 0
      ? `${plural(tally.overLines, "line")} allowed above the contract, by ${formatMoney(tally.over)}: a payer may ask for that back.`
      : ""
  const table =
    rows.length === 0 ? "" : htmlTable("Answered lines that nothing could be held against", ["why", ">lines"], rows)
  const parts = [paragraph(checked), paragraph(share), over === "" ? "" : paragraph(over), table]
  return section("Checked and not checkable", ...parts.filter((part) => part !== ""))
}

function money({ money: sums }: Figures): string {
  const rows = [
    ["Paid on claims in the files (CLP04)", formatMoney(sums.matched)],
    ["Paid on claims that no file holds (CLP04)", formatMoney(sums.unmatched)],
    ["All claims", formatMoney(sums.claims)],
    ["Less provider level (PLB)", formatMoney(-sums.providerLevel)],
    ["Claims less provider level", formatMoney(sums.claims - sums.providerLevel)],
    ["Payments (BPR02)", formatMoney(sums.payments)],
    ["Out of balance", formatMoney(sums.payments - sums.claims + sums.providerLevel)],
  ]
  const table = htmlTable("Every cent of the remittances; balance.txt has each file", ["what", ">amount"], rows)
  return section("Money", table)
}

function assumptions({ options, on }: ShadowFindings): string {
  const ownPlan = options.plan === undefined ? "" : "the plan's window for its payer, else "
  const timely =
    options.timely === undefined
      ? `${ownPlan}${assumedTimely} days from the last day of service (assumed: give --timely)`
      : `${options.timely} days from the last day of service`
  const contest =
    options.appeal === undefined
      ? `${ownPlan}${assumedAppeal} days from the answer (assumed: give --appeal)`
      : `${options.appeal} days from the answer`
  const rows = [
    ["Today", `${formatDate(on)}${options.on === undefined ? " (the latest date in the files: give --on)" : ""}`],
    ["To send a claim", timely],
    ["To correct or appeal", contest],
    ["Underpaid", `allowed over ${formatMoney(options.tolerance)} below the lesser of charge and contract rate`],
    [
      "Allowed",
      "what the payer paid, left to the patient as cost share, and held back for a programme; of a later payer also what earlier payers paid",
    ],
    [
      "Usual price",
      `of one payer, code, modifiers and year, at least ${fewestPrices} allowed prices a unit: the one that over half share, else the median, listed below nine tenths of it`,
    ],
  ]
  return section("Rules and assumptions", htmlTable("How this page was made", ["what", "rule"], rows))
}
