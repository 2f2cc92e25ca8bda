/**
 * Goal: the report names what is wrong and nothing else, and the regulator's node holds nobody's name. Method: seven
 * real nodes; a visit that clinic and payer colluded on, one paid late, one settled and not opened, one that is right.
 * Strings that occur nowhere else are planted in the record, and looked for in everything that the regulator keeps.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { after, before, test } from "node:test"
import { toUtf8 } from "#crypto"
import { type LocalNode, newPatient, openScene, type Scene, until, writeAs } from "../../../test/local-community.ts"
import { concat, toHex } from "../../base/bytes.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { toJson } from "../../base/json.ts"
import { Refused } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { caughtUp, roles, turnClock } from "../../cli/community/setting.ts"
import { recheckCommand } from "../../cli/recheck.ts"
import { Screen } from "../../cli/screen.ts"
import type { Journey } from "../../cli/visit/journey.ts"
import { decodePayload, encodePayload, monthExpiry, transactionId } from "../../ledger/envelopes.ts"
import { factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../../ledger/visit/4-settle.ts"
import { decodeLeg, determinationDigest, encodeDetermination, encodeLeg, legDigest } from "../../plan/leg.ts"
import { commitAmount, scalarFromUniform } from "../../privacy/amounts.ts"
import { commitDetermination } from "../../privacy/commitments.ts"
import { sealFor } from "../../record/bundle-sealing.ts"
import { openEnvironment, openTable } from "../../store/environment.ts"
import { WorkStore } from "../../store/work-store.ts"
import { type Bundle, decodeBundle, encodeBundle } from "../../verify/bundle.ts"
import type { Review } from "../../wallet/review.ts"
import { envelopeOf } from "../payload.ts"
import { Work } from "../work.ts"
import type { RecheckReport } from "./report.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-regulator-"))
const canaries = {
  patient: "Quilla Zephyrine Oxtoby",
  practitioner: "Dr. Vesper Nightingale-Roux",
  sentence: "The canary's left eye was examined and its vitreous found clear 8851.",
}
let scene: Scene
let report: RecheckReport
/** What the regulator's node gave before it stopped, and the bundles as the payer has them. */
const planted: { late: string; colluded: string; unopened: string; good: string; bundles: Bundle[] } = {
  late: "",
  colluded: "",
  unopened: "",
  good: "",
  bundles: [],
}
const desk = (role: keyof typeof roles): LocalNode => scene.community.node(roles[role])

interface Settled {
  readonly journey: Journey
  readonly review: Review
  readonly visit: string
}

async function settled(): Promise<Settled> {
  const { told, practitioner } = scene
  const journey = await newPatient(scene)
  const note = { subject: { display: canaries.patient }, author: [{ display: canaries.practitioner }] }
  const entries = [
    ...told.entries,
    {
      ...told.entries[0]!,
      title: canaries.patient,
      mediaType: "application/json",
      bytes: toUtf8(JSON.stringify(note)),
    },
  ]
  const facts = told.facts.map((fact, i) => (i === 0 ? { ...fact, sentence: canaries.sentence } : fact))
  await journey.arrive(practitioner.id)
  await journey.quote(told.lines)
  await journey.hold(told.hold)
  await journey.record(entries, facts)
  await journey.claim(told.lines)
  const review = await journey.review()
  await journey.countersign(review)
  await journey.settled(review.statement)
  planted.bundles.push(review.bundle)
  return { journey, review, visit: toHex(journey.visit.V) }
}

const surplus = 10_000n

