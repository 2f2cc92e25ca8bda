/**
 * Stage 1: a payer's voucher becomes money set aside for one visit. From here no transaction of the payer alone can
 * touch it.
 *
 *   voucher ──hold──▶ held ──top-up──▶ held        voucher ──void-voucher──▶ void
 *                      ├──cancel (provider)──▶ released     disputed ──cancel, expire──▶ paid: the payer's part stands
 *                      └──expire (anyone)────▶ released
 */
import { equalBytes } from "../../base/bytes.ts"
import { amount, b32, type Decoded, opt, org, struct, uint } from "../../base/schema.ts"
import { delegationEnvelope, type Voucher, voucherEnvelope } from "../envelopes.ts"
import { isOnLadder, limits } from "../limits.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { kinds } from "../roles.ts"
import { assurances, type Leg, legStates, operations, type VisitRow, voucherStates } from "../rows.ts"
import { refuseSigner } from "../signer.ts"
import type { Tables } from "../state.ts"
import { type Context, defineTransaction, signatureOf } from "../transaction.ts"
import {
  indexDelegate,
  isHandle,
  patientSideOf,
  proxyKept,
  refuseDelegate,
  refuseDelegation,
  refuseHandle,
  refuseSubmitter,
} from "./parties.ts"
import { accountOf, post } from "./postings.ts"
import { earlier, type LoadedLeg, legBit, loadLeg, visitOf, withLeg, withTransition } from "./visit.ts"

function refuseVoucherState(tables: Tables, { expiry }: Voucher, id: Uint8Array): Rejection | undefined {
  const state = tables.vouchers.get({ expiry, id })?.state
  if (state === voucherStates.used) return reject("voucher-used", { id })
  return state === voucherStates.void ? reject("voucher-void", { id }) : undefined
}

export const voidVoucherBody = struct({ voucher: voucherEnvelope })

/** The payer or V gives a voucher up, so that what it allots may be given out again. */
export const voidVoucher = defineTransaction({
  type: "void-voucher/1",
  body: voidVoucherBody,
  meanings: ["voided"],
  nested: ({ voucher }) => [voucher],
  key: "applied",
  load: ({ body, chainId }) => ({ id: body.voucher.id(chainId) }),

  authorize(context) {
    const { body, tables } = context
    const { V, payer } = body.voucher.body
    const { key } = signatureOf(context, "voided")
    const refused = isHandle(key, V) ? undefined : refuseSigner(context, key, { role: "voucher", org: payer })
    if (refused !== undefined) return refused
    // A voucher that no payer gave is nobody's to void: else anybody could fill the table. Its key may have ended since.
    const giver = body.voucher.signatures[0]!.key
    const row = tables.keys.get({ key: giver })
    return refuseSigner({ ...context, hour: row?.from ?? context.hour }, giver, { role: "voucher", org: payer })
  },

  check({ body, tables, hour }, { id }) {
    const used = refuseVoucherState(tables, body.voucher, id)
    if (used !== undefined) return used
    const { expiry } = body.voucher
    return hour >= expiry ? reject("voucher-expired", { id, hour, until: expiry }) : undefined
  },

  apply({ body, tables }, { id }) {
    tables.vouchers.put({ expiry: body.voucher.expiry, id }, { state: voucherStates.void })
  },
})

export const holdBody = struct({
  V: b32,
  provider: org,
  amount,
  voucher: voucherEnvelope,
  delegation: opt(delegationEnvelope),
})
type HoldBody = Decoded<typeof holdBody>

interface HoldLoaded {
  readonly visit: VisitRow | undefined
  readonly voucher: Uint8Array
}

