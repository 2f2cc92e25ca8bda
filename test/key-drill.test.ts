/**
 * Goal: after the drill whoever holds every old seed of an organization can do nothing that anybody accepts, while what
 * was done before stands and what is open goes on. Method: seven real nodes in one process; the thief has the clinic's
 * and the payer's key rings as they were at the start, and the members' own nodes to talk to.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { keyId } from "../src/base/envelope.ts"
import { Refused } from "../src/base/refusal.ts"
import { monthOfDay } from "../src/base/time.ts"
import { anchorOf, leapClock, roles, turnClock } from "../src/cli/community/setting.ts"
import type { Journey, VisitStatus } from "../src/cli/visit/journey.ts"
import { transactionPayload } from "../src/ledger/bodies.ts"
import { signWith } from "../src/node/keys.ts"
import { envelopeOf } from "../src/node/payload.ts"
import type { DrillReport } from "../src/node/rotation/drill.ts"
import { generateNodeKey } from "../src/record/bundle-sealing.ts"
import { openRegisterPage } from "../src/verify/register-page.ts"
import { verifyReceipt } from "../src/verify/verify.ts"
import { bodyOf, drain } from "../src/wallet/post.ts"
import { newPatient, openScene, type Scene, until, writeAs } from "./local-community.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-drill-"))
let scene: Scene
let earlier: VisitStatus
let open: Journey
let waiting: Journey
let files: readonly string[] = []
const drills = new Map<number, DrillReport>()

before(async () => {
  scene = await openScene(root)
  earlier = await settledVisit()
  waiting = await newPatient(scene)
  open = await newPatient(scene)
  await open.arrive(scene.practitioner.id)
  await open.quote(scene.told.lines)
  await open.hold(scene.told.hold)
  files = (await open.record(scene.told.entries, scene.told.facts)).files
})
after(async () => {
  await scene?.community.stop()
  rmSync(root, { recursive: true })
})

const desk = (role: keyof typeof roles) => scene.community.node(roles[role])
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code
const hourNow = async () => (await desk("clinic").get<{ hour: number }>("/health")).hour
const seedOf = (role: keyof typeof roles, use: Parameters<ReturnType<typeof desk>["keys"]["seed"]>[0]) =>
  desk(role).keys.seed(use)

async function finish(journey: Journey): Promise<VisitStatus> {
  await journey.claim(scene.told.lines)
  const review = await journey.review()
  await journey.countersign(review)
  return journey.settled(review.statement)
}

async function settledVisit(): Promise<VisitStatus> {
  const journey = await newPatient(scene)
  await journey.arrive(scene.practitioner.id)
  await journey.quote(scene.told.lines)
  await journey.hold(scene.told.hold)
  await journey.record(scene.told.entries, scene.told.facts)
  return finish(journey)
}

/** What a thief writes, handed in at a member's desk that takes anything. */
const submit = (transaction: Uint8Array) => desk("hospital").desk("submit", { transaction: toHex(transaction) })

async function topUp(agreeSeed: Uint8Array, holdSeed: Uint8Array, amount = scene.told.hold * 2n): Promise<Uint8Array> {
  const { chainId } = scene.setting
  const body = { V: open.visit.V, provider: roles.clinic, leg: 0, amount }
  const payload = transactionPayload("top-up/1", (await hourNow()) + 12, body)
  return envelopeOf(
    payload,
    signWith(holdSeed, "held", chainId, payload),
    signWith(agreeSeed, "held", chainId, payload),
  )
}

async function cancel(holdSeed: Uint8Array): Promise<Uint8Array> {
  const body = { V: open.visit.V, provider: roles.clinic, leg: 0 }
  const payload = transactionPayload("cancel/1", (await hourNow()) + 12, body)
  return envelopeOf(payload, signWith(holdSeed, "cancelled", scene.setting.chainId, payload))
}

async function newAdmin(adminSeed: Uint8Array): Promise<Uint8Array> {
  const seed = new Uint8Array(randomBytes(32))
  const { chainId } = scene.setting
  const body = { org: roles.clinic, key: keyId(publicKeyOf(seed)), roles: 1, practitioner: undefined }
  const hour = await hourNow()
  const payload = transactionPayload("register-key/1", hour + 12, { ...body, from: hour, until: hour + 1000 })
  return envelopeOf(
    payload,
    signWith(adminSeed, "registered", chainId, payload),
    signWith(seed, "possessed", chainId, payload),
  )
}

