/** An explanation of benefits as one self-contained page: no script, nothing fetched, fit for a phone and for paper. */

import { escapeHtml } from "../base/html.ts"
import { formatMoney } from "../base/money.ts"
import type { Eob, EobLine } from "./eob.ts"
import { limitText } from "./eob-text.ts"

const style = `
:root { color-scheme: light }
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
.not-a-bill { display: inline-block; border: 2px solid #1a1a1a; padding: 0 .5rem; font-weight: 600 }
.sums { display: flex; gap: 1rem; flex-wrap: wrap; margin: 1.25rem 0 } .sums div { border: 2px solid #ccc; border-radius: .4rem; padding: .5rem 1rem }
.sums strong { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% } th, td { padding: .3rem .5rem; border-bottom: 1px solid #ccc; text-align: left }
td.money, th.money { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
caption { text-align: left } tfoot td { border-bottom: 0; font-weight: 600 } .sums .yours { border-color: #1a1a1a }
.wide { overflow-x: auto } .advice { background: #eef4fb; border-left: 4px solid #1c5d99; padding: .4rem .75rem; margin: .4rem 0 }
p { margin: .3rem 0 } .quiet { color: #555 }
@media (max-width: 32rem) { .day, .allows { display: none } table { font-size: .85rem } th, td { padding: .3rem .25rem } .sums { gap: .5rem } .sums div { padding: .4rem .6rem } .sums strong { font-size: 1.15rem } }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt } h3, .advice, tr { break-inside: avoid } }
`

function rowOf(line: EobLine, money: (amount: bigint) => string): string {
  const cell = (text: string, kind = "") => `<td class="money${kind}">${escapeHtml(text)}</td>`
  const decided =
    line.money === undefined
      ? `<td colspan="3" class="money">not decided yet</td>`
      : cell(money(line.money.allowed), " allows") + cell(money(line.money.benefit)) + cell(money(line.money.patient))
  const service = `<th scope="row">${line.number}</th><td>${escapeHtml(line.code)}</td><td class="day">${line.from}</td>`
  return `<tr>${service}${cell(money(line.charge))}${decided}</tr>`
}

function whyOf(line: EobLine, money: (amount: bigint) => string): string {
  const head = `<h3>Line ${line.number}: ${escapeHtml(line.code)}, charged ${money(line.charge)}</h3>`
  const sentences = line.sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n")
  const advice =
    line.advice === undefined ? "" : `<p class="advice"><b>What you can do:</b> ${escapeHtml(line.advice)}</p>`
  return `${head}\n${sentences}\n${advice}`
}

/** The page, UTF-8 text. */
export function eobPage(eob: Eob): string {
  const money = (amount: bigint) => formatMoney(amount, eob.exponent)
  const limits = eob.limits.map(
    (one) =>
      `<tr><th scope="row">${escapeHtml(`${one.clause} ${one.title}`)}</th><td>${one.whose}</td><td>${limitText(one, eob.exponent)}</td></tr>`,
  )
  const beside = eob.beside === 0n ? "" : `<div>Not for you to pay <strong>${money(eob.beside)}</strong></div>`
  const open =
    eob.open === 0n
      ? ""
      : `<p><b>${money(eob.open)}</b> of the charge is not decided yet. You owe nothing for it now.</p>`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(eob.title)}</title><style>${style}</style></head>
<body>
<h1>${escapeHtml(eob.title)}</h1>
<p class="not-a-bill">This is not a bill</p>
<p>${escapeHtml(eob.plan)}<br>Claim ${escapeHtml(eob.control)}, provider ${escapeHtml(eob.provider)}. Amounts in ${eob.currency}.</p>
<div class="sums"><div>Charged <strong>${money(eob.charge + eob.open)}</strong></div><div>The plan pays <strong>${money(eob.benefit)}</strong></div>${beside}<div class="yours">You pay <strong>${money(eob.patient)}</strong></div></div>
${open}
<div class="wide"><table>
<caption class="quiet">Each service</caption>
<thead><tr><th scope="col">Line</th><th scope="col">Service</th><th scope="col" class="day">Day</th><th scope="col" class="money">Charged</th><th scope="col" class="money allows">Plan allows</th><th scope="col" class="money">Plan pays</th><th scope="col" class="money">You pay</th></tr></thead>
<tbody>
${eob.lines.map((line) => rowOf(line, money)).join("\n")}
</tbody>
<tfoot><tr><td></td><td>Together</td><td class="day"></td><td class="money">${money(eob.charge + eob.open)}</td><td class="allows"></td><td class="money">${money(eob.benefit)}</td><td class="money">${money(eob.patient)}</td></tr></tfoot></table></div>
<h2>Why</h2>
${eob.lines.map((line) => whyOf(line, money)).join("\n")}
${limits.length === 0 ? "" : `<h2>Your limits after this claim</h2>\n<div class="wide"><table><thead><tr><th scope="col">Clause</th><th scope="col">Whose</th><th scope="col">Used</th></tr></thead><tbody>\n${limits.join("\n")}\n</tbody></table></div>`}
<h2>What your plan says</h2>
${eob.clauses.map((clause) => `<p>${escapeHtml(clause)}</p>`).join("\n")}
<h2>Good to know</h2>
${eob.closing.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n")}
</body></html>
`
}
