/** The parts of a self-contained HTML page: no script, no request, readable on paper and on a phone. */

import { escapeHtml } from "../../../base/html.ts"

/** Columns whose header begins with `>` hold numbers and stand to the right. Over three columns stack on a phone. */
export function htmlTable(caption: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const right = header.map((cell) => cell.startsWith(">"))
  const name = (index: number) => escapeHtml((header[index] ?? "").replace(/^>/, ""))
  const head = header.map((_, index) => `<th scope="col"${right[index] ? ' class="n"' : ""}>${name(index)}</th>`)
  const body = rows.map((row) => {
    const cells = row.map((cell, index) => {
      const kind = right[index] ? ' class="n"' : ""
      const text = escapeHtml(cell)
      return index === 0 ? `<th scope="row"${kind}>${text}</th>` : `<td${kind} data-name="${name(index)}">${text}</td>`
    })
    return `<tr>${cells.join("")}</tr>`
  })
  return (
    `<table${header.length > 3 ? ' class="wide"' : ""}>${caption === "" ? "" : `<caption>${escapeHtml(caption)}</caption>`}` +
    `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table>`
  )
}

const style = `
:root { color-scheme: light; --ink: #16202b; --soft: #52606d; --line: #cfd6dd; --bar: #1c5d99; --pale: #9cc3e6; --ground: #eef2f5 }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 1.25rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff }
h1 { font-size: 1.6rem; margin: 0 0 .25rem } h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; border-top: 2px solid var(--ink); padding-top: .6rem }
p { margin: .4rem 0 .6rem; max-width: 46rem } .soft { color: var(--soft) }
.headline { border: 2px solid var(--ink); border-radius: 6px; padding: .8rem 1.1rem; margin: 1rem 0 } .headline strong { display: block; font-size: 2rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.side { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 2rem; align-items: start }
table { border-collapse: collapse; width: 100%; font-size: .95rem } caption { text-align: left; color: var(--soft); padding-bottom: .3rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: 400; overflow-wrap: anywhere }
thead th { font-weight: 600; overflow-wrap: normal } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { display: block; margin: .4rem 0 1rem; overflow: visible } svg text { font: 14px system-ui, sans-serif; fill: var(--ink) } svg .value { text-anchor: end; font-variant-numeric: tabular-nums }
.bar { fill: var(--bar) } .pale { fill: var(--pale) } .ground { fill: var(--ground) }
@media (max-width: 44rem) {
  .side { grid-template-columns: 1fr; gap: .5rem } body { padding: .9rem }
  table.wide thead { position: absolute; left: -999rem } table.wide tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0 }
  table.wide th, table.wide td { display: block; border: 0; padding: 0; text-align: left; white-space: normal } table.wide td::before { content: attr(data-name) ": "; color: var(--soft) }
}
@media print { body { max-width: none; padding: 0; font-size: 11pt } h2, .headline, tr, svg { break-inside: avoid } h2 { break-after: avoid } rect { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
`

const letterStyle = `
body { font: 15px/1.5 Georgia, serif } h1 { font-size: 1.15rem; margin: 1.2rem 0 .3rem } table { font-size: .85rem }
.cover { font-family: system-ui, sans-serif; border: 2px dashed var(--ink); padding: .6rem 1rem; margin-bottom: 1.5rem } .cover h2 { border: 0; margin: 0; padding: 0; font-size: 1rem }
@media print { .cover { break-after: page } }
`

/** A letter with its cover sheet, which prints on a page of its own. Both bodies are HTML. */
export function letterPage(title: string, cover: string, body: string): string {
  const sheet = `<div class="cover"><h2>Before you send this</h2>${cover}</div>`
  return htmlPage(title, sheet + body, letterStyle)
}

/** A whole page. `body` is HTML; the title is text. */
export function htmlPage(title: string, body: string, more = ""): string {
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` +
    `<meta name="referrer" content="no-referrer"><title>${escapeHtml(title)}</title><style>${style}${more}</style></head>\n` +
    `<body>\n${body}\n</body></html>\n`
  )
}
