/** The story on a terminal: headings, indented lines, amounts in a column. Plain text where there is no terminal. */
import type { Writable } from "node:stream"

export class Screen {
  readonly #out: Writable & { readonly isTTY?: boolean; readonly columns?: number }

  constructor(out: Writable & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.#out = out
  }

  #paint(code: string, text: string): string {
    return this.#out.isTTY === true && process.env["NO_COLOR"] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text
  }

  say(text = ""): void {
    this.#out.write(`${text}\n`)
  }

  heading(text: string): void {
    this.say()
    this.say(this.#paint("1", text))
  }

  /** An indented line; wraps at the terminal's width, at most 110 columns. */
  line(text: string, indent = 2): void {
    const width = Math.min(this.#out.columns ?? 110, 110) - indent
    let row = ""
    for (const word of text.split(" ")) {
      if (row !== "" && row.length + 1 + word.length > width) {
        this.say(" ".repeat(indent) + row)
        row = word
      } else row = row === "" ? word : `${row} ${word}`
    }
    this.say(" ".repeat(indent) + row)
  }

  quiet(text: string): void {
    this.say(this.#paint("2", `  ${text}`))
  }

  strong(text: string): string {
    return this.#paint("1", text)
  }

  good(text: string): string {
    return this.#paint("32", text)
  }

  bad(text: string): string {
    return this.#paint("31", text)
  }

  /** Rows in columns; those whose header starts with `>` are right-aligned. */
  table(header: readonly string[], rows: readonly (readonly string[])[], indent = 2): void {
    const right = header.map((cell) => cell.startsWith(">"))
    const all = [header.map((cell) => cell.replace(/^>/, "")), ...rows]
    const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
    all.forEach((row, i) => {
      const cells = row.map((cell, column) =>
        right[column] === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      const text = " ".repeat(indent) + cells.join("  ").trimEnd()
      this.say(i === 0 ? this.#paint("2", text) : text)
    })
  }
}
