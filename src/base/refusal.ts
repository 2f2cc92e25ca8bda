/** Bad input, said the same way everywhere: what is wrong, where, and what to do about it. Never holds health data. */
export interface Refusal {
  readonly code: string
  /** One plain sentence, "Cannot …: …". */
  readonly message: string
  /** Where in the input: a field, a line and column, a segment and element, a step of the story. */
  readonly at: string
  /** What the reader can do: fix, retry or ask. */
  readonly remedy: string
}

/** Carries a refusal up to the edge (HTTP answer, exit 1). Not for ledger rules, which return their rejections. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

export function refuse(code: string, message: string, at: string, remedy: string): never {
  throw new Refused({ code, message, at, remedy })
}
