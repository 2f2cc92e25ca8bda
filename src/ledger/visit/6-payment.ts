/**
 * Stage 6: settled legs become one sum in the provider's account, and nobody learns its parts; corrections open the
 * sum of differences in the same way.
 *
 *   settled ──pay──▶ paid ──(replace, void)──▶ settled ──pay or refund──▶ paid        paid ──ruled refund──▶ paid
 */
import { assert } from "../../base/assert.ts"
import { compareBytes } from "../../base/bytes.ts"
import { meanings } from "../../base/envelope.ts"
import { amount, b32, type Decoded, list, org, scalar, struct, uint } from "../../base/schema.ts"
import { type Commitment, commitmentOf as openedAmount, opensTo, subtract, sumPoints } from "../../privacy/amounts.ts"
import { limits } from "../limits.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { directions, type Leg, legStates, operations, type VisitRow } from "../rows.ts"
import { refuseSigner } from "../signer.ts"
import { type Context, defineTransaction, signatureOf, signaturesOf } from "../transaction.ts"
import { isMajority, panelOf, refuseRuling } from "./parties.ts"
import { accountOf, type LegChange, post } from "./postings.ts"
import {
  earlier,
  isInForce,
  type LoadedVisit,
  legBit,
  loadVisit,
  type VisitName,
  visitOf,
  withTransition,
} from "./visit.ts"

export const paymentBody = struct({
  payer: org,
  provider: org,
  /** Strictly ascending by V, then leg. */
  legs: list(struct({ V: b32, leg: uint(0, limits.legs - 1) }), 1),
  amount,
  blinding: scalar,
})
type PaymentBody = Decoded<typeof paymentBody>

interface ListedVisit extends LoadedVisit {
  /** Indices of the listed legs, ascending. */
  readonly indices: readonly number[]
}

interface Listed {
  readonly visits: readonly ListedVisit[]
  readonly legs: readonly Leg[]
}

function refuseList({ legs }: PaymentBody): Rejection | undefined {
  if (legs.length > limits.legsPerPayment)
    return reject("too-large", { what: "legs", size: legs.length, most: limits.legsPerPayment })
  for (let i = 1; i < legs.length; i++) {
    const [a, b] = [legs[i - 1]!, legs[i]!]
    if ((compareBytes(a.V, b.V) || a.leg - b.leg) >= 0)
      return reject("bad-encoding", { what: "legs stand strictly ascending" }, `legs[${i}]`)
  }
  return undefined
}

/** Legs of one V stand side by side, so each visit is found once. */
function loadListed({ tables, body }: Context<PaymentBody>): Listed | Rejection {
  const { payer, provider } = body
  const visits: (LoadedVisit & { indices: number[] })[] = []
  for (const { V, leg } of body.legs) {
    const last = visits.at(-1)
    if (last !== undefined && compareBytes(last.name.V, V) === 0) {
      last.indices.push(leg)
      continue
    }
    const loaded = loadVisit(tables, { V, provider })
    if (isRejection(loaded)) return loaded
    visits.push({ ...loaded, indices: [leg] })
  }
  const legs: Leg[] = []
  for (const { name, visit, indices } of visits) {
    for (const leg of indices) {
      const found = visit.legs[leg]
      if (found === undefined || found.payer !== payer) return reject("leg-unknown", { ...name, leg })
      legs.push(found)
    }
  }
  return { visits, legs }
}

/** What is owed less what is paid, over all listed legs: one point. */
function difference(legs: readonly Leg[]): Commitment {
  return subtract(sumPoints(legs.map(({ owed }) => owed)), sumPoints(legs.map(({ paid }) => paid)))
}

function holdsOf(legs: readonly Leg[]): bigint {
  return legs.reduce((total, { hold }) => total + hold, 0n)
}

interface Moved {
  readonly operation: number
  readonly direction: number
  readonly change: (leg: Leg) => Leg
}

