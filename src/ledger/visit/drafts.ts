/**
 * Every transaction of a visit as a draft that a test may change before it is signed: for tests and measurements.
 * Every seed, salt and blinding follows from a label, so every run is the same.
 */
import { publicKeyOf, sha512, toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { encode } from "../../base/cbor.ts"
import { decodeAs } from "../../base/schema.ts"
import { firstHourOfMonth, monthOfHour } from "../../base/time.ts"
import { addScalars, commitAmount, scalarFromUniform, zeroScalar } from "../../privacy/amounts.ts"
import { transactionTypes } from "../catalogue.ts"
import {
  type Delegation,
  decodePayload,
  delegationBody,
  delegationEnvelope,
  delegationType,
  encodePayload,
  monthExpiry,
  signPayload,
  transactionId,
  type Voucher,
  voucherBody,
  voucherEnvelope,
  voucherType,
} from "../envelopes.ts"
import {
  arbiter,
  association,
  by,
  chainId,
  clinic,
  firstHour,
  keyOf,
  type Order,
  orgSeed,
  payer,
  regulator,
  seedOf,
} from "../example-chain.ts"
import { type FactsBody, type FactsPayload, factsBody, factsStatementType } from "./2-record.ts"
import { type VisitBody, visitStatementType } from "./4-settle.ts"

/** A transaction before it is signed. */
export interface Draft<B extends object = object> {
  readonly type: string
  readonly body: B
  readonly orders: readonly Order[]
  readonly expiry?: number
}

/** The one-time key of a visit at a provider, with the seed that its wallet holds. */
export interface Handle {
  readonly label: string
  readonly seed: Uint8Array
  readonly V: Uint8Array
  readonly provider: number
}

export function handle(label: string, provider = clinic): Handle {
  const seed = seedOf(`V of ${label}`)
  return { label, seed, V: publicKeyOf(seed), provider }
}

/** What V's wallet signs. */
export function patient({ seed }: Handle, meaning: Order["meaning"]): Order {
  return { seed, meaning }
}

export function blindingOf(label: string): Uint8Array {
  return scalarFromUniform(sha512(toUtf8(`blinding of ${label}`)))
}

/** A commitment to an amount under the blinding of a label. */
export function pointOf(amount: bigint, label: string): Uint8Array {
  const point = commitAmount(amount, blindingOf(label))
  assert(point !== undefined, "a blinded commitment is no identity")
  return point
}

const month = monthOfHour(firstHour)

export interface VoucherOptions {
  readonly payer?: number
  readonly cap?: bigint
  /** Year × 12 + month − 1 of the service. */
  readonly month?: number
  readonly expiry?: number
  readonly label?: string
  /** The payer's voucher key unless told. */
  readonly seed?: Uint8Array
}

export function voucherFor(visit: { V: Uint8Array; label: string }, options: VoucherOptions = {}): Voucher {
  return decodeAs(voucherEnvelope, encode(voucherBytes(visit, options)))
}

/** The envelope itself, even one that no decoder takes. */
export function voucherBytes({ V, label }: { V: Uint8Array; label: string }, options: VoucherOptions): Uint8Array {
  const { payer: giver = payer, cap = 2_000_00n } = options
  const body = { V, payer: giver, cap, month: options.month ?? month, terms: seedOf(options.label ?? `terms ${label}`) }
  const expiry = options.expiry ?? firstHourOfMonth(body.month + 6)
  const payload = encodePayload(voucherType, expiry, voucherBody, body)
  const signer = { seed: options.seed ?? orgSeed(giver, "voucher") }
  return signPayload(chainId, payload, [{ signer, meaning: "vouchered" }])
}

export interface DelegationOptions {
  /** 0 is any. */
  readonly provider?: number
  /** 1 hold, 2 countersign, 3 both. */
  readonly scope?: number
  /** V's own seed unless told. */
  readonly seed?: Uint8Array
}

export function delegationFor(
  { V, seed }: Handle,
  delegate: Uint8Array,
  { provider = 0, scope = 3, seed: other }: DelegationOptions = {},
): Delegation {
  const payload = encodePayload(delegationType, 0, delegationBody, { V, provider, delegate: keyOf(delegate), scope })
  const order = { signer: { seed: other ?? seed }, meaning: "delegated" } as const
  return decodeAs(delegationEnvelope, encode(signPayload(chainId, payload, [order])))
}

export interface HoldOptions extends VoucherOptions {
  readonly amount?: bigint
  readonly voucher?: Voucher
  readonly delegation?: Delegation
}

export function holdDraft(visit: Handle, options: HoldOptions = {}) {
  const voucher = options.voucher ?? voucherFor(visit, options)
  const { V, provider } = visit
  return {
    type: "hold/1",
    body: { V, provider, amount: options.amount ?? 2_000_00n, voucher, delegation: options.delegation },
    orders: [by(provider, "hold", "held"), patient(visit, "held")],
  } as const
}

export type FactsOptions = Partial<Omit<FactsBody, "V" | "provider">> & { readonly label?: string }

export function factsDraft(visit: Handle, options: FactsOptions = {}): Draft<FactsBody> {
  const { label = visit.label, ...fields } = options
  const { V, provider } = visit
  const root = seedOf(`facts ${label}`)
  const empty = { supersedes: undefined, recordRoot: root, factsRoot: root, ceiling: root, delegation: undefined }
  const body = { V, provider, ...empty, ...fields }
  return { type: factsStatementType, body, orders: [performed(provider)], expiry: monthExpiry(firstHour) }
}

export function performed(provider: number = clinic): Order {
  return by(provider, "perform", "performed")
}

export interface ClaimedAmount {
  readonly voucher: Uint8Array
  readonly amount: bigint
  /** Names the blinding; the voucher's own unless told. */
  readonly label?: string
}

export interface StatementOptions {
  readonly facts?: FactsBody
  readonly supersedes?: Uint8Array
  readonly label?: string
  readonly legs?: readonly ClaimedAmount[]
}

/** A visit statement with the practitioner's signature; a test adds the others. */
export function statementDraft(visit: Handle, options: StatementOptions = {}): Draft<VisitBody> {
  const { facts = factsDraft(visit).body, supersedes, label = visit.label, legs = [] } = options
  const expiry = monthExpiry(firstHour)
  const payload: FactsPayload = decodePayload(
    factsStatementType,
    factsBody,
    encodePayload(factsStatementType, expiry, factsBody, facts),
  )
  const root = seedOf(`claim ${label}`)
  const claimed = legs.map(({ voucher, amount, label: blinding }) => ({
    voucher,
    commitment: pointOf(amount, blinding ?? blindingName(voucher)),
  }))
  return {
    type: visitStatementType,
    body: { facts: payload, supersedes, claim: root, determination: root, trace: root, legs: claimed },
    orders: [performed(visit.provider)],
    expiry,
  }
}

/** The blinding that a leg's first statement uses. */
export function blindingName(voucher: Uint8Array): string {
  return `leg ${voucher.join(".")}`
}

export function idOf(draft: Draft): Uint8Array {
  return transactionId(chainId, payloadOf(draft))
}

function payloadOf({ type, body, expiry }: Draft): Uint8Array {
  const codec = transactionTypes.get(type)
  assert(codec !== undefined && expiry !== undefined, "a draft with an expiry of a type in the catalogue")
  return encodePayload(type, expiry, codec.body, body)
}

/** The same draft with other signatures. */
export function signedBy<D extends Draft>(draft: D, ...orders: readonly Order[]): D {
  return { ...draft, orders }
}

export function agreedBy(org: number): Order {
  return by(org, "agree", "agreed")
}

export interface LegDraft {
  readonly leg?: number
  readonly statement?: Uint8Array
  readonly amount?: bigint
  readonly blinding?: Uint8Array
  /** Of a ruling: 0 the provider's amount, 1 the payer's. */
  readonly choice?: number
}

/** A transaction on one leg, by its type's name, with the signers it usually has. */
export function legDraft(type: keyof typeof legSigners, { V, provider }: Handle, fields: LegDraft = {}): Draft {
  return { type, body: { ...legDefaults[type], V, provider, leg: 0, ...fields }, orders: legSigners[type](provider) }
}

const legSigners = {
  "top-up/1": (provider: number): readonly Order[] => [by(provider, "hold", "held"), by(payer, "agree", "held")],
  "cancel/1": (provider: number) => [by(provider, "hold", "cancelled")],
  "expire/1": () => [by(regulator, "operate", "submitted")],
  "deliver/1": () => [by(association, "witness", "delivered")],
  "elapse/1": () => [by(regulator, "operate", "submitted")],
  "contest/1": () => [by(payer, "agree", "contested")],
  "rule/1": () => [by(regulator, "witness", "ruled"), by(arbiter, "witness", "ruled")],
  "void/1": (provider: number) => [by(provider, "bill", "voided")],
}
const salt = seedOf("a digest")
const legDefaults: Readonly<Record<keyof typeof legSigners, object>> = {
  "top-up/1": {},
  "cancel/1": {},
  "expire/1": {},
  "deliver/1": { bundle: salt },
  "elapse/1": {},
  "contest/1": { evidence: salt },
  "rule/1": { choice: 0 },
  "void/1": {},
}

export interface PaymentOptions {
  readonly payer?: number
  readonly provider?: number
  readonly amount: bigint
  readonly blinding: Uint8Array
}

/** A payment or a refund over legs of one payer, in any order given. */
export function paymentDraft(
  type: "pay/1" | "refund/1",
  legs: readonly { readonly V: Uint8Array; readonly leg?: number }[],
  { payer: from = payer, provider = clinic, amount, blinding }: PaymentOptions,
): Draft {
  const listed = legs.map(({ V, leg = 0 }) => ({ V, leg })).sort((a, b) => compareListed(a, b))
  const meaning = type === "pay/1" ? "paid" : "refunded"
  return {
    type,
    body: { payer: from, provider, legs: listed, amount, blinding },
    orders: [by(provider, "pay", meaning)],
  }
}

function compareListed(a: { V: Uint8Array; leg: number }, b: { V: Uint8Array; leg: number }): number {
  for (let i = 0; i < 32; i++) if (a.V[i] !== b.V[i]) return a.V[i]! - b.V[i]!
  return a.leg - b.leg
}

/** The blinding that opens the sum of these legs' first statements. */
export function sumOfBlindings(vouchers: readonly Uint8Array[]): Uint8Array {
  return vouchers.length === 0 ? zeroScalar : addScalars(...vouchers.map((id) => blindingOf(blindingName(id))))
}

export interface PresignedVisit {
  readonly handle: Handle
  readonly voucher: Voucher
  readonly hold: Uint8Array
  readonly settle: Uint8Array
  readonly statement: Uint8Array
}

export interface PresignOptions {
  readonly hour: number
  readonly amount?: bigint
  readonly plan?: bigint
  readonly provider?: number
  readonly payer?: number
}

/** A whole visit as two transactions and six signatures: what `hold` and `settle` of the standard visit are. */
export function presignVisit(label: string, options: PresignOptions): PresignedVisit {
  const { hour, amount = 2_000_00n, plan = 1_337_98n, provider = clinic, payer: from = payer } = options
  const visit = handle(label, provider)
  const voucher = voucherFor(visit, { payer: from, cap: amount, month: monthOfHour(hour) })
  const hold = { ...holdDraft(visit, { voucher, amount }), expiry: hour + 24 }
  const draft = statementDraft(visit, { legs: [{ voucher: voucher.id(chainId), amount: plan }] })
  const settle = { ...draft, expiry: monthExpiry(hour) }
  const signed = signedBy(settle, performed(provider), patient(visit, "countersigned"), agreedBy(from))
  return {
    handle: visit,
    voucher,
    hold: signDraft(hold),
    settle: signDraft(signed),
    statement: idOf(settle),
  }
}

export function signDraft(draft: Draft, chain: string = chainId): Uint8Array {
  const orders = draft.orders.map(({ seed, meaning }) => ({ signer: { seed }, meaning }))
  return signPayload(chain, payloadOf(draft), orders)
}
