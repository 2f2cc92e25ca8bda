import assert from "node:assert/strict"
import { test } from "node:test"
import { ristretto255 } from "@noble/curves/ed25519.js"
import fc from "fast-check"
import { fromHex, toHex } from "../base/bytes.ts"
import * as browser from "../base/crypto.browser.ts"
import * as native from "../base/crypto.node.ts"
import {
  addScalars,
  amountScalar,
  blindingPoint,
  type Commitment,
  commitAmount,
  commitmentOf,
  groupOrder,
  negateScalar,
  opensTo,
  scalarFromUniform,
  subtract,
  sumPoints,
  zeroScalar,
} from "./amounts.ts"

const amounts = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 15n }))
const blindings = fc.oneof(
  { weight: 1, arbitrary: fc.constant(zeroScalar) },
  { weight: 4, arbitrary: fc.uint8Array({ minLength: 64, maxLength: 64 }).map(scalarFromUniform) },
)
const openings = fc.record({ amount: amounts, blinding: blindings })
const few = { numRuns: 40 }

test("the group order is noble's and the scalar functions agree with its field", () => {
  assert.equal(groupOrder, ristretto255.Point.Fn.ORDER)
  const field = ristretto255.Point.Fn
  fc.assert(
    fc.property(blindings, blindings, (a, b) => {
      const [x, y] = [field.fromBytes(a), field.fromBytes(b)]
      assert.deepEqual(addScalars(a, b), field.toBytes(field.add(x, y)))
      assert.deepEqual(negateScalar(a), field.toBytes(field.neg(x)))
      assert.deepEqual(addScalars(a, negateScalar(a)), zeroScalar)
    }),
  )
})

test("H is the one-way map of its text, on both platforms, and is a point other than G", () => {
  const hashed = native.sha512(native.toUtf8("countersign/1/pedersen-h"))
  assert.deepEqual(browser.pointFromHash(hashed), native.pointFromHash(hashed))
  assert.deepEqual(blindingPoint(), native.pointFromHash(hashed))
  assert.ok(native.isPoint(blindingPoint()))
  assert.notEqual(toHex(blindingPoint()), toHex(native.multiplyBase(amountScalar(1n))))
})

test("a commitment is aG + rH as noble computes it", () => {
  const { Point } = ristretto255
  fc.assert(
    fc.property(openings, ({ amount, blinding }) => {
      const h = Point.fromBytes(blindingPoint())
      const expected = Point.BASE.multiplyUnsafe(amount).add(h.multiplyUnsafe(Point.Fn.fromBytes(blinding)))
      const actual = commitAmount(amount, blinding)
      assert.equal(toHex(actual ?? new Uint8Array(32)), toHex(expected.toBytes()))
    }),
    few,
  )
})

test("sums and differences of commitments open to the sums and differences", () => {
  fc.assert(
    fc.property(fc.array(openings, { maxLength: 6 }), openings, (legs, part) => {
      const commitments = legs.map((leg) => commitAmount(leg.amount, leg.blinding))
      const total = legs.reduce((sum, leg) => sum + leg.amount, 0n)
      const blinding = addScalars(...legs.map((leg) => leg.blinding))
      const sum = sumPoints(commitments)
      assert.ok(opensTo(sum, total, blinding))
      assert.ok(!opensTo(sum, total + 1n, blinding))
      const more = sumPoints([sum, commitAmount(part.amount, part.blinding)])
      assert.deepEqual(subtract(more, sum), commitAmount(part.amount, part.blinding))
      assert.equal(subtract(more, more), undefined)
      const difference = addScalars(addScalars(blinding, part.blinding), negateScalar(blinding))
      assert.ok(opensTo(subtract(more, sum), part.amount, difference))
    }),
    few,
  )
})

test("zero is the absent commitment, and hides when it is blinded", () => {
  assert.equal(commitmentOf(0n), undefined)
  assert.ok(opensTo(undefined, 0n, zeroScalar))
  assert.ok(!opensTo(undefined, 1n, zeroScalar))
  assert.equal(sumPoints([]), undefined)
  assert.equal(sumPoints([undefined, undefined]), undefined)
  const blinding = scalarFromUniform(new Uint8Array(64).fill(7))
  const hidden = commitAmount(0n, blinding)
  assert.ok(hidden !== undefined && opensTo(hidden, 0n, blinding) && !opensTo(hidden, 0n, zeroScalar))
  assert.deepEqual(subtract(undefined, hidden), commitAmount(0n, negateScalar(blinding)))
})

test("openings from an adversary are false, never a throw", () => {
  const one = commitmentOf(1n)
  const notAPoint: Commitment[] = [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31)]
  for (const commitment of notAPoint) assert.equal(opensTo(commitment, 0n, zeroScalar), false)
  // L + 0 is zero again if reduced: a second encoding of the same blinding must not open.
  const order = Uint8Array.from({ length: 32 }, (_, i) => Number((groupOrder >> BigInt(8 * i)) & 255n))
  for (const blinding of [order, new Uint8Array(32).fill(255), new Uint8Array(31), new Uint8Array(33)]) {
    assert.equal(opensTo(one, 1n, blinding), false)
  }
  for (const amount of [-1n, 2n ** 63n, groupOrder + 1n]) assert.equal(opensTo(one, amount, zeroScalar), false)
  assert.equal(opensTo(one, 1n, zeroScalar), true)
})

test("RFC 9496 appendix A on both platforms: multiples of the base point, the one-way map, invalid encodings", () => {
  const multiples = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
  ]
  const text = "Ristretto is traditionally a short shot of espresso coffee"
  const invalid = [
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ]
  for (const platform of [native, browser]) {
    multiples.forEach((expected, n) => {
      assert.equal(toHex(platform.multiplyBase(amountScalar(BigInt(n)))), expected)
    })
    assert.equal(
      toHex(platform.pointFromHash(platform.sha512(platform.toUtf8(text)))),
      "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46",
    )
    for (const encoding of invalid) assert.equal(platform.isPoint(fromHex(encoding)), false, encoding)
  }
})
