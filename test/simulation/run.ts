/** Runs seeds, a few side by side, each on a directory of its own in memory where there is one. */
import { existsSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type BridgeMaker, realBridge } from "./app-process.ts"
import { LedgerMachine } from "./ledger-machine.ts"
import { type Counts, Simulation, type SimulationOptions } from "./simulation.ts"
import { TallyMachine } from "./tally-machine.ts"

export const kinds = ["tally", "ledger"] as const
export type Kind = (typeof kinds)[number]

export interface Failure {
  readonly seed: number
  readonly cause: unknown
}

const sideBySide = 2

/** A directory for many small stores: their writes are what takes the time. */
export function newRoot(): string {
  return mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "countersign-simulation-"))
}

/** How many nodes a seed has, and how they are set up. */
function optionsOf(seed: number): Omit<SimulationOptions, "directory" | "bridge" | "steps"> {
  const founders = seed % 7 === 6 ? 5 : 4
  const nodes = seed % 3 === 0 ? founders + 1 : founders + (seed % 21 === 20 ? 2 : 0)
  return { seed, founders, nodes, snapshotEvery: 2 + (seed % 3), keepBlocks: 0 }
}

export async function simulate(
  kind: Kind,
  seed: number,
  { root, bridge = realBridge, ...more }: { root: string; bridge?: BridgeMaker } & Partial<SimulationOptions>,
): Promise<{ readonly counts: Counts; readonly simulation: Finished }> {
  // The ledger's deposits come first: a history needs some steps more.
  const steps = kind === "ledger" ? 500 : 300
  const options = { ...optionsOf(seed), steps, ...more, bridge, directory: mkdtempSync(join(root, "s")) }
  if (kind === "tally") return finished(new Simulation(new TallyMachine(options.founders, options.nodes), options))
  const machine = await LedgerMachine.make(options.founders, join(options.directory, "genesis"))
  return finished(new Simulation(machine, options))
}

/** What a run leaves to look at. */
export type Finished = Pick<Simulation<never>, "chain">

async function finished(simulation: Finished & { run(): Promise<Counts> }) {
  return { counts: await simulation.run(), simulation }
}

/** All of these seeds; those that fail are told, and do not keep the others from running. */
export async function runSeeds(
  kind: Kind,
  seeds: readonly number[],
  root: string,
): Promise<{ readonly counts: Counts; readonly failures: readonly Failure[] }> {
  const counts: Counts = new Map()
  const failures: Failure[] = []
  let next = 0
  const lane = async () => {
    for (let at = next++; at < seeds.length; at = next++) {
      const seed = seeds[at]!
      try {
        for (const [what, times] of (await simulate(kind, seed, { root })).counts)
          counts.set(what, (counts.get(what) ?? 0) + times)
      } catch (cause) {
        failures.push({ seed, cause })
      }
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, lane))
  return { counts, failures }
}
