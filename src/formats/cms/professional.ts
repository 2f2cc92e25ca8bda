/** Carrier and DME rows: one row a line of a doctor's, a laboratory's or a supplier's claim. */
import { type Claim, type ClaimLine, type Provider, plainClaim, plainLine, plainProvider } from "../../plan/claim.ts"
import { type FiledAmounts, standInPrefix } from "./cms-claim.ts"
import type { RifRow } from "./rif.ts"

const modifierColumns = ["HCPCS_1ST_MDFR_CD", "HCPCS_2ND_MDFR_CD", "HCPCS_3RD_MDFR_CD", "HCPCS_4TH_MDFR_CD"]

/** Modifiers of a line, in their order. */
export const modifiersOf = (row: RifRow): string[] =>
  modifierColumns.map((column) => row.code(column)).filter((code) => code !== undefined)

/**
 * The line. A line without a procedure code stays without one, unless `standIn` lets the filed type of service stand for
 * it as `TOS-1`: a stand-in, under another code system, that no published plan names.
 */
export function professionalLine(row: RifRow, standIn: boolean): ClaimLine {
  const from = row.must("LINE_1ST_EXPNS_DT", row.day)
  const charge = row.must("LINE_SBMTD_CHRG_AMT", row.charge)
  const billed = row.code("HCPCS_CD")
  const type = standIn && billed === undefined ? row.code("LINE_CMS_TYPE_SRVC_CD") : undefined
  const diagnosis = row.code("LINE_ICD_DGNS_CD")
  const [code, codeSystem] =
    billed !== undefined
      ? [billed, "HC"]
      : type !== undefined
        ? [`${standInPrefix}${type}`, "type-of-service"]
        : ["", undefined]
  return {
    ...plainLine(lineNumber(row, "LINE_NUM"), code, charge, from),
    codeSystem,
    modifiers: modifiersOf(row),
    unitsMilli: row.units("LINE_SRVC_CNT") ?? 0,
    to: row.day("LINE_LAST_EXPNS_DT") ?? from,
    place: row.code("LINE_PLACE_OF_SRVC_CD"),
    diagnoses: diagnosis === undefined ? [] : [diagnosis],
    drug: row.number("LINE_NDC_CD"),
  }
}

/** From 1. */
export function lineNumber(row: RifRow, column: string): number {
  const number = row.must(column, (name) => row.count(name, 65535))
  return number > 0 ? number : row.wrong(column, "a line's number is zero")
}

export function professionalFiled(row: RifRow): FiledAmounts {
  const [deductible, coinsurance] = [row.amount("LINE_BENE_PTB_DDCTBL_AMT"), row.amount("LINE_COINSRNC_AMT")]
  const isBoth = deductible !== undefined && coinsurance !== undefined
  return {
    charge: row.amount("LINE_SBMTD_CHRG_AMT"),
    allowed: row.amount("LINE_ALOWD_CHRG_AMT"),
    paid: row.amount("LINE_NCH_PMT_AMT"),
    deductible,
    coinsurance,
    others: isBoth ? deductible + coinsurance : undefined,
  }
}

/** Of the claim itself, from any of its rows. */
export function professionalClaimFiled(row: RifRow): FiledAmounts {
  return {
    charge: row.amount("NCH_CARR_CLM_SBMTD_CHRG_AMT"),
    allowed: row.amount("NCH_CARR_CLM_ALOWD_AMT"),
    paid: row.amount("CLM_PMT_AMT"),
    deductible: row.amount("CARR_CLM_CASH_DDCTBL_APLD_AMT"),
    coinsurance: undefined,
    others: undefined,
  }
}

/** Carriers write an original as 1 (and 9: history only), a credit as 3, what replaces it as 5. */
const frequencies: ReadonlyMap<string, number> = new Map([
  ["1", 1],
  ["3", 8],
  ["5", 7],
  ["9", 1],
])

export function professionalClaim(row: RifRow, lines: readonly ClaimLine[]): Claim {
  const entry = row.cell("CARR_CLM_ENTRY_CD")
  const frequency = entry === "" ? 1 : frequencies.get(entry)
  if (frequency === undefined) row.wrong("CARR_CLM_ENTRY_CD", "a claim's entry code is none of 1, 3, 5 and 9")
  return { ...plainClaim(lines, receivedOn(row)), frequency }
}

/** No table says when a claim came in: it came no later than the week in which CMS processed it. */
export const receivedOn = (row: RifRow): number => row.day("NCH_WKLY_PROC_DT") ?? row.must("CLM_THRU_DT", row.day)

/** Who did it, where all lines name one; else the practice that bills. */
export function professionalProvider(rows: readonly RifRow[]): Provider {
  const [row] = rows
  const one = (column: string) => {
    const [first, ...others] = new Set(rows.map((each) => each.number(column)))
    return others.length === 0 ? first : undefined
  }
  const provider =
    one("PRF_PHYSN_NPI") ?? one("PRVDR_NPI") ?? row!.number("CARR_CLM_BLG_NPI_NUM") ?? one("ORG_NPI_NUM") ?? ""
  return { ...plainProvider(provider), specialty: one("PRVDR_SPCLTY") }
}
