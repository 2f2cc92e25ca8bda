/**
 * Goal: whoever kills a node, or cuts the network in two, while visits settle, loses nothing and pays nothing twice.
 * Method: two rounds of the fault runner (`network/run.ts`, which has all of them) on real processes.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { faults, runFaults } from "./network/runner.ts"

const skip = findCometBft() === undefined && "CometBFT is not installed: npm run engine builds it"
/** `npm run test:network` plays them all. */
const played = process.env["COUNTERSIGN_LONG"] === undefined ? ["kill"] : ["kill", "partition-2-2"]

test("faults on a network of four validators: nothing lost, nothing doubled, one state", {
  skip,
  timeout: 600_000,
}, async () => {
  const rows = await runFaults({ faults: played, rounds: 1, seed: 20_260_414, visitsPerSecond: 4 })
  assert.deepEqual(
    rows.map(({ fault }) => fault),
    [...played],
  )
  for (const { fault, lost, doubled, acknowledged, failures } of rows) {
    assert.deepEqual({ fault, lost, doubled, failures }, { fault, lost: 0, doubled: 0, failures: [] })
    assert.ok(acknowledged > 0, `${fault}: visits settled`)
  }
})

test("every fault has a name of its own", () => {
  assert.equal(new Set(faults.map(({ name }) => name)).size, faults.length)
})
