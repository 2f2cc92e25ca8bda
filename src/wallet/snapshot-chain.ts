/**
 * The wallet's copy of its accumulators: the payer's signed snapshots, each added up again from the visits the wallet
 * itself signed. A snapshot that counts a visit it never saw, or adds wrongly, is refused, and so is every voucher that
 * stands on it; two that carry one number are proof of a payer telling two stories.
 */
import { verifySignature } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { decodeEnvelope, meanings, toSign } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import { decodePayload } from "../ledger/envelopes.ts"
import { visitBody, visitStatementType } from "../ledger/visit/4-settle.ts"
import { limitsOf } from "../plan/corrections.ts"
import { readPlan } from "../plan/read.ts"
import { decodeSnapshot, type Snapshot, snapshotDigest, snapshotFault, type VisitCounted } from "../plan/snapshot.ts"
import { twoStories } from "../verify/snapshot-equivocation.ts"
import type { Review } from "./review.ts"

export interface HeldSnapshot {
  readonly envelope: Uint8Array
  readonly digest: Uint8Array
  readonly value: Snapshot
}

interface SignedVisit extends VisitCounted {
  /** The statement that this one takes the place of: what it posted is taken back. */
  readonly supersedes: Uint8Array | undefined
  readonly limitOf: (clause: string, owner: string) => bigint | undefined
}

export interface SnapshotSigner {
  readonly chainId: string
  /** The key that signed the vouchers of the same letter: a payer signs all with one key at a time. */
  readonly payerKey: Uint8Array
}

function refuseSnapshot(what: string): never {
  return refuse(
    "snapshot-false",
    `Cannot take vouchers: the payer's snapshot is wrong, ${what}`,
    "snapshot",
    "Ask the payer, and show both",
  )
}

function open(envelope: Uint8Array, { chainId, payerKey }: SnapshotSigner): HeldSnapshot {
  const { payload, signatures } = decodeEnvelope(envelope, 1)
  const { key, meaning, header, signature } = signatures[0]!
  const good =
    meaning === meanings.counted &&
    equalBytes(key, payerKey) &&
    verifySignature(key.subarray(1), toSign(chainId, header, payload), signature)
  if (!good) refuseSnapshot("not signed by the key that signed the vouchers")
  return { envelope, digest: snapshotDigest(payload), value: decodeSnapshot(payload) }
}

export class SnapshotChain {
  #newest: HeldSnapshot | undefined
  readonly #visits = new Map<string, SignedVisit>()

  get newest(): HeldSnapshot | undefined {
    return this.#newest
  }

  /** Remembers a statement this wallet signed, or was shown as a correction, for the snapshot that will count it. */
  note({ statement, leg, bundle, payload }: Review): void {
    const tables = new Map(bundle.tables.map(({ name, content }) => [name, content]))
    const answer = readPlan(bundle.plan, tables)
    if (!("plan" in answer)) return
    const limitOf = limitsOf(answer.plan, bundle.on)
    const { supersedes } = decodePayload(visitStatementType, visitBody, payload).body
    this.#visits.set(toHex(statement), { statement, supersedes, differences: leg.differences, limitOf })
  }

  /** Takes snapshots, oldest first. @throws Refused at the first that does not follow from what is here. */
  take(envelopes: readonly Uint8Array[], signer: SnapshotSigner): void {
    for (const envelope of envelopes) {
      const next = open(envelope, signer)
      const old = this.#newest
      if (old !== undefined && equalBytes(old.digest, next.digest)) continue
      if (old !== undefined) this.#check(old, next, signer)
      this.#newest = next
    }
  }

  #check(old: HeldSnapshot, { value, envelope }: HeldSnapshot, { chainId }: SnapshotSigner): void {
    if (twoStories(old.envelope, envelope, { chainId }) !== undefined) {
      refuse(
        "two-snapshots",
        "Cannot take vouchers: the payer signed two snapshots with one number",
        "snapshot",
        "Show both to the regulator",
      )
    }
    const visits = value.visits.map(
      (id) => this.#visits.get(toHex(id)) ?? refuseSnapshot("it counts a visit this wallet did not sign"),
    )
    const limitOf: SignedVisit["limitOf"] = (clause, owner) => {
      for (const visit of visits) {
        const limit = visit.limitOf(clause, owner)
        if (limit !== undefined) return limit
      }
      return undefined
    }
    const voids = visits.flatMap(({ supersedes }) => (supersedes && this.#visits.get(toHex(supersedes))) ?? [])
    const fault = snapshotFault(old.value, value, { visits, voids, limitOf })
    if (fault !== undefined) refuseSnapshot(fault)
  }
}
