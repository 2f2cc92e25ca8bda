/** The HI segments of an 837 claim: diagnoses, procedures, DRG and the codes of an institutional bill. */
import { decimalText } from "../../amount.ts"
import { type OutSegment, x12Date } from "../syntax/envelope.ts"
import { codePlace } from "./837-loops.ts"
import type { Claim837, Information837 } from "./claim-837.ts"
import { exact } from "./write-837-parts.ts"

const perSegment = 12

function hiSegments(composites: readonly (readonly string[])[]): readonly OutSegment[] {
  const segments: OutSegment[] = []
  for (let i = 0; i < composites.length; i += perSegment) segments.push(["HI", ...composites.slice(i, i + perSegment)])
  return segments
}

/** Codes in the guides' order; a file of another payer's own qualifiers keeps them last. */
export function codeSegments(claim: Claim837, diagnoses: readonly string[]): readonly OutSegment[] {
  const { diagnosisSystem, presentOnAdmission = [], procedures, drg, information = [] } = claim
  const isOld = diagnosisSystem === "BK"
  const all = diagnoses.map((code, index) => {
    const qualifier = (isOld ? "" : "A") + (index === 0 ? "BK" : "BF")
    return [qualifier, exact(code, "HI"), "", "", "", "", "", "", exact(presentOnAdmission[index] ?? "", "HI")]
  })
  const stay = procedures.map(({ code, on }, index) => {
    const qualifier = (isOld ? "" : "B") + (index === 0 ? "BR" : "BQ")
    return [qualifier, exact(code, "HI"), ...(on === undefined ? [] : ["D8", x12Date(on)])]
  })
  const groups = new Map<string, readonly string[][]>()
  for (const one of information) groups.set(one.qualifier, [...(groups.get(one.qualifier) ?? []), partsOf(one)])
  const told = (isBefore: boolean) =>
    [...groups].filter(([qualifier]) => codePlace(qualifier) < 4 === isBefore).flatMap(([, parts]) => hiSegments(parts))
  if (claim.kind !== "institutional") return [...hiSegments(all), ...told(true), ...told(false)]
  return [
    ...hiSegments(all.slice(0, 1)),
    ...told(true),
    ...hiSegments(drg === undefined ? [] : [["DR", exact(drg, "HI")]]),
    ...hiSegments(all.slice(1)),
    ...hiSegments(stay.slice(0, 1)),
    ...hiSegments(stay.slice(1)),
    ...told(false),
  ]
}

function partsOf({ qualifier, code, from, to, amount, presentOnAdmission = "" }: Information837): string[] {
  const [form, days] =
    from === undefined || to === undefined
      ? ["", ""]
      : from === to
        ? ["D8", x12Date(from)]
        : ["RD8", `${x12Date(from)}-${x12Date(to)}`]
  const money = amount === undefined ? "" : decimalText(amount)
  return [exact(qualifier, "HI"), exact(code, "HI"), form, days, money, "", "", "", exact(presentOnAdmission, "HI")]
}
