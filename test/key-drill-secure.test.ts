/**
 * Goal: after the drill the old transport key, the old key for mail, the old start key and the desk token of before open
 * nothing. Method: a clinic, a payer and a custodian as nodes that speak
 * TLS; the thief has the clinic's whole directory as it was.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { toHex } from "../src/base/bytes.ts"
import { encodeEnvelope } from "../src/base/envelope.ts"
import { Refused } from "../src/base/refusal.ts"
import { encodeAs } from "../src/base/schema.ts"
import { encodePayload, mailBody, mailType } from "../src/ledger/envelopes.ts"
import { certificateOf, proveTransport } from "../src/node/certificate.ts"
import { KeyRing, signWith } from "../src/node/keys.ts"
import { Node } from "../src/node/node.ts"
import type { DrillReport } from "../src/node/rotation/drill.ts"
import { changeStartKey } from "../src/node/start-key-change.ts"
import { Transport } from "../src/node/transport.ts"
import { Work } from "../src/node/work.ts"
import { generateNodeKey, mailInfo, sealFor } from "../src/record/bundle-sealing.ts"
import { letter, letterBodies } from "../src/record/letter.ts"
import { WorkStore } from "../src/store/work-store.ts"
import { chainId, json, openTrio, type SecureNode, startKey, type Trio } from "./secure-trio.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-drill-tls-"))
const thiefSeed = new Uint8Array(randomBytes(32))
const newKey = "n".repeat(32)
let trio: Trio
let stolen: KeyRing
let token = ""
let report: DrillReport & { readonly pin: string }

before(async () => {
  trio = await openTrio(root)
  const { clinic } = trio
  // Pages of a running store are whole at every commit: a copy is what a thief of the disk has.
  cpSync(join(clinic.directory, "work"), join(root, "copy", "work"), { recursive: true })
  const store = new WorkStore(join(root, "copy", "work"), startKey)
  stolen = await KeyRing.open(new Work(store, startKey), "provider")
  await store.close()
  token = clinic.node.deskToken
})
after(async () => {
  await trio?.stop()
  rmSync(root, { recursive: true })
})

async function until(what: () => Promise<boolean>, seconds = 20): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

/** Whether whoever shows this certificate is a member for a node: strangers hand in no transaction. */
async function isMember(node: SecureNode, seed: Uint8Array): Promise<boolean> {
  const transport = new Transport(certificateOf(seed))
  try {
    const headers = { "content-type": "application/cbor" }
    const { status } = await node.ask(
      "/chain/transactions",
      { method: "POST", headers, body: Uint8Array.of(0x80) },
      transport,
    )
    return status !== 403
  } finally {
    transport.close()
  }
}

/** A letter in the clinic's name: its doors are the thief's now. */
async function misdirect(to: SecureNode, order: number): Promise<void> {
  const operate = stolen.seed("operate")
  const { pin } = certificateOf(thiefSeed)
  const { publicKey } = await generateNodeKey(thiefSeed)
  const transportProof = proveTransport(operate, 1, pin)
  const plain = { recipient: "age1pq1", peer: undefined, shown: undefined }
  const body = encodeAs(letterBodies["keys-changed"], {
    order,
    sealingKey: publicKey,
    transport: pin,
    transportProof,
    ...plain,
  })
  const thread = new Uint8Array(32)
  const content = encodeAs(letter, { kind: "keys-changed", sender: 1, thread, answerTo: undefined, body })
  const entry = trio.listed.find(({ organization }) => organization === to.number)!
  const sealed = await sealFor(new Uint8Array(Buffer.from(entry["sealingKey"] as string, "hex")), mailInfo, content)
  const { hour } = await to.get<{ hour: number }>("/health")
  const payload = encodePayload(mailType, hour + 24, mailBody, { to: to.number, sealed })
  const envelope = encodeEnvelope(payload, [signWith(operate, "mailed", chainId, payload)])
  const headers = { "content-type": "application/cbor" }
  const { status } = await to.ask("/mail", { method: "POST", headers, body: envelope })
  assert.equal(status, 202)
}

test("before the drill the thief is the clinic under its certificate, but cannot put another in its place", async () => {
  assert.equal(await isMember(trio.payer, stolen.seed("transport")), true)
  assert.equal(await isMember(trio.payer, thiefSeed), false)
  await misdirect(trio.payer, Number.MAX_SAFE_INTEGER)
  assert.equal(await until(() => isMember(trio.payer, thiefSeed), 2), false, "new addresses take a new key for mail")
})

