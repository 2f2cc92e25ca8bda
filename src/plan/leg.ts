/**
 * What one payer's determination says, and its canonical bytes: lines with every cent named, totals, what moves in the
 * buckets, what was missing. A statement's determination is the digests of its legs in payment order.
 */
import { sha256 } from "#crypto"
import { EncodingError } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import { b32, type Codec, type Decoded, decodeAs, encodeAs, list, struct, sum, text, uint } from "../base/schema.ts"
import { differencesCodec, signed } from "./snapshot.ts"

export const lineStatus = { pended: 0, paid: 1, denied: 2, held: 3, encounter: 4 } as const
export type LineStatus = keyof typeof lineStatus
const statusNames = Object.keys(lineStatus) as LineStatus[]
const status: Codec<LineStatus> = {
  read: (reader) => statusNames[uint(0, 4).read(reader)]!,
  write: (writer, value) => writer.uint(lineStatus[value]),
}

/** Who bears an adjustment: CO provider, PR patient, OA neither, PI payer without a contract. */
export type Group = "CO" | "PR" | "OA" | "PI"
const group: Codec<Group> = {
  read(reader) {
    const value = reader.text()
    if (value !== "CO" && value !== "PR" && value !== "OA" && value !== "PI")
      throw new EncodingError("Cannot read a leg: no such group code")
    return value
  },
  write: (writer, value) => writer.text(value),
}

const adjustment = struct({ group, carc: text, rarc: list(text, 0, 8), amount: signed, clause: text, kind: text })
export type Adjustment = Decoded<typeof adjustment>

const line = struct({
  number: uint(1, 65535),
  status,
  category: text,
  tier: text,
  allowed: sum,
  adjustments: list(adjustment),
  benefit: sum,
  /** Patient responsibility: the sum of the PR adjustments. */
  patient: sum,
  /** The step, clause and kind that decided the line's outcome. */
  shown: struct({ step: text, clause: text, kind: text }),
})
export type LegLine = Decoded<typeof line>

const codeTotal = struct({ group, carc: text, amount: signed })
const totals = struct({ charge: sum, allowed: sum, benefit: sum, patient: sum, byCode: list(codeTotal) })
export type LegTotals = Decoded<typeof totals>

const finding = struct({ line: uint(0, 65535), step: text, clause: text, code: text, missing: text })
export type Finding = Decoded<typeof finding>
export type FindingCode =
  | "missing-fact"
  | "no-rate"
  | "no-table"
  | "clause-conflict"
  | "undecided"
  | "overflow"
  | "prior-missing"
  | "prior-unbalanced"
  | "prior-order"
  | "also-refused"
  | "possible-duplicate"
  | "not-run"

const body = struct({
  evaluator: text,
  payer: text,
  plan: b32,
  snapshot: b32,
  inputs: b32,
  lines: list(line, 1, 2000),
  totals,
  differences: differencesCodec,
  findings: list(finding),
})
export type Leg = Decoded<typeof body>

const legCodec: Codec<Leg> = {
  read(reader) {
    reader.array(body.size + 1)
    if (reader.text() !== "leg/1") throw new EncodingError("Cannot read a leg: another type")
    return body.readFields(reader)
  },
  write(writer, value) {
    writer.array(body.size + 1)
    writer.text("leg/1")
    body.writeFields(writer, value)
  },
}

export const encodeLeg = (leg: Leg): Uint8Array => encodeAs(legCodec, leg)
/** @throws EncodingError unless the bytes are the one encoding of a leg. */
export const decodeLeg = (bytes: Uint8Array): Leg => decodeAs(legCodec, bytes)
/** The leg as the ledger's parties commit to it. */
export const legDigest = (salt: Uint8Array, bytes: Uint8Array): Uint8Array => digest("leg", salt, bytes)

/** A statement's determination: its legs in payment order, and what the patient owes after the last. */
export interface Determination {
  readonly legs: readonly Uint8Array[]
  readonly patient: bigint
}
const determinationBody = struct({ legs: list(b32, 1, 16), patient: sum })
const determinationCodec: Codec<Determination> = {
  read(reader) {
    reader.array(determinationBody.size + 1)
    if (reader.text() !== "determination/1") throw new EncodingError("Cannot read a determination: another type")
    return determinationBody.readFields(reader)
  },
  write(writer, value) {
    writer.array(determinationBody.size + 1)
    writer.text("determination/1")
    determinationBody.writeFields(writer, value)
  },
}
export const encodeDetermination = (value: Determination): Uint8Array => encodeAs(determinationCodec, value)
export const decodeDetermination = (bytes: Uint8Array): Determination => decodeAs(determinationCodec, bytes)
/** Unsalted: known to the parties alone, who compare it; the ledger sees it salted. */
export const determinationDigest = (bytes: Uint8Array): Uint8Array => digest("determination", bytes)

/** Room for the bytes of `inputsDigest`, which end with its call. */
const partsBytes = new Uint8Array(1 + 34 * 23)

/** SHA-256 of the CBOR array of the parts' digests, in the order of the input table. */
export function inputsDigest(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length > 23) return sha256(encodeAs(list(b32), parts))
  // The same bytes written by hand and into one place: this stands in the way of every determination.
  partsBytes[0] = 0x80 + parts.length
  let at = 1
  for (const part of parts) {
    partsBytes[at++] = 0x58
    partsBytes[at++] = 32
    for (let k = 0; k < 32; k++) partsBytes[at++] = part[k]!
  }
  return sha256(partsBytes.subarray(0, at))
}
