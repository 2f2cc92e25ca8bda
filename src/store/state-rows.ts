/**
 * The rows of the state as rules see them: what LMDB holds, under what blocks not yet on disk have written. Reads see
 * every earlier write at once; rows of blocks in flight leave memory only when their commit is durable.
 */
import { mapKey, toUtf8 } from "#crypto"
import { compareBytes } from "../base/bytes.ts"
import type { State } from "../base/state.ts"
import { type Bytes, owned } from "./environment.ts"
import { treePrefix } from "./hash.ts"
import { RecentRows } from "./recent-rows.ts"
import { type Row, TableHead } from "./table-head.ts"

/** One written row of a block; `value` undefined is a removal. */
export interface Write {
  readonly table: Table
  readonly id: string
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** What is kept of a table: how its keys look in LMDB and in the tree, and what is not on disk yet. */
export interface Table {
  /** Name ‖ 0x00. */
  readonly prefix: Buffer
  /** CBOR of the array head and the name, to hash before a key. */
  readonly treePrefix: Uint8Array
  readonly dirty: Map<string, Write>
  readonly recent: RecentRows
  head: TableHead | undefined
}

export class StateRows implements State {
  readonly #database: Bytes
  readonly #tables = new Map<string, Table>()
  #open = new Map<string, Write>()

  constructor(database: Bytes) {
    this.#database = database
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    const rows = this.#table(table)
    const id = mapKey(key)
    const written = rows.dirty.get(id)
    if (written !== undefined) return written.value
    const recent = rows.recent.get(id)
    if (recent !== undefined) return recent
    const stored = this.#database.getBinary(databaseKey(rows, key))
    if (stored === undefined) return undefined
    const value = owned(stored)
    rows.recent.put(id, value)
    return value
  }

  put(table: string, key: Uint8Array, value: Uint8Array): void {
    this.#write(table, key, value)
  }

  remove(table: string, key: Uint8Array): void {
    this.#write(table, key, undefined)
  }

  first(table: string, count: number): readonly Row[] {
    const rows = this.#table(table)
    rows.head ??= new TableHead((wanted) => this.#lowest(rows, wanted))
    return rows.head.first(count)
  }

  *rows(table: string): Iterable<Row> {
    yield* this.#merged(this.#table(table))
  }

  /** Ends the open block: its writes, each row once. They stay visible. */
  seal(): readonly Write[] {
    const writes = [...this.#open.values()]
    this.#open = new Map()
    return writes
  }

  /** The writes are on disk: what no later block wrote over need not be held any longer. */
  settle(writes: readonly Write[]): void {
    for (const write of writes) {
      const { table, id, value } = write
      if (table.dirty.get(id) !== write) continue
      table.dirty.delete(id)
      if (value === undefined) table.recent.remove(id)
      else table.recent.put(id, value)
    }
  }

  #write(name: string, key: Uint8Array, value: Uint8Array | undefined): void {
    const table = this.#table(name)
    const id = mapKey(key)
    const write = { table, id, key, value }
    table.dirty.set(id, write)
    this.#open.set(`${name}\0${id}`, write)
    if (value === undefined) table.head?.remove(key)
    else table.head?.put(key, value)
  }

  #table(name: string): Table {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = tableNamed(name)
      this.#tables.set(name, table)
    }
    return table
  }

  #lowest(table: Table, count: number): readonly Row[] {
    const lowest: Row[] = []
    for (const row of this.#merged(table)) {
      if (lowest.length === count) break
      lowest.push(row)
    }
    return lowest
  }

  /** The rows on disk and the ones that are not yet, in one order. */
  *#merged(table: Table): Iterable<Row> {
    const dirty = [...table.dirty.values()].sort((a, b) => compareBytes(a.key, b.key))
    let next = 0
    for (const { key: stored, value } of this.#database.getRange(rangeOf(table))) {
      const key = owned((stored as Buffer).subarray(table.prefix.length))
      for (; next < dirty.length && compareBytes(dirty[next]!.key, key) < 0; next++) {
        if (dirty[next]!.value !== undefined) yield [dirty[next]!.key, dirty[next]!.value!]
      }
      if (!table.dirty.has(mapKey(key))) yield [key, owned(value)]
    }
    for (; next < dirty.length; next++) {
      if (dirty[next]!.value !== undefined) yield [dirty[next]!.key, dirty[next]!.value!]
    }
  }
}

function tableNamed(name: string): Table {
  return {
    prefix: Buffer.concat([toUtf8(name), Buffer.alloc(1)]),
    treePrefix: treePrefix(name),
    dirty: new Map(),
    recent: new RecentRows(),
    head: undefined,
  }
}

function rangeOf({ prefix }: Table): { start: Uint8Array; end: Uint8Array } {
  const end = Buffer.from(prefix)
  end[end.length - 1] = 1
  return { start: prefix, end }
}

function databaseKey(table: Table, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(table.prefix.length + key.length)
  bytes.set(table.prefix)
  bytes.set(key, table.prefix.length)
  return bytes
}

/** The last value of every row, by ascending key: LMDB then copies each page once. */
export function sortedRows(sealed: readonly (readonly Write[])[]): [Buffer, Uint8Array | undefined][] {
  const last = new Map<string, Write>()
  if (sealed.length === 1) {
    return sealed[0]!.map((write) => row(write)).sort((a, b) => Buffer.compare(a[0], b[0]))
  }
  for (const writes of sealed) for (const write of writes) last.set(`${write.table.prefix}${write.id}`, write)
  return [...last.values()].map((write) => row(write)).sort((a, b) => Buffer.compare(a[0], b[0]))
}

function row({ table, key, value }: Write): [Buffer, Uint8Array | undefined] {
  return [databaseKey(table, key), value]
}
