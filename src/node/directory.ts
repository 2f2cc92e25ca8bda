/** Where the other organizations' nodes are: addresses and sealing keys, told by whoever runs this node. */
import type { Correspondent } from "./mailbox.ts"

export interface Entry extends Correspondent {
  readonly organization: number
  readonly name: string
  readonly kind: string
}

export class Directory {
  #entries = new Map<number, Entry>()

  set(entries: readonly Entry[]): void {
    this.#entries = new Map(entries.map((entry) => [entry.organization, entry]))
  }

  find(organization: number): Entry | undefined {
    return this.#entries.get(organization)
  }

  ofKind(kind: string): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === kind)
  }
}
