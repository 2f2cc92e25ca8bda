/** The supervisor, with a program that only plays CometBFT and with the real one. */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { verifyCommit } from "../../base/chain/commit.ts"
import { headerHash } from "../../base/chain/header.ts"
import { validatorAddress } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import { findCometBft } from "./binary.ts"
import { nodeId, writeHome } from "./home.ts"
import { type CometExit, CometProcess, type CometProcessOptions } from "./process.ts"
import { CometRpc } from "./rpc.ts"

const binary = findCometBft()
const skip = binary === undefined ? "CometBFT is not installed: npm run engine" : false
const skipWithoutProc = existsSync("/proc/self/status") ? skip : "this platform has no /proc"
const timeout = 60_000

interface Scene {
  readonly home: string
  readonly rpcSocket: string
  readonly exits: CometExit[]
  readonly options: CometProcessOptions
}

function scene(t: TestContext, program: string): Scene {
  const home = mkdtempSync(join(tmpdir(), "comet-"))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const [validatorSeed, nodeSeed] = [Uint8Array.from(randomBytes(32)), Uint8Array.from(randomBytes(32))]
  const rpcSocket = join(home, "rpc.sock")
  writeHome(home, {
    chainId: "process-test",
    genesisTime: { seconds: 1_790_000_000, nanos: 1 },
    protocol: 1,
    validators: [{ publicKey: publicKeyOf(validatorSeed), power: 10 }],
    maxBlockBytes: 1024 * 1024,
    p2p: { host: "127.0.0.1", port: 0 },
    rpcSocket,
    abciSocket: join(home, "abci.sock"),
    persistentPeers: [],
  })
  const exits: CometExit[] = []
  const onExit = (exit: CometExit) => exits.push(exit)
  return { home, rpcSocket, exits, options: { binary: program, home, rpcSocket, validatorSeed, nodeSeed, onExit } }
}

/** A program that begins as CometBFT does, by reading both key files, and goes on with `rest`. */
function actor(t: TestContext, rest: string): Scene {
  const made = scene(t, "")
  const program = join(made.home, "actor.sh")
  const body = `#!/bin/sh\ncd "$3"\ncat handover/node.json > /dev/null\ncat handover/validator.json > /dev/null\n${rest}\n`
  writeFileSync(program, body, { mode: 0o755 })
  return { ...made, options: { ...made.options, binary: program } }
}

/** Stopped when the test ends, however it ends. */
async function start(t: TestContext, options: CometProcessOptions): Promise<CometProcess> {
  const comet = await CometProcess.start(options)
  t.after(() => comet.stop())
  return comet
}

/** Ends with the test at the latest. */
async function until(t: TestContext, condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20, undefined, { signal: t.signal })
}

test("it is started again whatever it exits with, later each time, until it is stopped", { timeout }, async (t) => {
  const { options, exits } = actor(t, "echo run; exit 0")
  const comet = await start(t, options)
  await until(t, () => exits.length >= 3)
  await comet.stop()
  assert.deepEqual(
    exits.slice(0, 3).map(({ code, restartInMs }) => [code, restartInMs]),
    [
      [0, 100],
      [0, 200],
      [0, 400],
    ],
  )
  assert.ok(comet.restarts >= 2)
  assert.equal(comet.pid, undefined)
  const count = exits.length
  await sleep(600)
  assert.equal(exits.length, count, "nothing starts after stop")
})

test("while an earlier process holds the database it tries again soon, and no later each time", {
  timeout,
}, async (t) => {
  const { options, exits } = actor(t, "echo 'failed: resource temporarily unavailable' >&2; exit 1")
  const comet = await start(t, options)
  await until(t, () => exits.length >= 3)
  await comet.stop()
  assert.deepEqual(
    exits.slice(0, 3).map(({ restartInMs }) => restartInMs),
    [250, 250, 250],
  )
})

