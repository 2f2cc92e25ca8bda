/**
 * Benefit designs drawn from a seed, as plain figures: what a plan of a payer might combine. A design is written out as a
 * published plan for the adjudicator, and read as it stands by the naive one.
 */
import { visitDay } from "./plan-text.ts"

export type Next = (below: number) => number

/** xorshift32: the same numbers from the same seed. */
export function numbersFrom(seed: number): Next {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

export interface Service {
  readonly category: string
  readonly rate: string
  readonly bilateral?: 0 | 1 | 2 | 3
  readonly technical?: string
}

/** Codes of every design; `charge` is what is billed. */
export const services: Readonly<Record<string, Service>> = {
  EX: { category: "exam", rate: "133.35" },
  T0: { category: "test", rate: "41.27", bilateral: 2 },
  S0: { category: "scan", rate: "118.11", technical: "61.95" },
  S1: { category: "scan", rate: "52.405", technical: "16.345" },
  P0: { category: "procedure", rate: "205.5", bilateral: 0 },
  P1: { category: "procedure", rate: "112.19", bilateral: 1 },
  P2: { category: "procedure", rate: "318.777777", bilateral: 3 },
  C0: { category: "crown", rate: "300.00" },
  C1: { category: "crown", rate: "90.99" },
  M0: { category: "medicine", rate: "731.885" },
  F0: { category: "frames", rate: "charge" },
  R0: { category: "room", rate: "charge" },
}
export const illnesses: Readonly<Record<string, string>> = { H251: "eyes", H409: "eyes", E119: "sugar" }
export const factors: Readonly<Record<string, string>> = { "80": "16", "62": "62.5", "26": "40.25" }

export type Part = "copay" | "deductible" | "coinsurance"

export interface Ceiling {
  readonly owner: "person" | "family" | "condition" | "treatment"
  readonly limit: bigint
  readonly excess: "member" | "provider"
  readonly category: string | undefined
}

export interface Design {
  readonly rounding: "half-up" | "half-even" | "up" | "down"
  readonly lesser: boolean
  readonly percent: bigint | undefined
  readonly atMost: bigint | undefined
  readonly hasFactors: boolean
  /** For rooms: one rate for the case. */
  readonly caseRate: string | undefined
  readonly capitated: { readonly category: string; readonly copay: boolean } | undefined
  readonly bilateral: boolean
  readonly multiple:
    | {
        readonly category: string
        readonly ranks: readonly bigint[]
        readonly part: "all" | "technical"
        readonly base?: string
      }
    | undefined
  readonly comanage:
    | { readonly surgery: bigint; readonly after: bigint; readonly before: bigint; readonly days: number }
    | undefined
  readonly alternate: { readonly owes: "member" | "provider" } | undefined
  readonly allowance: { readonly sum: bigint; readonly overage: bigint } | undefined
  readonly copay:
    | {
        readonly amount: bigint
        readonly per: "visit" | "day" | "service"
        readonly order: "before" | "after"
        readonly days: number | undefined
      }
    | undefined
  readonly deductible:
    | { readonly person: bigint; readonly family: bigint | undefined; readonly rule: "embedded" | "aggregate" }
    | undefined
  readonly drugDeductible: bigint | undefined
  readonly coinsurance:
    | {
        readonly member: bigint
        readonly atLeast: bigint | undefined
        readonly atMost: bigint | undefined
        readonly per: "service" | "visit"
      }
    | { readonly edge: bigint; readonly low: bigint; readonly high: bigint; readonly isKept: boolean }
    | undefined
  readonly first: number | undefined
  readonly most:
    | { readonly person: bigint; readonly family: bigint | undefined; readonly counts: readonly Part[] }
    | undefined
  readonly ceilings: readonly Ceiling[]
  readonly cob: {
    readonly method: "standard" | "carve-out" | "maintenance" | "medicare"
    readonly posts: "owed" | "own"
  }
  readonly withhold: bigint | undefined
}

const pick = <T>(next: Next, ...items: readonly T[]): T => items[next(items.length)]!
const maybe = <T>(next: Next, of: number, make: () => T): T | undefined => (next(of) === 0 ? make() : undefined)
const amount = (next: Next, most: number) => BigInt(next(most))
const points = (next: Next) => BigInt(pick(next, 0, 1_000, 2_000, 3_333, 5_000, 8_025, 10_000, next(10_001)))

function randomCoinsurance(next: Next): Design["coinsurance"] {
  if (next(4) === 0)
    return { edge: 1n + amount(next, 60_000), low: points(next), high: points(next), isKept: next(2) === 0 }
  return {
    member: points(next),
    atLeast: maybe(next, 3, () => amount(next, 3_000)),
    atMost: maybe(next, 3, () => 3_000n + amount(next, 9_000)),
    per: pick(next, "service", "visit"),
  }
}

function randomMultiple(next: Next): Design["multiple"] {
  const ranks = Array.from({ length: 1 + next(3) }, () => points(next))
  const kind = next(3)
  if (kind === 0) return { category: "scan", ranks, part: "technical" }
  if (kind === 1) return { category: "procedure", ranks, part: "all", base: "P1" }
  return { category: "procedure", ranks, part: "all" }
}

export function randomDesign(next: Next): Design {
  const family = () => maybe(next, 2, () => 40_000n + amount(next, 60_000))
  const parts: readonly Part[] = ["copay", "deductible", "coinsurance"]
  return {
    rounding: pick(next, "half-up", "half-up", "half-even", "up", "down"),
    lesser: next(4) > 0,
    percent: maybe(next, 4, () => points(next)),
    atMost: maybe(next, 6, () => 5_000n + amount(next, 90_000)),
    hasFactors: next(2) === 0,
    caseRate: maybe(next, 3, () => `${next(9000)}.${10 + next(90)}`),
    capitated: maybe(next, 6, () => ({ category: pick(next, "exam", "test"), copay: next(2) === 0 })),
    bilateral: next(3) > 0,
    multiple: maybe(next, 2, () => randomMultiple(next)),
    comanage: maybe(next, 3, () => ({ surgery: 7_000n, after: points(next), before: 1_050n, days: pick(next, 7, 90) })),
    alternate: maybe(next, 3, () => ({ owes: pick(next, "member", "provider") })),
    allowance: maybe(next, 2, () => ({ sum: amount(next, 30_000), overage: points(next) })),
    copay: maybe(next, 2, () => ({
      amount: amount(next, 6_000),
      per: pick(next, "visit", "day", "service"),
      order: pick(next, "before", "after"),
      days: maybe(next, 2, () => 1 + next(4)),
    })),
    deductible: maybe(next, 2, () => ({
      person: amount(next, 60_000),
      family: family(),
      rule: pick(next, "embedded", "aggregate"),
    })),
    drugDeductible: maybe(next, 3, () => amount(next, 20_000)),
    coinsurance: maybe(next, 2, () => undefined) ?? randomCoinsurance(next),
    first: maybe(next, 3, () => 1 + next(3)),
    most: maybe(next, 2, () => ({
      person: amount(next, 90_000),
      family: family(),
      counts: parts.filter((_, i) => next(3) > 0 || i === 2),
    })),
    ceilings: Array.from({ length: next(3) }, () => ({
      owner: pick(next, "person", "family", "condition", "treatment"),
      limit: amount(next, 90_000),
      excess: pick(next, "member", "provider"),
      category: maybe(next, 3, () => "procedure"),
    })),
    cob: { method: pick(next, "standard", "carve-out", "maintenance", "medicare"), posts: pick(next, "owed", "own") },
    withhold: maybe(next, 3, () => points(next)),
  }
}

export interface DesignLine {
  readonly code: string
  readonly charge: bigint
  readonly unitsMilli: number
  readonly modifiers: readonly string[]
  readonly from: number
  readonly to: number
  readonly diagnoses: readonly string[]
}

/** What an earlier payer made of each line. */
export interface DesignPrior {
  readonly allowed: bigint
  readonly paid: bigint
  readonly left: bigint
}

export interface DesignClaim {
  readonly lines: readonly DesignLine[]
  readonly treatment: string
  readonly selfOnly: boolean
  readonly prior: readonly DesignPrior[] | undefined
}

const modifierSets = [[], [], [], ["50"], ["LT"], ["RT"], ["54"], ["55"], ["56"], ["80"], ["62", "RT"], ["26"], ["TC"]]

function randomLine(next: Next): DesignLine {
  const from = visitDay + next(3)
  const code = pick(next, ...Object.keys(services))
  return {
    code,
    charge: BigInt(next(6) === 0 ? next(3_000) : next(90_000)),
    unitsMilli: next(3) === 0 ? 1 + next(4_000) : 1000 * (1 + next(3)),
    modifiers: pick(next, ...modifierSets),
    from,
    to: from + (next(3) === 0 ? next(9) : 0),
    diagnoses: [pick(next, "H251", "H409", "E119")],
  }
}

export function randomDesignClaim(next: Next, withPrior: boolean): DesignClaim {
  const lines = Array.from({ length: 1 + next(5) }, () => randomLine(next))
  const prior = lines.map(({ charge }) => {
    const decided = charge - BigInt(next(Number(charge / 2n) + 1))
    const paid = BigInt(next(Number(decided) + 1))
    return { allowed: decided, paid, left: decided - paid }
  })
  return {
    lines,
    treatment: pick(next, "T1", "T2"),
    selfOnly: next(4) === 0,
    prior: withPrior ? prior : undefined,
  }
}
