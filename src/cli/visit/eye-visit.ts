/** The standing example: an eye visit in April 2026 under the published eye plan. All people are synthetic. */

import { assert } from "../../base/assert.ts"
import { formatDate, parseDate } from "../../base/time.ts"
import { eyeVisitResources } from "../../formats/fhir/visit-resources.ts"
import { type ClaimLine, plainLine, plainMember } from "../../plan/claim.ts"
import type { PlanFiles } from "../community/plan-files.ts"
import type { VisitCase } from "./visit-case.ts"

function day(text: string): number {
  const value = parseDate(text)
  assert(value !== undefined, "a date of the example exists")
  return value
}
export const eyeVisitDay = day("2026-04-14")

interface LineExtras {
  readonly modifiers?: readonly string[]
  readonly units?: number
  readonly facts?: readonly number[]
}
function line(number: number, code: string, charge: bigint, extras: LineExtras = {}): ClaimLine {
  return {
    ...plainLine(number, code, charge, eyeVisitDay),
    modifiers: extras.modifiers ?? [],
    unitsMilli: (extras.units ?? 1) * 1000,
    facts: extras.facts ?? [],
    place: "11",
  }
}

/** The sample plan is of one year; a network whose time is the real one needs it for its own. */
const sampleYear = 2026

/** The same plan for another year: another plan, by its digest. */
export function planOfYear(plan: PlanFiles, year: number): PlanFiles {
  if (year === sampleYear) return plan
  const text = Buffer.from(plan.bytes).toString("utf8")
  const dated = text
    .replaceAll(`${sampleYear + 1}-01-01`, `${year + 1}-01-01`)
    .replaceAll(`${sampleYear}-01-01`, `${year}-01-01`)
    .replaceAll(`Plan ${sampleYear}`, `Plan ${year}`)
  return { ...plan, bytes: new Uint8Array(Buffer.from(dated)) }
}

const at = (on: number) => (one: ClaimLine) => ({ ...one, from: on, to: on })

/** @param on - the day of the visit, in a year that the plan covers. */
export function eyeVisit(plan: PlanFiles, on = eyeVisitDay): VisitCase {
  const date = formatDate(on)
  const { entries, facts } = eyeVisitResources({ date })
  const told = eyeVisitCase(plan, { entries, facts })
  const member = { ...told.member, coverTo: day(`${date.slice(0, 4)}-12-31`) }
  const extra = told.extra && { ...told.extra, line: at(on)(told.extra.line) }
  return { ...told, serviceDay: on, member, lines: told.lines.map(at(on)), ...(extra && { extra }) }
}

function eyeVisitCase(plan: PlanFiles, { entries, facts }: Pick<VisitCase, "entries" | "facts">): VisitCase {
  return {
    title: "An eye visit",
    patient: "Marisol Vega",
    practitioner: { name: "Dr. Amara Osei", licence: "oph-20417" },
    serviceDay: eyeVisitDay,
    plan,
    member: {
      ...plainMember,
      born: day("1961-09-02"),
      sex: "F",
      coverFrom: day("2024-01-01"),
      coverTo: day("2026-12-31"),
    },
    left: [
      { bucket: "deductible", left: 12_000n },
      { bucket: "most-you-pay", left: 41_260n },
    ],
    hold: 200_000n,
    entries,
    facts,
    lines: [
      line(1, "E10", 21_000n, { modifiers: ["25"], facts: [0] }),
      line(2, "T20", 12_500n, { modifiers: ["50"], facts: [1] }),
      line(3, "S30", 45_000n, { modifiers: ["LT"], facts: [2] }),
      line(4, "J0178", 220_000n, { modifiers: ["JZ"], units: 2, facts: [3] }),
    ],
    labels: [
      "Eye exam, apart from the procedure",
      "Scan of both eyes, paid once",
      "Injection, left eye",
      "Medicine J0178, 2 units, nothing thrown away",
    ],
    extra: {
      line: line(5, "P30", 9_500n, { facts: [4] }),
      label: "Photo of the back of the eye",
      fact: { sentence: "A photo of the back of both eyes was taken.", entry: 0 },
    },
  }
}

/** Another visit of the morning: what the plan's deductible has left for that patient, and what was done. */
export interface MorningVisit {
  readonly deductibleLeft: bigint
  readonly lines: readonly ClaimLine[]
}

const exam = (number: number, modifiers: readonly string[] = []) =>
  line(number, "E10", 21_000n, { modifiers, facts: [0] })
const scan = (number: number) => line(number, "T20", 12_500n, { modifiers: ["50"], facts: [1] })
const injection = (number: number, eye: "LT" | "RT") => line(number, "S30", 45_000n, { modifiers: [eye], facts: [2] })
const medicine = (number: number) => line(number, "J0178", 110_000n, { modifiers: ["JZ"], facts: [3] })
const frames = (number: number) => line(number, "F50", 23_000n, { facts: [0] })

/** Seven other visits, each held with 500.00; together the plan pays 1,862.02 for them. */
export const morningHold = 50_000n
const morning: readonly MorningVisit[] = [
  { deductibleLeft: 0n, lines: [exam(1, ["25"]), scan(2), injection(3, "RT")] },
  { deductibleLeft: 4_000n, lines: [exam(1)] },
  { deductibleLeft: 24_000n, lines: [frames(1)] },
  { deductibleLeft: 24_000n, lines: [medicine(1)] },
  { deductibleLeft: 24_000n, lines: [injection(1, "LT"), medicine(2)] },
  { deductibleLeft: 15_000n, lines: [exam(1)] },
  { deductibleLeft: 22_885n, lines: [medicine(1)] },
]

/** The morning of a day. */
export function morningVisits(on = eyeVisitDay): readonly MorningVisit[] {
  return morning.map((visit) => ({ ...visit, lines: visit.lines.map(at(on)) }))
}
