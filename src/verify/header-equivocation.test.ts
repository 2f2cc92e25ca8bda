import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { commitBy, type Seat, SignedChain, seat, setOf, type Votes } from "../../test/byzantine/signed-chain.ts"
import { concat } from "../base/bytes.ts"
import { type CommitSig, flags } from "../base/chain/commit.ts"
import { embeddedBlockId, type Header, headerHash } from "../base/chain/header.ts"
import {
  decodeEquivocation,
  encodeEquivocation,
  headerEquivocation,
  type VotedHeader,
  verifyEquivocation,
} from "./header-equivocation.ts"

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const seats = [seat(0, 10), seat(1, 20), seat(2, 30), seat(3, 40)]
const [a, b, c, d] = seats as [Seat, Seat, Seat, Seat]
const heirs = [b, c, d, seat(4, 10)]
const sets = [
  { from: 1, seats },
  { from: 4, seats: heirs },
]
const chain = new SignedChain({ chainId: "lied-to", genesis: filled(1), k: 6, sets, height: 6 })
const set = setOf(heirs)
const truth = chain.signed(5)

function voted(change: Partial<Header>, voters: readonly Seat[], votes?: Votes): VotedHeader {
  const header = { ...truth.header, ...change }
  return { header, commit: commitBy(header, set, voters, votes) }
}
const evidenceOf = (other: VotedHeader) => encodeEquivocation({ ...truth, other })
const pasts: readonly (readonly [string, Partial<Header>])[] = [
  ["the block before", { lastBlockId: { ...embeddedBlockId(truth.header), hash: filled(3) } }],
  ["no block before", { lastBlockId: undefined }],
  ["the state", { appHash: filled(3) }],
  ["the results", { lastResultsHash: filled(3) }],
  ["the set that signs", { validatorsHash: filled(3) }],
  ["the set that follows", { nextValidatorsHash: filled(3) }],
  ["the engine's parameters", { consensusHash: filled(3) }],
  ["the protocol", { protocol: 2 }],
]
const choices: readonly (readonly [string, Partial<Header>])[] = [
  ["the transactions", { dataHash: filled(3) }],
  ["the time", { time: { seconds: truth.header.time.seconds, nanos: 7 } }],
  ["the votes it saw", { lastCommitHash: filled(3) }],
  ["the evidence", { evidenceHash: filled(3) }],
  ["the proposer", { proposerAddress: truth.header.proposerAddress.slice().reverse() }],
]

test("whoever signs two blocks of one round is named, and who signed one of them is not", () => {
  for (const [what, change] of [...pasts, ...choices]) {
    const liars = headerEquivocation(truth, voted(change, [b, d]), set)
    assert.deepEqual(liars?.signers, setOf([b, d]), what)
    assert.deepEqual([liars?.height, liars?.power, liars?.totalPower], [5, 60, 100])
    assert.equal(liars?.kind, pasts.some(([past]) => past === what) ? "two-histories" : "two-votes", what)
  }
})

test("in another round only another past proves a lie: an honest validator may change its mind of a block", () => {
  for (const [what, change] of pasts)
    assert.deepEqual(headerEquivocation(truth, voted(change, [c], { round: 3 }), set)?.signers, setOf([c]), what)
  for (const [what, change] of choices)
    assert.equal(headerEquivocation(truth, voted(change, [c], { round: 3 }), set), undefined, what)
})

test("nothing is proven by one header, two heights, two chains, or votes of nobody in the set", () => {
  const other = voted({ appHash: filled(3) }, heirs)
  assert.equal(headerEquivocation(truth, truth, set), undefined)
  assert.equal(headerEquivocation(truth, chain.signed(6), set), undefined)
  assert.equal(headerEquivocation(truth, voted({ chainId: "elsewhere" }, heirs), set), undefined)
  assert.equal(headerEquivocation(truth, other, setOf([a, seat(9)])), undefined, "a has left")
  assert.equal(headerEquivocation(truth, voted({ appHash: filled(3) }, []), set), undefined)
})

