/**
 * The numbered catalogue of what one step of a trace may compute. A number means the same for ever: a changed formula
 * is a new number and a new evaluator. `÷` is division in the plan's rounding mode, amounts are minor units.
 */
export const formulas = {
  category: [1, "category = the one leaf of the plan's groups that holds the code"],
  tier: [2, "tier = the network tier of the provider"],
  cover: [3, "covered = a cover clause matches and no exclusion wins"],
  clause: [4, "winner = the one undominated clause of its kind"],
  refuse: [5, "refused: the line's charge becomes an adjustment"],
  pend: [6, "pended: a fact, a price or a decision is missing"],
  hold: [7, "held: the whole claim waits for the patient's signature"],
  deadline: [8, "late = received > from + window"],
  expired: [9, "on > from + window, and nobody decided: what stands by default"],
  price: [10, "price = (rate * unitsMilli * f1 * f2 ... * 10^exponent) ÷ (10^scale * 1000 * 10000^k)"],
  full: [11, "full = min(charge, price), or price where the clause says so"],
  contract: [12, "contract = charge - full"],
  factor: [13, "allowed = (full * factor) ÷ 10000"],
  rank: [14, "allowed = other + (part * factor of the rank) ÷ 10000"],
  pair: [15, "price = price of both sides - what the first side took"],
  base: [16, "base = min(allowed, room)"],
  overage: [17, "share of the overage = ((allowed - base) * member) ÷ 10000"],
  split: [18, "charge within the limit = (charge * units within) ÷ units"],
  care: [
    19,
    "allowed = min(full, (price * share * days cared for) ÷ (10000 * days)), at most what is left of the surgery",
  ],
  room: [20, "room = least of (limit - met) over the owners the bucket names, never below 0"],
  copay: [21, "copay = min(what is left of the base, due)"],
  deductible: [22, "deductible = min(what is left of the base, room)"],
  coinsurance: [23, "coinsurance = (what is left of the base * member) ÷ 10000"],
  cap: [24, "over = max(0, counted - room); taken off coinsurance, then deductible, then copay"],
  own: [25, "benefit = base - copay - deductible - coinsurance"],
  reduce: [26, "cut = (benefit * reduction) ÷ 10000"],
  ceiling: [27, "cut = max(0, benefit - room)"],
  bands: [28, "coinsurance = (sum over the bands of the part of the base in the band * member) ÷ 10000"],
  clamp: [29, "due = max(0, the sum of the visit or day held between least and most - taken)"],
  standard: [30, "pay = min(own, left, max(0, allowed - paid))"],
  carveOut: [31, "pay = min(left, max(0, own - paid))"],
  maintenance: [32, "pay = min(own on min(base, max(0, allowed - paid)), left)"],
  medicare: [33, "pay = min(own, left, max(0, charge - paid), max(0, max(allowed, allowed before) - paid))"],
  withhold: [34, "held = (pay * withhold) ÷ 10000"],
  capitate: [35, "benefit = 0; capitated = base - copay"],
  packaged: [36, "allowed = 0: the rate of the whole claim stands on its first line"],
  family: [37, "allowed = ((allowed - base's allowed) * factor of the rank) ÷ 10000"],
  order: [38, "rank = 1 + the other covers that come first"],
  spread: [39, "pay of a line = min(left of the line, what is not yet spread)"],
  post: [40, "met = met + amount"],
  outcome: [41, "charge = adjustments + benefit"],
} as const satisfies Record<string, readonly [number, string]>

export type Formula = keyof typeof formulas

/** The sentence of a formula number; undefined for a number that is not in the catalogue. */
export function formulaText(number: number): string | undefined {
  return Object.values(formulas).find(([id]) => id === number)?.[1]
}
