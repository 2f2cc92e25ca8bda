/**
 * Goal: whatever is wrong with what a desk or a letter brings, the answer says code, place and remedy and never what
 * stood there; nothing of it reaches a log; and bad input is refused, not taken for an outage. Method: a whole visit is
 * recorded at the desks; then every field of every request is replaced, one at a time, by canaries of many forms.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { toUtf8 } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { caughtUp, engagePractitioner, roles } from "../src/cli/community/setting.ts"
import { type Exchange, LocalNode, newPatient, openScene, type Scene, until, writeAs } from "./local-community.ts"

const canary = "quiet-canary-9c41"
const traces = [canary, toHex(toUtf8(canary)), Buffer.from(canary).toString("base64").replace(/=+$/, "")]
const holdsCanary = (text: string) => traces.some((trace) => text.includes(trace))

/** What this process and its nodes said aloud. */
const said: string[] = []
const loud = [process.stdout, process.stderr].map((stream) => {
  const write = stream.write.bind(stream)
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
    said.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1"))
    return write(chunk, ...rest)
  }) as typeof stream.write
  return () => {
    stream.write = write
  }
})

const root = mkdtempSync(join(tmpdir(), "countersign-silent-"))
const exchanges: Exchange[] = []
let scene: Scene

before(async () => {
  const start = LocalNode.start
  LocalNode.start = async (...args) => {
    const node = await start.apply(LocalNode, args)
    node.listener = (exchange) => exchanges.push(exchange)
    return node
  }
  scene = await openScene(root)
  LocalNode.start = start
})
after(async () => {
  await scene?.community.stop()
  for (const quiet of loud) quiet()
  rmSync(root, { recursive: true })
})

const clinic = () => scene.community.node(roles.clinic)

/** One visit from its address to its refund, so that every desk of it has been asked once. */
async function wholeVisit(): Promise<void> {
  const { told, practitioner } = scene
  const patient = await newPatient(scene)
  const name = { visit: "" }
  await patient.run(practitioner.id, { ...told, hold: told.hold })
  name.visit = toHex(patient.visit.V)
  await clinic().desk("pay", { payer: roles.payer, few: true })
  await clinic().desk("collect", { ...name, amount: 1n })
  const { statement } = await clinic().desk<{ statement: string }>("replace", { ...name, remove: [1] })
  await patient.settled(fromHex(statement))
  await clinic().desk("refund", name)
  await clinic().desk("timeline", { ...name, asOf: "2026-04-15" })
  await clinic().desk("add-fact", { ...name, ...told.facts[0] })
  const [payer, bank, board] = [roles.payer, roles.bank, roles.board].map((number) => scene.community.node(number))
  await payer!.desk("explanation", { statement })
  await payer!.desk("agreed-claim", { statement })
  const visit = await clinic().desk<{ receipt: string }>("visit-status", name)
  await clinic().desk("visit-bundle", name)
  await clinic().desk("visit", { ...name, provider: roles.clinic })
  await clinic().desk("account", { organization: roles.payer })
  await payer!.desk("anchor-log")
  await clinic().desk("amend-record", { ...name, entries: [], facts: [told.facts[0]] })
  await bank!.desk("deposit", { to: roles.hospital, amount: 500n, reference: "ref-1" })
  await caughtUp(scene.setting.community)
  const withdrawal = await scene.community
    .node(roles.hospital)
    .desk<object>("prepare-withdrawal", { custodian: roles.bank, amount: 5n, reference: "ref-2" })
  await bank!.desk("withdraw", withdrawal)
  const someone = await engagePractitioner(scene.setting, roles.hospital, "lic-2")
  await board!.desk("set-licence-status", { practitioner: toHex(someone.id), status: 1 })
  const { files } = await clinic().desk<{ files: string[] }>("record", await freshRecord())
  await clinic().desk("read-entry", { file: files[0], who: "dr-a", purpose: "care" })
  await clinic().desk("sealed-entry", { file: files[0] })
  assert.ok(visit.receipt.length > 0)
}

