/**
 * What others answer us: TA1, 999 and 277CA. An acknowledgement is read even when its own envelope is odd: refusing it
 * would hide an answer, and X12 lets nobody acknowledge an acknowledgement. What is odd comes with it as findings.
 */
import { refuse } from "../../../base/refusal.ts"
import { minorUnits } from "../../amount.ts"
import { type Answer, answer } from "../../answer.ts"
import { dayOf } from "../syntax/element-values.ts"
import type { X12Finding } from "../syntax/finding.ts"
import { element, type X12Segment } from "../syntax/segment.ts"
import { type TransactionHeader, X12Stream } from "../syntax/transactions.ts"
import { type ClaimStatus, isAcceptedCategory } from "./claim-status.ts"

/** A TA1: what became of an interchange of ours. */
export interface InterchangeAnswer {
  /** ISA13 of ours, without leading zeros. */
  readonly control: string
  /** A accepted, E accepted though something is odd, R rejected. */
  readonly answer: string
  /** TA105; `000` where it is left out. */
  readonly code: string
  readonly line: number
}

export interface DefectAnswer {
  readonly segment: string
  /** Place of the segment in its transaction, ST being 1. */
  readonly position: number
  readonly loop: string
  /** IK304. */
  readonly code: string
  /** CTX of our own numbers: `CLM01` and its value. */
  readonly units: readonly { readonly name: string; readonly value: string }[]
  readonly elements: readonly {
    readonly element: number
    readonly part: number | undefined
    /** Number in the data element dictionary; empty where it is left out. */
    readonly reference: string
    /** IK403. */
    readonly code: string
  }[]
}

export interface TransactionAnswer {
  readonly set: string
  readonly control: string
  /** IK501: A, E, R, … */
  readonly answer: string
  /** IK502 to IK506. */
  readonly codes: readonly string[]
  readonly defects: readonly DefectAnswer[]
}

/** A 999: what became of a group of ours. */
export interface GroupAnswer {
  readonly functional: string
  /** GS06 of ours. */
  readonly control: string
  readonly guide: string
  /** AK901: A, E, P, R, … */
  readonly answer: string
  /** AK902 to AK904: as GE01 said, as counted, as accepted. */
  readonly said: number
  readonly received: number
  readonly accepted: number
  readonly codes: readonly string[]
  readonly transactions: readonly TransactionAnswer[]
}

/** One claim of a 277CA. */
export interface ClaimAnswer {
  /** CLM01 of ours. */
  readonly control: string
  /** REF*1K: the payer's number of the claim. */
  readonly payerControl: string | undefined
  readonly statuses: readonly ClaimStatus[]
  /** Every status is of an accepting category. */
  readonly isAccepted: boolean
  readonly amount: bigint | undefined
  /** Day of the status. */
  readonly day: number | undefined
  readonly line: number
}

export interface Acknowledgements {
  readonly interchanges: readonly InterchangeAnswer[]
  readonly groups: readonly GroupAnswer[]
  readonly claims: readonly ClaimAnswer[]
  readonly findings: readonly X12Finding[]
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** All acknowledgements of a file; a file that has none is refused. */
export function readAcknowledgements(bytes: Uint8Array): Answer<Acknowledgements> {
  return answer(() => {
    const interchanges: InterchangeAnswer[] = []
    const groups: GroupAnswer[] = []
    const claims: ClaimAnswer[] = []
    const findings: X12Finding[] = []
    let reader: { segment(segment: X12Segment): void } | undefined
    const stream = new X12Stream({
      answer: (segment) => interchanges.push(interchangeAnswer(segment)),
      finding: (finding) => findings.push(finding),
      transaction: (header) => {
        reader = undefined
        if (header.set === "999") reader = new Reader999(groups)
        if (is277ca(header)) reader = new Reader277(claims, header.group.interchange.separators.component)
      },
      segment: (segment) => reader?.segment(segment),
    })
    stream.push(bytes)
    stream.end()
    if (interchanges.length + groups.length + claims.length === 0) refuseOther(findings[0])
    return { interchanges, groups, claims, findings }
  })
}

function refuseOther(finding: X12Finding | undefined): never {
  const at = finding === undefined ? "ST" : `line ${finding.line}`
  const what = "Cannot read the file: it holds no TA1, 999 or 277CA"
  return refuse("x12-no-acknowledgement", what, at, "Send an acknowledgement.")
}

/** Guides of the claim acknowledgement; the other 277s answer questions. */
export function is277ca({ set, guide }: Pick<TransactionHeader, "set" | "guide">): boolean {
  return set === "277" && /X214/.test(guide)
}

const whole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : 0)

