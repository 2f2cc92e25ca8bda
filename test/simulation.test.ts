/**
 * Several nodes in one process: the real bridge and the real application on disks of their own, driven by a fake engine
 * that makes legal calls only, and nasty ones. Each seed is one history of rounds, crashes, lies and repairs; at its end
 * all nodes and a naive second implementation agree. `COUNTERSIGN_LONG=1` runs thousands.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { fileURLToPath } from "node:url"
import { sha256 } from "#crypto"
import { toHex } from "../src/base/bytes.ts"
import type { ApplicationRequest } from "../src/engine/comet/abci/handler.ts"
import type { AbciResponse } from "../src/engine/comet/abci/messages.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { AbciBridge } from "../src/engine/comet/bridge.ts"
import { tallyTransaction } from "../src/engine/tally.ts"
import { CometChain } from "../src/node/comet-chain.ts"
import { breaks } from "./simulation/broken-bridges.ts"
import { CallGrammar } from "./simulation/call-grammar.ts"
import { Calls } from "./simulation/calls.ts"
import { keptSeeds } from "./simulation/kept-seeds.ts"
import { lineOf, type RecordedBlock } from "./simulation/lockstep-replay.ts"
import { type Kind, newRoot, runSeeds, simulate } from "./simulation/run.ts"

const long = process.env["COUNTERSIGN_LONG"] === "1"
const seedsOf: Readonly<Record<Kind, number>> = long ? { tally: 3000, ledger: 300 } : { tally: 60, ledger: 12 }
const root = newRoot()
after(() => rmSync(root, { recursive: true }))

/** What must have happened in some seed: a simulation in which nothing goes wrong proves nothing. */
const mustHappen: Readonly<Record<Kind, readonly string[]>> = {
  tally: [
    "answers",
    "applied: add",
    "applied: power",
    "refused: too much",
    "proposals again",
    "lie: bad signature",
    "lie: malformed transaction",
    "lie: malformed batch",
    "lie: trailing bytes",
    "lie: empty batch",
    "lie: batch twice",
    "lying blocks decided",
    "clock jumped",
    "engine died",
    "engine died in commit",
    "engine died in finalizeBlock",
    "both died",
    "both died in finalizeBlock",
    "both died in commit, before",
    "both died in commit, torn",
    "both died in commit, after",
    "both died in attach, torn",
    "both died in a restore",
    "joined by snapshot",
    "joined by blocks",
    "restored from backup",
    "row height 0",
    "row level",
    "row app behind",
    "row block saved, app behind",
    "row block saved, app at state",
    "row block saved, app done",
  ],
  ledger: ["answers", "applied: hold", "applied: statement", "applied: validator", "clock jumped"],
}

for (const kind of ["tally", "ledger"] as const)
  test(`${kind}: whatever dies, lies or comes late, all nodes agree, nothing answered is lost or done twice`, {
    timeout: 7_200_000,
  }, async (t) => {
    const kept = keptSeeds.filter((one) => one.kind === kind).map(({ seed }) => seed)
    const seeds = [...new Set([...kept, ...Array.from({ length: seedsOf[kind] }, (_, seed) => seed)])]
    const { counts, failures } = await runSeeds(kind, seeds, root)
    for (const { seed, cause } of failures) t.diagnostic(`seed ${seed}: ${cause}`)
    const sum = (what: string) => counts.get(what) ?? 0
    t.diagnostic(`${seeds.length} seeds, ${sum("heights")} heights, ${sum("calls")} calls, ${failures.length} failed`)
    t.diagnostic([...counts].map(([what, times]) => `${what} ${times}`).join("; "))
    if (failures[0] !== undefined) throw failures[0].cause
    for (const what of mustHappen[kind]) assert.ok(sum(what) > 0, `never seen: ${what}`)
  })

test("a seed is a history: twice the same", async () => {
  const run = async () => {
    const { counts, simulation } = await simulate("tally", 9, { root })
    return { counts, blocks: simulation.chain.blocks.map(({ hash }) => toHex(hash)) }
  }
  assert.deepEqual(await run(), await run())
})

