/** Money is `bigint` minor units of one currency. This file rounds and prints it; nothing here knows a plan. */
import { assert } from "./assert.ts"

export type Rounding = "half-up" | "half-even" | "up" | "down"

/** `numerator ÷ denominator` to an integer in the given mode; both non-negative, the denominator above zero. */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  assert(numerator >= 0n, "only non-negative amounts are rounded")
  assert(denominator > 0n, "a denominator is positive")
  const quotient = numerator / denominator
  const rest = numerator % denominator
  switch (rounding) {
    case "down":
      return quotient
    case "up":
      return rest > 0n ? quotient + 1n : quotient
    case "half-up":
      return 2n * rest >= denominator ? quotient + 1n : quotient
    case "half-even": {
      const twice = 2n * rest
      if (twice === denominator) return quotient % 2n === 0n ? quotient : quotient + 1n
      return twice > denominator ? quotient + 1n : quotient
    }
  }
}

export const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b)
export const maximum = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** `133798n` with exponent 2 as `1,337.98`. */
export function formatMoney(amount: bigint, exponent = 2): string {
  const sign = amount < 0n ? "-" : ""
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, "0")
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ",")
  return exponent === 0 ? sign + whole : `${sign}${whole}.${digits.slice(digits.length - exponent)}`
}

/** `1,337.98` or `1337.98` as `133798n`; undefined unless it has exactly `exponent` decimals. */
export function parseMoney(text: string, exponent = 2): bigint | undefined {
  const pattern = exponent === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${exponent}}$`)
  const plain = text.replaceAll(",", "")
  return pattern.test(plain) ? BigInt(plain.replace(".", "")) : undefined
}
