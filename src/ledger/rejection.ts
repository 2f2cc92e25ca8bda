/**
 * Every refusal of the rules: one catalogue, in order of precedence. A Rejection is a returned value, equal on every
 * node; its number goes into the block's results and never changes meaning. Sentences name numbers and digests only.
 */
import { toHex } from "../base/bytes.ts"

export type Remedy = "fix" | "retry" | "ask"

interface Rule {
  readonly number: number
  /** `fix` the transaction; `retry` later, perhaps unchanged; `ask` somebody else to act first. */
  readonly remedy: Remedy
  /** FHIR IssueType of an OperationOutcome. */
  readonly fhir: string
  // biome-ignore lint/suspicious/noExplicitAny: each rule has its own details; `reject` gives each its own back.
  readonly says: (details: any) => string
}

type Key = { readonly key: Uint8Array }
type Org = { readonly org: number }
type Id = { readonly id: Uint8Array }
type Visit = { readonly V: Uint8Array; readonly provider: number }
type LegOf = Visit & { readonly leg: number }
type Hours = { readonly hour: number; readonly until: number }
type Money = { readonly amount: bigint; readonly most: bigint }

const hex = toHex
const visit = ({ V, provider }: Visit) => `visit ${hex(V)} at organization ${provider}`
const legOf = (d: LegOf) => `leg ${d.leg} of ${visit(d)}`

