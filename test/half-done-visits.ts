/**
 * Visits at every stage, for tests of what outlives a chain: one settled, one that waits for the patient, one for the
 * payer, one only held, and a voucher unused; and how each of them goes on.
 */
import assert from "node:assert/strict"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { deposit, type Practitioner, roles, type Setting } from "../src/cli/community/setting.ts"
import { Journey } from "../src/cli/visit/journey.ts"
import type { VisitCase } from "../src/cli/visit/visit-case.ts"
import type { Review } from "../src/wallet/review.ts"

export interface VisitScene {
  readonly told: VisitCase
  readonly practitioner: Practitioner
  readonly plan: Uint8Array
}

/** How far each visit has come. */
export interface HalfDone {
  readonly setting: Setting
  readonly scene: VisitScene
  readonly settled: { readonly journey: Journey; readonly receipt: Uint8Array }
  readonly claimed: Journey
  readonly countersigned: { readonly journey: Journey; readonly review: Review }
  readonly held: Journey
  readonly promised: Journey
}

/** What is deposited after the first visit is settled: the chain goes on a little. */
export const depositedLater = 100n

async function newPatient(at: Setting, { told, plan }: VisitScene): Promise<Journey> {
  const journey = new Journey(at)
  await journey.enrol({ plan, facts: told.member, left: told.left, cap: told.hold, day: told.serviceDay })
  return journey
}

async function hold(journey: Journey, { told, practitioner }: VisitScene): Promise<void> {
  await journey.arrive(practitioner.id)
  await journey.quote(told.lines)
  await journey.hold(told.hold)
}

async function claim(journey: Journey, { told }: VisitScene): Promise<void> {
  await journey.record(told.entries, told.facts)
  await journey.claim(told.lines)
}

/** From the bundle's arrival to the receipt. */
async function sign(journey: Journey): Promise<Uint8Array> {
  const review = await journey.review()
  await journey.countersign(review)
  return fromHex((await journey.settled(review.statement)).receipt!)
}

export async function until(what: string, good: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await good())) {
    assert.ok(Date.now() < end, `not within a minute: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** @param payerLeaves - once every copy has all blocks: what the clinic sends it then waits on the clinic's own disk. */
export async function leaveHalfDone(
  setting: Setting,
  scene: VisitScene,
  payerLeaves: () => Promise<void>,
): Promise<HalfDone> {
  const patients: Journey[] = []
  for (let i = 0; i < 5; i++) patients.push(await newPatient(setting, scene))
  const [first, claimed, second, held, promised] = patients as [Journey, Journey, Journey, Journey, Journey]
  for (const journey of [first, claimed, second, held]) await hold(journey, scene)
  for (const journey of [first, claimed, second]) await claim(journey, scene)
  const settled = { journey: first, receipt: await sign(first) }
  const review = await second.review()
  await deposit(setting, roles.payer, depositedLater)
  await atRest(setting)
  await payerLeaves()
  await second.countersign(review)
  const signatures = async () =>
    (await second.clinic.desk<{ signatures: string[] }>("visit-status", { visit: toHex(second.visit.V) })).signatures
  await until("the clinic has her signature", async () => (await signatures()).includes("countersigned"))
  return { setting, scene, settled, claimed, countersigned: { journey: second, review }, held, promised }
}

/** Every copy has the last block, and nobody writes another. */
async function atRest({ community }: Setting): Promise<void> {
  const heights = () =>
    Promise.all(community.nodes.map(async (node) => (await node.get<{ height: number }>("/health")).height))
  await until("all copies rest at one height", async () => {
    const first = await heights()
    await new Promise((resolve) => setTimeout(resolve, 500))
    return new Set([...first, ...(await heights())]).size === 1
  })
}

/** Each to its settlement, on the chain that carries the first one on, and a new patient's visit beside them. */
export async function finish(left: HalfDone, setting: Setting): Promise<readonly Uint8Array[]> {
  const { countersigned, claimed, held, promised, scene } = left
  const waited = countersigned.journey.at(setting)
  const receipts = [fromHex((await waited.settled(countersigned.review.statement)).receipt!)]
  receipts.push(await sign(claimed.at(setting)))
  const resumed = held.at(setting)
  await claim(resumed, scene)
  receipts.push(await sign(resumed))
  for (const journey of [promised.at(setting), await newPatient(setting, scene)]) {
    await hold(journey, scene)
    await claim(journey, scene)
    receipts.push(await sign(journey))
  }
  return receipts
}
