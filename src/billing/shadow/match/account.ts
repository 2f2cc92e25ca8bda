/** One claim that was sent and everything that was answered to it, in the order in which it was answered. */
import type { AnsweredClaim, AnsweredLine } from "../intake/answered.ts"
import type { SentClaim } from "../intake/sent.ts"

/** By what an answer was given to a claim; the first that fits is taken. */
export type ClaimRule =
  | "claim id"
  | "claim id; of several, the one that agrees best"
  | "line control number"
  | "date, code and charge"
  | "no claim in the files"

/** By what a line of an answer was given to a line of the claim. */
export type LineRule =
  | "line control number"
  | "date, code, modifiers and charge"
  | "submitted code, date and charge"
  | "date, code and charge"
  | "date and code, in parts"
  | "code and charge"
  | "only line left"
  | "no line"

export interface MatchedLine {
  readonly line: AnsweredLine
  /** Place in the claim's lines from 0; -1 when none fits. */
  readonly to: number
  readonly rule: LineRule
}

export interface MatchedAnswer {
  readonly answer: AnsweredClaim
  readonly rule: ClaimRule
  /** A duplicate is an answer that says nothing but CARC 18: it answers a second sending, not the claim. */
  readonly kind: "answer" | "reversal" | "duplicate"
  readonly lines: readonly MatchedLine[]
}

export interface Account {
  readonly claim: SentClaim
  readonly answers: MatchedAnswer[]
  /** The claim that replaced (frequency 7) or voided (8) this one. */
  replacedBy: Account | undefined
  voidedBy: Account | undefined
  /** The earlier claim that this one repeats word for word. */
  repeats: Account | undefined
}

export function openAccount(claim: SentClaim): Account {
  return { claim, answers: [], replacedBy: undefined, voidedBy: undefined, repeats: undefined }
}

/** Whether a file given to us holds the claim; else it is known from remittances alone. */
export const isInFiles = (account: Account): boolean => account.claim.place.file > 0

/** All money that answers moved for this claim. */
export function netPaid(account: Account): bigint {
  return account.answers.reduce((sum, { answer }) => sum + answer.paid, 0n)
}
