import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { bundleSize, entrySize, letterSize, pad, padme, unpad } from "./size-steps.ts"

const KiB = 1024

test("content comes back from its padding, and the length is a step that holds it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 6000 }),
      fc.constantFrom(entrySize, bundleSize, letterSize),
      (content, step) => {
        const padded = pad(content, step)
        assert.deepEqual(unpad(padded), content)
        assert.equal(padded.length, step(content.length + 1))
        assert.equal(step(padded.length), padded.length)
      },
    ),
    { numRuns: 60 },
  )
  assert.deepEqual(unpad(pad(new Uint8Array([0x80, 0, 0]), letterSize)), new Uint8Array([0x80, 0, 0]))
  assert.equal(unpad(new Uint8Array(4096)), undefined)
  assert.equal(unpad(new Uint8Array(0)), undefined)
  assert.equal(unpad(new Uint8Array([1, 2, 3])), undefined)
})

test("steps are where the tables put them", () => {
  const entries = [1, 4 * KiB, 4 * KiB + 1, 16 * KiB + 1, 64 * KiB + 1, 256 * KiB + 1, 1024 * KiB].map(entrySize)
  assert.deepEqual(
    entries,
    [4, 4, 16, 64, 256, 1024, 1024].map((size) => size * KiB),
  )
  assert.deepEqual(
    [1, 16 * KiB, 16 * KiB + 1, 5_000_000].map(bundleSize),
    [16, 16, 32, 8192].map((size) => size * KiB),
  )
  assert.deepEqual(
    [0, 1025, 2049, 4096].map(letterSize),
    [1, 2, 4, 4].map((size) => size * KiB),
  )
})

test("Padmé: never shorter, at most 12 % longer, few sizes, as the paper's rule gives", () => {
  // The rule on bits: keep the highest floor(log2 E) + 1 of the E bits below the leading one, round the rest up.
  const byBits = (length: number) => {
    const exponent = BigInt(length.toString(2).length - 1)
    const kept = BigInt(exponent.toString(2).length)
    const mask = (1n << (exponent - kept)) - 1n
    return Number((BigInt(length) + mask) & ~mask)
  }
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 2 ** 31 }), (length) => {
      const padded = padme(length)
      assert.equal(padded, length >= 8 ? byBits(length) : padded)
      assert.ok(padded >= length && padded <= length * 1.12)
      assert.equal(padme(padded), padded)
    }),
  )
  const sizes = new Set<number>()
  for (let length = 1024 * KiB + 1; length <= 2048 * KiB; length += 999) sizes.add(entrySize(length))
  assert.ok(sizes.size <= 32, `${sizes.size} sizes between 1 and 2 MiB`)
})
