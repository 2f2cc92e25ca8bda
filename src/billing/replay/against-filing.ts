/**
 * Our determinations beside what CMS filed, line by line, to the cent. Only lines for which the filing gives both what was
 * allowed and what was paid are compared, and each that differs is counted under the first reason that explains it.
 */
import { divide } from "../../base/money.ts"
import { dayNumber } from "../../base/time.ts"
import { type FiledAmounts, isBalanced } from "../../formats/cms/cms-claim.ts"
import type { LegLine } from "../../plan/leg.ts"
import type { DecidedCms } from "./cms-claims.ts"
import { isSentBack } from "./replay.ts"

/** In the order in which they are tried. */
export const differences = {
  waits: "ours waits for a person",
  incomplete: "ours is sent back: the line lacks what a claim has to carry",
  refused: "ours is denied for another reason",
  allowed: "another amount is allowed",
  deductible: "same once the deductible counts as met: the history is in no file",
  sequestration: "same less the two percent that Medicare keeps since April 2013",
  filing: "the filing's own amounts do not add up",
  share: "the patient's part follows other rules",
} as const
export type Difference = keyof typeof differences

export interface FilingFigures {
  readonly lines: number
  /** Lines for which the filing gives what was allowed and what was paid. */
  readonly compared: number
  readonly allowedSame: number
  readonly paidSame: number
  /** Of `paidSame`, lines with no charge, where there is nothing to get wrong. */
  readonly paidSameOfNothing: number
  readonly differ: Readonly<Record<Difference, number>>
  /** Compared lines where allowed is not paid + what others pay, as filed. */
  readonly filedUnbalanced: number
  /** Claims for which a charge is filed, and those whose lines come to it. */
  readonly claimsWithCharge: number
  readonly claimsBalanced: number
}

const sequestered = dayNumber(2013, 4, 1)
const kept = 98n

export class AgainstFiling {
  #lines = 0
  #compared = 0
  #allowedSame = 0
  #paidSame = 0
  #ofNothing = 0
  #unbalanced = 0
  #withCharge = 0
  #balanced = 0
  readonly #differ: Record<Difference, number> = {
    ...{ waits: 0, incomplete: 0, refused: 0, allowed: 0 },
    ...{ deductible: 0, sequestration: 0, filing: 0, share: 0 },
  }

  add(decided: DecidedCms): void {
    const { claim, filedLines } = decided.filed
    const balanced = isBalanced(decided.filed)
    if (balanced !== undefined) this.#withCharge++
    if (balanced === true) this.#balanced++
    this.#lines += decided.leg.lines.length
    let met: ReadonlyMap<number, LegLine> | undefined
    for (const line of decided.leg.lines) {
      const amounts = filedLines.get(line.number)
      if (amounts?.allowed === undefined || amounts.paid === undefined) continue
      this.#compared++
      if (isUnbalanced(amounts)) this.#unbalanced++
      const isDecided = line.status === "paid" || line.status === "encounter"
      if (isDecided && line.allowed === amounts.allowed) this.#allowedSame++
      if (isDecided && line.allowed === amounts.allowed && line.benefit === amounts.paid) {
        this.#paidSame++
        if (amounts.charge === 0n) this.#ofNothing++
        continue
      }
      met ??= new Map(decided.legWithDeductibleMet().lines.map((one) => [one.number, one]))
      const day = claim.lines.find(({ number }) => number === line.number)!.from
      this.#differ[reasonOf(line, met.get(line.number)!, amounts, day)]++
    }
  }

  figures(): FilingFigures {
    return {
      lines: this.#lines,
      compared: this.#compared,
      allowedSame: this.#allowedSame,
      paidSame: this.#paidSame,
      paidSameOfNothing: this.#ofNothing,
      differ: this.#differ,
      filedUnbalanced: this.#unbalanced,
      claimsWithCharge: this.#withCharge,
      claimsBalanced: this.#balanced,
    }
  }
}

const isUnbalanced = ({ allowed, paid, others }: FiledAmounts) =>
  allowed !== undefined && paid !== undefined && others !== undefined && paid + others !== allowed

function reasonOf(line: LegLine, met: LegLine, filed: FiledAmounts, day: number): Difference {
  if (line.status === "pended" || line.status === "held") return "waits"
  if (line.status === "denied") return isSentBack(line) ? "incomplete" : "refused"
  if (line.allowed !== filed.allowed) return "allowed"
  if (met.benefit === filed.paid) return "deductible"
  const less = (benefit: bigint) => divide(benefit * kept, 100n, "half-up")
  if (day >= sequestered && (less(line.benefit) === filed.paid || less(met.benefit) === filed.paid))
    return "sequestration"
  return isUnbalanced(filed) ? "filing" : "share"
}
