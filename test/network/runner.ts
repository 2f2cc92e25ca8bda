/** Starts the network once, puts money and a practitioner on its ledger, and plays one fault after another on it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Consortium } from "./consortium.ts"
import type { Fault } from "./fault.ts"
import { clockFaults } from "./faults-clock.ts"
import { diskFaults, mountSmallDisk, noSmallDisk, smallDiskOrganization, unmountSmallDisk } from "./faults-disk.ts"
import { floodFaults } from "./faults-flood.ts"
import { liarFaults } from "./faults-liars.ts"
import { linkFaults } from "./faults-links.ts"
import { malformedFaults } from "./faults-malformed.ts"
import { processFaults } from "./faults-processes.ts"
import { stepFaults } from "./faults-steps.ts"
import { Judge } from "./judge.ts"
import { Load } from "./load.ts"
import { Random } from "./random.ts"
import { playRound, type Row } from "./round.ts"
import { Scribe } from "./visits.ts"

export const faults: readonly Fault[] = [
  ...processFaults,
  ...stepFaults,
  ...linkFaults,
  ...diskFaults,
  ...clockFaults,
  ...liarFaults,
  ...malformedFaults,
  ...floodFaults,
]

export interface RunOptions {
  /** Names of `faults`, in the order to be played. */
  readonly faults: readonly string[]
  /** How often each is played. */
  readonly rounds: number
  readonly seed: number
  readonly visitsPerSecond: number
  readonly onRow?: (row: Row) => void
  /** Ends the run after the round that is being played. */
  readonly signal?: AbortSignal
}

/** Minor units: enough for any number of visits that a run can have. */
const deposit = 10n ** 12n

/** @throws Fault when the network does not start, or takes nothing; Error when the signal ends the run. */
export async function runFaults(options: RunOptions): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "cs-faults-"))
  const ends: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })]
  const ended = new Promise<never>((_, reject) => {
    options.signal?.addEventListener("abort", () => reject(new Error("ended before its time")))
  })
  try {
    return await Promise.race([playAll(directory, options, ends), ended])
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function playAll(
  directory: string,
  { seed, rounds, onRow, visitsPerSecond, faults: names }: RunOptions,
  ends: (() => unknown)[],
): Promise<readonly Row[]> {
  const wantsSmallDisk = names.includes("disk-full") && noSmallDisk() === undefined
  const consortium = await Consortium.start(join(directory, "net"), {
    makeDirectory: (organization, path) => {
      if (organization !== smallDiskOrganization || !wantsSmallDisk) return
      mountSmallDisk(path)
      ends.push(() => unmountSmallDisk(path))
    },
    onStarting: (begun) => ends.push(() => begun.stop()),
  })
  const scribe = new Scribe(consortium.network.chainId, consortium.rings, new Random(seed))
  const load = new Load(consortium, { visitsPerSecond, scribe, random: new Random(seed + 1) })
  for (const prepared of scribe.beginning(deposit)) await load.send(prepared, 1)
  mkdirSync(join(directory, "replica"))
  const judge = await Judge.open(consortium, join(directory, "replica"), new Random(seed + 2))
  ends.push(() => judge.close())
  const stage = { consortium, load, judge, directory }
  const rows: Row[] = []
  for (let round = 0; round < rounds; round++) {
    for (const [i, name] of names.entries()) {
      const fault = faults.find((one) => one.name === name)!
      const row = await playRound(fault, stage, new Random(seed + 1000 * (round + 1) + i))
      rows.push(row)
      onRow?.(row)
    }
  }
  return rows
}
