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

function rule<D>(number: number, remedy: Remedy, fhir: string, says: (details: D) => string) {
  return { number, remedy, fhir, says }
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
  "bad-encoding": rule(1, "fix", "structure", (d: { what: string }) => `Cannot decode: ${d.what}`),
  "bad-envelope": rule(2, "fix", "structure", (d: { what: string }) => `Cannot read envelope: ${d.what}`),
  "bad-signature": rule(
    3,
    "fix",
    "security",
    (d: Key) => `Cannot accept signature: it is not one of key ${hex(d.key)} over this payload on this chain`,
  ),
  "too-large": rule(
    4,
    "fix",
    "too-long",
    (d: { what: string; size: number; most: number }) =>
      `Cannot accept ${d.what}: its size is ${d.size}, at most ${d.most}`,
  ),
  "type-unknown": rule(
    5,
    "fix",
    "not-supported",
    (d: { type: string }) => `Cannot run transaction: no type ${d.type} at this protocol version`,
  ),
  expired: rule(
    6,
    "fix",
    "expired",
    (d: Hours) => `Cannot apply transaction: it expired at hour ${d.until}, the block's hour is ${d.hour}`,
  ),
  "expiry-too-far": rule(
    7,
    "fix",
    "invalid",
    (d: Hours) => `Cannot apply transaction: it expires at hour ${d.until}, too far ahead of hour ${d.hour}`,
  ),
  frozen: rule(
    8,
    "retry",
    "transient",
    (d: { until: number }) => `Cannot apply transaction: the ledger is frozen until hour ${d.until}`,
  ),
  "signer-unknown": rule(9, "ask", "unknown", (d: Key) => `Cannot accept signer: key ${hex(d.key)} is not registered`),
  "signer-inactive": rule(
    10,
    "ask",
    "expired",
    (d: Key & { hour: number }) => `Cannot accept signer: key ${hex(d.key)} is not active at hour ${d.hour}`,
  ),
  "signer-wrong-role": rule(
    11,
    "fix",
    "forbidden",
    (d: Key & { role: string }) => `Cannot accept signer: key ${hex(d.key)} lacks role ${d.role}`,
  ),
  "signer-not-party": rule(
    12,
    "fix",
    "forbidden",
    (d: Key) => `Cannot accept signer: key ${hex(d.key)} is not of the party named`,
  ),
  "organization-suspended": rule(
    13,
    "ask",
    "suppressed",
    (d: Org) => `Cannot act for organization ${d.org}: it is not active`,
  ),
  "organization-unknown": rule(
    14,
    "fix",
    "not-found",
    (d: Org) => `Cannot find organization ${d.org}: none has this number`,
  ),
  "organization-wrong-kind": rule(
    15,
    "fix",
    "business-rule",
    (d: Org) => `Cannot use organization ${d.org}: its kind may not stand here`,
  ),
  "not-independent": rule(
    16,
    "ask",
    "business-rule",
    (d: Org) => `Cannot use organization ${d.org}: it is not independent of the parties`,
  ),
  "quorum-missing": rule(
    17,
    "ask",
    "business-rule",
    (d: { given: number }) => `Cannot accept ${d.given} signatures: too few of the organizations asked for`,
  ),
  "practitioner-unknown": rule(
    18,
    "fix",
    "not-found",
    (d: { practitioner: Uint8Array | undefined }) =>
      `Cannot find practitioner${d.practitioner ? ` ${hex(d.practitioner)}` : ""}: not enrolled, or not asked for here`,
  ),
  "licence-not-active": rule(
    19,
    "ask",
    "business-rule",
    (d: { practitioner: Uint8Array; hour: number }) =>
      `Cannot act for practitioner ${hex(d.practitioner)}: the licence is not active at hour ${d.hour}`,
  ),
  "key-malformed": rule(
    20,
    "fix",
    "value",
    (d: Key) => `Cannot use key ${hex(d.key)}: not a canonical point of prime order of an open key type`,
  ),
  "key-known": rule(21, "fix", "duplicate", (d: Key) => `Cannot use key ${hex(d.key)}: it has another use already`),
  "key-unknown": rule(22, "fix", "not-found", (d: Key) => `Cannot find key ${hex(d.key)}: its owner has no such key`),
  "last-admin-key": rule(
    23,
    "fix",
    "business-rule",
    (d: Org) => `Cannot revoke key: organization ${d.org} would have no admin key`,
  ),
  "limit-reached": rule(
    24,
    "ask",
    "too-costly",
    (d: { what: string; most: number }) => `Cannot add another of ${d.what}: there are ${d.most} already`,
  ),
  "plan-unknown": rule(25, "fix", "not-found", (d: Id) => `Cannot find plan ${hex(d.id)}: it is not published`),
  "plan-known": rule(26, "fix", "duplicate", (d: Id) => `Cannot publish plan ${hex(d.id)}: it is published already`),
  "dates-invalid": rule(
    27,
    "fix",
    "invalid",
    (d: { from: number; until: number }) =>
      `Cannot accept dates from ${d.from} until ${d.until}: in the wrong order, too far, or in the past`,
  ),
  "reference-known": rule(28, "fix", "duplicate", (d: Id) => `Cannot use bank reference ${hex(d.id)}: it was used`),
  "bad-amount": rule(
    29,
    "fix",
    "value",
    (d: { amount: bigint }) => `Cannot accept amount ${d.amount}: out of range here`,
  ),
  "account-short": rule(
    30,
    "retry",
    "business-rule",
    (d: Org & { amount: bigint; free: bigint }) => `Cannot take ${d.amount} from account ${d.org}: ${d.free} is free`,
  ),
  "custodian-short": rule(
    31,
    "ask",
    "business-rule",
    (d: Org & { amount: bigint; owed: bigint }) =>
      `Cannot pay out ${d.amount} at custodian ${d.org}: it owes ${d.owed}`,
  ),
  "voucher-mismatch": rule(32, "fix", "conflict", (d: Id) => `Cannot use voucher ${hex(d.id)}: it names another V`),
  "voucher-expired": rule(
    33,
    "ask",
    "expired",
    (d: Id & Hours) => `Cannot use voucher ${hex(d.id)}: it expired at hour ${d.until}, it is hour ${d.hour}`,
  ),
  "voucher-used": rule(34, "ask", "duplicate", (d: Id) => `Cannot use voucher ${hex(d.id)}: a hold has used it`),
  "voucher-void": rule(35, "ask", "deleted", (d: Id) => `Cannot use voucher ${hex(d.id)}: it is void`),
  "not-on-ladder": rule(
    36,
    "fix",
    "value",
    (d: { amount: bigint }) => `Cannot hold ${d.amount}: not 1, 2 or 5 times a power of ten`,
  ),
  "above-cap": rule(37, "fix", "business-rule", (d: Money) => `Cannot hold ${d.amount}: the voucher covers ${d.most}`),
  "visit-unknown": rule(
    38,
    "fix",
    "not-found",
    (d: Visit) => `Cannot find ${visit(d)}: no such visit, or none can be made here`,
  ),
  "leg-unknown": rule(
    39,
    "fix",
    "not-found",
    (d: LegOf) => `Cannot find ${legOf(d)}: none of this payer, or not listed`,
  ),
  "facts-unknown": rule(
    40,
    "fix",
    "not-found",
    (d: Id) => `Cannot find facts ${hex(d.id)}: not recorded for this visit`,
  ),
  "statement-unknown": rule(
    41,
    "fix",
    "not-found",
    (d: Id) => `Cannot use statement ${hex(d.id)}: not in force, or it does not name this leg`,
  ),
  "statement-superseded": rule(
    42,
    "fix",
    "conflict",
    (d: Id) => `Cannot file statement ${hex(d.id)}: another is in force and must be named`,
  ),
  "wrong-stage": rule(
    43,
    "retry",
    "conflict",
    (d: { what: string }) => `Cannot apply transaction: the state of ${d.what} does not allow it`,
  ),
  "patient-side-unsigned": rule(
    44,
    "ask",
    "business-rule",
    (d: Visit) => `Cannot act on ${visit(d)}: nobody on the patient's side has signed`,
  ),
  "bad-point": rule(
    45,
    "fix",
    "value",
    (d: LegOf) => `Cannot accept the commitment of ${legOf(d)}: not a canonical point, or the identity`,
  ),
  "bad-opening": rule(
    46,
    "fix",
    "value",
    (d: { amount: bigint }) => `Cannot open the commitments: they do not open to ${d.amount}`,
  ),
  "above-hold": rule(47, "fix", "business-rule", (d: Money) => `Cannot take ${d.amount}: the holds are ${d.most}`),
  "already-refunded": rule(48, "ask", "duplicate", (d: LegOf) => `Cannot refund ${legOf(d)}: a ruling has refunded it`),
  "not-delivered": rule(
    49,
    "ask",
    "business-rule",
    (d: LegOf) => `Cannot act on ${legOf(d)}: there is no delivery notice`,
  ),
  "too-early": rule(
    50,
    "retry",
    "transient",
    (d: Hours) => `Cannot act at running hour ${d.hour}: not before hour ${d.until}`,
  ),
  "too-late": rule(
    51,
    "ask",
    "expired",
    (d: Hours) => `Cannot act at running hour ${d.hour}: only before hour ${d.until}`,
  ),
  "no-panel": rule(52, "ask", "business-rule", (d: Org) => `Cannot contest: payer ${d.org} has no independent arbiter`),
  "grant-unknown": rule(53, "fix", "not-found", (d: Id) => `Cannot find grant ${hex(d.id)}: none has this handle`),
  "grant-known": rule(54, "fix", "duplicate", (d: Id) => `Cannot use handle ${hex(d.id)}: it was used`),
  "rate-limited": rule(
    55,
    "retry",
    "throttled",
    (d: { most: number }) => `Cannot act again today: the daily count is ${d.most}`,
  ),
  "out-of-order": rule(
    56,
    "fix",
    "conflict",
    (d: { what: string }) => `Cannot accept ${d.what}: it does not follow its predecessor`,
  ),
  "proposal-unknown": rule(
    57,
    "fix",
    "not-found",
    (d: Id) => `Cannot find proposal ${hex(d.id)}: none such, or it has expired`,
  ),
  "ballot-cast": rule(
    58,
    "fix",
    "duplicate",
    (d: Id & Org) => `Cannot vote on proposal ${hex(d.id)}: organization ${d.org} has voted`,
  ),
  "parameter-out-of-range": rule(
    59,
    "fix",
    "value",
    (d: { number: number; value: number }) => `Cannot set parameter ${d.number} to ${d.value}: outside its bounds`,
  ),
  "validator-set-invalid": rule(
    60,
    "fix",
    "business-rule",
    (d: Org) => `Cannot change validators of organization ${d.org}: the set would not be valid`,
  ),
  "organization-in-use": rule(
    61,
    "retry",
    "business-rule",
    (d: Org) => `Cannot remove organization ${d.org}: money or open legs remain`,
  ),
} satisfies Readonly<Record<string, Rule>>

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
    const { number, remedy, fhir } = rejections[code]
    this.code = code
    this.number = number
    this.message = message
    this.remedy = remedy
    this.fhir = fhir
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
