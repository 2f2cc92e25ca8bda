/** The service lines of an 837 claim: SV1 professional, SV2 institutional, SV3 dental, with what earlier payers said. */

import { element, type X12Segment } from "../syntax/syntax.ts"
import { inOrder, partLine } from "./837-loops.ts"
import type { Claim837Kind, Line837, LineAnswer837 } from "./claim-837.ts"
import {
  adjustmentsOf,
  elementsOf,
  keptOf,
  leftOf,
  otherParties,
  partyOf,
  roleOf,
  type Split,
  values,
} from "./read-837-parties.ts"

export interface LineSetting {
  readonly kind: Claim837Kind
  readonly place: string
  readonly diagnoses: readonly string[]
  /** The claim's own days of service, for lines that name none; undefined where each line has to. */
  readonly days: { readonly from: number; readonly to: number } | undefined
  readonly split: Split
}

const serviceTag = { professional: "SV1", institutional: "SV2", dental: "SV3" } as const

interface Service {
  readonly segment: X12Segment
  /** Number of the element that holds the procedure. */
  readonly procedure: number
  readonly charge: number
  readonly unit: number
  readonly units: number
}

/** Where each kind of line keeps what all have. */
const layouts = {
  professional: { procedure: 1, charge: 2, unit: 3, units: 4 },
  institutional: { procedure: 2, charge: 3, unit: 4, units: 5 },
  dental: { procedure: 1, charge: 2, unit: 0, units: 6 },
} as const

/**
 * The code systems that 4010 and 5010 know for each kind of line. ZZ is 4010's word for what 5010 calls ER, the codes of a
 * jurisdiction. A code of another system would be taken for one that the plan prices.
 */
const codeSystems = {
  professional: ["HC", "ER", "IV", "WK", "ZZ"],
  institutional: ["HC", "ER", "HP", "IV", "WK", "ZZ"],
  dental: ["AD"],
} as const

/** One line out of its segments, the first of which is LX. */
export function lineOf(segments: readonly X12Segment[], setting: LineSetting): Line837 {
  const { kind, split } = setting
  const lx = segments[0]!
  const number = Number(element(lx, 1))
  if (!Number.isInteger(number) || number < 1 || number > 65535) values.bad(lx, 1, "the line has no number")
  const parted = partLine(segments.slice(1))
  const tag = serviceTag[kind]
  const segment = values.need(
    parted.own.find((one) => one.tag === tag),
    tag,
    lx,
  )
  const service = { segment, ...layouts[kind] }
  let [dates, control, authorization, referral, drug]: (X12Segment | undefined)[] = []
  const rest: X12Segment[] = []
  for (const one of parted.own) {
    if (one === segment || (one.tag === "TOO" && kind === "dental")) continue
    const qualifier = element(one, 1)
    if (one.tag === "DTP" && qualifier === "472") dates ??= one
    else if (one.tag === "REF" && qualifier === "6R") control ??= one
    else if (one.tag === "REF" && qualifier === "G1" && authorization === undefined) authorization = one
    else if (one.tag === "REF" && qualifier === "9F" && referral === undefined) referral = one
    else rest.push(one)
  }
  drug = parted.drug.find((one) => one.tag === "LIN" && element(one, 2) === "N4")
  const rendering = parted.parties.find((party) => roleOf(party) === "82")
  const others = parted.parties.filter((party) => party !== rendering)
  const kept = [
    ...inOrder(rest, "line", (one) => one.tag),
    ...parted.drug.filter((one) => one !== drug),
    ...parted.forms,
  ]
  return {
    number,
    ...procedureOf(service, setting),
    ...detailsOf(service, setting),
    ...daysOf(dates, service, setting),
    teeth: kind === "dental" ? teethOf(parted.own, split) : [],
    drug: drug && element(drug, 3),
    control: element(control, 2) || undefined,
    authorization: element(authorization, 2) || undefined,
    rendering: rendering && partyOf(rendering, split),
    answers: parted.answers.map((answer) => answerOf(answer, split)),
    ...(referral === undefined ? {} : { referral: element(referral, 2) }),
    ...otherParties(others, split),
    ...keptOf(kept, split, undefined),
  }
}