test("a vote counts for its signer alone: nil, absent, borrowed or spoiled ones name nobody", () => {
  const other = voted({ appHash: filled(3) }, [b, c])
  const slots = other.commit.signatures
  const named = (signatures: readonly CommitSig[]) =>
    headerEquivocation(truth, { ...other, commit: { ...other.commit, signatures } }, set)?.signers
  assert.deepEqual(named(slots), setOf([b, c]))
  const spoil = (change: (slot: CommitSig) => CommitSig) => slots.map((slot) => (isVote(slot) ? change(slot) : slot))
  assert.equal(named(spoil(() => ({ flag: flags.absent }))), undefined)
  assert.equal(named(spoil((slot) => ({ ...slot, flag: flags.nil }) as CommitSig)), undefined)
  assert.equal(named(spoil((slot) => ({ ...slot, signature: new Uint8Array(64) }) as CommitSig)), undefined)
  assert.equal(named(truth.commit.signatures), undefined, "votes for the true header")
  assert.deepEqual(named([...slots, ...truth.commit.signatures]), setOf([b, c]), "rubbish beside them saves nobody")
  const elsewhere = { ...other.commit, height: 6 }
  assert.equal(headerEquivocation(truth, { ...other, commit: elsewhere }, set), undefined)
  const borrowed = { header: other.header, commit: truth.commit }
  assert.equal(
    headerEquivocation(truth, borrowed, set),
    undefined,
    "votes that are of another header by their own word",
  )
  const misnamed = { ...other.commit, blockId: { ...other.commit.blockId, hash: headerHash(truth.header) } }
  assert.equal(headerEquivocation(truth, { ...other, commit: misnamed }, set), undefined)
})

const isVote = (slot: CommitSig) => slot.flag !== flags.absent

test("the evidence is judged by the genesis anchor alone, through a change of validators", () => {
  const bytes = evidenceOf(voted({ appHash: filled(3) }, [d]))
  assert.deepEqual(verifyEquivocation(bytes, chain.anchor), {
    height: 5,
    kind: "two-histories",
    signers: setOf([d]),
    power: 40,
    totalPower: 100,
  })
  assert.deepEqual(encodeEquivocation(decodeEquivocation(bytes)), bytes)
  const code = (given: Uint8Array, anchor = chain.anchor) => {
    const answer = verifyEquivocation(given, anchor)
    return "code" in answer ? answer.code : undefined
  }
  assert.equal(code(evidenceOf(voted({ appHash: filled(3) }, [a]))), "no-equivocation")
  assert.equal(code(evidenceOf(truth)), "no-equivocation")
  assert.equal(code(bytes, { ...chain.anchor, genesis: filled(2) }), "other-chain")
  assert.equal(code(encodeEquivocation({ ...decodeEquivocation(bytes), handovers: [] })), "validators-unknown")
  const unsigned = { ...decodeEquivocation(bytes), commit: commitBy(truth.header, set, [d]) }
  assert.equal(code(encodeEquivocation(unsigned)), "too-little-power", "one of the two must be the ledger's")
  assert.equal(code(bytes.subarray(0, 900)), "truncated")
  assert.equal(code(concat(bytes, Uint8Array.of(0))), "bad-encoding")
})

test("no byte of the evidence can be changed so that an honest validator is named; nothing throws", () => {
  const bytes = evidenceOf(voted({ appHash: filled(3) }, [d]))
  const liar = setOf([d])
  const changed = fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
    const forged = bytes.slice()
    forged[place]! ^= change
    const answer = verifyEquivocation(forged, chain.anchor)
    if ("signers" in answer) assert.deepEqual(answer.signers, liar)
  })
  fc.assert(changed, { numRuns: 400 })
  const any = fc.property(fc.uint8Array({ maxLength: 300 }), (given) => {
    assert.ok("code" in verifyEquivocation(given, chain.anchor))
  })
  fc.assert(any, { numRuns: 500 })
})

test("whoever votes once is never named, however the others vote", () => {
  const some = fc.subarray(heirs)
  const votes = fc.property(some, some, fc.constantFrom(...pasts, ...choices), (first, second, [, change]) => {
    const mine = { header: truth.header, commit: commitBy(truth.header, set, first) }
    const both = first.filter((one) => second.includes(one))
    const liars = headerEquivocation(mine, voted(change, second), set)
    assert.deepEqual(liars?.signers ?? [], setOf(both))
  })
  fc.assert(votes, { numRuns: 100 })
})
