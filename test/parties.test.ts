/**
 * Goal: what clinic, payer and witness do to one another holds to the cent, also when a letter lies, comes twice or
 * comes from somebody else. Method: seven real nodes in one process, wallets beside them, a clock that can be turned.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fromUtf8, toUtf8 } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { decodeEnvelope, encodeEnvelope } from "../src/base/envelope.ts"
import { Refused } from "../src/base/refusal.ts"
import { monthOfDay } from "../src/base/time.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import { leapClock, publishPlan, roles } from "../src/cli/community/setting.ts"
import type { Journey } from "../src/cli/visit/journey.ts"
import { signWith } from "../src/node/keys.ts"
import { envelopeOf, payloadOf } from "../src/node/payload.ts"
import { sealBundle } from "../src/record/bundle-sealing.ts"
import { decodeBundle, encodeBundle } from "../src/verify/bundle.ts"
import { type Review, reviewOf } from "../src/wallet/review.ts"
import { newPatient, openScene, type Scene, until, writeAs } from "./local-community.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-parties-"))
let scene: Scene
/** Posts to this address are turned away as by a node that is down. */
let closed: string | undefined
const realFetch = globalThis.fetch
globalThis.fetch = ((...[input, init]: Parameters<typeof fetch>) =>
  String(input) === closed
    ? Promise.resolve(new Response(null, { status: 503 }))
    : realFetch(input, init)) as typeof fetch

before(async () => {
  scene = await openScene(root)
})
after(async () => {
  await scene?.community.stop()
  globalThis.fetch = realFetch
  rmSync(root, { recursive: true })
})

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const desk = (role: keyof typeof roles) => scene.community.node(roles[role])
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

async function free(role: keyof typeof roles): Promise<bigint> {
  const { free: amount } = await desk("bank").desk<{ free: string }>("account", { organization: roles[role] })
  return BigInt(amount)
}

interface Wishes {
  readonly patient?: Journey
  readonly lines?: number
}

/** A visit as far as the statement that waits for the patient. */
async function stated({ patient, lines: count = 4 }: Wishes = {}): Promise<{ journey: Journey; review: Review }> {
  const journey = patient ?? (await newPatient(scene))
  const { told, practitioner } = scene
  const lines = told.lines.slice(0, count)
  await journey.arrive(practitioner.id)
  await journey.quote(lines)
  await journey.hold(told.hold)
  await journey.record(told.entries, told.facts)
  await journey.claim(lines)
  return { journey, review: await journey.review() }
}

async function settled(wishes: Wishes = {}): Promise<{ journey: Journey; review: Review; name: { visit: string } }> {
  const { journey, review } = await stated(wishes)
  await journey.countersign(review)
  await journey.settled(review.statement)
  return { journey, review, name: { visit: toHex(journey.visit.V) } }
}

interface Payment {
  readonly sum: string
  readonly visits: number
  readonly receipt: string
}
const pay = (more: object = {}) => desk("clinic").desk<Payment>("pay", { payer: roles.payer, ...more })

test("cancel gives the payer its money back, once, and the desk knows that nothing is held", async () => {
  const patient = await newPatient(scene)
  const before = await free("payer")
  await patient.arrive(scene.practitioner.id)
  const name = { visit: toHex(patient.visit.V) }
  await assert.rejects(desk("clinic").desk("cancel", name), refusedWith("not-held"))
  await patient.hold(scene.told.hold)
  assert.equal(await free("payer"), before - scene.told.hold)
  await desk("clinic").desk("cancel", name)
  assert.equal(await free("payer"), before)
  assert.equal((await desk("clinic").desk<{ held?: string }>("visit-status", name)).held, undefined)
  await assert.rejects(desk("clinic").desk("cancel", name), refusedWith("not-held"))
})

test("a visit address shown once more does not wipe out the visit that stands on it", async () => {
  const patient = await newPatient(scene)
  const { address, visit } = await patient.wallet.showAddress(
    scene.setting.organizations.get(roles.clinic)!,
    roles.payer,
    [],
  )
  const body = { address: toHex(address), practitioner: toHex(scene.practitioner.id) }
  await desk("clinic").desk("open-visit", body)
  await desk("clinic").desk("open-visit", body)
  const name = { visit: toHex(visit.V) }
  const { payload } = await desk("clinic").desk<{ payload: string }>("prepare-hold", { ...name, amount: 1000n })
  const { header, signature } = patient.wallet.signFor(visit, "held", fromHex(payload))
  await desk("clinic").desk("hold", { ...name, payload, header, signature })
  await assert.rejects(desk("clinic").desk("open-visit", body), refusedWith("visit-open"))
  assert.equal((await desk("clinic").desk<{ held?: string }>("visit-status", name)).held, "1000")
  await desk("clinic").desk("cancel", name)
})

