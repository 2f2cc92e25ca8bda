/**
 * Goal: what `docs/operations.md` and `docs/joining.md` tell people to type does what they say. Method: every command of
 * the blocks marked `sh` is run in the pages' own order, as child processes, in an empty directory, on CometBFT; only the
 * ports are changed for free ones. Between them stands what the pages say in words: a disk that is lost, a node that must
 * be ready again. Timings are printed as the table in the page has them.
 */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { after, test } from "node:test"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { finalBlockCodec } from "../src/base/chain/block.ts"
import { validatorAddress } from "../src/base/chain/validators.ts"
import { decodeAs, list } from "../src/base/schema.ts"
import { openDesk } from "../src/cli/desk.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { freePorts } from "../src/engine/comet/ports.ts"
import { genesisHash } from "../src/ledger/constitution/genesis.ts"
import { readIdentity } from "../src/node/invitation.ts"

const root = resolve(import.meta.dirname, "..")
const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false
const place = mkdtempSync(join(tmpdir(), "cs-ops-"))
const at = (...names: readonly string[]) => join(place, ...names)
const timings: (readonly [what: string, ms: number])[] = []

const nodes = new Map<string, ChildProcess>()
/** What each node wrote to its log. */
const logs = new Map<string, readonly string[]>()
after(async () => {
  for (const name of nodes.keys()) await stop(name)
  rmSync(place, { recursive: true, force: true })
})

interface Block {
  readonly language: string
  readonly text: string
}

const blocksOf = (page: string): readonly Block[] =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => {
    return { language: language!, text: text! }
  })
const operations = blocksOf("docs/operations.md")
const joining = blocksOf("docs/joining.md")
const commandsOf = (blocks: readonly Block[]) =>
  blocks.filter(({ language }) => language === "sh").map(({ text }) => text.trim().split("\n"))
const ports = new Map<string, number>()
let hash = ""

/** The words of a line, with this run's ports and hash in their places. */
function wordsOf(line: string): readonly string[] {
  const [program, ...words] = line.split(" ").filter((word) => word !== "&")
  assert.equal(program, "countersign", line)
  return words.map((word, i) => {
    if (word === "$GENESIS_HASH") return hash
    return /^--(p2p-)?port$/.test(words[i - 1] ?? "")
      ? String(ports.get(word) ?? assert.fail(`no port for ${word}`))
      : word
  })
}

const command = [join(root, "src/cli/main.ts")]

/** Runs a line to its end, or (with `&`) until the node says that it is there. */
async function type(line: string): Promise<string> {
  const words = wordsOf(line)
  const started = performance.now()
  const child = spawn(process.execPath, [...command, ...words], { cwd: place, stdio: ["ignore", "pipe", "pipe"] })
  const lines: string[] = []
  const errors: string[] = []
  for (const [stream, into] of [
    [child.stdout, lines],
    [child.stderr, errors],
  ] as const)
    createInterface(stream).on("line", (one) => into.push(one))
  const ended = new Promise<number | null>((done) => child.once("close", done))
  if (line.endsWith("&")) {
    const name = words[words.indexOf("--dir") + 1]!
    nodes.set(name, child)
    logs.set(name, errors)
    const ready = new Promise<void>((done) => createInterface(child.stdout).once("line", () => done()))
    await Promise.race([ready, ended.then((code) => assert.fail(`${line}: ${code}\n${errors.join("\n")}`))])
  } else assert.equal(await ended, 0, `${line}\n${lines.join("\n")}\n${errors.join("\n")}`)
  timings.push([line, performance.now() - started])
  return lines.join("\n")
}

async function typeAll(lines: readonly string[]): Promise<readonly string[]> {
  const said: string[] = []
  for (const line of lines) said.push(await type(line))
  return said
}

async function stop(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const child = nodes.get(name)
  nodes.delete(name)
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once("exit", done))
  child.kill(signal)
  await gone
}

interface Condition {
  readonly ready: boolean
  readonly height: number
  readonly reasons: readonly { readonly code: string }[]
}

const ready = (name: string) => openDesk(at(name)).get<Condition>("/ready")

async function until(what: string, good: () => Promise<boolean>, seconds = 90): Promise<number> {
  const started = performance.now()
  while (performance.now() - started < seconds * 1000) {
    if (await good().catch(() => false)) return performance.now() - started
    await new Promise((done) => setTimeout(done, 100))
  }
  return assert.fail(`not within ${seconds} s: ${what}`)
}

async function isReady(name: string, atLeast = 1): Promise<number> {
  let last: Condition | undefined
  const good = async () => {
    last = await ready(name)
    return last.ready && last.height >= atLeast
  }
  try {
    return await until(`${name} is ready at ${atLeast}`, good, 150)
  } catch (error) {
    console.log(JSON.stringify(last), logs.get(name)?.slice(-20).join("\n"))
    throw error
  }
}

const deposit = (reference: string) =>
  openDesk(at("bank")).desk<{ height: number }>("deposit", { to: 2, amount: "100", reference })
const freeOf = async (name: string) =>
  (await openDesk(at(name)).desk<{ free?: string }>("account", { organization: 2 })).free ?? "0"