function procedureOf(service: Service, { kind, split }: LineSetting) {
  const { segment } = service
  const [codeSystem = "", code = "", ...rest] = split(element(segment, service.procedure))
  const revenue = kind === "institutional" ? element(segment, 1) : ""
  const isRevenueAlone = revenue !== "" && code === "" && codeSystem === ""
  if (!isRevenueAlone && !/^[A-Z0-9]{1,20}$/.test(code))
    values.bad(segment, service.procedure, "the line has no procedure code")
  if (!isRevenueAlone && !codeSystems[kind].some((known) => known === codeSystem))
    values.bad(segment, service.procedure, "the procedure is of an unknown code system")
  if (kind === "institutional" && !/^\d{3,4}$/.test(revenue)) values.bad(segment, 1, "the line has no revenue code")
  const unitsMilli = values.quantity(segment, service.units)
  const least = kind === "institutional" ? 0n : 1n
  if (unitsMilli === undefined || unitsMilli < least || unitsMilli > 10n ** 9n) {
    values.bad(segment, service.units, "the units are not a positive number")
  }
  const description = rest[4] ?? ""
  return {
    code,
    codeSystem,
    modifiers: rest.slice(0, 4).filter((modifier) => modifier !== ""),
    charge: values.charge(segment, service.charge),
    unitsMilli: Number(unitsMilli),
    unit: service.unit === 0 ? "UN" : element(segment, service.unit),
    revenue: revenue === "" ? undefined : revenue,
    ...(description === "" ? {} : { description }),
  }
}

/** What each kind says in its own elements: place, diagnoses, and what the others do not have. */
function detailsOf({ segment }: Service, { kind, place, diagnoses, split }: LineSetting) {
  if (kind === "institutional") {
    const uncovered = values.amount(segment, 7)
    return { place, diagnoses, ...(uncovered === undefined ? {} : { uncovered }) }
  }
  if (kind === "dental") {
    const areas = split(element(segment, 4)).filter((area) => area !== "")
    const prosthesis = element(segment, 5)
    return {
      place: element(segment, 3) || place,
      diagnoses: pointedTo(segment, 11, diagnoses, split),
      ...(areas.length === 0 ? {} : { areas }),
      ...(prosthesis === "" ? {} : { prosthesis }),
    }
  }
  const indicators = elementsOf(segment, 11, 15)
  return {
    place: element(segment, 5) || place,
    diagnoses: pointedTo(segment, 7, diagnoses, split),
    ...(element(segment, 9) === "Y" ? { emergency: true as const } : {}),
    ...(indicators.length === 0 ? {} : { indicators }),
  }
}

function pointedTo(segment: X12Segment, number: number, diagnoses: readonly string[], split: Split): readonly string[] {
  const pointers = split(element(segment, number)).filter((pointer) => pointer !== "")
  return pointers.map((pointer) => {
    const code = diagnoses[Number(pointer) - 1]
    if (code === undefined) values.bad(segment, number, "a line points to a diagnosis that the claim does not have")
    return code
  })
}

function daysOf(dates: X12Segment | undefined, { segment }: Service, { days }: LineSetting) {
  if (dates === undefined && days !== undefined) return { ...days, isClaimDated: true as const }
  const own = values.need(dates, "DTP*472 (date of service)", segment)
  // DT is a day with its hour and minute.
  const text = element(own, 2) === "DT" ? element(own, 3).slice(0, 8) : element(own, 3)
  return values.range(text, own, 3)
}

/** TOO02 is the tooth, TOO03 its surfaces. */
function teethOf(segments: readonly X12Segment[], split: Split): Line837["teeth"] {
  const teeth = segments.filter((segment) => segment.tag === "TOO")
  return teeth.map((too) => ({
    tooth: element(too, 2),
    surfaces: split(element(too, 3)).filter((surface) => surface !== ""),
  }))
}

/** One earlier payer about one line: SVD with its CAS, AMT*EAF and DTP*573. */
function answerOf(segments: readonly X12Segment[], split: Split): LineAnswer837 {
  const svd = segments[0]!
  const date = segments.find((segment) => segment.tag === "DTP" && element(segment, 1) === "573")
  const [codeSystem = "", code = "", ...rest] = split(element(svd, 3))
  const modifiers = rest.slice(0, 4).filter((modifier) => modifier !== "")
  const paid = values.amount(svd, 2)
  if (paid === undefined) values.bad(svd, 2, "an earlier payer's answer has no amount")
  const units = values.quantity(svd, 5)
  if (units === undefined) values.bad(svd, 5, "an earlier payer's answer has no units")
  const [revenue, bundled, left] = [element(svd, 4), element(svd, 6), leftOf(segments)]
  return {
    payer: element(svd, 1),
    paid,
    code,
    unitsMilli: units,
    adjustments: adjustmentsOf(segments),
    on: date && values.day(element(date, 3), date, 3),
    ...(codeSystem === "" ? {} : { codeSystem }),
    ...(modifiers.length === 0 ? {} : { modifiers }),
    ...(revenue === "" ? {} : { revenue }),
    ...(/^\d{1,5}$/.test(bundled) ? { bundledInto: Number(bundled) } : {}),
    ...(left === undefined ? {} : { left }),
  }
}
