/**
 * Goal: a roster is loaded once however often it is given, nothing of a bad file is done, and no secret is printed.
 * Method: a board and a payer as running nodes, the command as its people type it.
 */
import assert from "node:assert/strict"
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { after, before, test } from "node:test"
import { fromHex, toHex } from "../base/bytes.ts"
import { Refused } from "../base/refusal.ts"
import { foundCommunity } from "../node/founding.ts"
import { openLog } from "../node/logging.ts"
import { Node } from "../node/node.ts"
import { practitionerId } from "../node/registry-desk.ts"
import { BadLines, readRoster } from "../node/roster.ts"
import { Transport } from "../node/transport.ts"
import { plansFolder, readPlanFiles } from "./community/plan-files.ts"
import { openDesk, writeDeskFile } from "./desk.ts"
import { practitionerCommand } from "./practitioner.ts"
import { type LineReport, rosterCommand } from "./roster.ts"
import { Screen } from "./screen.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-roster-"))
const at = (...names: readonly string[]) => join(root, ...names)
const members = [
  { number: 1, name: "board", kind: "licence-board" },
  { number: 2, name: "payer", kind: "payer" },
  { number: 3, name: "clinic", kind: "provider" },
] as const
const nodes: Node[] = []
let plan = ""

before(async () => {
  for (const { number: organization, name, kind } of members) {
    const own = { directory: at(name), name, kind, organization, host: "127.0.0.1", port: 0, startKey: "r".repeat(32) }
    const config = { ...own, operator: organization === 1, turnableClock: true, tls: true }
    const node = await Node.start(config, openLog({ level: undefined, name }))
    nodes.push(node)
    const { url, pin, deskToken: desk } = node
    writeDeskFile(at(name), { organization, name, kind, url, pin: toHex(pin!), desk, process: process.pid })
  }
  const identities = await Promise.all(
    members.map(({ name }) =>
      openDesk(at(name)).get<Record<string, unknown> & { keys: Record<string, string> }>("/identity"),
    ),
  )
  const founders = members.map(({ number, name, kind }, i) => {
    const keys = Object.entries(identities[i]!.keys).map(([use, key]) => [use, fromHex(key)] as const)
    return { number, name, kind, group: number, keys: Object.fromEntries(keys) }
  })
  const start = 1_776_000_000
  const terms = { chainId: "rosters", currency: "usd", validators: [1], k: 8, startHour: Math.floor(start / 3600) }
  const organizations = identities.map((identity, i) => ({ ...identity, url: nodes[i]!.url }))
  const genesis = toHex(foundCommunity(founders, terms))
  for (const { name } of members) {
    const desk = openDesk(at(name))
    await desk.desk("list-organizations", { organizations })
    await desk.desk("found", { genesis, start, operator: 1 })
  }
  const files = readPlanFiles(join(plansFolder(), "eye-sample.md"))
  const tables = files.tables.map(({ name, bytes }) => ({ name, bytes: toHex(bytes) }))
  const ready = async () => (await openDesk(at("payer")).get<{ height: number }>("/health")).height > 0
  for (let tries = 0; tries < 500 && !(await ready()); tries++) await new Promise((done) => setTimeout(done, 20))
  plan = (await openDesk(at("payer")).desk<{ plan: string }>("prepare-plan", { bytes: toHex(files.bytes), tables }))
    .plan
})
after(async () => {
  for (const node of nodes.toReversed()) await node.stop()
  rmSync(root, { recursive: true, force: true })
})

function screen() {
  const out = new PassThrough()
  return { screen: new Screen(out), said: () => String(out.read() ?? "") }
}

async function load(name: string, csv: string, ...more: readonly string[]) {
  writeFileSync(at("roster.csv"), csv)
  const shown = screen()
  const { value, failed } = await rosterCommand.run([at(name), at("roster.csv"), ...more], shown.screen)
  const { lines } = value as { readonly lines: readonly LineReport[] }
  return { outcomes: lines.map(({ outcome }) => outcome), failed: failed === true, said: shown.said(), lines }
}

