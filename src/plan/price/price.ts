/** Steps E1 and E2: what the plan allows for one line, from its rate, the units and the factors, rounded once. */
import { minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record } from "../adjudicate/state.ts"
import { billedCode } from "../gates/gates-tables.ts"
import { shareCare } from "./comanage.ts"
import { type Sides, sidesOf } from "./sides.ts"
import { priceWith, tariffOf } from "./tariff.ts"

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
  if (rule.effect.level === "claim") {
    // The rate is the claim's, not the line's: it is found when all lines are known. A line the member owes keeps its
    // charge, since no rate says what it alone would cost.
    if (state.status === "open") state.allowRule = rule
    return
  }
  priceByLine(run, state, rule)
}

function priceByLine(run: Run, state: LineState, rule: RuleOf<"allow">): void {
  const sides = sidesOf(run, state)
  if (sides === stuck) return
  const quantity = { charge: state.payableCharge, unitsMilli: state.payableUnitsMilli, sides: sides.sides }
  const priced = priceWith(run, state, rule, billedCode(state.line), quantity)
  if ("missing" in priced) {
    pend(run, state, "E2", rule, priced.code, priced.missing)
    return
  }
  state.allowRule = rule
  state.price = priced.price
  state.full = priced.full
  if (sides.first !== undefined) {
    state.pairOf = sides.first
    const left = priced.price - sides.first.full
    state.price = left > 0n ? left : 0n
    state.full = rule.effect.lesser ? minimum(state.payableCharge, state.price) : state.price
  }
  state.allowed = state.full
  if (run.trace !== undefined) tracePrice(run, state, sides)
  if (state.status !== "open") return
  takeAlternate(run, state, rule)
  if (state.status === "open") shareCare(run, state)
}

function tracePrice(run: Run, state: LineState, { sides, first, rule }: Sides): void {
  if (run.trace === undefined) return
  const at = { line: state.line.number, step: "E2" } as const
  const tariff = tariffOf(run, state, state.allowRule!, billedCode(state.line))
  const rate =
    "missing" in tariff || tariff.kind !== "rate"
      ? ([] as const)
      : ([
          ["rate", tariff.rate.integer],
          ["scale", tariff.rate.scale],
        ] as const)
  const inputs = [...rate, ["unitsMilli", state.payableUnitsMilli], ["sides", sides]] as const
  const formula = first === undefined ? "price" : "pair"
  record(run.trace, state.allowRule, { ...at, formula }, inputs, [["price", state.price]])
  if (rule !== undefined) record(run.trace, rule, { ...at, formula: "clause" }, [], [["sides", sides]])
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
  const at = { line: state.line.number, step: "E2", formula: "clause" } as const
  if (run.trace !== undefined) record(run.trace, rule, at, [["full", state.allowed]], [["allowed", other.full]])
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
  if (state.allowRule === undefined || state.allowRule.effect.level === "claim") return charge
  const priced = priceWith(run, state, state.allowRule, billedCode(state.line), { charge, unitsMilli, sides: 10000n })
  return "missing" in priced ? charge : minimum(charge, priced.full)
}
