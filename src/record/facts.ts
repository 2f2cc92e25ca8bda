/**
 * Facts: what happened, in sentences a patient can say yes or no to, one a line, each tied to the entry it comes from
 * and to its author. The facts root stands in the facts statement that practitioner and patient sign; claim lines cite
 * facts by index, and a payer sees the cited ones alone.
 */
import { fromUtf8, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { EncodingError, type Value } from "../base/cbor.ts"
import { b32, bytes, type Codec, type Decoded, struct, uint } from "../base/schema.ts"
import { treeProof, treeRoot, verifyTreeProof } from "../base/tree.ts"
import type { TreePlace } from "./digest-tree.ts"
import { maxEntries } from "./entry.ts"

export const maxFacts = 1000
const maxSentenceLength = 1000

/**
 * Controls, line breaks and invisible or direction-turning characters could show another sentence than the one that is
 * signed. The two joiners stay: Persian and Indic words need them.
 */
const deceptive = /[\p{Cc}\p{Zl}\p{Zp}\p{Co}]|(?![\u200c\u200d])\p{Cf}/u

/** Whether this text can stand as one line before a signer: 1 to 1,000 bytes that show as what they are. */
export function isSentence(text: string): boolean {
  const encoded = toUtf8(text)
  // Half of a surrogate pair does not survive UTF-8: what is signed would not be what was typed.
  const survives = fromUtf8(encoded) === text
  const length = encoded.length
  return survives && length > 0 && length <= maxSentenceLength && text.trim() === text && !deceptive.test(text)
}

const anySentence = bytes(1, maxSentenceLength)
const sentence: Codec<Uint8Array> = {
  read(reader) {
    const value = anySentence.read(reader)
    const text = fromUtf8(value)
    if (text === undefined || !isSentence(text)) throw new EncodingError("Cannot read CBOR: not a sentence")
    return value
  },
  write: anySentence.write,
}

export const fact = struct({
  salt: b32,
  /** UTF-8. */
  sentence,
  /** Index of its entry in the record. */
  entry: uint(0, maxEntries - 1),
  /** The author's practitioner id. */
  author: b32,
})
export type Fact = Decoded<typeof fact>

/** A fact with its place under the facts root: what is shown of each fact that a claim cites. */
export interface PlacedFact {
  readonly fact: Fact
  readonly place: TreePlace
}

function factLeaf({ salt, sentence, entry, author }: Fact): readonly Value[] {
  return [salt, sentence, entry, author]
}

export function factsRoot(facts: readonly Fact[]): Uint8Array {
  assert(facts.length <= maxFacts, "a statement has at most 1,000 facts")
  return treeRoot("fact", facts.map(factLeaf))
}

export function citeFact(facts: readonly Fact[], index: number): PlacedFact {
  assert(index < facts.length, "a cited fact is one of the statement's")
  const proof = treeProof("fact", facts.map(factLeaf), index)
  return { fact: facts[index]!, place: { index, size: facts.length, proof } }
}

/** Whether this fact stands there under the root. */
export function verifyFact(root: Uint8Array, fact: Fact, { index, size, proof }: TreePlace): boolean {
  return verifyTreeProof("fact", root, factLeaf(fact), index, size, proof)
}
