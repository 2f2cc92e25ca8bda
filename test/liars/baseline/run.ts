/** Tells every lie to the baseline, each once, on one PostgreSQL of the run's own. */
import type { Cell } from "../lies.ts"
import { operatorLies } from "./operator-lies.ts"
import { patientLies, payerLies } from "./payer-and-patient-lies.ts"
import { Cluster, serverBinaries } from "./postgres.ts"
import { providerLies } from "./provider-lies.ts"
import { BaselineScene } from "./scene.ts"
import type { BaselineLie } from "./telling.ts"
import { thiefLies } from "./thief-lies.ts"

const told: Readonly<Record<string, BaselineLie>> = {
  ...providerLies,
  ...payerLies,
  ...patientLies,
  ...operatorLies,
  ...thiefLies,
  // In the baseline a member's desk and the operator's server have nothing but one wire between them.
  "wire-inside": thiefLies["wire"]!,
}

/** Why the baseline cannot run here; undefined when it can. */
export function noBaseline(): string | undefined {
  return serverBinaries() === undefined ? "PostgreSQL is absent: apt-get install postgresql" : undefined
}

/** @throws NotTold, or what the lie met, with the lie's name before it. */
export async function tellBaseline(
  report: (id: string) => void,
): Promise<{ readonly cells: ReadonlyMap<string, Cell>; readonly version: string }> {
  const cluster = await Cluster.start(serverBinaries()!)
  try {
    const scene = await BaselineScene.open(cluster)
    const cells = new Map<string, Cell>()
    for (const [id, lie] of Object.entries(told)) {
      try {
        cells.set(id, await lie(scene))
      } catch (cause) {
        throw new Error(`The baseline's ${id} failed: ${cause instanceof Error ? cause.message : cause}`, { cause })
      }
      report(id)
    }
    await scene.close()
    return { cells, version: cluster.version }
  } finally {
    await cluster.stop()
  }
}
