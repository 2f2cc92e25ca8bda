/**
 * What a clinic keeps of one visit while it runs, in its encrypted work store: the address the patient gave, what was
 * planned, recorded, priced and signed. The ledger has only commitments to it.
 */
import { toHex } from "../../base/bytes.ts"
import type { Refusal } from "../../base/refusal.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import type { DatedEntry, RecordedFacts } from "../../record/timeline.ts"
import type { AddressContent } from "../../record/visit-address.ts"
import type { Work } from "../work.ts"

/**
 * One entry as sealed in the vault; the clear bytes stay with nobody but those who can open it. Its event time stands
 * here and inside the ciphertext, never on the ledger.
 */
export interface SealedEntry extends DatedEntry {
  /** SHA-256 of the sealed file: its name in the vault. */
  readonly file: Uint8Array
  readonly mediaType: string
  readonly category: string
  readonly salt: Uint8Array
  /** SHA-256 of the bytes as received. */
  readonly content: Uint8Array
}

export interface FileFact {
  /** UTF-8. */
  readonly sentence: Uint8Array
  readonly salt: Uint8Array
  /** Leaf of the entry that shows it. */
  readonly entry: number
  /** Practitioner id of the author. */
  readonly author: Uint8Array
}

export type StatementMeaning = "performed" | "billed" | "countersigned" | "agreed"
export interface StatementSignature {
  readonly meaning: StatementMeaning
  readonly header: Uint8Array
  readonly signature: Uint8Array
}

/** A facts statement with what opens it. */
export interface FiledFacts {
  readonly payload: Uint8Array
  /** Entries under its record root. */
  readonly entries: number
  readonly ceiling: bigint
  readonly ceilingSalt: Uint8Array
  readonly facts: readonly FileFact[]
}

/** A visit statement with everything that opens it. */
export interface FiledStatement {
  readonly id: Uint8Array
  readonly payload: Uint8Array
  readonly facts: FiledFacts
  readonly supersedes: Uint8Array | undefined
  readonly claim: Uint8Array
  readonly provider: Uint8Array
  /** Day of determination. */
  readonly on: number
  readonly leg: Uint8Array
  readonly legDigest: Uint8Array
  readonly trace: readonly Uint8Array[]
  readonly traceRoot: Uint8Array
  readonly determination: Uint8Array
  readonly salts: {
    readonly claim: Uint8Array
    readonly determination: Uint8Array
    /** Of the trace and, derived from it, of each of its steps. */
    readonly trace: Uint8Array
    readonly leg: Uint8Array
  }
  readonly opening: { readonly amount: bigint; readonly blinding: Uint8Array }
  readonly plan: bigint
  readonly patient: bigint
  readonly citedFacts: readonly number[]
  readonly factsSignatures: readonly StatementSignature[]
  readonly signatures: readonly StatementSignature[]
}

/** What the claim says of the visit as a whole, beside its lines. What is left out is as in a plain professional claim. */
export type Circumstances = Partial<Pick<Claim, "kind" | "inpatient" | "emergency" | "accident" | "workRelated">>

export interface VisitFile {
  readonly visit: Uint8Array
  readonly address: AddressContent
  readonly voucher: Uint8Array | undefined
  readonly practitioner: Uint8Array
  /** Organization number of the payer, from the voucher. */
  readonly payer: number
  readonly circumstances?: Circumstances
  readonly planned: readonly ClaimLine[]
  readonly quote: { readonly plan: bigint; readonly patient: bigint } | undefined
  /** Amount held and the leg's index, once the ledger has it. */
  readonly held: { readonly amount: bigint; readonly leg: number } | undefined
  readonly planDigest: Uint8Array | undefined
  readonly entries: readonly SealedEntry[]
  readonly recordRoot: Uint8Array | undefined
  /** Facts statements that the ledger has, the newest last. */
  readonly recorded?: readonly RecordedFacts[]
  readonly facts: readonly FileFact[]
  readonly lines: readonly ClaimLine[]
  /** Lines the patient said did not happen, back with their author. */
  readonly heldLines: readonly ClaimLine[]
  /** The newest last; earlier ones were superseded or never signed. */
  readonly statements: readonly FiledStatement[]
  /** Statement id and the transaction that settled it. */
  readonly settled: { readonly statement: Uint8Array; readonly transaction: Uint8Array } | undefined
  /** The newest statement in force, where an audit replaced the first. */
  readonly latest?: { readonly statement: Uint8Array; readonly transaction: Uint8Array }
  readonly receipt?: Uint8Array
  /** Why the last try went no further. */
  readonly refused?: Refusal
  /** Transaction that paid it. */
  readonly paid: Uint8Array | undefined
  /** The statement whose amount the last payment or refund made good. */
  readonly paidFor?: Uint8Array
}

const collection = "visits"

/** Statements are found by id, too: letters name nothing else. */
const byStatement = "visit-of-statement"

export async function saveVisit(work: Work, file: VisitFile): Promise<void> {
  const visit = toHex(file.visit)
  const fresh = file.statements.map(({ id }) => toHex(id)).filter((id) => !work.has(byStatement, id))
  await Promise.all([work.put(collection, visit, file), ...fresh.map((id) => work.put(byStatement, id, visit))])
}

export function findVisit(work: Work, visit: Uint8Array): VisitFile | undefined {
  return work.get<VisitFile>(collection, toHex(visit))
}

export function allVisits(work: Work): readonly VisitFile[] {
  return work.rows<VisitFile>(collection).map(([, file]) => file)
}

export function latestStatement(file: VisitFile): FiledStatement | undefined {
  return file.statements.at(-1)
}

/** The visit that a statement is of. */
export function findByStatement(work: Work, id: Uint8Array): VisitFile | undefined {
  const visit = work.get<string>(byStatement, toHex(id))
  return visit === undefined ? undefined : work.get<VisitFile>(collection, visit)
}