/** A determination that the plan does not give, with every commitment made anew so that all else holds. */
async function collude({ review }: Settled): Promise<{ readonly statement: Uint8Array; readonly bundle: Bundle }> {
  const { bundle } = review
  const [part] = bundle.legs
  const honest = decodeLeg(part!.opened!.leg)
  const { totals } = honest
  const leg = encodeLeg({ ...honest, totals: { ...totals, benefit: totals.benefit + surplus } })
  const { salt, trace } = part!.opened!
  const digest = legDigest(salt, leg)
  const determination = encodeDetermination({ legs: [digest], patient: totals.patient })
  const opening = { amount: totals.benefit + surplus, blinding: scalarFromUniform(new Uint8Array(randomBytes(64))) }
  const old = decodePayload(visitStatementType, visitBody, decodeEnvelope(bundle.visitStatement).payload).body
  const { hour } = await desk("clinic").get<{ hour: number }>("/health")
  const { chainId } = scene.setting
  const payload = encodePayload(visitStatementType, monthExpiry(hour), visitBody, {
    ...old,
    facts: decodePayload(factsStatementType, factsBody, decodeEnvelope(bundle.factsStatement).payload),
    supersedes: review.statement,
    determination: commitDetermination(bundle.salts.determination, determinationDigest(determination)),
    legs: [{ voucher: old.legs[0]!.voucher, commitment: commitAmount(opening.amount, opening.blinding)! }],
  })
  const billed = desk("clinic").keys.sign("bill", "billed", chainId, payload)
  const agreed = desk("payer").keys.sign("agree", "agreed", chainId, payload)
  const visitStatement = envelopeOf(payload, billed, agreed)
  await desk("clinic").desk("submit", { transaction: toHex(visitStatement) })
  const legs = [{ digest, traceRoot: part!.traceRoot, opened: { leg, salt, trace } }]
  const openings = [{ leg: 0, ...opening }]
  return {
    statement: transactionId(chainId, payload),
    bundle: { ...bundle, visitStatement, determination, legs, openings },
  }
}

/** A letter with an opened visit, by a node that takes nothing out before it seals. */
async function openAs(sender: "payer" | "hospital", statement: Uint8Array, bundle: Bundle): Promise<void> {
  const { sealingKey } = scene.setting.organizations.get(roles.regulator)!
  const info = concat(toUtf8("countersign/1/opened-visit"), statement)
  const sealed = await sealFor(sealingKey, info, encodeBundle(bundle))
  await writeAs(scene, { sender: roles[sender], to: roles.regulator }, "bundle", {
    statement,
    sealed,
    registers: undefined,
  })
}

const recheck = (period: object = {}) => desk("regulator").desk<RecheckReport>("recheck", period)
const pay = () => desk("clinic").desk("pay", { payer: roles.payer, few: true })

before(async () => {
  scene = await openScene(root)
  planted.good = (await settled()).visit
  await pay()
  planted.late = (await settled()).visit
  await turnClock(scene.setting, 723 * 3600)
  await pay()
  const colluded = await settled()
  planted.colluded = colluded.visit
  const { statement, bundle } = await collude(colluded)
  await caughtUp(scene.setting.community)
  const answer = await desk("payer").desk<object>("open-to-regulator", { regulator: roles.regulator })
  assert.deepEqual(answer, { settled: 3, opened: 2, notHeld: 1 })
  await openAs("payer", statement, bundle)
  const unopened = await settled()
  planted.unopened = unopened.visit
  await caughtUp(scene.setting.community)
  // Another organization cannot open what is not its own.
  await openAs("hospital", unopened.review.statement, unopened.review.bundle)
  report = await until(async () => {
    const latest = await recheck()
    return latest.visits.opened === 3 ? latest : undefined
  })
})
after(async () => {
  await scene?.community.stop()
  rmSync(root, { recursive: true, force: true })
})

