/**
 * One file, checked wholly: envelopes, each transaction against its guide, and each claim by the reader that would take it.
 * Reads in pieces and keeps the verdicts, not the content; with `keepsClaims` also what a 277CA has to say of each claim.
 */
import type { Refusal } from "../../../base/refusal.ts"
import type { BusinessUnit, GroupVerdict, InterchangeVerdict, TransactionVerdict } from "../acknowledge/acknowledge.ts"
import { acceptedStatus, statusOf } from "../acknowledge/claim-status.ts"
import { is277ca } from "../acknowledge/read-acknowledgements.ts"
import type { AnsweredClaim, AnsweredParty } from "../acknowledge/write-277ca.ts"
import { claimsOf837 } from "../claim/read-837-claims.ts"
import type { X12Finding } from "../syntax/finding.ts"
import { eventsOf, type X12Event } from "../syntax/pull.ts"
import { element, type X12Segment } from "../syntax/segment.ts"
import type { OpenUnits, TransactionHeader } from "../syntax/transactions.ts"
import { ClaimNotes } from "./check-claims.ts"
import { StructureCheck } from "./structure-check.ts"

/** A claim that its reader refuses. Its number is left out: reports are shown to anybody. */
export interface RefusedClaim {
  /** Place among the claims of the transaction, from 1. */
  readonly number: number
  /** Line of CLM in the file. */
  readonly line: number
  readonly refusal: Refusal
}

export interface TransactionReport extends TransactionVerdict {
  /** `837P`, `835`, `277CA`, … */
  readonly kind: string
  readonly segments: number
  /** CLM of an 837, CLP of an 835, one for each claim of a 277CA. */
  readonly claims: number
  /** The first of those whose claim is refused by its reader; none in a transaction that is refused as a whole. */
  readonly refusedClaims: readonly RefusedClaim[]
  readonly refusedClaimCount: number
  /** Findings and refused claims that are left out because there are too many. */
  readonly more: number
  readonly isRefused: boolean
  /** For the 277CA, when asked for. */
  readonly answered:
    | {
        readonly batch: string
        readonly payer: AnsweredParty
        readonly submitter: AnsweredParty
        readonly claims: readonly AnsweredClaim[]
      }
    | undefined
}

export interface GroupReport extends GroupVerdict {
  readonly transactions: readonly TransactionReport[]
}

export interface InterchangeReport extends InterchangeVerdict {
  /** TA1 segments in it. */
  readonly answers: number
  readonly groups: readonly GroupReport[]
}

export interface FileReport {
  readonly interchanges: readonly InterchangeReport[]
  /** What stands outside any interchange. */
  readonly findings: readonly X12Finding[]
}

export interface CheckOptions {
  readonly keepsClaims?: boolean
}

const mostKept = 100
/** The segment whose first element is the sender's own number of a claim. */
const claimTags: Readonly<Record<string, string>> = { "837": "CLM", "835": "CLP" }
const kindsByLine: Readonly<Record<string, string>> = { SV1: "837P", SV2: "837I", SV3: "837D" }
const kindsByGuide: Readonly<Record<string, string>> = {
  ...{ "096": "837I", "097": "837D", "098": "837P" },
  ...{ "222": "837P", "223": "837I", "224": "837D" },
}

export function checkFile(chunks: Iterable<Uint8Array>, options: CheckOptions = {}): FileReport {
  const check = new FileCheck(eventsOf(chunks), options)
  return check.run()
}

type Events = Generator<X12Event, void, void>
interface OpenInterchange extends InterchangeReport {
  answers: number
  readonly findings: X12Finding[]
  readonly groups: OpenGroup[]
}
interface OpenGroup extends GroupReport {
  said: number | undefined
  readonly findings: X12Finding[]
  readonly transactions: TransactionReport[]
}

class FileCheck {
  readonly #events: Events
  readonly #options: CheckOptions
  readonly #interchanges: OpenInterchange[] = []
  readonly #findings: X12Finding[] = []
  #groups: OpenGroup[] = []
  #transaction: OpenTransaction | undefined

  constructor(events: Events, options: CheckOptions) {
    this.#events = events
    this.#options = options
  }

