/**
 * The federal fracture example as claim lines. The example gives one sum a category; how many visits it stands for and
 * in which order the bills arrive it does not say. Both are fixed here, once, for every plan.
 */
import { refuse } from "../../base/refusal.ts"
import type { Service } from "./design.ts"
import type { ExampleLines } from "./filings.ts"

export interface ExampleLine {
  readonly code: string
  readonly service: Service
  /** Cents. */
  readonly amount: bigint
  /** Days after the accident. */
  readonly day: number
}

/** A code of our own for each service; the emergency room bills twice, hospital and doctor. */
export const codes: readonly (readonly [string, Service])[] = [
  ["PRI", "primary"],
  ["SPC", "specialist"],
  ["MEN", "mental"],
  ["PTH", "therapy"],
  ["URG", "walk-in"],
  ["EDF", "er"],
  ["EDP", "er"],
  ["AMB", "ambulance"],
  ["OTH", "facility"],
  ["DME", "equipment"],
  ["RAD", "xray"],
  ["IMG", "imaging"],
  ["LAB", "lab"],
  ["INP", "inpatient"],
  ["OUT", "outpatient"],
  ["RXG", "generic"],
  ["RXP", "preferred"],
  ["RXO", "other-brand"],
  ["RXS", "specialty"],
]

/** Category of the example, our code, and the days of the visits or bills we take it for; in the order of the bills. */
const bills: readonly (readonly [string, string, readonly number[]])[] = [
  ["Diagnostic Services: Radiology", "RAD", [0, 7]],
  ["Other Facility Services", "OTH", [0]],
  ["Ambulance", "AMB", [0]],
  ["Emergency Department: Facility", "EDF", [0]],
  ["Professional Services: Emergency Department", "EDP", [0]],
  ["Durable Medical Equipment", "DME", [0]],
  ["Professional Services: Specialist", "SPC", [7, 42]],
  ["Professional Services: Physical Therapy", "PTH", [49, 56, 63, 70]],
  ["Prescription Drugs: Generic", "RXG", [0]],
]

/** What is fixed above, in words for whoever reads the result. */
export const exampleWords =
  "two x-rays, two specialist visits and four therapy visits of equal price; x-rays and the facility bill first; a person covered alone"

const serviceOf = new Map(codes)

/** @throws Refused when the example lacks a category. */
export function fractureLines(example: ExampleLines): readonly ExampleLine[] {
  return bills.flatMap(([category, code, days]) => {
    const sum = example.get(category)
    if (sum === undefined)
      return refuse(
        "example-category",
        "Cannot build the example: a category is missing",
        category,
        "Give the guide of 2019",
      )
    const each = sum / BigInt(days.length)
    return days.map((day, i) => ({
      code,
      service: serviceOf.get(code)!,
      amount: i === 0 ? sum - each * BigInt(days.length - 1) : each,
      day,
    }))
  })
}
