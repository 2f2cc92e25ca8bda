/**
 * The balancing rules of an 835: each line, each claim, the payment, what the patient owes, and interest. Run over what
 * others send and over what we write.
 */
import { type Answer, answer, orRefuse } from "../../answer.ts"
import { readRemittances835 } from "./read-835.ts"
import type { CasAdjustment, Remittance835, RemittanceClaim835 } from "./remittance-835.ts"

export interface Imbalance {
  /**
   * line: SVC02 − ΣCAS = SVC03. claim: CLP03 − ΣCAS = CLP04. payment: ΣCLP04 − ΣPLB = BPR02. patient: CLP05 = ΣCAS PR.
   * interest: −ΣPLB L6 = ΣAMT*I.
   */
  readonly rule: "line" | "claim" | "payment" | "patient" | "interest"
  readonly at: string
  readonly expected: bigint
  readonly found: bigint
}

export interface Balance835 {
  /** TRN02. */
  readonly trace: string
  /** BPR02. */
  readonly paid: bigint
  readonly claims: number
  readonly lines: number
  readonly imbalances: readonly Imbalance[]
}

/** The balance of each 835 in the file; a file that is no 835, or no X12, is a refusal. */
export function balance835(bytes: Uint8Array): Answer<readonly Balance835[]> {
  return answer(() => orRefuse(readRemittances835(bytes)).map(balanceOf))
}

function sumOf(adjustments: readonly CasAdjustment[], group = ""): bigint {
  let sum = 0n
  for (const one of adjustments) if (one.group.startsWith(group)) sum += one.amount
  return sum
}

/** The rules over one remittance. BPR02 is what was paid out, or with BPR03 `D` what was taken. */
export function balanceOf(remittance: Remittance835): Balance835 {
  const imbalances: Imbalance[] = []
  const check = (rule: Imbalance["rule"], at: string, expected: bigint, found: bigint) => {
    if (expected !== found) imbalances.push({ rule, at, expected, found })
  }
  let [paid, late, lines] = [0n, 0n, 0]
  for (const claim of remittance.claims) {
    checkClaim(claim, check)
    paid += claim.paid
    late += claim.interest ?? 0n
    lines += claim.lines.length
  }
  let [withheld, interest] = [0n, 0n]
  for (const { code, amount } of remittance.providerLevel) {
    withheld += amount
    if (code === "L6") interest += amount
  }
  const at = `BPR, line ${remittance.paymentAt ?? remittance.at}`
  const moved = remittance.isDebit ? -remittance.paid : remittance.paid
  check("payment", at, paid - withheld, moved)
  check("interest", at, -interest, late)
  return { trace: remittance.trace, paid: remittance.paid, claims: remittance.claims.length, lines, imbalances }
}

function checkClaim(
  claim: RemittanceClaim835,
  check: (rule: Imbalance["rule"], at: string, expected: bigint, found: bigint) => void,
): void {
  let [adjusted, owed] = [sumOf(claim.adjustments), sumOf(claim.adjustments, "PR")]
  for (const line of claim.lines) {
    const ofLine = sumOf(line.adjustments)
    check("line", `SVC, line ${line.at}`, line.charge - ofLine, line.paid)
    adjusted += ofLine
    owed += sumOf(line.adjustments, "PR")
  }
  const at = `CLP, line ${claim.at}`
  check("claim", at, claim.charge - adjusted, claim.paid)
  check("patient", at, owed, claim.patient)
}
