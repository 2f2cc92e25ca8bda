/**
 * The claims of an 837, professional, institutional and dental, 4010A1 and 5010, as values. Whole files, one transaction
 * at a time, and claim by claim, so that one bad claim does not take the others with it.
 */
import { type Refusal, Refused } from "../../../base/refusal.ts"
import { type Answer, answer } from "../../answer.ts"
import { element, placeIn, readInterchanges, type X12Interchange, type X12Segment } from "../syntax/syntax.ts"
import { type ClaimLoop, ClaimLoops, type OrphanSegment } from "./837-loops.ts"
import type { Claim837 } from "./claim-837.ts"
import { claimOf, type Sending } from "./read-837-claim.ts"

/** One claim, or why it cannot be read. `at` is the line in the file; `control` is CLM01, where there is one. */
export type ClaimAnswer837 =
  | { readonly claim: Claim837 }
  | { readonly refusal: Refusal; readonly at: number; readonly control: string | undefined }

/** What a reader needs of a transaction. Segments may come from a stream; the first is ST, the last SE. */
export interface Transaction837 {
  readonly set: string
  readonly control: string
  readonly guide: string
  readonly segments: Iterable<X12Segment>
}

type Header837 = Omit<Transaction837, "segments">

/** Reads a transaction segment by segment, for files larger than memory: each claim is answered when it ends. */
export class ClaimReader837 {
  readonly #loops = new ClaimLoops()
  readonly #sending: Sending
  readonly #set: string
  #isEmpty = true
  #isOther = false

  constructor(
    { set, control, guide }: Header837,
    { control: interchangeControl, component }: Pick<X12Interchange, "control" | "component">,
  ) {
    this.#set = set
    this.#sending = {
      guide,
      interchangeControl,
      transactionControl: control,
      component,
      split: (text) => (text.includes(component) ? text.split(component) : [text]),
      levels: new WeakMap(),
    }
  }

  /** From ST to SE. A transaction that is no 837, or holds no claim, is one refusal. */
  push(segment: X12Segment): readonly ClaimAnswer837[] {
    if (this.#set !== "837") {
      if (this.#isOther) return nothing
      this.#isOther = true
      return [{ refusal: { ...notClaims, at: placeIn(segment, 1) }, at: segment.line, control: undefined }]
    }
    const ended = this.#loops.push(segment)
    if (ended.length > 0) {
      this.#isEmpty = false
      return ended.map((loop) => ("orphan" in loop ? orphaned(loop) : answered(loop, this.#sending)))
    }
    if (segment.tag !== "SE" || !this.#isEmpty) return nothing
    return [{ refusal: noClaim, at: segment.line, control: undefined }]
  }
}
const nothing: readonly never[] = []

/** The claims of one transaction, each by itself. */
export function* claimsOf837(
  transaction: Transaction837,
  interchange: Pick<X12Interchange, "control" | "component">,
): Generator<ClaimAnswer837> {
  const reader = new ClaimReader837(transaction, interchange)
  for (const segment of transaction.segments) yield* reader.push(segment)
}

const notClaims: Omit<Refusal, "at"> = {
  code: "x12-not-837",
  message: "Cannot read the file: a transaction in it is not an 837",
  remedy: "Send the claim file (837).",
}

const noClaim: Refusal = {
  code: "x12-no-claim",
  message: "Cannot read the 837: it holds no claim",
  at: "CLM",
  remedy: "Send a file with a CLM segment.",
}

function answered(loop: ClaimLoop, sending: Sending): ClaimAnswer837 {
  try {
    return { claim: claimOf(loop, sending) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const clm = loop.claim[0]!
    return { refusal: error.refusal, at: clm.line, control: element(clm, 1) || undefined }
  }
}

function orphaned({ orphan }: OrphanSegment): ClaimAnswer837 {
  const refusal = {
    code: "x12-order",
    message: `Cannot read the 837: a ${orphan.tag} segment stands outside its loop`,
    at: placeIn(orphan),
    remedy: "Ask the sender for a corrected file.",
  }
  return { refusal, at: orphan.line, control: orphan.tag === "CLM" ? element(orphan, 1) || undefined : undefined }
}

/** The claim of an answer inside another reader: a refusal goes on upward. */
export function orThrow(found: ClaimAnswer837): Claim837 {
  if ("refusal" in found) throw new Refused(found.refusal)
  return found.claim
}

/** Every claim of a file, or its refusal; a file whose interchanges cannot be read is refused as a whole. */
export function readEachClaim837(bytes: Uint8Array): Answer<readonly ClaimAnswer837[]> {
  return answer(() => {
    const interchanges = readInterchanges(bytes)
    return interchanges.flatMap((interchange) =>
      interchange.transactions.flatMap((transaction) => [...claimsOf837(transaction, interchange)]),
    )
  })
}

/** The claims of a file, all of them: the first that cannot be read refuses the file. */
export function readClaims837(bytes: Uint8Array): Answer<readonly Claim837[]> {
  return answer(() => {
    const claims: Claim837[] = []
    for (const interchange of readInterchanges(bytes)) {
      for (const transaction of interchange.transactions) {
        for (const found of claimsOf837(transaction, interchange)) {
          claims.push(orThrow(found))
        }
      }
    }
    if (claims.length === 0) throw new Refused(noClaim)
    return claims
  })
}
