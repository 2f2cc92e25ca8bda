import assert from "node:assert/strict"
import { test } from "node:test"
import { beginning, commitBy, type Seat, SignedChain, seat, setOf } from "../../test/byzantine/signed-chain.ts"
import type { Header } from "../base/chain/header.ts"
import { headerHash } from "../base/chain/header.ts"
import { validatorsHash } from "../base/chain/validators.ts"
import { verifyEquivocation } from "../verify/header-equivocation.ts"
import type { SignedHeader } from "../verify/receipt.ts"
import { isFailure } from "../verify/verify.ts"
import { type Circumstances, LightAnchor, type LightFailure } from "./light-anchor.ts"

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const founders = [0, 1, 2, 3].map((n) => seat(n))
const [a, b, c, d] = founders as [Seat, Seat, Seat, Seat]
const [e, f, g] = [4, 5, 6].map((n) => seat(n)) as [Seat, Seat, Seat]
/** The founders leave one after the other: at 11 none signs any more. */
const sets = [
  { from: 1, seats: founders },
  { from: 5, seats: [...founders, e] },
  { from: 8, seats: [c, d, e, f] },
  { from: 11, seats: [e, f, g, seat(7)] },
]
const chain = new SignedChain({ chainId: "light", genesis: filled(1), k: 6, sets, height: 16 })
const { anchor } = chain

function at(...heights: readonly number[]): LightAnchor {
  const light = new LightAnchor(anchor)
  for (const height of heights) assert.equal(light.advance(chain.signed(height)), undefined)
  return light
}
const codeOf = (answer: string | LightFailure | undefined) => (typeof answer === "object" ? answer.code : answer)

/** Another header of a height, with whatever votes its forger has keys for. */
function forked(height: number, change: Partial<Header>, voters: readonly Seat[], seats = chain.seatsAt(height)) {
  const set = setOf(seats)
  const header = { ...chain.blocks[height - 1]!.header, ...change, validatorsHash: validatorsHash(set) }
  return { ...chain.signed(height), header, commit: commitBy(header, set, voters), validators: set }
}
const otherState = { appHash: filled(9) }

test("it moves from the genesis over every change of validators, and only forward", () => {
  const light = new LightAnchor(anchor)
  for (let height = 1; height <= 16; height++) {
    assert.equal(light.judge(chain.signed(height)), "newer")
    assert.equal(light.advance(chain.signed(height)), undefined)
    assert.equal(light.advance(chain.signed(height)), undefined, "the newest once more")
    assert.equal(light.newest?.height, height)
  }
  for (let height = 1; height < 16; height++) assert.equal(codeOf(light.advance(chain.signed(height))), "header-old")
  assert.equal(light.newest?.height, 16)
})

test("from what it saw it needs only the changes since", () => {
  for (const from of [1, 3, 5, 6, 8, 9, 12]) {
    for (let height = from + 1; height <= 16; height++) {
      const signed = chain.signed(height)
      const since = { ...signed, handovers: signed.handovers.filter(({ header }) => header.height > from) }
      assert.equal(codeOf(at(from).judge(since)), "newer", `from ${from} to ${height}`)
    }
  }
})

test("a header that hands over names no heirs: the next one brings the way from the genesis", () => {
  const light = at(4)
  const signed = chain.signed(6)
  assert.equal(codeOf(light.judge({ ...signed, handovers: [] })), "other-history")
  assert.equal(light.advance(signed), undefined)
  const answer = light.judge({ ...forked(6, otherState, [a]), handovers: [] })
  assert.ok(typeof answer === "object" && answer.evidence !== undefined)
  assert.ok("signers" in verifyEquivocation(answer.evidence, anchor), "that change is on the way in the evidence")
})

test("a change since that is left out, swapped or forged is not passed over", () => {
  const signed = chain.signed(16)
  const [first, second, third] = signed.handovers
  for (const handovers of [[], [second!, third!], [first!, third!], [first!, second!], [second!, first!, third!]]) {
    const code = codeOf(at(2).judge({ ...signed, handovers }))
    assert.ok(["validators-unknown", "handover-forged"].includes(code ?? ""), code)
  }
  const usurped = { ...third!, commit: commitBy(third!.header, setOf([c, d, e, f]), [c, d]) }
  assert.equal(codeOf(at(2).judge({ ...signed, handovers: [first!, second!, usurped] })), "handover-forged")
})

