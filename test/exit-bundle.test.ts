/**
 * Goal: an organization leaves with everything that is its own, to be read and checked without us, and with nothing that
 * is another's. Method: a visit through seven nodes to its payment, with marked strings in its record; the clinic and
 * the payer leave; every receipt is checked by the verifier in the bundle, in a process that sees nothing else.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { after, before, test } from "node:test"
import { Decrypter } from "age-encryption"
import { toUtf8 } from "#crypto"
import { toHex } from "../src/base/bytes.ts"
import { Refused } from "../src/base/refusal.ts"
import { roles } from "../src/cli/community/setting.ts"
import type { Journey } from "../src/cli/visit/journey.ts"
import { openTables } from "../src/ledger/state.ts"
import type { NodeConfig } from "../src/node/config.ts"
import { inOtherForm, leaving, staying } from "../src/node/exit/collections.ts"
import { type ExitReport, writeExitBundle } from "../src/node/exit/exit-bundle.ts"
import { withStoredNode } from "../src/node/exit/stored-node.ts"
import { withOrganization } from "../src/node/organization-store.ts"
import { newPatient, openScene, type Scene } from "./local-community.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-exit-"))
const passphrase = "a passphrase for the records"
const startKey = "s".repeat(32)
const entryCanary = "canary of the clinical note 6620"
const sentenceCanary = "The canary's left eye was found clear 8851."
const secrets = new Map<string, Uint8Array>()
const reports = new Map<string, ExitReport>()
let scene: Scene
let journey: Journey

before(async () => {
  scene = await openScene(join(root, "community"))
  const { told, practitioner, community } = scene
  journey = await newPatient(scene)
  const note = {
    category: told.entries[0]!.category,
    title: "Note",
    mediaType: "text/plain",
    bytes: toUtf8(entryCanary),
  }
  const facts = told.facts.map((fact, i) => (i === 0 ? { ...fact, sentence: sentenceCanary } : fact))
  const { lines, hold } = told
  await journey.run(practitioner.id, { lines, entries: [...told.entries, note], facts, hold })
  await journey.clinic.desk("anchor-log")
  await journey.clinic.desk("pay", { payer: roles.payer, few: true })
  secrets.set("the seed of the visit", journey.visit.seed)
  secrets.set("the practitioner's own seed", practitioner.seed)
  secrets.set("the start key", toUtf8(startKey))
  for (const { keys, member } of community.nodes)
    for (const use of ["admin", "vote", "operate", "peer", "validator", "sealing", "records", "transport"] as const)
      secrets.set(`${member.name}'s ${use} seed`, keys.seed(use))
  for (const name of ["clinic", "payer"] as const) {
    const folder = join(root, name)
    reports.set(name, await community.node(roles[name]).desk<ExitReport>("exit-bundle", { folder, passphrase }))
  }
})
after(async () => {
  await scene?.community.stop()
  rmSync(root, { recursive: true })
})

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Runs the bundle's verifier where there is nothing else: no checkout above it, no modules, no home. */
function verify(folder: string, args: readonly string[]): { status: number | null; out: string } {
  const place = mkdtempSync(join(root, "alone-"))
  writeFileSync(join(place, "verify.mjs"), readFileSync(join(folder, "verify.mjs")))
  const env = { PATH: "/nowhere", HOME: place, NODE_PATH: "" }
  const { status, stdout, stderr } = spawnSync(process.execPath, ["verify.mjs", ...args], {
    cwd: place,
    env,
    encoding: "utf8",
  })
  return { status, out: stdout + stderr }
}

test("every receipt in the clinic's and the payer's folder is good for the verifier that lies beside it", () => {
  for (const [name, report] of reports) {
    const folder = join(root, name)
    const receipts = filesOf(folder).filter((file) => /^receipts\/.*\.(cbor|json)$/.test(file))
    assert.equal(receipts.length, 2 * report.receipts)
    for (const file of receipts) {
      const { status, out } = verify(folder, [join(folder, file), "--anchor", join(folder, "anchor.cbor")])
      assert.equal(status, 0, `${file}: ${out}`)
      assert.match(out, /^VALID/)
    }
  }
})

test("what a visit is made of has its receipt: hold, statements, payment, and each names the visit", () => {
  for (const name of ["clinic", "payer"]) {
    const index = readFileSync(join(root, name, "receipts", "index.jsonl"), "utf8")
      .trim()
      .split("\n")
    const rows = index.map((line) => JSON.parse(line) as { type: string; visit?: string })
    const types = new Set(rows.map(({ type }) => type))
    for (const type of ["hold/1", "visit-statement/1", "pay/1"]) assert.ok(types.has(type), `${name}: ${type}`)
    const hold = rows.find(({ type }) => type === "hold/1")
    assert.equal(hold?.visit, toHex(journey.visit.V))
  }
  const payers = readFileSync(join(root, "payer", "receipts", "index.jsonl"), "utf8")
  assert.match(payers, /publish-plan\/1/)
  assert.match(payers, /deposit\/1/)
})

test("a receipt with one byte changed is not valid, and says why", () => {
  const folder = join(root, "clinic")
  const [file] = filesOf(folder).filter((name) => name.endsWith(".cbor") && name.startsWith("receipts/"))
  const bytes = new Uint8Array(readFileSync(join(folder, file!)))
  bytes[bytes.length - 5]! ^= 1
  const broken = join(root, "broken.cbor")
  writeFileSync(broken, bytes)
  const { status, out } = verify(folder, [broken, "--anchor", join(folder, "anchor.cbor")])
  assert.equal(status, 1)
  assert.match(out, /^NOT VALID/)
})