async function drill(role: keyof typeof roles): Promise<DrillReport> {
  const report = await desk(role).desk<DrillReport>("rotate-keys", { compromised: ["all"] })
  drills.set(roles[role], report)
  return report
}

test("the drill at the payer: every key has a successor, the old ones have ended, everybody has taken it over", async () => {
  const report = await drill("payer")
  const rows = new Map(report.rows.map((row) => [row.use, row]))
  const uses = ["admin", "vote", "operate", "peer", "voucher", "agree", "pay"]
  for (const use of uses) {
    const row = rows.get(use)
    assert.equal(row?.state, "done", `${use}: ${row?.note}`)
    assert.notEqual(row.old, row.next)
    assert.ok(row.revoked! <= (await hourNow()), `${use} has ended`)
  }
  for (const use of ["sealing", "records", "transport"]) assert.equal(rows.get(use)?.state, "done")
  assert.deepEqual(report.untold, [])
  assert.deepEqual([...report.told].sort(), [1, 2, 4, 5, 6, 7])
  assert.deepEqual(report.foreign, [])
  assert.equal(report.resealed, 0)
})

test("the payer's old keys hold, agree and pay nothing", async () => {
  const ownHold = seedOf("clinic", "hold")
  await assert.rejects(submit(await topUp(seedOf("payer", "agree"), ownHold)), refusedWith("signer-inactive"))
  const withdrawal = await desk("payer").desk<{ payload: string }>("prepare-withdrawal", {
    custodian: roles.bank,
    amount: "100",
    reference: "thief",
  })
  const stolen = signWith(seedOf("payer", "pay"), "withdrew", scene.setting.chainId, fromHex(withdrawal.payload))
  await assert.rejects(desk("bank").desk("withdraw", { ...withdrawal, ...stolen }), refusedWith("signer-inactive"))
})

test("a voucher that the old key signed holds nothing any more; the member is told and gets another", async () => {
  assert.ok(drills.get(roles.payer)!.patients > 0)
  await waiting.arrive(scene.practitioner.id)
  await waiting.quote(scene.told.lines)
  await assert.rejects(waiting.hold(scene.told.hold), refusedWith("signer-inactive"))
  // Her letter is sealed to the key that the payer had before: it still opens there.
  await waiting.fetchVouchers(monthOfDay(scene.told.serviceDay))
  const until = waiting.wallet.cover(roles.payer).vouchers.length
  assert.ok(until > 0)
})

test("the drill at the clinic: with its desk keys and its notes", async () => {
  const validUntil = await cancel(seedOf("clinic", "hold"))
  const report = await drill("clinic")
  const waits = report.rows.filter(({ state }) => state !== "done")
  assert.deepEqual(waits, [])
  assert.equal(report.rows.filter(({ use }) => use.startsWith("desk ")).length, 1)
  assert.equal(report.resealed, 2 * scene.told.entries.length)
  assert.ok(report.finished)
  // Signed before the revocation, applied after it: worth nothing.
  await assert.rejects(submit(validUntil), refusedWith("signer-inactive"))
  await assert.rejects(submit(await newAdmin(seedOf("clinic", "admin"))), refusedWith("signer-inactive"))
})

test("mail under the old key is read by nobody: a false sealing key is not taken over", async () => {
  const seed = seedOf("clinic", "operate")
  const { publicKey } = await generateNodeKey(new Uint8Array(randomBytes(32)))
  const plain = { transport: undefined, transportProof: undefined, peer: undefined, shown: undefined }
  const notice = { order: 99, sealingKey: publicKey, recipient: "age1pq1", ...plain }
  // Were it read, what the payer answers below would be sealed to the thief, and the open visit would never settle.
  await writeAs(scene, { sender: roles.clinic, to: roles.payer, seed }, "keys-changed", notice)
})

test("the patient of the open visit is told, with the ledger's own word for the key that tells her", async () => {
  const { mailbox } = open.visit
  const { url } = scene.setting.organizations.get(mailbox.address.host)!
  const at = { chainId: scene.setting.chainId, hour: await hourNow() }
  const told = await until(async () => {
    const letters = await drain({ ...mailbox, received: undefined }, url, at)
    return letters.find(({ kind, sender }) => kind === "keys-changed" && sender === roles.clinic)
  })
  const notice = bodyOf("keys-changed", told)
  const identity = await desk("clinic").get<{ sealingKey: string; keys: Record<string, string> }>("/identity")
  assert.equal(toHex(notice.sealingKey), identity.sealingKey)
  const page = openRegisterPage(notice.shown!, (await anchorOf(scene.setting)).anchor)
  assert.ok("rows" in page)
  const [row] = page.rows
  assert.ok(row?.table === "keys" && row.value?.org === roles.clinic)
  assert.equal(toHex(row.key.key), `01${identity.keys["operate"]}`)
})

