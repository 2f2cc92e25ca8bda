/**
 * The prices of the naive adjudicator, from the language page: rate, sides of the body, cheaper services, co-management,
 * rates of a whole claim, several procedures a day. Fractions, rounded where the page rounds.
 */
import { type Design, type DesignLine, factors, services } from "./random-design.ts"

export interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

export const fraction = (n: bigint, d = 1n): Fraction => ({ n, d })
export const times = (...all: readonly Fraction[]): Fraction =>
  all.reduce((a, b) => ({ n: a.n * b.n, d: a.d * b.d }), fraction(1n))
export const share = (points: bigint): Fraction => fraction(points, 10_000n)
const hundred = share(10_000n)

function decimal(text: string): Fraction {
  const [whole, part = ""] = text.split(".")
  return fraction(BigInt(whole + part), 10n ** BigInt(part.length))
}

export function round({ n, d }: Fraction, mode: Design["rounding"]): bigint {
  const down = n / d
  const rest = n - down * d
  if (mode === "down" || rest === 0n) return down
  if (mode === "up") return down + 1n
  const isHalf = rest + rest === d
  if (isHalf) return mode === "half-up" || down % 2n === 1n ? down + 1n : down
  return rest + rest > d ? down + 1n : down
}

export const least = (...all: readonly bigint[]) => all.reduce((a, b) => (a < b ? a : b))
export const notBelowZero = (a: bigint) => (a < 0n ? 0n : a)

export interface Work {
  readonly line: DesignLine
  readonly category: string
  /** Before the charge bounds it. */
  price: bigint
  full: bigint
  allowed: bigint
  /** CO-97: another line carries the price. */
  packaged: boolean
  inPair: boolean
  /** The first side, of the second one. */
  firstSide: Work | undefined
  /** Share of its surgery, and the surgery's day. */
  care: { part: string; day: number; taken: Fraction } | undefined
  readonly codes: Record<string, bigint>
}

export const put = (codes: Record<string, bigint>, code: string, amount: bigint) => {
  if (amount !== 0n) codes[code] = (codes[code] ?? 0n) + amount
}

/** Rate × units × percent × factors of the modifiers × sides, in cents, rounded once; then the most. */
function priceOf(design: Design, line: DesignLine, code: string, sides: Fraction): bigint {
  const { rate } = services[code]!
  const units = fraction(BigInt(line.unitsMilli), 1000n)
  const whole = rate === "charge" ? fraction(line.charge) : times(decimal(rate), units, fraction(100n))
  const percent = design.percent === undefined ? hundred : share(design.percent)
  const modifiers = design.hasFactors
    ? line.modifiers.map((item) => factors[item]).filter((item) => item !== undefined)
    : []
  const product = times(whole, percent, sides, ...modifiers.map((item) => times(decimal(item), fraction(1n, 100n))))
  const price = round(product, design.rounding)
  return design.atMost === undefined ? price : least(price, design.atMost)
}

const fullOf = (design: Design, charge: bigint, price: bigint) => (design.lesser ? least(charge, price) : price)

const side = ({ modifiers }: DesignLine) => (modifiers.includes("RT") ? "RT" : modifiers.includes("LT") ? "LT" : "")

function priceBothSides(design: Design, works: readonly Work[], work: Work): bigint {
  const { line } = work
  const indicator = design.bilateral ? services[line.code]!.bilateral : undefined
  if (indicator === undefined) return priceOf(design, line, line.code, hundred)
  const both = [hundred, fraction(3n, 2n), hundred, fraction(2n)][indicator]!
  if (line.modifiers.includes("50")) return priceOf(design, line, line.code, both)
  const own = side(line)
  const first = works
    .slice(0, works.indexOf(work))
    .find(
      (other) =>
        other.line.code === line.code &&
        other.line.from === line.from &&
        !other.inPair &&
        own !== "" &&
        side(other.line) !== "" &&
        side(other.line) !== own,
    )
  if (first === undefined) return priceOf(design, line, line.code, hundred)
  first.inPair = true
  work.inPair = true
  work.firstSide = first
  return notBelowZero(priceOf(design, line, line.code, both) - first.full)
}

const addFractions = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.d + b.n * a.d, a.d * b.d)
const isLess = (a: Fraction, b: Fraction) => a.n * b.d < b.n * a.d