test("validators who have left cannot show a second history to a wallet that has seen their heirs", () => {
  const retired = forked(16, otherState, founders, founders)
  const alone = { ...retired, handovers: [] }
  assert.equal(new LightAnchor(anchor).judge(alone), "newer", "to one that saw nothing it is as good as another")
  for (const from of [5, 6, 9, 12, 15]) assert.equal(codeOf(at(from).judge(alone)), "validators-unknown")
  for (const from of [4, 7, 10]) assert.equal(codeOf(at(from).judge(alone)), "other-history")
  const below = { ...forked(3, otherState, founders), handovers: [] }
  assert.equal(codeOf(at(16).judge(below)), "other-history", "and below what was seen only hash links count")
})

test("an old header replayed moves nothing, and one that is too old for its reader is refused", () => {
  const light = at(13, 15)
  const old = chain.signed(12)
  assert.equal(codeOf(light.advance(old)), "header-old")
  assert.equal(light.judge(old), "earlier", "the set that signs today signed it")
  assert.equal(light.judge(chain.signed(13)), "known")
  assert.equal(codeOf(light.judge(old, { notBefore: beginning + 13 })), "header-old")
  assert.equal(codeOf(light.judge(chain.signed(13), { notBefore: beginning + 14 })), "header-old")
  assert.equal(light.judge(chain.signed(15), { notBefore: beginning + 20 }), "known", "no newer one was shown")
  assert.equal(light.newest?.height, 15)
})

test("an older header of validators who have left is followed by hash, or not believed", () => {
  const light = at(14)
  const links = chain.blocks.slice(6, 14).map(({ header }) => header)
  assert.equal(codeOf(light.judge(chain.signed(6))), "other-history")
  assert.equal(light.judge(chain.signed(6), { links }), "earlier")
  assert.equal(codeOf(light.judge(chain.signed(6), { links: links.slice(1) })), "other-history")
  assert.equal(codeOf(light.judge(forked(6, otherState, [a, b, c, d, e]), { links })), "other-history")
  assert.equal(light.take(chain.signed(6), { links }), "earlier")
  assert.equal(light.judge(chain.signed(6)), "known", "then it is remembered")
  assert.equal(light.newest?.height, 14)
})

test("a header from the future is refused by the wallet's own clock, a slow clock forgiven", () => {
  const light = at(10)
  const now = (seconds: number): Circumstances => ({ now: beginning + seconds })
  assert.equal(codeOf(light.advance(chain.signed(16), now(16 - 601))), "header-ahead")
  assert.equal(light.newest?.height, 10)
  const signed = chain.signed(16)
  const far = { ...signed, header: { ...signed.header, time: { seconds: beginning + 86_400, nanos: 0 } } }
  const voted = { ...far, commit: commitBy(far.header, far.validators, chain.seatsAt(16)) }
  assert.equal(codeOf(light.judge(voted, now(20))), "header-ahead", "signed by all of them")
  assert.equal(light.judge(voted), "newer", "without a clock nothing is from the future")
  assert.equal(light.advance(chain.signed(16), now(16 - 600)), undefined)
})

test("a forked header signed by one third is refused, and its signers are named to anybody", () => {
  const light = at(6, 12)
  const lie = forked(12, otherState, [e])
  assert.equal(codeOf(new LightAnchor(anchor).judge(lie)), "too-little-power")
  const answer = light.advance(lie)
  assert.ok(answer?.code === "header-forked" && answer.liars !== undefined && answer.evidence !== undefined)
  assert.deepEqual(answer.liars.signers, setOf([e]))
  assert.deepEqual([answer.liars.power, answer.liars.totalPower, answer.liars.kind], [10, 40, "two-histories"])
  const judged = verifyEquivocation(answer.evidence, anchor)
  assert.ok(!isFailure(judged) && "signers" in judged)
  assert.deepEqual(judged, answer.liars, "by the genesis anchor alone")
  assert.deepEqual(light.newest, chain.signed(12).header)
  assert.deepEqual(light.caught, [answer.evidence])
})

test("a forked header signed by all is a fork with all of them named, whichever came first", () => {
  const lie = forked(12, otherState, chain.seatsAt(12))
  const seenTruth = at(12).judge(lie)
  const seenLie = new LightAnchor(anchor)
  assert.equal(seenLie.advance(lie), undefined)
  const other = seenLie.judge(chain.signed(12))
  for (const answer of [seenTruth, other]) {
    assert.ok(typeof answer === "object" && answer.liars !== undefined)
    assert.deepEqual(answer.liars.signers, setOf(chain.seatsAt(12)))
  }
})

