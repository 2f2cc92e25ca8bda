/**
 * The balancing rules of an 835: each line, each claim, the payment, what the patient owes, and interest. Run over what
 * others send and over what we write.
 */
import { refuse } from "../../base/refusal.ts"
import { minorUnits } from "../amount.ts"
import { type Answer, answer } from "../answer.ts"
import { element, placeIn, readInterchanges, type X12Segment, type X12Transaction } from "./syntax.ts"

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
  return answer(() => {
    const all = readInterchanges(bytes).flatMap((interchange) => interchange.transactions)
    const other = all.find((transaction) => transaction.set !== "835")
    if (other !== undefined || all.length === 0) {
      const place = other === undefined ? "ST" : placeIn(other.segments[0]!, 1)
      refuse(
        "x12-not-835",
        "Cannot read the file: a transaction in it is not an 835",
        place,
        "Send a remittance (835).",
      )
    }
    return all.map(balanceOf)
  })
}

function moneyAt(segment: X12Segment, number: number): bigint {
  const text = element(segment, number)
  if (text === "") return 0n
  const amount = minorUnits(text)
  if (amount !== undefined) return amount
  const what = "Cannot read the 835: an amount is not a decimal of whole cents"
  return refuse("x12-element", what, placeIn(segment, number), "Correct the element.")
}

interface Line {
  readonly svc: X12Segment
  adjusted: bigint
}

interface Claim {
  readonly clp: X12Segment
  adjusted: bigint
  patient: bigint
  line: Line | undefined
}

/** CAS01 is the group; triples of reason, amount and quantity follow, six at most. */
function sumCas(cas: X12Segment): bigint {
  return [3, 6, 9, 12, 15, 18].reduce((sum, number) => sum + moneyAt(cas, number), 0n)
}

/** PLB03 and PLB04 are reason and amount; five more pairs may follow. With `reason`, only those of that reason. */
function sumPlb(plb: X12Segment, reason = ""): bigint {
  const amounts = [4, 6, 8, 10, 12, 14].filter((number) => element(plb, number - 1).startsWith(reason))
  return amounts.reduce((sum, number) => sum + moneyAt(plb, number), 0n)
}

function balanceOf(transaction: X12Transaction): Balance835 {
  const imbalances: Imbalance[] = []
  const check = (rule: Imbalance["rule"], segment: X12Segment, expected: bigint, found: bigint) => {
    if (expected !== found) imbalances.push({ rule, at: placeIn(segment), expected, found })
  }
  const closeLine = (line: Line | undefined) => {
    if (line !== undefined) check("line", line.svc, moneyAt(line.svc, 2) - line.adjusted, moneyAt(line.svc, 3))
  }
  const closeClaim = (claim: Claim | undefined) => {
    if (claim === undefined) return
    closeLine(claim.line)
    check("claim", claim.clp, moneyAt(claim.clp, 3) - claim.adjusted, moneyAt(claim.clp, 4))
    check("patient", claim.clp, claim.patient, moneyAt(claim.clp, 5))
  }
  let claim: Claim | undefined
  let [claims, lines] = [0, 0]
  let [paid, withheld, interest, late] = [0n, 0n, 0n, 0n]
  for (const segment of transaction.segments) {
    if (segment.tag === "CLP" || segment.tag === "PLB" || segment.tag === "SE" || segment.tag === "LX") {
      closeClaim(claim)
      claim = undefined
    }
    if (segment.tag === "PLB") {
      withheld += sumPlb(segment)
      interest += sumPlb(segment, "L6")
    }
    if (segment.tag === "AMT" && element(segment, 1) === "I") late += moneyAt(segment, 2)
    if (segment.tag === "CLP") {
      claim = { clp: segment, adjusted: 0n, patient: 0n, line: undefined }
      paid += moneyAt(segment, 4)
      claims++
    }
    if (claim === undefined) continue
    if (segment.tag === "SVC") {
      closeLine(claim.line)
      claim.line = { svc: segment, adjusted: 0n }
      lines++
    }
    if (segment.tag === "CAS") {
      const amount = sumCas(segment)
      claim.adjusted += amount
      if (claim.line !== undefined) claim.line.adjusted += amount
      if (element(segment, 1) === "PR") claim.patient += amount
    }
  }
  const bpr = transaction.segments.find((segment) => segment.tag === "BPR") ?? transaction.segments[0]!
  check("payment", bpr, paid - withheld, moneyAt(bpr, 2))
  check("interest", bpr, -interest, late)
  const trn = transaction.segments.find((segment) => segment.tag === "TRN")
  return { trace: element(trn, 2), paid: moneyAt(bpr, 2), claims, lines, imbalances }
}
