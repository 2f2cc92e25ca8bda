/**
 * Moving a chain: the genesis of a new chain that carries on a whole state under another id and other validators. It
 * pins the last header of the old chain, whose app hash commits to that state.
 *
 *   old chain ─ … ─▶ last header ◀──pinned── genesis of the new chain: every row but `chain`, `clock`, `validators`
 *
 * What was signed for the old chain's id:
 * - Vouchers, delegations and statements stay good until they expire, under the ids they have there: the first signature
 *   of an envelope says which chain it is of (`../decode.ts`). One envelope so has one id, and a voucher that the old
 *   chain used, or the new one, is used on both.
 * - All else is worth nothing from here: no transaction of the old chain runs again.
 * Deadlines stand still from the last header of the old chain to the first of the new one.
 */
import { equalBytes } from "../../base/bytes.ts"
import { type Header, headerHash } from "../../base/chain/header.ts"
import type { State } from "../../base/state.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { type KeyOf, type RowOf, tableNames } from "../rows.ts"
import { openTables, type Tables } from "../state.ts"
import { decodeGenesis, encodeGenesis, type GenesisRows } from "./genesis.ts"

/** What is to be carried on: every row, and the app hash that they make. */
export interface CarriedState {
  readonly state: State
  readonly appHash: Uint8Array
}

export interface SuccessorTerms {
  readonly chainId: string
  /** The old chain's last: whoever calls has checked its votes. */
  readonly lastHeader: Header
  readonly validators: readonly (readonly [key: KeyOf<"validators">, row: RowOf<"validators">])[]
}

/** The new chain's genesis file. A Rejection says what is wrong with the terms, or what its genesis would break. */
export function successorGenesis({ state, appHash }: CarriedState, terms: SuccessorTerms): Uint8Array | Rejection {
  const tables = openTables(state)
  const chain = tables.chain.get({ zero: 0 })
  const clock = tables.clock.get({ zero: 0 })
  if (chain === undefined || clock === undefined) return refuse("there is no chain in this state", "state")
  const { lastHeader, chainId, validators } = terms
  if (lastHeader.chainId !== chain.chainId) return refuse("the last header is of another chain", "lastHeader")
  if (!equalBytes(lastHeader.appHash, appHash))
    return refuse("the last header commits to another state than this one", "lastHeader")
  if (chain.pinned !== undefined)
    return refuse(`it carries on ${chain.pinned.chainId} itself, whose vouchers and statements would end`, "chain")
  for (const [, { power }] of validators)
    if (!Number.isInteger(power) || power < 1 || power > 1000) return refuse("a power is not 1 to 1,000", "validators")
  const { height, time } = lastHeader
  const pinned = { chainId: chain.chainId, header: headerHash(lastHeader), height, seconds: time.seconds }
  const bytes = encodeGenesis({
    ...allRows(tables),
    chain: [[{ zero: 0 }, { ...chain, chainId, pinned }]],
    clock: [[{ zero: 0 }, { ...clock, upgrade: upgradeFrom(clock.upgrade, height) }]],
    validators,
  })
  const genesis = decodeGenesis(bytes)
  return isRejection(genesis) ? genesis : bytes
}

function refuse(what: string, at: string): Rejection {
  return reject("bad-encoding", { what }, at)
}

function allRows(tables: Tables): GenesisRows {
  return Object.fromEntries(tableNames.map((name) => [name, [...tables[name].rows()]]))
}

/** Heights begin again at 1, so an upgrade that is scheduled is as many blocks ahead as it was. */
function upgradeFrom(upgrade: RowOf<"clock">["upgrade"], height: number): RowOf<"clock">["upgrade"] {
  return upgrade === undefined ? undefined : { ...upgrade, height: Math.max(1, upgrade.height - height) }
}
