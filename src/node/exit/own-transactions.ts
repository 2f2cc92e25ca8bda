/**
 * Which of the ledger's transactions are an organization's own: those that a key of its has signed, and those that name
 * it as provider, payer or owner. Read from the blocks that lie in its node, and from the ledgers that were moved on
 * from.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { toHex } from "../../base/bytes.ts"
import { decodeAs } from "../../base/schema.ts"
import { type DecodedTransaction, decodeBatch, isRejection } from "../../ledger/index.ts"
import { schemas } from "../../ledger/rows.ts"
import type { Tables } from "../../ledger/state.ts"
import { holdsStore, ReadOnlyChain } from "../../store/read-only-chain.ts"
import { placementOf } from "../../verify/placement.ts"
import { readShown } from "../../verify/verify.ts"
import type { Chain } from "../chain.ts"

export interface OwnTransaction {
  /** On the chain that it was applied on. */
  readonly height: number
  /** Applied before the chain moved: its height is the former chain's. */
  readonly former: boolean
  readonly bytes: Uint8Array
  readonly decoded: DecodedTransaction
  /** The visit that it is of, where it is of one. */
  readonly visit: Uint8Array | undefined
}

interface Content {
  readonly batches: readonly Uint8Array[]
  readonly results: readonly Uint8Array[]
}

/** Fields by which a transaction names an organization as one that it concerns. */
const naming = ["provider", "payer", "org", "custodian", "board"] as const

function isNamed({ body }: DecodedTransaction, organization: number): boolean {
  const fields = body as Readonly<Record<string, unknown>>
  return naming.some((name) => fields[name] === organization)
}

function visitOf(decoded: DecodedTransaction): { readonly V: Uint8Array; readonly provider: number } | undefined {
  const { table, key } = placementOf(decoded)
  return table === "visits" ? decodeAs(schemas.visits.key, key) : undefined
}

function isOwn(tables: Tables, decoded: DecodedTransaction, organization: number): boolean {
  if (isNamed(decoded, organization)) return true
  if (decoded.signatures.some(({ key }) => tables.keys.get({ key })?.org === organization)) return true
  const visit = visitOf(decoded)
  if (visit === undefined) return false
  return (
    visit.provider === organization ||
    tables.visits.get(visit)?.legs.some(({ payer }) => payer === organization) === true
  )
}

/** Transactions that were applied; batches of a node's own chain always decode. */
function* applied({ batches, results }: Content): Generator<Uint8Array> {
  for (const [i, batch] of batches.entries()) {
    const transactions = decodeBatch(batch)
    if (isRejection(transactions)) continue
    for (const [j, transaction] of transactions.entries()) if (results[i]?.[j] === 0) yield transaction
  }
}

function* ownIn(
  chain: Chain,
  organization: number,
  content: Content,
): Generator<Omit<OwnTransaction, "height" | "former">> {
  for (const bytes of applied(content)) {
    const decoded = readShown(chain.anchor, bytes)
    // One that has expired since, and left its mark with the applied ids, is in the state no longer.
    if (isRejection(decoded) || !isOwn(chain.tables(), decoded, organization) || !chain.shows(bytes)) continue
    yield { bytes, decoded, visit: visitOf(decoded)?.V }
  }
}

function* ownInFormer(chain: Chain, organization: number, stored: ReadOnlyChain): Generator<OwnTransaction> {
  for (let height = stored.lowestHeight; height <= stored.height; height++) {
    const body = stored.body(height)
    if (body === undefined) continue
    for (const found of ownIn(chain, organization, body)) yield { ...found, height, former: true }
  }
}

/** By ascending height, those of former chains first; each once. */
export async function* ownTransactions(
  chain: Chain,
  organization: number,
  directory: string,
): AsyncGenerator<OwnTransaction> {
  const seen = new Set<string>()
  const isNew = ({ decoded, bytes }: OwnTransaction) => {
    const name = `${toHex(decoded.id)}-${bytes.length}-${decoded.signatures.length}`
    return seen.size < seen.add(name).size
  }
  for (const name of readdirSync(directory)
    .filter((one) => one.startsWith("ledger-"))
    .sort()) {
    if (!holdsStore(join(directory, name))) continue
    const stored = new ReadOnlyChain(join(directory, name))
    try {
      for (const found of ownInFormer(chain, organization, stored)) if (isNew(found)) yield found
    } finally {
      await stored.close()
    }
  }
  const last = chain.height
  for (let height = 1; height <= last; height++) {
    const block = chain.source.block(height)
    if (block === undefined) continue
    for (const found of ownIn(chain, organization, block)) {
      const own = { ...found, height, former: false }
      if (isNew(own)) yield own
    }
  }
}
