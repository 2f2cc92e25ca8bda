/** The service lines of a claim in an 835: SVC with its dates, adjustments, numbers, allowed amount and remarks. */
import { assert } from "../../../base/assert.ts"
import type { Claim, ClaimLine } from "../../../plan/claim.ts"
import type { Leg, LegLine } from "../../../plan/leg.ts"
import { decimalText } from "../../amount.ts"
import type { Line837 } from "../claim/claim-837.ts"
import { exact, thousandths } from "../claim/write-837-parts.ts"
import { codeQualifier, type OutSegment, x12Date } from "../syntax/envelope.ts"

/** One line as it is paid: a line of the claim, or all its parts where it was judged in parts. */
export interface PaidLine {
  readonly service: ClaimLine
  /** REF*6R: the sender's own number of the line, else its place in the claim. */
  readonly control: string
  /** Modifiers and description as the sender had them. */
  readonly sent: Line837 | undefined
  readonly charge: bigint
  readonly paid: bigint
  readonly patient: bigint
  readonly allowed: bigint
  readonly unitsMilli: bigint
  readonly adjustments: LegLine["adjustments"]
  readonly isDenied: boolean
}

/**
 * The decided lines, in the claim's order. Pended and held ones stand in a later 835. Parts that one 837 line was split
 * into come back as that one line.
 */
export function paidLines(claim: Claim, leg: Leg, lineOf?: ReadonlyMap<number, Line837>): readonly PaidLine[] {
  const lines: PaidLine[] = []
  const places = new Map<Line837, number>()
  for (const line of leg.lines) {
    if (line.status === "pended" || line.status === "held") continue
    const part = paidLine(claim, line, lineOf?.get(line.number))
    const place = part.sent === undefined ? undefined : places.get(part.sent)
    if (place === undefined) {
      if (part.sent !== undefined) places.set(part.sent, lines.length)
      lines.push(part)
    } else lines[place] = joined(lines[place]!, part)
  }
  return lines
}

function paidLine(claim: Claim, line: LegLine, sent: Line837 | undefined): PaidLine {
  const service = claim.lines.find((one) => one.number === line.number)
  assert(service !== undefined, "a determined line is one of the claim's")
  assert(
    line.adjustments.reduce((sum, one) => sum + one.amount, line.benefit) === service.charge,
    "a line's charge is its benefit and its adjustments",
  )
  // A predetermination pays nothing: what would be paid stands as the adjustment that says so.
  const foreseen = claim.use === "quote" && line.benefit > 0n
  const anticipated = { group: "OA", carc: "101", rarc: [], amount: line.benefit, clause: "", kind: "" } as const
  return {
    service,
    sent,
    control: sent?.control ?? String(sent?.number ?? service.number),
    charge: service.charge,
    paid: foreseen ? 0n : line.benefit,
    patient: line.patient,
    allowed: line.allowed,
    unitsMilli: BigInt(service.unitsMilli),
    adjustments: foreseen ? [...line.adjustments, anticipated] : line.adjustments,
    isDenied: line.status === "denied",
  }
}

function joined(a: PaidLine, b: PaidLine): PaidLine {
  return {
    ...a,
    charge: a.charge + b.charge,
    paid: a.paid + b.paid,
    patient: a.patient + b.patient,
    allowed: a.allowed + b.allowed,
    unitsMilli: a.unitsMilli + b.unitsMilli,
    adjustments: [...a.adjustments, ...b.adjustments],
    isDenied: a.isDenied && b.isDenied,
  }
}

/** SVC and its loop; `sign` is −1 where an earlier remittance is taken back. */
export function lineLoop(line: PaidLine, kind: Claim["kind"], sign: bigint): readonly OutSegment[] {
  const { service, control, charge, paid, allowed, unitsMilli, adjustments } = line
  const { from, to } = service
  const dates: readonly OutSegment[] =
    from === to
      ? [["DTM", "472", x12Date(from)]]
      : [
          ["DTM", "150", x12Date(from)],
          ["DTM", "151", x12Date(to)],
        ]
  const remarks = [...new Set(adjustments.flatMap((one) => one.rarc))]
  const { procedure, revenue } = paidFor(service, kind)
  return [
    ["SVC", procedure, decimalText(sign * charge), decimalText(sign * paid), revenue, thousandths(sign * unitsMilli)],
    ...dates,
    ...casSegments(adjustments, sign),
    ["REF", "6R", exact(control, "REF")],
    ...(allowed === 0n ? [] : [["AMT", "B6", decimalText(sign * allowed)] as OutSegment]),
    ...remarks.map((remark): OutSegment => ["LQ", "HE", remark]),
  ]
}

/** SVC01 and SVC04: an institutional line with only its revenue code is paid for by that code (NU). */
function paidFor({ code, codeSystem, modifiers, revenue = "", drug }: ClaimLine, kind: Claim["kind"]) {
  if (code === "" && revenue !== "") return { procedure: ["NU", exact(revenue, "SVC")], revenue: "" }
  if (code === "" && drug !== undefined) return { procedure: ["N4", exact(drug, "SVC")], revenue: "" }
  const system = kind === "dental" && codeSystem === undefined ? "AD" : codeQualifier(code, codeSystem)
  const marked = modifiers.slice(0, 4).map((modifier) => exact(modifier, "SVC"))
  return { procedure: [system, exact(code, "SVC"), ...marked], revenue: exact(revenue, "SVC") }
}

/** One CAS a group, six reasons each; equal reasons of a group are summed, zero sums left out. */
function casSegments(adjustments: LegLine["adjustments"], sign: bigint): readonly OutSegment[] {
  const groups = new Map<string, Map<string, bigint>>()
  for (const { group, carc, amount } of adjustments) {
    const reasons = groups.get(group) ?? new Map<string, bigint>()
    reasons.set(carc, (reasons.get(carc) ?? 0n) + amount)
    groups.set(group, reasons)
  }
  const segments: OutSegment[] = []
  for (const [group, reasons] of groups) {
    const entries = [...reasons].filter(([, amount]) => amount !== 0n)
    for (let i = 0; i < entries.length; i += 6) {
      const triples = entries.slice(i, i + 6).map(([carc, amount]) => [carc, decimalText(sign * amount), ""])
      segments.push(["CAS", group, ...triples.flat()])
    }
  }
  return segments
}