  run(): FileReport {
    for (let step = this.#events.next(); step.done !== true; step = this.#events.next()) this.#take(step.value)
    return { interchanges: this.#interchanges, findings: this.#findings }
  }

  #take(event: X12Event): void {
    if (event.kind === "interchange") {
      this.#groups = []
      this.#interchanges.push({ header: event.header, findings: [], answers: 0, groups: this.#groups })
    } else if (event.kind === "group") {
      this.#groups.push({ header: event.header, said: undefined, findings: [], transactions: [] })
    } else if (event.kind === "transaction") this.#open(event.header)
    else if (event.kind === "groupEnd") this.#groups.at(-1)!.said = event.said
    else if (event.kind === "answer") this.#interchanges.at(-1)!.answers++
    else if (event.kind === "finding") this.#finding(event.finding, event.open)
  }

  #finding(finding: X12Finding, open: OpenUnits): void {
    const { level } = finding
    if (open.interchange === undefined) this.#findings.push(finding)
    else if (level === "interchange") this.#interchanges.at(-1)!.findings.push(finding)
    else if (level === "group" || this.#transaction === undefined) this.#groups.at(-1)?.findings.push(finding)
    else this.#transaction.finding(finding)
  }

  #open(header: TransactionHeader): void {
    const transaction = new OpenTransaction(header, this.#options.keepsClaims === true)
    this.#transaction = transaction
    const segments = this.#segments(transaction)
    if (header.set === "837") this.#claims(transaction, segments)
    else {
      for (const _ of segments) {
        // The structure is checked as they pass.
      }
    }
    this.#groups.at(-1)!.transactions.push(transaction.report())
    this.#transaction = undefined
  }

  /** The segments of a transaction as its reader pulls them, each checked on its way. */
  *#segments(transaction: OpenTransaction): Generator<X12Segment, void, void> {
    for (let step = this.#events.next(); step.done !== true; step = this.#events.next()) {
      const event = step.value
      if (event.kind === "transactionEnd") return
      if (event.kind === "segment") {
        transaction.segment(event.segment, event.position)
        yield event.segment
      } else this.#take(event)
    }
  }

  #claims(transaction: OpenTransaction, segments: Generator<X12Segment, void, void>): void {
    const { set, control, guide, group } = transaction.header
    const { separators, control: interchangeControl } = group.interchange
    const envelope = { control: interchangeControl, component: separators.component }
    for (const found of claimsOf837({ set, control, guide, segments }, envelope)) {
      if ("refusal" in found) transaction.claim(found.at, found.refusal)
      else transaction.claim(found.claim.at, undefined)
    }
  }
}

class OpenTransaction {
  readonly header: TransactionHeader
  readonly #structure: StructureCheck
  /** What a 277CA needs of the claims, when one is wanted. */
  readonly #notes: ClaimNotes | undefined
  readonly #found: { finding: X12Finding; unit: BusinessUnit | undefined }[] = []
  readonly #refusedClaims: RefusedClaim[] = []
  readonly #answered: AnsweredClaim[] = []
  #unit: BusinessUnit | undefined
  #kind: string | undefined
  #segments = 0
  #claims = 0
  #read = 0
  #refusedCount = 0
  #more = 0
  #isRefused = false

  constructor(header: TransactionHeader, keepsClaims: boolean) {
    this.header = header
    this.#notes = keepsClaims ? new ClaimNotes() : undefined
    this.#structure = new StructureCheck(header, (finding) => this.finding(finding))
  }

  finding(finding: X12Finding): void {
    if (finding.isRefused) this.#isRefused = true
    if (this.#found.length >= mostKept) this.#more++
    else this.#found.push({ finding, unit: this.#unit })
  }

  segment(segment: X12Segment, position: number): void {
    const { set } = this.header
    const { tag } = segment
    this.#segments++
    // A defect in CLM itself is in its claim, too.
    if (tag === claimTags[set]) this.#unit = { name: `${tag}01`, value: element(segment, 1) }
    else if (tag === "HL" || tag === "SE" || tag === "PLB") this.#unit = undefined
    if (tag === claimTags[set] || (tag === "HL" && element(segment, 3) === "PT")) this.#claims++
    this.#structure.segment(segment, position)
    if (set !== "837") return
    this.#kind ??= kindsByLine[tag]
    this.#notes?.segment(segment)
  }

  claim(line: number, refusal: Refusal | undefined): void {
    this.#read++
    if (refusal !== undefined) {
      this.#refusedCount++
      if (this.#refusedClaims.length >= mostKept) this.#more++
      else this.#refusedClaims.push({ number: this.#read, line, refusal })
    }
    const note = this.#notes?.take(line)
    if (note === undefined) return
    const { control, amount, provider, patient, from, to } = note
    const answer = refusal === undefined ? acceptedStatus : statusOf(refusal)
    this.#answered.push({ control, amount, answer, provider, patient, from, to })
  }

  report(): TransactionReport {
    const { header } = this
    const guide = /X(\d{3})/.exec(header.guide)?.[1] ?? ""
    const kind837 = this.#kind ?? kindsByGuide[guide] ?? "837"
    const kind = header.set === "837" ? kind837 : is277ca(header) ? "277CA" : header.set
    const notes = this.#isRefused || this.#answered.length === 0 ? undefined : this.#notes
    return {
      ...{ header, kind, segments: this.#segments, claims: this.#claims, findings: this.#found, more: this.#more },
      refusedClaims: this.#isRefused ? [] : this.#refusedClaims,
      refusedClaimCount: this.#isRefused ? 0 : this.#refusedCount,
      isRefused: this.#isRefused || this.#refusedCount > 0,
      answered: notes && {
        ...{ batch: notes.batch, payer: notes.payer, submitter: notes.submitter },
        claims: this.#answered,
      },
    }
  }
}
