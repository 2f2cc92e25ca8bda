/** The HI segments of an 837 claim: diagnoses, procedures of a stay, the DRG, and the codes and values of its bill. */

import type { X12Segment } from "../syntax/syntax.ts"
import { codePlace, isKnownCode } from "./837-loops.ts"
import type { Claim837, Information837 } from "./claim-837.ts"
import { type Split, values } from "./read-837-parties.ts"

type Codes = Pick<
  Claim837,
  "diagnoses" | "diagnosisSystem" | "procedures" | "drg" | "presentOnAdmission" | "information"
>

/** ICD codes are written with and without their dot; a claim has them without. */
const plain = (code: string) => code.replaceAll(".", "")

/**
 * The codes of a claim. Principal (BK, ABK) and other (BF, ABF) diagnoses in file order: the lines' pointers count them.
 * Some institutional files repeat their HI segments; without pointers a repeated diagnosis says nothing.
 */
export function codesOf(segments: readonly X12Segment[], split: Split, isPointedTo: boolean): Codes {
  const diagnoses: string[] = []
  const presence: string[] = []
  const procedures: { code: string; on: number | undefined }[] = []
  const information: Information837[] = []
  let [system, drg]: [string, string | undefined] = ["", undefined]
  for (const segment of segments) {
    if (segment.tag !== "HI") continue
    for (let number = 1; number <= segment.elements.length; number++) {
      const parts = split(segment.elements[number - 1]!.trim())
      const [qualifier = "", code = ""] = parts
      if (qualifier === "" || code === "") continue
      if (/^A?B[KF]$/.test(qualifier)) {
        if (system === "") system = qualifier.startsWith("A") ? "ABK" : "BK"
        if (!isPointedTo && diagnoses.includes(plain(code))) continue
        diagnoses.push(plain(code))
        presence.push(parts[8] ?? "")
      } else if (/^B?B[RQ]$/.test(qualifier)) {
        const { from } = daysOf(parts, segment, number)
        procedures.push({ code: plain(code), on: from })
      } else if (qualifier === "DR" && drg === undefined) drg = code
      else information.push(informationOf(parts, segment, number))
    }
  }
  return {
    diagnoses,
    diagnosisSystem: system,
    procedures,
    drg,
    ...(presence.every((one) => one === "") ? {} : { presentOnAdmission: presence }),
    ...(information.length === 0 ? {} : { information: information.sort(byPlace) }),
  }
}

const byPlace = (a: Information837, b: Information837) =>
  codePlace(a.qualifier) - codePlace(b.qualifier) ||
  (a.qualifier === b.qualifier ? 0 : a.qualifier < b.qualifier ? -1 : 1)

function informationOf(parts: readonly string[], segment: X12Segment, number: number): Information837 {
  const [qualifier = "", code = "", , , amount = "", , , , present = ""] = parts
  if (!isKnownCode(qualifier)) values.bad(segment, number, "a code is of an unknown code system")
  return {
    qualifier,
    code: /^(?:A?B[JN]|A?PR|ZZ)$/.test(qualifier) ? plain(code) : code,
    ...daysOf(parts, segment, number),
    amount: amount === "" ? undefined : values.amountOf(amount, segment, number),
    ...(present === "" ? {} : { presentOnAdmission: present }),
  }
}

/** C022-3 and -4: the form of a date, and one day or a period. */
function daysOf(parts: readonly string[], segment: X12Segment, number: number) {
  const text = parts[3] ?? ""
  if (text === "") return { from: undefined, to: undefined }
  if (parts[2] !== "D8" && parts[2] !== "RD8") values.bad(segment, number, "a date is of an unknown form")
  return values.range(text, segment, number)
}
