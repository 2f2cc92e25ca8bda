/**
 * A second adjudicator for the eye plan alone, written from the plan's sentences and the published formulas and sharing
 * no code with the first: fractions instead of scaled integers, one long function a step, no clauses, no trace. Slow and
 * plain, so that where the two differ one of them has misread the page.
 */

export interface NaiveLine {
  readonly code: string
  readonly modifiers: readonly string[]
  readonly unitsMilli: number
  readonly charge: bigint
  /** Days since 1970-01-01. */
  readonly from: number
  readonly to: number
}

export interface NaiveHistory {
  /** Met of the calendar year 2026. */
  readonly deductible: bigint
  readonly outOfPocket: bigint
  /** Earlier frames and lenses: what was allowed, and the day. */
  readonly glasses: readonly { readonly day: number; readonly amount: bigint }[]
  /** Days on which this provider already took an exam copay. */
  readonly copayDays: readonly number[]
}

export interface NaiveResult {
  readonly benefit: bigint
  readonly patient: bigint
  /** Amount by group and code, as `CO-45`. */
  readonly codes: Readonly<Record<string, bigint>>
}

type Fraction = readonly [bigint, bigint]
const times = (a: Fraction, b: Fraction): Fraction => [a[0] * b[0], a[1] * b[1]]
/** Half up: the floor of x + 1/2. */
const cents = ([n, d]: Fraction): bigint => (n + n + d) / (d + d)

function decimal(text: string): Fraction {
  const [whole, part = ""] = text.split(".")
  return [BigInt(whole + part), BigInt(`1${"0".repeat(part.length)}`)]
}

const services: Readonly<Record<string, { readonly group: string; readonly rate: string; readonly sides?: number }>> = {
  E10: { group: "exam", rate: "133.35" },
  T20: { group: "test", rate: "41.27", sides: 2 },
  T25: { group: "test", rate: "38.00", sides: 2 },
  P30: { group: "test", rate: "52.40", sides: 2 },
  S30: { group: "procedure", rate: "112.19", sides: 1 },
  J0178: { group: "medicine", rate: "731.885" },
  F50: { group: "frames", rate: "charge" },
  L60: { group: "contacts", rate: "charge" },
}
const bothSides: readonly Fraction[] = [
  [1n, 1n],
  [3n, 2n],
  [1n, 1n],
  [2n, 1n],
]

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
const atLeastZero = (a: bigint) => (a < 0n ? 0n : a)

/** Twenty-four months earlier, for days of 2026: the same month and day of 2024. */
function twoYearsBefore(day: number): number {
  const date = new Date(day * 86_400_000)
  return Math.floor(Date.UTC(date.getUTCFullYear() - 2, date.getUTCMonth(), date.getUTCDate()) / 86_400_000)
}

interface Work {
  readonly line: NaiveLine
  readonly group: string
  refused: string | undefined
  price: bigint
  full: bigint
  allowed: bigint
  paired: boolean
  /** The first side, of the second one. */
  first: Work | undefined
}

function refusalOf(line: NaiveLine, group: string, all: readonly NaiveLine[], received: number): string | undefined {
  if (received > line.to + 365) return "CO-29"
  if (group === "") return "PR-204"
  const procedureThatDay = all.some((other) => other.from === line.from && services[other.code]?.group === "procedure")
  if (group === "exam" && procedureThatDay && !line.modifiers.includes("25")) return "CO-97"
  if (group === "medicine") {
    const wasted = line.modifiers.includes("JW")
    const whole = line.modifiers.includes("JZ")
    if (wasted && whole) return "CO-4"
    if (!wasted && !whole) return "CO-16"
  }
  return undefined
}

function unroundedPrice(line: NaiveLine, sides: Fraction): Fraction {
  const { rate } = services[line.code]!
  if (rate === "charge") return [line.charge, 1n]
  return times(times(times(decimal(rate), [BigInt(line.unitsMilli), 1000n]), sides), [100n, 1n])
}

