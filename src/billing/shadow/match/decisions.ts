/** What each payer decided about each line, in order: the parts of a split put together, reversals set against it. */

import {
  type AnsweredAdjustment,
  type AnsweredClaim,
  claimLevelPaid,
  isPrediction,
  rankOf,
} from "../intake/answered.ts"
import type { PayerName } from "../intake/payer.ts"
import type { Account, MatchedAnswer } from "./account.ts"

/** One answer about one line, or (`line` -1) about the claim as a whole. */
export interface Decision {
  readonly answer: AnsweredClaim
  readonly kind: MatchedAnswer["kind"]
  readonly paid: bigint
  readonly charge: bigint
  readonly adjustments: readonly AnsweredAdjustment[]
  readonly remarks: readonly string[]
  /** AMT*B6 of all parts; undefined unless each says it. */
  readonly allowed: bigint | undefined
  /** The code the payer paid for where it is not the one that was sent; else empty. */
  readonly changedTo: string
  readonly control: string
}

/** All that one payer decided about one line. */
export interface Leg {
  readonly payer: PayerName
  /** 1 first payer, 2 second, …; undefined when no answer says it. */
  readonly rank: number | undefined
  readonly decisions: readonly Decision[]
  /** Σ of the payments, reversals included, duplicates not. */
  readonly net: bigint
  /** The last answer that is neither a reversal nor a duplicate. */
  readonly current: Decision | undefined
  /** The answer before it that was reversed, where there is one. */
  readonly previous: Decision | undefined
  /** Money of the current answer was taken back and no later answer stands. */
  readonly takenBack: Decision | undefined
}

/** Decisions by line of the claim; -1 holds the claim as a whole. Quotes (CLP02 25) are left out. */
export function decisionsByLine(account: Account): ReadonlyMap<number, readonly Decision[]> {
  const byLine = new Map<number, Decision[]>()
  for (const matched of account.answers) {
    if (isPrediction(matched.answer)) continue
    for (const [line, decision] of decisionsOf(account, matched)) {
      const others = byLine.get(line)
      if (others === undefined) byLine.set(line, [decision])
      else others.push(decision)
    }
  }
  return byLine
}

function decisionsOf(account: Account, matched: MatchedAnswer): ReadonlyMap<number, Decision> {
  const { answer, kind } = matched
  const found = new Map<number, Decision>()
  for (const { line, to } of matched.lines) {
    if (to < 0) continue
    const sent = account.claim.lines[to]!
    const changedTo = line.submitted !== "" && line.submitted !== line.code && line.code !== sent.code ? line.code : ""
    const { paid, charge, adjustments, remarks, allowed, control } = line
    const part: Decision = { answer, kind, paid, charge, adjustments, remarks, allowed, changedTo, control }
    const other = found.get(to)
    found.set(to, other === undefined ? part : joined(other, part))
  }
  const rest = claimLevelPaid(answer)
  const stray = matched.lines.filter(({ to }) => to < 0)
  if (answer.lines.length === 0 || answer.adjustments.length > 0 || rest !== 0n || stray.length > 0) {
    found.set(-1, {
      answer,
      kind,
      paid: stray.reduce((sum, { line }) => sum + line.paid, rest),
      charge: answer.lines.length === 0 ? answer.charge : stray.reduce((sum, { line }) => sum + line.charge, 0n),
      adjustments: [...answer.adjustments, ...stray.flatMap(({ line }) => line.adjustments)],
      remarks: [...answer.remarks, ...stray.flatMap(({ line }) => line.remarks)],
      ...{ allowed: undefined, changedTo: "", control: "" },
    })
  }
  return found
}

function joined(a: Decision, b: Decision): Decision {
  return {
    ...a,
    paid: a.paid + b.paid,
    charge: a.charge + b.charge,
    adjustments: [...a.adjustments, ...b.adjustments],
    remarks: [...new Set([...a.remarks, ...b.remarks])],
    allowed: a.allowed === undefined || b.allowed === undefined ? undefined : a.allowed + b.allowed,
    changedTo: a.changedTo === "" ? b.changedTo : a.changedTo,
  }
}

/** A line's decisions by payer, the first payer first. */
export function legsOf(decisions: readonly Decision[]): readonly Leg[] {
  const byPayer = new Map<string, Decision[]>()
  for (const decision of decisions) {
    const { key } = decision.answer.payment.payer
    const others = byPayer.get(key)
    if (others === undefined) byPayer.set(key, [decision])
    else others.push(decision)
  }
  const legs = [...byPayer.values()].map(legOf)
  return legs.length < 2 ? legs : legs.sort((a, b) => (a.rank ?? 9) - (b.rank ?? 9))
}

function legOf(decisions: readonly Decision[]): Leg {
  const own = decisions.filter(({ kind }) => kind !== "duplicate")
  const net = own.reduce((sum, { paid }) => sum + paid, 0n)
  const at = own.findLastIndex(({ kind }) => kind === "answer")
  const current = own[at]
  const reversedSince = own.slice(at + 1).findLast(({ kind, paid }) => kind === "reversal" && paid < 0n)
  const isTakenBack = reversedSince !== undefined && (current === undefined || net < current.paid)
  const before = own.slice(0, Math.max(at, 0))
  const wasReversed = before.some(({ kind }) => kind === "reversal")
  return {
    payer: decisions[0]!.answer.payment.payer,
    rank: decisions.map(({ answer }) => rankOf(answer)).find((rank) => rank !== undefined),
    decisions,
    net,
    current,
    previous: wasReversed ? before.findLast(({ kind }) => kind === "answer") : undefined,
    takenBack: isTakenBack ? reversedSince : undefined,
  }
}