test("a long chain forgets its old blocks and goes on, also where a node comes back late", {
  skip: long ? false : "takes a minute: COUNTERSIGN_LONG=1",
  timeout: 3_600_000,
}, async (t) => {
  const more = { root, founders: 4, nodes: 5, steps: 9_000, snapshotEvery: 20, keepBlocks: 10, calm: 3 }
  const { counts, simulation } = await simulate("tally", 3, more)
  t.diagnostic([...counts].map(([what, times]) => `${what} ${times}`).join("; "))
  // A store keeps the last hundred blocks in any case.
  const above = simulation.chain.height - 100
  assert.ok(above > 0 && (counts.get("blocks not kept") ?? 0) >= 4 * above)
  assert.ok((counts.get("application too low") ?? 0) > 0)
})

for (const [name, bridge] of Object.entries(breaks))
  test(`told from the real one: a bridge that ${name}`, { timeout: 600_000 }, async (t) => {
    const kept = keptSeeds.filter(({ kind }) => kind === "tally").map(({ seed }) => seed)
    for (const seed of [...kept, ...Array(100).keys()]) {
      try {
        await simulate("tally", seed, { root, bridge })
      } catch (error) {
        t.diagnostic(`seed ${seed}: ${String(error).split("\n")[0]}`)
        return
      }
    }
    assert.fail("100 seeds saw nothing")
  })

test("an engine that comes back while its FinalizeBlock still runs gets the one answer", async (t) => {
  const calls = await Calls.open(mkdtempSync(join(root, "calls")))
  t.after(() => calls.close())
  const power = tallyTransaction(sha256(Uint8Array.of(1)), { sum: 1000, amount: 1, nonce: 1 })
  const request = calls.finalize(1, [power])
  const [lost, asked] = await Promise.all([calls.bridge.handle(request), calls.bridge.handle(request)])
  assert.deepEqual(asked, lost)
  assert.ok(asked?.kind === "finalizeBlock" && asked.validatorUpdates.length === 1)
  assert.equal(calls.executed, 1)
})

test("InitChain and Info say the genesis while the first block is not durable", async (t) => {
  const calls = await Calls.open(mkdtempSync(join(root, "calls")))
  t.after(() => calls.close())
  const first = await calls.bridge.handle(calls.initChain())
  await calls.bridge.handle(
    calls.finalize(1, [tallyTransaction(sha256(Uint8Array.of(1)), { sum: 1, amount: 1, nonce: 1 })]),
  )
  const info = await calls.bridge.handle(calls.info())
  assert.ok(info.kind === "info" && info.lastBlockHeight === 0)
  assert.deepEqual(await calls.bridge.handle(calls.initChain()), first)
})

/** Environments in which a careless comparison, date or thread would come to something else. */
const environments = [
  { env: { LC_ALL: "C", TZ: "UTC" }, threads: 1, flags: [] },
  { env: { LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Kathmandu" }, threads: 3, flags: ["--max-semi-space-size=1"] },
  { env: { LC_ALL: "ar_EG.UTF-8", TZ: "Pacific/Apia" }, threads: 2, flags: ["--stack-size=900"] },
] as const

test("the same blocks come to the same under other locales, zones, threads and heaps", {
  timeout: 600_000,
}, async () => {
  const founders = 4
  const { simulation } = await simulate("ledger", 2, { root, founders, nodes: 4 })
  const { chain } = simulation
  const blocks = chain.blocks.map(
    ({ height, header: { time }, hash, txs }): RecordedBlock => ({
      height,
      ...time,
      hash: toHex(hash),
      txs: txs.map((tx) => toHex(tx)),
    }),
  )
  const place = mkdtempSync(join(root, "lockstep"))
  const file = join(place, "blocks.json")
  writeFileSync(file, JSON.stringify({ founders, blocks }))
  const expected = blocks.map(({ height }) => lineOf(chain.answer(height)))
  assert.ok(blocks.some(({ txs }) => txs.length > 0))
  const script = fileURLToPath(new URL("./simulation/lockstep-replay.ts", import.meta.url))
  for (const [i, { env, threads, flags }] of environments.entries()) {
    const args = [...flags, script, file, join(place, String(i)), String(threads)]
    assert.deepEqual(await linesOf(args, env), expected, JSON.stringify(env))
  }
})

function linesOf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] })
  let printed = ""
  child.stdout.on("data", (bytes) => {
    printed += String(bytes)
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(printed.split("\n").slice(0, -1))
      else reject(new Error(`the replay ended with ${code}`))
    })
  })
}