test("pay, replace and refund, each to the cent and each once", async () => {
  const { journey, review, name } = await settled()
  await assert.rejects(desk("clinic").desk("refund", name), refusedWith("not-paid"))
  await assert.rejects(pay(), refusedWith("few-visits"))
  const [clinic, payer] = [await free("clinic"), await free("payer")]
  const paid = await pay({ few: true })
  assert.deepEqual([paid.sum, paid.visits], [review.leg.totals.benefit.toString(), 1])
  assert.equal(await free("clinic"), clinic + review.leg.totals.benefit)
  assert.equal(await free("payer"), payer + scene.told.hold - review.leg.totals.benefit)
  await assert.rejects(pay({ few: true }), refusedWith("nothing-settled"))
  await assert.rejects(desk("clinic").desk("refund", name), refusedWith("nothing-replaced"))

  const corrected = await desk("clinic").desk<{ plan: string; recovered: string; statement: string }>("replace", {
    ...name,
    remove: [1],
  })
  await journey.settled(fromHex(corrected.statement))
  assert.equal(corrected.recovered, "13335")
  const refund = await desk("clinic").desk<{ amount: string }>("refund", name)
  assert.equal(refund.amount, "13335")
  assert.equal(await free("clinic"), clinic + BigInt(corrected.plan))
  assert.equal(await free("payer"), payer + scene.told.hold - BigInt(corrected.plan))
  await assert.rejects(desk("clinic").desk("refund", name), refusedWith("nothing-replaced"))
  assert.equal(await free("clinic"), clinic + BigInt(corrected.plan))
})

test("a claim that is replaced before it is paid is paid as it then stands", async () => {
  const { journey, name } = await settled()
  const corrected = await desk("clinic").desk<{ plan: string; statement: string }>("replace", { ...name, remove: [1] })
  await journey.settled(fromHex(corrected.statement))
  const again = await desk("clinic").desk<{ plan: string; statement: string }>("replace", { ...name, remove: [2] })
  await journey.settled(fromHex(again.statement))
  assert.ok(BigInt(again.plan) < BigInt(corrected.plan))
  const clinic = await free("clinic")
  assert.equal((await pay({ few: true })).sum, again.plan)
  assert.equal(await free("clinic"), clinic + BigInt(again.plan))
  await assert.rejects(desk("clinic").desk("refund", name), refusedWith("nothing-replaced"))
})

test("after each visit the payer signs the next snapshot, and the wallet adds it up", async () => {
  const patient = await newPatient(scene)
  const { snapshots } = patient.wallet.cover(roles.payer)
  const month = monthOfDay(scene.told.serviceDay)
  const first = snapshots.newest!
  const met = () => snapshots.newest!.value.buckets.reduce((sum, bucket) => sum + bucket.met, 0n)
  let [previous, total] = [first.digest, met()]
  for (const sequence of [1, 2]) {
    const { review } = await settled({ patient, lines: 1 })
    await until(async () => {
      await patient.fetchVouchers(month, 1)
      return snapshots.newest!.value.sequence === sequence ? true : undefined
    })
    const { value, digest } = snapshots.newest!
    assert.equal(toHex(value.previous!), toHex(previous))
    assert.deepEqual(value.visits.map(toHex), [toHex(review.statement)])
    const moved = review.leg.differences.buckets.reduce((sum, { change }) => sum + change, 0n)
    assert.equal(met(), total + moved)
    ;[previous, total] = [digest, met()]
  }
  await pay({ few: true })
})

test("a line the patient denies goes back to its author, once: the same denial again takes nothing more", async () => {
  const { journey, review } = await stated()
  await journey.deny(review, [1])
  await journey.deny(review, [1])
  const corrected = await journey.review()
  assert.deepEqual(
    corrected.lines.map(({ number }) => number),
    [1, 3, 4],
  )
  await journey.countersign(corrected)
  await journey.settled(corrected.statement)
  assert.deepEqual((await journey.status()).heldLines, [2])
  await journey.deny(corrected, [0])
  await pay({ few: true })
  assert.equal(
    (await journey.status()).statement,
    toHex(corrected.statement),
    "what is settled is not denied by letter",
  )
})

