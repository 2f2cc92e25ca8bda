/**
 * A page that is written once and printed twice: blocks of plain text, from which the Markdown and the HTML of a booklet
 * and of a summary are made. Text in blocks is plain unless the block says that it is Markdown.
 */

export interface Table {
  readonly kind: "table"
  readonly caption: string
  /** A header that begins with `>` is over a column of figures. */
  readonly header: readonly string[]
  /** The first cell names the row. */
  readonly rows: readonly (readonly string[])[]
}

export type Block =
  | { readonly kind: "heading"; readonly level: 2 | 3; readonly text: string; readonly id: string }
  | { readonly kind: "text"; readonly text: string }
  /** The member's sentence as Markdown. */
  | { readonly kind: "sentence"; readonly markdown: string }
  /** A line in another voice, after a label: “In exact words”, “A person decides”. */
  | { readonly kind: "aside"; readonly label: string; readonly lines: readonly string[] }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | Table

export interface Page {
  readonly title: string
  readonly lead: readonly string[]
  readonly blocks: readonly Block[]
  /** Small print at the end of every page of a summary; at the end of a booklet. */
  readonly foot: string
}

const special = /[\\`*_[\]<>|]/g
const escaped = (text: string) => text.replace(special, "\\$&")

function tableText({ caption, header, rows }: Table): string {
  const cells = (row: readonly string[]) => `| ${row.map((cell) => escaped(cell)).join(" | ")} |`
  const names = header.map((name) => name.replace(/^>/, ""))
  const rule = header.map((name) => (name.startsWith(">") ? "---:" : "---"))
  const head = caption === "" ? [] : [`**${escaped(caption)}**`, ""]
  return [...head, cells(names), `| ${rule.join(" | ")} |`, ...rows.map(cells)].join("\n")
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${escaped(block.text)}`
    case "text":
      return escaped(block.text)
    case "sentence":
      return block.markdown
    case "aside":
      if (block.lines.length === 1) return `> *${block.label}:* ${escaped(block.lines[0]!)}`
      return [`> *${block.label}:*`, ">", ...block.lines.map((line) => `> - ${escaped(line)}`)].join("\n")
    case "list":
      return block.items.map((item) => `- ${escaped(item)}`).join("\n")
    case "table":
      return tableText(block)
  }
}

/** The page as CommonMark with tables; ends with a line break. */
export function pageMarkdown(page: Page): string {
  const lead = page.lead.map(escaped)
  const parts = [`# ${escaped(page.title)}`, ...lead, ...page.blocks.map(blockText), "---", escaped(page.foot)]
  return `${parts.join("\n\n")}\n`
}
