/**
 * The envelopes of an X12 file, read as a stream: interchange, group, transaction, segment, each told as it comes, with
 * counts and control numbers compared at each end. Memory does not grow with the file.
 *
 *   const stream = new X12Stream({ segment(segment, position, transaction) { … }, transactionEnd(transaction) { … } })
 *   stream.push(chunk)  // any number of times, chunks of any size
 *   stream.end()
 *
 * Who reads claims one by one cuts at the segments it is given: an 837 at HL and CLM, an 835 at CLP, both at SE. A
 * transaction's count is known only at its end, its group's and interchange's even later, so who has to be sure before
 * it acts reads the file twice: first with `RefusedTransactions` (transaction-splitter.ts), then for the content of those
 * that it does not have. `TransactionSplitter` is the same for whole transactions, `readInterchanges` (syntax.ts) for
 * small files.
 *
 * A segment's elements may be slices of the text around them: keep values made of them (numbers, short ids), not segments.
 */
import { checkAnswer, checkGroupHeader, checkInterchangeHeader, functionalCodes } from "./envelope-rules.ts"
import { correctedFile, type FindingLevel, type X12Finding } from "./finding.ts"
import { element, elementName, type Separators, type X12Segment } from "./segment.ts"
import { SegmentSplitter } from "./splitter.ts"

export interface InterchangeHeader {
  /** ISA13. */
  readonly control: string
  /** ISA12: `00501`. */
  readonly version: string
  /** ISA05 to ISA08. */
  readonly sender: { readonly qualifier: string; readonly id: string }
  readonly receiver: { readonly qualifier: string; readonly id: string }
  /** ISA09 and ISA10 as sent: YYMMDD, HHMM. */
  readonly date: string
  readonly time: string
  /** ISA14: the sender asks for a TA1. */
  readonly wantsAnswer: boolean
  /** ISA15 is T. */
  readonly isTest: boolean
  readonly separators: Separators
  readonly line: number
}

export interface GroupHeader {
  readonly interchange: InterchangeHeader
  /** GS01: HC claims, HP payments, … */
  readonly functional: string
  readonly sender: string
  readonly receiver: string
  /** GS06. */
  readonly control: string
  /** GS08: `005010X222A1`. */
  readonly version: string
  readonly line: number
}

export interface TransactionHeader {
  readonly group: GroupHeader
  /** Place among all transactions of the file, from 0. */
  readonly ordinal: number
  /** ST01: `837`, `835`, … */
  readonly set: string
  /** ST02. */
  readonly control: string
  /** Implementation guide: ST03, or GS08 where the transaction does not say. */
  readonly guide: string
  readonly line: number
}

/** What is open where a finding is made; a finding is of the innermost unit of its level. */
export interface OpenUnits {
  readonly interchange: InterchangeHeader | undefined
  readonly group: GroupHeader | undefined
  readonly transaction: TransactionHeader | undefined
}

export interface X12Events {
  interchange?(header: InterchangeHeader): void
  group?(header: GroupHeader): void
  transaction?(header: TransactionHeader): void
  /** All of a transaction's segments, from ST (position 1) to SE. */
  segment?(segment: X12Segment, position: number, transaction: TransactionHeader): void
  /** A TA1 segment, which stands outside any group. */
  answer?(segment: X12Segment, interchange: InterchangeHeader): void
  /** Findings about a unit come before its end. */
  finding?(finding: X12Finding, open: OpenUnits): void
  transactionEnd?(header: TransactionHeader): void
  /** `said` is GE01; undefined where GE is missing or no number. */
  groupEnd?(header: GroupHeader, said: number | undefined): void
  interchangeEnd?(header: InterchangeHeader): void
}

const numberOf = (text: string) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined)
const isSameControl = (a: string, b: string) => a === b || (numberOf(a) !== undefined && numberOf(a) === numberOf(b))
const blank: Separators = { element: "*", component: ":", repetition: undefined, terminator: "~" }

