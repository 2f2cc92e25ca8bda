/**
 * Goal: the wallet believes no sum it has not added up itself. Method: the payer's next snapshot over visits that the
 * wallet signed, true once and then false in one thing at a time.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { publicKeyOf } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { keyId } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { dayNumber } from "../base/time.ts"
import { decodePayload, encodePayload, monthExpiry, signPayload } from "../ledger/envelopes.ts"
import { factsBody, factsStatementType } from "../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../ledger/visit/4-settle.ts"
import { plainMember } from "../plan/claim.ts"
import { readPlan } from "../plan/language/read.ts"
import { limitsOf } from "../plan/settle/corrections.ts"
import { type Difference, encodeSnapshot, firstSnapshot, nextSnapshot, type Snapshot } from "../plan/snapshot.ts"
import { commitAmount } from "../privacy/amounts.ts"
import type { Review } from "./review.ts"
import { SnapshotChain } from "./snapshot-chain.ts"

const chainId = "snapshots-test"
const filled = (byte: number) => new Uint8Array(32).fill(byte)
const [payer, stranger] = [filled(40), filled(41)]
const signer = { chainId, payerKey: keyId(publicKeyOf(payer)) }
const folder = join(import.meta.dirname, "../../plans")
const planBytes = new Uint8Array(readFileSync(join(folder, "eye-sample.md")))
const tables = [
  { name: "eye-services", content: new Uint8Array(readFileSync(join(folder, "tables/eye-services.csv"))) },
]
const read = readPlan(planBytes, new Map(tables.map(({ name, content }) => [name, content])))
assert.ok("plan" in read)
const on = dayNumber(2026, 4, 14)
const year = dayNumber(2026, 1, 1)
const limitOf = limitsOf(read.plan, on)

/** Of statements: the first hour of a month. */
const expiry = monthExpiry(on * 24)

const row = (clause: string, change: bigint): Difference => ({ clause, owner: "person", periodStart: year, change })
const start: Snapshot = {
  ...firstSnapshot({
    payer: "sample-mutual",
    member: filled(50),
    plan: digest("plan", planBytes),
    period: { from: year, to: dayNumber(2026, 12, 31) },
    facts: plainMember,
    expiry: 499_632,
  }),
  buckets: [{ clause: "5.2", owner: "person", periodStart: year, met: 12_000n, limit: 24_000n }],
}

interface Signed {
  readonly statement: Uint8Array
  readonly differences: { readonly buckets: readonly Difference[]; readonly events: readonly [] }
}
const visit = (name: number, ...buckets: readonly Difference[]): Signed => ({
  statement: filled(name),
  differences: { buckets, events: [] },
})
/** What the wallet notes of a statement it signed, or was shown as the correction of one. */
const reviewed = ({ statement, differences }: Signed, supersedes?: Uint8Array): Review => {
  const payload = statementPayload(supersedes)
  return { statement, payload, leg: { differences }, bundle: { plan: planBytes, tables, on } } as unknown as Review
}

function statementPayload(supersedes: Uint8Array | undefined): Uint8Array {
  const nothing = filled(0)
  const facts = encodePayload(factsStatementType, expiry, factsBody, {
    V: publicKeyOf(filled(42)),
    provider: 1,
    supersedes: undefined,
    recordRoot: nothing,
    factsRoot: nothing,
    ceiling: nothing,
    delegation: undefined,
  })
  return encodePayload(visitStatementType, expiry, visitBody, {
    facts: decodePayload(factsStatementType, factsBody, facts),
    supersedes,
    claim: nothing,
    determination: nothing,
    trace: nothing,
    legs: [{ voucher: nothing, commitment: commitAmount(1n, filled(5).fill(0, 31))! }],
  })
}

const sign = (value: Snapshot, seed = payer, meaning: "counted" | "vouchered" = "counted") =>
  signPayload(chainId, encodeSnapshot(value), [{ signer: { seed }, meaning }])
const after = (old: Snapshot, ...visits: readonly Signed[]) =>
  nextSnapshot(old, { visits, expiry: old.expiry, limitOf })

const one = visit(1, row("5.2", 8_000n), row("5.4", 9_000n))
const two = visit(2, row("5.2", 4_000n), row("5.4", 700n))

function chainWith(...visits: readonly Signed[]): SnapshotChain {
  const chain = new SnapshotChain()
  chain.take([sign(start)], signer)
  for (const signed of visits) chain.note(reviewed(signed))
  return chain
}
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

