/**
 * The public registers as any node serves them: organizations, plans, practitioners and an organization's keys, row by
 * row with an inclusion proof, and the proof of absence for a key that is not there. Nobody has to believe the node.
 */
import { fromHex, toHex } from "../base/bytes.ts"
import { headerHash } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { encodeAs } from "../base/schema.ts"
import { schemas } from "../ledger/rows.ts"
import type { Tables } from "../ledger/state.ts"
import {
  encodeRegisterPage,
  mostPageRows,
  type PageRow,
  type RegisterName,
  type RegisterPage,
  readPageRow,
  registerNames,
} from "../verify/register-page.ts"
import { decodeRegisterProof } from "../verify/register-proof.ts"
import type { Chain } from "./chain.ts"

/** What is asked for, as it stands in the address. */
export interface RegisterQuery {
  /** One row alone, or its absence: the organization's number, or the id or key in hex. */
  readonly id?: string | undefined
  /** Keys of this organization alone. */
  readonly organization?: string | undefined
  /** Where the page begins: `next` of the page before. */
  readonly from?: string | undefined
}

export interface RegisterAnswer {
  /** The rows to read, the header that they are proven under, and where the next page begins. */
  readonly view: unknown
  /** `register-page/1`; undefined where there is no row to prove anything of. */
  readonly proof: Uint8Array | undefined
}

function bad(at: string, remedy: string): never {
  return refuse("register-query", "Cannot show register: the query does not read", at, remedy)
}

function hexOf(text: string, length: number, at: string): Uint8Array {
  const good = new RegExp(`^[0-9a-f]{${length * 2}}$`).test(text)
  return good ? fromHex(text) : bad(at, `${length} bytes in lower-case hex`)
}

function organizationOf(text: string, at: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= 65_535 ? number : bad(at, "A number of 1 to 65535")
}

/** The state's key of one row. */
function keyOf(name: RegisterName, id: string): Uint8Array {
  switch (name) {
    case "organizations":
      return encodeAs(schemas.organizations.key, { org: organizationOf(id, "id") })
    case "plans":
      return encodeAs(schemas.plans.key, { plan: hexOf(id, 32, "id") })
    case "practitioners":
      return encodeAs(schemas.practitioners.key, { practitioner: hexOf(id, 32, "id") })
    case "keys":
      return encodeAs(schemas.keys.key, { key: hexOf(id, 33, "id") })
  }
}

/** Every key of a register, in the state's own order; after the last organization the one that there is not. */
function* keysOf(tables: Tables, name: RegisterName, { organization }: RegisterQuery): Generator<Uint8Array> {
  switch (name) {
    case "organizations": {
      let count = 0
      for (const [key] of tables.organizations.rows()) {
        count++
        yield encodeAs(schemas.organizations.key, key)
      }
      yield encodeAs(schemas.organizations.key, { org: count + 1 })
      return
    }
    case "plans":
      for (const [key] of tables.plans.rows()) yield encodeAs(schemas.plans.key, key)
      return
    case "practitioners":
      for (const [key] of tables.practitioners.rows()) yield encodeAs(schemas.practitioners.key, key)
      return
    case "keys": {
      const wanted =
        organization === undefined ? bad("organization", "Name one") : organizationOf(organization, "organization")
      for (const [key, row] of tables.keys.rows()) if (row.org === wanted) yield encodeAs(schemas.keys.key, key)
    }
  }
}

interface Wanted {
  readonly keys: readonly Uint8Array[]
  readonly next: Uint8Array | undefined
}

function wantedOf(tables: Tables, name: RegisterName, query: RegisterQuery): Wanted {
  if (query.id !== undefined) return { keys: [keyOf(name, query.id)], next: undefined }
  if (query.from !== undefined && !/^([0-9a-f]{2}){1,128}$/.test(query.from))
    bad("from", "As `next` of the page before")
  const keys: Uint8Array[] = []
  let begun = query.from === undefined
  for (const key of keysOf(tables, name, query)) {
    begun ||= toHex(key) === query.from
    if (!begun) continue
    if (keys.length === mostPageRows) return { keys, next: key }
    keys.push(key)
  }
  return { keys, next: undefined }
}

/** The changes of validators before a header: the chain hands them out with each proof of a row, so one is made. */
async function handoversTo(chain: Chain, height: number): Promise<RegisterPage["handovers"]> {
  const [first] = chain.tables().keys.first(1)
  if (first === undefined) return []
  const proof = await chain.registerProof([{ table: "keys", key: encodeAs(schemas.keys.key, first[0]) }])
  return decodeRegisterProof(proof).handovers.filter(({ header }) => header.height < height)
}

/** All rows of a page are proven in one turn, so under one header. */
async function provePage(chain: Chain, name: RegisterName, keys: readonly Uint8Array[]): Promise<RegisterPage> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const proven = await Promise.all(keys.map((key) => chain.source.prove(name, key)))
    const { header, commit, validators } = proven[0]!.block
    if (!proven.every(({ block }) => block.header.height === header.height)) continue
    const rows = proven.map(({ value, proof: { pairs, siblings } }, i): PageRow => {
      return { table: name, key: keys[i]!, value, pairs, siblings }
    })
    const { genesis } = chain.anchor
    const handovers = await handoversTo(chain, header.height)
    return { chainId: chain.chainId, genesis, rows, header, commit, validators, handovers }
  }
  throw new Fault("Cannot prove rows: the ledger moves too fast", { retryable: true })
}

function viewOf(name: RegisterName, { chainId, header, rows }: RegisterPage, next: Uint8Array | undefined): unknown {
  const read = rows.map(readPageRow)
  return {
    register: name,
    chainId,
    height: header.height,
    headerHash: headerHash(header),
    seconds: header.time.seconds,
    rows: read.flatMap(({ key, value }) => (value === undefined ? [] : [{ ...key, ...value }])),
    absent: read.flatMap(({ key, value }) => (value === undefined ? [key] : [])),
    ...(next === undefined ? {} : { next }),
  }
}

/**
 * The doors of the public registers over a chain. A door answers undefined for a register that there is none of.
 *
 * @throws Refused for a query that does not read; Fault while the ledger cannot be asked.
 */
export function registerDoors(
  chain: Chain,
): (name: string, query: RegisterQuery) => Promise<RegisterAnswer | undefined> {
  return async (name, query) => {
    const register = registerNames.find((known) => known === name)
    if (register === undefined) return undefined
    const { keys, next } = wantedOf(chain.tables(), register, query)
    if (keys.length === 0) return { view: { register, chainId: chain.chainId, rows: [], absent: [] }, proof: undefined }
    const page = await provePage(chain, register, keys)
    return { view: viewOf(register, page, next), proof: encodeRegisterPage(page) }
  }
}
