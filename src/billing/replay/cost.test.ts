import assert from "node:assert/strict"
import { test } from "node:test"
import { costOfClaim } from "./cost.ts"

test("the cost of a claim: touches over claims, minutes of an hour, and the machine", () => {
  const assumed = { minutesPerTouch: 6, hourly: 60_00n, machine: 100n }
  // 27 touches over 100 claims at 6.00 each are 1.62, and one cent for the machine.
  assert.deepEqual(costOfClaim(100, 27, assumed), { perClaim: 16_300n, perClaimByHand: 60_100n })
  assert.deepEqual(costOfClaim(0, 0, assumed), { perClaim: 0n, perClaimByHand: 0n })
  assert.equal(costOfClaim(3, 1, { minutesPerTouch: 1, hourly: 1_00n, machine: 0n }).perClaim, 56n)
})
