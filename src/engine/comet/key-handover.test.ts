/** Keys go from memory to whoever reads the pipes, once, and leave nothing behind. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, lstatSync, mkdtempSync, rmSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { validatorAddress } from "../../base/chain/validators.ts"
import { KeyHandover, nodeKeyFile, validatorKeyFile } from "./key-handover.ts"

const keys = { validatorSeed: Uint8Array.from(randomBytes(32)), nodeSeed: Uint8Array.from(randomBytes(32)) }
const secret = (seed: Uint8Array) => Buffer.concat([seed, publicKeyOf(seed)]).toString("base64")

function temporary(t: { after(done: () => void): void }): string {
  const home = mkdtempSync(join(tmpdir(), "comet-"))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

test("a reader gets each key as CometBFT's key file, and the pipes are gone", { timeout: 20_000 }, async (t) => {
  const home = temporary(t)
  const handover = await KeyHandover.prepare(home)
  for (const name of [validatorKeyFile, nodeKeyFile]) {
    const { mode } = lstatSync(join(home, name))
    assert.equal(mode & 0o777, 0o600)
    assert.ok(lstatSync(join(home, name)).isFIFO())
  }
  const served = handover.serve(keys, new AbortController().signal)
  // One after the other, as CometBFT does it.
  const node = JSON.parse(await readFile(join(home, nodeKeyFile), "utf8"))
  const validator = JSON.parse(await readFile(join(home, validatorKeyFile), "utf8"))
  assert.equal(await served, true)
  assert.deepEqual(node, { priv_key: { type: "tendermint/PrivKeyEd25519", value: secret(keys.nodeSeed) } })
  const publicKey = publicKeyOf(keys.validatorSeed)
  assert.deepEqual(validator, {
    address: toHex(validatorAddress(publicKey)).toUpperCase(),
    pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(publicKey).toString("base64") },
    priv_key: { type: "tendermint/PrivKeyEd25519", value: secret(keys.validatorSeed) },
  })
  assert.equal(existsSync(join(home, "handover")), false)
})

test("nobody reads: giving up removes the pipes", { timeout: 20_000 }, async (t) => {
  const home = temporary(t)
  const gone = new AbortController()
  const served = (await KeyHandover.prepare(home)).serve(keys, gone.signal)
  gone.abort()
  assert.equal(await served, false)
  assert.equal(existsSync(join(home, "handover")), false)
})

test("a reader left waiting by a killed start gets nothing, and ends", { timeout: 20_000 }, async (t) => {
  const home = temporary(t)
  await KeyHandover.prepare(home)
  const left = spawn("cat", [join(home, nodeKeyFile)], { stdio: ["ignore", "pipe", "ignore"] })
  t.after(() => left.kill())
  let read = 0
  left.stdout.on("data", (chunk: Buffer) => {
    read += chunk.length
  })
  const ended = new Promise((resolve) => left.once("close", resolve))
  // It may open the pipe late: each new start frees whoever waits by then.
  let waiting = true
  void ended.then(() => {
    waiting = false
  })
  while (waiting) {
    await KeyHandover.prepare(home)
    await sleep(20, undefined, { signal: t.signal })
  }
  assert.equal(read, 0)
})
