/** Codecs of claims and snapshots, and the wallet's check of the payer's arithmetic. */
import { deepEqual, equal, throws } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  type Claim,
  type ClaimLine,
  decodeClaim,
  decodeMember,
  decodeProvider,
  encodeClaim,
  encodeMember,
  encodeProvider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "./claim.ts"
import {
  decodeSnapshot,
  encodeSnapshot,
  firstSnapshot,
  nextSnapshot,
  type Snapshot,
  type SnapshotStep,
  snapshotDigest,
  snapshotFault,
} from "./snapshot.ts"

const word = fc.stringMatching(/^[ -~]{0,12}$/)
const maybe = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: undefined })
const anyDay = fc.integer({ min: -40_000, max: 40_000 })

const anyLine: fc.Arbitrary<ClaimLine> = fc.record({
  number: fc.integer({ min: 1, max: 65_535 }),
  code: word,
  codeSystem: maybe(word),
  modifiers: fc.array(word, { maxLength: 4 }),
  unitsMilli: fc.nat(10 ** 9),
  charge: fc.bigInt(0n, 10n ** 15n),
  from: anyDay,
  to: anyDay,
  place: maybe(word),
  revenue: maybe(word),
  diagnoses: fc.array(word, { maxLength: 4 }),
  drug: maybe(word),
  supply: maybe(fc.nat()),
  drugTier: maybe(word),
  tooth: maybe(word),
  surfaces: fc.array(word, { maxLength: 4 }),
  facts: fc.array(fc.nat(65_535), { maxLength: 4 }),
})
const anyClaim: fc.Arbitrary<Claim> = fc
  .record({
    lines: fc.array(anyLine, { minLength: 1, maxLength: 3 }),
    use: fc.constantFrom("claim" as const, "quote" as const),
    kind: fc.constantFrom("professional" as const, "institutional" as const, "dental" as const, "drug" as const),
    treatment: maybe(word),
    admitted: maybe(anyDay),
    accident: fc.boolean(),
    received: anyDay,
  })
  .map(({ lines, received, ...rest }) => ({
    ...plainClaim(
      lines.map((line) => ({ ...line })),
      received,
    ),
    ...rest,
  }))

test("claims, members and providers decode to themselves", () => {
  fc.assert(fc.property(anyClaim, (claim) => deepEqual(decodeClaim(encodeClaim(claim)), claim)))
  const member = { ...plainMember, born: -9_000, members: 4, selfOnly: true, flags: ["student"], rank: 2 }
  deepEqual(decodeMember(encodeMember(member)), member)
  const provider = { ...plainProvider("clinic"), specialty: "eyes", contract: "c1" }
  deepEqual(decodeProvider(encodeProvider(provider)), provider)
})

test("a claim with a byte more, or a unit of time out of range, does not decode", () => {
  const bytes = encodeClaim(plainClaim([plainLine(1, "E10", 5n, 20_000)], 20_000))
  throws(() => decodeClaim(Uint8Array.of(...bytes, 0)), /bytes after the end/)
  throws(() => decodeClaim(bytes.subarray(0, bytes.length - 1)))
})

const zero = new Uint8Array(32)
const first: Snapshot = firstSnapshot({
  payer: "sample-mutual",
  member: zero,
  plan: zero,
  period: { from: 20_454, to: 20_818 },
  facts: plainMember,
  expiry: 500_000,
})
const statement = new Uint8Array(32).fill(7)
const difference = (clause: string, change: bigint) => ({ clause, owner: "person", periodStart: 20_454, change })
const visit = {
  statement,
  differences: {
    buckets: [difference("5.2", 12_000n), difference("2.7", 1n)],
    events: [{ clause: "5.1", owner: "copay", day: 20_500, provider: "clinic", quantity: 3_000n }],
  },
}
const step: Omit<SnapshotStep, "expiry"> = {
  visits: [visit],
  corrections: [{ reason: "carry-over", change: difference("5.2", 500n) }],
  limitOf: (clause) => (clause === "2.7" ? undefined : 24_000n),
}
const second = nextSnapshot(first, { ...step, expiry: 500_001 })

test("the next snapshot is the old one with the visits' differences", () => {
  deepEqual(second.buckets, [{ clause: "5.2", owner: "person", periodStart: 20_454, met: 12_500n, limit: 24_000n }])
  deepEqual(second.counts, [{ clause: "2.7", owner: "person", periodStart: 20_454, used: 1n, allotted: 0n }])
  equal(second.sequence, 1)
  deepEqual(second.previous, snapshotDigest(encodeSnapshot(first)))
  deepEqual(decodeSnapshot(encodeSnapshot(second)), second)
  throws(() => nextSnapshot(first, { ...step, visits: [], voids: [visit], expiry: 0 }), /below zero/)
})

test("the wallet accepts a right sum, and names what is wrong with a wrong one", () => {
  equal(snapshotFault(first, second, step), undefined)
  equal(snapshotFault(first, { ...second, facts: { ...plainMember, members: 2 }, expiry: 9 }, step), undefined)
  const allotted = second.counts.map((row) => ({ ...row, allotted: 3n }))
  equal(snapshotFault(first, { ...second, counts: allotted }, step), undefined)
  const wrong: [Partial<Snapshot>, RegExp][] = [
    [{ sequence: 2 }, /sequence/],
    [{ previous: zero }, /does not stand/],
    [{ buckets: second.buckets.map((row) => ({ ...row, met: row.met + 1n })) }, /buckets/],
    [{ counts: [] }, /counts/],
    [{ events: [] }, /events/],
    [{ visits: [] }, /visits/],
    [{ differences: [] }, /something besides/],
    [{ plan: statement }, /something besides/],
  ]
  for (const [change, fault] of wrong) {
    equal(fault.test(snapshotFault(first, { ...second, ...change }, step) ?? ""), true, String(fault))
  }
})
