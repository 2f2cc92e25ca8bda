/** Prescription drug events (Part D): one row is one fill, and one claim. */
import { type Claim, type ClaimLine, type Provider, plainClaim, plainLine, plainProvider } from "../../plan/claim.ts"
import type { FiledAmounts } from "./cms-claim.ts"
import type { RifRow } from "./rif.ts"

/** The whole cost of the fill is its charge: pharmacies file no other. */
export function drugLine(row: RifRow): ClaimLine {
  const drug = row.number("PROD_SRVC_ID")
  const charge = row.must("TOT_RX_CST_AMT", row.charge)
  return {
    ...plainLine(1, drug ?? "", charge, row.must("SRVC_DT", row.day)),
    codeSystem: drug === undefined ? undefined : "N4",
    unitsMilli: row.units("QTY_DSPNSD_NUM") ?? 0,
    drug,
    supply: row.count("DAYS_SUPLY_NUM", 9999),
  }
}

/** An adjustment replaces an event, a deletion takes it back. */
const frequencies: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["A", 7],
  ["D", 8],
])

export function drugClaim(row: RifRow, line: ClaimLine): Claim {
  const frequency = frequencies.get(row.cell("ADJSTMT_DLTN_CD"))
  if (frequency === undefined) row.wrong("ADJSTMT_DLTN_CD", "an event is neither original, nor A, nor D")
  return { ...plainClaim([line], row.day("PD_DT") ?? line.from), kind: "drug", frequency }
}

export const drugProvider = (row: RifRow): Provider => plainProvider(row.number("SRVC_PRVDR_ID") ?? "")

/** The cost at the counter is what was agreed for the fill, so that it is the allowed amount as well. */
export function drugFiled(row: RifRow): FiledAmounts {
  const sum = (...columns: readonly string[]) => {
    const known = columns.map((column) => row.amount(column)).filter((amount) => amount !== undefined)
    return known.length === 0 ? undefined : known.reduce((all, amount) => all + amount, 0n)
  }
  return {
    charge: row.amount("TOT_RX_CST_AMT"),
    allowed: row.amount("TOT_RX_CST_AMT"),
    paid: sum("CVRD_D_PLAN_PD_AMT", "NCVRD_PLAN_PD_AMT"),
    deductible: undefined,
    coinsurance: undefined,
    others: sum("PTNT_PAY_AMT", "OTHR_TROOP_AMT", "LICS_AMT", "PLRO_AMT", "RPTD_GAP_DSCNT_NUM"),
  }
}