/** Moves money from the payer's account behind a new leg of the visit; makes the visit's row where there is none. */
export const hold = defineTransaction<HoldBody, HoldLoaded>({
  type: "hold/1",
  body: holdBody,
  meanings: ["held", { perhaps: "held" }],
  nested: ({ voucher, delegation }) => (delegation === undefined ? [voucher] : [voucher, delegation]),
  key: ({ tables, body, chainId }) =>
    earlier(visitOf(tables, body), { operation: operations.hold, key: body.voucher.id(chainId) }),
  taken: "voucher-used",
  load: ({ tables, body, chainId }) => ({ visit: visitOf(tables, body), voucher: body.voucher.id(chainId) }),

  authorize(context, { visit }) {
    const { V, provider, delegation } = context.body
    const name = { V, provider }
    const [desk, patient] = context.signatures
    const refused = refuseSigner(context, desk!.key, { role: "hold", org: provider, active: true })
    if (refused !== undefined) return refused
    if (patient === undefined) {
      const signed = visit?.facts.some(({ assurance }) => assurance < assurances.silent) ?? false
      return signed ? refuseDelegation(delegation, name) : reject("patient-side-unsigned", name)
    }
    const side = patientSideOf(patient.key, { name, visit, delegation, scope: "hold" })
    return isRejection(side) ? side : refuseDelegation(delegation, name)
  },

  check: (context, loaded) =>
    refuseVoucher(context, loaded.voucher) ?? refuseVisit(context, loaded.visit) ?? refuseHold(context),

  apply(context, { visit, voucher }) {
    const { tables, body, hour, running, parameter, id } = context
    const { V, provider, delegation } = body
    const { payer, cap } = body.voucher.body
    const expires = running + 1 + parameter("holdHours")
    const leg = newLeg({ voucher, payer, cap, held: body.amount, expires })
    const transition = {
      operation: operations.hold,
      key: voucher,
      legs: legBit(visit?.legs.length ?? 0),
      transaction: id,
    }
    tables.visits.put(
      { V, provider },
      {
        opened: visit?.opened ?? hour,
        proxy: proxyKept(visit, delegation),
        facts: visit?.facts ?? [],
        statement: visit?.statement,
        legs: [...(visit?.legs ?? []), leg],
        transitions: [...(visit?.transitions ?? []), transition],
      },
    )
    tables.vouchers.put({ expiry: body.voucher.expiry, id: voucher }, { state: voucherStates.used })
    indexDelegate(context, delegation)
    post(tables, { payer, provider, changes: [{ before: undefined, after: leg }] })
  },
})

type NewLeg = Pick<Leg, "voucher" | "payer" | "cap" | "held" | "expires">
function newLeg({ voucher, payer, cap, held, expires }: NewLeg): Leg {
  return {
    voucher,
    payer,
    cap,
    held,
    hold: held,
    state: legStates.held,
    owed: undefined,
    paid: undefined,
    expires,
    deadline: 0,
    bundle: undefined,
    contested: 0n,
    settled: 0,
    refunded: 0,
  }
}

/** The voucher stands: of the right kinds, for this V, signed by the payer, in time, unused. */
function refuseVoucher(context: Context<HoldBody>, id: Uint8Array): Rejection | undefined {
  const { body, tables, hour } = context
  const { voucher, provider } = body
  const { payer } = voucher.body
  if (tables.organizations.get({ org: provider })?.kind !== kinds.provider)
    return reject("organization-wrong-kind", { org: provider })
  const payerKind = tables.organizations.get({ org: payer })?.kind
  if (payerKind !== kinds.payer && payerKind !== kinds.custodian)
    return reject("organization-wrong-kind", { org: payer })
  if (!equalBytes(voucher.body.V, body.V)) return reject("voucher-mismatch", { id })
  if (hour >= voucher.expiry) return reject("voucher-expired", { id, hour, until: voucher.expiry })
  const key = voucher.signatures[0]!.key
  return (
    refuseSigner(context, key, { role: "voucher", org: payer, active: true }) ?? refuseVoucherState(tables, voucher, id)
  )
}

/** The visit can take another leg. */
function refuseVisit({ body, tables }: Context<HoldBody>, visit: VisitRow | undefined): Rejection | undefined {
  const { V, provider, delegation } = body
  const refused =
    (visit === undefined ? refuseHandle(tables, V) : undefined) ??
    refuseDelegate(tables, delegation, { visit, name: { V, provider } })
  if (refused !== undefined || visit === undefined) return refused
  if (visit.statement?.void === 1) return reject("wrong-stage", { what: "a void statement" })
  if (visit.legs.length >= limits.legs) return reject("limit-reached", { what: "legs", most: limits.legs })
  return refuseTransition(visit)
}

/** What takes no money out of a hold waits behind this limit. */
export function refuseTransition(visit: VisitRow): Rejection | undefined {
  if (visit.transitions.length < limits.transitions) return undefined
  return reject("limit-reached", { what: "transitions", most: limits.transitions })
}

/** The money is a step of the ladder, covered, and there. */
function refuseHold({ body, tables }: Context<HoldBody>): Rejection | undefined {
  const { payer, cap } = body.voucher.body
  if (!isOnLadder(body.amount)) return reject("not-on-ladder", { amount: body.amount })
  if (body.amount > cap) return reject("above-cap", { amount: body.amount, most: cap })
  return refuseShort(tables, payer, body.amount)
}

function refuseShort(tables: Tables, org: number, wanted: bigint): Rejection | undefined {
  const { free } = accountOf(tables, org)
  return free < wanted ? reject("account-short", { org, amount: wanted, free }) : undefined
}

