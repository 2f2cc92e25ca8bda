/**
 * The wallet's key tree: everything a patient holds comes from one 32-byte seed, so that 24 words on paper restore it.
 * Each key is HKDF-SHA256 (RFC 5869) of the seed under its own label and path, `countersign/1/` + label ‖ 00 ‖ CBOR
 * path: no key tells anything about another, and no two purposes share one.
 *
 * A *relationship* is the number of the organization a key is shown to. Whatever one clinic gets to see (recipient,
 * category key, one-time key) differs from what any other gets, so two clinics that compare find nothing in common.
 * Relationship 0 is the wallet itself.
 */
import { hkdf } from "@noble/hashes/hkdf.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39"
import { wordlist } from "@scure/bip39/wordlists/english.js"
import { assert } from "../base/assert.ts"
import type { Value } from "../base/cbor.ts"
import { digestInput } from "../base/digest.ts"

const seedLength = 32

/** 32 bytes for one purpose. The named functions below are the whole list of labels; nothing else calls it. */
function derive(seed: Uint8Array, label: string, ...path: readonly Value[]): Uint8Array {
  assert(seed.length === seedLength, "a wallet's seed is 32 bytes")
  return hkdf(sha256, seed, undefined, digestInput(label, ...path), 32)
}

/** Ed25519 seed of V, the one-time key of a visit: the `index`-th that `payer` vouchers, 0 for a visit nobody covers. */
export function visitSeed(seed: Uint8Array, payer: number, index: number): Uint8Array {
  return derive(seed, "visit-key", payer, index)
}

/** Ed25519 seed of the one-time key that V delegates to: a phone's, a guardian's. */
export function delegateSeed(seed: Uint8Array, payer: number, index: number): Uint8Array {
  return derive(seed, "delegate-key", payer, index)
}

/** Ed25519 seed of a mailbox handle. */
export function mailboxSeed(seed: Uint8Array, index: number): Uint8Array {
  return derive(seed, "mailbox-key", index)
}

/** X-Wing seed that letters to the same mailbox are sealed to. */
export function mailboxSealingSeed(seed: Uint8Array, index: number): Uint8Array {
  return derive(seed, "mailbox-sealing-key", index)
}

/** Ed25519 seed of a grant's handle. */
export function grantSeed(seed: Uint8Array, index: number): Uint8Array {
  return derive(seed, "grant-key", index)
}

/** Seed of the age identity that entries written by this organization are sealed to. */
export function recordIdentitySeed(seed: Uint8Array, relationship: number): Uint8Array {
  return derive(seed, "record-identity", relationship)
}

/** Key of the snapshots of one payer, where the wallet keeps them outside its own storage. */
export function snapshotKey(seed: Uint8Array, payer: number): Uint8Array {
  return derive(seed, "snapshot-key", payer)
}

/** One lock for the entries of one category and epoch: who is granted it opens these and no others. */
export interface CategoryKey {
  readonly category: string
  /** Names the key between those who hold it; random to everybody else. Never written beside a sealed entry. */
  readonly id: Uint8Array
  readonly key: Uint8Array
}

export interface CategoryEpoch {
  readonly category: string
  /** Counts up; a revocation turns it, so that the next entry is out of reach of what was granted before. */
  readonly epoch: number
  readonly relationship: number
}

export function categoryKey(seed: Uint8Array, { category, epoch, relationship }: CategoryEpoch): CategoryKey {
  return {
    category,
    id: derive(seed, "category-key-id", category, epoch, relationship),
    key: derive(seed, "category-key", category, epoch, relationship),
  }
}

/** The seed as 24 English words (BIP-39), for paper. */
export function phraseOf(seed: Uint8Array): string {
  assert(seed.length === seedLength, "a wallet's seed is 32 bytes")
  return entropyToMnemonic(seed, wordlist)
}

/** The seed behind 24 words, case and spaces aside; undefined where a word or the checksum is wrong. */
export function seedOfPhrase(phrase: string): Uint8Array | undefined {
  const words = phrase.trim().toLowerCase().split(/\s+/)
  if (words.length !== 24) return undefined
  try {
    return mnemonicToEntropy(words.join(" "), wordlist)
  } catch {
    return undefined
  }
}