test("lines are handed on, the last 200 kept, and a consensus failure is noticed and ends the run", {
  timeout,
}, async (t) => {
  const { options, exits } = actor(
    t,
    "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; echo 'E CONSENSUS FAILURE!!!' >&2; exec sleep 60",
  )
  const heard: string[] = []
  const comet = await start(t, { ...options, onLog: (line) => heard.push(line) })
  await until(t, () => comet.consensusFailed && heard.length >= 301)
  assert.equal(comet.recentLog.length, 200)
  assert.ok(comet.recentLog.includes("299") && !comet.recentLog.includes("50"))
  const { pid } = comet
  // Its cause may be over: such a run is ended, and another begins.
  await until(t, () => comet.restarts >= 1 && comet.pid !== undefined && comet.pid !== pid)
  assert.equal(exits.length, 1)
  await comet.stop()
})

test("a program that is not there, or ends before it reads its keys, is a fault at once", { timeout }, async (t) => {
  const { options, home } = scene(t, "/nowhere/cometbft")
  await assert.rejects(CometProcess.start(options), (error) => error instanceof Fault && /ENOENT/.test(error.message))
  const program = join(home, "actor.sh")
  writeFileSync(program, "#!/bin/sh\necho 'bad configuration' >&2\nexit 1\n", { mode: 0o755 })
  await assert.rejects(
    CometProcess.start({ ...options, binary: program }),
    (error) => error instanceof Fault && /bad configuration/.test(error.message),
  )
  assert.equal(existsSync(join(home, "handover")), false)
})

test("asked to begin anew, it runs again as another process", { timeout }, async (t) => {
  const { options } = actor(t, "exec sleep 60")
  const comet = await start(t, options)
  const { pid } = comet
  await comet.restart()
  await until(t, () => comet.pid !== undefined)
  assert.notEqual(comet.pid, pid)
  await comet.stop()
})

const long = process.env["COUNTERSIGN_LONG"] === undefined ? "ten seconds long: npm run test:long" : false

test("one that does not hear SIGTERM is killed after ten seconds", { timeout, skip: long }, async (t) => {
  const { options, exits } = actor(t, "trap '' TERM; while true; do sleep 1; done")
  const comet = await start(t, options)
  await sleep(200)
  await comet.stop()
  assert.deepEqual([exits[0]?.signal, exits[0]?.stopped], ["SIGKILL", true])
})

