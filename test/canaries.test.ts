/**
 * Goal: whoever carries off an organization's disk carries off nothing to read. Method: a visit whose record is full
 * of strings that occur nowhere else goes through seven running nodes to its payment; then every byte of every
 * directory is searched for them, in the encodings in which strings travel, and for the secrets of those who were
 * there. The search first has to find each string where it was planted on purpose.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { after, before, test } from "node:test"
import { toUtf8 } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { Community } from "../src/cli/community/community.ts"
import { organizations } from "../src/cli/community/organizations.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import { deposit, engagePractitioner, found, publishPlan, roles } from "../src/cli/community/setting.ts"
import { searchFolders } from "../src/cli/visit/attacks/canaries.ts"
import { eyeVisit } from "../src/cli/visit/eye-visit.ts"
import { Journey } from "../src/cli/visit/journey.ts"

/** Strings that occur nowhere else, in each place where a person or a finding is written down. */
const canaries = {
  patient: "Quilla Zephyrine Oxtoby",
  practitioner: "Dr. Vesper Nightingale-Roux",
  licence: "oph-canary-77310459",
  title: "Canary title of an entry 5519",
  entry: "canary of the clinical note: geographic atrophy, stage two, 6620",
  picture: "canary inside a picture's bytes 7743",
  sentence: "The canary's left eye was examined and its vitreous found clear 8851.",
}
const home = mkdtempSync(join(tmpdir(), "countersign-canaries-"))
const community = new Community(home)
const texts = Object.values(canaries)
/** What only its holder may have, by name. */
let secrets: ReadonlyMap<string, Uint8Array> = new Map()
let opened = Buffer.alloc(0)

before(async () => {
  const visit = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
  await community.start()
  const setting = await found(community, visit.serviceDay * 86_400 + 8 * 3600)
  const practitioner = await engagePractitioner(setting, roles.clinic, canaries.licence)
  const plan = await publishPlan(setting, visit.plan)
  await deposit(setting, roles.payer, 1_000_000n)
  const journey = new Journey(setting)
  await journey.enrol({ plan, facts: visit.member, left: visit.left, cap: visit.hold, day: visit.serviceDay })
  const note = {
    resourceType: "DocumentReference",
    subject: { display: canaries.patient },
    author: [{ display: canaries.practitioner }],
    description: canaries.entry,
  }
  const clinical = { category: visit.entries[0]!.category }
  const entries = [
    ...visit.entries,
    { ...clinical, title: canaries.title, mediaType: "application/fhir+json", bytes: toUtf8(JSON.stringify(note)) },
    { ...clinical, title: "Scan", mediaType: "image/png", bytes: toUtf8(`\u0089PNG ${canaries.picture}`) },
  ]
  const facts = visit.facts.map((fact, i) => (i === 0 ? { ...fact, sentence: canaries.sentence } : fact))
  await journey.run(practitioner.id, { lines: visit.lines, entries, facts, hold: visit.hold })
  await journey.clinic.desk("pay", { payer: roles.payer, few: true })
  const { bundle } = await journey.clinic.desk<{ bundle: string }>("visit-bundle", { visit: toHex(journey.visit.V) })
  opened = Buffer.from(fromHex(bundle))
  secrets = new Map([
    ["the seed of the visit's key", journey.visit.seed],
    ["the practitioner's seed", practitioner.seed],
    ...organizations.map(
      ({ number, name }) => [`the start key of ${name}`, toUtf8(community.startKeyOf(number))] as const,
    ),
  ])
})
after(async () => {
  await community.stop()
  rmSync(home, { recursive: true, force: true })
})

function filesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Every place under a directory where a planted string lies in any encoding, or a secret as bytes, hex or Base64. */
async function hitsUnder(directory: string): Promise<readonly string[]> {
  const forms = [...secrets].flatMap(([name, secret]) => {
    const base64 = Buffer.from(secret).toString("base64").slice(0, -2)
    return [secret, toUtf8(toHex(secret)), toUtf8(base64)].map((bytes) => ({ name, bytes: Buffer.from(bytes) }))
  })
  const seen = filesOf(directory).flatMap((path) => {
    const content = readFileSync(path)
    return forms
      .filter(({ bytes }) => content.includes(bytes))
      .map(({ name }) => `${name} in ${relative(directory, path)}`)
  })
  return [...(await searchFolders([directory], texts)).found, ...seen]
}

test("the search finds every string in every encoding, and every secret, between other bytes", async () => {
  const planted = mkdtempSync(join(tmpdir(), "countersign-planted-"))
  try {
    for (const text of texts) {
      const utf16 = Buffer.from(text, "utf16le")
      const hex = Buffer.from(text).toString("hex")
      const shifted = ["", "x", "xx"].map((before) => Buffer.from(`${before}${text}yyy`).toString("base64"))
      const forms = [Buffer.from(text), utf16, Buffer.from(utf16).swap16(), hex, hex.toUpperCase(), ...shifted]
      for (const form of forms) {
        const file = join(planted, "disk.bin")
        writeFileSync(file, Buffer.concat([Buffer.alloc(5_001, 0xa5), Buffer.from(form), Buffer.alloc(99)]))
        assert.ok((await hitsUnder(planted)).length > 0, `${text} as ${form.toString("hex")}`)
      }
    }
    for (const [name, secret] of secrets) {
      writeFileSync(join(planted, "disk.bin"), Buffer.concat([Buffer.alloc(777), secret, Buffer.alloc(3)]))
      assert.deepEqual(await hitsUnder(planted), [`${name} in disk.bin`])
    }
  } finally {
    rmSync(planted, { recursive: true, force: true })
  }
})

test("the planted strings really went through: the clinic's own people open them", () => {
  assert.ok(opened.includes(canaries.sentence), "the bundle, opened at the clinic, says the planted sentence")
})

test("while the nodes run, no directory holds a planted string or a secret", async () => {
  const files = filesOf(home)
  for (const { name } of organizations)
    assert.ok(
      files.some((path) => relative(home, path).startsWith(`${name}/`) && statSync(path).size > 0),
      `${name} keeps something`,
    )
  assert.deepEqual(await hitsUnder(home), [])
})

test("nor after every process is stopped and everything is flushed", async () => {
  await community.stop()
  const total = filesOf(home).reduce((sum, path) => sum + statSync(path).size, 0)
  assert.ok(total > 100_000, `${total} bytes were searched`)
  assert.deepEqual(await hitsUnder(home), [])
})
