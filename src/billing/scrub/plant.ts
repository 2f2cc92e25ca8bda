/**
 * Errors that people make, planted one at a time in good claims, to see how many the scrubber finds. Nothing is left to
 * chance: which claims and lines are spoilt follows from their order.
 */
import { formatDate, parseDate } from "../../base/time.ts"
import type { Claim837, Line837 } from "../../formats/x12/claim/claim-837.ts"
import type { ScrubbedClaim, ScrubFinding, ScrubRule } from "./finding.ts"
import { checkHabits } from "./habits.ts"
import { checkDoubles, checkOne, type ScrubOptions, scrub } from "./scrub.ts"

/** A slip of the hand: the claim with it, or undefined where this claim cannot have it. */
export interface Slip {
  readonly name: string
  /** The rules that may find it. */
  readonly rules: readonly ScrubRule[]
  plant(claim: Claim837, on: number): Claim837 | undefined
}

const withLine = (claim: Claim837, index: number, change: (line: Line837) => Partial<Line837>): Claim837 => ({
  ...claim,
  lines: claim.lines.map((line, at) => (at === index ? { ...line, ...change(line) } : line)),
})
const withPerson = (claim: Claim837, change: { sex?: string; born?: number }): Claim837 =>
  claim.patient === undefined
    ? { ...claim, subscriber: { ...claim.subscriber, ...change } }
    : { ...claim, patient: { ...claim.patient, ...change } }
const personOf = (claim: Claim837) => claim.patient ?? claim.subscriber
const withDiagnosis = (claim: Claim837, code: string): Claim837 => ({
  ...claim,
  diagnoses: [code, ...claim.diagnoses.slice(1)],
  lines: claim.lines.map((line) => ({ ...line, diagnoses: [code, ...line.diagnoses.slice(1)] })),
})
const isTenth = (claim: Claim837) => claim.diagnosisSystem.startsWith("AB") && claim.diagnoses.length > 0
const copyOf = (line: Line837, claim: Claim837): Line837 => ({
  ...line,
  number: Math.max(...claim.lines.map((one) => one.number)) + 1,
  control: undefined,
})
const year = 365

export const slips: readonly Slip[] = [
  {
    name: "diagnosis of the other sex",
    rules: ["diagnosis-sex", "plan"],
    plant: (claim) => {
      const { sex } = personOf(claim)
      if (!isTenth(claim) || (sex !== "F" && sex !== "M")) return undefined
      return withDiagnosis(claim, sex === "F" ? "N401" : "O80")
    },
  },
  {
    name: "diagnosis of another age",
    rules: ["diagnosis-age", "plan"],
    plant: (claim) => {
      const { born } = personOf(claim)
      return isTenth(claim) && born !== undefined && claim.from - born > 20 * year
        ? withDiagnosis(claim, "P073")
        : undefined
    },
  },
  {
    name: "diagnosis mistyped",
    rules: ["diagnosis", "plan"],
    plant: (claim) =>
      isTenth(claim)
        ? withDiagnosis(claim, `${claim.diagnoses[0]!.slice(0, 2)}O${claim.diagnoses[0]!.slice(3)}-`)
        : undefined,
  },
  {
    name: "service in the future",
    rules: ["date", "plan"],
    plant: (claim, on) => withLine(claim, 0, () => ({ from: on + 20, to: on + 20 })),
  },
  {
    name: "service a year off",
    rules: ["date", "plan"],
    plant: (claim) =>
      claim.lines.length < 3 ? undefined : withLine(claim, 1, ({ from, to }) => ({ from: from - year, to: to - year })),
  },
  {
    name: "birth after the service",
    rules: ["birth", "plan"],
    plant: (claim) => (personOf(claim).born === undefined ? undefined : withPerson(claim, { born: claim.from + 30 })),
  },
  {
    name: "ten times the units",
    rules: ["units", "plan"],
    plant: (claim) => withLine(claim, claim.lines.length - 1, ({ unitsMilli }) => ({ unitsMilli: unitsMilli * 10 })),
  },
  {
    name: "modifier left out",
    rules: ["modifier", "plan"],
    plant: (claim) => {
      const index = claim.lines.findIndex((line) => line.modifiers.length > 0)
      return index < 0 ? undefined : withLine(claim, index, () => ({ modifiers: [] }))
    },
  },
  {
    name: "modifiers that exclude each other",
    rules: ["modifier"],
    plant: (claim) => {
      const index = claim.lines.findIndex((line) => line.modifiers.length < 3)
      return index < 0
        ? undefined
        : withLine(claim, index, ({ modifiers }) => ({ modifiers: [...modifiers, "RT", "LT"] }))
    },
  },
  {
    name: "line sent twice",
    rules: ["duplicate-line", "plan"],
    plant: (claim) => {
      const [first] = claim.lines
      if (first === undefined) return undefined
      return { ...claim, total: claim.total + first.charge, lines: [...claim.lines, copyOf(first, claim)] }
    },
  },
  {
    name: "total that does not add up",
    rules: ["total", "unreadable"],
    plant: (claim) => ({ ...claim, total: claim.total + 100n }),
  },
  {
    name: "digit of an NPI wrong",
    rules: ["identity"],
    plant: (claim) => {
      const { billing } = claim
      if (billing.qualifier !== "XX") return undefined
      const last = (Number(billing.id.at(-1)) + 1) % 10
      return { ...claim, billing: { ...billing, id: `${billing.id.slice(0, -1)}${last}` } }
    },
  },
  {
    name: "replacement that names no original",
    rules: ["replacement", "plan"],
    plant: (claim) => ({ ...claim, frequency: 7, original: undefined }),
  },
  {
    name: "permission left out",
    rules: ["authorization", "plan"],
    plant: (claim) => {
      if (claim.authorization === undefined && claim.lines.every((line) => line.authorization === undefined))
        return undefined
      return {
        ...claim,
        authorization: undefined,
        lines: claim.lines.map((line) => ({ ...line, authorization: undefined })),
      }
    },
  },
]

