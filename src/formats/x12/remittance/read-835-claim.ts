/** One claim of an 835 while its segments come in: CLP and its loop, and its service lines. */
import { refuse } from "../../../base/refusal.ts"
import { adjustmentsOf, elementsOf } from "../claim/read-837-parties.ts"
import { ElementValues } from "../syntax/element-values.ts"
import { element, placeIn, type X12Segment } from "../syntax/syntax.ts"
import type { Amount835, CasAdjustment, Reference835, RemittanceClaim835, RemittanceLine835 } from "./remittance-835.ts"

const values: ElementValues = new ElementValues("835")

/** Segments that claim and line have alike. */
interface Parts {
  readonly cas: X12Segment[]
  readonly dates: Map<string, X12Segment>
  readonly references: Reference835[]
  readonly amounts: Amount835[]
  readonly remarks: string[]
}

const noParts = (): Parts => ({ cas: [], dates: new Map(), references: [], amounts: [], remarks: [] })

interface LineReading {
  readonly svc: X12Segment
  readonly split: (text: string) => readonly string[]
  readonly parts: Parts
}

export interface ClaimReading {
  readonly clp: X12Segment
  readonly parts: Parts
  readonly parties: Map<string, X12Segment>
  inpatient: readonly string[] | undefined
  outpatient: readonly string[] | undefined
  readonly lines: LineReading[]
  /** The claim as it stands. @throws Refused for an element that cannot be read. */
  finished(): RemittanceClaim835
}

export function openClaim(clp: X12Segment): ClaimReading {
  const reading: ClaimReading = {
    clp,
    parts: noParts(),
    parties: new Map(),
    inpatient: undefined,
    outpatient: undefined,
    lines: [],
    finished: () => claimOf(reading),
  }
  return reading
}

export function openLine(claim: ClaimReading, svc: X12Segment, split: (text: string) => readonly string[]): void {
  if (/^X{2}[^A-Z0-9]/.test(element(svc, 1))) {
    const what = "Cannot read X12: the file is masked (letters made X, digits made 9)"
    refuse("x12-masked", what, placeIn(svc, 1), "Send the original file.")
  }
  claim.lines.push({ svc, split, parts: noParts() })
}

/** Takes a segment between a CLP and the next, other than SVC, to the claim or to its last line. */
export function readIntoClaim(claim: ClaimReading, segment: X12Segment): void {
  const parts = claim.lines.at(-1)?.parts ?? claim.parts
  const qualifier = element(segment, 1)
  switch (segment.tag) {
    case "CAS":
      parts.cas.push(segment)
      return
    case "DTM":
      if (!parts.dates.has(qualifier)) parts.dates.set(qualifier, segment)
      return
    case "REF":
      parts.references.push({ qualifier, value: element(segment, 2) })
      return
    case "AMT":
      parts.amounts.push({ qualifier, amount: values.amount(segment, 2) ?? 0n })
      return
    case "LQ":
      parts.remarks.push(element(segment, 2))
      return
    case "NM1":
      if (!claim.parties.has(qualifier)) claim.parties.set(qualifier, segment)
      return
    case "MIA":
      claim.inpatient = elementsOf(segment, 1, 24)
      return
    case "MOA":
      claim.outpatient = elementsOf(segment, 1, 9)
  }
}

const dayAt = (date: X12Segment | undefined) => date && values.day(element(date, 2), date, 2)
const wholeUnit = 1000n

function claimOf({ clp, parts, parties, inpatient, outpatient, lines }: ClaimReading): RemittanceClaim835 {
  if (element(clp, 1) === "") values.bad(clp, 1, "the claim has no control number")
  if (element(clp, 2) === "") values.bad(clp, 2, "the claim has no status")
  const { amounts, references, dates } = parts
  const patient = element(parties.get("QC"), 9) || element(parties.get("IL"), 9)
  const rendering = element(parties.get("82"), 9)
  const forwarded = parties.get("TT")
  const late = amounts.find(({ qualifier }) => qualifier === "I")
  const further = amounts.filter((one) => one !== late)
  return {
    at: clp.line,
    control: element(clp, 1),
    status: element(clp, 2),
    charge: values.amount(clp, 3) ?? 0n,
    paid: values.amount(clp, 4) ?? 0n,
    patient: values.amount(clp, 5) ?? 0n,
    filing: element(clp, 6),
    payerControl: element(clp, 7),
    place: element(clp, 8),
    frequency: element(clp, 9),
    drg: element(clp, 11) || undefined,
    member: patient || undefined,
    rendering: rendering || undefined,
    from: dayAt(dates.get("232")),
    to: dayAt(dates.get("233")),
    received: dayAt(dates.get("050")),
    adjustments: adjusted(parts),
    remarks: [
      ...parts.remarks,
      ...remarksIn(inpatient, [5, 20, 21, 22, 23]),
      ...remarksIn(outpatient, [3, 4, 5, 6, 7]),
    ],
    interest: late?.amount,
    forwardedTo: forwarded && (element(forwarded, 9) || element(forwarded, 3)),
    references,
    lines: lines.map(lineOf),
    ...(further.length === 0 ? {} : { amounts: further }),
    ...(inpatient === undefined ? {} : { inpatient }),
    ...(outpatient === undefined ? {} : { outpatient }),
  }
}

const remarksIn = (elements: readonly string[] | undefined, numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => elements?.[number - 1] ?? "").filter((remark) => remark !== "")

const adjusted = ({ cas }: Parts): readonly CasAdjustment[] => adjustmentsOf(cas, values)

function lineOf({ svc, split, parts }: LineReading): RemittanceLine835 {
  const paidFor = procedureOf(split(element(svc, 1)))
  const [codeSystem, code] = split(element(svc, 6))
  const { dates, references, amounts } = parts
  const [day, start, end] = [dayAt(dates.get("472")), dayAt(dates.get("150")), dayAt(dates.get("151"))]
  const control = references.find(({ qualifier }) => qualifier === "6R")
  const allowed = amounts.find(({ qualifier }) => qualifier === "B6")
  const otherReferences = references.filter((one) => one !== control)
  const otherAmounts = amounts.filter((one) => one !== allowed)
  const billedUnits = values.quantity(svc, 7)
  const revenue = element(svc, 4) || (paidFor.codeSystem === "NU" ? paidFor.code : "")
  return {
    at: svc.line,
    ...paidFor,
    submitted: codeSystem === undefined || code === undefined ? undefined : { codeSystem, code },
    revenue: revenue || undefined,
    charge: values.amount(svc, 2) ?? 0n,
    paid: values.amount(svc, 3) ?? 0n,
    unitsMilli: values.quantity(svc, 5) ?? wholeUnit,
    from: start ?? day,
    to: end ?? start ?? day,
    control: control?.value,
    adjustments: adjusted(parts),
    allowed: allowed?.amount,
    remarks: parts.remarks,
    ...(billedUnits === undefined ? {} : { submittedUnitsMilli: billedUnits }),
    ...(otherReferences.length === 0 ? {} : { references: otherReferences }),
    ...(otherAmounts.length === 0 ? {} : { amounts: otherAmounts }),
  }
}

function procedureOf(parts: readonly string[]): Pick<RemittanceLine835, "codeSystem" | "code" | "modifiers"> {
  const [codeSystem = "", code = "", ...rest] = parts
  if (parts.length === 1) return { codeSystem: "", code: codeSystem, modifiers: [] }
  return { codeSystem, code, modifiers: rest.slice(0, 4).filter((modifier) => modifier !== "") }
}