/** Calls, begun and ended one after the other; the first fault. */
function faultOf(calls: readonly (readonly [ApplicationRequest, AbciResponse])[]): string | undefined {
  const grammar = new CallGrammar()
  for (const [request, response] of calls) {
    const fault = grammar.begin(request) ?? grammar.end(request, response)
    if (fault !== undefined) return fault
  }
  return undefined
}

test("the grammar of calls: what the engine may do, and what it may not", async (t) => {
  const calls = await Calls.open(mkdtempSync(join(root, "calls")))
  t.after(() => calls.close())
  const done = (request: ApplicationRequest, response: Partial<AbciResponse> = {}) =>
    [request, { ...response, kind: request.kind } as AbciResponse] as const
  const info = (height: number) => done(calls.info(), { lastBlockHeight: height } as Partial<AbciResponse>)
  const init = done(calls.initChain())
  const block = (height: number) => done(calls.finalize(height, []), { txResults: [] } as Partial<AbciResponse>)
  const commit = done({ kind: "commit" })
  assert.equal(faultOf([info(0), init, block(1), commit, block(2), commit]), undefined)
  assert.equal(faultOf([info(7), block(8), commit]), undefined)
  assert.match(faultOf([init]) ?? "", /before Info/)
  assert.match(faultOf([info(7), init]) ?? "", /though the application is at 7/)
  assert.match(faultOf([info(7), block(7)]) ?? "", /durable/)
  assert.match(faultOf([info(0), init, block(2)]) ?? "", /of 2 at 1/)
  assert.match(faultOf([info(7), block(8), block(8)]) ?? "", /between/)
  assert.match(faultOf([info(7), commit]) ?? "", /without FinalizeBlock/)
  assert.match(faultOf([info(7), block(8), commit, block(10)]) ?? "", /of 10 at 9/)
  assert.match(faultOf([info(7), block(8), commit, init]) ?? "", /after other calls/)
  assert.match(faultOf([info(7), done({ kind: "checkTx", tx: new Uint8Array(1), type: "recheck" })]) ?? "", /recheck/)
  const chunk = done({ kind: "applySnapshotChunk", index: 0, chunk: new Uint8Array(1), sender: "" })
  assert.match(faultOf([info(0), chunk]) ?? "", /without an accepted offer/)
})

const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false

test("the real engine keeps to the grammar", { skip, timeout: 300_000 }, async (t) => {
  const place = mkdtempSync(join(tmpdir(), "cs-grammar-"))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const real = AbciBridge.prototype.handle
  const grammars = new Map<object, CallGrammar>()
  const faults: string[] = []
  const kindsSeen = new Map<string, number>()
  t.mock.method(AbciBridge.prototype, "handle", async function (this: AbciBridge<never>, request: ApplicationRequest) {
    const grammar = grammars.get(this) ?? new CallGrammar()
    grammars.set(this, grammar)
    kindsSeen.set(request.kind, (kindsSeen.get(request.kind) ?? 0) + 1)
    const early = grammar.begin(request)
    if (early !== undefined) faults.push(early)
    const response = await real.call(this, request)
    const late = grammar.end(request, response)
    if (late !== undefined) faults.push(late)
    return response
  })
  const add = (nonce: number) => tallyTransaction(sha256(Uint8Array.of(1)), { sum: nonce % 3, amount: 1, nonce })
  for (const start of [0, 100]) {
    const chain = await CometChain.open(place, 4)
    try {
      for (let n = 0; n < 5; n++)
        await Promise.all(chain.nodes.map(({ engine }, i) => engine.submit(add(start + n * 4 + i))))
    } finally {
      await chain.close()
    }
    grammars.clear()
  }
  t.diagnostic([...kindsSeen].map(([kind, times]) => `${kind} ${times}`).join("; "))
  assert.deepEqual(faults, [])
  for (const kind of ["info", "initChain", "checkTx", "prepareProposal", "processProposal", "finalizeBlock", "commit"])
    assert.ok((kindsSeen.get(kind) ?? 0) > 0, kind)
})
