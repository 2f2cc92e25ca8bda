/**
 * The wallet's copy of its accumulators: the payer's signed snapshots, each added up again from the visits the wallet
 * itself signed. A snapshot that counts a visit it never saw, or adds wrongly, is refused, and so is every voucher that
 * stands on it; two that carry one number are proof of a payer telling two stories.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeEnvelope, meanings } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import { type ChainNames, chainOf } from "../ledger/chain-names.ts"
import { decodePayload } from "../ledger/envelopes.ts"
import { visitBody, visitStatementType } from "../ledger/visit/4-settle.ts"
import { readPlan } from "../plan/language/read.ts"
import { limitsOf } from "../plan/settle/corrections.ts"
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

export interface SnapshotSigner extends ChainNames {
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

function open(envelope: Uint8Array, signer: SnapshotSigner): HeldSnapshot {
  try {
    return openSigned(envelope, signer)
  } catch (error) {
    if (error instanceof EncodingError) return refuseSnapshot("not a snapshot that reads")
    throw error
  }
}

function openSigned(envelope: Uint8Array, { payerKey, ...names }: SnapshotSigner): HeldSnapshot {
  const { payload, signatures } = decodeEnvelope(envelope, 1)
  const { key, meaning } = signatures[0]!
  const good =
    meaning === meanings.counted && equalBytes(key, payerKey) && chainOf(names, { payload, signatures }) !== undefined
  if (!good) refuseSnapshot("not signed by the key that signed the vouchers")
  return { envelope, digest: snapshotDigest(payload), value: decodeSnapshot(payload) }
}

export class SnapshotChain {
  #held: readonly HeldSnapshot[] = []
  readonly #visits = new Map<string, SignedVisit>()

  get newest(): HeldSnapshot | undefined {
    return this.#held.at(-1)
  }

  /** Digests of all snapshots taken, in hex: a voucher may stand on one that is no longer the newest. */
  get digests(): ReadonlySet<string> {
    return new Set(this.#held.map(({ digest }) => toHex(digest)))
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

  /**
   * Takes snapshots, oldest first, all or none; one that is here already changes nothing.
   * @throws Refused at the first that does not follow from what is here.
   */
  take(envelopes: readonly Uint8Array[], signer: SnapshotSigner): void {
    let held = this.#held
    for (const envelope of envelopes) {
      const next = open(envelope, signer)
      if (held.some(({ digest }) => equalBytes(digest, next.digest))) continue
      this.#check(held, next, signer)
      held = [...held, next]
    }
    this.#held = held
  }

  #check(held: readonly HeldSnapshot[], { value, envelope }: HeldSnapshot, names: SnapshotSigner): void {
    const old = held.at(-1)
    if (old === undefined) return
    if (held.some((earlier) => twoStories(earlier.envelope, envelope, names) !== undefined)) {
      refuse(
        "two-snapshots",
        "Cannot take vouchers: the payer signed two snapshots with one number",
        "snapshot",
        "Show both to the regulator",
      )
    }
    const counted = [...held.flatMap((earlier) => earlier.value.visits), ...value.visits].map(toHex)
    if (new Set(counted).size < counted.length) refuseSnapshot("it counts a visit twice")
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
