/** Steps E1 and E2: what the plan allows for one line, from its rate, the units and the factors, rounded once. */
import { divide, minimum } from "../base/money.ts"
import { stuck, winner } from "./choose.ts"
import type { Rate, Row } from "./parts.ts"
import { rowOn, valueOn } from "./plan.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record } from "./state.ts"

const powersOfTen: readonly bigint[] = Array.from({ length: 19 }, (_, n) => 10n ** BigInt(n))

/** So that the sums of 999 lines stay below what the encoding of an amount holds. */
const maxPrice = 10n ** 12n

/** What a rule says one unit costs: a rate, the charge itself, or a lump sum in minor units. */
type Tariff =
  | { readonly kind: "rate"; readonly rate: Rate }
  | { readonly kind: "charge" }
  | { readonly kind: "sum"; readonly amount: bigint }

interface Missing {
  readonly code: "no-rate" | "no-table" | "missing-fact" | "not-run" | "overflow"
  readonly missing: string
}

function tariffOfRow(row: Row | undefined | "no-table", table: string): Tariff | Missing {
  if (row === "no-table") return { code: "no-table", missing: table }
  if (row?.rate === undefined) return { code: "no-rate", missing: table }
  return row.rate === "charge" ? { kind: "charge" } : { kind: "rate", rate: row.rate }
}

function tariffOf(run: Run, state: LineState, rule: RuleOf<"allow">, code: string): Tariff | Missing {
  const { schedule, case: cases, perDiem, level, modifiers } = rule.effect
  const day = state.line.from
  if (level === "claim" || modifiers !== undefined)
    return { code: "not-run", missing: level === "claim" ? "allow level claim" : "allow modifiers" }
  if (schedule !== undefined) return tariffOfRow(rowOn(schedule, code, day), schedule.name)
  if (cases !== undefined) {
    if (run.claim.drg === undefined) return { code: "missing-fact", missing: "drg" }
    return tariffOfRow(rowOn(cases, run.claim.drg, day), cases.name)
  }
  if (perDiem === undefined) return { kind: "charge" }
  const daily = valueOn(perDiem, day)
  if (daily === undefined) return { code: "missing-fact", missing: perDiem.name }
  return { kind: "sum", amount: daily * BigInt(state.line.to - state.line.from + 1) }
}

/** Basis points that multiply the tariff beside those of both eyes; undefined when a number has no value yet. */
function factorOf(rule: RuleOf<"allow">, day: number): bigint | undefined {
  const number = rule.effect.percent ?? rule.effect.ofCharge
  return number === undefined ? 10000n : valueOn(number, day)
}

interface Quantity {
  readonly charge: bigint
  readonly unitsMilli: bigint
  /** Basis points for both sides of the body. */
  readonly sides: bigint
}

/** price of the language page: one rounding. */
function priceOf(run: Run, tariff: Tariff, factor: bigint, quantity: Quantity): bigint {
  const { currency, rounding } = run.plan.front
  const factors = factor * quantity.sides
  if (tariff.kind !== "rate") {
    const whole = tariff.kind === "charge" ? quantity.charge : tariff.amount
    return divide(whole * factors, 100_000_000n, rounding)
  }
  const { integer, scale } = tariff.rate
  const numerator = integer * quantity.unitsMilli * factors * powersOfTen[currency.exponent]!
  return divide(numerator, powersOfTen[scale]! * 100_000_000_000n, rounding)
}

interface Priced {
  readonly price: bigint
  readonly full: bigint
}

function priceWith(
  run: Run,
  state: LineState,
  rule: RuleOf<"allow">,
  code: string,
  quantity: Quantity,
): Priced | Missing {
  const tariff = tariffOf(run, state, rule, code)
  if ("missing" in tariff) return tariff
  const factor = factorOf(rule, state.line.from)
  const most = rule.effect.atMost
  const cap = most && valueOn(most, state.line.from)
  if (factor === undefined || (most !== undefined && cap === undefined))
    return { code: "missing-fact", missing: (rule.effect.percent ?? rule.effect.ofCharge ?? most)?.name ?? "percent" }
  const priced = priceOf(run, tariff, factor, quantity)
  const price = cap === undefined ? priced : minimum(priced, cap)
  if (price > maxPrice) return { code: "overflow", missing: "price" }
  return { price, full: rule.effect.lesser ? minimum(quantity.charge, price) : price }
}

const has = (state: LineState, modifier: string) => state.line.modifiers.includes(modifier)

/** An earlier line with the same code and day on the other side of the body, not yet the first of a pair. */
function firstSide(run: Run, state: LineState): LineState | undefined {
  const other = has(state, "RT") ? "LT" : has(state, "LT") ? "RT" : undefined
  if (other === undefined) return undefined
  for (const line of run.lines) {
    if (line === state) return undefined
    const same = line.line.code === state.line.code && line.line.from === state.line.from
    const taken = run.lines.some((second) => second.pairOf === line)
    if (same && has(line, other) && line.status === "open" && !taken) return line
  }
  return undefined
}

const sidesByIndicator: readonly bigint[] = [10000n, 15000n, 10000n, 20000n]