test("the clinic's notes open under their old names, for its people and for the patient", async () => {
  for (const file of files) {
    const read = await desk("clinic").desk<{ bytes: string }>("read-entry", { file, who: "test", purpose: "test" })
    assert.ok(read.bytes.length > 0)
    assert.ok((await desk("clinic").desk<{ sealed?: string }>("sealed-entry", { file })).sealed)
  }
})

test("the open visit goes on under the new keys, to its settlement", async () => {
  assert.equal((await finish(open)).settled, true)
})

test("what was settled before stays settled, and its receipt is good", async () => {
  const { anchor } = await anchorOf(scene.setting)
  const verdict = verifyReceipt(fromHex(earlier.receipt!), anchor)
  assert.equal(verdict.reason, undefined)
  assert.equal(verdict.valid, true)
})

test("run again, nothing changes hands twice: a finished drill is over, the next is a new one", async () => {
  const first = drills.get(roles.clinic)!
  const again = await desk("clinic").desk<DrillReport>("rotate-keys", {})
  assert.ok(again.order > first.order)
  const bill = again.rows.find(({ use }) => use === "bill")!
  assert.equal(bill.old, first.rows.find(({ use }) => use === "bill")?.next)
  assert.equal(bill.revoked, undefined, "nothing was lost: the old one ends after its grace")
})

test("a practitioner's own key: rotated by itself, revoked by its board; the desk key by the clinic", async () => {
  const { chainId } = scene.setting
  const practitioner = toHex(scene.practitioner.id)
  const next = new Uint8Array(randomBytes(32))
  const key = toHex(keyId(publicKeyOf(next)))
  const { payload } = await desk("hospital").desk<{ payload: string }>("prepare-own-key", { practitioner, key })
  const signed = (seed: Uint8Array, meaning: "registered" | "possessed") =>
    signWith(seed, meaning, chainId, fromHex(payload))
  const possessed = signed(next, "possessed")
  const handIn = (registered: object) => desk("hospital").desk("rotate-own-key", { payload, registered, possessed })
  // The clinic's admin has no say in it.
  await assert.rejects(handIn(signed(next, "registered")), refusedWith("signer-unknown"))
  await handIn(signed(scene.practitioner.seed, "registered"))
  const revoked = await desk("board").desk<{ key: string; until: number }>("revoke-practitioner-key", { practitioner })
  assert.deepEqual([revoked.key, revoked.until], [key, await hourNow()])
  const third = toHex(keyId(publicKeyOf(new Uint8Array(randomBytes(32)))))
  const after = await desk("hospital").desk<{ payload: string }>("prepare-own-key", { practitioner, key: third })
  const late = signWith(next, "registered", chainId, fromHex(after.payload))
  await assert.rejects(
    desk("hospital").desk("rotate-own-key", { payload: after.payload, registered: late, possessed }),
    refusedWith("bad-signature"),
  )
  const rotated = await desk("clinic").desk<{ old: string; next: string }>("rotate-desk-key", { practitioner })
  const ended = await desk("clinic").desk<{ key: string }>("revoke-desk-key", { practitioner })
  assert.equal(ended.key, rotated.next)
  await assert.rejects(desk("clinic").desk("rotate-desk-key", { practitioner }), refusedWith("signer-inactive"))
  await assert.rejects(
    desk("clinic").desk("revoke-desk-key", { practitioner: "00".repeat(32) }),
    refusedWith("desk-key"),
  )
})

test("one key as of a date: in its grace it signs, after it no more", async () => {
  const { old, until: end } = await desk("hospital").desk<{ old: string; until: number }>("rotate-key", { use: "vote" })
  assert.equal(old, `01${toHex(desk("hospital").keys.publicKey("vote"))}`)
  const hour = await hourNow()
  assert.ok(end > hour)
  const { chainId } = scene.setting
  const freeze = async () => {
    const action = { name: "set-status", fields: { org: roles.bank, status: 1 } } as const
    const payload = transactionPayload("propose/1", (await hourNow()) + 12, { action })
    return envelopeOf(payload, signWith(seedOf("hospital", "vote"), "proposed", chainId, payload))
  }
  await submit(await freeze())
  await leapClock(scene.setting, (end - hour) * 3600)
  await assert.rejects(submit(await freeze()), refusedWith("signer-inactive"))
  await turnClock(scene.setting, 60)
})