export const topUpBody = struct({ V: b32, provider: org, leg: uint(0, limits.legs - 1), amount })
type TopUpBody = Decoded<typeof topUpBody>

/** Raises what is held for a leg; `amount` is the new total. */
export const topUp = defineTransaction<TopUpBody, LoadedLeg>({
  type: "top-up/1",
  body: topUpBody,
  meanings: ["held", "held"],
  key: "applied",
  load: ({ tables, body }) => loadLeg(tables, body),

  authorize(context, { name, visit, leg }) {
    const [desk, other] = context.signatures
    const refused = refuseSigner(context, desk!.key, { role: "hold", org: name.provider })
    if (refused !== undefined) return refused
    return isPatientSide(context, { name, visit })
      ? undefined
      : refuseSigner(context, other!.key, { role: "agree", org: leg.payer })
  },

  check(context, { name, visit, leg }) {
    const { body, tables } = context
    if (leg.state !== legStates.held) return reject("wrong-stage", { what: "a leg that is not held" })
    const full = refuseTransition(visit)
    if (full !== undefined) return full
    if (!isOnLadder(body.amount)) return reject("not-on-ladder", { amount: body.amount })
    if (body.amount <= leg.held) return reject("bad-amount", { amount: body.amount })
    if (body.amount > leg.cap && isPatientSide(context, { name, visit }))
      return reject("above-cap", { amount: body.amount, most: leg.cap })
    return refuseShort(tables, leg.payer, body.amount - leg.held)
  },

  apply({ tables, body, id }, { name, visit, index, leg }) {
    const raised = { ...leg, held: body.amount, hold: leg.hold + (body.amount - leg.held) }
    const transition = { operation: operations.topUp, key: id, legs: legBit(index), transaction: id }
    tables.visits.put(name, withTransition(withLeg(visit, index, raised), transition))
    post(tables, { payer: leg.payer, provider: name.provider, changes: [{ before: leg, after: raised }] })
  },
})

function isPatientSide(context: Context<TopUpBody>, { name, visit }: Pick<LoadedLeg, "name" | "visit">): boolean {
  const key = context.signatures[1]!.key
  return !isRejection(patientSideOf(key, { name, visit, delegation: undefined, scope: "hold" }))
}

export const legBody = struct({ V: b32, provider: org, leg: uint(0, limits.legs - 1) })

function refuseGivenUp({ leg }: LoadedLeg): Rejection | undefined {
  const open = leg.state === legStates.held || leg.state === legStates.disputed
  return open ? undefined : reject("wrong-stage", { what: "a leg that is neither held nor disputed" })
}

/** The hold goes back to the payer; of a disputed leg, what the payer paid at once stands. */
function giveUp({ tables, id, running }: Context<unknown>, loaded: LoadedLeg, operation: number): void {
  const { name, visit, index, leg } = loaded
  const after: Leg =
    leg.state === legStates.held
      ? { ...leg, hold: 0n, state: legStates.released, deadline: 0 }
      : { ...leg, hold: 0n, state: legStates.paid, deadline: 0, settled: running }
  const transition = { operation, key: undefined, legs: legBit(index), transaction: id }
  tables.visits.put(name, withTransition(withLeg(visit, index, after), transition))
  post(tables, { payer: leg.payer, provider: name.provider, changes: [{ before: leg, after }] })
}

/** The provider gives the hold back: no-show, or it gives in to a payer that contested. */
export const cancel = defineTransaction({
  type: "cancel/1",
  body: legBody,
  meanings: ["cancelled"],
  key: ({ tables, body }) => earlier(visitOf(tables, body), { operation: operations.cancel, legs: legBit(body.leg) }),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),
  authorize: (context, { name }) =>
    refuseSigner(context, signatureOf(context, "cancelled").key, { role: "hold", org: name.provider }),
  check: (_, loaded) => refuseGivenUp(loaded),
  apply: (context, loaded) => giveUp(context, loaded, operations.cancel),
})

/** A hold that nobody used goes back once its hour has come; any organization may bring this in. */
export const expire = defineTransaction({
  type: "expire/1",
  body: legBody,
  meanings: ["submitted"],
  key: ({ tables, body }) => earlier(visitOf(tables, body), { operation: operations.expire, legs: legBit(body.leg) }),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),
  authorize: (context) => refuseSubmitter(context, signatureOf(context, "submitted")),

  check({ running }, loaded) {
    const { expires } = loaded.leg
    return (
      refuseGivenUp(loaded) ?? (running < expires ? reject("too-early", { hour: running, until: expires }) : undefined)
    )
  },

  apply: (context, loaded) => giveUp(context, loaded, operations.expire),
})