function interchangeAnswer(ta1: X12Segment): InterchangeAnswer {
  const control = element(ta1, 1).replace(/^0+(?=.)/, "")
  return { control, answer: element(ta1, 4), code: element(ta1, 5) || "000", line: ta1.line }
}

/** The codes in an element and those after it. */
function codesFrom(segment: X12Segment, number: number): readonly string[] {
  return Array.from({ length: 5 }, (_, i) => element(segment, number + i)).filter((code) => code !== "")
}

class Reader999 {
  readonly #groups: GroupAnswer[]
  #ak1: X12Segment | undefined
  #transactions: TransactionAnswer[] = []
  #ak2: X12Segment | undefined
  #defects: Writable<DefectAnswer>[] = []

  constructor(groups: GroupAnswer[]) {
    this.#groups = groups
  }

  segment(segment: X12Segment): void {
    const at = (number: number) => element(segment, number)
    const last = this.#defects.at(-1)
    if (segment.tag === "AK1") this.#ak1 = segment
    else if (segment.tag === "AK2") {
      this.#ak2 = segment
      this.#defects = []
    } else if (segment.tag === "IK3") {
      const place = { segment: at(1), position: whole(at(2)), loop: at(3), code: at(4) }
      this.#defects.push({ ...place, units: [], elements: [] })
    } else if (segment.tag === "CTX" && last !== undefined) {
      // `CLM01:123`; situational triggers (`SITUATIONAL TRIGGER`) name no unit.
      const [, name, value] = /^([A-Z0-9]{3,6}\d\d)[^A-Z0-9](.+)$/.exec(at(1)) ?? []
      if (name !== undefined && value !== undefined) last.units = [...last.units, { name, value }]
    } else if (segment.tag === "IK4" && last !== undefined) {
      const [number = "", part] = at(1).split(/[^0-9]/)
      const place = { element: whole(number), part: part === undefined ? undefined : whole(part) }
      last.elements = [...last.elements, { ...place, reference: at(2), code: at(3) }]
    } else if (segment.tag === "IK5") this.#ik5(segment)
    else if (segment.tag === "AK9") this.#ak9(segment)
  }

  #ik5(ik5: X12Segment): void {
    const [set, control] = [element(this.#ak2, 1), element(this.#ak2, 2)]
    const answers = { answer: element(ik5, 1), codes: codesFrom(ik5, 2) }
    this.#transactions.push({ set, control, ...answers, defects: this.#defects })
    this.#defects = []
  }

  #ak9(ak9: X12Segment): void {
    const [functional, control, guide] = [1, 2, 3].map((number) => element(this.#ak1, number))
    const [said, received, accepted] = [2, 3, 4].map((number) => whole(element(ak9, number)))
    this.#groups.push({
      ...{ functional: functional!, control: control!, guide: guide!, answer: element(ak9, 1) },
      ...{ said: said!, received: received!, accepted: accepted!, codes: codesFrom(ak9, 5) },
      transactions: this.#transactions,
    })
    this.#transactions = []
  }
}

class Reader277 {
  readonly #claims: ClaimAnswer[]
  readonly #component: string
  #claim: Writable<ClaimAnswer> | undefined
  #isPatient = false

  constructor(claims: ClaimAnswer[], component: string) {
    this.#claims = claims
    this.#component = component
  }

  segment(segment: X12Segment): void {
    const { tag } = segment
    if (tag === "HL" || tag === "SE") {
      this.#claim = undefined
      this.#isPatient = element(segment, 3) === "PT"
    } else if (tag === "TRN" && this.#isPatient) {
      const none = { payerControl: undefined, statuses: [], isAccepted: false, amount: undefined, day: undefined }
      this.#claim = { control: element(segment, 2), line: segment.line, ...none }
      this.#claims.push(this.#claim)
    } else if (tag === "STC" && this.#claim !== undefined) this.#stc(segment, this.#claim)
    else if (tag === "REF" && element(segment, 1) === "1K" && this.#claim !== undefined) {
      this.#claim.payerControl = element(segment, 2)
    }
  }

  #stc(stc: X12Segment, claim: Writable<ClaimAnswer>): void {
    const found = [1, 10, 11].flatMap((number) => {
      const [category = "", status = "", entity] = element(stc, number).split(this.#component)
      return category === "" ? [] : [{ category, status, entity: entity || undefined }]
    })
    claim.statuses = [...claim.statuses, ...found]
    claim.isAccepted = claim.statuses.every(({ category }) => isAcceptedCategory(category))
    claim.amount ??= minorUnits(element(stc, 4))
    claim.day ??= dayOf(element(stc, 2))
  }
}