test("a fork is told at every height that is remembered, and in the changes of validators on the way", () => {
  const light = at(6, 7, 9, 12)
  assert.equal(codeOf(light.judge(forked(6, otherState, [a, b]))), "header-forked")
  assert.equal(codeOf(light.judge(forked(9, otherState, [c, d, e, f]))), "header-forked")
  const usurper = seat(20)
  const handover = {
    ...forked(7, { nextValidatorsHash: validatorsHash(setOf([usurper])) }, [a, b, c, d, e]),
    validators: setOf([usurper]),
  }
  const [first] = chain.signed(16).handovers
  const stolen = forked(14, otherState, [usurper], [usurper])
  const answer = light.judge({ ...stolen, handovers: [first!, handover] })
  assert.ok(typeof answer === "object" && answer.code === "header-forked")
  assert.equal(answer.liars?.height, 7)
  assert.ok("signers" in verifyEquivocation(answer.evidence!, anchor))
})

test("a header with nobody's votes names nobody", () => {
  const light = at(12)
  assert.equal(codeOf(light.judge(forked(12, otherState, [seat(30)]))), "too-little-power")
  const elsewhere = { ...chain.signed(13), chainId: "elsewhere" }
  assert.equal(codeOf(light.judge(elsewhere)), "other-chain")
  const relabelled: SignedHeader = { ...chain.signed(13), genesis: filled(2) }
  assert.equal(codeOf(light.judge(relabelled)), "other-chain")
})

test("an honest second vote in a later round accuses nobody, and is still another header", () => {
  const light = at(12)
  const { header } = chain.signed(12)
  const later = { ...header, dataHash: filled(8) }
  const commit = commitBy(later, setOf(chain.seatsAt(12)), chain.seatsAt(12), { round: 1 })
  const answer = light.judge({ ...chain.signed(12), header: later, commit })
  assert.ok(typeof answer === "object" && answer.code === "header-forked")
  assert.equal(answer.liars, undefined)
})

test("votes of the right header, too few or forged, do not pass because it is known", () => {
  const light = at(12)
  const signed = chain.signed(12)
  const few = commitBy(signed.header, signed.validators, [e, f])
  assert.equal(codeOf(light.judge({ ...signed, commit: few })), "too-little-power")
})

test("what was saved opens as what it was; of another chain it does not open", () => {
  const light = at(3, 6, 12)
  const again = new LightAnchor(anchor, light.save())
  assert.deepEqual(again.save(), light.save())
  assert.equal(again.newest?.height, 12)
  assert.equal(again.judge(chain.signed(6)), "known")
  const answer = again.judge(forked(12, otherState, [e]))
  assert.ok(typeof answer === "object" && "signers" in verifyEquivocation(answer.evidence!, anchor))
  assert.throws(() => new LightAnchor({ ...anchor, genesis: filled(2) }, light.save()), RangeError)
})

test("the anchor for a proof pins the newest header for what is above it, and is the genesis below", () => {
  const light = at(12)
  const { checkpoint } = light.anchorFor(13)
  assert.equal(checkpoint?.height, 12)
  assert.deepEqual(checkpoint?.headerHash, headerHash(chain.signed(12).header))
  assert.equal(light.anchorFor(12), anchor)
  assert.equal(new LightAnchor(anchor).anchorFor(5), anchor)
})

test("a checkpoint learnt out of band holds until it is reached", () => {
  const header = chain.blocks[8]!.header
  const checkpoint = {
    height: 9,
    headerHash: headerHash(header),
    nextValidatorsHash: header.nextValidatorsHash,
    last: false,
  }
  const light = new LightAnchor({ ...anchor, checkpoint })
  assert.equal(codeOf(light.judge({ ...forked(16, otherState, founders, founders), handovers: [] })), "other-history")
  assert.equal(codeOf(light.judge(chain.signed(8))), "other-history")
  const links = [header]
  assert.equal(light.advance(chain.signed(8), { links }), undefined)
  const thief = seat(20)
  const heirs = { nextValidatorsHash: validatorsHash(setOf([thief])) }
  const handover = { ...forked(9, heirs, [c, d, e, f]), validators: setOf([thief]) }
  const handovers = [...chain.handoversBelow(9), handover]
  assert.equal(codeOf(light.judge({ ...forked(13, otherState, [thief], [thief]), handovers })), "other-history")
  assert.equal(light.advance(chain.signed(12)), undefined)
  const last = new LightAnchor({ ...anchor, checkpoint: { ...checkpoint, last: true } })
  assert.equal(codeOf(last.judge(chain.signed(12))), "other-history", "above the end nothing counts")
})