test("the report names the wrong determination, the late payment and the visit not opened, and nothing else", () => {
  const { visits, differing, deadlines, notOpened, corrections, licences, balances } = report
  assert.deepEqual(visits, { settled: 4, opened: 3, differing: 1, atCustodians: 0 })
  assert.deepEqual(
    differing.map(({ code, visit, committed, recomputed }) => [code, visit, BigInt(committed!) - BigInt(recomputed!)]),
    [["recomputation-differs", planted.colluded, surplus]],
  )
  assert.deepEqual(
    deadlines.findings.map(({ code, visit, payer }) => [code, visit, payer]),
    [["paid-late", planted.late, roles.payer]],
  )
  assert.ok(deadlines.findings[0]!.hours >= 1 && deadlines.findings[0]!.hours <= 4)
  assert.deepEqual([deadlines.checked, deadlines.notDated], [4, 0])
  assert.deepEqual(
    notOpened.map(({ visit, payer }) => [visit, payer]),
    [[planted.unopened, roles.payer]],
  )
  assert.deepEqual(corrections, { replaced: 1, refunded: 0, voided: 0, open: [] })
  assert.deepEqual(licences, [])
  assert.deepEqual(balances.findings, [])
  assert.equal(BigInt(balances.accounts) + BigInt(balances.holds), 10_000_000n)
  assert.equal(report.clean, false)
})

test("by payer: what was committed to and what the plans give, over what was opened", () => {
  const [payer, ...others] = report.payers
  assert.deepEqual(others, [])
  const { settled: all, opened, differing, committed, recomputed, name } = payer!
  assert.deepEqual([name, all, opened, differing], ["sample-mutual", 4, 3, 1])
  assert.equal(BigInt(committed) - BigInt(recomputed), surplus)
})

test("the header that the report names is one that every node has, with the state's app hash", async () => {
  const { height, headerHash, appHash } = report.checkedAt
  const answer = await fetch(`${desk("clinic").url}/registers/organizations`)
  const view = (await answer.json()) as { height: number; headerHash: string }
  assert.ok(view.height >= height)
  assert.match(headerHash, /^[0-9a-f]{64}$/)
  assert.match(appHash, /^[0-9a-f]{64}$/)
  // Nothing was written since, so the check repeats to the byte but for the header.
  const again = await recheck()
  assert.deepEqual({ ...again, checkedAt: 0 }, { ...report, checkedAt: 0 })
  assert.equal(again.checkedAt.appHash, appHash)
})

test("a period takes what the ledger settled in it, from its first day to its last", async () => {
  const { serviceDay } = scene.told
  const first = formatDate(serviceDay)
  const early = await recheck({ from: first, to: first })
  assert.deepEqual([early.visits.settled, early.deadlines.findings.length, early.differing.length], [2, 1, 0])
  const later = await recheck({ from: formatDate(serviceDay + 1) })
  assert.deepEqual([later.visits.settled, later.notOpened.length, later.differing.length], [2, 1, 1])
  const none = await recheck({ from: formatDate(serviceDay + 20_000) })
  assert.deepEqual([none.visits.settled, none.clean], [0, true])
  await assert.rejects(recheck({ from: "2026-02-30" }), Refused)
  await assert.rejects(recheck({ from: "2026-03-02", to: "2026-03-01" }), Refused)
})

test("nothing is opened to anybody but an active regulator", async () => {
  for (const regulator of [roles.hospital, roles.association, 99])
    await assert.rejects(desk("payer").desk("open-to-regulator", { regulator }), (error) => {
      return error instanceof Refused && error.refusal.code === "not-a-regulator"
    })
  await assert.rejects(desk("clinic").desk("open-to-regulator", { regulator: roles.regulator }), Refused)
})

/** Runs the command against the node, by way of a door with a token of its own. */
async function runCommand(...args: readonly string[]) {
  const token = "t".repeat(64)
  const door = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      const refusal = {
        code: "desk-closed",
        message: "Cannot use desk: no valid token",
        at: "authorization",
        remedy: "Ask",
      }
      return response.writeHead(401).end(toJson(refusal))
    }
    const body = Buffer.concat(await request.toArray())
    const { status, answered } = await desk("regulator").ask(request.url!.split("/").at(-1)!, body.toString())
    return response.writeHead(status).end(answered)
  })
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve))
  const shown: Buffer[] = []
  const out = new Writable({ write: (chunk, _encoding, done) => done(void shown.push(chunk)) })
  try {
    const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
    const given = args.includes("--desk") ? args : ["--desk", token, ...args]
    const { value, failed } = await recheckCommand.run(["--url", url, ...given], new Screen(out))
    return { value, failed, shown: Buffer.concat(shown).toString() }
  } finally {
    door.closeAllConnections()
    door.close()
  }
}

