/** A State in memory for tests and dry runs: maps of rows, sorted only when the lowest or all are asked for. */

import { mapKey } from "#crypto"
import { compareBytes } from "../base/bytes.ts"
import type { State } from "../base/state.ts"

interface MemoryTable {
  readonly rows: Map<string, readonly [key: Uint8Array, value: Uint8Array]>
  /** Ascending; thrown away by every change of the set of keys. */
  sorted: readonly string[] | undefined
}

export class MemoryState implements State {
  readonly #tables = new Map<string, MemoryTable>()

  #table(name: string): MemoryTable {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = { rows: new Map(), sorted: [] }
      this.#tables.set(name, table)
    }
    return table
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    return this.#table(table).rows.get(mapKey(key))?.[1]
  }

  put(table: string, key: Uint8Array, value: Uint8Array): void {
    const { rows } = this.#table(table)
    const id = mapKey(key)
    if (!rows.has(id)) this.#table(table).sorted = undefined
    rows.set(id, [key, value])
  }

  remove(table: string, key: Uint8Array): void {
    if (this.#table(table).rows.delete(mapKey(key))) this.#table(table).sorted = undefined
  }

  #sorted(table: string): readonly string[] {
    const { rows, sorted } = this.#table(table)
    if (sorted !== undefined) return sorted
    const fresh = [...rows].sort(([, [a]], [, [b]]) => compareBytes(a, b)).map(([id]) => id)
    this.#table(table).sorted = fresh
    return fresh
  }

  first(table: string, count: number): readonly (readonly [key: Uint8Array, value: Uint8Array])[] {
    const { rows } = this.#table(table)
    return this.#sorted(table)
      .slice(0, count)
      .map((id) => rows.get(id)!)
  }

  rows(table: string): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.first(table, this.#table(table).rows.size)
  }

  /** Another state with the same rows. */
  copy(): MemoryState {
    const copy = new MemoryState()
    for (const [name, { rows }] of this.#tables) copy.#tables.set(name, { rows: new Map(rows), sorted: undefined })
    return copy
  }

  /** Every row of every table, in one order: two states are equal when these are. */
  dump(): readonly (readonly [table: string, key: Uint8Array, value: Uint8Array])[] {
    return [...this.#tables.keys()]
      .sort()
      .flatMap((name) => [...this.rows(name)].map(([key, value]) => [name, key, value] as const))
  }
}
