/**
 * Goal: the drill and the leaving as people type them, on directories that the commands made. Method: a clinic and a
 * payer (who operates) are founded; the payer runs here, the clinic's commands are child processes on its stopped node.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { after, before, test } from "node:test"
import { toHex } from "../base/bytes.ts"
import { Refused } from "../base/refusal.ts"
import { freePorts } from "../engine/comet/ports.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { nodeConfig, readConfigFile } from "../node/config-file.ts"
import { Node } from "../node/node.ts"
import { type DeskFile, writeDeskFile } from "./desk.ts"
import { foundCommand } from "./found.ts"
import { beginDirectory, firstSettings } from "./init.ts"
import { joinCommunity } from "./join.ts"
import { type RotateValue, rotateKeysCommand } from "./rotate-keys.ts"
import { Screen } from "./screen.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-rotate-"))
const at = (...names: readonly string[]) => join(root, ...names)
const startKey = "r".repeat(32)
const secret = at("new-passphrase")
let payer: Node

const terms = `chainId: rotate-1
currency: usd
start: 2026-04-14T08:00:00Z
validators: [2]
depth: 8
`

before(async () => {
  const kinds = [["clinic", "provider", "1"] as const, ["payer", "payer", "2"] as const]
  for (const [name, kind, number] of kinds) {
    const [port, p2p] = await freePorts(2)
    const first = firstSettings({ name, kind, number, port: String(port), "p2p-port": String(p2p) })
    await beginDirectory(at(name), first, startKey)
  }
  writeFileSync(at("terms.yaml"), terms)
  writeFileSync(secret, "a new passphrase for the clinic\n", { mode: 0o600 })
  const identities = kinds.map(([name]) => at(name, "identity.json"))
  const screen = new Screen(new PassThrough())
  await foundCommand.run(["--identities", ...identities, "--terms", at("terms.yaml"), "--out", at("community")], screen)
  const [community, genesis] = [at("community/community.json"), at("community/genesis.cbor")]
  const told = genesisHash(new Uint8Array(readFileSync(genesis)))
  for (const [name] of kinds)
    await joinCommunity({ directory: at(name), startKey, community, genesis, genesisHash: told, stateSync: false })
  payer = await Node.start(nodeConfig(readConfigFile(at("payer")), startKey, true))
})
after(async () => {
  await payer?.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly value: Record<string, unknown>
}

function run(args: readonly string[], input = ""): Promise<Ran> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args, "--json"], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  const parts = { out: "", err: "" }
  child.stdout.on("data", (part: Buffer) => (parts.out += part.toString()))
  child.stderr.on("data", (part: Buffer) => (parts.err += part.toString()))
  child.stdin.end(input)
  return new Promise((done) =>
    child.once("close", (code) =>
      done({ code, out: parts.err, value: JSON.parse(parts.out || "{}") as Record<string, unknown> }),
    ),
  )
}

test("on a stopped node: every key, and the start key, in one command", async () => {
  const args = ["rotate-keys", "--dir", at("clinic"), "--compromised", "all", "--new-passphrase-file", secret]
  const { code, out, value } = await run([...args, "--start-key-from-stdin"], `${startKey}\n`)
  const report = value as unknown as RotateValue
  assert.equal(code, 0, `${out}${JSON.stringify(value)}`)
  assert.equal(report.finished, true)
  assert.deepEqual([report.told, report.untold], [[2], []])
  assert.equal(report.startKey?.state, "done")
  assert.match(out, /use +old key +new key +from hour +revoked hour/)
  const old = await run(["rotate-keys", "--dir", at("clinic"), "--start-key-from-stdin"], `${startKey}\n`)
  assert.deepEqual([old.code, old.value["code"]], [1, "start-key-wrong"])
})

test("run again with the new passphrase it is a drill of its own, with nothing lost", async () => {
  const { code, value } = await run(["rotate-keys", "--dir", at("clinic"), "--passphrase-file", secret])
  const report = value as unknown as RotateValue
  assert.equal(code, 0)
  assert.equal(report.order, 2)
  const { revoked } = report.rows.find(({ use }) => use === "bill")!
  assert.equal(revoked, undefined)
})

test("the clinic leaves from its disk", async () => {
  const args = ["exit", "--dir", at("clinic"), "--out", at("left"), "--passphrase-file", secret]
  const { code, out, value } = await run([...args, "--records-passphrase-file", secret])
  assert.equal(code, 0, `${out}${JSON.stringify(value)}`)
  assert.ok(existsSync(at("left", "README.txt")))
  const receipts = readFileSync(at("left", "receipts", "index.jsonl"), "utf8")
  assert.match(receipts, /rotate-key\/1/)
  assert.match(receipts, /revoke-key\/1/)
})

test("at a running node its desk is asked, and its file names the new pin; the start key waits", async () => {
  const { url, deskToken: desk } = payer
  const pin = toHex(payer.pin!)
  const file: DeskFile = { organization: 2, name: "payer", kind: "payer", url, pin, desk, process: process.pid }
  writeDeskFile(at("payer"), file)
  const screen = new Screen(new PassThrough())
  const { value, failed } = await rotateKeysCommand.run(["--dir", at("payer"), "--compromised", "all"], screen)
  const report = value as RotateValue
  assert.equal(failed, true)
  assert.equal(report.startKey?.state, "waits")
  assert.deepEqual(
    report.rows.filter(({ state }) => state === "waits").map(({ use }) => use),
    ["validator"],
  )
  const now = JSON.parse(readFileSync(at("payer", "desk.json"), "utf8")) as DeskFile
  assert.equal(now.pin, report.pin)
  assert.notEqual(now.pin, pin)
})

test("what is not named, or names nothing, is refused before anything changes", async () => {
  const screen = new Screen(new PassThrough())
  const code = (wanted: string) => (error: unknown) => error instanceof Refused && error.refusal.code === wanted
  await assert.rejects(rotateKeysCommand.run([], screen), code("arguments"))
  await assert.rejects(rotateKeysCommand.run(["--dir", at("nowhere")], screen), code("config-absent"))
  await assert.rejects(
    rotateKeysCommand.run(["--dir", at("payer"), "--compromised", "everything"], screen),
    code("key-use"),
  )
})