/** The day with its month and day exchanged; undefined where that is no other day. */
function swapped(day: number): number | undefined {
  const [year, month, date] = formatDate(day).split("-") as [string, string, string]
  const other = parseDate(`${year}-${date}-${month}`)
  return other === undefined || other === day ? undefined : other
}

/** Slips that look like good claims: a scrubber finds them by what it knows of plan, members and habits, or not at all. */
export const subtleSlips: readonly Slip[] = [
  {
    name: "day and month exchanged on one line",
    rules: ["date", "plan"],
    plant: (claim) => {
      const day = claim.lines.length < 2 ? undefined : swapped(claim.lines[0]!.from)
      return day === undefined ? undefined : withLine(claim, 0, () => ({ from: day, to: day }))
    },
  },
  {
    name: "the other eye",
    rules: ["modifier", "plan"],
    plant: (claim) => {
      const index = claim.lines.findIndex(({ modifiers }) => modifiers.includes("RT") || modifiers.includes("LT"))
      if (index < 0) return undefined
      const other = (modifier: string) => (modifier === "RT" ? "LT" : modifier === "LT" ? "RT" : modifier)
      return withLine(claim, index, ({ modifiers }) => ({ modifiers: modifiers.map(other) }))
    },
  },
  {
    name: "digits of a charge exchanged",
    rules: ["units", "charge", "plan"],
    plant: (claim) => {
      const { charge } = claim.lines[0]!
      const [first, second, ...rest] = [...String(charge)]
      if (second === undefined || first === second || second === "0") return undefined
      const wrong = BigInt([second, first, ...rest].join(""))
      const spoilt = withLine(claim, 0, () => ({ charge: wrong }))
      return { ...spoilt, total: claim.total - charge + wrong }
    },
  },
  {
    name: "units and charge doubled",
    rules: ["units", "plan"],
    plant: (claim) => {
      const last = claim.lines.length - 1
      const { charge } = claim.lines[last]!
      const spoilt = withLine(claim, last, ({ unitsMilli }) => ({ unitsMilli: unitsMilli * 2, charge: charge * 2n }))
      return { ...spoilt, total: claim.total + charge }
    },
  },
  {
    name: "digit of the member's number wrong",
    rules: ["identity", "plan"],
    plant: (claim) => {
      const { id } = claim.subscriber
      if (!/\d$/.test(id)) return undefined
      return { ...claim, subscriber: { ...claim.subscriber, id: `${id.slice(0, -1)}${(Number(id.at(-1)) + 1) % 10}` } }
    },
  },
]

export interface SlipScore {
  readonly name: string
  readonly planted: number
  readonly found: number
}

export interface ScrubScore {
  readonly claims: number
  /** Findings on the claims as they are, by severity. */
  readonly falseErrors: number
  readonly falseWarnings: number
  readonly slips: readonly SlipScore[]
}

const most = 200

/** Whether a finding of one of the rules is new with the slip. */
function isFound(slip: Slip, before: readonly ScrubFinding[], after: readonly ScrubFinding[]): boolean {
  const known = new Set(before.map((one) => `${one.rule}|${one.line}|${one.says}`))
  return after.some((one) => slip.rules.includes(one.rule) && !known.has(`${one.rule}|${one.line}|${one.says}`))
}

/** Plants each slip in up to 200 of the claims, one at a time, and counts what is found. */
export function measureScrubber(claims: readonly ScrubbedClaim[], options: ScrubOptions): ScrubScore {
  const whole = scrub(claims, options)
  const of = (position: number) => whole.filter((one) => one.claim === position)
  const scores = [...slips, ...subtleSlips].map((slip): SlipScore => {
    let [planted, found] = [0, 0]
    for (const one of claims) {
      if (planted === most) break
      const spoilt = slip.plant(one.claim, options.on)
      if (spoilt === undefined) continue
      planted++
      const changed = { ...one, claim: spoilt }
      const others = claims.map((other) => (other === one ? changed : other))
      const after = [...checkOne(changed, options), ...checkDoubles(others), ...checkHabits(others)]
      const own = after.filter((finding) => finding.claim === one.position)
      if (isFound(slip, of(one.position), own)) found++
    }
    return { name: slip.name, planted, found }
  })
  const errors = whole.filter((one) => one.severity === "error").length
  return { claims: claims.length, falseErrors: errors, falseWarnings: whole.length - errors, slips: scores }
}
