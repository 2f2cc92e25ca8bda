/**
 * The drill on a real network: an organization that runs one of four validators changes every key, the one that signs
 * blocks by two votes of the others, and after its restart signs blocks and meets its peers with the new ones.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { finalBlockCodec } from "../src/base/chain/block.ts"
import { validatorAddress } from "../src/base/chain/validators.ts"
import { decodeAs, list } from "../src/base/schema.ts"
import { Network } from "../src/cli/network/network.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import type { DrillReport } from "../src/node/rotation/drill.ts"

const absent = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false
const skip = absent || (process.env["COUNTERSIGN_LONG"] === "1" ? false : "runs with COUNTERSIGN_LONG=1")
const root = mkdtempSync(join(tmpdir(), "cs-drill-"))
const network = new Network({ directory: join(root, "net"), validators: 4 })
const drilled = 2

before(async () => {
  if (skip === false) await network.start()
})
after(async () => {
  if (skip === false) await network.stop()
  rmSync(root, { recursive: true, force: true })
})

type Report = DrillReport & { readonly pin: string }
const drill = () => network.node(drilled).desk<Report>("rotate-keys", { compromised: ["all"], patienceMs: 20_000 })
const validatorOf = ({ rows }: DrillReport) => rows.find(({ use }) => use === "validator")!

async function deposit(): Promise<number> {
  const reference = randomBytes(8).toString("hex")
  return (await network.node(4).desk<{ height: number }>("deposit", { to: 3, amount: "100", reference })).height
}

async function vote(note: string | undefined): Promise<void> {
  const proposal = /proposal ([0-9a-f]{64})/.exec(note ?? "")?.[1]
  assert.ok(proposal !== undefined, note)
  for (const voter of [1, 3, 6, 7]) {
    const answer = network.node(voter).desk<{ enacted: boolean }>("ballot", { proposal, vote: "yes" })
    if ((await answer).enacted) return
  }
  assert.fail("the vote did not carry")
}

test("every key of a validator changes on a running network, and it signs with the new one", { skip }, async () => {
  // Its desk answers with a new certificate from the first run on: the node stays asked by the pin it has shown.
  const first = await drill()
  assert.deepEqual(
    first.rows.filter(({ state }) => state === "waits").map(({ use }) => use),
    ["validator"],
  )
  assert.deepEqual(first.untold, [])
  await vote(validatorOf(first).note)
  await deposit()
  // Started again it shows the new certificate, and meets its peers with the new key.
  await network.hold(drilled, "SIGTERM")
  await network.startNode(drilled)
  const second = await drill()
  await vote(validatorOf(second).note)
  await network.hold(drilled, "SIGTERM")
  await network.startNode(drilled)
  const third = await drill()
  assert.equal(validatorOf(third).state, "done", validatorOf(third).note)
  assert.ok(third.finished)
  const address = toHex(validatorAddress(fromHex(third.rows.find(({ use }) => use === "validator")!.next.slice(2))))
  const end = Date.now() + 60_000
  let signs = false
  while (!signs && Date.now() < end) {
    const height = await deposit()
    const bytes = await network.node(1).getBytes(`/chain/blocks?from=${height}&wait=0`)
    const [block] = decodeAs(list(finalBlockCodec, 0, 256), bytes)
    signs = block?.commit.signatures.some((slot) => "address" in slot && toHex(slot.address) === address) === true
  }
  assert.ok(signs, "blocks bear the new key's vote")
})
