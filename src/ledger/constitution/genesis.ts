/**
 * The first state of a chain: one file of all tables, decoded by the schemas of the state itself. Its SHA-256 is what
 * trust starts from. A genesis that would break an invariant, or that one organization could rule alone, is refused.
 */
import { isSigningKey, sha256 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { compareBytes } from "../../base/bytes.ts"
import { EncodingError, Reader, Writer } from "../../base/cbor.ts"
import { keyTypeEd25519 } from "../../base/envelope.ts"
import { encodeAs } from "../../base/schema.ts"
import type { State } from "../../base/state.ts"
import { reasonOf } from "../envelopes.ts"
import { brokenInvariant } from "../invariants.ts"
import { limits } from "../limits.ts"
import { MemoryState } from "../memory-state.ts"
import { parameterInBounds, parameters } from "../parameters.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { type KeyOf, type RowOf, schemas, type TableName, type TableSchema, tableNames } from "../rows.ts"
import { openTables, type Tables } from "../state.ts"

const genesisType = "genesis/1"
const freezeAction = 10

/** The rows of a genesis as values, any order within a table. */
export type GenesisRows = { readonly [N in TableName]?: readonly (readonly [key: KeyOf<N>, value: RowOf<N>])[] }

export interface Genesis {
  readonly chainId: string
  /** SHA-256 of the file's bytes: the trust anchor. */
  readonly hash: Uint8Array
  readonly chain: RowOf<"chain">
  readonly state: MemoryState
}

export function genesisHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes)
}

/** The file: CBOR ["genesis/1", [[table, [[key, value], …]], …]], every table in its order, keys ascending. */
export function encodeGenesis(rows: GenesisRows): Uint8Array {
  const writer = new Writer()
  writer.array(2)
  writer.text(genesisType)
  writer.array(tableNames.length)
  for (const name of tableNames) {
    const schema = schemas[name] as unknown as TableSchema<unknown, unknown>
    const encoded = (rows[name] ?? []).map(
      ([key, value]) => [encodeAs(schema.key, key), encodeAs(schema.value, value)] as const,
    )
    encoded.sort(([a], [b]) => compareBytes(a, b))
    writer.array(2)
    writer.text(name)
    writer.array(encoded.length)
    for (const [key, value] of encoded) {
      writer.array(2)
      writer.raw(key)
      writer.raw(value)
    }
  }
  return writer.finish()
}

/** Reads and checks a genesis file; a Rejection names the table or the invariant at fault. */
export function decodeGenesis(bytes: Uint8Array): Genesis | Rejection {
  const state = readRows(bytes)
  if (isRejection(state)) return state
  const tables = openTables(state)
  const chain = tables.chain.get({ zero: 0 })
  if (chain === undefined) return refuse("there is no chain row", "chain")
  // A first genesis has keys that stay; one that carries a state on has those that were live when that chain ended.
  const hour = chain.pinned === undefined ? Number.MAX_SAFE_INTEGER - 1 : Math.floor(chain.pinned.seconds / 3600)
  const fault = faultOf(tables, chain) ?? brokenInvariant(state, hour)
  if (fault !== undefined) return refuse(fault, "genesis")
  return { chainId: chain.chainId, hash: genesisHash(bytes), chain, state }
}

function refuse(what: string, at: string): Rejection {
  return reject("bad-encoding", { what }, at)
}

function readRows(bytes: Uint8Array): MemoryState | Rejection {
  let at: string = genesisType
  try {
    const reader = new Reader(bytes)
    const state = new MemoryState()
    reader.array(2)
    if (reader.text() !== genesisType) return refuse("not a genesis file", genesisType)
    reader.array(tableNames.length)
    for (const name of tableNames) {
      at = name
      reader.array(2)
      if (reader.text() !== name) return refuse("another table was expected", name)
      if (!readTable(reader, name, state)) return refuse("keys are not in ascending order", name)
    }
    reader.done()
    return state
  } catch (error) {
    if (error instanceof EncodingError) return refuse(reasonOf(error), at)
    throw error
  }
}

