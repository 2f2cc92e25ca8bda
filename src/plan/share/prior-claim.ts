/**
 * Earlier payers' amounts that stand for a whole claim, put on its lines: in proportion to the lines' charges, exact to
 * the minor unit, so that each line can be coordinated for itself and the sums stay what they were.
 */

/** What an earlier payer decided, of a claim or of one line: allowed, paid, left to the patient and under which codes. */
export interface PriorAmounts {
  readonly allowed: bigint
  readonly paid: bigint
  readonly left: bigint
  /** Their sum is `left`. */
  readonly reasons: readonly { readonly carc: string; readonly amount: bigint }[]
}

/**
 * `total` split as the weights are: each part rounded down, the units left over to the largest remainders, ties to the
 * earlier. All to the first when every weight is zero; `total` and weights are not negative.
 */
export function splitByWeight(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  let sum = 0n
  for (const weight of weights) sum += weight
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0n))
  const parts = weights.map((weight) => (total * weight) / sum)
  const order = weights
    .map((weight, index) => ({ rest: (total * weight) % sum, index }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1))
  let over = total
  for (const part of parts) over -= part
  for (let i = 0; over > 0n; i++, over--) parts[order[i]!.index]!++
  return parts
}

/** The reasons of a line's part, taken from those of the claim in their order. */
function takeReasons(rest: { carc: string; amount: bigint }[], left: bigint): PriorAmounts["reasons"] {
  const taken: { carc: string; amount: bigint }[] = []
  let open = left
  for (const reason of rest) {
    const amount = reason.amount < open ? reason.amount : open
    if (amount === 0n) continue
    taken.push({ carc: reason.carc, amount })
    reason.amount -= amount
    open -= amount
  }
  return taken
}

/**
 * The amounts of each line, in the order of the charges. Undefined when they cannot be those of these lines: reasons that
 * are not what was left, or more paid and left than was charged.
 */
export function spreadOverLines(claim: PriorAmounts, charges: readonly bigint[]): readonly PriorAmounts[] | undefined {
  let [charge, named] = [0n, 0n]
  for (const item of charges) charge += item
  for (const reason of claim.reasons) named += reason.amount
  if (named !== claim.left || claim.paid + claim.left > charge || charges.length === 0) return undefined
  const decided = splitByWeight(claim.paid + claim.left, charges)
  const paid = splitByWeight(claim.paid, decided)
  const allowed = splitByWeight(claim.allowed, charges)
  const rest = claim.reasons.map((reason) => ({ ...reason }))
  return charges.map((_, i) => {
    const left = decided[i]! - paid[i]!
    return { allowed: allowed[i]!, paid: paid[i]!, left, reasons: takeReasons(rest, left) }
  })
}
