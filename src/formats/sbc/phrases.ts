/**
 * How filings and printed summaries say what a member pays: "$250 Copay after deductible", "20% coinsurance up to $250 /
 * prescription", "30.0 Visit(s) per Benefit Period". Each phrase is read whole or not at all; nothing of it is guessed.
 */
import { minorUnits, scaledInteger } from "../amount.ts"

export type Per = "visit" | "day" | "stay" | "service" | "prescription"

/** What one service costs the member. Amounts in cents, shares in basis points. */
export interface Share {
  readonly kind: "share"
  readonly copay: bigint | undefined
  /** What the copay is asked for; undefined where the phrase leaves it open. */
  readonly per: Per | undefined
  /** The member's part; undefined where no part is named. */
  readonly coinsurance: bigint | undefined
  /** Whether the deductible is met first (`after`), is met after the copay (`before`), or does not apply. */
  readonly deductible: "after" | "before" | "none"
  /** The most one prescription costs. */
  readonly atMost: bigint | undefined
  /** Visits of a year that cost `firstCopay` before the rest of the phrase applies. */
  readonly first: { readonly visits: bigint; readonly copay: bigint } | undefined
  /** Days of a stay for which a daily copay is asked. */
  readonly maxDays: bigint | undefined
  /** The copay is not asked of those who are admitted. */
  readonly waivedIfAdmitted: boolean
}

/** `notApplicable`: this part is not asked. `notCovered`: the plan pays nothing. */
export type SharePhrase = Share | { readonly kind: "notApplicable" } | { readonly kind: "notCovered" }

export const freeShare: Share = {
  kind: "share",
  copay: undefined,
  per: undefined,
  coinsurance: undefined,
  deductible: "none",
  atMost: undefined,
  first: undefined,
  maxDays: undefined,
  waivedIfAdmitted: false,
}

/** `$1,000` or `$87.50` without its dollar sign, in cents. */
const cents = (text: string): bigint | undefined => minorUnits(text.replaceAll(",", ""))

const money = String.raw`\$(\d[\d,]*(?:\.\d\d)?)`

const perWords: Readonly<Record<string, Per>> = {
  visit: "visit",
  day: "day",
  stay: "stay",
  admission: "stay",
  encounter: "service",
  procedure: "service",
  test: "service",
  trip: "service",
  service: "service",
  prescription: "prescription",
  script: "prescription",
}

/** Reads a phrase from the left; each `take` moves on when its pattern stands next. */
class Words {
  #rest: string

  constructor(text: string) {
    this.#rest = text.trim().replace(/\s+/g, " ")
  }

  get empty(): boolean {
    return this.#rest === ""
  }

