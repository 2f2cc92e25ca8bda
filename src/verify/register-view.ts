/** What a bundle's check is told of the ledger's registers: a plain value that a node, a wallet or a file supplies. */
import type { KeyRow, RowOf } from "../ledger/rows.ts"

/** What is known of the ledger and of the payer's own books. Keys of the maps are lower-case hex. */
export interface RegisterView {
  readonly chainId: string
  /** Of the chain whose state this one carries on. */
  readonly former?: string | undefined
  /** Of a proof: height and time (seconds since 1970) of the header that it leads to. Nothing later is in it. */
  readonly at?: { readonly height: number; readonly seconds: number }
  /** By key, 33 bytes. */
  readonly keys?: ReadonlyMap<string, KeyRow>
  /** By practitioner id. */
  readonly practitioners?: ReadonlyMap<string, RowOf<"practitioners">>
  /** By plan hash. */
  readonly plans?: ReadonlyMap<string, RowOf<"plans">>
  /** Digests of the snapshots in the payer's chain for its members. */
  readonly snapshots?: ReadonlySet<string>
  /** The bundle's leg: all ever held for it, and what of that was paid or contested away. */
  readonly leg?: { readonly held: bigint; readonly paid: bigint }
  /** The assurance that the ledger lists for these facts; else what the signatures themselves show counts. */
  readonly assurance?: number
}
