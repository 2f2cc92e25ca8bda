/**
 * Goal: nobody can slip anything into a chain that carries on another, nor leave anything out of it. Method: one
 * organization's copy of an old chain, and genesis files that differ from what this copy gives in one thing each; then
 * the adoption itself, broken off halfway, and while somebody still has the directory open.
 */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { publicKeyOf } from "#crypto"
import { keyId } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { decodeGenesis, encodeGenesis, type GenesisRows } from "../ledger/constitution/genesis.ts"
import { successorGenesis } from "../ledger/constitution/successor.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import { by, chainId, custodian, exampleGenesis, firstHour, payer, seedOf } from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { tableNames } from "../ledger/rows.ts"
import { openTables } from "../ledger/state.ts"
import { signDraft } from "../ledger/visit/drafts.ts"
import { WorkStore } from "../store/work-store.ts"
import { adoptSuccessor } from "./adopt.ts"
import { LedgerApplication } from "./application.ts"
import type { Founding } from "./block-source.ts"
import { moveChain } from "./move.ts"
import { Work } from "./work.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-adopt-"))
after(() => rmSync(root, { recursive: true }))
const at = (name: string) => join(root, name)
const startKey = "k".repeat(32)
const own = seedOf("own validator")
const newId = "the-consortium"
const rows = exampleGenesis()
const oldGenesis = encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const) })
const seats = [own, seedOf("two"), seedOf("three"), seedOf("four")].map(
  (seed, i) => [{ key: keyId(publicKeyOf(seed)) }, { org: i + 1, power: 10 }] as const,
)
const deposit = (reference: string) =>
  signDraft({
    type: "deposit/1",
    body: { custodian, org: payer, amount: 5_000_00n, reference: seedOf(reference) },
    orders: [by(custodian, "custody", "deposited")],
    expiry: firstHour + 24,
  })

/** Goes on with the old chain in a node's directory. */
async function work(directory: string, ...transactions: readonly Uint8Array[]): Promise<void> {
  const application = await LedgerApplication.open(join(directory, "ledger"), oldGenesis)
  assert.ok(!isRejection(application))
  const clock = new SettableClock({ seconds: firstHour * 3600 + application.height, nanos: 0 })
  const options = { seed: seedOf("validator"), threads: 1, clock }
  const engine = new EmbeddedEngine<DecodedTransaction>(application, options)
  await engine.start()
  for (const bytes of transactions) assert.equal((await engine.submit(bytes)).outcome.rejection, undefined)
  await engine.settled()
  await engine.stop()
  await application.close()
}

async function withWork<T>(directory: string, act: (work: Work) => Promise<T>): Promise<T> {
  const store = new WorkStore(join(directory, "work"), startKey)
  try {
    return await act(new Work(store, startKey))
  } finally {
    await store.close()
  }
}

let genesis: Uint8Array
before(async () => {
  await work(at("node"), deposit("one"), deposit("two"))
  const terms = { chainId: newId, validators: seats }
  genesis = (await moveChain(join(at("node"), "ledger"), oldGenesis, terms)).genesis
  await withWork(at("node"), async (work) => {
    await work.put("founding", "genesis", { genesis: oldGenesis, start: firstHour * 3600, operator: 4 })
    await work.put("seeds", "validator", own)
  })
})

let copies = 0
/** The node as it stood when the old chain ended. */
function fresh(): string {
  const directory = at(`copy-${copies++}`)
  cpSync(at("node"), directory, { recursive: true })
  return directory
}

const adopt = (directory: string, file = genesis) => adoptSuccessor({ directory, startKey, genesis: file })

async function refusal(directory: string, file = genesis): Promise<readonly [string, string]> {
  const found: unknown = await adopt(directory, file).catch((error: unknown) => error)
  assert.ok(found instanceof Refused, String(found))
  return [found.refusal.code, found.refusal.message]
}

function rowsOf(file: Uint8Array): GenesisRows {
  const decoded = decodeGenesis(file)
  assert.ok(!isRejection(decoded))
  const tables = openTables(decoded.state)
  return Object.fromEntries(tableNames.map((name) => [name, [...tables[name].rows()]]))
}

/** The genesis with one thing changed. */
function changed(change: (rows: Required<GenesisRows>) => GenesisRows): Uint8Array {
  const before = rowsOf(genesis) as Required<GenesisRows>
  return encodeGenesis({ ...before, ...change(before) })
}
const chainRow = (change: (row: Required<GenesisRows>["chain"][0][1]) => object) =>
  changed(({ chain }) => ({ chain: chain.map(([key, row]) => [key, { ...row, ...change(row) }] as const) }))

test("the true genesis is adopted: its own copy aside, the new one begun at the next start, keys and work kept", async () => {
  const directory = fresh()
  const adopted = await adopt(directory)
  assert.deepEqual(
    [adopted.chainId, adopted.former, adopted.archive],
    [newId, chainId, join(directory, `ledger-${chainId}`)],
  )
  assert.deepEqual(
    adopted.validators.map(({ organization, own }) => [organization, own]).sort(),
    [1, 2, 3, 4].map((organization) => [organization, organization === 1]),
  )
  const founding = await withWork(directory, async (work) => work.get<Founding>("founding", "genesis"))
  assert.deepEqual([founding?.operator, founding?.genesis, founding?.former], [0, genesis, oldGenesis])
  const application = await LedgerApplication.open(join(directory, "ledger"), genesis)
  assert.ok(!isRejection(application))
  assert.equal(openTables(application.state).accounts.get({ org: payer })?.free, 10_000_00n)
  await application.close()
  assert.deepEqual(await adopt(directory), adopted, "and once more changes nothing")
})