test("the drill ends it: the others list the clinic's new key, and it alone", async () => {
  report = await trio.clinic.desk("rotate-keys", { compromised: ["all"], patienceMs: 20_000 })
  assert.deepEqual(
    report.rows.filter(({ state }) => state !== "done"),
    [],
  )
  assert.deepEqual([report.told, report.untold], [[2, 3], []])
  assert.notEqual(report.pin, toHex(certificateOf(stolen.seed("transport")).pin))
  for (const node of [trio.payer, trio.bank]) {
    assert.equal(await isMember(node, stolen.seed("transport")), false)
    assert.equal(await isMember(node, thiefSeed), false)
  }
})

test("the clinic's door shows the new key, and nobody else's is taken for it", async () => {
  const client = new Transport()
  try {
    const pin = new Uint8Array(Buffer.from(report.pin, "hex"))
    const identity = json<{ transport: string }>(await client.request(`${trio.clinic.url}/identity`, { pin }))
    assert.equal(identity.transport, report.pin)
    const old = certificateOf(stolen.seed("transport")).pin
    await assert.rejects(client.request(`${trio.clinic.url}/identity`, { pin: old }), /not the one that is listed/)
  } finally {
    client.close()
  }
})

test("a letter under the old key for mail is read by nobody any more", async () => {
  for (const node of [trio.payer, trio.bank]) await misdirect(node, Number.MAX_SAFE_INTEGER)
  assert.equal(await until(() => isMember(trio.payer, thiefSeed), 2), false)
  assert.equal(await isMember(trio.bank, thiefSeed), false)
})

test("the clinic goes on: it hands in transactions as a member under its new certificate", async () => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
  const pin = new Uint8Array(Buffer.from(report.pin, "hex"))
  const body = JSON.stringify({ use: "vote" })
  const answer = await trio.clinic.ask("/desk/rotate-key", { method: "POST", headers, body, pin })
  assert.equal(answer.status, 200, Buffer.from(answer.bytes).toString())
})

test("the operator's drill: its followers take its new key over and go on through its door", async () => {
  const drilled = await trio.payer.desk<DrillReport>("rotate-keys", { compromised: ["operate"], patienceMs: 20_000 })
  assert.deepEqual(drilled.untold, [])
  const validator = drilled.rows.find(({ use }) => use === "validator")!
  assert.equal(validator.state, "waits", "whoever closes an embedded chain's blocks has the key of its genesis")
  const body = JSON.stringify({ use: "bill" })
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
  const pin = new Uint8Array(Buffer.from(report.pin, "hex"))
  const answer = await trio.clinic.ask("/desk/rotate-key", { method: "POST", headers, body, pin })
  assert.equal(answer.status, 200, Buffer.from(answer.bytes).toString())
})

test("a follower that was down meanwhile: the operator's notice proves itself by a header it has not reached", async () => {
  const { node } = trio.bank
  const port = Number(new URL(node.url).port)
  await node.stop()
  const drilled = await trio.payer.desk<DrillReport>("rotate-keys", {
    compromised: ["operate"],
    patienceMs: 1000,
    anew: true,
  })
  assert.deepEqual(drilled.untold, [3])
  // Its door is listed with a key that the operator shows no more: without the notice it would never get a block again.
  const back = await Node.start({ ...node.config, port, resume: true })
  const client = new Transport()
  try {
    const height = async () =>
      json<{ height: number }>(await client.request(`${back.url}/health`, { pin: back.pin })).height
    const wanted = (await trio.payer.get<{ height: number }>("/health")).height
    assert.ok(await until(async () => (await height()) >= wanted), "it has the operator's blocks")
    const told = async () => (await trio.payer.desk<DrillReport>("key-drill")).untold
    assert.ok(await until(async () => (await told()).length === 0), "and has said so")
  } finally {
    client.close()
    await back.stop()
  }
})

test("the old start key and the desk token of before open nothing; the new one opens everything", async () => {
  const { clinic } = trio
  await clinic.node.stop()
  assert.ok((await changeStartKey(clinic.directory, startKey, { startKey: newKey })) > 20)
  const config = { ...clinic.node.config, resume: true }
  const wrong = (error: unknown) => error instanceof Refused && error.refusal.code === "start-key-wrong"
  await assert.rejects(Node.start(config), wrong)
  const node = await Node.start({ ...config, startKey: newKey })
  const client = new Transport()
  try {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
    const ask = { method: "POST", headers, body: "{}", pin: node.pin } as const
    assert.equal((await client.request(`${node.url}/desk/own-keys`, ask)).status, 401)
    assert.equal(toHex(node.pin!), report.pin)
    const own = { ...ask, headers: { ...headers, authorization: `Bearer ${node.deskToken}` } }
    const { keys } = json<{ keys: { live: boolean }[] }>(await client.request(`${node.url}/desk/own-keys`, own))
    assert.ok(keys.length > 5 && keys.every(({ live }) => live))
  } finally {
    client.close()
    await node.stop()
  }
})
