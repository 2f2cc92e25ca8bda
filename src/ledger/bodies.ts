/** The body of every transaction type by its name: what nodes and wallets fill in, typed, before they sign. */
import type { Decoded } from "../base/schema.ts"
import { anchorLogBody, countedAnchorBody } from "./consent/anchor-log.ts"
import { ballotBody, proposeBody } from "./constitution/proposals.ts"
import { encodePayload } from "./envelopes.ts"
import { depositBody, withdrawBody } from "./money/custody.ts"
import { registerKeyBody, revokeKeyBody, rotateKeyBody } from "./registry/keys.ts"
import { publishPlanBody, retirePlanBody } from "./registry/plans.ts"
import { enrolPractitionerBody, setLicenceStatusBody } from "./registry/practitioners.ts"
import { holdBody, legBody, topUpBody, voidVoucherBody } from "./visit/1-hold.ts"
import { factsBody } from "./visit/2-record.ts"
import { visitBody } from "./visit/4-settle.ts"
import { contestBody, deliverBody, elapseBody, ruleBody } from "./visit/5-dispute.ts"
import { paymentBody, voidBody } from "./visit/6-payment.ts"

export const bodies = {
  "register-key/1": registerKeyBody,
  "rotate-key/1": rotateKeyBody,
  "revoke-key/1": revokeKeyBody,
  "enrol-practitioner/1": enrolPractitionerBody,
  "set-licence-status/1": setLicenceStatusBody,
  "publish-plan/1": publishPlanBody,
  "retire-plan/1": retirePlanBody,
  "deposit/1": depositBody,
  "withdraw/1": withdrawBody,
  "void-voucher/1": voidVoucherBody,
  "hold/1": holdBody,
  "top-up/1": topUpBody,
  "cancel/1": legBody,
  "expire/1": legBody,
  "facts-statement/1": factsBody,
  "visit-statement/1": visitBody,
  "deliver/1": deliverBody,
  "elapse/1": elapseBody,
  "contest/1": contestBody,
  "rule/1": ruleBody,
  "pay/1": paymentBody,
  "refund/1": paymentBody,
  "void/1": voidBody,
  "anchor-log/1": anchorLogBody,
  "anchor-log/2": countedAnchorBody,
  "propose/1": proposeBody,
  "ballot/1": ballotBody,
} as const

export type TypeName = keyof typeof bodies
export type BodyOf<N extends TypeName> = Decoded<(typeof bodies)[N]>

/** The payload of a transaction: what is signed, and what its id is over. */
export function transactionPayload<N extends TypeName>(type: N, expiry: number, body: BodyOf<N>): Uint8Array {
  return encodePayload<unknown>(type, expiry, bodies[type] as never, body)
}