/** A small record for a visit that has just begun. */
async function freshRecord(): Promise<object> {
  const patient = await newPatient(scene)
  await patient.arrive(scene.practitioner.id)
  const entry = { mediaType: "text/plain", category: scene.told.entries[0]!.category, bytes: "00", at: "2026-04-14" }
  const fact = { sentence: "The eyes were examined.", entry: 0 }
  return { visit: toHex(patient.visit.V), entries: [{ ...entry, title: "A note" }], facts: [fact] }
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
const isBranch = (value: Json): value is readonly Json[] | { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null

/** For the report of a failure, which must not be what it reports. */
const hidden = (text: string) => traces.reduce((left, trace) => left.replaceAll(trace, "*"), text).slice(0, 400)

/** The value once for each of its leaves and branches, with that one replaced. */
function* replacedOnce(value: Json, by: Json): Generator<Json> {
  yield by
  if (!isBranch(value)) return
  // Of a list the first item shows what the others would.
  for (const [name, item] of Object.entries(value).slice(0, Array.isArray(value) ? 1 : 40)) {
    for (const changed of replacedOnce(item, by)) {
      if (!Array.isArray(value)) yield { ...value, [name]: changed }
      else yield value.map((old: Json, i) => (i === Number(name) ? changed : old))
    }
  }
}

const everyForm: readonly Json[] = [
  canary,
  `${canary}\u00e9\n\u0000`,
  canary.repeat(200),
  toHex(toUtf8(canary)),
  // An id that nobody has: the ledger's rules name ids, which are public there.
  "ab".repeat(32),
  [],
  [canary],
  { [canary]: canary },
  -1,
  0,
  1e15,
]

/** In the short run the four that tell most: text that is one, text that is none, no list, too large a number. */
const forms = process.env["COUNTERSIGN_LONG"] === undefined ? [0, 1, 7, 10].map((i) => everyForm[i]!) : everyForm

/** The clock and the address book stay as they are: what is asked later needs them. */
const leftAlone = new Set(["turn-clock", "leap-clock", "list-organizations", "found", "resume"])

test("no refusal of any desk tells what stood in the request, and none is an outage", async () => {
  await wholeVisit()
  const first = new Map<string, Exchange>()
  for (const exchange of exchanges) {
    const name = `${exchange.node.member.kind} ${exchange.operation}`
    if (exchange.status === 200 && exchange.asked.length < 60_000 && !leftAlone.has(exchange.operation))
      if (!first.has(name)) first.set(name, exchange)
  }
  assert.ok(first.size >= 35, [...first.keys()].join(", "))
  const outages = new Map<string, string>()
  const told = new Map<string, string>()
  let refused = 0
  for (const [name, { node, operation, asked }] of first) {
    for (const form of forms) {
      for (const body of replacedOnce(JSON.parse(asked) as Json, form)) {
        const { status, answered } = await node.ask(operation, JSON.stringify(body))
        if (status < 400) continue
        refused++
        if (holdsCanary(answered)) told.set(`${name}: ${JSON.parse(answered).code}`, hidden(answered))
        const { code, message, at, remedy } = JSON.parse(answered) as Record<string, unknown>
        for (const part of [code, message, at, remedy]) assert.ok(typeof part === "string" && part !== "", name)
        if (status === 503) outages.set(`${name}: ${message}`, hidden(JSON.stringify(body)))
      }
    }
  }
  assert.ok(refused > 250, `${refused} refusals`)
  assert.deepEqual([...told], [])
  assert.deepEqual([...outages], [])
})

test("a letter's words go no further than its reader", async () => {
  const patient = await newPatient(scene)
  const { told, practitioner } = scene
  await patient.arrive(practitioner.id)
  await patient.quote(told.lines)
  await patient.hold(told.hold)
  await patient.record(told.entries, told.facts)
  await patient.claim(told.lines)
  const { statement } = await patient.review()
  await writeAs(scene, { sender: roles.payer, to: roles.clinic }, "disagreement", { statement, reason: canary })
  await writeAs(scene, { sender: roles.payer, to: roles.clinic }, "document", {
    name: canary,
    mediaType: canary,
    content: toUtf8(canary),
  })
  const refused = await until(async () => (await patient.status()).refused)
  assert.equal(refused.code, canary, "a word that has the form of a code is shown")
  await writeAs(scene, { sender: roles.payer, to: roles.clinic }, "disagreement", {
    statement,
    reason: `${canary} Ann`,
  })
  const next = await until(async () => {
    const now = (await patient.status()).refused
    return now?.code === canary ? undefined : now
  })
  assert.equal(next.code, "not-said")
  assert.ok(!holdsCanary(JSON.stringify(next)))
})

test("paths and headers are not told either", async () => {
  const { url } = clinic()
  const asked: readonly (readonly [string, RequestInit?])[] = [
    [`/${canary}`],
    [`/plans/${canary}`],
    [`/plans/${canary}?table=${canary}`],
    [`/chain/blocks?from=${canary}&wait=${canary}`],
    [`/desk/${canary}`, { method: "POST" }],
    ["/desk/quote", { method: "POST", headers: { authorization: canary } }],
    ["/mail", { method: "POST", body: canary }],
    ["/mail", { method: "POST", body: canary, headers: { "content-type": canary } }],
    ["/mail", { method: "POST", body: canary, headers: { "content-type": "application/cbor" } }],
    ["/mail/drain", { method: "POST", body: canary, headers: { "content-type": "application/cbor" } }],
    ["/chain/transactions", { method: "POST", body: canary, headers: { "content-type": "application/cbor" } }],
    ["/chain/transactions", { method: "POST", body: `{"${canary}"`, headers: { "content-type": "application/json" } }],
  ]
  for (const [path, init] of asked) {
    const response = await fetch(url + path, init)
    assert.ok(!holdsCanary(await response.text()), path)
    assert.notEqual(response.status, 503, path)
  }
})

test("nothing of it was said aloud", () => {
  assert.ok(!holdsCanary(said.join("")))
  const before = said.length
  process.stderr.write("")
  assert.ok(said.length > before, "the ear is open")
})