test("a dead socket file is removed before a start, one that answers is not", { timeout }, async (t) => {
  const { options, rpcSocket } = actor(t, "exec sleep 60")
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(rpcSocket, resolve))
  const first = await start(t, options)
  assert.ok(existsSync(rpcSocket))
  await first.stop()
  await new Promise((resolve) => server.close(resolve))
  const killed = spawn(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify(rpcSocket)}, () => process.kill(process.pid, "SIGKILL"))`,
  ])
  await new Promise((resolve) => killed.once("close", resolve))
  assert.ok(existsSync(rpcSocket), "a killed process leaves its socket")
  const second = await start(t, options)
  assert.equal(existsSync(rpcSocket), false)
  await second.stop()
})

/** Every file below a directory, as text of one byte a character. */
function everything(home: string): string {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n")
}

/** Raw, hex in both cases, and base64 whatever stands before and after. */
function formsOf(seed: Uint8Array): readonly string[] {
  const hex = toHex(seed)
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), seed])
      .toString("base64")
      .replace(/=+$/, "")
    return text.slice(before === 0 ? 0 : before + 1, -2)
  })
  return [Buffer.from(seed).toString("latin1"), hex, hex.toUpperCase(), ...base64]
}

/** Resolves once a block more than before is there. */
async function submit(t: TestContext, rpc: CometRpc, i: number): Promise<void> {
  const before = (await rpc.status()).height
  assert.equal((await rpc.broadcastTxSync(Buffer.from(`k${i}=v`))).code, 0)
  await until(t, async () => (await rpc.status()).height > before)
}

const answers = (rpc: CometRpc) =>
  rpc.status().then(
    () => true,
    () => false,
  )

test("a real chain of one: our hashes, good commits, no key on disk, on again after kill -9", {
  skip,
  timeout,
}, async (t) => {
  const { home, rpcSocket, exits, options } = scene(t, binary!)
  const comet = await start(t, { ...options, arguments: ["--proxy_app=kvstore"] })
  const rpc = new CometRpc(rpcSocket)
  t.after(() => rpc.close())
  await until(t, () => answers(rpc))
  for (let i = 0; (await rpc.status()).height < 6; i++) await submit(t, rpc, i)
  const status = await rpc.status()
  assert.equal(status.nodeId, nodeId(publicKeyOf(options.nodeSeed)))
  assert.deepEqual(status.validatorAddress, validatorAddress(publicKeyOf(options.validatorSeed)))
  assert.deepEqual([status.chainId, status.power, status.catchingUp], ["process-test", 10, false])
  for (let height = 1; height <= 5; height++) {
    const { header, commit, canonical } = await rpc.commit(height)
    const validators = await rpc.validators(height)
    assert.deepEqual(headerHash(header), commit.blockId.hash, `height ${height}`)
    assert.equal(verifyCommit(header, commit, validators), undefined)
    assert.equal(canonical, true)
    assert.equal(header.protocol, 1)
  }
  assert.equal((await rpc.consensusParams(1)).maxBlockBytes, 1024 * 1024)
  assert.deepEqual(await rpc.netInfo(), { listening: true, peers: [] })
  await assert.rejects(rpc.commit(9999), Fault)

  process.kill(comet.pid!, "SIGKILL")
  await until(t, () => exits.length === 1)
  await until(t, () => answers(rpc))
  assert.ok((await rpc.status()).height >= status.height)
  await submit(t, rpc, 100)
  assert.deepEqual([exits[0]?.signal, comet.restarts], ["SIGKILL", 1])

  const found = everything(home)
  assert.ok(found.includes(toHex(validatorAddress(publicKeyOf(options.validatorSeed))).toUpperCase()), "it was read")
  for (const seed of [options.validatorSeed, options.nodeSeed]) {
    const keyFile = Buffer.concat([seed, publicKeyOf(seed)]).toString("base64")
    assert.ok(
      formsOf(seed).some((form) => keyFile.includes(form)),
      "the form of a key file is among those",
    )
    for (const form of formsOf(seed)) assert.equal(found.includes(form), false, "a key is on the disk")
  }
  await comet.stop()
  assert.equal(existsSync(join(home, "handover")), false)
})

test("started by hand, without keys handed over, CometBFT makes none up", { skip, timeout }, async (t) => {
  const { home } = scene(t, binary!)
  const child = spawn(binary!, ["start", "--home", home, "--proxy_app=kvstore"], { stdio: "ignore" })
  const code = await new Promise((resolve) => child.once("close", resolve))
  assert.equal(code, 1)
  assert.equal(existsSync(join(home, "handover")), false)
})

/** Whether a process still runs: neither gone nor waiting to be buried. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

test("when the node is killed, its CometBFT ends by itself; the next one goes on", {
  skip: skipWithoutProc,
  timeout,
}, async (t) => {
  const { home, rpcSocket, options } = scene(t, binary!)
  const script = join(import.meta.dirname, "comet-parent.ts")
  const seeds = [options.validatorSeed, options.nodeSeed].map(toHex)
  const start = async (): Promise<{ child: ChildProcess; pid: number }> => {
    rmSync(join(home, "abci.sock"), { force: true })
    const child = spawn(process.execPath, [script, binary!, home, ...seeds], { stdio: ["ignore", "pipe", "inherit"] })
    t.after(() => child.kill("SIGKILL"))
    const [line] = await createInterface(child.stdout!)
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [String(value)])
    return { child, pid: Number(line) }
  }
  const rpc = new CometRpc(rpcSocket)
  t.after(() => rpc.close())
  const first = await start()
  await until(t, async () => (await answers(rpc)) && (await rpc.status()).height >= 1)
  first.child.kill("SIGKILL")
  await until(t, () => !runs(first.pid))
  const second = await start()
  assert.notEqual(second.pid, first.pid)
  second.child.kill("SIGKILL")
  await until(t, () => !runs(second.pid))
})
