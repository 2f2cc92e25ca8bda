/**
 * A page of a public register, for anybody without a copy of the ledger: rows of organizations, plans, practitioners or
 * keys, each with its way to a header that the reader's own trust anchor reaches. A row may be shown absent: then it is
 * proven that the ledger has none of this key.
 *
 * That a list is whole is not proven, but for the organizations: their numbers have no gaps, so the absence of the next
 * one ends the list. Whoever asks about one key gets a row or its absence.
 */
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { chainIdCodec } from "../base/chain/header.ts"
import { b32, bytes, type Codec, type Decoded, decodeAs, encodeAs, list, opt, struct } from "../base/schema.ts"
import { keyHash, type StateProof, valueHash, verifyStateProof } from "../base/state.ts"
import { type KeyOf, type RowOf, schemas } from "../ledger/rows.ts"
import { type Failure, fail } from "./reason.ts"
import { type SignedHeader, signedHeaderFields, tagged } from "./receipt.ts"
import { checkHeader, type TrustAnchor } from "./trust.ts"
import { isFailure, orFailure, type Trust } from "./verify.ts"

export const registerNames = ["organizations", "plans", "practitioners", "keys"] as const
export type RegisterName = (typeof registerNames)[number]

/** Rows on a page, absent ones included. */
export const mostPageRows = 64
/** Larger pages are refused unread. */
export const mostRegisterPageBytes = 1024 * 1024

/** A row with its way to the app hash, or, without a value, the proof that there is none. */
export interface PageRow {
  readonly table: RegisterName
  /** As the state holds it: CBOR. */
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
  readonly pairs: StateProof["pairs"]
  readonly siblings: readonly Uint8Array[]
}

export interface RegisterPage extends SignedHeader {
  readonly rows: readonly PageRow[]
}

const registerName: Codec<RegisterName> = {
  read(reader) {
    const text = reader.text()
    const known = registerNames.find((name) => name === text)
    if (known === undefined) throw new EncodingError("Cannot read CBOR: no public register")
    return known
  },
  write: (writer, value) => writer.text(value),
}
const pageRow = struct({
  table: registerName,
  key: bytes(1, 128),
  value: opt(bytes(1, 65536)),
  pairs: list(struct({ key: b32, value: b32 }), 0, 4096),
  siblings: list(b32, 1, 24),
})
const pageCodec = struct({
  tag: tagged("register-page/1"),
  chainId: chainIdCodec,
  genesis: b32,
  rows: list(pageRow, 1, mostPageRows),
  ...signedHeaderFields,
})

export function encodeRegisterPage(page: RegisterPage): Uint8Array {
  const encoded: Decoded<typeof pageCodec> = { tag: "register-page/1", ...page }
  return encodeAs(pageCodec, encoded)
}

/** @throws EncodingError unless `encoded` is exactly one page in its canonical form. */
export function decodeRegisterPage(encoded: Uint8Array): RegisterPage {
  if (encoded.length > mostRegisterPageBytes) throw new EncodingError("Cannot read register page: too large")
  const { tag: _, ...page } = decodeAs(pageCodec, encoded)
  return page
}

/** A row as decoded; `value` undefined says that there is none of this key. */
export type RegisterRow = {
  [N in RegisterName]: { readonly table: N; readonly key: KeyOf<N>; readonly value: RowOf<N> | undefined }
}[RegisterName]

/** @throws EncodingError where key or value is not one of its table. */
export function readPageRow({ table, key, value }: Pick<PageRow, "table" | "key" | "value">): RegisterRow {
  const schema = schemas[table]
  const read = { key: decodeAs<unknown>(schema.key, key), value: value && decodeAs<unknown>(schema.value, value) }
  return { table, ...read } as RegisterRow
}

export interface OpenedRegisterPage {
  readonly chainId: string
  readonly trust: Trust
  /** Of the header that proves the rows: nothing later is in them. */
  readonly at: { readonly height: number; readonly seconds: number }
  readonly rows: readonly RegisterRow[]
  /** These are all organizations there are: numbers 1 to n are here, and n + 1 is proven absent. */
  readonly allOrganizations: boolean
}

function isShown({ table, key, value, pairs, siblings }: PageRow, appHash: Uint8Array, k: number): boolean {
  const shown = verifyStateProof(appHash, keyHash(table, key), { k, pairs, siblings })
  if (value === undefined) return shown === "absent"
  return shown instanceof Uint8Array && equalBytes(shown, valueHash(value))
}

function isWhole(rows: readonly RegisterRow[]): boolean {
  const organizations = rows.filter((row) => row.table === "organizations")
  const last = organizations.length
  return (
    last > 1 &&
    organizations.every(({ key, value }, i) => key.org === i + 1 && (value === undefined) === (i + 1 === last))
  )
}

/** What a page shows of the registers, or why it shows nothing. Any bytes may be given. */
export function openRegisterPage(encoded: Uint8Array, anchor: TrustAnchor): OpenedRegisterPage | Failure {
  const page = orFailure(() => decodeRegisterPage(encoded), "bad-encoding")
  if (isFailure(page)) return page
  const { header, validators, chainId } = page
  const broken = checkHeader(page, anchor, [])
  if (broken !== undefined) return broken
  if (!page.rows.every((row) => isShown(row, header.appHash, anchor.k))) return fail("state-forged")
  const rows = orFailure(() => page.rows.map(readPageRow), "state-forged")
  if (isFailure(rows)) return rows
  const at = { height: header.height, seconds: header.time.seconds }
  const trust: Trust = validators.length === 1 ? "operator" : "byzantine"
  return { chainId, trust, at, rows, allOrganizations: isWhole(rows) }
}
