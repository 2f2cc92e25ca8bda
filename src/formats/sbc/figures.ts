/** Amounts and parts in the spelling of plan documents: `2500.00 USD`, `20 %`, `12.5 %`. */
import { decimalText } from "../amount.ts"

/** Cents as an amount of a numbers block. */
export const amountText = (cents: bigint): string => `${decimalText(cents)} USD`

/** Basis points as a percentage, without zeros that say nothing. */
export const percentText = (points: bigint): string => `${decimalText(points).replace(/\.?0+$/, "")} %`
