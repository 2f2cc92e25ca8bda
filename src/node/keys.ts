/**
 * An organization's keys: made once, kept in the encrypted work store, used by role. Nothing else of the node sees a
 * seed; what it gets is a signer for one role.
 */
import { randomBytes } from "node:crypto"
import { publicKeyOf, sign } from "#crypto"
import { assert } from "../base/assert.ts"
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

export class KeyRing {
  readonly #seeds: ReadonlyMap<string, Uint8Array>

  private constructor(seeds: ReadonlyMap<string, Uint8Array>) {
    this.#seeds = seeds
  }

  /** Opens the ring, making on first start whatever key is missing. */
  static async open(work: Work, kind: OrganizationKind): Promise<KeyRing> {
    const seeds = new Map<string, Uint8Array>()
    for (const use of [...usesOf(kind), "sealing", "records", "transport"]) {
      let seed = work.get<Uint8Array>("seeds", use)
      if (seed === undefined) {
        seed = new Uint8Array(randomBytes(32))
        await work.put("seeds", use, seed)
      }
      seeds.set(use, seed)
    }
    return new KeyRing(seeds)
  }

  publicKey(use: KeyUse): Uint8Array {
    return publicKeyOf(this.seed(use))
  }

  /** For the engine (validator), for opening what is sealed to this node (sealing, records), for its certificate. */
  seed(use: KeyUse | "sealing" | "records" | "transport"): Uint8Array {
    const seed = this.#seeds.get(use)
    assert(seed !== undefined, "an organization signs only with keys of its kind")
    return seed
  }

  sign(use: KeyUse, meaning: Meaning, chainId: string, payload: Uint8Array): KeySignature {
    return signWith(this.seed(use), meaning, chainId, payload)
  }
}

export function signWith(seed: Uint8Array, meaning: Meaning, chainId: string, payload: Uint8Array): KeySignature {
  const header = protectedHeader(keyId(publicKeyOf(seed)), meanings[meaning])
  return { header, signature: sign(seed, toSign(chainId, header, payload)) }
}