/** Writes the listed legs, the money between the two accounts, and the payment's row. */
function writePayment(
  context: Context<PaymentBody>,
  { visits }: Listed,
  { operation, direction, change }: Moved,
): void {
  const { tables, body, id } = context
  const changes: LegChange[] = []
  for (const { name, visit, indices } of visits) {
    let set = 0
    const legs = [...visit.legs]
    for (const index of indices) {
      const before = legs[index]!
      const after = change(before)
      legs[index] = after
      changes.push({ before, after })
      set |= legBit(index)
    }
    tables.visits.put(name, withTransition({ ...visit, legs }, { operation, key: id, legs: set, transaction: id }))
  }
  const { payer, provider } = body
  post(tables, { payer, provider, changes, toProvider: direction === directions.payment ? body.amount : -body.amount })
  tables.payments.put({ id }, { payer, provider, amount: body.amount, legs: body.legs, direction })
}

function paymentOf({ tables, id }: Context<PaymentBody>): Uint8Array | undefined {
  return tables.payments.get({ id }) === undefined ? undefined : id
}

const closed = (leg: Leg): Leg => ({ ...leg, hold: 0n, paid: leg.owed, state: legStates.paid })

/** One sum over settled legs of one payer: to the provider; what their holds have left goes back to the payer. */
export const pay = defineTransaction<PaymentBody, Listed>({
  type: "pay/1",
  body: paymentBody,
  meanings: ["paid"],
  wellFormed: refuseList,
  key: paymentOf,
  load: loadListed,

  authorize(context) {
    const { key } = signatureOf(context, "paid")
    const { payer, provider } = context.body
    return refuseSigner(context, key, { role: "pay", org: isOf(context, key, payer) ? payer : provider })
  },

  check(context, { legs }) {
    const { body, running, parameter } = context
    if (legs.some(({ state }) => state !== legStates.settled))
      return reject("wrong-stage", { what: "a leg that is not settled" })
    if (isOf(context, signatureOf(context, "paid").key, body.payer)) {
      // The payer may clear its own holds, but only once the provider has had its time to.
      const until = legs.reduce((latest, { settled }) => Math.max(latest, settled), 0) + parameter("payerPayHours")
      if (running < until) return reject("too-early", { hour: running, until })
    }
    if (!opensTo(difference(legs), body.amount, body.blinding)) return reject("bad-opening", { amount: body.amount })
    const most = holdsOf(legs)
    return body.amount > most ? reject("above-hold", { amount: body.amount, most }) : undefined
  },

  apply: (context, listed) =>
    writePayment(context, listed, { operation: operations.pay, direction: directions.payment, change: closed }),
})

function isOf({ tables }: Context<PaymentBody>, key: Uint8Array, org: number): boolean {
  return tables.keys.get({ key })?.org === org
}

/** A ruling gives back from one leg that it names openly. */
function isRulingForm({ legs, blinding }: PaymentBody): boolean {
  return legs.length === 1 && blinding.every((byte) => byte === 0)
}

function isRuled({ signatures }: Context<PaymentBody>): boolean {
  return signatures[0]!.meaning === meanings.ruled
}

/** The provider gives back what a correction left over, or a panel orders it within the look-back. */
export const refund = defineTransaction<PaymentBody, Listed>({
  type: "refund/1",
  body: paymentBody,
  meanings: (body, given) =>
    given.every((meaning) => meaning === "ruled") ? isRulingForm(body) : given.length === 1 && given[0] === "refunded",
  wellFormed: refuseList,
  key: paymentOf,
  load: loadListed,

  authorize(context) {
    const { payer, provider } = context.body
    return isRuled(context)
      ? refuseRuling(context, signaturesOf(context, "ruled"), panelOf(context.tables, payer, provider))
      : refuseSigner(context, signatureOf(context, "refunded").key, { role: "pay", org: provider })
  },

  check: (context, listed) =>
    (isRuled(context) ? refuseRuledRefund(context, listed) : refuseRefund(context, listed)) ??
    refuseProviderShort(context),

  apply(context, listed) {
    const opened = openedAmount(context.body.amount)
    const giveBack = (leg: Leg): Leg => ({
      ...leg,
      owed: subtract(leg.owed, opened),
      paid: subtract(leg.paid, opened),
      refunded: 1,
    })
    const change = isRuled(context) ? giveBack : closed
    writePayment(context, listed, { operation: operations.refund, direction: directions.refund, change })
  },
})