async function makeKey(name: string): Promise<string> {
  const { value } = await practitionerCommand.run(["key", "--out", at(name)], screen().screen)
  return (value as { readonly key: string }).key
}

const statusOf = async (licence: string) => {
  const id = toHex(practitionerId(1, licence))
  const { rows } = await openDesk(at("board")).get<{ rows: { history: { status: number }[] }[] }>(
    `/registers/practitioners?id=${id}`,
  )
  return rows[0]?.history.map(({ status }) => status)
}

test("practitioners are enrolled once they have signed, suspended, restored, ended, and left alone when nothing changed", async () => {
  const [first, second] = [await makeKey("first.key"), await makeKey("second.key")]
  assert.equal(statSync(at("first.key")).mode & 0o077, 0)
  const csv = (one: string, two: string) =>
    `licence,key,status,from\r\nOPH-1,${first},${one},\r\nOPH-2,${second},${two},\r\nOPH-3,${second.replace(/.$/, (d) => (d === "0" ? "1" : "0"))},active,2099-01-01\r\n`
  const asked = await load("board", csv("active", "suspended"), "--out", at("to-sign.json"))
  assert.deepEqual(asked.outcomes, ["awaits-signature", "awaits-signature", "later"])
  assert.equal(await statusOf("OPH-1"), undefined)
  const sign = (key: string, out: string, chain = "rosters") =>
    practitionerCommand.run(
      ["sign", at("to-sign.json"), "--key", at(key), "--chain-id", chain, "--out", at(out)],
      screen().screen,
    )
  await sign("first.key", "first.json")
  await sign("second.key", "second.json")
  const signatures = ["--signatures", at("first.json"), "--signatures", at("second.json")]
  assert.deepEqual((await load("board", csv("active", "suspended"), ...signatures)).outcomes, [
    "enrolled",
    "enrolled",
    "later",
  ])
  assert.deepEqual([await statusOf("OPH-1"), await statusOf("OPH-2")], [[0], [0, 1]])
  assert.deepEqual((await load("board", csv("active", "suspended"), ...signatures)).outcomes, [
    "unchanged",
    "unchanged",
    "later",
  ])
  assert.deepEqual((await load("board", csv("ended", "active"))).outcomes, ["status-set", "status-set", "later"])
  assert.deepEqual(
    [await statusOf("OPH-1"), await statusOf("OPH-2")],
    [
      [0, 2],
      [0, 1, 0],
    ],
  )
  const refused = await load("board", csv("active", "active"))
  assert.deepEqual([refused.outcomes, refused.failed], [["refused", "unchanged", "later"], true])
  assert.deepEqual(refused.lines[0], { line: 2, outcome: "refused", code: "wrong-stage", remedy: "retry" })
})

test("a practitioner signs only for the own key and licence", async () => {
  await makeKey("third.key")
  const run = (pending: unknown) => {
    writeFileSync(at("pending.json"), JSON.stringify(pending))
    const order = ["sign", at("pending.json"), "--key", at("third.key"), "--chain-id", "rosters", "--out", at("x.json")]
    return practitionerCommand.run(order, screen().screen)
  }
  const [theirs] = JSON.parse(readFileSync(at("to-sign.json"), "utf8")) as {
    licence: string
    key: string
    payload: string
  }[]
  const isOther = (error: unknown) => error instanceof Refused && error.refusal.code === "payload-other"
  await assert.rejects(run([theirs]), isOther)
  const own = (await practitionerCommand.run(["key", "--out", at("fourth.key")], screen().screen)).value as {
    key: string
  }
  assert.notEqual(own.key, theirs!.key)
  const third = readFileSync(at("third.key"), "utf8").trim()
  assert.match(third, /^[0-9a-f]{64}$/)
  await assert.rejects(run("nonsense"), (error) => error instanceof Refused && error.refusal.code === "enrolments")
  assert.equal(existsSync(at("x.json")), false)
})

const header = "member,plan,cap,born,sex,coverFrom,left\n"