/** Co-management: shares of one surgery, of one side of the body, in claim order. */
function takeCare(design: Design, works: readonly Work[], work: Work): void {
  if (design.comanage === undefined || work.category !== "procedure") return
  const { surgery, after, before, days } = design.comanage
  const { line } = work
  const has = (modifier: string) => line.modifiers.includes(modifier)
  const part = has("54") ? "surgery" : has("55") ? "after" : has("56") ? "before" : "whole"
  const others = works
    .slice(0, works.indexOf(work))
    .filter((other) => other.care !== undefined && other.line.code === line.code && side(other.line) === side(line))
  let day: number | undefined = line.from
  let wanted = hundred
  if (part === "surgery") wanted = share(surgery)
  if (part === "before") wanted = share(before)
  if (part === "after") {
    const cared = Math.min(days, line.to - line.from + 1)
    wanted = times(share(after), fraction(BigInt(cared), BigInt(days)))
    const surgeries = others
      .filter(({ care }) => care!.part !== "after" && care!.part !== "after?")
      .map(({ care }) => care!.day)
      .filter((on) => on <= line.from && line.from - on <= days)
    day = surgeries.length === 0 ? undefined : Math.max(...surgeries)
  }
  let taken = fraction(0n)
  for (const { care } of others) {
    if (part === "whole" && care!.part === "whole") continue
    const isLoose = care!.part === "after?" || day === undefined
    const isSame = isLoose ? Math.abs(care!.day - (day ?? line.from)) <= days : care!.day === day
    if (isSame) taken = addFractions(taken, care!.taken)
  }
  const left = addFractions(hundred, fraction(-taken.n, taken.d))
  const room = left.n < 0n ? fraction(0n) : left
  const own = isLess(room, wanted) ? room : wanted
  work.care = { part: day === undefined ? "after?" : part, day: day ?? line.from, taken: own }
  // Every provider bills his own part: the share is of the price, unless a cheaper service took its place.
  const whole = work.allowed === work.full && work.price > work.full ? work.price : work.allowed
  const allowed = least(work.allowed, round(times(fraction(whole), own), design.rounding))
  put(work.codes, "CO-59", work.allowed - allowed)
  work.allowed = allowed
}

export function priceAll(design: Design, works: readonly Work[]): void {
  const rooms = design.caseRate === undefined ? [] : works.filter(({ category }) => category === "room")
  for (const work of works) {
    if (rooms.includes(work)) {
      work.packaged = work !== rooms[0]
      continue
    }
    work.price = priceBothSides(design, works, work)
    work.full = fullOf(design, work.line.charge, work.price)
    work.allowed = work.full
    if (design.alternate !== undefined && work.category === "crown") {
      const cheaper = fullOf(design, work.line.charge, priceOf(design, work.line, "C1", hundred))
      if (cheaper < work.allowed) {
        put(work.codes, design.alternate.owes === "member" ? "PR-169" : "CO-169", work.allowed - cheaper)
        work.allowed = cheaper
      }
    }
    takeCare(design, works, work)
  }
  const [first] = rooms
  if (first === undefined) return
  const charges = rooms.reduce((sum, { line }) => sum + line.charge, 0n)
  first.full = least(charges, round(times(decimal(design.caseRate!), fraction(100n)), design.rounding))
  first.allowed = first.full
}

/** What the rank falls on; undefined for a line that is not ranked. */
function rankedPart(design: Design, { line, category, allowed }: Work): bigint | undefined {
  if (design.multiple?.category !== category) return undefined
  if (design.multiple.part === "all") return allowed
  if (line.modifiers.includes("26")) return undefined
  if (line.modifiers.includes("TC")) return allowed
  const rate = times(decimal(services[line.code]!.technical!), fraction(BigInt(line.unitsMilli), 1000n), fraction(100n))
  return least(allowed, round(rate, design.rounding))
}

export function rankAll(design: Design, works: readonly Work[]): void {
  const { multiple } = design
  if (multiple === undefined) return
  const days = new Set(works.map(({ line }) => line.from))
  for (const on of days) {
    const family = works
      .filter(({ line }) => line.from === on)
      .map((work) => ({ work, part: rankedPart(design, work) }))
      .filter((item): item is { work: Work; part: bigint } => item.part !== undefined)
    // Both sides of one procedure stand in one rank, by what they are together.
    const isSecond = ({ work }: (typeof family)[number]) => family.some((other) => other.work === work.firstSide)
    const whole = (item: (typeof family)[number]) =>
      family.reduce((sum, other) => (other.work.firstSide === item.work ? sum + other.part : sum), item.part)
    const heads = family.filter((item) => !isSecond(item))
    heads.sort((a, b) => {
      const [one, other] = [whole(a), whole(b)]
      return one === other ? works.indexOf(a.work) - works.indexOf(b.work) : one < other ? 1 : -1
    })
    family.forEach(({ work, part }) => {
      const second = heads.findIndex((head) => head.work === work.firstSide)
      const rank = second < 0 ? heads.findIndex((head) => head.work === work) : second
      const factor = share(multiple.ranks[Math.min(rank, multiple.ranks.length - 1)]!)
      const isFree = multiple.base === undefined || rank === 0 || second >= 0
      const base = isFree ? 0n : priceOf(design, work.line, multiple.base!, hundred)
      const allowed = work.allowed - part + round(times(fraction(notBelowZero(part - base)), factor), design.rounding)
      put(work.codes, "CO-59", work.allowed - allowed)
      work.allowed = allowed
    })
  }
}