test("an agreement by a stranger, by the wrong key or with a bad signature does not take the good one's place", async () => {
  const { journey, review } = await stated()
  const { statement, payload } = review
  const { chainId } = scene.setting
  const { keys } = desk("payer")
  const good = keys.sign("agree", "agreed", chainId, payload)
  const bad = [
    signWith(filled(9), "agreed", chainId, payload),
    keys.sign("pay", "agreed", chainId, payload),
    keys.sign("agree", "paid", chainId, payload),
    keys.sign("agree", "agreed", chainId, filled(1)),
    { ...good, signature: good.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) },
    { header: filled(1), signature: good.signature },
  ]
  const [sender, to] = [roles.payer, roles.clinic]
  for (const given of bad) await writeAs(scene, { sender, to }, "agreement", { statement, ...given })
  // In the payer's name, but by a key that is not its for mail; and in the name of another.
  const seed = keys.seed("pay")
  await writeAs(scene, { sender, to, seed }, "agreement", { statement, ...good })
  await writeAs(scene, { sender: roles.hospital, to }, "agreement", { statement, ...good })
  await writeAs(scene, { sender: roles.hospital, to }, "disagreement", { statement, reason: "because" })
  await journey.countersign(review)
  const status = await journey.settled(statement)
  assert.equal(status.refused, undefined)
  await pay({ few: true })
})

test("a bundle that a witness delivers is answered to the provider, who did not send it", async () => {
  const { journey, review } = await stated()
  const { organizations } = scene.setting
  const signed = journey.wallet.signFor(journey.visit, "countersigned", review.payload)
  const { payload, signatures } = decodeEnvelope(review.bundle.visitStatement)
  const transaction = encodeEnvelope(payload, [...signatures, signed])
  await desk("hospital").desk("submit", { transaction: toHex(transaction) })
  const bundle = encodeBundle({ ...review.bundle, visitStatement: transaction })
  const sealed = await sealBundle(organizations.get(roles.payer)!.sealingKey, review.statement, bundle)
  const visit = toHex(journey.visit.V)
  const body = { sealed: toHex(sealed), visit, provider: roles.clinic, leg: 0, statement: toHex(review.statement) }
  await desk("regulator").desk("deliver", body)
  const { signatures: meanings } = await until(async () => {
    const status = await desk("clinic").desk<{ signatures: string[] }>("visit-status", { visit })
    return status.signatures.includes("agreed") ? status : undefined
  })
  assert.deepEqual([...meanings].sort(), ["agreed", "performed"])
  await journey.settled(review.statement)
  await pay({ few: true })
})

test("the payer's papers go to whom the ledger paid, whoever shows it the receipt first", async () => {
  await settled()
  closed = `${desk("payer").url}/mail`
  const { receipt } = await pay({ few: true })
  // The clinic's own letter now waits for its next try.
  await new Promise((resolve) => setTimeout(resolve, 1400))
  closed = undefined
  const documents = async (role: "clinic" | "hospital") =>
    (await desk(role).desk<{ documents: unknown[] }>("documents")).documents.length
  const before = await documents("clinic")
  await writeAs(scene, { sender: roles.hospital, to: roles.payer }, "proof", { receipt: fromHex(receipt) })
  await until(async () => ((await documents("clinic")) > before ? true : undefined))
  assert.equal(await documents("hospital"), 0)
})

test("a desk key that is only prepared does not displace the one in use", async () => {
  const practitioner = toHex(scene.practitioner.id)
  const { payload } = await desk("clinic").desk<{ payload: string }>("prepare-desk-key", { practitioner })
  const { chainId } = scene.setting
  const forged = signWith(filled(9), "engaged", chainId, fromHex(payload))
  await assert.rejects(desk("clinic").desk("register-desk-key", { payload, practitioner, ...forged }), Refused)
  await settled({ lines: 1 })
  const engaged = signWith(scene.practitioner.seed, "engaged", chainId, fromHex(payload))
  await desk("clinic").desk("register-desk-key", { payload, practitioner, ...engaged })
  await settled({ lines: 1 })
  await pay({ few: true })
})

test("a bundle with anything changed in it is refused or does not read, and the wallet does not sign it", async () => {
  const { journey, review } = await stated()
  const name = review.statement
  const own = journey.wallet.ownKnowledge(roles.payer)
  assert.ok(reviewOf(review.bytes, name, own).verdict.good)
  let [refused, closedBundles] = [0, 0]
  for (let place = 3; place < review.bytes.length; place += Math.ceil(review.bytes.length / 150)) {
    const bytes = review.bytes.slice()
    bytes[place]! ^= 1 << (place % 8)
    try {
      const changed = reviewOf(bytes, name, own)
      assert.equal(changed.verdict.good, false, `byte ${place}`)
      await assert.rejects(journey.countersign(changed), refusedWith(changed.verdict.failure!.code))
      refused++
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      assert.equal(error.refusal.code, "bundle-false")
      closedBundles++
    }
  }
  assert.ok(refused > 20 && refused + closedBundles > 100, `${refused} refused, ${closedBundles} did not read`)
  const other = await stated()
  assert.throws(() => reviewOf(other.review.bytes, name, own), refusedWith("bundle-false"))
  assert.deepEqual(decodeBundle(review.bytes).chainId, scene.setting.chainId)
  assert.ok(!(await journey.status()).settled)
})