export const rejections = {
  "bad-encoding": {
    number: 1,
    remedy: "fix",
    fhir: "structure",
    says: (d: { what: string }) => `Cannot decode: ${d.what}`,
  },
  "bad-envelope": {
    number: 2,
    remedy: "fix",
    fhir: "structure",
    says: (d: { what: string }) => `Cannot read envelope: ${d.what}`,
  },
  "bad-signature": {
    number: 3,
    remedy: "fix",
    fhir: "security",
    says: (d: Key) => `Cannot accept signature: it is not one of key ${hex(d.key)} over this payload on this chain`,
  },
  "too-large": {
    number: 4,
    remedy: "fix",
    fhir: "too-long",
    says: (d: { what: string; size: number; most: number }) =>
      `Cannot accept ${d.what}: its size is ${d.size}, at most ${d.most}`,
  },
  "type-unknown": {
    number: 5,
    remedy: "fix",
    fhir: "not-supported",
    says: (d: { type: string }) => `Cannot run transaction: no type ${d.type} at this protocol version`,
  },
  expired: {
    number: 6,
    remedy: "fix",
    fhir: "expired",
    says: (d: Hours) => `Cannot apply transaction: it expired at hour ${d.until}, the block's hour is ${d.hour}`,
  },
  "expiry-too-far": {
    number: 7,
    remedy: "fix",
    fhir: "invalid",
    says: (d: Hours) => `Cannot apply transaction: it expires at hour ${d.until}, too far ahead of hour ${d.hour}`,
  },
  frozen: {
    number: 8,
    remedy: "retry",
    fhir: "transient",
    says: (d: { until: number }) => `Cannot apply transaction: the ledger is frozen until hour ${d.until}`,
  },
  "signer-unknown": {
    number: 9,
    remedy: "ask",
    fhir: "unknown",
    says: (d: Key) => `Cannot accept signer: key ${hex(d.key)} is not registered`,
  },
  "signer-inactive": {
    number: 10,
    remedy: "ask",
    fhir: "expired",
    says: (d: Key & { hour: number }) => `Cannot accept signer: key ${hex(d.key)} is not active at hour ${d.hour}`,
  },
  "signer-wrong-role": {
    number: 11,
    remedy: "fix",
    fhir: "forbidden",
    says: (d: Key & { role: string }) => `Cannot accept signer: key ${hex(d.key)} lacks role ${d.role}`,
  },
  "signer-not-party": {
    number: 12,
    remedy: "fix",
    fhir: "forbidden",
    says: (d: Key) => `Cannot accept signer: key ${hex(d.key)} is not of the party named`,
  },
  "organization-suspended": {
    number: 13,
    remedy: "ask",
    fhir: "suppressed",
    says: (d: Org) => `Cannot act for organization ${d.org}: it is not active`,
  },
  "organization-unknown": {
    number: 14,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Org) => `Cannot find organization ${d.org}: none has this number`,
  },
  "organization-wrong-kind": {
    number: 15,
    remedy: "fix",
    fhir: "business-rule",
    says: (d: Org) => `Cannot use organization ${d.org}: its kind may not stand here`,
  },
  "not-independent": {
    number: 16,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: Org) => `Cannot use organization ${d.org}: it is not independent of the parties`,
  },
  "quorum-missing": {
    number: 17,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: { given: number }) => `Cannot accept ${d.given} signatures: too few of the organizations asked for`,
  },
  "practitioner-unknown": {
    number: 18,
    remedy: "fix",
    fhir: "not-found",
    says: (d: { practitioner: Uint8Array | undefined }) =>
      `Cannot find practitioner${d.practitioner ? ` ${hex(d.practitioner)}` : ""}: not enrolled, or not asked for here`,
  },
  "licence-not-active": {
    number: 19,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: { practitioner: Uint8Array; hour: number }) =>
      `Cannot act for practitioner ${hex(d.practitioner)}: the licence is not active at hour ${d.hour}`,
  },
  "key-malformed": {
    number: 20,
    remedy: "fix",
    fhir: "value",
    says: (d: Key) => `Cannot use key ${hex(d.key)}: not a canonical point of prime order of an open key type`,
  },
  "key-known": {
    number: 21,
    remedy: "fix",
    fhir: "duplicate",
    says: (d: Key) => `Cannot use key ${hex(d.key)}: it has another use already`,
  },
  "key-unknown": {
    number: 22,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Key) => `Cannot find key ${hex(d.key)}: its owner has no such key`,
  },
  "last-admin-key": {
    number: 23,
    remedy: "fix",
    fhir: "business-rule",
    says: (d: Org) => `Cannot revoke key: organization ${d.org} would have no admin key`,
  },
  "limit-reached": {
    number: 24,
    remedy: "ask",
    fhir: "too-costly",
    says: (d: { what: string; most: number }) => `Cannot add another of ${d.what}: there are ${d.most} already`,
  },
  "plan-unknown": {
    number: 25,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Id) => `Cannot find plan ${hex(d.id)}: it is not published`,
  },
  "plan-known": {
    number: 26,
    remedy: "fix",
    fhir: "duplicate",
    says: (d: Id) => `Cannot publish plan ${hex(d.id)}: it is published already`,
  },
  "dates-invalid": {
    number: 27,
    remedy: "fix",
    fhir: "invalid",
    says: (d: { from: number; until: number }) =>
      `Cannot accept dates from ${d.from} until ${d.until}: in the wrong order, too far, or in the past`,
  },
  "reference-known": {
    number: 28,
    remedy: "fix",
    fhir: "duplicate",
    says: (d: Id) => `Cannot use bank reference ${hex(d.id)}: it was used`,
  },
  "bad-amount": {
    number: 29,
    remedy: "fix",
    fhir: "value",
    says: (d: { amount: bigint }) => `Cannot accept amount ${d.amount}: out of range here`,
  },
  "account-short": {
    number: 30,
    remedy: "retry",
    fhir: "business-rule",
    says: (d: Org & { amount: bigint; free: bigint }) =>
      `Cannot take ${d.amount} from account ${d.org}: ${d.free} is free`,
  },
  "custodian-short": {
    number: 31,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: Org & { amount: bigint; owed: bigint }) =>
      `Cannot pay out ${d.amount} at custodian ${d.org}: it owes ${d.owed}`,
  },
  "voucher-mismatch": {
    number: 32,
    remedy: "fix",
    fhir: "conflict",
    says: (d: Id) => `Cannot use voucher ${hex(d.id)}: it names another V`,
  },
  "voucher-expired": {
    number: 33,
    remedy: "ask",
    fhir: "expired",
    says: (d: Id & Hours) => `Cannot use voucher ${hex(d.id)}: it expired at hour ${d.until}, it is hour ${d.hour}`,
  },
  "voucher-used": {
    number: 34,
    remedy: "ask",
    fhir: "duplicate",
    says: (d: Id) => `Cannot use voucher ${hex(d.id)}: a hold has used it`,
  },
  "voucher-void": {
    number: 35,
    remedy: "ask",
    fhir: "deleted",
    says: (d: Id) => `Cannot use voucher ${hex(d.id)}: it is void`,
  },
  "not-on-ladder": {
    number: 36,
    remedy: "fix",
    fhir: "value",
    says: (d: { amount: bigint }) => `Cannot hold ${d.amount}: not 1, 2 or 5 times a power of ten`,
  },
  "above-cap": {
    number: 37,
    remedy: "fix",
    fhir: "business-rule",
    says: (d: Money) => `Cannot hold ${d.amount}: the voucher covers ${d.most}`,
  },
  "visit-unknown": {
    number: 38,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Visit) => `Cannot find ${visit(d)}: no such visit, or none can be made here`,
  },
  "leg-unknown": {
    number: 39,
    remedy: "fix",
    fhir: "not-found",
    says: (d: LegOf) => `Cannot find ${legOf(d)}: none of this payer, or not listed`,
  },
  "facts-unknown": {
    number: 40,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Id) => `Cannot find facts ${hex(d.id)}: not recorded for this visit`,
  },
  "statement-unknown": {
    number: 41,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Id) => `Cannot use statement ${hex(d.id)}: not in force, or it does not name this leg`,
  },
  "statement-superseded": {
    number: 42,
    remedy: "fix",
    fhir: "conflict",
    says: (d: Id) => `Cannot file statement ${hex(d.id)}: another is in force and must be named`,
  },
  "wrong-stage": {
    number: 43,
    remedy: "retry",
    fhir: "conflict",
    says: (d: { what: string }) => `Cannot apply transaction: the state of ${d.what} does not allow it`,
  },
  "patient-side-unsigned": {
    number: 44,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: Visit) => `Cannot act on ${visit(d)}: nobody on the patient's side has signed`,
  },
  "bad-point": {
    number: 45,
    remedy: "fix",
    fhir: "value",
    says: (d: LegOf) => `Cannot accept the commitment of ${legOf(d)}: not a canonical point, or the identity`,
  },
  "bad-opening": {
    number: 46,
    remedy: "fix",
    fhir: "value",
    says: (d: { amount: bigint }) => `Cannot open the commitments: they do not open to ${d.amount}`,
  },
  "above-hold": {
    number: 47,
    remedy: "fix",
    fhir: "business-rule",
    says: (d: Money) => `Cannot take ${d.amount}: the holds are ${d.most}`,
  },
  "already-refunded": {
    number: 48,
    remedy: "ask",
    fhir: "duplicate",
    says: (d: LegOf) => `Cannot refund ${legOf(d)}: a ruling has refunded it`,
  },
  "not-delivered": {
    number: 49,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: LegOf) => `Cannot act on ${legOf(d)}: there is no delivery notice`,
  },
  "too-early": {
    number: 50,
    remedy: "retry",
    fhir: "transient",
    says: (d: Hours) => `Cannot act at running hour ${d.hour}: not before hour ${d.until}`,
  },
  "too-late": {
    number: 51,
    remedy: "ask",
    fhir: "expired",
    says: (d: Hours) => `Cannot act at running hour ${d.hour}: only before hour ${d.until}`,
  },
  "no-panel": {
    number: 52,
    remedy: "ask",
    fhir: "business-rule",
    says: (d: Org) => `Cannot contest: payer ${d.org} has no independent arbiter`,
  },
  "grant-unknown": {
    number: 53,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Id) => `Cannot find grant ${hex(d.id)}: none has this handle`,
  },
  "grant-known": {
    number: 54,
    remedy: "fix",
    fhir: "duplicate",
    says: (d: Id) => `Cannot use handle ${hex(d.id)}: it was used`,
  },
  "rate-limited": {
    number: 55,
    remedy: "retry",
    fhir: "throttled",
    says: (d: { most: number }) => `Cannot act again today: the daily count is ${d.most}`,
  },
  "out-of-order": {
    number: 56,
    remedy: "fix",
    fhir: "conflict",
    says: (d: { what: string }) => `Cannot accept ${d.what}: it does not follow its predecessor`,
  },
  "proposal-unknown": {
    number: 57,
    remedy: "fix",
    fhir: "not-found",
    says: (d: Id) => `Cannot find proposal ${hex(d.id)}: none such, or it has expired`,
  },
  "ballot-cast": {
    number: 58,
    remedy: "fix",
    fhir: "duplicate",
    says: (d: Id & Org) => `Cannot vote on proposal ${hex(d.id)}: organization ${d.org} has voted`,
  },
  "parameter-out-of-range": {
    number: 59,
    remedy: "fix",
    fhir: "value",
    says: (d: { number: number; value: number }) =>
      `Cannot set parameter ${d.number} to ${d.value}: outside its bounds`,
  },
  "validator-set-invalid": {
    number: 60,
    remedy: "fix",
    fhir: "business-rule",
    says: (d: Org) => `Cannot change validators of organization ${d.org}: the set would not be valid`,
  },
  "organization-in-use": {
    number: 61,
    remedy: "retry",
    fhir: "business-rule",
    says: (d: Org) => `Cannot remove organization ${d.org}: money or open legs remain`,
  },
} as const satisfies Readonly<Record<string, Rule>>

export type RejectionCode = keyof typeof rejections
type Details<C extends RejectionCode> = Parameters<(typeof rejections)[C]["says"]>[0]

/** The rules say no. Returned, never thrown; `at` is the field or signature, where one is to blame. */
export class Rejection {
  readonly code: RejectionCode
  readonly number: number
  readonly message: string
  readonly remedy: Remedy
  readonly fhir: string
  declare readonly at?: string

  constructor(code: RejectionCode, message: string, at?: string) {
    const rule = rejections[code]
    this.code = code
    this.number = rule.number
    this.message = message
    this.remedy = rule.remedy
    this.fhir = rule.fhir
    if (at !== undefined) this.at = at
  }
}

export function reject<C extends RejectionCode>(code: C, details: Details<C>, at?: string): Rejection {
  const says = rejections[code].says as (details: Details<C>) => string
  return new Rejection(code, says(details), at)
}

export function isRejection(value: unknown): value is Rejection {
  return value instanceof Rejection
}