function refuseRefund({ body }: Context<PaymentBody>, { legs }: Listed): Rejection | undefined {
  if (legs.some(({ state, hold }) => state !== legStates.settled || hold > 0n))
    return reject("wrong-stage", { what: "a leg that is not settled, or still held" })
  if (!opensTo(subtract(undefined, difference(legs)), body.amount, body.blinding))
    return reject("bad-opening", { amount: body.amount })
  return body.amount === 0n ? reject("bad-amount", { amount: body.amount }) : undefined
}

function refuseRuledRefund(context: Context<PaymentBody>, { visits, legs }: Listed): Rejection | undefined {
  const { tables, body, running, parameter, signatures } = context
  const [leg] = legs
  const [visit] = visits
  assert(leg !== undefined && visit !== undefined, "a ruled refund lists one leg")
  if (leg.state !== legStates.paid) return reject("wrong-stage", { what: "a leg that is not paid" })
  if (leg.refunded === 1) return reject("already-refunded", { ...visit.name, leg: visit.indices[0]! })
  const until = leg.settled + parameter("lookBackHours")
  if (running >= until) return reject("too-late", { hour: running, until })
  if (!isMajority(signatures.length, panelOf(tables, body.payer, body.provider)))
    return reject("quorum-missing", { given: signatures.length })
  const bad = body.amount === 0n || body.amount > leg.held
  return bad ? reject("bad-amount", { amount: body.amount }) : undefined
}

function refuseProviderShort({ tables, body }: Context<PaymentBody>): Rejection | undefined {
  const { free } = accountOf(tables, body.provider)
  return free < body.amount ? reject("account-short", { org: body.provider, amount: body.amount, free }) : undefined
}

export const voidBody = struct({ V: b32, provider: org, statement: b32 })

/** The provider takes its claim back: what is held goes back at once, what was paid is owed back. */
export const voidStatement = defineTransaction({
  type: "void/1",
  body: voidBody,
  meanings: ["voided"],
  key: ({ tables, body }) => earlier(visitOf(tables, body), { operation: operations.void, key: body.statement }),
  load: ({ tables, body }): LoadedVisit | Rejection => loadVisit(tables, body),
  authorize: (context, { name }) =>
    refuseSigner(context, signatureOf(context, "voided").key, { role: "bill", org: name.provider }),

  check({ body }, { visit }) {
    if (!isInForce(visit, body.statement)) return reject("statement-unknown", { id: body.statement })
    if (visit.statement?.void === 1) return reject("wrong-stage", { what: "a void statement" })
    const disputed = visit.legs.some(({ state }) => state === legStates.disputed)
    return disputed ? reject("wrong-stage", { what: "a leg that is disputed" }) : undefined
  },

  apply({ tables, body, id }, { name, visit }) {
    const legs = visit.legs.map(voided)
    assert(visit.statement !== undefined, "the statement to void is in force")
    const changed = visit.legs.reduce((set, leg, i) => (leg.state === legStates.released ? set : set | legBit(i)), 0)
    const row: VisitRow = { ...visit, statement: { ...visit.statement, void: 1 }, legs }
    const transition = { operation: operations.void, key: body.statement, legs: changed, transaction: id }
    tables.visits.put(name, withTransition(row, transition))
    postVoided(tables, name, { before: visit.legs, after: legs })
  },
})

function voided(leg: Leg): Leg {
  const state = leg.paid === undefined ? legStates.released : legStates.settled
  return { ...leg, hold: 0n, owed: undefined, deadline: 0, state }
}

/** One posting a payer. */
function postVoided(
  tables: Context<unknown>["tables"],
  { provider }: VisitName,
  legs: { readonly before: readonly Leg[]; readonly after: readonly Leg[] },
): void {
  for (const [i, after] of legs.after.entries())
    post(tables, { payer: after.payer, provider, changes: [{ before: legs.before[i], after }] })
}