/** Tells every node where the others are now. */
async function introduceAll(): Promise<void> {
  const { community, setting } = scene
  const listed = community.nodes.map(({ member: { number: organization, name, kind }, url }) => {
    const sealingKey = toHex(setting.organizations.get(organization)!.sealingKey)
    return { organization, name, kind, url, sealingKey }
  })
  await Promise.all(community.nodes.map((node) => node.desk("list-organizations", { organizations: listed })))
  const organizations = new Map(
    listed.map(({ organization: number, url, sealingKey }) => [
      number,
      { number, url, sealingKey: fromHex(sealingKey) },
    ]),
  )
  scene = { ...scene, setting: { ...setting, organizations } }
}

test("a letter for a node that is up but has not gone on with its chain is not lost", async () => {
  const { journey, review } = await stated()
  await desk("payer").restart()
  await introduceAll()
  await journey.countersign(review)
  // The clinic posts the bundle several times meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.ok(!(await journey.status()).settled)
  await desk("payer").desk("resume")
  await journey.settled(review.statement)
  await pay({ few: true })
  const health = await desk("payer").get<{ height: number }>("/health")
  assert.ok(health.height > 0)
})

/** The counted plan with more exams than one. */
async function countedPlan(exams: number): Promise<Uint8Array> {
  const files = readPlanFiles(join(plansFolder(), "limited-sample.md"))
  const text = (fromUtf8(files.bytes) ?? "")
    .replace("exams: 1 visits", `exams: ${exams} visits`)
    .replace("plan: limited-sample", `plan: limited-${exams}`)
  return publishPlan(scene.setting, { ...files, bytes: toUtf8(text) })
}

test("what a counted visit used is used, and no longer out as well", async () => {
  const patient = await newPatient(scene, { plan: await countedPlan(2), left: [] })
  const month = monthOfDay(scene.told.serviceDay)
  const cover = patient.wallet.cover(roles.payer)
  const [, second] = cover.vouchers.map(({ envelope }) => envelope)
  await settled({ patient, lines: 1 })
  await until(async () => {
    await patient.fetchVouchers(month, 1)
    return cover.snapshots.newest!.value.sequence === 1 ? true : undefined
  })
  const given = () => cover.vouchers.filter(({ used }) => !used).map(({ terms }) => terms.allotments[0]!.quantity)
  assert.deepEqual(given(), [0], "one used, one out, of two")
  await voidVoucher(second!)
  await patient.fetchVouchers(month, 2)
  assert.deepEqual(given(), [1, 0])
  await pay({ few: true })
})

test("allotments of a counted limit never sum above what is left; one returns when its voucher is void or expired", async () => {
  const exams = 5
  const plan = await countedPlan(exams)
  const patient = await newPatient(scene, { plan, left: [] })
  const month = monthOfDay(scene.told.serviceDay)
  const cover = patient.wallet.cover(roles.payer)
  const seen = new Map<string, { readonly quantity: number; readonly envelope: Uint8Array }>()
  const look = () => {
    for (const { voucher, terms, envelope } of cover.vouchers)
      seen.set(toHex(voucher.body.V), { quantity: terms.allotments[0]!.quantity, envelope })
    return [...seen.values()].reduce((sum, { quantity }) => sum + quantity, 0)
  }
  let asked = cover.vouchers.length
  assert.equal(look(), Math.min(asked, exams))
  for (const count of [1, 4, 2, 3]) {
    await patient.fetchVouchers(month, count)
    asked += count
    assert.equal(look(), Math.min(asked, exams))
  }
  const [withOne] = [...seen].filter(([, { quantity }]) => quantity === 1)
  await voidVoucher(withOne![1].envelope)
  seen.delete(withOne![0])
  await patient.fetchVouchers(month, 3)
  assert.equal(look(), exams, "what was void came back, and no more")
  await leapClock(scene.setting, 4 * 31 * 86_400)
  seen.clear()
  await patient.fetchVouchers(month + 4, 3)
  assert.equal(look(), 3, "what expired unused came back")
  await patient.fetchVouchers(month + 4, 4)
  assert.equal(look(), exams)
})

async function voidVoucher(voucher: Uint8Array): Promise<void> {
  const { hour } = await desk("payer").desk<{ hour: number }>("clock")
  const payload = payloadOf("void-voucher/1", hour + 12, voucher)
  const signature = desk("payer").keys.sign("voucher", "voided", scene.setting.chainId, payload)
  await desk("payer").desk("submit", { transaction: toHex(envelopeOf(payload, signature)) })
}
