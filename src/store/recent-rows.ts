/**
 * Rows read or written lately, so that accounts, keys and parameters are not looked up on disk for each transaction.
 * Two generations: when the young one is full it becomes the old one, and what was not asked for since is forgotten.
 */
const rowsPerGeneration = 20_000

export class RecentRows {
  #young = new Map<string, Uint8Array>()
  #old = new Map<string, Uint8Array>()

  get(id: string): Uint8Array | undefined {
    const value = this.#young.get(id)
    if (value !== undefined) return value
    const old = this.#old.get(id)
    if (old !== undefined) this.put(id, old)
    return old
  }

  put(id: string, value: Uint8Array): void {
    this.#young.set(id, value)
    if (this.#young.size < rowsPerGeneration) return
    this.#old = this.#young
    this.#young = new Map()
  }

  remove(id: string): void {
    this.#young.delete(id)
    this.#old.delete(id)
  }
}
