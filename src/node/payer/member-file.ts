/** What a payer keeps of one member: who she is to this payer alone, her snapshots, and the vouchers that are out. */
import { toHex } from "../../base/bytes.ts"
import type { Member } from "../../plan/claim.ts"
import type { Snapshot } from "../../plan/snapshot.ts"
import type { MailboxAddress } from "../../record/letter.ts"
import type { Work } from "../work.ts"

export interface IssuedVoucher {
  readonly V: Uint8Array
  /** Voucher id. */
  readonly id: Uint8Array
  readonly allotments: readonly { readonly clause: string; readonly quantity: number }[]
  /** Block hour. */
  readonly expiry: number
  /** A snapshot counts its visit: what it used is no longer out but used. */
  readonly counted: boolean
}

export interface MemberFile {
  /** The secret that the member's letters show; known to the two alone. */
  readonly enrolment: Uint8Array
  readonly plan: Uint8Array
  readonly facts: Member
  /** The most a voucher of hers covers, a step of the ladder. */
  readonly cap: bigint
  /** Newest last: signed envelopes with their values. */
  readonly snapshots: readonly {
    readonly envelope: Uint8Array
    readonly digest: Uint8Array
    readonly value: Snapshot
  }[]
  readonly vouchers: readonly IssuedVoucher[]
  /** Where her last letter asked answers to go. */
  readonly mailbox: MailboxAddress | undefined
}

const collection = "members"

/** Whom a voucher's key stands for: known here alone. */
const byKey = "member-of-key"

export async function saveMember(work: Work, file: MemberFile): Promise<void> {
  const enrolment = toHex(file.enrolment)
  const fresh = file.vouchers.map(({ V }) => toHex(V)).filter((V) => !work.has(byKey, V))
  await Promise.all([work.put(collection, enrolment, file), ...fresh.map((V) => work.put(byKey, V, enrolment))])
}

export function findMember(work: Work, enrolment: Uint8Array): MemberFile | undefined {
  return work.get<MemberFile>(collection, toHex(enrolment))
}

export function memberOfVisit(work: Work, V: Uint8Array): MemberFile | undefined {
  const enrolment = work.get<string>(byKey, toHex(V))
  return enrolment === undefined ? undefined : work.get<MemberFile>(collection, enrolment)
}
