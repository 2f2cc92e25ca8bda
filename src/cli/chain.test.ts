/**
 * Goal: whoever flips one byte of a stored block is found at its height, on the disk itself. Method: a short chain is
 * made and its directory copied; in each copy one byte of one block, or of one row, is changed in the file.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import { by, custodian, ExampleChain, exampleGenesis, firstHour, payer, seedOf } from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { LedgerApplication } from "../node/application.ts"
import { ReadOnlyChain } from "../store/read-only-chain.ts"
import { chainCommand, checkChain } from "./chain.ts"
import { Screen } from "./screen.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-chain-"))
after(() => rmSync(root, { recursive: true }))
const original = join(root, "original")
const genesisPath = join(root, "genesis.cbor")
const genesisOf = (currency: string) => {
  const rows = exampleGenesis()
  return encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6, currency }] as const) })
}
const blocks: Uint8Array[] = []
let lastHeight = 0

/** Deposits, one a block, in a node's directory. */
before(async () => {
  const genesis = genesisOf("usd")
  writeFileSync(genesisPath, genesis)
  const application = await LedgerApplication.open(join(original, "ledger"), genesis)
  assert.ok(!isRejection(application))
  const clock = new SettableClock({ seconds: firstHour * 3600, nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, { seed: seedOf("validator"), threads: 1, clock })
  await engine.start()
  const signer = new ExampleChain()
  for (let n = 0; n < 4; n++) {
    const body = { custodian, org: payer, amount: 100_00n, reference: seedOf(`reference ${n}`) }
    const deposit = signer.transaction("deposit/1", body, [by(custodian, "custody", "deposited")])
    assert.equal((await engine.submit(deposit)).outcome.number, 0)
  }
  await engine.settled()
  await engine.stop()
  lastHeight = application.height
  await application.close()
  const stored = new ReadOnlyChain(join(original, "ledger"))
  for (let height = 1; height <= lastHeight; height++) blocks.push(stored.bytes(height)!)
  await stored.close()
})

/** The same directory with one byte changed in every copy of `found` that the file has, old pages among them. */
function damagedCopy(name: string, found: Uint8Array, position: number): string {
  const copy = join(root, name)
  mkdirSync(copy)
  const data = readFileSync(join(original, "ledger", "data.mdb"))
  let changed = 0
  for (let at = data.indexOf(found); at >= 0; at = data.indexOf(found, at + 1), changed++) data[at + position]! ^= 0x10
  assert.ok(changed > 0, "the bytes are in the file")
  writeFileSync(join(copy, "data.mdb"), data)
  return copy
}

test("an untouched chain passes and its directory is not changed", async () => {
  const ledger = join(original, "ledger")
  const image = () =>
    readdirSync(ledger).map((name) => (name === "lock.mdb" ? name : [name, readFileSync(join(ledger, name))]))
  const earlier = image()
  const value = await checkChain(original, genesisPath)
  assert.deepEqual([value.valid, value.height, value.firstBadHeight], [true, lastHeight, null])
  assert.deepEqual(image(), earlier)
})

test("a byte flipped in a stored block is named by its height", async () => {
  assert.ok(blocks.length >= 5)
  for (const [i, bytes] of blocks.entries()) {
    for (const part of [0.03, 0.71]) {
      const position = Math.floor(bytes.length * ((part + i * 0.29) % 1))
      const { valid, firstBadHeight } = await checkChain(damagedCopy(`${i}-${part}`, bytes, position), genesisPath)
      assert.deepEqual([valid, firstBadHeight], [false, i + 1], `byte ${position} of block ${i + 1}`)
    }
  }
})

test("a stored row that no block made is found at the end", async () => {
  const reference = Buffer.from("usd")
  const { firstBadHeight, reason } = await checkChain(damagedCopy("row", reference, 0), genesisPath)
  assert.deepEqual([firstBadHeight, /rows stored/.test(reason!)], [lastHeight, true])
})

test("no ledger, no genesis and another genesis are refused; the command answers for people", async () => {
  const code = (wanted: string) => (error: unknown) => error instanceof Refused && error.refusal.code === wanted
  const other = join(root, "other.cbor")
  writeFileSync(other, genesisOf("eur"))
  await assert.rejects(checkChain(join(root, "nowhere"), genesisPath), code("ledger-absent"))
  await assert.rejects(checkChain(root, genesisPath), code("ledger-absent"))
  await assert.rejects(checkChain(original, join(root, "none.cbor")), code("file-absent"))
  await assert.rejects(checkChain(original, other), code("genesis-other"))
  let said = ""
  const screen = new Screen({ write: (text: string) => (said += text) } as never)
  await assert.rejects(chainCommand.run([original], screen), code("arguments"))
  assert.notEqual((await chainCommand.run([original, "--genesis", genesisPath], screen)).failed, true)
  assert.match(said, new RegExp(`^GOOD {2}all ${lastHeight} blocks`))
  const damaged = damagedCopy("shown", blocks[2]!, 40)
  assert.equal((await chainCommand.run([damaged, "--genesis", genesisPath], screen)).failed, true)
  assert.match(said, /NOT GOOD {2}first bad height 3: /)
})
