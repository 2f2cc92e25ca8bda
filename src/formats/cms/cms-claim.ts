/** A claim as CMS filed it: what the adjudicator takes, and beside it what CMS allowed and paid, for comparison only. */
import type { Claim, Provider } from "../../plan/claim.ts"

/** The eight kinds of claim, by NCH_CLM_TYPE_CD; a prescription drug event has a table of its own. */
export type CmsForm = "carrier" | "dme" | "outpatient" | "inpatient" | "snf" | "hha" | "hospice" | "drug"

/** Begins what stands for a code that a line lacks: `TOS-1` is CMS type of service 1. */
export const standInPrefix = "TOS-"

/** Cents. What the table does not say is undefined. */
export interface FiledAmounts {
  readonly charge: bigint | undefined
  readonly allowed: bigint | undefined
  /** By Medicare, or by the drug plan. */
  readonly paid: bigint | undefined
  readonly deductible: bigint | undefined
  readonly coinsurance: bigint | undefined
  /** All that somebody other than the payer is to pay, where it is filed as one or more sums. */
  readonly others: bigint | undefined
}

export interface CmsClaim {
  readonly form: CmsForm
  /** Line of the file on which the claim begins. */
  readonly at: number
  /** BENE_ID: whose claim it is. */
  readonly beneficiary: string
  readonly claim: Claim
  readonly provider: Provider
  /** Medicare pays after somebody else: the code of that payer's kind. */
  readonly firstPayer: string | undefined
  readonly filed: FiledAmounts
  /** By line number. */
  readonly filedLines: ReadonlyMap<number, FiledAmounts>
}

/** Birth date and sex of a beneficiary, as far as a table names them. */
export interface CmsPerson {
  readonly born: number | undefined
  readonly sex: "F" | "M" | undefined
}

/** Whether the lines' charges come to the charge filed for the claim; undefined when none is filed. */
export function isBalanced({ claim, filed }: CmsClaim): boolean | undefined {
  if (filed.charge === undefined) return undefined
  return claim.lines.reduce((sum, line) => sum + line.charge, 0n) === filed.charge
}