function interchangeHeader(isa: X12Segment, separators: Separators): InterchangeHeader {
  return {
    control: element(isa, 13),
    version: element(isa, 12),
    sender: { qualifier: element(isa, 5), id: element(isa, 6) },
    receiver: { qualifier: element(isa, 7), id: element(isa, 8) },
    date: element(isa, 9),
    time: element(isa, 10),
    wantsAnswer: element(isa, 14) === "1",
    isTest: element(isa, 15) === "T",
    separators,
    line: isa.line,
  }
}

/** Codes of an acknowledgement for a trailer that is wrong, by the tag of the trailer. */
const trailerAnswers = {
  SE: { level: "transaction", missing: "2", control: "3", count: "4" },
  GE: { level: "group", missing: "3", control: "4", count: "5" },
  IEA: { level: "interchange", missing: "023", control: "001", count: "021" },
} as const

export class X12Stream {
  readonly #events: X12Events
  readonly #splitter: SegmentSplitter
  #interchange: InterchangeHeader | undefined
  #group: GroupHeader | undefined
  #transaction: TransactionHeader | undefined
  #ordinal = 0
  #groups = 0
  #transactions = 0
  #segments = 0
  #isStrayTold = false
  #isEmpty = true
  readonly #interchangeControls = new Set<string>()
  readonly #groupControls = new Set<string>()
  readonly #transactionControls = new Set<string>()

