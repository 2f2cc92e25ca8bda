/** What earlier payers said in an 837 (2320, 2430), as the legs that a later payer coordinates with, line by line. */
import { refuse } from "../../../base/refusal.ts"
import type { PriorLeg, PriorLine } from "../../../plan/input.ts"
import { spreadOverLines } from "../../../plan/share/prior-claim.ts"
import type { Adjustment837, Claim837, LineAnswer837, OtherPayer837 } from "./claim-837.ts"

/** A line that the plan judges and the 837 line it came from; `share` of `parts` when one was split. */
export interface JudgedLine {
  readonly number: number
  readonly charge: bigint
  readonly answers: readonly LineAnswer837[]
  readonly isSplit: boolean
}

/**
 * The legs of the payers who come before this one and have answered, in order of rank. Of each line: paid is SVD02, left
 * to the patient the sum of its PR adjustments (AMT*EAF where it has none), allowed the sum of both. A payer who answered
 * only the claim as a whole (AMT*D, AMT*EAF, CAS) has its amounts spread over the lines by their charges; amounts that
 * are not those of the claim are refused. A line without an answer of a payer who answered others is left out of the
 * leg, which pends it. The day is DTP*573, of the payer or the latest of its lines; when neither says it, the day of
 * receipt, since no answer in the claim is later.
 */
export function priorLegsOf(claim: Claim837, lines: readonly JudgedLine[], received: number): readonly PriorLeg[] {
  const before = claim.otherPayers.filter((payer) => payer.rank < claim.rank).sort((a, b) => a.rank - b.rank)
  for (const line of lines) {
    for (const { payer } of line.answers) refuseUnknown(claim.otherPayers, payer, line.number)
  }
  return before.flatMap((payer) => {
    const answers = lines.map((line) => line.answers.filter((answer) => answer.payer === payer.payer.id))
    const isByLine = payer.payer.id !== "" && answers.some((found) => found.length > 0)
    if (!isByLine && payer.paid === undefined) return []
    const found = isByLine ? linesOf(lines, answers) : spreadLines(payer, claim, lines)
    return [{ payer: payer.payer.id, on: dayOf(payer, answers.flat()) ?? received, lines: found }]
  })
}

function refuseUnknown(payers: readonly OtherPayer837[], payer: string, line: number): void {
  const named = payers.filter((other) => other.payer.id === payer).length
  if (named === 1) return
  const what = `Cannot use the 837: SVD01 names ${named === 0 ? "no other payer" : "several payers"} of the claim`
  refuse("x12-prior-payer", what, `SVD01 of LX ${line}`, "Give each other payer its own number in NM109 and SVD01.")
}

function dayOf(payer: OtherPayer837, answers: readonly LineAnswer837[]): number | undefined {
  if (payer.on !== undefined) return payer.on
  let latest: number | undefined
  for (const { on } of answers) if (on !== undefined && (latest === undefined || on > latest)) latest = on
  return latest
}

/** The PR adjustments by reason, equal ones together, zero ones left out. */
function reasonsOf(adjustments: readonly Adjustment837[], place: string): PriorLine["reasons"] {
  const sums = new Map<string, bigint>()
  for (const { group, carc, amount } of adjustments) {
    if (group === "PR") sums.set(carc, (sums.get(carc) ?? 0n) + amount)
  }
  return [...sums].flatMap(([carc, amount]) => {
    if (amount < 0n) refuseNegative(place)
    return amount === 0n ? [] : [{ carc, amount }]
  })
}

function refuseNegative(place: string): never {
  const what = "Cannot use the 837: what an earlier payer paid or left to the patient is negative"
  return refuse("x12-prior-negative", what, place, "Send the earlier payer's final answer, not its reversal.")
}

function linesOf(lines: readonly JudgedLine[], answers: readonly (readonly LineAnswer837[])[]): PriorLine[] {
  return lines.flatMap(({ number, isSplit }, index) => {
    const own = answers[index]!
    if (own.length === 0) return []
    const place = `SVD of LX ${number}`
    if (isSplit) {
      const what = "Cannot use the 837: an earlier payer answered a line of several teeth as one"
      refuse("x12-prior-split", what, place, "Bill each tooth on a line of its own.")
    }
    const paid = own.reduce((sum, answer) => sum + answer.paid, 0n)
    const reasons = own.flatMap((answer) => reasonsOf(answer.adjustments, place))
    const named = reasons.reduce((sum, reason) => sum + reason.amount, 0n)
    const told = own.reduce((sum, answer) => sum + (answer.left ?? 0n), 0n)
    // AMT*EAF beside other PR adjustments does not balance, and the line then pends with just that finding.
    const left = own.some((answer) => answer.left !== undefined) ? told : named
    if (paid < 0n || left < 0n) refuseNegative(place)
    return [{ number, allowed: paid + left, paid, left, reasons }]
  })
}

function spreadLines(payer: OtherPayer837, claim: Claim837, lines: readonly JudgedLine[]): PriorLine[] {
  const place = `AMT*D of SBR ${payer.rank}, claim at line ${claim.at}`
  const paid = payer.paid ?? 0n
  const reasons = reasonsOf(payer.adjustments, place)
  const named = reasons.reduce((sum, reason) => sum + reason.amount, 0n)
  const left = payer.left ?? named
  if (paid < 0n || left < 0n) refuseNegative(place)
  const whole = { allowed: paid + left, paid, left, reasons }
  const parts = spreadOverLines(
    whole,
    lines.map((line) => line.charge),
  )
  if (parts === undefined) {
    const what = "Cannot use the 837: an earlier payer's amounts of the claim do not balance with its adjustments"
    return refuse("x12-prior-unbalanced", what, place, "State the earlier payer's answer line by line (SVD, CAS).")
  }
  return parts.map((part, index) => ({ ...part, number: lines[index]!.number }))
}
