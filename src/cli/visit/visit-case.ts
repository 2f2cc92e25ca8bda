/**
 * What one told visit consists of, whether it comes from the standing example, a FHIR bundle or an 837: the people, the
 * plan, what was planned, what was done. The story runs any of them on one path.
 */
import type { Circumstances } from "../../node/provider/visit-file.ts"
import type { ClaimLine, Member } from "../../plan/claim.ts"
import type { Category } from "../../record/entry.ts"
import type { PlanFiles } from "../community/plan-files.ts"

/** What a plan's bucket has left for the member when the visit begins, in the bucket's own unit. */
export interface BucketLeft {
  readonly bucket: string
  readonly left: bigint
}

export interface RecordEntry {
  readonly title: string
  readonly mediaType: string
  readonly category: Category
  readonly bytes: Uint8Array
  /** When it happened, where the bytes do not say it themselves. */
  readonly at?: string
}

/** One plain sentence, tied to the entry that shows it. */
export interface RecordFact {
  readonly sentence: string
  readonly entry: number
}

export interface VisitCase {
  readonly title: string
  readonly patient: string
  readonly practitioner: { readonly name: string; readonly licence: string }
  /** The first day of service: the chain's clock starts there. */
  readonly serviceDay: number
  readonly plan: PlanFiles
  readonly member: Member
  readonly left: readonly BucketLeft[]
  /** What the claim says of the whole visit; a plain professional claim when absent. */
  readonly circumstances?: Circumstances
  /** A step of the ladder. */
  readonly hold: bigint
  readonly entries: readonly RecordEntry[]
  readonly facts: readonly RecordFact[]
  /** Lines in claim order; each cites facts by index. */
  readonly lines: readonly ClaimLine[]
  /** What each line is, in words for the screen. */
  readonly labels: readonly string[]
  /** What the biller adds and the patient says did not happen. */
  readonly extra?: { readonly line: ClaimLine; readonly label: string; readonly fact: RecordFact }
}