  constructor(events: X12Events) {
    this.#events = events
    this.#splitter = new SegmentSplitter({
      begin: (isa, separators) => this.#begin(isa, separators),
      segment: (segment, isText) => this.#segment(segment, isText),
      cut: (line) => this.#cut(line),
      stray: (finding, isa) => this.#stray(finding, isa),
    })
  }

  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk)
  }

  end(): void {
    this.#splitter.end()
    if (!this.#isEmpty) return
    const place = { segment: "ISA", line: 1, level: "interchange", answer: "022" } as const
    const what = { code: "x12-no-isa", isRefused: true, message: "the file is empty", remedy: correctedFile } as const
    this.#tell({ ...place, ...what })
  }

  #tell(finding: X12Finding): void {
    this.#isEmpty = false
    const open = { interchange: this.#interchange, group: this.#group, transaction: this.#transaction }
    this.#events.finding?.(finding, open)
  }

  #refuse(code: string, level: FindingLevel, answer: string, message: string, at: X12Segment, number?: number): void {
    const position = this.#transaction === undefined ? undefined : this.#segments
    // The text of a torn segment may be anybody's: only a proper tag is repeated.
    const place = { segment: isTag(at.tag) ? at.tag : "", element: number, line: at.line, position }
    this.#tell({ code, level, isRefused: true, message, ...place, answer, remedy: correctedFile })
  }

  #begin(isa: X12Segment, separators: Separators): void {
    this.#isEmpty = false
    const header = interchangeHeader(isa, separators)
    this.#interchange = header
    this.#groups = 0
    this.#isStrayTold = false
    this.#groupControls.clear()
    this.#events.interchange?.(header)
    for (const finding of checkInterchangeHeader(isa)) this.#tell(finding)
    const key = `${header.sender.qualifier}*${header.sender.id}*${header.control}`
    if (this.#interchangeControls.has(key)) {
      const what = "ISA13 repeats the control number of an earlier interchange of this sender"
      this.#refuse("x12-control-number", "interchange", "025", what, isa, 13)
    }
    this.#interchangeControls.add(key)
  }

  /** An interchange that cannot be opened: it begins and ends with its finding. */
  #stray(finding: X12Finding, isa: X12Segment | undefined): void {
    if (isa !== undefined) {
      this.#interchange = interchangeHeader(isa, blank)
      this.#events.interchange?.(this.#interchange)
    }
    this.#tell(finding)
    if (isa !== undefined) this.#closeInterchange()
  }

  #cut(line: number): void {
    const segment = { tag: "IEA", elements: [], line }
    const what = "the interchange ends without its IEA segment"
    this.#refuse("x12-truncated", "interchange", trailerAnswers.IEA.missing, what, segment)
    this.#endTransaction("a transaction ends without its SE segment", segment)
    this.#endGroup("a group ends without its GE segment", segment)
    this.#closeInterchange()
  }

  #closeInterchange(): void {
    this.#events.interchangeEnd?.(this.#interchange!)
    this.#interchange = undefined
  }

  #segment(segment: X12Segment, isText: boolean): void {
    const { tag } = segment
    if (tag === "ST") this.#openTransaction(segment)
    else if (tag === "GS") this.#openGroup(segment)
    else if (tag === "GE") this.#closeGroup(segment)
    else if (tag === "IEA") this.#iea(segment)
    else if (this.#transaction !== undefined) this.#inside(segment, isText, this.#transaction)
    else if (tag === "TA1" && this.#group === undefined) this.#ta1(segment)
    else this.#outside(segment)
  }

  #ta1(ta1: X12Segment): void {
    this.#events.answer?.(ta1, this.#interchange!)
    for (const finding of checkAnswer(ta1)) this.#tell(finding)
  }

  #inside(segment: X12Segment, isText: boolean, transaction: TransactionHeader): void {
    this.#segments++
    if (segment.elements.length === 0 || !isTag(segment.tag)) this.#shapeless(segment)
    if (!isText) {
      const number = segment.elements.findIndex((one) => one.includes("\ufffd")) + 1
      this.#refuse("x12-encoding", "element", "6", "it is not ASCII or UTF-8", segment, Math.max(number, 1))
    }
    this.#events.segment?.(segment, this.#segments, transaction)
    if (segment.tag === "SE") this.#se(segment, transaction)
  }

  #shapeless(segment: X12Segment): void {
    const isTagged = isTag(segment.tag)
    const isLower = isTag(segment.tag.toUpperCase())
    const what = isTagged ? "has no elements" : isLower ? "has its tag in lower case" : "has no tag"
    this.#refuse("x12-structure", "segment", isTagged ? "8" : "1", `a segment ${what}`, segment)
  }

  #outside(segment: X12Segment): void {
    if (this.#isStrayTold) return
    this.#isStrayTold = true
    const [level, answer] = this.#group === undefined ? (["interchange", "022"] as const) : (["group", "5"] as const)
    this.#refuse("x12-structure", level, answer, `a segment stands outside any ${unitAround(level)}`, segment)
  }

  #openTransaction(st: X12Segment): void {
    this.#endTransaction("a transaction ends without its SE segment", st)
    const group = this.#group
    if (group === undefined) {
      this.#outside(st)
      return
    }
    this.#isStrayTold = false
    const guide = element(st, 3) === "" ? group.version : element(st, 3)
    const [set, control] = [element(st, 1), element(st, 2)]
    const transaction: TransactionHeader = { group, ordinal: this.#ordinal++, set, control, guide, line: st.line }
    this.#transaction = transaction
    this.#transactions++
    this.#segments = 1
    this.#events.transaction?.(transaction)
    this.#events.segment?.(st, 1, transaction)
    this.#checkHeader(st, transaction)
  }

  #checkHeader(st: X12Segment, { set, control, group }: TransactionHeader): void {
    if (!/^\d{3}$/.test(set)) this.#refuse("x12-structure", "transaction", "6", "ST01 names no transaction set", st, 1)
    if (!/^[A-Za-z0-9]{1,9}$/.test(control))
      this.#refuse(
        "x12-control-number",
        "transaction",
        "7",
        "ST02 is no control number of one to nine characters",
        st,
        2,
      )
    if (this.#transactionControls.has(control)) {
      const what = "ST02 repeats the control number of an earlier transaction of the group"
      this.#refuse("x12-control-number", "transaction", "23", what, st, 2)
    }
    this.#transactionControls.add(control)
    const functional = functionalCodes[set]
    if (functional === undefined || functional === group.functional) return
    const message = "GS01 is not the functional code of the transactions in the group"
    const place = { segment: "GS", element: 1, line: group.line }
    const remedy = "Nothing has to be done; tell the sender."
    this.#tell({ code: "x12-functional", level: "group", isRefused: false, message, ...place, answer: "1", remedy })
  }

  #se(se: X12Segment, { control }: TransactionHeader): void {
    this.#compare(se, control, this.#segments, "segments")
    this.#events.transactionEnd?.(this.#transaction!)
    this.#transaction = undefined
  }

  /** Compares a trailer's count and control number with what was read. */
  #compare(trailer: X12Segment, control: string, counted: number, what: string): number | undefined {
    const answers = trailerAnswers[trailer.tag as "SE" | "GE" | "IEA"]
    const said = numberOf(element(trailer, 1))
    if (said !== counted) {
      const name = elementName(trailer.tag, 1)
      const claim = said === undefined ? `${name} is no count` : `${name} says ${said}`
      const message = `${claim}, there are ${counted} ${what}`
      this.#refuse("x12-count", answers.level, answers.count, message, trailer, 1)
    }
    if (!isSameControl(element(trailer, 2), control)) {
      const message = `the control number in ${elementName(trailer.tag, 2)} is not that of its header`
      this.#refuse("x12-control-number", answers.level, answers.control, message, trailer, 2)
    }
    return said
  }

  /** Ends a transaction that has no SE. */
  #endTransaction(message: string, at: X12Segment): void {
    if (this.#transaction === undefined) return
    this.#refuse("x12-structure", "transaction", trailerAnswers.SE.missing, message, { ...at, tag: "SE" })
    this.#events.transactionEnd?.(this.#transaction)
    this.#transaction = undefined
  }

  #openGroup(gs: X12Segment): void {
    this.#endTransaction("a transaction ends without its SE segment", gs)
    this.#endGroup("a group ends without its GE segment", gs)
    const interchange = this.#interchange!
    const [functional, sender, receiver, , , control, , version] = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => element(gs, n))
    this.#group = {
      ...{ interchange, functional: functional!, sender: sender!, receiver: receiver! },
      ...{ control: control!, version: version!, line: gs.line },
    }
    this.#groups++
    this.#transactions = 0
    this.#isStrayTold = false
    this.#transactionControls.clear()
    this.#events.group?.(this.#group)
    for (const finding of checkGroupHeader(gs)) this.#tell(finding)
    if (this.#groupControls.has(control!)) {
      const what = "GS06 repeats the control number of an earlier group of the interchange"
      this.#repeated(what, gs)
    }
    this.#groupControls.add(control!)
  }

  /** Many senders number their groups carelessly; a 999 names the group by position as well. */
  #repeated(message: string, gs: X12Segment): void {
    const place = { segment: "GS", element: 6, line: gs.line, answer: "19" }
    const remedy = "Ask the sender to number the groups of an interchange differently."
    this.#tell({ code: "x12-control-number", level: "group", isRefused: false, message, ...place, remedy })
  }

  #closeGroup(ge: X12Segment): void {
    this.#endTransaction("a transaction ends without its SE segment", ge)
    const group = this.#group
    if (group === undefined) {
      this.#outside(ge)
      return
    }
    const said = this.#compare(ge, group.control, this.#transactions, "transactions")
    this.#events.groupEnd?.(group, said)
    this.#group = undefined
  }

  /** Ends a group that has no GE. */
  #endGroup(message: string, at: X12Segment): void {
    if (this.#group === undefined) return
    this.#refuse("x12-structure", "group", trailerAnswers.GE.missing, message, { ...at, tag: "GE" })
    this.#events.groupEnd?.(this.#group, undefined)
    this.#group = undefined
  }

  #iea(iea: X12Segment): void {
    this.#endTransaction("a transaction ends without its SE segment", iea)
    this.#endGroup("a group ends without its GE segment", iea)
    this.#compare(iea, this.#interchange!.control, this.#groups, "groups")
    this.#closeInterchange()
  }
}

const unitAround = (level: "interchange" | "group") => (level === "interchange" ? "group" : "transaction")

/** Two or three characters, the first a capital letter. */
function isTag(tag: string): boolean {
  return /^[A-Z][A-Z0-9]{1,2}$/.test(tag)
}
