/** The style sheets of a booklet and of a summary: dark on light, system fonts, and what changes on paper. */

const base = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, "Liberation Sans", Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 2px solid #1f5f5b; padding-bottom: .2rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
p { margin: .4rem 0; }
a { color: #14504c; }
code { font-family: ui-monospace, "Liberation Mono", monospace; font-size: .9em; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #c8c8c8; padding: .3rem .6rem .3rem 0; }
thead th { border-bottom: 2px solid #767676; }
tbody th { font-weight: 600; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
thead th, td.figure { white-space: nowrap; }
.aside { border-left: 3px solid #1f5f5b; background: #f1f6f5; color: #333; font-size: .88rem; padding: .35rem .7rem; }
.aside ul { margin: .2rem 0; padding-left: 1.2rem; }
.aside p { margin: 0; }
nav ul { list-style: none; padding-left: 0; columns: 2; column-gap: 2rem; }
nav .level-3 { padding-left: 1rem; font-size: .9rem; }
nav .level-2 { font-weight: 600; }
footer { border-top: 1px solid #c8c8c8; margin-top: 2rem; color: #444; font-size: .8rem; }
@media screen and (max-width: 40rem) {
  nav ul { columns: 1; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; white-space: nowrap; }
  table, tbody, tr, th, td { display: block; border: 0; padding: 0; }
  tr { border-bottom: 1px solid #c8c8c8; padding: .4rem 0; }
  td { padding-left: .8rem; }
  td.figure { text-align: left; }
  td:not(:empty)::before { content: attr(data-label) ": "; color: #444; }
}
`

export const bookletStyle = `${base}@media print {
  @page { margin: 18mm 16mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3, caption, thead { break-after: avoid; }
  tr, .aside, .sentence { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  .aside { background: none; }
}
`

/** Two sheets of paper, A4 or Letter, both sides counted as one page each. */
export const summaryStyle = `${base}body { max-width: 60rem; }
@media print, (min-width: 40.01rem) { #questions + table tbody th { width: 30%; } }
h2 { margin: 1rem 0 .3rem; }
@media print {
  @page { margin: 9mm 10mm; }
  body { max-width: none; padding: 0; font-size: 9pt; line-height: 1.28; }
  h1 { font-size: 14pt; margin: 0; }
  h2 { font-size: 10.5pt; margin: 6pt 0 1pt; padding-bottom: 0; border-bottom-width: 1px; break-after: avoid; }
  p { margin: 1pt 0; }
  ul { margin: 1pt 0; padding-left: 10pt; }
  table { font-size: 8.6pt; margin: 1pt 0 4pt; }
  caption { padding: 1pt 0; }
  th, td { padding: 1pt 5pt 1pt 0; }
  tr { break-inside: avoid; }
  footer { margin-top: 4pt; font-size: 6.8pt; }
  a { color: inherit; text-decoration: none; }
}
`
