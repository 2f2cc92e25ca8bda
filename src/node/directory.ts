/**
 * Where the other organizations' nodes are: addresses, sealing keys and transport keys, told by whoever runs this node.
 * A transport key counts as an organization's only while a key of its own in the ledger's registry says so.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import type { PeerAddress } from "../engine/comet/home.ts"
import { organizationStatus } from "../ledger/roles.ts"
import { transportSigner } from "./certificate.ts"
import type { Chain } from "./chain.ts"
import type { Correspondent } from "./mailbox.ts"

export interface Entry extends Correspondent {
  readonly organization: number
  readonly name: string
  readonly kind: string
  /** The organization's word for its pin (`proveTransport`); without it the pin is used, but names no member. */
  readonly transportProof?: Uint8Array | undefined
  /** Where its CometBFT hears others; absent for an organization that runs none. */
  readonly consensus?: PeerAddress | undefined
}

/** Whether this key may speak for this organization now; undefined where the ledger here cannot tell yet. */
export type Registry = (key: Uint8Array, organization: number) => boolean | undefined

/**
 * The registry as this node's copy of the ledger has it. What a suspended member may still do, the ledger decides.
 *
 * @param isAhead - whether a key that this copy does not have was proven by a later header of the chain.
 */
export function registryOf(
  chain: Chain,
  isAhead: (key: Uint8Array, organization: number) => boolean = () => false,
): Registry {
  return (key, organization) => {
    const row = chain.height === 0 ? undefined : chain.tables().organizations.get({ org: organization })
    if (chain.height > 0 && chain.tables().keys.get({ key }) === undefined && isAhead(key, organization))
      return undefined
    return row === undefined
      ? undefined
      : row.status !== organizationStatus.removed && chain.isKeyOf(key, organization, "operate")
  }
}

export interface Listed extends Entry {
  /** The key that the proof is by. */
  readonly signer: Uint8Array | undefined
}

export class Directory {
  #entries = new Map<number, Listed>()
  #byPin = new Map<string, Listed>()
  #registry: Registry | undefined
  /** By organization: its newest key for mail, where this copy of the ledger does not have it yet. */
  readonly #ahead = new Map<number, Uint8Array>()

  /**
   * Replaces the list.
   * @throws Refused when a proof is not by its organization, as far as the ledger here can tell, or two have one pin.
   */
  set(entries: readonly Entry[]): void {
    const listed = entries.map((entry) => this.#checked(entry))
    const byPin = new Map<string, Listed>()
    for (const entry of listed) {
      if (entry.transport === undefined) continue
      const pin = toHex(entry.transport)
      if (byPin.has(pin)) refuseTwice()
      byPin.set(pin, entry)
    }
    this.#entries = new Map(listed.map((entry) => [entry.organization, entry]))
    this.#byPin = byPin
  }

  #checked(entry: Entry): Listed {
    const signer = signerOf(entry)
    if (signer !== undefined && this.#registry?.(signer, entry.organization) === false) unproven(entry)
    return { ...entry, signer }
  }

  /**
   * Puts an entry in the place of the one that is listed for its organization. The others stay as they are, also those
   * that the ledger contradicts by now.
   *
   * @returns the whole list as it stands now, to be kept.
   * @throws Refused as `set`, and then nothing has changed.
   */
  replace(entry: Entry): readonly Entry[] {
    const listed = this.#checked(entry)
    const before = this.#entries.get(entry.organization)
    const pin = listed.transport && toHex(listed.transport)
    const holder = pin === undefined ? undefined : this.#byPin.get(pin)
    if (holder !== undefined && holder.organization !== entry.organization) refuseTwice()
    if (before?.transport !== undefined) this.#byPin.delete(toHex(before.transport))
    if (pin !== undefined) this.#byPin.set(pin, listed)
    this.#entries.set(entry.organization, listed)
    return this.all().map(({ signer: _, ...plain }) => plain)
  }

  /** A key that was proven to be an organization's by a header that this node has not reached. */
  believe(organization: number, key: Uint8Array): void {
    this.#ahead.set(organization, key)
  }

  isAhead(key: Uint8Array, organization: number): boolean {
    const ahead = this.#ahead.get(organization)
    return ahead !== undefined && equalBytes(ahead, key)
  }

  /** From now on whatever is listed holds only as far as the ledger says the same. */
  trust(registry: Registry): void {
    this.#registry = registry
  }

  /** An entry whose pin the ledger contradicts by now comes without it, and so cannot be reached. */
  find(organization: number): Entry | undefined {
    const entry = this.#entries.get(organization)
    if (entry?.signer === undefined || this.#registry?.(entry.signer, organization) !== false) return entry
    return { ...entry, transport: undefined, transportProof: undefined }
  }

  all(): readonly Listed[] {
    return [...this.#entries.values()]
  }

  ofKind(kind: string): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === kind)
  }

  /** The member organization that shows this certificate; undefined for anybody whom the ledger does not know so. */
  member(pin: Uint8Array): number | undefined {
    const entry = this.#byPin.get(toHex(pin))
    if (entry?.signer === undefined || this.#registry?.(entry.signer, entry.organization) !== true) return undefined
    return entry.organization
  }
}

function signerOf(entry: Entry): Uint8Array | undefined {
  const { organization, transport, transportProof } = entry
  if (transport === undefined || transportProof === undefined) return undefined
  return transportSigner(organization, transport, transportProof) ?? unproven(entry)
}

function refuseTwice(): never {
  const remedy = "Ask each organization for its own"
  return refuse("transport-twice", "Cannot list organizations: two have one transport key", "transport", remedy)
}

function unproven({ organization }: Entry): never {
  return refuse(
    "transport-unproven",
    `Cannot list organizations: organization ${organization} does not vouch for its transport key`,
    "transportProof",
    "Ask that organization for its identity again",
  )
}
