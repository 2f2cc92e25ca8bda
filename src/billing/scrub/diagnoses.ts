/**
 * Diagnoses in ICD-10-CM against the person: form, doubles, sex and age. The ranges are chapters and blocks of the
 * classification itself (a work of public offices), held narrow: what is left out raises no false alarm.
 */
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import { ageOn } from "../../plan/language/when.ts"
import type { ClaimReport } from "./finding.ts"

const form = /^[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$/

/** Blocks, both ends included; compared by the length of each end. */
type Block = readonly [first: string, last: string]
const female: readonly Block[] = [
  ...([
    ["C51", "C58"],
    ["D06", "D06"],
    ["D25", "D28"],
    ["E28", "E28"],
    ["N70", "N77"],
    ["N80", "N98"],
  ] as const),
  ...([
    ["O00", "O9A"],
    ["R87", "R87"],
    ["Z33", "Z34"],
    ["Z36", "Z37"],
    ["Z39", "Z39"],
    ["Z3A", "Z3A"],
  ] as const),
]
const male: readonly Block[] = [
  ["C60", "C63"],
  ["D29", "D29"],
  ["D40", "D40"],
  ["E29", "E29"],
  ["N40", "N53"],
  ["R86", "R86"],
]

interface AgeBlock {
  readonly block: Block
  /** Years, both included. */
  readonly from: number
  readonly to: number
  readonly words: string
}
const ages: readonly AgeBlock[] = [
  { block: ["O00", "O9A"], from: 9, to: 64, words: "pregnancy and birth" },
  { block: ["P00", "P96"], from: 0, to: 0, words: "the first weeks of life" },
  { block: ["Z38", "Z38"], from: 0, to: 0, words: "newborn children" },
  { block: ["Z001", "Z001"], from: 0, to: 17, words: "check-ups of children" },
  { block: ["Z000", "Z000"], from: 15, to: 124, words: "check-ups of adults" },
]

const within = (code: string, [first, last]: Block) =>
  code.slice(0, first.length) >= first && code.slice(0, last.length) <= last

/** A payer is told by this modifier or condition code that the sex on file does not speak against the service. */
function isSexExplained(claim: Claim837): boolean {
  const conditions = claim.information?.some((one) => one.qualifier === "BG" && one.code === "45") ?? false
  return conditions || claim.lines.some((line) => line.modifiers.includes("KX"))
}

function checkSex(claim: Claim837, code: string, sex: string | undefined, report: ClaimReport): void {
  if (isSexExplained(claim)) return
  const fits = female.some((block) => within(code, block)) ? "F" : male.some((block) => within(code, block)) ? "M" : ""
  if (fits === "" || sex === undefined || sex === "U" || sex === fits) return
  const who = fits === "F" ? "women" : "men"
  const fix = "Correct the patient's sex (DMG03) or the diagnosis; modifier KX says that both are right."
  report.error("diagnosis-sex", "HI", `A diagnosis is one of ${who} alone.`, fix)
}

function checkAge(code: string, years: number | undefined, report: ClaimReport): void {
  const row = ages.find(({ block }) => within(code, block))
  if (row === undefined || years === undefined || (years >= row.from && years <= row.to)) return
  const fix = "Correct the birth date (DMG02) or the diagnosis."
  report.error("diagnosis-age", "HI", `A diagnosis is about ${row.words}; the patient is ${years}.`, fix)
}

/** The claim's diagnoses; `valid` is the table of codes in force, where one is loaded. */
export function checkDiagnoses(claim: Claim837, valid: ReadonlySet<string> | undefined, report: ClaimReport): void {
  const person = claim.patient ?? claim.subscriber
  const first = Math.min(...claim.lines.map((line) => line.from))
  const years = person.born === undefined || person.born > first ? undefined : ageOn(person.born, first)
  const isTenth = !claim.diagnosisSystem.startsWith("B")
  const seen = new Set<string>()
  for (const raw of claim.diagnoses) {
    const code = raw.replaceAll(".", "")
    if (seen.has(code)) report.warn("diagnosis", "HI", "A diagnosis stands twice.", "Name it once.")
    seen.add(code)
    if (!isTenth) continue
    if (!form.test(raw)) {
      report.error("diagnosis", "HI", "A diagnosis has not the form of an ICD-10-CM code.", "Correct the code.")
    } else if (valid !== undefined && !valid.has(code)) {
      report.error(
        "diagnosis",
        "HI",
        "A diagnosis is not in the table of codes in force.",
        "Use a code that is billable.",
      )
    }
    checkSex(claim, code, person.sex, report)
    checkAge(code, years, report)
  }
  if (claim.kind === "professional" && claim.diagnoses.length === 0) {
    report.error("diagnosis", "HI", "The claim has no diagnosis.", "Add at least one (HI*ABK).")
  }
}