  take(pattern: string): readonly string[] | undefined {
    const match = new RegExp(`^(?:${pattern})(?![A-Za-z0-9])[ ,;]*`, "i").exec(this.#rest)
    if (match === null) return undefined
    this.#rest = this.#rest.slice(match[0].length)
    return match.map((group) => group ?? "")
  }
}

type Draft = { -readonly [Name in keyof Share]: Share[Name] }

/** What is asked at the visit itself: a sum, a part, or nothing; and for what. */
function takeCharge(words: Words): Draft | undefined {
  if (words.take("no charge|covered in full|no cost") !== undefined) return { ...freeShare }
  const copay = words.take(`${money}(?: copay(?:ment)?)?`)
  if (copay !== undefined) return { ...freeShare, copay: cents(copay[1]!) }
  const part = words.take(String.raw`(\d{1,3})%?(?<=%)(?: coinsurance)?`)
  const points = part === undefined ? undefined : scaledInteger(part[1]!, 2)
  if (points === undefined || points > 10000n) return undefined
  return { ...freeShare, coinsurance: points }
}

/** `$50 copay not subject to deductible for first 3 visits;` before the phrase that holds after them. */
function takeFirst(words: Words): Draft["first"] {
  const first = words.take(`${money} copay not subject to deductible for first (\\d{1,2}) visits`)
  return first === undefined ? undefined : { copay: cents(first[1]!)!, visits: BigInt(first[2]!) }
}

/** One more condition of the phrase; false when none stands next. */
function takeCondition(words: Words, draft: Draft): boolean {
  const per = words.take(`(?:per|/) ?(?:office |30-day )?(${Object.keys(perWords).join("|")})`)
  if (per !== undefined) draft.per = perWords[per[1]!.toLowerCase()]
  const side = words.take(String.raw`\(?(before|after|not subject to|with) (?:the )?deductible\)?`)
  if (side !== undefined) {
    const word = side[1]!.toLowerCase()
    draft.deductible = word === "before" ? "before" : word === "not subject to" ? "none" : "after"
  }
  const later = words.take("after|for additional visits")
  const unasked = words.take("(?:the )?deductible does not apply")
  const days = words.take(String.raw`up to (\d{1,3}) days`)
  if (days !== undefined) draft.maxDays = BigInt(days[1]!)
  const most = words.take(String.raw`\(?(?:cost share applies, )?up to ${money} ?(?:per|/) ?(?:script|prescription)\)?`)
  if (most !== undefined) draft.atMost = cents(most[1]!)
  const first = words.take(String.raw`\(first (\d{1,2}) visit\(s\) at ${money}\)`)
  if (first !== undefined) draft.first = { visits: BigInt(first[1]!), copay: cents(first[2]!)! }
  const waived = words.take("(?:copay(?:ment)? is )?waived if admitted(?: to hospital as inpatient)?")
  if (waived !== undefined) draft.waivedIfAdmitted = true
  return [per, side, later, unasked, days, most, first, waived].some((found) => found !== undefined)
}

/** The whole phrase, or undefined when any word of it is not understood. */
export function parseSharePhrase(text: string): SharePhrase | undefined {
  const words = new Words(text)
  if (words.take("not applicable") !== undefined) return words.empty ? { kind: "notApplicable" } : undefined
  if (words.take("not covered") !== undefined) return words.empty ? { kind: "notCovered" } : undefined
  const first = takeFirst(words)
  const draft = takeCharge(words)
  if (draft === undefined) return undefined
  while (!words.empty) if (!takeCondition(words, draft)) return undefined
  return first === undefined ? draft : { ...draft, first }
}

export type LimitUnit =
  | "visits"
  | "items"
  | "days"
  | "exams"
  | "treatments"
  | "procedures"
  | "hours"
  | "months"
  | "dollars"

/** How much of a service a plan pays for, and in what span, in the words of the plan language. */
export interface LimitPhrase {
  /** Whole units, or cents where the unit is dollars. */
  readonly count: bigint
  readonly unit: LimitUnit
  /** `calendar`, `cover-year`, `rolling 6 months`, `lifetime`, `stay`. */
  readonly period: string
  /** `treatment` for spans that a course of treatment opens: an episode, a transplant, a procedure. */
  readonly owner: "person" | "treatment"
}

const limitUnits: Readonly<Record<string, LimitUnit>> = {
  visit: "visits",
  item: "items",
  day: "days",
  exam: "exams",
  treatment: "treatments",
  procedure: "procedures",
  hour: "hours",
  month: "months",
  dollar: "dollars",
}

function periodOf(count: string, word: string): Pick<LimitPhrase, "period" | "owner"> | undefined {
  const many = count === "" ? 1 : Number(count)
  const person = (period: string) => ({ period, owner: "person" as const })
  switch (word) {
    case "year":
      return person(count === "" ? "calendar" : `rolling ${12 * many} months`)
    case "month":
      return person(`rolling ${many} months`)
    case "week":
      return person(`rolling ${7 * many} days`)
    case "benefit period":
      return person("cover-year")
    case "lifetime":
      return person("lifetime")
    case "stay":
    case "admission":
      return person("stay")
    case "episode":
    case "transplant":
    case "procedure":
      return { period: "lifetime", owner: "treatment" }
    default:
      return undefined
  }
}

/** `1.0 Visit(s) per 6 Months`; undefined when a word of it is not understood. */
export function parseLimitPhrase(text: string): LimitPhrase | undefined {
  const match = /^(\d{1,7})(?:\.0)? ([a-z]+?)(?:\(s\)|s)? per (?:(\d{1,2}) )?([a-z ]+?)(?:s)?$/.exec(text.toLowerCase())
  if (match === null) return undefined
  const unit = limitUnits[match[2]!]
  const period = periodOf(match[3] ?? "", match[4]!)
  if (unit === undefined || period === undefined) return undefined
  const count = BigInt(match[1]!)
  return { count: unit === "dollars" ? count * 100n : count, unit, ...period }
}

/** A yearly sum for one person and for a family. */
export interface Limits {
  readonly person: bigint
  readonly family: bigint
  /** Aggregate: nobody of a family has a sum of her own. */
  readonly rule: "embedded" | "aggregate"
}

/** `$2500 per person / $5000 per group`, or `$3,300 / $6,600 Integrated with Medical`. */
export function parseLimits(text: string): Limits | undefined {
  const pattern = new RegExp(`^${money}(?: per person)? / ${money}(?: per group)?(?: Integrated with Medical)?$`)
  const match = pattern.exec(text.trim())
  const [person, family] = [match?.[1], match?.[2]].map((each) => (each === undefined ? undefined : cents(each)))
  if (person === undefined || family === undefined) return undefined
  // A family's sum that one person alone must meet is no sum a person. No deductible at all is neither.
  return { person, family, rule: person === family && person > 0n ? "aggregate" : "embedded" }
}
