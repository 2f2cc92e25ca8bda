/**
 * Goal: whoever reads a node's log or its metrics reads nothing of a visit. Method: a visit whose record is full of strings
 * that occur nowhere else goes through seven nodes to its payment, with every log at its most talkative and every metric
 * scraped; then all of it is searched for those strings, and for keys, tokens and ids that were about.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { after, before, test } from "node:test"
import { toUtf8 } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import type { Community, Members } from "../src/cli/community/community.ts"
import { DeskClient } from "../src/cli/community/desk-client.ts"
import { operatorNumber, organizations } from "../src/cli/community/organizations.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import { deposit, engagePractitioner, found, publishPlan, roles } from "../src/cli/community/setting.ts"
import { eyeVisit } from "../src/cli/visit/eye-visit.ts"
import { Journey } from "../src/cli/visit/journey.ts"
import { openLog } from "../src/node/logging.ts"
import { Node } from "../src/node/node.ts"

const canaries = {
  patient: "Quilla Zephyrine Oxtoby",
  practitioner: "Dr. Vesper Nightingale-Roux",
  licence: "oph-canary-77310459",
  title: "Canary title of an entry 5519",
  entry: "canary of the clinical note: geographic atrophy, stage two, 6620",
  sentence: "The canary's left eye was examined and its vitreous found clear 8851.",
}
const home = mkdtempSync(join(tmpdir(), "countersign-observed-"))
const startKey = "o".repeat(32)
const nodes = new Map<number, Node>()
const written: string[] = []
const scraped: string[] = []
let secrets: readonly (readonly [name: string, text: string])[] = []
let bundle = Buffer.alloc(0)

const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    written.push(chunk.toString())
    done()
  },
})

async function startNodes(): Promise<Members> {
  for (const { number, name, kind } of organizations) {
    const config = {
      directory: join(home, name),
      name,
      kind,
      organization: number,
      host: "127.0.0.1",
      port: 0,
      startKey,
      operator: number === operatorNumber,
      turnableClock: true,
      tls: true,
      metricsPort: 0,
      logLevel: "debug",
    } as const
    nodes.set(number, await Node.start(config, openLog({ level: "debug", name, to: sink })))
  }
  const clients = organizations.map((member) => {
    const node = nodes.get(member.number)!
    return new DeskClient(member, join(home, member.name), () => ({
      url: node.url,
      desk: node.deskToken,
      pin: node.pin,
    }))
  })
  const node = (number: number) => clients.find(({ member }) => member.number === number)!
  return { directory: home, turnable: true, nodes: clients, node, startKeyOf: () => startKey }
}

async function scrape(): Promise<void> {
  for (const node of nodes.values()) scraped.push(await (await fetch(node.metricsUrl!)).text())
}

/** A refusal at a desk, with a planted string in what is refused. */
async function refusedAtDesk(clinic: DeskClient): Promise<void> {
  await assert.rejects(clinic.desk("open-visit", { address: canaries.patient }))
  await assert.rejects(clinic.desk(`no-${"such".repeat(3)}`, { sentence: canaries.sentence }))
  await clinic.get(`/plans/${encodeURIComponent(canaries.licence)}?table=${encodeURIComponent(canaries.title)}`)
}

before(async () => {
  const visit = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
  const community = await startNodes()
  const setting = await found(community as unknown as Community, visit.serviceDay * 86_400 + 8 * 3600)
  await scrape()
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
  const { category } = visit.entries[0]!
  const bytes = toUtf8(JSON.stringify(note))
  const entries = [...visit.entries, { category, title: canaries.title, mediaType: "application/fhir+json", bytes }]
  const facts = visit.facts.map((fact, i) => (i === 0 ? { ...fact, sentence: canaries.sentence } : fact))
  await journey.run(practitioner.id, { lines: visit.lines, entries, facts, hold: visit.hold })
  await journey.clinic.desk("pay", { payer: roles.payer, few: true })
  const asked = { visit: toHex(journey.visit.V) }
  bundle = Buffer.from(fromHex((await journey.clinic.desk<{ bundle: string }>("visit-bundle", asked)).bundle))
  await refusedAtDesk(journey.clinic)
  await scrape()
  const bytesOf = (name: string, value: Uint8Array) =>
    (["hex", "base64", "base64url"] as const).map((form) => [name, Buffer.from(value).toString(form)] as const)
  secrets = [
    ...Object.entries(canaries),
    ["the start key", startKey],
    ...[...nodes.values()].map((node) => ["a desk's token", node.deskToken] as const),
    ...bytesOf("the visit", journey.visit.V),
    ...bytesOf("the visit's key", journey.visit.seed),
    ...bytesOf("the practitioner", practitioner.id),
    ...bytesOf("the practitioner's key", practitioner.seed),
    ...bytesOf("the plan", plan),
  ]
})
after(async () => {
  for (const node of [...nodes.values()].toReversed()) await node.stop()
  rmSync(home, { recursive: true, force: true })
})

const hits = (text: string) =>
  secrets.filter(([, secret]) => text.toLowerCase().includes(secret.toLowerCase())).map(([name]) => name)

test("the planted strings really went through, and the search finds each", () => {
  assert.ok(bundle.includes(canaries.sentence))
  for (const [name, secret] of secrets) assert.ok(hits(`before ${secret.toUpperCase()} after`).includes(name), name)
})

test("the logs say what happened, and hold none of them", () => {
  const text = written.join("")
  const events = new Set(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { event: string }).event),
  )
  for (const event of ["starting", "listening", "founded", "running"]) assert.ok(events.has(event), event)
  assert.deepEqual(hits(text), [])
})

test("the metrics count what happened, and hold none of them", () => {
  const text = scraped.join("\n")
  assert.match(text, /^countersign_transactions_total\{code="applied"\} [1-9]/m)
  assert.match(text, /^countersign_commit_seconds_count [1-9]/m)
  assert.deepEqual(hits(text), [])
  // Every label is of a closed list: a name, an id or an address would be a value of another form.
  const labels = new Set([...text.matchAll(/[{,]([a-z_]+)="([^"]*)"/g)].map(([, label, value]) => `${label}=${value}`))
  for (const label of labels)
    assert.match(label, /^(code|door|queue|store|le|reason|kind|space|version|major|minor|patch|type|quantile)=/, label)
})
