/** What a fault is to the runner: something that it does to running processes, and then takes back. */
import type { Consortium } from "./consortium.ts"
import type { Load } from "./load.ts"
import type { Random } from "./random.ts"

export interface Scene {
  readonly consortium: Consortium
  readonly load: Load
  readonly random: Random
  /** Empty, and the round's own. */
  readonly scratch: string
  /** To be said in the round's row. */
  note(text: string): void
  /** What should have been so during the fault, and was not. */
  fail(text: string): void
}

export interface Fault {
  readonly name: string
  /** Why it cannot be done on this machine; undefined when it can. */
  readonly absent?: () => string | undefined
  /** Harms, waits, heals. Resolves when everything may recover. */
  readonly strike: (scene: Scene) => Promise<void>
}

/** Transactions acknowledged from one moment to another. */
export function acknowledgedBetween({ load }: Pick<Scene, "load">, from: number, to: number): number {
  return load.sent.filter(({ acknowledgedAt: at }) => at !== undefined && at >= from && at < to).length
}
