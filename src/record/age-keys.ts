/**
 * age's names for keys: an identity opens, a recipient is sealed to. Always the post-quantum hybrid kind (ML-KEM-768
 * with X25519), so that a patient can open an export with the ordinary age tool, 1.3 or newer, and nothing of ours.
 */
import { bech32 } from "@scure/base"
import { identityToRecipient } from "age-encryption"
import { assert } from "../base/assert.ts"

/** `AGE-SECRET-KEY-PQ-1…` of a 32-byte uniform seed. */
export function ageIdentity(seed: Uint8Array): string {
  assert(seed.length === 32, "an age identity is made from a seed of 32 bytes")
  return bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase()
}

/** `age1pq1…`, about 1,960 characters, of the same seed. */
export function ageRecipient(seed: Uint8Array): Promise<string> {
  return identityToRecipient(ageIdentity(seed))
}
