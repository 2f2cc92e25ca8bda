/** The standing eye visit under the published sample plan, for the tests of what is written from determinations. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { parseDate } from "../base/time.ts"
import { adjudicate } from "../plan/adjudicate/adjudicate.ts"
import { type Claim, plainMember, plainProvider } from "../plan/claim.ts"
import { inputOf } from "../plan/input.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Leg } from "../plan/leg.ts"
import { firstSnapshot } from "../plan/snapshot.ts"
import { orRefuse } from "./answer.ts"
import { claimFrom, type Service } from "./claim.ts"

export const day = parseDate("2026-04-14")!

function eyePlan() {
  const file = (name: string) => new Uint8Array(readFileSync(new URL(`../../plans/${name}`, import.meta.url)))
  const read = readPlan(file("eye-sample.md"), new Map([["eye-services", file("tables/eye-services.csv")]]))
  if ("findings" in read) assert.fail(read.findings.map((one) => one.message).join("; "))
  return read.plan
}
export const plan = eyePlan()

/** A claim of eye services and what the published sample plan makes of it for a member with nothing met. */
export function determined(services: readonly Service[]): { claim: Claim; leg: Leg } {
  const billing = { use: "claim", kind: "professional", received: day, facts: 1 } as const
  const claim = orRefuse(claimFrom(services, billing))
  const snapshot = firstSnapshot({
    payer: "sample-mutual",
    member: new Uint8Array(32),
    plan: plan.digest,
    period: { from: plan.front.effective.from, to: plan.front.effective.until - 1 },
    facts: plainMember,
    expiry: 0,
  })
  const provider = plainProvider("clinic")
  return { claim, leg: adjudicate(inputOf({ plan, claim, member: plainMember, provider, snapshot, on: day })).leg }
}

export const service = (number: number, code: string, charge: bigint, rest: Partial<Service> = {}): Service => ({
  ...{ number, code, charge, unitsMilli: 1000, from: day, to: day, place: "11", facts: [0] },
  ...rest,
})
export const visit = [
  service(1, "E10", 21_000n, { modifiers: ["25"] }),
  service(2, "T20", 12_500n, { modifiers: ["50"] }),
  service(3, "S30", 45_000n, { modifiers: ["LT"] }),
  service(4, "J0178", 220_000n, { modifiers: ["JZ"], unitsMilli: 2000 }),
]

test("the visit costs what the sample plan's own cases say for a member with nothing met", () => {
  const { totals } = determined(visit).leg
  assert.deepEqual([totals.benefit, totals.patient], [120_513n, 54_545n])
})