/** Factor for both sides, and the first side's line when this is the second of a pair. */
function sidesOf(
  run: Run,
  state: LineState,
): { sides: bigint; first: LineState | undefined; rule: RuleOf<"bilateral"> | undefined } | typeof stuck {
  const one = { sides: 10000n, first: undefined, rule: undefined }
  const rule = winner(run, state, "E2", "bilateral")
  if (rule === stuck || rule === undefined) return rule === stuck ? stuck : one
  const row = rowOn(rule.effect.table, state.line.code, state.line.from)
  if (row === "no-table") {
    pend(run, state, "E2", rule, "no-table", rule.effect.table.name)
    return stuck
  }
  const both = row?.bilateral === undefined ? undefined : sidesByIndicator[row.bilateral]
  if (both === undefined) return one
  if (has(state, "50")) return { sides: both, first: undefined, rule }
  const first = firstSide(run, state)
  return first === undefined ? one : { sides: both, first, rule }
}

/** E1 and E2 for one line: price, full, allowed. Pends an open line that has no rate. */
export function priceLine(run: Run, state: LineState): void {
  const capitate = winner(run, state, "E1", "capitate")
  const rule = winner(run, state, "E2", "allow")
  if (capitate === stuck || rule === stuck) return
  if (rule === undefined) {
    pend(run, state, "E2", undefined, "no-rate", "allow")
    return
  }
  const { contract } = capitate?.effect ?? {}
  if (capitate !== undefined && (contract === undefined || contract === run.provider.contract))
    state.capitated = capitate
  const sides = sidesOf(run, state)
  if (sides === stuck) return
  const quantity = { charge: state.payableCharge, unitsMilli: state.payableUnitsMilli, sides: sides.sides }
  const priced = priceWith(run, state, rule, state.line.code, quantity)
  if ("missing" in priced) {
    pend(run, state, "E2", rule, priced.code, priced.missing)
    return
  }
  state.allowRule = rule
  state.price = priced.price
  state.full = priced.full
  if (sides.first !== undefined) {
    state.pairOf = sides.first
    const left = priced.price - sides.first.price
    state.price = left > 0n ? left : 0n
    state.full = rule.effect.lesser ? minimum(state.payableCharge, state.price) : state.price
  }
  state.allowed = state.full
  tracePrice(run, state, sides.sides, sides.first !== undefined)
  if (state.status !== "open") return
  for (const unrun of ["comanage"] as const) {
    const other = winner(run, state, "E2", unrun)
    if (other !== stuck && other !== undefined) {
      pend(run, state, "E2", other, "not-run", unrun)
      return
    }
  }
  takeAlternate(run, state, rule)
}

function tracePrice(run: Run, state: LineState, sides: bigint, second: boolean): void {
  if (run.trace === undefined) return
  const at = { line: state.line.number, step: "E2" } as const
  const tariff = tariffOf(run, state, state.allowRule!, state.line.code)
  const rate =
    "missing" in tariff || tariff.kind !== "rate"
      ? ([] as const)
      : ([
          ["rate", tariff.rate.integer],
          ["scale", tariff.rate.scale],
        ] as const)
  const inputs = [...rate, ["unitsMilli", state.payableUnitsMilli], ["sides", sides]] as const
  record(run.trace, state.allowRule, { ...at, formula: second ? "pair" : "price" }, inputs, [["price", state.price]])
  const fullInputs = [
    ["charge", state.payableCharge],
    ["price", state.price],
  ] as const
  record(run.trace, state.allowRule, { ...at, formula: "full" }, fullInputs, [["full", state.full]])
}

/** E2: pays as the cheaper service; the difference is named. */
function takeAlternate(run: Run, state: LineState, allow: RuleOf<"allow">): void {
  const rule = winner(run, state, "E2", "alternate")
  if (rule === stuck || rule === undefined) return
  const quantity = { charge: state.payableCharge, unitsMilli: state.payableUnitsMilli, sides: 10000n }
  const other = priceWith(run, state, allow, rule.effect.as, quantity)
  if ("missing" in other) {
    pend(run, state, "E2", rule, other.code, other.missing)
    return
  }
  if (other.full >= state.allowed) return
  const code = codeOf(rule, { group: rule.effect.owes === "member" ? "PR" : "CO", carc: "169" })
  adjust(state.adjustments, rule, code, state.allowed - other.full)
  state.allowed = other.full
}

/** The contract's part of a price: CO-45, or CO-94 where the plan pays more than was charged. */
export function addContractPart(state: LineState, amount: bigint): void {
  const usual = { group: "CO", carc: amount < 0n ? "94" : "45" } as const
  const rule = state.allowRule
  adjust(state.adjustments, rule, rule === undefined || amount < 0n ? usual : codeOf(rule, usual), amount)
}

/** What the member owes of units beyond a limit: their price, the contract's part taken off first. */
export function priceBeyond(run: Run, state: LineState, charge: bigint, unitsMilli: bigint): bigint {
  if (state.allowRule === undefined) return charge
  const priced = priceWith(run, state, state.allowRule, state.line.code, { charge, unitsMilli, sides: 10000n })
  return "missing" in priced ? charge : minimum(charge, priced.full)
}
