/**
 * Texts that outlive the file they were read from. A slice of a large text keeps the whole text in memory; here short
 * words are kept once, and longer ones are copied out, so that memory grows with what is kept and not with the files.
 */
export class Texts {
  readonly #words = new Map<string, string>()

  /** A word that many claims share: a code, a group, a payer's name. */
  word(text: string): string {
    const known = this.#words.get(text)
    if (known !== undefined) return known
    const copy = this.own(text)
    this.#words.set(copy, copy)
    return copy
  }

  /** A text that is one claim's own: its number, its line's number. */
  own(text: string): string {
    // Engines hold slices of over twelve characters as views into their source; joining and cutting makes a copy.
    return text.length > 12 ? ` ${text}`.slice(1) : text
  }
}