test("members are enrolled once each; their codes are in the file alone, and the file is its owner's", async () => {
  const line = (member: string) => `${member},${plan},5000000,1950-02-03,female,2026-01-01,\n`
  const out = at("codes.csv")
  const first = await load("payer", header + line("M-1") + line("M-2"), "--out", out)
  assert.deepEqual(first.outcomes, ["member-enrolled", "member-enrolled"])
  assert.equal(statSync(out).mode & 0o077, 0)
  const codes = readFileSync(out, "utf8").trim().split("\n")
  assert.deepEqual(
    codes.map((one) => one.split(",")[0]),
    ["member", "M-1", "M-2"],
  )
  const secrets = codes.slice(1).map((one) => one.split(",")[1]!)
  assert.equal(new Set(secrets).size, 2)
  for (const secret of secrets) assert.ok(/^[0-9a-f]{64}$/.test(secret) && !first.said.includes(secret))
  const again = await load("payer", header + line("M-1") + line("M-2") + line("M-3"), "--out", out)
  assert.deepEqual(again.outcomes, ["unchanged", "unchanged", "member-enrolled"])
  // A crash between two members, in the middle of a line.
  appendFileSync(out, "M-4,abc")
  assert.deepEqual((await load("payer", header + line("M-4"), "--out", out)).outcomes, ["member-enrolled"])
  assert.match(readFileSync(out, "utf8"), /\nM-4,[0-9a-f]{64}\n$/)
})

test("a refused member stops no other; the command then fails", async () => {
  const csv = `${header}M-7,${plan},5000000,,,,no-such-bucket:5\nM-8,${plan},5000000,,,,\n`
  const { outcomes, failed, lines } = await load("payer", csv, "--out", at("more.csv"))
  assert.deepEqual([outcomes, failed], [["refused", "member-enrolled"], true])
  assert.equal(lines[0]?.code, "bucket")
})

test("a bad file is refused whole, each bad line by line and column, before anything is done", async () => {
  const csv = `${header}M-1,${plan},5000001,,,,\n,${plan},5000000,,,,\nM-1,xyz,5000000,1950-02-30,,,\nM-9,${plan},5000000,,,,x\n`
  const isBad = (error: unknown) => {
    assert.ok(error instanceof BadLines)
    assert.deepEqual(
      error.lines.map(({ at: place }) => place),
      ["line 2, column 3 (cap)", "line 3, column 1 (member)", "line 4, column 2 (plan)", "line 5, column 7 (left)"],
    )
    return true
  }
  await assert.rejects(load("payer", csv, "--out", at("none.csv")), isBad)
  assert.equal(existsSync(at("none.csv")), false)
})

const refusedAs = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code
const key = `01${"ab".repeat(32)}`

test("files of other forms are refused in plain words", async () => {
  assert.throws(() => readRoster("name,birth date\n", "x"), refusedAs("roster-header"))
  assert.throws(() => readRoster("licence,key,status,name\n", "x"), refusedAs("roster-header"))
  assert.throws(() => readRoster("licence,status\n", "x"), refusedAs("roster-header"))
  assert.throws(() => readRoster('licence,key,status\n"A,1', "x"), refusedAs("roster-csv"))
  assert.throws(
    () => readRoster(`licence,key,status\nA,${key},active\nA,${key},active\n`, "x"),
    refusedAs("roster-twice"),
  )
  assert.throws(() => readRoster("licence,key,status\nA,b\n", "x"), refusedAs("roster-line"))
  assert.equal(readRoster(`\ufefflicence,key,status\n"A",${key},active\n\n`, "x").lines.length, 1)
  await assert.rejects(load("clinic", `licence,key,status\nA,${key},active\n`), refusedAs("roster-kind"))
  await assert.rejects(load("payer", `${header}M-1,${plan},5000000,,,,\n`), refusedAs("arguments"))
  await assert.rejects(load("nowhere", `licence,key,status\nA,${key},active\n`), refusedAs("desk-absent"))
})

test("the desk's file opens nothing for whom it is not the pin's", async () => {
  const { url } = nodes[0]!
  await assert.rejects(new Transport().request(`${url}/health`, { pin: new Uint8Array(32) }), /its key is not the one/)
})
