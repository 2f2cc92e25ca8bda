import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { publicKeyOf, sign } from "#crypto"
import { toHex } from "../bytes.ts"
import { EncodingError } from "../cbor.ts"
import { decodeAs, encodeAs } from "../schema.ts"
import {
  type Commit,
  type CommitSig,
  commitCodec,
  commitHash,
  flags,
  signCommit,
  verifyCommit,
  voteSignBytes,
} from "./commit.ts"
import {
  compareTime,
  dataHash,
  embeddedBlockId,
  embeddedEvidenceHash,
  type Header,
  headerCodec,
  headerHash,
  makeHeader,
  resultsHash,
} from "./header.ts"
import { orderValidators, type Validator, validatorAddress, validatorsCodec, validatorsHash } from "./validators.ts"

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const chainId = "chain-test"

function headerOf(validators: readonly Validator[], appHash = filled(1)): Header {
  return makeHeader({
    chainId,
    protocol: 1,
    height: 7,
    time: { seconds: 1_776_000_000, nanos: 250_000_000 },
    last: { blockId: { hash: filled(2), partsTotal: 1, partsHash: filled(3) }, commitHash: filled(4) },
    dataHash: dataHash([filled(5, 100)]),
    validators,
    nextValidators: validators,
    appHash,
    lastResultsHash: resultsHash([filled(6)]),
    proposer: validators[0]!.publicKey,
  })
}

const seeds = [11, 12, 13, 14].map((byte) => filled(byte))
const seedOf = new Map(seeds.map((seed) => [toHex(publicKeyOf(seed)), seed]))
const equals = orderValidators(seeds.map((seed) => ({ publicKey: publicKeyOf(seed), power: 1 })))

/** A commit in which validator i votes as `votes[i]` says. */
function commitOf(header: Header, set: readonly Validator[], votes: readonly ("commit" | "nil" | "absent")[]): Commit {
  const blockId = embeddedBlockId(header)
  const signatures = set.map(({ publicKey }, i): CommitSig => {
    const flag = flags[votes[i]!]
    if (flag === flags.absent) return { flag }
    const time = { seconds: header.time.seconds + i, nanos: i }
    const vote = { height: header.height, round: 2, blockId: flag === flags.commit ? blockId : undefined, time }
    const signature = sign(seedOf.get(toHex(publicKey))!, voteSignBytes(chainId, vote))
    return { flag, address: validatorAddress(publicKey), time, signature }
  })
  return { height: header.height, round: 2, blockId, signatures }
}

