/**
 * The ledger as one node has it: its own full copy, whether it operates the engine or follows one. Everything the rest
 * of the node knows of the ledger, and everything it submits, goes through here.
 */
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { encodeAs } from "../base/schema.ts"
import type { State } from "../base/state.ts"
import type { ProvenRow as EngineRow, Finality, Trust } from "../engine/engine.ts"
import type { ChainNames } from "../ledger/chain-names.ts"
import { verifyAll } from "../ledger/decode.ts"
import { isRejection } from "../ledger/rejection.ts"
import { type Role, roles } from "../ledger/roles.ts"
import { schemas } from "../ledger/rows.ts"
import { openTables, type Tables } from "../ledger/state.ts"
import { placementOf } from "../verify/placement.ts"
import { encodeReceipt, type Handover, type ProvenRow, type SignedHeader } from "../verify/receipt.ts"
import { encodeRegisterProof } from "../verify/register-proof.ts"
import { encodeAnchor, type TrustAnchor } from "../verify/trust.ts"
import { readShown } from "../verify/verify.ts"

/** What an engine or a follower gives this node. */
export interface Source {
  readonly trust: Trust
  readonly height: number
  block(height: number): FinalBlock | undefined
  blocks(from: number): AsyncIterable<FinalBlock>
  submit(transaction: Uint8Array): Promise<Finality>
  prove(table: string, key: Uint8Array): Promise<EngineRow>
  stop(): Promise<void>
}

export interface ChainParts {
  readonly chainId: string
  readonly anchor: TrustAnchor
  readonly state: State
  readonly source: Source
  /** Every change of validators since the genesis, by ascending height. */
  readonly handovers: () => readonly Handover[]
}

/** A row of the state by table and key (CBOR). */
export type RowName = Pick<ProvenRow, "table" | "key">

export class Chain {
  readonly chainId: string
  readonly anchor: TrustAnchor
  readonly source: Source
  readonly #state: State
  readonly #handovers: ChainParts["handovers"]

  constructor({ chainId, anchor, state, source, handovers }: ChainParts) {
    this.chainId = chainId
    this.anchor = anchor
    this.source = source
    this.#state = state
    this.#handovers = handovers
  }

  /** What it is called and, where it carries on another's state, what that one was called. */
  get names(): ChainNames {
    return { chainId: this.chainId, former: this.anchor.former }
  }

  get height(): number {
    return this.source.height
  }

  /** Seconds since 1970 of the last block; 0 before the first. */
  get seconds(): number {
    return this.source.block(this.source.height)?.header.time.seconds ?? 0
  }

  /** Seconds since 1970 of a block that is here. */
  timeOf(height: number): number {
    const block = this.source.block(height)
    if (block === undefined) throw new Fault(`Cannot tell time: block ${height} is not here`, { retryable: true })
    return block.header.time.seconds
  }

  /** Block hour: what expiry of envelopes, keys and licences is compared with. */
  get hour(): number {
    return Math.floor(this.seconds / 3600)
  }

  /** Running hour: what deadlines are compared with. */
  get runningHour(): number {
    const lost = this.tables().clock.get({ zero: 0 })?.lost ?? 0
    return Math.floor((this.seconds - lost) / 3600)
  }

  get day(): number {
    return Math.floor(this.seconds / 86400)
  }

  /** The state as it stands now, for reading. */
  tables(): Tables {
    return openTables(this.#state)
  }

  /**
   * Submits and waits until it is final here.
   * @throws Refused with the ledger's own code when the rules say no; Fault when nobody could be asked.
   */
  async submit(transaction: Uint8Array, at = "transaction"): Promise<Finality> {
    const finality = await this.source.submit(transaction)
    const { rejection } = finality.outcome
    if (rejection !== undefined) refuse(rejection.code, rejection.message, at, rejection.remedy)
    return finality
  }

  /** The receipt of an applied transaction, with the key rows of the organizations that signed it. */
  async receipt(transaction: Uint8Array): Promise<Uint8Array> {
    const decoded = readShown(this.anchor, transaction)
    if (isRejection(decoded))
      return refuse(
        "not-a-transaction",
        "Cannot make receipt: not a transaction of this chain",
        "transaction",
        "Send it as it was signed",
      )
    const placement = placementOf(decoded)
    const wanted: RowName[] = [placement]
    const tables = this.tables()
    for (const { key } of decoded.signatures) {
      if (tables.keys.get({ key }) !== undefined)
        wanted.push({ table: "keys", key: encodeAs(schemas.keys.key, { key }) })
    }
    const { rows, ...signed } = await this.#prove(wanted)
    if (rows.length < wanted.length) throw new Fault("Cannot make receipt: the ledger does not show this transaction")
    return encodeReceipt({ ...signed, transaction, rows })
  }

  /** Whether this node's own copy says that a transaction was applied: here, or on the chain that this one carries on. */
  shows(transaction: Uint8Array): boolean {
    const decoded = readShown(this.anchor, transaction)
    if (isRejection(decoded) || verifyAll(decoded) !== undefined) return false
    const { table, key, shows } = placementOf(decoded)
    const row = this.#state.get(table, key)
    return row !== undefined && shows(row)
  }

  /** A proof of rows of the registers, for a reader who has no copy of the ledger. Rows that are not there are left out. */
  async registerProof(wanted: readonly RowName[]): Promise<Uint8Array> {
    return encodeRegisterProof(await this.#prove(wanted))
  }

  /** All rows must be proven under one header: when a block came in between, once more. */
  async #prove(wanted: readonly RowName[]): Promise<SignedHeader & { readonly rows: readonly ProvenRow[] }> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const proven = await Promise.all(wanted.map(({ table, key }) => this.source.prove(table, key)))
      const { header, commit, validators } = proven[0]!.block
      if (!proven.every(({ block }) => block.header.height === header.height)) continue
      const rows = wanted.flatMap(({ table, key }, i) => {
        const { value, proof } = proven[i]!
        const { pairs, siblings } = proof
        return value === undefined ? [] : [{ table, key, value, pairs, siblings }]
      })
      return { ...this.signed({ header, commit, validators }), rows }
    }
    throw new Fault("Cannot prove rows: the ledger moves too fast", { retryable: true })
  }

  /** A header with everything by which trust reaches it from the genesis. */
  signed({ header, commit, validators }: Pick<FinalBlock, "header" | "commit" | "validators">): SignedHeader {
    const handovers = this.#handovers().filter((one) => one.header.height < header.height)
    return { chainId: this.chainId, genesis: this.anchor.genesis, header, commit, validators, handovers }
  }

  anchorBytes(): Uint8Array {
    return encodeAnchor(this.anchor)
  }

  /** Whether a key is a live key of an organization with this role, now, by the registry. */
  isKeyOf(key: Uint8Array, organization: number, role: Role): boolean {
    const row = this.tables().keys.get({ key })
    if (row === undefined || row.org !== organization || (row.roles & roles[role]) === 0) return false
    return row.from <= this.hour && this.hour < row.until
  }
}
