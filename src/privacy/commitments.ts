/**
 * The salted commitments of the protocol: what stands on the ledger is a digest that says nothing without its salt,
 * and everything with it. Salts are fresh, 32 bytes, the caller's randomness; one salt, one commitment. What a voucher
 * hides (`terms`) is committed beside its schema in the ledger folder.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import type { Value } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"

export const saltLength = 32

/** digest(tag, salt, values…). Whoever knows no salt learns nothing; nobody opens it to anything else. */
export function commit(tag: string, salt: Uint8Array, ...values: readonly Value[]): Uint8Array {
  assert(salt.length === saltLength, "a salt is 32 bytes")
  return digest(tag, salt, ...values)
}

/** Whether a commitment opens to salt and values. A salt of another length is false, never a throw. */
export function opensCommitment(
  commitment: Uint8Array,
  tag: string,
  salt: Uint8Array,
  ...values: readonly Value[]
): boolean {
  return salt.length === saltLength && equalBytes(commitment, digest(tag, salt, ...values))
}

/** The most the patient may have to pay, in minor units, as the facts statement binds it. */
export function commitCeiling(salt: Uint8Array, ceiling: bigint): Uint8Array {
  return commit("ceiling", salt, ceiling)
}

/** The claim as encoded: what was billed. */
export function commitClaim(salt: Uint8Array, claim: Uint8Array): Uint8Array {
  return commit("claim", salt, claim)
}

/** Unsalted, for the parties to compare with one another; never on the ledger. */
export function determinationDigest(determination: Uint8Array): Uint8Array {
  return digest("determination", determination)
}

/** The same digest as the ledger holds it. */
export function commitDetermination(salt: Uint8Array, unsaltedDigest: Uint8Array): Uint8Array {
  return commit("determination-salted", salt, unsaltedDigest)
}

/** The root of the trace's tree. */
export function commitTrace(salt: Uint8Array, traceRoot: Uint8Array): Uint8Array {
  return commit("trace", salt, traceRoot)
}

/** One leg's own determination. */
export function commitLeg(salt: Uint8Array, leg: Uint8Array): Uint8Array {
  return commit("leg", salt, leg)
}

/** What a contesting payer shows the arbiters. */
export function commitEvidence(salt: Uint8Array, evidence: Uint8Array): Uint8Array {
  return commit("evidence", salt, evidence)
}

/** The bank's own reference of a deposit or withdrawal. */
export function commitBankReference(salt: Uint8Array, custodian: number, reference: string): Uint8Array {
  return commit("reference", salt, custodian, toUtf8(reference))
}

export interface GrantContent {
  /** The grantee's sealing key. */
  readonly grantee: Uint8Array
  readonly category: string
  readonly epoch: number
  readonly purpose: string
}

/** Who may read what, for which purpose. */
export function commitGrant(salt: Uint8Array, { grantee, category, epoch, purpose }: GrantContent): Uint8Array {
  return commit("grant", salt, grantee, category, epoch, toUtf8(purpose))
}

export interface BrokenGlass {
  /** The patient's mailbox handle, that the notice goes to. */
  readonly mailbox: Uint8Array
  readonly reason: string
  readonly categories: readonly string[]
}

/** What was opened in an emergency, and why. */
export function commitBrokenGlass(salt: Uint8Array, { mailbox, reason, categories }: BrokenGlass): Uint8Array {
  return commit("glass", salt, mailbox, toUtf8(reason), categories)
}