test("a file that differs from what this copy gives is refused, and says in which table", async () => {
  const smuggled = seedOf("smuggled")
  const key = changed(({ keys }) => ({
    keys: [...keys, [{ key: keyId(publicKeyOf(smuggled)) }, { ...keys[0]![1] }] as const],
  }))
  const lost = changed(({ references }) => ({ references: references.slice(1) }))
  const parameter = changed(({ parameters }) => ({
    parameters: parameters.map(([number, { value }], i) => [number, { value: i === 0 ? value + 1 : value }] as const),
  }))
  const time = chainRow(({ pinned }) => ({ pinned: { ...pinned!, seconds: pinned!.seconds + 1 } }))
  for (const [file, table] of [
    [key, "keys"],
    [lost, "references"],
    [parameter, "parameters"],
    [time, "chain"],
  ] as const) {
    const directory = fresh()
    assert.deepEqual(await refusal(directory, file), [
      "successor-false",
      `Cannot adopt chain: its state is not that of this copy: ${table}`,
    ])
    assert.ok(existsSync(join(directory, "ledger")) && !existsSync(join(directory, `ledger-${chainId}`)))
  }
})

test("one that carries on something else is refused with what", async () => {
  const pin = (change: object) => chainRow(({ pinned }) => ({ pinned: { ...pinned!, ...change } }))
  const { height } = rowsOf(genesis).chain![0]![1].pinned!
  for (const [file, code] of [
    [oldGenesis, "not-a-successor"],
    [pin({ header: seedOf("another header") }), "successor-other"],
    [pin({ chainId: "another-chain" }), "successor-other"],
    [pin({ height: height - 1 }), "copy-ahead"],
    [pin({ height: height + 1 }), "copy-behind"],
  ] as const)
    assert.equal((await refusal(fresh(), file))[0], code)
})

test("a chain that went on after the move is not lost: its genesis is refused by whoever has the later blocks", async () => {
  const directory = fresh()
  await work(directory, deposit("three"))
  const [code, message] = await refusal(directory)
  assert.equal(code, "copy-ahead")
  assert.match(message, /carries on block \d+, and this copy goes on to \d+/)
})

test("name and validators alone are whoever moves it to choose, and are shown", async () => {
  const application = await LedgerApplication.open(join(at("node"), "ledger"), oldGenesis)
  assert.ok(!isRejection(application))
  const { state, appHash, height } = application
  const lastHeader = application.block(height)!.header
  const other = successorGenesis(
    { state, appHash },
    { chainId: "another-name", lastHeader, validators: seats.slice(1) },
  )
  assert.ok(!isRejection(other))
  await application.close()
  const { chainId, validators } = await adopt(fresh(), other)
  assert.deepEqual([chainId, validators.length, validators.some(({ own }) => own)], ["another-name", 3, false])
})

const main = fileURLToPath(new URL("../cli/main.ts", import.meta.url))
/** As a process of its own, the start key on its standard input. */
function command(...args: readonly string[]) {
  const options = { input: `${startKey}\n`, encoding: "utf8", timeout: 60_000 } as const
  return spawnSync(process.execPath, [main, ...args], options)
}

test("broken off after the step that decides, the node stops at its next start, and adopting again ends it", async () => {
  const directory = fresh()
  const founding = { genesis, start: firstHour * 3600, operator: 0, former: oldGenesis }
  await withWork(directory, (work) => work.put("founding", "genesis", founding))
  await assert.rejects(LedgerApplication.open(join(directory, "ledger"), genesis), { name: "Fault" })
  const named = ["--name", "clinic", "--kind", "provider", "--organization", "1"]
  const { status, stdout } = command("node", "--dir", directory, ...named, "--resume", "--start-key-from-stdin")
  assert.equal(status, 2)
  assert.match(stdout, /the directory began with the genesis/)
  await adopt(directory)
  assert.ok(existsSync(join(directory, `ledger-${chainId}`)) && !existsSync(join(directory, "ledger")))
})

test("while a process has the directory open nothing is moved, and a wrong start key opens nothing", async () => {
  const directory = fresh()
  const script = `
    const { ReadOnlyChain } = await import(${JSON.stringify(new URL("../store/read-only-chain.ts", import.meta.url).href)})
    new ReadOnlyChain(${JSON.stringify(join(directory, "ledger"))}).block(1)
    console.log("open")
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await new Promise((resolve) => child.stdout.once("data", resolve))
  const [code, message] = await refusal(directory)
  assert.deepEqual([code, message], ["node-running", `Cannot move chain: process ${child.pid} has this directory open`])
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await ended
  const wrong = adoptSuccessor({ directory, startKey: "w".repeat(32), genesis })
  await assert.rejects(wrong, (error) => error instanceof Error)
  await adopt(directory)
})

test("the command adopts with a start key on standard input, shows the seats, and refuses with a code", async () => {
  const directory = fresh()
  const adoptBy = (file: string) =>
    command("adopt", "--dir", directory, "--genesis", file, "--start-key-from-stdin", "--json")
  writeFileSync(at("old.cbor"), oldGenesis)
  writeFileSync(at("new.cbor"), genesis)
  const refused = adoptBy(at("old.cbor"))
  assert.deepEqual([refused.status, JSON.parse(refused.stdout).code], [1, "not-a-successor"])
  const { status, stdout, stderr } = adoptBy(at("new.cbor"))
  const { chainId: adopted, validators } = JSON.parse(stdout)
  assert.deepEqual([status, adopted, validators.length], [0, newId, 4])
  assert.match(stderr, /ADOPTED.*1 \(this node\)/s)
})
