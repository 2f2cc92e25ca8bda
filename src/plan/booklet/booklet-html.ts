/**
 * A page as one HTML file: no script, no outside resource, readable on a phone, printable, and with the marks that a
 * screen reader needs. The member's sentences are Markdown and are walked node by node: nothing passes through as HTML.
 */

import type { Nodes } from "mdast"
import { fromMarkdown } from "mdast-util-from-markdown"
import { escapeHtml } from "../../base/html.ts"
import type { Block, Page, Table } from "./booklet-page.ts"
import { bookletStyle, summaryStyle } from "./booklet-style.ts"

/** Elements for the nodes a sentence may hold; a node of any other kind is shown as its text. */
const elements: Readonly<Record<string, string>> = {
  paragraph: "p",
  emphasis: "em",
  strong: "strong",
  listItem: "li",
}

function nodeHtml(node: Nodes): string {
  if (node.type === "text") return escapeHtml(node.value)
  if (node.type === "inlineCode") return `<code>${escapeHtml(node.value)}</code>`
  if (node.type === "break") return "<br>"
  if (!("children" in node)) return "value" in node ? escapeHtml(node.value) : ""
  const inner = node.children.map(nodeHtml).join("")
  const element = node.type === "list" ? (node.ordered === true ? "ol" : "ul") : elements[node.type]
  return element === undefined ? inner : `<${element}>${inner}</${element}>`
}

/** A member's sentence as HTML. */
export const sentenceHtml = (markdown: string): string => nodeHtml(fromMarkdown(markdown))

/** The roles say again what the elements are: a narrow screen lays the rows out as blocks, and browsers then forget it. */
function tableHtml({ caption, header, rows }: Table): string {
  const figures = header.map((name) => (name.startsWith(">") ? ' class="figure"' : ""))
  const heads = header.map(
    (name, column) =>
      `<th scope="col" role="columnheader"${figures[column]}>${escapeHtml(name.replace(/^>/, ""))}</th>`,
  )
  const body = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const label = ` data-label="${escapeHtml((header[column] ?? "").replace(/^>/, ""))}"`
      return column === 0
        ? `<th scope="row" role="rowheader">${escapeHtml(cell)}</th>`
        : `<td role="cell"${figures[column]}${label}>${escapeHtml(cell)}</td>`
    })
    return `<tr role="row">${cells.join("")}</tr>`
  })
  const title = caption === "" ? "" : `<caption>${escapeHtml(caption)}</caption>`
  const head = `<thead role="rowgroup"><tr role="row">${heads.join("")}</tr></thead>`
  return `<table role="table">${title}\n${head}\n<tbody role="rowgroup">\n${body.join("\n")}\n</tbody></table>`
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level} id="${escapeHtml(block.id)}">${escapeHtml(block.text)}</h${block.level}>`
    case "text":
      return `<p>${escapeHtml(block.text)}</p>`
    case "sentence":
      return `<div class="sentence">${sentenceHtml(block.markdown)}</div>`
    case "aside": {
      const label = `<em>${escapeHtml(block.label)}:</em>`
      if (block.lines.length === 1) return `<p class="aside">${label} ${escapeHtml(block.lines[0]!)}</p>`
      const items = block.lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")
      return `<div class="aside"><p>${label}</p><ul>${items}</ul></div>`
    }
    case "list":
      return `<ul>\n${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("\n")}\n</ul>`
    case "table":
      return tableHtml(block)
  }
}

function contentsHtml(page: Page): string {
  const entries = page.blocks.flatMap((block) =>
    block.kind === "heading"
      ? [`<li class="level-${block.level}"><a href="#${escapeHtml(block.id)}">${escapeHtml(block.text)}</a></li>`]
      : [],
  )
  return `<nav aria-label="Contents">\n<h2>Contents</h2>\n<ul>\n${entries.join("\n")}\n</ul>\n</nav>\n`
}

/** The page as one self-contained file. A summary is set to fit two printed pages; a booklet has a table of contents. */
export function pageHtml(page: Page, form: "booklet" | "summary"): string {
  const style = form === "summary" ? summaryStyle : bookletStyle
  const title = escapeHtml(page.title)
  const lead = page.lead.map((text) => `<p>${escapeHtml(text)}</p>`).join("\n")
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${lead}
</header>
${form === "booklet" ? contentsHtml(page) : ""}<main>
${page.blocks.map(blockHtml).join("\n")}
</main>
<footer><p>${escapeHtml(page.foot)}</p></footer>
</body>
</html>
`
}
