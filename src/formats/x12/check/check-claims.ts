/**
 * What an 837's claims say about themselves while their segments pass: whose they are, how much, when. A 277CA repeats it
 * also for a claim that cannot be read.
 */
import { scaledInteger } from "../../amount.ts"
import type { AnsweredParty } from "../acknowledge/write-277ca.ts"
import { dayOf } from "../syntax/element-values.ts"
import { element, type X12Segment } from "../syntax/segment.ts"

/** A claim as its own segments say it, read without judging. */
export interface NotedClaim {
  /** Line of CLM in the file. */
  readonly line: number
  readonly control: string
  readonly amount: bigint
  readonly provider: AnsweredParty
  readonly patient: AnsweredParty
  readonly from: number | undefined
  readonly to: number | undefined
}

/** Beyond this, an amount is not repeated: its reader refuses it. */
const mostMinor = 10n ** 13n
const nobody: AnsweredParty = { isPerson: false, last: "", first: "", qualifier: "", id: "" }

function partyOf(nm1: X12Segment): AnsweredParty {
  const [, kind, last, first, , , , qualifier, id] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => element(nm1, number))
  return { isPerson: kind === "1", last: last!, first: first!, qualifier: qualifier!, id: id! }
}

/** Follows one 837 transaction. */
export class ClaimNotes {
  /** BHT03. */
  batch = ""
  submitter = nobody
  payer = nobody
  #provider = nobody
  #subscriber = nobody
  #patient: AnsweredParty | undefined
  #level = ""
  #isInClaim = false
  /** By line of CLM: the claims seen and not yet taken. */
  readonly #claims = new Map<number, NotedClaim>()
  #last: NotedClaim | undefined

  segment(segment: X12Segment): void {
    const { tag } = segment
    if (tag === "BHT") this.batch = element(segment, 3)
    else if (tag === "HL") {
      this.#level = element(segment, 3)
      this.#isInClaim = false
      if (this.#level === "22") this.#patient = undefined
    } else if (tag === "NM1" && !this.#isInClaim) this.#party(segment)
    else if (tag === "CLM") this.#open(segment)
    else if (tag === "DTP") this.#date(segment)
  }

  /** The claim whose CLM stands in this line; it is forgotten. */
  take(line: number): NotedClaim | undefined {
    const claim = this.#claims.get(line)
    this.#claims.delete(line)
    return claim
  }

  #party(nm1: X12Segment): void {
    const role = element(nm1, 1)
    if (role === "41") this.submitter = partyOf(nm1)
    else if (role === "85") this.#provider = partyOf(nm1)
    else if (role === "IL") this.#subscriber = partyOf(nm1)
    else if (role === "PR") this.payer = partyOf(nm1)
    else if (role === "QC") this.#patient = partyOf(nm1)
  }

  #open(clm: X12Segment): void {
    this.#isInClaim = true
    const said = scaledInteger(element(clm, 2), 2) ?? 0n
    const amount = said > mostMinor || said < 0n ? 0n : said
    const patient = this.#patient ?? this.#subscriber
    // A patient's own number is often that of the subscriber.
    const id = patient.id === "" ? { qualifier: this.#subscriber.qualifier, id: this.#subscriber.id } : {}
    this.#last = {
      ...{ line: clm.line, control: element(clm, 1), amount, provider: this.#provider },
      ...{ patient: { ...patient, ...id }, from: undefined, to: undefined },
    }
    this.#claims.set(clm.line, this.#last)
  }

  #date(dtp: X12Segment): void {
    const last = this.#last
    if (last === undefined || !this.#isInClaim || !/^(434|472)$/.test(element(dtp, 1))) return
    const [start = "", end = start] = element(dtp, 3).split("-")
    const [from, to] = [dayOf(start), dayOf(end)]
    if (from === undefined || to === undefined) return
    this.#last = { ...last, from: Math.min(last.from ?? from, from), to: Math.max(last.to ?? to, to) }
    // Taken already when its reader came to the end; then nobody asks for its dates.
    if (this.#claims.has(last.line)) this.#claims.set(last.line, this.#last)
  }
}