test("one command writes the report, to read and to compute with, for its owner's eyes", async () => {
  const [json, page] = [join(root, "report.json"), join(root, "report.md")]
  const { failed, shown } = await runCommand("--out", json, "--md", page)
  assert.equal(failed, true)
  assert.match(shown, /3 of 4 settled visits/)
  const written = JSON.parse(readFileSync(json, "utf8")) as RecheckReport
  assert.deepEqual({ ...written, checkedAt: 0 }, { ...report, checkedAt: 0 })
  assert.equal(statSync(json).mode & 0o077, 0)
  const text = readFileSync(page, "utf8")
  for (const part of ["`recomputation-differs`", "`paid-late`", "Not checked", "3 of 4", planted.unopened.slice(0, 16)])
    assert.ok(text.includes(part), part)
  const { failed: none } = await runCommand("--from", "2030-01-01")
  assert.notEqual(none, true)
  await assert.rejects(runCommand("--desk", "wrong"), Refused)
  await assert.rejects(runCommand("--from", "soon"), Refused)
})

const encodings: readonly BufferEncoding[] = ["utf8", "utf16le", "hex", "base64"]
function holds(bytes: Uint8Array, text: string): boolean {
  const content = Buffer.from(bytes)
  return encodings.some((encoding) => content.includes(Buffer.from(Buffer.from(text).toString(encoding), encoding)))
}

/** Every value that a stopped node keeps in its work store, opened. */
async function valuesOf(node: LocalNode): Promise<ReadonlyMap<string, string>> {
  const startKey = "s".repeat(32)
  const directory = join(node.directory, "work")
  const environment = openEnvironment(join(directory, "data"), { encryptionKey: startKey })
  const names = [...openTable(environment, "work").getRange({})].map(({ key }) => (key as Buffer).toString("latin1"))
  await environment.close()
  const store = new WorkStore(directory, startKey)
  const work = new Work(store, startKey)
  const values = names.map((name) => {
    const [collection, id] = [name.slice(0, name.indexOf("\0")), name.slice(name.indexOf("\0") + 1)]
    return [name, toJson(work.get(collection, id))] as const
  })
  await store.close()
  return new Map(values)
}

test("neither the regulator's node, opened, nor its report holds a planted name or sentence", async () => {
  assert.ok(planted.bundles.every((bundle) => bundle.facts.some(({ sentence }) => holds(sentence, canaries.sentence))))
  await scene.community.stop()
  const kept = await valuesOf(desk("regulator"))
  const opened = [...kept].filter(([name]) => name.startsWith("opened-visits\0"))
  assert.equal(opened.length, 3)
  for (const [, value] of opened) {
    const bundle = decodeBundle(Buffer.from((JSON.parse(value) as { bundle: string }).bundle, "hex"))
    assert.deepEqual([bundle.facts, bundle.credential], [[], undefined])
  }
  const everything = [...kept, ["report", toJson(report)] as const]
  for (const text of Object.values(canaries)) {
    for (const [name, value] of everything) {
      assert.ok(!holds(Buffer.from(value), text), name)
      assert.ok(!value.includes(Buffer.from(text).toString("hex")), name)
    }
  }
  const atPayer = [...(await valuesOf(desk("payer")))]
  const hex = Buffer.from(canaries.sentence).toString("hex")
  assert.ok(
    atPayer.some(([, value]) => value.includes(hex)),
    "the search finds the sentence where it is",
  )
})