function priceAll(works: readonly Work[]): void {
  works.forEach((work, index) => {
    if (work.refused !== undefined) return
    const { line } = work
    const sides = services[line.code]!.sides
    const factor = sides === undefined ? undefined : bothSides[sides]!
    if (factor !== undefined && line.modifiers.includes("50")) work.price = cents(unroundedPrice(line, factor))
    else {
      const opposite = line.modifiers.includes("RT") ? "LT" : line.modifiers.includes("LT") ? "RT" : "-"
      const first = works.find(
        (other, i) =>
          i < index &&
          other.refused === undefined &&
          !other.paired &&
          other.line.code === line.code &&
          other.line.from === line.from &&
          other.line.modifiers.includes(opposite),
      )
      if (factor !== undefined && first !== undefined) {
        first.paired = true
        work.paired = true
        work.first = first
        work.price = atLeastZero(cents(unroundedPrice(line, factor)) - first.full)
      } else work.price = cents(unroundedPrice(line, [1n, 1n]))
    }
    work.full = smaller(line.charge, work.price)
    work.allowed = work.full
  })
}

function rankAll(works: readonly Work[]): void {
  for (const work of works) {
    if (work.refused !== undefined || work.group !== "procedure") continue
    // Two lines of one procedure, right and left, stand in one rank, by what they are together.
    const head = work.first ?? work
    const rivals = works.filter(
      (other) =>
        other.refused === undefined &&
        other.group === "procedure" &&
        other.line.from === work.line.from &&
        other.first === undefined,
    )
    const together = (one: Work) => works.reduce((sum, each) => (each.first === one ? sum + each.full : sum), one.full)
    const before = rivals.filter(
      (other) =>
        together(other) > together(head) ||
        (together(other) === together(head) && works.indexOf(other) < works.indexOf(head)),
    )
    if (before.length > 0) work.allowed = cents([work.full, 2n])
  }
}

/** Determines the lines of one claim of one provider, all with service in 2026. */
export function naiveEyePlan(
  lines: readonly NaiveLine[],
  received: number,
  history: NaiveHistory,
): readonly NaiveResult[] {
  const works: Work[] = lines.map((line) => {
    const group = services[line.code]?.group ?? ""
    const refused = refusalOf(line, group, lines, received)
    return { line, group, refused, price: 0n, full: 0n, allowed: 0n, paired: false, first: undefined }
  })
  priceAll(works)
  rankAll(works)
  let deductibleLeft = atLeastZero(24_000n - history.deductible)
  let mostLeft = atLeastZero(250_000n - history.outOfPocket)
  const glasses = [...history.glasses]
  const copayDays = new Set(history.copayDays)
  return works.map((work) => {
    const { line, group } = work
    const codes: Record<string, bigint> = {}
    const put = (code: string, amount: bigint) => {
      if (amount !== 0n) codes[code] = (codes[code] ?? 0n) + amount
    }
    if (work.refused !== undefined) {
      put(work.refused, line.charge)
      return { benefit: 0n, patient: work.refused.startsWith("PR") ? line.charge : 0n, codes }
    }
    put("CO-45", line.charge - work.full)
    put("CO-59", work.full - work.allowed)
    if (group === "frames" || group === "contacts") {
      const since = twoYearsBefore(line.from)
      let used = 0n
      for (const item of glasses) if (item.day > since) used += item.amount
      const base = smaller(work.allowed, atLeastZero(15_000n - used))
      const owed = cents([(work.allowed - base) * 80n, 100n])
      put("PR-119", owed)
      put("CO-45", work.allowed - base - owed)
      glasses.push({ day: line.from, amount: base })
      return { benefit: base, patient: owed, codes }
    }
    let copay = 0n
    let deductible = 0n
    let coinsurance = 0n
    if (group === "exam") {
      if (!copayDays.has(line.from)) copay = smaller(3_000n, work.allowed)
    } else {
      deductible = smaller(work.allowed, deductibleLeft)
      coinsurance = cents([(work.allowed - deductible) * 20n, 100n])
    }
    let over = atLeastZero(copay + deductible + coinsurance - mostLeft)
    const fromCoinsurance = smaller(over, coinsurance)
    coinsurance -= fromCoinsurance
    over -= fromCoinsurance
    const fromDeductible = smaller(over, deductible)
    deductible -= fromDeductible
    over -= fromDeductible
    copay -= over
    if (copay > 0n) copayDays.add(line.from)
    deductibleLeft -= deductible
    mostLeft -= copay + deductible + coinsurance
    put("PR-3", copay)
    put("PR-1", deductible)
    put("PR-2", coinsurance)
    const patient = copay + deductible + coinsurance
    return { benefit: work.allowed - patient, patient, codes }
  })
}
