/** The service lines of an 837 claim as segments: loops 2400 to 2440. */
import { decimalText } from "../../amount.ts"
import { codeQualifier, type OutSegment, x12Units } from "../syntax/envelope.ts"
import { inOrder } from "./837-loops.ts"
import type { Claim837, Line837, LineAnswer837 } from "./claim-837.ts"
import {
  adjustmentSegments,
  dateSegment,
  exact,
  keptSegments,
  partySegments,
  procedureParts,
  thousandths,
} from "./write-837-parts.ts"

const formTags: ReadonlySet<string> = new Set(["LQ", "FRM"])
const isDrug = ([tag, first]: OutSegment) =>
  tag === "LIN" || tag === "CTP" || (tag === "REF" && (first === "XZ" || first === "VY"))

/** One line; `diagnoses` are the claim's, which its pointers count. */
export function lineSegments(line: Line837, claim: Claim837, diagnoses: readonly string[]): readonly OutSegment[] {
  const kept = keptSegments(line.further)
  const drugs = kept.filter(isDrug)
  const forms = kept.filter(([tag]) => formTags.has(tag))
  const rest = kept.filter((segment) => !isDrug(segment) && !formTags.has(segment[0]))
  const reference = (qualifier: string, value: string | undefined): readonly OutSegment[] =>
    value === undefined || value === "" ? [] : [["REF", qualifier, exact(value, "REF")]]
  const own: readonly OutSegment[] = [
    serviceSegment(line, claim, diagnoses),
    ...line.teeth.map(({ tooth, surfaces }): OutSegment => {
      return ["TOO", "JP", exact(tooth, "TOO"), surfaces.map((surface) => exact(surface, "TOO"))]
    }),
    ...(line.isClaimDated === true ? [] : [dateSegment("472", line.from, line.to)]),
    ...reference("G1", line.authorization),
    ...reference("6R", line.control),
    ...reference("9F", line.referral),
    ...rest,
  ]
  return [
    ["LX", String(line.number)],
    ...inOrder(own, "line", ([tag]) => tag),
    ...(line.drug === undefined ? [] : [["LIN", "", "N4", exact(line.drug, "LIN")] as OutSegment]),
    ...drugs,
    ...(line.rendering === undefined ? [] : partySegments("82", line.rendering)),
    ...(line.parties ?? []).flatMap(({ role, party }) => partySegments(exact(role, "NM1"), party)),
    ...line.answers.flatMap(answerSegments),
    ...forms,
  ]
}

function serviceSegment(line: Line837, claim: Claim837, diagnoses: readonly string[]): OutSegment {
  const { code, codeSystem, modifiers, description, charge, unitsMilli, unit, areas = [], prosthesis = "" } = line
  const procedure = procedureParts(codeQualifier(code, codeSystem), code, modifiers, description)
  const [amount, units] = [decimalText(charge), x12Units(unitsMilli)]
  const place = line.place === claim.place ? "" : exact(line.place, "SV")
  const pointers = line.diagnoses.map((one) => String(diagnoses.indexOf(one) + 1))
  if (claim.kind === "institutional") {
    const uncovered = line.uncovered === undefined ? "" : decimalText(line.uncovered)
    return ["SV2", exact(line.revenue ?? "", "SV2"), procedure, amount, exact(unit, "SV2"), units, "", uncovered]
  }
  if (claim.kind === "dental") {
    const mouth = areas.map((area) => exact(area, "SV3"))
    return ["SV3", procedure, amount, place, mouth, exact(prosthesis, "SV3"), units, "", "", "", "", pointers]
  }
  const isEmergency = line.emergency === true || (claim.emergency && claim.lines.every((one) => !one.emergency))
  return [
    ...(["SV1", procedure, amount, exact(unit, "SV1"), units, place, "", pointers, ""] as const),
    ...[isEmergency ? "Y" : "", "", ...(line.indicators ?? []).map((one) => exact(one, "SV1"))],
  ]
}

function answerSegments(answer: LineAnswer837): readonly OutSegment[] {
  const { payer, paid, code, codeSystem = "", modifiers = [], revenue = "", unitsMilli, bundledInto, on, left } = answer
  const bundled = bundledInto === undefined ? "" : String(bundledInto)
  const procedure = procedureParts(codeQualifier(code, codeSystem), code, modifiers)
  const svd: OutSegment = [
    ...(["SVD", exact(payer, "SVD"), decimalText(paid), procedure, exact(revenue, "SVD")] as const),
    ...[thousandths(unitsMilli), bundled],
  ]
  return [
    svd,
    ...adjustmentSegments(answer.adjustments),
    ...(on === undefined ? [] : [dateSegment("573", on)]),
    ...(left === undefined ? [] : [["AMT", "EAF", decimalText(left)] as OutSegment]),
  ]
}