function readTable(reader: Reader, name: TableName, state: State): boolean {
  const schema = schemas[name]
  const count = reader.array()
  let last: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    reader.array(2)
    const start = reader.offset
    schema.key.read(reader)
    const middle = reader.offset
    schema.value.read(reader)
    const key = reader.bytes.slice(start, middle)
    if (last !== undefined && compareBytes(last, key) >= 0) return false
    state.put(name, key, reader.bytes.slice(middle, reader.offset))
    last = key
  }
  return true
}

function isChainId(id: string): boolean {
  return /^[\x20-\x7e]{1,50}$/.test(id)
}

/** What the constitution asks of a genesis beyond the invariants of every state. */
function faultOf(tables: Tables, chain: RowOf<"chain">): string | undefined {
  if (!isChainId(chain.chainId)) return "the chain id is not 1 to 50 bytes"
  const { pinned } = chain
  if (pinned !== undefined && (!isChainId(pinned.chainId) || pinned.chainId === chain.chainId))
    return "the chain before has the same id, or none of 1 to 50 bytes"
  if (tables.clock.get({ zero: 0 }) === undefined) return "there is no clock row"
  for (const { number } of Object.values(parameters)) {
    const row = tables.parameters.get({ number })
    if (row === undefined || !parameterInBounds(number, row.value)) return `parameter ${number} is out of its bounds`
  }
  const freeze = tables.rules.get({ action: freezeAction })
  if (freeze !== undefined && freeze.hours > limits.freezeHours) return "a freeze rule's window is above 72 hours"
  return (
    faultOfOrganizations(tables) ??
    faultOfKeys(tables) ??
    (chain.pinned === undefined ? faultOfMoney(tables) : undefined)
  )
}

function faultOfOrganizations(tables: Tables): string | undefined {
  let next = 1
  for (const [{ org }, { panel }] of tables.organizations.rows()) {
    if (org !== next++) return "organizations are not numbered from 1 without gaps"
    for (const member of panel) {
      const kind = tables.organizations.get({ org: member })?.kind ?? 0
      if (kind < 5) return `organization ${member} may not sit on a panel`
    }
  }
  return undefined
}

function faultOfKeys(tables: Tables): string | undefined {
  for (const [{ key }, { org, practitioner }] of tables.keys.rows()) {
    if (key[0] !== keyTypeEd25519 || !isSigningKey(key.subarray(1))) return "a key is not a signing key"
    if (org !== 0 && tables.organizations.get({ org }) === undefined) return `a key's organization ${org} is unknown`
    if (practitioner !== undefined && tables.practitioners.get({ practitioner }) === undefined)
      return "a key's practitioner is unknown"
  }
  for (const [{ key }] of tables.validators.rows())
    if (key[0] !== keyTypeEd25519 || !isSigningKey(key.subarray(1))) return "a validator's key is not a signing key"
  return undefined
}

/** Money enters by deposits alone, unless the genesis carries on another chain's state. */
function faultOfMoney(tables: Tables): string | undefined {
  for (const [{ org }, { free, reserved, paid, open }] of tables.accounts.rows())
    if (free + reserved + paid !== 0n || open !== 0) return `account ${org} is not empty`
  for (const [{ org }, { deposited, withdrawn }] of tables.custodians.rows())
    if (deposited + withdrawn !== 0n) return `custodian ${org} has moved money`
  return undefined
}

/** Fills an empty state with a genesis. Rejected as by `decodeGenesis`; then nothing was written. */
export function applyGenesis(state: State, bytes: Uint8Array): Genesis | Rejection {
  const genesis = decodeGenesis(bytes)
  if (isRejection(genesis)) return genesis
  assert(openTables(state).chain.get({ zero: 0 }) === undefined, "a genesis goes into an empty state")
  for (const name of tableNames) for (const [key, value] of genesis.state.rows(name)) state.put(name, key, value)
  return genesis
}
