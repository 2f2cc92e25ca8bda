/**
 * Goal: a running clinic keeps both times of every entry, takes entries that come days late and corrections, and shows
 * any past instant again; a payer publishes what its clauses decided. Method: the seven nodes in this process, one
 * visit from the address to the settlement, then entries from an offline day; every answer is asked for over HTTP.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { toUtf8 } from "#crypto"
import { toHex } from "../src/base/bytes.ts"
import { toJson } from "../src/base/json.ts"
import { type Refusal, Refused } from "../src/base/refusal.ts"
import type { Community } from "../src/cli/community/community.ts"
import { operatorNumber, organizations } from "../src/cli/community/organizations.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import {
  deposit,
  engagePractitioner,
  found,
  leapClock,
  publishPlan,
  roles,
  type Setting,
} from "../src/cli/community/setting.ts"
import { eyeVisit, eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { Journey } from "../src/cli/visit/journey.ts"
import { Node } from "../src/node/node.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-timeline-"))
const nodes: Node[] = []

/** A node of this process, asked over its own door as the story's processes are. */
async function start(member: (typeof organizations)[number]) {
  const node = await Node.start({
    ...member,
    directory: join(root, member.name),
    organization: member.number,
    host: "127.0.0.1",
    port: 0,
    startKey: "k".repeat(32),
    operator: member.number === operatorNumber,
    turnableClock: true,
  })
  nodes.push(node)
  const { url } = node
  const get = async (path: string) => (await fetch(`${url}${path}`)).json()
  const desk = async (operation: string, body: unknown = {}) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${node.deskToken}` }
    const response = await fetch(`${url}/desk/${operation}`, { method: "POST", headers, body: toJson(body, 0) })
    const value = (await response.json()) as Refusal
    if (response.ok) return value
    throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
  }
  return { member, url, get, desk }
}

interface Row {
  readonly entry: number
  readonly at?: string
  readonly recorded?: string
  readonly daysLate: number
  readonly corrects?: number
  readonly correctedBy?: number
}
interface Shown {
  readonly entries: readonly Row[]
  readonly recordRoot?: string
  readonly statements: readonly { facts: string; supersedes?: string; recordRoot: string; recorded: string }[]
}

let setting: Setting
let journey: Journey
const visit = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
const timeline = (options: object = {}): Promise<Shown> =>
  journey.clinic.desk("timeline", { visit: toHex(journey.visit.V), ...options })
const amend = (entries: readonly object[], facts: readonly object[] = []): Promise<{ recorded: string }> =>
  journey.clinic.desk("amend-record", { visit: toHex(journey.visit.V), entries, facts })
const places = ({ entries }: Shown) => entries.map(({ entry }) => entry)
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code
const note = (text: string) => ({ mediaType: "text/plain", category: "notes", bytes: toUtf8(text) })

before(async () => {
  const started = await Promise.all(organizations.map(start))
  const byNumber = new Map(started.map((node) => [node.member.number, node]))
  const community = {
    turnable: true,
    nodes: started,
    node: (number: number) => byNumber.get(number)!,
  } as unknown as Community
  setting = await found(community, eyeVisitDay * 86_400 + 8 * 3600)
  const practitioner = await engagePractitioner(setting, roles.clinic, visit.practitioner.licence)
  const plan = await publishPlan(setting, visit.plan)
  await deposit(setting, roles.payer, 10_000_000n)
  journey = new Journey(setting)
  await journey.enrol({ plan, facts: visit.member, left: visit.left, cap: visit.hold, day: visit.serviceDay })
  await journey.arrive(practitioner.id)
  await journey.quote(visit.lines)
  await journey.hold(visit.hold)
})

after(async () => {
  const followers = nodes.filter(({ config }) => !config.operator)
  await Promise.all(followers.map((node) => node.stop()))
  // This process is client and server at once: its kept connections would hold the operator's door open for a minute.
  const clients = (globalThis as { [name: symbol]: unknown })[Symbol.for("undici.globalDispatcher.1")]
  await (clients as { destroy(): Promise<void> }).destroy()
  await nodes.find(({ config }) => config.operator)?.stop()
  rmSync(root, { recursive: true })
})

test("before the ledger has it, a record may be taken again; its times are read or refused", async () => {
  await assert.rejects(
    journey.record([{ ...note("x"), title: "", at: "yesterday" } as never], []),
    refusedWith("event-time"),
  )
  await journey.record(visit.entries, visit.facts)
  const shown = await timeline()
  // The picture says no time of its own and nothing is recorded yet: it comes last.
  assert.deepEqual(places(shown), [0, 1, 2, 4, 5, 3])
  assert.deepEqual([shown.entries[0]!.at, shown.entries[0]!.recorded], ["2026-04-14T09:10:00-04:00", undefined])
})

test("facts stand on the ledger before any claim; a claim then amends them and settles", async () => {
  await journey.clinic.desk("commit-record", { visit: toHex(journey.visit.V) })
  await assert.rejects(journey.record(visit.entries, visit.facts), refusedWith("recorded"))
  await journey.claim(visit.lines)
  await assert.rejects(amend([]), refusedWith("claim-waits"))
  const reviewed = await journey.review()
  await journey.countersign(reviewed)
  await journey.settled(reviewed.statement)
  const { statements } = await timeline()
  assert.equal(statements.length, 2)
  assert.deepEqual([statements[0]!.supersedes, statements[1]!.supersedes], [undefined, statements[0]!.facts])
  assert.equal(statements[0]!.recordRoot, statements[1]!.recordRoot)
})

test("entries that come days late sort to where they happened; the past can be seen again", async () => {
  const onTheDay = (await timeline()).statements[1]!
  await leapClock(setting, 3 * 86_400)
  const late = { ...note("Seen at home on the Sunday before."), at: "2026-04-12T16:00:00-04:00" }
  const correction = { ...note("Sight 20/50 left, not 20/60."), corrects: 1 }
  const { recorded } = await amend([late, correction], [{ sentence: "You were seen at home.", entry: 6 }])
  assert.equal(recorded.slice(0, 10), "2026-04-17")

  const now = await timeline()
  // The picture says no time of its own: it stands where it was recorded, at this clock before the others happened.
  assert.deepEqual(places(now), [6, 3, 0, 2, 7, 4, 5])
  assert.deepEqual([now.entries[0]!.daysLate, now.entries[0]!.recorded], [5, recorded])
  const audit = await timeline({ audit: true })
  assert.equal(audit.entries.find(({ entry }) => entry === 1)!.correctedBy, 7)
  assert.equal(audit.entries.length, 8)

  const then = await timeline({ asOf: onTheDay.recorded })
  assert.deepEqual([...places(then)].sort(), [0, 1, 2, 3, 4, 5])
  assert.deepEqual([then.recordRoot, then.statements.length], [onTheDay.recordRoot, 2])
  assert.equal(now.statements[2]!.supersedes, onTheDay.facts)
  assert.deepEqual(places(await timeline({ asOf: "2026-04-13" })), [])
  await assert.rejects(timeline({ asOf: "soon" }), refusedWith("as-of"))
  await assert.rejects(amend([{ ...note("x"), corrects: 8 }]), refusedWith("corrects"))
})

test("the ledger has every facts statement of the clinic's file, and no event time", async () => {
  const { statements } = await timeline()
  const provider = { visit: toHex(journey.visit.V), provider: roles.clinic }
  const row = await setting.community
    .node(roles.regulator)
    .desk<{ facts: readonly { id: string }[] }>("visit", provider)
  assert.deepEqual(
    row.facts.map(({ id }) => id),
    statements.map(({ facts }) => facts),
  )
  const blocks = await (await fetch(`${journey.clinic.url}/chain/blocks?from=1`)).arrayBuffer()
  for (const clinical of ["2026-04-12", "T09:10", "20/50"]) assert.ok(!Buffer.from(blocks).includes(clinical))
  assert.ok(Buffer.from(blocks).includes(Buffer.from(statements[2]!.recordRoot, "hex")))
})

test("the payer's door shows what each clause decided; other organizations keep no such numbers", async () => {
  const payer = setting.community.node(roles.payer)
  const counted = await payer.get<{ claims: number; lines: number; clauses: readonly Record<string, unknown>[] }>(
    "/statistics/clauses",
  )
  assert.deepEqual([counted.claims, counted.lines], [1, visit.lines.length])
  const decided = counted.clauses.reduce((sum, { decided }) => sum + Number(decided), 0)
  assert.deepEqual([decided, counted.clauses.some(({ denied }) => denied !== 0)], [visit.lines.length, false])
  assert.deepEqual(await payer.desk("clause-statistics"), counted)
  assert.ok(!toJson(counted).includes(toHex(journey.visit.V)))
  const other = await fetch(`${journey.clinic.url}/statistics/clauses`)
  assert.deepEqual([other.status, ((await other.json()) as Refusal).code], [404, "statistics-none"])
})