test("snapshots that count the visits the wallet signed are taken, step by step or together", () => {
  const [b, c] = [after(start, one), after(after(start, one), two)]
  const stepwise = chainWith(one, two)
  stepwise.take([sign(b)], signer)
  stepwise.take([sign(c)], signer)
  const together = chainWith(one, two)
  together.take([sign(start), sign(b), sign(c)], signer)
  assert.deepEqual(stepwise.newest?.value, c)
  assert.equal(toHex(together.newest!.digest), toHex(stepwise.newest!.digest))
  together.take([sign(b)], signer)
  assert.deepEqual(together.newest?.value, c, "one that is here already changes nothing")
  const both = chainWith(one, two)
  both.take([sign(after(start, one, two))], signer)
  assert.equal(both.newest?.value.sequence, 1)
})

const raised = (value: Snapshot, by: bigint): Snapshot => ({
  ...value,
  buckets: value.buckets.map((bucket, i) => (i === 0 ? { ...bucket, met: bucket.met + by } : bucket)),
})
const next = after(start, one)

const lies: readonly (readonly [what: string, code: string, envelope: Uint8Array])[] = [
  ["a sum that is one cent too high", "snapshot-false", sign(raised(next, 1n))],
  ["a sum that is one cent too low", "snapshot-false", sign(raised(next, -1n))],
  ["a bucket that was dropped", "snapshot-false", sign({ ...next, buckets: next.buckets.slice(1) })],
  ["a lower limit", "snapshot-false", sign({ ...next, buckets: next.buckets.map((b) => ({ ...b, limit: 1n })) })],
  ["a skipped number", "snapshot-false", sign({ ...next, sequence: 2 })],
  ["another predecessor", "snapshot-false", sign({ ...next, previous: filled(9) })],
  ["a visit that was never signed", "snapshot-false", sign(after(start, two))],
  ["a visit counted twice", "snapshot-false", sign(after(start, one, one))],
  ["another member", "snapshot-false", sign({ ...next, member: filled(9) })],
  ["another plan", "snapshot-false", sign({ ...next, plan: filled(9) })],
  ["another signer", "snapshot-false", sign(next, stranger)],
  ["another meaning", "snapshot-false", sign(next, payer, "vouchered")],
  ["rubbish", "snapshot-false", filled(9)],
  ["another of the same number", "two-snapshots", sign({ ...start, facts: { ...plainMember, sex: "F" } })],
]
for (const [what, code, envelope] of lies) {
  test(`${what} is refused as ${code}, and changes nothing`, () => {
    const chain = chainWith(one)
    assert.throws(() => chain.take([envelope], signer), refusedWith(code))
    assert.equal(chain.newest?.value.sequence, 0)
    chain.take([sign(next)], signer)
    assert.equal(chain.newest?.value.sequence, 1)
  })
}

test("a visit that an earlier snapshot counted is not counted again", () => {
  const chain = chainWith(one)
  chain.take([sign(next)], signer)
  assert.throws(() => chain.take([sign(after(next, one))], signer), refusedWith("snapshot-false"))
})

test("a corrected claim counts in the place of the one it supersedes, and only so", () => {
  const corrected = visit(3, row("5.2", 1_000n))
  const made = (voids: readonly Signed[]) =>
    nextSnapshot(next, { visits: [corrected], voids, expiry: next.expiry, limitOf })
  const chain = chainWith(one)
  chain.note(reviewed(corrected, one.statement))
  chain.take([sign(next)], signer)
  assert.throws(() => chain.take([sign(made([]))], signer), refusedWith("snapshot-false"))
  chain.take([sign(made([one]))], signer)
  assert.equal(chain.newest!.value.buckets.find(({ clause }) => clause === "5.2")!.met, 13_000n)
})

test("a second story about an older number is proof, too", () => {
  const chain = chainWith(one, two)
  chain.take([sign(next), sign(after(next, two))], signer)
  const other = sign({ ...next, facts: { ...plainMember, sex: "F" } })
  assert.throws(() => chain.take([other], signer), refusedWith("two-snapshots"))
})

test("a stack of snapshots with a false one at its end is refused whole", () => {
  const chain = chainWith(one, two)
  assert.throws(
    () => chain.take([sign(next), sign(raised(after(next, two), 1n))], signer),
    refusedWith("snapshot-false"),
  )
  assert.equal(chain.newest?.value.sequence, 0)
})

test("whatever visits were signed, only their sum is taken", () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 12_000n }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(amounts, fc.bigInt({ min: -5_000n, max: 5_000n }), (changes, error) => {
      const visits = changes.map((change, i) => visit(i + 1, row("5.2", change)))
      const chain = chainWith(...visits)
      const good = after(start, ...visits)
      if (error !== 0n && good.buckets[0]!.met + error >= 0n)
        assert.throws(() => chain.take([sign(raised(good, error))], signer), refusedWith("snapshot-false"))
      chain.take([sign(good)], signer)
      const sum = changes.reduce((total, change) => total + change, 12_000n)
      assert.equal(chain.newest!.value.buckets.find(({ clause }) => clause === "5.2")!.met, sum)
    }),
    { numRuns: 40 },
  )
})