test("the embedded engine's header and commit hold together, and every field counts", () => {
  const [seed] = seeds
  const validators = [{ publicKey: publicKeyOf(seed!), power: 1 }]
  const header = headerOf(validators)
  const commit = signCommit(seed!, chainId, header)
  assert.equal(verifyCommit(header, commit, validators), undefined)
  assert.deepEqual(commit.blockId.partsHash, header.dataHash)
  assert.equal(toHex(header.evidenceHash), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  assert.deepEqual(header.evidenceHash, embeddedEvidenceHash)
  const changed: Partial<Header>[] = [
    { blockVersion: 12 },
    { protocol: 2 },
    { chainId: "chain-tess" },
    { time: { seconds: 1_776_000_000, nanos: 250_000_001 } },
    { lastBlockId: undefined },
    { lastBlockId: { hash: filled(2), partsTotal: 2, partsHash: filled(3) } },
    ...(
      [
        "lastCommitHash",
        "dataHash",
        "validatorsHash",
        "nextValidatorsHash",
        "consensusHash",
        "appHash",
        "lastResultsHash",
        "evidenceHash",
      ] as const
    ).map((field) => ({ [field]: filled(99) })),
    { proposerAddress: filled(99, 20) },
  ]
  for (const change of changed)
    assert.equal(verifyCommit({ ...header, ...change }, commit, validators), "other-block", JSON.stringify(change))
  assert.equal(verifyCommit({ ...header, height: 8 }, commit, validators), "other-block")
})

test("more than two thirds of the power, counted in votes for this block alone", () => {
  const header = headerOf(equals)
  const verdict = (...votes: ("commit" | "nil" | "absent")[]) =>
    verifyCommit(header, commitOf(header, equals, votes), equals)
  assert.equal(verdict("commit", "commit", "commit", "commit"), undefined)
  assert.equal(verdict("commit", "nil", "commit", "commit"), undefined)
  assert.equal(verdict("absent", "commit", "commit", "commit"), undefined)
  assert.equal(verdict("commit", "commit", "nil", "nil"), "too-little-power")
  assert.equal(verdict("absent", "commit", "absent", "commit"), "too-little-power")
  const three = equals.slice(0, 3)
  const small = headerOf(three)
  const exactly = commitOf(small, three, ["commit", "commit", "absent"])
  assert.equal(verifyCommit(small, exactly, three), "too-little-power", "exactly two thirds is not more")
  const heavy = orderValidators(equals.map((validator, i) => ({ ...validator, power: i === 2 ? 100 : 1 })))
  const weighted = headerOf(heavy)
  assert.equal(
    verifyCommit(weighted, commitOf(weighted, heavy, ["commit", "absent", "absent", "absent"]), heavy),
    undefined,
  )
})

test("one bad vote spoils a commit, even one that is not needed or is for nil", () => {
  const header = headerOf(equals)
  const good = commitOf(header, equals, ["commit", "commit", "commit", "nil"])
  assert.equal(verifyCommit(header, good, equals), undefined)
  for (let i = 0; i < 4; i++) {
    const signatures = good.signatures.map((slot, j): CommitSig => {
      if (i !== j || slot.flag === flags.absent) return slot
      return { ...slot, time: { ...slot.time, nanos: slot.time.nanos + 1 } }
    })
    assert.equal(verifyCommit(header, { ...good, signatures }, equals), "bad-vote")
  }
  const [a, b, ...rest] = good.signatures
  assert.equal(verifyCommit(header, { ...good, signatures: [b!, a!, ...rest] }, equals), "other-set")
  assert.equal(verifyCommit(header, { ...good, signatures: [a!, a!, ...rest] }, equals), "other-set", "one vote twice")
  assert.equal(verifyCommit(header, { ...good, signatures: good.signatures.slice(1) }, equals), "other-set")
  assert.equal(verifyCommit({ ...header, chainId: "other" }, good, equals), "other-block")
})

test("a set is one order and one encoding; its hash does not depend on how it is given", () => {
  const order = fc.shuffledSubarray([...equals], { minLength: 4 })
  fc.assert(
    fc.property(order, (shuffled) => {
      assert.deepEqual(validatorsHash(shuffled), validatorsHash(equals))
      assert.deepEqual(decodeAs(validatorsCodec, encodeAs(validatorsCodec, shuffled)), equals)
    }),
  )
  const [first, second] = equals.map((validator) => encodeAs(validatorsCodec, [validator]).subarray(1))
  const backwards = Uint8Array.of(0x82, ...second!, ...first!)
  assert.throws(() => decodeAs(validatorsCodec, backwards), EncodingError)
  assert.throws(() => decodeAs(validatorsCodec, Uint8Array.of(0x82, ...first!, ...first!)), EncodingError)
  assert.throws(() => decodeAs(validatorsCodec, Uint8Array.of(0x80)), EncodingError)
})

test("header and commit read back from their stored form; an absent vote carries nothing", () => {
  const header = headerOf(equals)
  const commit = commitOf(header, equals, ["commit", "absent", "nil", "commit"])
  assert.deepEqual(decodeAs(headerCodec, encodeAs(headerCodec, header)), header)
  assert.deepEqual(decodeAs(commitCodec, encodeAs(commitCodec, commit)), commit)
  assert.notDeepEqual(commitHash(commit), commitHash(commitOf(header, equals, ["commit", "nil", "nil", "commit"])))
  const stored = encodeAs(commitCodec, commit)
  const absent = stored.findIndex((byte, i) => byte === 0x84 && stored[i + 1] === flags.absent)
  const voteless = stored.slice()
  voteless[absent + 1] = flags.nil
  assert.throws(() => decodeAs(commitCodec, voteless), EncodingError)
  assert.equal(toHex(headerHash(decodeAs(headerCodec, encodeAs(headerCodec, header)))), toHex(headerHash(header)))
})

test("times compare by second, then by nanosecond", () => {
  assert.ok(compareTime({ seconds: 1, nanos: 9 }, { seconds: 2, nanos: 0 }) < 0)
  assert.ok(compareTime({ seconds: 2, nanos: 1 }, { seconds: 2, nanos: 0 }) > 0)
  assert.equal(compareTime({ seconds: 2, nanos: 1 }, { seconds: 2, nanos: 1 }), 0)
})
