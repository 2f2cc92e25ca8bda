/** Decimal text to exact integers and back: JSON numbers and X12 decimals alike, never through a float. */
import { assert } from "../base/assert.ts"

const decimal = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * A decimal times 10^scale as an integer: `scaledInteger("5.28E+3", 2)` is 528000n. Undefined when the text is not a
 * decimal or says something finer than the scale; zeros beyond it are nothing finer.
 */
export function scaledInteger(text: string, scale: number): bigint | undefined {
  const match = decimal.exec(text)
  if (match === null) return undefined
  const [, sign, whole = "", fraction = "", power = "0"] = match
  if (whole === "" && fraction === "") return undefined
  if (whole.length + fraction.length > 40) return undefined
  const digits = BigInt(whole + fraction)
  const shift = Number(power) - fraction.length + scale
  if (shift > 60) return undefined
  if (shift >= 0) return signed(digits * 10n ** BigInt(shift), sign)
  const divisor = 10n ** BigInt(-shift)
  return digits % divisor === 0n ? signed(digits / divisor, sign) : undefined
}

function signed(value: bigint, sign: string | undefined): bigint {
  return sign === "-" ? -value : value
}

/** Minor units of a decimal amount; undefined unless it is exact to the minor unit. */
export function minorUnits(text: string, exponent = 2): bigint | undefined {
  return scaledInteger(text, exponent)
}

/** `133798n` as `1337.98`, without separators: the form of X12 and of JSON numbers. */
export function decimalText(minor: bigint, exponent = 2): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, "0")
  const sign = minor < 0n ? "-" : ""
  if (exponent === 0) return sign + digits
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** The amount as a JSON number. Fifteen digits survive a double unchanged; the assertion proves it for this one. */
export function jsonNumber(minor: bigint, exponent = 2): number {
  const value = Number(decimalText(minor, exponent))
  assert(minorUnits(String(value), exponent) === minor, "an amount survives the way into a JSON number")
  return value
}
