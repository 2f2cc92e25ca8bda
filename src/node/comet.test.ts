/**
 * The CometBFT engine on the real store and the real binary: four validators in one process, each with its own
 * CometBFT, must keep the contract that the embedded engine keeps. Skipped where the binary is missing.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { finalBlockCodec } from "../base/chain/block.ts"
import { orderValidators } from "../base/chain/validators.ts"
import { decodeAs } from "../base/schema.ts"
import { findCometBft } from "../engine/comet/binary.ts"
import { engineContract } from "../engine/engine.contract.ts"
import { tallyTransaction } from "../engine/tally.ts"
import { CometChain } from "./comet-chain.ts"

const root = mkdtempSync(join(tmpdir(), "cs-comet-"))
after(() => rmSync(root, { recursive: true, force: true }))
const newPlace = () => mkdtempSync(join(root, "c"))

const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false

async function open(place: string, size: number) {
  const chain = await CometChain.open(place, size)
  const [first] = chain.nodes
  return { engine: first!.engine, application: first!.application, close: () => chain.close() }
}

if (skip === false) engineContract("cometbft", { newPlace, open: (place) => open(place, 4), trust: "byzantine" })
else test("cometbft: the engine contract", { skip }, () => undefined)

const add = (sum: number, amount: number, nonce = 0) =>
  tallyTransaction(sha256(Uint8Array.of(1)), { sum, amount, nonce })

const golden = new URL("../../test/vectors/tally-chain.json", import.meta.url)

test("the same transactions give the app hashes of the embedded engine's golden file", { skip }, async () => {
  const { blocks, appHash } = JSON.parse(readFileSync(golden, "utf8")) as { blocks: string[]; appHash: string }
  const hashes = blocks.map((hex) => toHex(decodeAs(finalBlockCodec, Buffer.from(hex, "hex")).header.appHash))
  const { engine, application, close } = await open(newPlace(), 1)
  const seen = new Set<string>()
  for (const bytes of [add(1, 5), add(2, 7), add(1, 1_000_000), add(2, 1, 1), add(3, 1_000_000)]) {
    await engine.submit(bytes)
    seen.add(toHex(application.appHash))
  }
  assert.equal(toHex(application.appHash), appHash)
  for (const hash of seen) assert.ok([...hashes, appHash].includes(hash))
  await close()
})

test("four nodes agree, byte for byte, on what they executed", { skip }, async () => {
  const chain = await CometChain.open(newPlace(), 4)
  try {
    const submitted = Array.from({ length: 200 }, (_, n) => chain.nodes[n % 4]!.engine.submit(add(n % 7, n, n)))
    const answers = await Promise.all(submitted)
    assert.ok(answers.every(({ outcome }) => outcome.number === 0))
    const top = Math.max(...answers.map(({ height }) => height))
    await Promise.all(chain.nodes.map(({ engine }) => chain.reached(engine, top + 1)))
    const hashes = chain.nodes.map(({ engine }) => toHex(engine.block(top + 1)!.header.appHash))
    assert.equal(new Set(hashes).size, 1)
  } finally {
    await chain.close()
  }
})

test("validators are ordered as CometBFT orders them", () => {
  const set = [1, 2, 3].map((n) => ({ publicKey: publicKeyOf(sha256(Uint8Array.of(n))), power: n }))
  assert.deepEqual(
    orderValidators(set).map(({ power }) => power),
    [3, 2, 1],
  )
})
