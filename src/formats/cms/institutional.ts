/** Outpatient, inpatient, SNF, HHA and hospice rows: one row a revenue line of a facility's claim. */
import { type Claim, type ClaimLine, type Provider, plainClaim, plainLine, plainProvider } from "../../plan/claim.ts"
import { inpatientBills } from "../x12/claim/to-claim.ts"
import type { FiledAmounts } from "./cms-claim.ts"
import { lineNumber, modifiersOf, receivedOn } from "./professional.ts"
import type { RifRow } from "./rif.ts"

/** The line; one without a date of its own was given on the days of the claim. */
export function institutionalLine(row: RifRow): ClaimLine {
  const own = row.day("REV_CNTR_DT")
  const from = own ?? row.must("CLM_FROM_DT", row.day)
  const code = row.code("HCPCS_CD")
  return {
    ...plainLine(lineNumber(row, "CLM_LINE_NUM"), code ?? "", row.must("REV_CNTR_TOT_CHRG_AMT", row.charge), from),
    codeSystem: code === undefined ? undefined : "HC",
    modifiers: modifiersOf(row),
    unitsMilli: row.units("REV_CNTR_UNIT_CNT") ?? 0,
    to: own ?? row.must("CLM_THRU_DT", row.day),
    revenue: row.code("REV_CNTR")?.padStart(4, "0"),
    diagnoses: diagnosesOf(row),
    drug: row.number("REV_CNTR_IDE_NDC_UPC_NUM"),
  }
}

/** Principal first, each once, the first twelve. */
function diagnosesOf(row: RifRow): string[] {
  const columns = ["PRNCPAL_DGNS_CD", ...Array.from({ length: 25 }, (_, index) => `ICD_DGNS_CD${index + 1}`)]
  const codes = columns.map((column) => row.code(column)).filter((code) => code !== undefined)
  return [...new Set(codes)].slice(0, 12)
}

/**
 * Revenue code 0001 is the claim's own total: a line of it without a procedure that comes to the sum of the others is no
 * service and is left out. One that does not is a line like any.
 */
export function withoutTotal(lines: readonly ClaimLine[]): readonly ClaimLine[] {
  const isTotal = (line: ClaimLine) => {
    if (line.revenue !== "0001" || line.code !== "" || lines.length === 1) return false
    return lines.reduce((sum, other) => (other === line ? sum : sum + other.charge), 0n) === line.charge
  }
  return lines.filter((line) => !isTotal(line))
}

export function institutionalFiled(row: RifRow): FiledAmounts {
  return {
    charge: row.amount("REV_CNTR_TOT_CHRG_AMT"),
    // No revenue line has an allowed amount, and charge less what is not covered is none.
    allowed: undefined,
    paid: row.amount("REV_CNTR_PMT_AMT_AMT"),
    deductible: row.amount("REV_CNTR_CASH_DDCTBL_AMT"),
    coinsurance: row.amount("REV_CNTR_COINSRNC_WGE_ADJSTD_C"),
    others: row.amount("REV_CNTR_PTNT_RSPNSBLTY_PMT"),
  }
}

export function institutionalClaimFiled(row: RifRow): FiledAmounts {
  return {
    charge: row.amount("CLM_TOT_CHRG_AMT"),
    allowed: undefined,
    paid: row.amount("CLM_PMT_AMT"),
    deductible: row.amount("NCH_BENE_IP_DDCTBL_AMT") ?? row.amount("NCH_BENE_PTB_DDCTBL_AMT"),
    coinsurance: row.amount("NCH_BENE_PTA_COINSRNC_LBLTY_AM") ?? row.amount("NCH_BENE_PTB_COINSRNC_AMT"),
    others: undefined,
  }
}

export function institutionalClaim(row: RifRow, lines: readonly ClaimLine[]): Claim {
  const digit = (column: string) => {
    const text = row.must(column, row.code)
    return /^[1-9]$/.test(text) ? text : row.wrong(column, "this is no digit of a type of bill that a claim can have")
  }
  const place = digit("CLM_FAC_TYPE_CD") + digit("CLM_SRVC_CLSFCTN_TYPE_CD")
  const frequency = digit("CLM_FREQ_CD")
  return {
    ...plainClaim(withoutTotal(lines), receivedOn(row)),
    kind: "institutional",
    frequency: Number(frequency),
    original: row.number("FI_ORIG_CLM_CNTL_NUM"),
    admitted: row.day("CLM_ADMSN_DT") ?? row.day("CLM_HOSPC_START_DT_ID"),
    discharged: row.day("NCH_BENE_DSCHRG_DT"),
    billType: place + frequency,
    drg: row.code("CLM_DRG_CD"),
    inpatient: inpatientBills.has(place),
    emergency: row.cell("CLM_IP_ADMSN_TYPE_CD") === "1",
  }
}

export const institutionalProvider = (row: RifRow): Provider =>
  plainProvider(row.number("ORG_NPI_NUM") ?? row.code("PRVDR_NUM") ?? "")
