/**
 * Typed access to the state during one block. Rows are decoded once and written back once, at the end of the block,
 * so that hot rows (accounts, keys, the visit of a hold and its settlement) cost one decoding and one encoding.
 */
import { mapKey } from "#crypto"
import { decodeAs, encodeAs } from "../base/schema.ts"
import type { State } from "../base/state.ts"
import { type KeyOf, type RowOf, schemas, type TableName, type TableSchema } from "./rows.ts"

/** A row as this block found it and as it stands now. */
export interface Change<K, V> {
  readonly key: K
  readonly before: V | undefined
  readonly after: V | undefined
}

interface Cached<K, V> {
  readonly key: K
  readonly bytes: Uint8Array
  readonly before: V | undefined
  after: V | undefined
  dirty: boolean
  /** Written to the state since the last change. */
  written: boolean
}

export class Table<K, V> {
  readonly name: TableName
  readonly #state: State
  readonly #schema: TableSchema<K, V>
  readonly #cacheKey: (key: K) => string | number
  readonly #cache = new Map<string | number, Cached<K, V>>()
  readonly #changed: Cached<K, V>[] = []
  #unwritten: Cached<K, V>[] = []

  constructor(name: TableName, state: State, schema: TableSchema<K, V>) {
    this.name = name
    this.#state = state
    this.#schema = schema
    this.#cacheKey = cacheKeyOf(schema.key)
  }

  #row(key: K): Cached<K, V> {
    const id = this.#cacheKey(key)
    const known = this.#cache.get(id)
    if (known !== undefined) return known
    const bytes = encodeAs(this.#schema.key, key)
    const stored = this.#state.get(this.name, bytes)
    const value = stored === undefined ? undefined : decodeAs(this.#schema.value, stored)
    const row = { key, bytes, before: value, after: value, dirty: false, written: true }
    this.#cache.set(id, row)
    return row
  }

  get(key: K): V | undefined {
    return this.#row(key).after
  }

  #set(key: K, value: V | undefined): void {
    const row = this.#row(key)
    row.after = value
    if (row.written) {
      row.written = false
      this.#unwritten.push(row)
    }
    if (!row.dirty) {
      row.dirty = true
      this.#changed.push(row)
    }
  }

  put(key: K, value: V): void {
    this.#set(key, value)
  }

  remove(key: K): void {
    this.#set(key, undefined)
  }

  /** Writes every change so far to the state, in the order of the first change. */
  flush(): void {
    for (const row of this.#unwritten) {
      if (row.after !== undefined) this.#state.put(this.name, row.bytes, encodeAs(this.#schema.value, row.after))
      else this.#state.remove(this.name, row.bytes)
      row.written = true
    }
    this.#unwritten = []
  }

  /** Up to `count` rows with the lowest keys. */
  first(count: number): readonly (readonly [key: K, value: V])[] {
    this.flush()
    return this.#state.first(this.name, count).map((row) => this.#decode(row))
  }

  /** Every row by ascending key: a scan of the table. */
  *rows(): Generator<readonly [key: K, value: V]> {
    this.flush()
    for (const row of this.#state.rows(this.name)) yield this.#decode(row)
  }

  #decode([key, value]: readonly [Uint8Array, Uint8Array]): readonly [key: K, value: V] {
    return [decodeAs(this.#schema.key, key), decodeAs(this.#schema.value, value)]
  }

  /** What this block has changed so far, in the order of the first change. */
  changes(): readonly Change<K, V>[] {
    return this.#changed
  }
}

/** Keys are one or two fields: a number, bytes, or one after the other. */
function cacheKeyOf<K>(codec: { readonly size: number }): (key: K) => string | number {
  let names: string[] | undefined
  const part = (value: unknown) => (value instanceof Uint8Array ? mapKey(value) : (value as number))
  return (key) => {
    const fields = key as Readonly<Record<string, unknown>>
    names ??= Object.keys(fields)
    if (codec.size === 1) return part(fields[names[0]!])
    return `${part(fields[names[0]!])}|${part(fields[names[1]!])}`
  }
}

export type Tables = { readonly [N in TableName]: Table<KeyOf<N>, RowOf<N>> } & {
  /** Writes all changes of the block to the state. */
  readonly flush: () => void
}

/** The tables of a state for the length of one block. Nothing reaches the state before `flush`. */
export function openTables(state: State): Tables {
  const tables: Record<string, unknown> = {}
  const all: { flush(): void }[] = []
  for (const [name, schema] of Object.entries(schemas)) {
    const opened = new Table(name as TableName, state, schema as unknown as TableSchema<unknown, unknown>)
    tables[name] = opened
    all.push(opened)
  }
  tables["flush"] = () => {
    for (const opened of all) opened.flush()
  }
  return tables as unknown as Tables
}
