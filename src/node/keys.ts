/**
 * An organization's keys: made once, kept in the encrypted work store, used by role, each replaced alone. Nothing else
 * of the node sees a seed; what it gets is a signer for one role.
 */
import { randomBytes } from "node:crypto"
import { publicKeyOf, sign } from "#crypto"
import { assert } from "../base/assert.ts"
import { toHex } from "../base/bytes.ts"
import { keyId, type Meaning, meanings, protectedHeader, toSign } from "../base/envelope.ts"
import type { OrganizationKind } from "./config.ts"
import type { Work } from "./work.ts"

/**
 * One key a role, so that each can be rotated and revoked alone. `validator` signs blocks, never transactions; `peer`
 * signs nothing on the ledger and says to other nodes' CometBFT who connects.
 */
export type KeyUse =
  | "admin"
  | "vote"
  | "voucher"
  | "agree"
  | "hold"
  | "bill"
  | "pay"
  | "enrol"
  | "custody"
  | "witness"
  | "operate"
  | "validator"
  | "peer"

const everyKind: readonly KeyUse[] = ["admin", "vote", "operate", "validator", "peer"]
const usesByKind: Readonly<Record<OrganizationKind, readonly KeyUse[]>> = {
  provider: ["hold", "bill", "pay"],
  payer: ["voucher", "agree", "pay"],
  custodian: ["voucher", "agree", "pay", "custody"],
  "licence-board": ["enrol"],
  arbiter: ["witness"],
  regulator: ["witness"],
  "patient-association": ["witness"],
}

export function usesOf(kind: OrganizationKind): readonly KeyUse[] {
  return [...everyKind, ...usesByKind[kind]]
}

export interface KeySignature {
  readonly header: Uint8Array
  readonly signature: Uint8Array
}

/** Keys that no ledger lists: letters are sealed to the first, notes to the second; the third is the certificate's. */
export const privateUses = ["sealing", "records", "transport"] as const
export type PrivateUse = (typeof privateUses)[number]
export type SeedUse = KeyUse | PrivateUse

/** Where seeds lie in the work store. What lies in any of them never leaves the node. */
const present = "seeds"
const coming = "seeds-next"
const former = "seeds-former"
/** Public keys that this node signed with before: an ended one is known again for its own. */
const ended = "keys-former"

/** A ledger key that this node used to sign with. */
export interface FormerKey {
  /** With its key-type tag. */
  readonly key: Uint8Array
  readonly use: string
  /** Block hour at which its successor took its place here. */
  readonly until: number
}

const freshSeed = () => new Uint8Array(randomBytes(32))

export class KeyRing {
  readonly #seeds: Map<string, Uint8Array>
  /** By use, newest first. */
  readonly #former: Map<string, readonly Uint8Array[]>

  private constructor(seeds: Map<string, Uint8Array>, formerSeeds: Map<string, readonly Uint8Array[]>) {
    this.#seeds = seeds
    this.#former = formerSeeds
  }

  /** Opens the ring, making on first start whatever key is missing. */
  static async open(work: Work, kind: OrganizationKind): Promise<KeyRing> {
    const seeds = new Map<string, Uint8Array>()
    for (const use of [...usesOf(kind), ...privateUses]) {
      let seed = work.get<Uint8Array>(present, use)
      if (seed === undefined) {
        seed = freshSeed()
        await work.put(present, use, seed)
      }
      seeds.set(use, seed)
    }
    const formerSeeds = new Map<string, readonly Uint8Array[]>()
    for (const [id, seed] of work.rows<Uint8Array>(former)) {
      const use = id.slice(0, id.indexOf("-"))
      formerSeeds.set(use, [seed, ...(formerSeeds.get(use) ?? [])])
    }
    return new KeyRing(seeds, formerSeeds)
  }

  publicKey(use: KeyUse): Uint8Array {
    return publicKeyOf(this.seed(use))
  }

  /** For the engine (validator), for opening what is sealed to this node (sealing, records), for its certificate. */
  seed(use: SeedUse): Uint8Array {
    const seed = this.#seeds.get(use)
    assert(seed !== undefined, "an organization signs only with keys of its kind")
    return seed
  }

  /** What opens that which was sealed to this node, now or before a rotation; the present seed first. */
  openers(use: "sealing" | "records"): readonly Uint8Array[] {
    return [this.seed(use), ...(this.#former.get(use) ?? [])]
  }

  sign(use: KeyUse, meaning: Meaning, chainId: string, payload: Uint8Array): KeySignature {
    return signWith(this.seed(use), meaning, chainId, payload)
  }

  /**
   * The seed that is to take a use's place: made once, and on disk when this resolves, so that nothing is told to
   * anybody of a key that a crash could lose.
   */
  async prepare(work: Work, use: SeedUse): Promise<Uint8Array> {
    const known = this.prepared(work, use)
    if (known !== undefined) return known
    const seed = freshSeed()
    await work.put(coming, use, seed)
    return seed
  }

  /** What `prepare` made and `promote` has not taken yet. */
  prepared(work: Work, use: SeedUse): Uint8Array | undefined {
    return work.get<Uint8Array>(coming, use)
  }

  /**
   * From now on the prepared seed is the use's own; one step on disk. A signing seed is then gone, one that opens what
   * was sealed is kept. Does nothing where none is prepared.
   *
   * @param hour - block hour.
   */
  async promote(work: Work, use: SeedUse, hour: number): Promise<void> {
    const next = this.prepared(work, use)
    if (next === undefined) return
    const before = this.seed(use)
    const opens = use === "sealing" || use === "records"
    const order = String(work.rows(former, `${use}-`).length).padStart(6, "0")
    const signs = use !== "validator" && !privateUses.some((name) => name === use)
    const key = keyId(publicKeyOf(before))
    await Promise.all([
      work.put(present, use, next),
      work.remove(coming, use),
      ...(opens ? [work.put(former, `${use}-${order}`, before)] : []),
      ...(signs ? [work.put(ended, toHex(key), { key, use, until: hour } satisfies FormerKey)] : []),
    ])
    this.#seeds.set(use, next)
    if (opens) this.#former.set(use, [before, ...(this.#former.get(use) ?? [])])
  }
}

/** The ledger keys that this node signed with before, by key. */
export function formerKeys(work: Work): readonly FormerKey[] {
  return work.rows<FormerKey>(ended).map(([, row]) => row)
}

export function signWith(seed: Uint8Array, meaning: Meaning, chainId: string, payload: Uint8Array): KeySignature {
  const header = protectedHeader(keyId(publicKeyOf(seed)), meanings[meaning])
  return { header, signature: sign(seed, toSign(chainId, header, payload)) }
}