test("the access log agrees with what the ledger anchored; a line taken out of it shows", () => {
  const folder = join(root, "clinic")
  const good = verify(folder, ["log", join(folder, "access-log"), "--anchor", join(folder, "anchor.cbor")])
  assert.equal(good.status, 0, good.out)
  const place = join(root, "log")
  mkdirSync(place)
  for (const name of ["proof.cbor", "roots.json"])
    writeFileSync(join(place, name), readFileSync(join(folder, "access-log", name)))
  writeFileSync(join(place, "pages.cbor"), Uint8Array.of(0x80))
  const bad = verify(folder, ["log", place, "--anchor", join(folder, "anchor.cbor")])
  assert.equal(bad.status, 1)
  assert.match(bad.out, /missing/)
})

test("its own data are in clear, its records sealed; nothing in it is another's secret, or a seed", () => {
  for (const name of reports.keys()) {
    const folder = join(root, name)
    for (const file of filesOf(folder)) {
      const content = readFileSync(join(folder, file))
      for (const [what, secret] of secrets)
        for (const form of [secret, toUtf8(toHex(secret)), toUtf8(Buffer.from(secret).toString("base64").slice(0, -2))])
          assert.ok(!content.includes(Buffer.from(form)), `${what} in ${name}/${file}`)
      assert.ok(!content.includes(entryCanary), `a record in clear in ${file}`)
    }
  }
  const visits = readFileSync(join(root, "clinic", "data", "visits.jsonl"), "utf8")
  assert.ok(visits.includes(toHex(toUtf8(sentenceCanary))), "the clinic's own facts are its own to read")
  assert.doesNotMatch(visits, /categoryKeys/)
  const payer = filesOf(join(root, "payer"))
  assert.ok(payer.some((file) => file.startsWith("remittances/") && file.endsWith(".835")))
  assert.ok(payer.some((file) => /^plans\/[0-9a-f]{64}\/plan\.md$/.test(file)))
  assert.ok(payer.includes("data/members.jsonl"))
})

test("the sealed records open with the identity in the bundle, and that with the passphrase alone", async () => {
  const folder = join(root, "clinic")
  const closed = new Uint8Array(readFileSync(join(folder, "records-identity.txt.age")))
  const wrong = new Decrypter()
  wrong.addPassphrase("another passphrase")
  await assert.rejects(wrong.decrypt(closed))
  const opener = new Decrypter()
  opener.addPassphrase(passphrase)
  const [identity] = (await opener.decrypt(closed, "text")).trim().split("\n")
  const sealed = filesOf(folder).filter((file) => file.startsWith("vault/"))
  assert.equal(sealed.length, scene.told.entries.length + 1)
  const contents = await Promise.all(
    sealed.map((file) => {
      const decrypter = new Decrypter()
      decrypter.addIdentity(identity!)
      return decrypter.decrypt(new Uint8Array(readFileSync(join(folder, file))))
    }),
  )
  assert.ok(contents.some((content) => Buffer.from(content).includes(entryCanary)))
})

test("folders and files are their owner's alone, and the list of sums is true", () => {
  const folder = join(root, "clinic")
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n")
  const files = filesOf(folder).filter((file) => file !== "SHA256SUMS")
  assert.equal(sums.length, files.length)
  for (const line of sums) {
    const [sum, file] = line.split("  ") as [string, string]
    assert.equal(
      createHash("sha256")
        .update(readFileSync(join(folder, file)))
        .digest("hex"),
      sum,
    )
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
  }
})

test("no bundle over another, under a short passphrase, or at a path that is not whole", async () => {
  const ask = (fields: object) => scene.community.node(roles.clinic).desk("exit-bundle", { passphrase, ...fields })
  const code = (wanted: string) => (error: unknown) => error instanceof Refused && error.refusal.code === wanted
  await assert.rejects(ask({ folder: join(root, "clinic") }), code("exit-not-empty"))
  await assert.rejects(ask({ folder: join(root, "new"), passphrase: "short" }), code("passphrase-short"))
  await assert.rejects(ask({ folder: "new" }), code("exit-folder"))
})

test("each collection leaves, leaves in another form, or stays: no name is in two lists", () => {
  const all = [...leaving, ...inOtherForm, ...staying]
  assert.equal(new Set(all).size, all.length)
  for (const report of reports.values()) assert.deepEqual(report.stays, [])
})

test("from the disk of the stopped node it is the same bundle", async () => {
  await scene.community.stop()
  const directory = scene.community.node(roles.clinic).directory
  const config = {
    directory,
    name: "clinic",
    kind: "provider",
    organization: roles.clinic,
    startKey,
  } as unknown as NodeConfig
  const folder = join(root, "stopped")
  const report = await withOrganization({ directory, kind: "provider" }, startKey, (opened) =>
    withStoredNode(config, opened, (node) => {
      assert.ok(openTables !== undefined && node.chain.height > 0)
      return writeExitBundle(node, { folder, passphrase })
    }),
  )
  const before = reports.get("clinic")!
  assert.deepEqual([report.receipts, report.sealed], [before.receipts, before.sealed])
  const same = (name: string) =>
    assert.deepEqual(readFileSync(join(folder, name)), readFileSync(join(root, "clinic", name)))
  for (const name of ["genesis.cbor", "anchor.cbor", "verify.mjs"]) same(name)
  const [receipt] = filesOf(folder).filter((file) => file.startsWith("receipts/") && file.endsWith(".cbor"))
  assert.equal(verify(folder, [join(folder, receipt!), "--anchor", join(folder, "anchor.cbor")]).status, 0)
})
