/**
 * What the adjudicator is told about one visit: the claim with its lines, the member's and the provider's facts.
 * Each has one canonical encoding, since the three parties hash it. Text is printable ASCII, days are day numbers.
 */
import { amount, type Codec, type Decoded, decodeAs, encodeAs, list, opt, struct, text, uint } from "../base/schema.ts"

/** Day 0 of the encoding is 1 March of the year 0, so that birth dates before 1970 are not negative. */
const dayOffset = 719468

/** A day number (days since 1970-01-01); may be negative. */
export const day: Codec<number> = {
  read: (reader) => reader.uint() - dayOffset,
  write: (writer, value) => writer.uint(value + dayOffset),
}

function oneOf<const T extends string>(...words: readonly T[]): Codec<T> {
  const codec = uint(0, words.length - 1)
  return {
    read: (reader) => words[codec.read(reader)]!,
    write: (writer, value) => codec.write(writer, words.indexOf(value)),
  }
}

const bool: Codec<boolean> = {
  read: (reader) => uint(0, 1).read(reader) === 1,
  write: (writer, value) => writer.uint(value ? 1 : 0),
}

export const claimLine = struct({
  number: uint(1, 65535),
  /** Procedure or item, in `codeSystem`. */
  code: text,
  codeSystem: opt(text),
  modifiers: list(text, 0, 8),
  /** Thousandths of a unit. */
  unitsMilli: uint(0, 10 ** 12),
  charge: amount,
  from: day,
  /** Last day of service, the same as `from` for one day. */
  to: day,
  place: opt(text),
  revenue: opt(text),
  /** Diagnosis codes the line points to, the principal one first. */
  diagnoses: list(text, 0, 12),
  drug: opt(text),
  /** Days of supply. */
  supply: opt(uint()),
  drugTier: opt(text),
  tooth: opt(text),
  surfaces: list(text, 0, 8),
  /** Indices of the record's facts that the line rests on. */
  facts: list(uint(0, 65535), 0, 256),
})
export type ClaimLine = Decoded<typeof claimLine>

export const claimCodec = struct({
  use: oneOf("claim", "quote"),
  kind: oneOf("professional", "institutional", "dental", "drug"),
  /** 1 original, 7 replacement, 8 void. */
  frequency: uint(1, 9),
  /** Statement id of the claim that a replacement or a void is about. */
  original: opt(text),
  received: day,
  /** Receipt of the claim that a replacement replaces: its time limit runs from there. */
  originalReceived: opt(day),
  /** The day on which all facts were there. */
  clean: opt(day),
  admitted: opt(day),
  discharged: opt(day),
  treatment: opt(text),
  billType: opt(text),
  drg: opt(text),
  inpatient: bool,
  emergency: bool,
  accident: bool,
  workRelated: bool,
  visitType: opt(text),
  lines: list(claimLine, 1, 999),
})
export type Claim = Decoded<typeof claimCodec>

export const memberCodec = struct({
  born: opt(day),
  sex: opt(text),
  relation: opt(text),
  coverFrom: opt(day),
  /** Last day of cover. */
  coverTo: opt(day),
  enrolled: opt(day),
  /** People in the family's cover. */
  members: opt(uint()),
  selfOnly: bool,
  flags: list(text, 0, 64),
  /** 1 when this payer pays first. */
  rank: uint(1, 9),
  otherCover: list(text, 0, 9),
})
export type Member = Decoded<typeof memberCodec>

export const providerCodec = struct({
  provider: text,
  specialty: opt(text),
  kind: opt(text),
  contract: opt(text),
  level: opt(text),
})
export type Provider = Decoded<typeof providerCodec>

export const encodeClaim = (claim: Claim): Uint8Array => encodeAs(claimCodec, claim)
/** @throws EncodingError unless the bytes are the one encoding of a claim. */
export const decodeClaim = (bytes: Uint8Array): Claim => decodeAs(claimCodec, bytes)
export const encodeMember = (member: Member): Uint8Array => encodeAs(memberCodec, member)
export const decodeMember = (bytes: Uint8Array): Member => decodeAs(memberCodec, bytes)
export const encodeProvider = (provider: Provider): Uint8Array => encodeAs(providerCodec, provider)
export const decodeProvider = (bytes: Uint8Array): Provider => decodeAs(providerCodec, bytes)

/** A claim line of one unit on one day, with everything else absent: for quotes, cases and tests to start from. */
export function plainLine(number: number, code: string, charge: bigint, on: number): ClaimLine {
  return {
    number,
    code,
    codeSystem: undefined,
    modifiers: [],
    unitsMilli: 1000,
    charge,
    from: on,
    to: on,
    place: undefined,
    revenue: undefined,
    diagnoses: [],
    drug: undefined,
    supply: undefined,
    drugTier: undefined,
    tooth: undefined,
    surfaces: [],
    facts: [],
  }
}

/** An original professional claim received on `received`, with everything else absent. */
export function plainClaim(lines: readonly ClaimLine[], received: number): Claim {
  return {
    use: "claim",
    kind: "professional",
    frequency: 1,
    original: undefined,
    received,
    originalReceived: undefined,
    clean: received,
    admitted: undefined,
    discharged: undefined,
    treatment: undefined,
    billType: undefined,
    drg: undefined,
    inpatient: false,
    emergency: false,
    accident: false,
    workRelated: false,
    visitType: undefined,
    lines,
  }
}

/** A member of whom nothing is known but that this payer pays first. */
export const plainMember: Member = {
  born: undefined,
  sex: undefined,
  relation: undefined,
  coverFrom: undefined,
  coverTo: undefined,
  enrolled: undefined,
  members: undefined,
  selfOnly: false,
  flags: [],
  rank: 1,
  otherCover: [],
}

export function plainProvider(provider: string): Provider {
  return { provider, specialty: undefined, kind: undefined, contract: undefined, level: undefined }
}
