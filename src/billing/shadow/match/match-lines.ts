/** Lines of an answer to lines of its claim, by the rules of `LineRule` in their order. Each rule runs over all lines. */

import type { AnsweredLine } from "../intake/answered.ts"
import type { SentLine } from "../intake/sent.ts"
import type { LineRule, MatchedLine } from "./account.ts"

interface Board {
  readonly sent: readonly SentLine[]
  readonly answered: readonly AnsweredLine[]
  /** By answered line: the sent line it was given to, and by what. */
  readonly to: number[]
  readonly rules: LineRule[]
  /** By sent line: how much of its charge answered lines have taken. */
  readonly taken: bigint[]
}

const size = (amount: bigint) => (amount < 0n ? -amount : amount)

/** Gives every line of an answer its line of the claim. */
export function matchLines(sent: readonly SentLine[], answered: readonly AnsweredLine[]): readonly MatchedLine[] {
  const board: Board = {
    sent,
    answered,
    to: answered.map(() => -1),
    rules: answered.map(() => "no line"),
    taken: sent.map(() => 0n),
  }
  matchControls(board)
  const sameDay = (a: AnsweredLine, s: SentLine) => a.from === undefined || (a.from >= s.from && a.from <= s.to)
  const whole = (a: AnsweredLine, s: SentLine) => size(a.charge) === s.charge
  takeEach(
    board,
    "date, code, modifiers and charge",
    (a, s) => a.code === s.code && a.modifiers === s.modifiers && whole(a, s) && sameDay(a, s),
  )
  takeEach(
    board,
    "submitted code, date and charge",
    (a, s) => a.submitted !== "" && a.submitted === s.code && whole(a, s) && sameDay(a, s),
  )
  takeEach(board, "date, code and charge", (a, s) => a.code === s.code && whole(a, s) && sameDay(a, s))
  matchParts(board, sameDay)
  takeEach(board, "code and charge", (a, s) => a.code === s.code && whole(a, s))
  matchLast(board)
  return answered.map((line, index) => ({ line, to: board.to[index]!, rule: board.rules[index]! }))
}

function give(board: Board, answered: number, sent: number, rule: LineRule): void {
  board.to[answered] = sent
  board.rules[answered] = rule
  board.taken[sent]! += size(board.answered[answered]!.charge)
}

/** One number may come back on several lines (a split) and names one line only if it stands on one. */
function matchControls(board: Board): void {
  const byControl = new Map<string, number>()
  for (const [index, { control }] of board.sent.entries()) {
    if (control !== "") byControl.set(control, byControl.has(control) ? -1 : index)
  }
  for (const [index, { control }] of board.answered.entries()) {
    const found = control === "" ? undefined : byControl.get(control)
    if (found !== undefined && found >= 0) give(board, index, found, "line control number")
  }
}

/** Each sent line is taken once. */
function takeEach(board: Board, rule: LineRule, fits: (answered: AnsweredLine, sent: SentLine) => boolean): void {
  for (const [index, line] of board.answered.entries()) {
    if (board.to[index] !== -1) continue
    const found = board.sent.findIndex((one, at) => board.taken[at] === 0n && fits(line, one))
    if (found >= 0) give(board, index, found, rule)
  }
}

/** Several answered lines of one code and day that fit together into the charge of one sent line. */
function matchParts(board: Board, sameDay: (answered: AnsweredLine, sent: SentLine) => boolean): void {
  for (const [index, line] of board.answered.entries()) {
    if (board.to[index] !== -1) continue
    const fits = (one: SentLine, at: number) =>
      (line.code === one.code || (line.submitted !== "" && line.submitted === one.code)) &&
      sameDay(line, one) &&
      board.taken[at]! + size(line.charge) <= one.charge
    const found = board.sent.findIndex(fits)
    if (found >= 0) give(board, index, found, "date and code, in parts")
  }
}

/** One line left on both sides, of one charge: the payer changed its code and did not say so. */
function matchLast(board: Board): void {
  const answered = board.to.flatMap((to, index) => (to === -1 ? [index] : []))
  const sent = board.taken.flatMap((taken, index) => (taken === 0n ? [index] : []))
  if (answered.length !== 1 || sent.length !== 1) return
  if (size(board.answered[answered[0]!]!.charge) === board.sent[sent[0]!]!.charge)
    give(board, answered[0]!, sent[0]!, "only line left")
}
