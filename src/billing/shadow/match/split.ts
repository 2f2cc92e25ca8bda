/**
 * What became of a line's charge by the payer's own adjustments: what the contract takes off, what is the patient's,
 * what earlier payers bore, what programmes hold back, and what was denied. The parts and the payment sum to the charge
 * where the line balances.
 */
import type { AnsweredAdjustment } from "../intake/answered.ts"

export interface Split {
  /** Above the payer's price: CARC 45 and its forerunners; negative amounts of 94 stand against it. */
  readonly contract: bigint
  /** Deductible, coinsurance, copay: cost share of an allowed amount. */
  readonly share: bigint
  /** CARC 23. */
  readonly earlier: bigint
  /** Taken off an allowed amount by law or a programme: 104, 144, 245, 253. */
  readonly programme: bigint
  /** A price rule other than the rate: several procedures (59), prompt payment (44). */
  readonly priceRule: bigint
  readonly capitated: bigint
  readonly duplicate: bigint
  readonly denied: bigint
  /** The largest denied part, or else the largest adjustment: what the worklist prints. */
  readonly main: AnsweredAdjustment | undefined
}

type Part = Exclude<keyof Split, "main">

const contractual: ReadonlySet<string> = new Set(["45", "42", "94", "A2", "131"])
const costShare: ReadonlySet<string> = new Set(["1", "2", "3", "66", "241", "247", "248"])
const programmes: ReadonlySet<string> = new Set(["104", "144", "245", "253"])
const priceRules: ReadonlySet<string> = new Set(["59", "44"])

function partOf({ group, carc }: AnsweredAdjustment): Part {
  if (costShare.has(carc)) return "share"
  if (contractual.has(carc)) return "contract"
  if (carc === "23") return "earlier"
  if (carc === "24") return "capitated"
  if (carc === "18") return "duplicate"
  if (programmes.has(carc) && group !== "PR") return "programme"
  if (priceRules.has(carc)) return "priceRule"
  return "denied"
}

const size = (amount: bigint) => (amount < 0n ? -amount : amount)

/** Sorts adjustments into their parts. Amounts keep their sign; those of one part are added. */
export function splitOf(adjustments: readonly AnsweredAdjustment[]): Split {
  const sums = {
    ...{ contract: 0n, share: 0n, earlier: 0n, programme: 0n, priceRule: 0n },
    ...{ capitated: 0n, duplicate: 0n, denied: 0n },
  }
  let main: AnsweredAdjustment | undefined
  let mainDenied = false
  for (const one of adjustments) {
    if (one.amount === 0n) continue
    const part = partOf(one)
    sums[part] += one.amount
    const denied = part === "denied"
    if (main === undefined || (denied && !mainDenied)) [main, mainDenied] = [one, denied]
    else if (denied === mainDenied && size(one.amount) > size(main.amount)) main = one
  }
  return { ...sums, main }
}
