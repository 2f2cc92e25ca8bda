/**
 * What a payer usually allows, learnt from its own remittances. Never proof, only a reason to look:
 * of one payer, code, set of modifiers and year of service, at least five allowed prices of one unit. If more than half
 * of them are the same, that price is expected. Else the median is, and only a shortfall of over a tenth is listed.
 */
import { divide } from "../../../base/money.ts"
import { civilDate } from "../../../base/time.ts"

export interface Inferred {
  /** Minor units for a thousand thousandths of a unit. */
  readonly unitPrice: bigint
  readonly n: number
  readonly by: "mode" | "median"
}

/** The fewest prices from which anything is inferred. */
export const fewestPrices = 5

export interface UsualKey {
  readonly payer: string
  readonly code: string
  readonly modifiers: string
  readonly on: number
}

const keyOf = ({ payer, code, modifiers, on }: UsualKey) => `${payer}|${code}|${modifiers}|${civilDate(on).year}`

/** Collects allowed amounts, then says what is usual. */
export class UsualPrices {
  readonly #prices = new Map<string, Map<bigint, number>>()
  readonly #usual = new Map<string, Inferred | undefined>()

  /** One allowed amount of a paid line; lines without units or without an allowed amount say nothing. */
  learn(key: UsualKey, allowed: bigint, unitsMilli: number): void {
    if (allowed <= 0n || unitsMilli <= 0) return
    const price = divide(allowed * 1000n, BigInt(unitsMilli), "half-up")
    const place = keyOf(key)
    const prices = this.#prices.get(place) ?? new Map<bigint, number>()
    prices.set(price, (prices.get(price) ?? 0) + 1)
    this.#prices.set(place, prices)
  }

  find(key: UsualKey): Inferred | undefined {
    const place = keyOf(key)
    if (this.#usual.has(place)) return this.#usual.get(place)
    const usual = usualOf(this.#prices.get(place) ?? new Map())
    this.#usual.set(place, usual)
    return usual
  }
}

function usualOf(prices: ReadonlyMap<bigint, number>): Inferred | undefined {
  const rows = [...prices].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const n = rows.reduce((sum, [, count]) => sum + count, 0)
  if (n < fewestPrices) return undefined
  const mode = rows.find(([, count]) => count * 2 > n)
  if (mode !== undefined) return { unitPrice: mode[0], n, by: "mode" }
  let before = 0
  for (const [price, count] of rows) {
    before += count
    if (before * 2 >= n) return { unitPrice: price, n, by: "median" }
  }
  return undefined
}

/** What is inferred for a line: the usual price times its units, never above its charge. */
export function inferredAllowed(usual: Inferred, charge: bigint, unitsMilli: number): bigint {
  const price = divide(usual.unitPrice * BigInt(Math.max(unitsMilli, 0)), 1000n, "half-up")
  return price < charge ? price : charge
}

/** Whether a shortfall is worth a row: any below the mode, over a tenth below the median. */
export function isWorthListing(usual: Inferred, expected: bigint, allowed: bigint): boolean {
  if (usual.by === "mode") return allowed < expected
  return (expected - allowed) * 10n > expected
}
