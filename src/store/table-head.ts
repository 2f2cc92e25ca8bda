/**
 * The lowest rows of one table, kept sorted in memory: every transaction prunes by asking for a table's first rows,
 * and a range read of the database costs more than the rest of the pruning.
 */
import { compareBytes } from "../base/bytes.ts"

export type Row = readonly [key: Uint8Array, value: Uint8Array]

const keepRows = 512
const reloadRows = 256

export class TableHead {
  #rows: [Uint8Array, Uint8Array][] = []
  /** Whether the table has no rows but these. */
  #complete = false
  readonly #load: (count: number) => readonly Row[]

  /** @param load - reads the table's lowest rows as they stand; fewer than asked for means these are all. */
  constructor(load: (count: number) => readonly Row[]) {
    this.#load = load
    this.#reload(reloadRows)
  }

  first(count: number): readonly Row[] {
    if (this.#rows.length < count && !this.#complete) this.#reload(Math.max(reloadRows, count))
    return this.#rows.slice(0, count).map(([key, value]) => [key, value] as const)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const index = this.#find(key)
    if (index >= 0) this.#rows[index]![1] = value
    else if (this.#complete || ~index < this.#rows.length) {
      this.#rows.splice(~index, 0, [key, value])
      if (this.#rows.length > keepRows) {
        this.#rows.length = reloadRows
        this.#complete = false
      }
    }
  }

  remove(key: Uint8Array): void {
    const index = this.#find(key)
    if (index >= 0) this.#rows.splice(index, 1)
  }

  #reload(count: number): void {
    const rows = this.#load(count)
    this.#rows = rows.map(([key, value]) => [key, value])
    this.#complete = rows.length < count
  }

  #find(key: Uint8Array): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compareBytes(this.#rows[middle]![0], key)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle
    }
    return ~low
  }
}
