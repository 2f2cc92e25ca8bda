import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { isOnLadder } from "../../ledger/limits.ts"
import { ladderStepFor } from "./hold-step.ts"

test("the step for an amount is the lowest of the ladder that holds it", () => {
  const highest = 500_000_000_000n
  assert.equal(ladderStepFor(0n), 100n)
  assert.equal(ladderStepFor(133_798n), 200_000n)
  assert.equal(ladderStepFor(highest), highest)
  assert.equal(ladderStepFor(highest + 1n), undefined)
  const below = (step: bigint) => (String(step).startsWith("5") ? (step * 2n) / 5n : step / 2n)
  fc.assert(
    fc.property(fc.bigInt(101n, highest), (amount) => {
      const step = ladderStepFor(amount)!
      assert.ok(isOnLadder(step) && step >= amount)
      assert.ok(isOnLadder(below(step)) && below(step) < amount, "the next lower step is too low")
    }),
  )
})
