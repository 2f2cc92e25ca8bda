/**
 * Whether the hours were kept: agreed before the deadline, nothing elapsed early, payers paid in their time. The state
 * does not say when a payment was made, so the blocks are read: each transaction of a settled leg is found in them and
 * dated by the ledger's own clock.
 */
import { toHex } from "../../base/bytes.ts"
import type { FinalBlock } from "../../base/chain/block.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { decodeBatch } from "../../ledger/batch.ts"
import { transactionId } from "../../ledger/envelopes.ts"
import { limits } from "../../ledger/limits.ts"
import { isRejection } from "../../ledger/rejection.ts"
import { legStates, operations, type Transition } from "../../ledger/rows.ts"
import type { Chain } from "../chain.ts"
import type { SettledLeg } from "./settled-legs.ts"

/** When a transaction was applied, in running hours: never before `earliest`, never after `latest`. */
interface Dated {
  readonly height: number
  readonly earliest: number
  readonly latest: number
}

/** Of the state that was read. */
export interface LedgerClock {
  /** The last block whose effect is in it. */
  readonly height: number
  /** Seconds that do not count, so far. */
  readonly lost: number
  readonly running: number
  readonly agreeHours: number
  readonly ruleHours: number
  readonly payerPayHours: number
}

const deadlineOperations: readonly number[] = [
  operations.deliver,
  operations.contest,
  operations.settle,
  operations.agree,
  operations.elapse,
  operations.pay,
]

/** The transitions of one leg that its hours are told by, oldest first. */
function stepsOf({ visit, index }: SettledLeg): readonly Transition[] {
  return visit.transitions.filter(
    ({ operation, legs }) => deadlineOperations.includes(operation) && (legs & (1 << index)) !== 0,
  )
}

interface Found {
  readonly height: number
  readonly seconds: number
  /** Seconds lost in gaps up to this block, of those that were seen. */
  readonly gaps: number
}

/** Ids of what a block applied; under the former chain's name, too, where this one carries its visits on. */
function appliedIn({ chainId, anchor }: Chain, { batches, results }: FinalBlock): readonly string[] {
  const names = anchor.former === undefined ? [chainId] : [chainId, anchor.former]
  return batches.flatMap((bytes, i) => {
    const batch = decodeBatch(bytes)
    if (isRejection(batch)) return []
    const applied = batch.filter((_, j) => results[i]?.[j] === 0)
    return applied.flatMap((transaction) => {
      const { payload } = decodeEnvelope(transaction)
      return names.map((name) => toHex(transactionId(name, payload)))
    })
  })
}

/**
 * Dates the wanted transactions. The ledger's clock leaves out gaps between blocks, which are seen here, and freezes,
 * which are not: where both do not add up to what was lost, the hours are known only between two bounds.
 */
function date(chain: Chain, wanted: ReadonlySet<string>, clock: LedgerClock): ReadonlyMap<string, Dated> {
  const found = new Map<string, Found>()
  let [gaps, before] = [0, 0]
  for (let height = 1; height <= clock.height && wanted.size > 0; height++) {
    const block = chain.source.block(height)
    if (block === undefined) continue
    const { seconds } = block.header.time
    if (before > 0 && seconds - before > limits.gapSeconds) gaps += seconds - before
    before = seconds
    for (const id of appliedIn(chain, block))
      if (wanted.has(id) && !found.has(id)) found.set(id, { height, seconds, gaps })
  }
  const unseen = Math.max(0, clock.lost - gaps)
  const hour = (seconds: number) => Math.floor(seconds / 3600)
  return new Map(
    [...found].map(([id, at]) => {
      const earliest = hour(at.seconds - at.gaps - unseen)
      return [id, { height: at.height, earliest, latest: hour(at.seconds - at.gaps) }] as const
    }),
  )
}

export interface LegFinding {
  readonly code: string
  /** Hours over, or short of, what is allowed; at least. */
  readonly hours: number
}

interface Steps {
  readonly times: ReadonlyMap<string, Dated>
  readonly clock: LedgerClock
}

/** What set the deadline that a settlement met: the delivery, or the contest, next before it. */
function deadlineBefore(steps: readonly Transition[], end: number, { times, clock }: Steps) {
  const opening = steps
    .slice(0, end)
    .findLast(({ operation }) => operation === operations.deliver || operation === operations.contest)
  const at = opening && times.get(toHex(opening.transaction))
  if (opening === undefined || at === undefined) return undefined
  const hours = 1 + (opening.operation === operations.contest ? clock.ruleHours : clock.agreeHours)
  return { earliest: at.earliest + hours, latest: at.latest + hours }
}

function settledInTime(steps: readonly Transition[], known: Steps): LegFinding | undefined {
  const settling: readonly number[] = [operations.settle, operations.agree, operations.elapse]
  const end = steps.findIndex(({ operation }) => settling.includes(operation))
  const step = steps[end]
  const at = step && known.times.get(toHex(step.transaction))
  const deadline = end < 0 ? undefined : deadlineBefore(steps, end, known)
  if (step === undefined || at === undefined || deadline === undefined) return undefined
  if (step.operation !== operations.elapse && at.earliest >= deadline.latest)
    return { code: "agreed-late", hours: at.earliest - deadline.latest }
  if (step.operation === operations.elapse && at.latest < deadline.earliest)
    return { code: "elapsed-early", hours: deadline.earliest - at.latest }
  return undefined
}

/** From the settlement to the first payment, or to now where none came. */
function paidInTime({ leg, visit }: SettledLeg, steps: readonly Transition[], known: Steps): LegFinding | undefined {
  const { times, clock } = known
  const last = leg.settled + clock.payerPayHours
  const payment = steps.find(({ operation }) => operation === operations.pay)
  if (payment !== undefined) {
    const at = times.get(toHex(payment.transaction))
    return at !== undefined && at.earliest > last ? { code: "paid-late", hours: at.earliest - last } : undefined
  }
  const waits = leg.state === legStates.settled && leg.paid === undefined && visit.statement?.void !== 1
  return waits && clock.running > last ? { code: "unpaid-overdue", hours: clock.running - last } : undefined
}

export interface DeadlineCheck {
  /** By place in the list of legs. */
  readonly findings: ReadonlyMap<number, readonly LegFinding[]>
  /** Legs of which a transaction is in no block that is here. */
  readonly notDated: number
}

/**
 * Judges the hours of settled legs by the parameters in force now. Where an hour is known only between two bounds, it
 * is judged in favour of whom it is about.
 */
export function checkDeadlines(chain: Chain, legs: readonly SettledLeg[], clock: LedgerClock): DeadlineCheck {
  const steps = legs.map(stepsOf)
  const wanted = new Set(steps.flat().map(({ transaction }) => toHex(transaction)))
  const times = date(chain, wanted, clock)
  const findings = new Map<number, readonly LegFinding[]>()
  for (const [i, leg] of legs.entries()) {
    const known = { times, clock }
    const found = [settledInTime(steps[i]!, known), paidInTime(leg, steps[i]!, known)].filter(
      (one) => one !== undefined,
    )
    if (found.length > 0) findings.set(i, found)
  }
  const notDated = steps.filter((own) => own.some(({ transaction }) => !times.has(toHex(transaction)))).length
  return { findings, notDated }
}
