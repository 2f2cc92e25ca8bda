/** One segment against the table of elements: what is missing, too long, no date, no code. */
import { isDateText, isTimeText } from "../syntax/envelope-rules.ts"
import { elementName, type Separators, type X12Segment } from "../syntax/segment.ts"
import { type ElementRule, elementsOf } from "./structure-elements.ts"

/** A defect of one element, before it is given its place in the transaction. */
export interface ElementDefect {
  readonly code: string
  /** IK403. */
  readonly answer: string
  readonly element: number
  readonly part: number | undefined
  readonly reference: string | undefined
  /** What follows the element's name: `is missing`. */
  readonly says: string
}

type Tell = (defect: ElementDefect) => void

const isDay = (text: string) => text.length === 8 && isDateText(text)

/** A value by the qualifier before it; a qualifier that we do not know says nothing about its value. */
function isOfFormat(qualifier: string, text: string): boolean {
  if (qualifier === "D8") return isDay(text)
  if (qualifier === "D6") return text.length === 6 && isDateText(text)
  if (qualifier === "DT") return isDay(text.slice(0, 8)) && isTimeText(text.slice(8))
  if (qualifier !== "RD8") return true
  const [from = "", to = "", ...more] = text.split("-")
  return more.length === 0 && isDay(from) && isDay(to)
}

/** What is wrong with a value: IK403, our code and the words; undefined when nothing is. */
function fault(rule: ElementRule, text: string, before: string): readonly [string, string, string] | undefined {
  const { type, least, most } = rule
  if (type === "R" && !/^-?(\d+\.?\d*|\.\d+)(E-?\d+)?$/.test(text)) return ["6", "x12-element", "is no decimal number"]
  if (type === "N0" && !/^-?\d+$/.test(text)) return ["6", "x12-element", "is no whole number"]
  if (type === "DT" && !isDay(text)) return ["8", "x12-date", "is a date that does not exist"]
  if (type === "TM" && !isTimeText(text)) return ["9", "x12-time", "is a time that does not exist"]
  if (type === "DV" && before === "TM" && !isTimeText(text)) return ["9", "x12-time", "is a time that does not exist"]
  if (type === "DV" && !isOfFormat(before, text)) return ["8", "x12-date", "is a date that does not exist"]
  const length = type === "R" || type === "N0" ? text.replace(/[-.]/g, "").length : text.length
  if (most > 0 && length > most) return ["5", "x12-length", `has ${length} characters, ${most} at most are allowed`]
  if (length < least) return ["4", "x12-length", `has ${length} characters, ${least} at least are needed`]
  if (rule.codes === undefined || rule.codes.has(text)) return undefined
  if (/^X+$/.test(text)) return ["7", "x12-masked", "is masked (letters made X)"]
  return ["7", "x12-code", "is none of the codes it may have"]
}

function checkValue(
  rule: ElementRule,
  text: string,
  before: string,
  element: number,
  part: number | undefined,
  tell: Tell,
): void {
  const { reference } = rule
  if (text === "") {
    if (!rule.isNeeded) return
    tell({ code: "x12-missing-element", answer: "1", element, part, reference, says: "is missing" })
    return
  }
  const found = fault(rule, text, before)
  if (found !== undefined) tell({ answer: found[0], code: found[1], element, part, reference, says: found[2] })
}

function checkComposite(rule: ElementRule, text: string, number: number, separators: Separators, tell: Tell): void {
  const rules = rule.parts!
  const parts = text.split(separators.component)
  if (parts.length > rules.length) {
    const says = `has ${parts.length} parts, ${rules.length} at most are allowed`
    tell({ code: "x12-composite", answer: "13", element: number, part: undefined, reference: rule.reference, says })
  }
  const first = rules[0]!
  if (
    parts.length === 1 &&
    rules.slice(1).some((rule) => rule.isNeeded) &&
    text.length > first.most &&
    /[^A-Za-z0-9 ]/.test(text)
  ) {
    const says = "is not split by the separator that ISA16 names"
    tell({ code: "x12-composite", answer: "5", element: number, part: 1, reference: first.reference, says })
    return
  }
  for (let i = 0; i < rules.length; i++) {
    const text = parts[i]?.trim() ?? ""
    if (text === "" && !rules[i]!.isNeeded) continue
    checkValue(rules[i]!, text, parts[i - 1]?.trim() ?? "", number, i + 1, tell)
  }
}

function checkElement(
  rule: ElementRule,
  segment: X12Segment,
  number: number,
  separators: Separators,
  tell: Tell,
): void {
  const text = segment.elements[number - 1]?.trim() ?? ""
  if (rule.parts === undefined && rule.type === undefined) return
  if (text === "") {
    const at = { element: number, part: undefined, reference: rule.reference }
    if (rule.isNeeded) tell({ ...at, code: "x12-missing-element", answer: "1", says: "is missing" })
    return
  }
  const { repetition } = separators
  if (repetition !== undefined && text.includes(repetition)) {
    for (const value of text.split(repetition)) checkOne(rule, value, segment, number, separators, tell)
  } else checkOne(rule, text, segment, number, separators, tell)
}

function checkOne(
  rule: ElementRule,
  text: string,
  segment: X12Segment,
  number: number,
  separators: Separators,
  tell: Tell,
): void {
  if (rule.parts !== undefined) checkComposite(rule, text, number, separators, tell)
  else checkValue(rule, text, segment.elements[number - 2]?.trim() ?? "", number, undefined, tell)
}

/** Tells each defect of the segment; `needs` are elements that this place of the guide asks for. */
export function checkSegment(segment: X12Segment, needs: readonly number[], separators: Separators, tell: Tell): void {
  const has = (number: number) => (segment.elements[number - 1]?.trim() ?? "") !== ""
  const table = elementsOf(segment.tag)
  if (table === undefined) return
  const last = Math.min(table.elements.length, Math.max(segment.elements.length, table.neededTo))
  for (let i = 0; i < last; i++) checkElement(table.elements[i]!, segment, i + 1, separators, tell)
  const missing = (number: number, answer: string, says: string) =>
    tell({
      ...{ code: "x12-missing-element", answer, element: number, part: undefined, says },
      reference: table.elements[number - 1]?.reference,
    })
  for (const number of needs) if (!has(number)) missing(number, "1", "is missing")
  for (const numbers of table.pairs) {
    const without = numbers.find((number) => !has(number))
    const given = numbers.find(has)
    if (without === undefined || given === undefined) continue
    missing(without, "2", `is missing beside ${elementName(segment.tag, given)}`)
  }
  for (const numbers of table.choices) {
    if (numbers.some(has)) continue
    missing(numbers[0]!, "2", `and ${numbers.slice(1).map((one) => elementName(segment.tag, one))} are both missing`)
  }
}
