/** What a home directory says: the same genesis for all, settings that CometBFT knows, a signing state never forgotten. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { Refused } from "../../base/refusal.ts"
import { findCometBft } from "./binary.ts"
import { genesisJson } from "./genesis-file.ts"
import { type CometHome, cometSettings, nodeId, writeHome } from "./home.ts"
import { parseTime } from "./rpc-answers.ts"

const binary = findCometBft()
const skip = binary === undefined ? "CometBFT is not installed: npm run engine" : false
const publicKey = (byte: number) => publicKeyOf(new Uint8Array(32).fill(byte))

function describe(changes: Partial<CometHome> = {}): CometHome {
  return {
    chainId: "home-test",
    genesisTime: { seconds: 1_800_000_000, nanos: 5_000 },
    protocol: 1,
    validators: [1, 2, 3].map((byte) => ({ publicKey: publicKey(byte), power: byte === 2 ? 20 : 10 })),
    maxBlockBytes: 4 * 1024 * 1024,
    p2p: { host: "127.0.0.1", port: 26656 },
    rpcSocket: "/run/a/rpc.sock",
    abciSocket: "/run/a/abci.sock",
    persistentPeers: [],
    ...changes,
  }
}

function temporary(t: { after(done: () => void): void }): string {
  const home = mkdtempSync(join(tmpdir(), "comet-"))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

test("two nodes that agree write the same genesis, in whatever order they list the validators", (t) => {
  const [a, b] = [temporary(t), temporary(t)]
  const { validators } = describe()
  writeHome(a, describe())
  writeHome(b, describe({ validators: validators.toReversed(), p2p: { host: "::1", port: 1 }, moniker: "another" }))
  const [one, other] = [a, b].map((home) => readFileSync(join(home, "config", "genesis.json")))
  assert.deepEqual(one, other)
  const genesis = JSON.parse(one!.toString())
  assert.equal(genesis.genesis_time, "2027-01-15T08:00:00.000005Z")
  assert.deepEqual(parseTime(genesis.genesis_time), describe().genesisTime)
  assert.equal(genesis.validators[0].power, "20", "the most powerful stands first")
  assert.equal(genesis.validators[0].address, nodeId(publicKey(2)).toUpperCase())
  assert.equal(genesis.consensus_params.version.app, "1")
  assert.notEqual(genesisJson(describe()), genesisJson(describe({ protocol: 2 })))
})

test("a whole second has no fraction, and 1970 is its beginning", () => {
  const time = (seconds: number, nanos: number) =>
    JSON.parse(genesisJson(describe({ genesisTime: { seconds, nanos } }))).genesis_time
  assert.equal(time(0, 0), "1970-01-01T00:00:00Z")
  assert.equal(time(86_399, 999_999_999), "1970-01-01T23:59:59.999999999Z")
})

test("what a validator signed last is never overwritten, the rest is", (t) => {
  const home = temporary(t)
  writeHome(home, describe())
  const state = join(home, "data", "priv_validator_state.json")
  assert.equal(readFileSync(state, "utf8"), '{"height":"0","round":0,"step":0}\n')
  writeFileSync(state, '{"height":"7","round":0,"step":3}')
  writeFileSync(join(home, "config", "config.toml"), "old")
  writeHome(home, describe())
  assert.equal(readFileSync(state, "utf8"), '{"height":"7","round":0,"step":3}')
  assert.match(readFileSync(join(home, "config", "config.toml"), "utf8"), /^filter_peers = true$/m)
})

test("peers, timeouts and state sync reach the file as CometBFT writes them", () => {
  const settings = cometSettings(
    describe({
      persistentPeers: [
        { id: "a".repeat(40), host: "10.0.0.1", port: 1 },
        { id: "b".repeat(40), host: "fd00::2", port: 2 },
      ],
      timeouts: { commitMs: 0 },
      stateSync: {
        rpcServers: ["http://127.0.0.1:1", "unix:///run/b"],
        trustHeight: 9,
        trustHash: new Uint8Array(32).fill(0xab),
        trustPeriodHours: 168,
      },
    }),
  )
  assert.equal(settings["p2p"]?.["persistent_peers"], `${"a".repeat(40)}@10.0.0.1:1,${"b".repeat(40)}@[fd00::2]:2`)
  assert.equal(settings["consensus"]?.["timeout_commit"], "0ms")
  assert.equal(settings["consensus"]?.["timeout_propose"], "250ms")
  assert.equal(settings["statesync"]?.["rpc_servers"], "http://127.0.0.1:1,unix:///run/b")
  assert.equal(settings["statesync"]?.["trust_hash"], "ab".repeat(32))
  assert.equal(cometSettings(describe())["statesync"]?.["enable"], false)
})

test("a socket path that would be cut off is refused", (t) => {
  const home = temporary(t)
  const rpcSocket = `/${"x".repeat(100)}`
  assert.throws(
    () => writeHome(home, describe({ rpcSocket })),
    (error) => error instanceof Refused && error.refusal.code === "socket-path-too-long",
  )
  writeHome(home, describe({ rpcSocket: `/${"x".repeat(99)}` }))
})

/** Section → names, of a file in CometBFT's own form. */
function namesIn(toml: string): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>([["", new Set()]])
  let section = ""
  for (const line of toml.split("\n")) {
    const header = /^\[([\w.]+)\]$/.exec(line.trim())
    if (header !== null) {
      section = header[1]!
      names.set(section, new Set())
    }
    const name = /^([\w-]+) *=/.exec(line)?.[1]
    if (name !== undefined) names.get(section)?.add(name)
  }
  return names
}

// CometBFT ignores a name that it does not know, so a misspelt setting would be silently without effect.
test("CometBFT knows every setting that we write", { skip }, (t) => {
  const [theirs, ours] = [temporary(t), temporary(t)]
  execFileSync(binary!, ["init", "--home", theirs], { stdio: "ignore" })
  const known = namesIn(readFileSync(join(theirs, "config", "config.toml"), "utf8"))
  assert.ok(known.get("consensus")?.has("timeout_commit"), "the file was read")
  const stateSync = {
    rpcServers: ["a", "b"] as const,
    trustHeight: 1,
    trustHash: new Uint8Array(32),
    trustPeriodHours: 1,
  }
  writeHome(ours, describe({ stateSync }))
  const written = namesIn(readFileSync(join(ours, "config", "config.toml"), "utf8"))
  assert.ok([...written.values()].reduce((sum, names) => sum + names.size, 0) > 40)
  for (const [section, names] of written) {
    for (const name of names) assert.ok(known.get(section)?.has(name), `[${section}] ${name}`)
  }
})

test("CometBFT derives the same node id and the same validator address", { skip }, (t) => {
  const home = temporary(t)
  execFileSync(binary!, ["init", "--home", home], { stdio: "ignore" })
  const key = JSON.parse(readFileSync(join(home, "config", "node_key.json"), "utf8")).priv_key.value
  const id = execFileSync(binary!, ["show-node-id", "--home", home], { encoding: "utf8" }).trim()
  assert.equal(nodeId(publicKeyOf(Uint8Array.from(Buffer.from(key, "base64").subarray(0, 32)))), id)
  assert.equal(toHex(Buffer.from(id, "hex")), id)
})