const [begin, found, settle, start, backup, drill, stoppedDrill] = commandsOf(operations)

test("the page's blocks are the ones that this test runs", () => {
  assert.equal(commandsOf(operations).length, 7)
  assert.equal(commandsOf(joining).length, 6)
})

test("four organizations begin, found, join and start, and are ready", { skip }, async () => {
  const wanted = [...operations, ...joining].flatMap(({ text }) =>
    [...text.matchAll(/--(?:p2p-)?port (\d+)/g)].map(([, port]) => port!),
  )
  const free = await freePorts(wanted.length)
  for (const [i, port] of wanted.entries()) ports.set(port, free[i]!)
  writeFileSync(at("passphrase"), "a passphrase for this test alone\n", { mode: 0o600 })
  await typeAll(begin!)
  const terms = operations.find(({ language }) => language === "yaml")!.text
  const now = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`
  writeFileSync(at("terms.yaml"), terms.replace(/^start: .*$/m, `start: ${now}`))
  const [said] = await typeAll(found!)
  hash = toHex(genesisHash(readFileSync(at("community/genesis.cbor"))))
  assert.ok(said!.includes(hash))
  await typeAll(settle!)
  // All at once, as on four machines.
  const running = start!.filter((line) => line.endsWith("&")).map(type)
  await Promise.all(running)
  for (const name of ["clinic", "payer", "bank", "regulator"]) timings.push([`${name} ready`, await isReady(name)])
  assert.match((await typeAll(start!.filter((line) => !line.endsWith("&"))))[0]!, /"height": \d/)
  await deposit("first")
  await until("the clinic sees the deposit", async () => (await freeOf("clinic")) === "100")
})

test("a running validator is backed up, its disk is lost, and what is restored catches up and signs nothing", {
  skip,
}, async () => {
  const before = await deposit("before")
  await typeAll(backup!)
  const address = toHex(validatorAddress(validatorKeyOf("clinic")))
  await stop("clinic", "SIGKILL")
  rmSync(at("clinic"), { recursive: true })
  const missed = await deposit("while it is away")
  assert.ok(missed.height > before.height)
  await type(drill![0]!)
  assert.equal(existsSync(at("clinic/ledger")), false, "an engine that begins anew has no state ahead of its blocks")
  assert.match(readFileSync(at("clinic/engine/home/data/priv_validator_state.json"), "utf8"), /"9223372036854775807"/)
  await type(drill![1]!)
  timings.push(["restored from a running node's backup: ready", await isReady("clinic", missed.height)])
  await type(drill![2]!)
  assert.equal(await freeOf("clinic"), "300")
  const last = await deposit("after")
  await until("the clinic has the last block", async () => (await ready("clinic")).height >= last.height)
  for (const block of await blocksFrom("payer", missed.height)) {
    const signed = block.commit.signatures.some((slot) => "address" in slot && toHex(slot.address) === address)
    assert.equal(signed, false, `height ${block.header.height}`)
  }
})

test("a joining clinic is voted in, registers its keys, follows, and writes", { skip }, async () => {
  const [first, ask, vote, second, hand, go] = commandsOf(joining)
  await typeAll([...first!, ...ask!])
  const [proposed] = await typeAll(vote!.slice(0, 1))
  const { proposal } = JSON.parse(proposed!) as { readonly proposal: string }
  writeFileSync(at("ballot.json"), JSON.stringify({ proposal, vote: "yes" }))
  for (const line of vote!.slice(1)) {
    const { enacted } = JSON.parse(await type(line)) as { readonly enacted: boolean }
    if (enacted) break
  }
  await typeAll(second!)
  await typeAll(hand!)
  await type(go![0]!)
  timings.push(["joined as a follower: ready", await isReady("northside", 2)])
  await type(go![1]!)
  // As a member: its transaction goes in by another's door, under its own certificate.
  const { height } = await openDesk(at("northside")).desk<{ height: number }>("propose", {
    action: "freeze",
    fields: { hours: 1 },
  })
  assert.ok(height > 0)
})

test("a stopped node's backup brings its blocks along", { skip }, async () => {
  const { height } = await deposit("last")
  await stop("bank")
  await type(stoppedDrill![0]!)
  rmSync(at("bank"), { recursive: true })
  await type(stoppedDrill![1]!)
  assert.ok(existsSync(at("bank/ledger/data.mdb")))
  await type(stoppedDrill![2]!)
  timings.push(["restored from a stopped node's backup: ready", await isReady("bank", height)])
  await type(stoppedDrill![3]!)
  const [block] = await blocksFrom("bank", 1)
  assert.equal(block?.header.height, 1, "the first block is there")
  for (const [what, ms] of timings) console.log(`${(ms / 1000).toFixed(1)} s  ${what}`)
})

function validatorKeyOf(name: string): Uint8Array {
  const { validator } = readIdentity(readFileSync(at(name, "identity.json"), "utf8"), name).keys
  assert.ok(validator !== undefined)
  return fromHex(toHex(validator))
}

async function blocksFrom(name: string, from: number) {
  return decodeAs(list(finalBlockCodec, 0, 256), await openDesk(at(name)).getBytes(`/chain/blocks?from=${from}&wait=0`))
}
