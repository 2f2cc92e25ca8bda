/**
 * The ledger on four validators, each a process with its own CometBFT, as rival organizations would run it: how long a
 * counter-signature takes to be settled, how many visits a second it bears, with one validator dead, with old blocks
 * dropped, and beside the floor in the same run: the bare engine with the same batches.
 */
import { tmpdir } from "node:os"
import { cometBftVersion, findCometBft } from "../src/engine/comet/binary.ts"
import { cometSettings, type Timeouts } from "../src/engine/comet/home.ts"
import { Floor, type Recording } from "./floor.ts"
import { commit, type Machine, machine } from "./place.ts"
import { type Load, presignFor } from "./presign.ts"
import { type DiskFigures, type OpenFigures, type SustainedFigures, Trial, type TrialOptions } from "./trial.ts"
import { maxBlockBytes } from "./validator-messages.ts"
import { networkSize } from "./validators.ts"

export interface ConsortiumOptions {
  /** Of each stage. */
  readonly seconds: number
  readonly seed: number
  /** Other than the product's. */
  readonly timeouts: Partial<Timeouts>
  readonly say: (line: string) => void
}

/** One chain through the stages that all chains go through. */
export interface ChainFigures extends DiskFigures {
  readonly at100: OpenFigures
  readonly sustained: SustainedFigures
}

export interface ConsortiumReport {
  readonly machine: Machine
  readonly commit: string
  readonly seed: number
  readonly seconds: number
  readonly validators: number
  readonly cometbft: string
  /** What CometBFT is told, but for addresses and paths. */
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly full: ChainFigures
  readonly at10: OpenFigures
  readonly oneDead: OpenFigures
  /** The same with old blocks dropped. */
  readonly pruned: ChainFigures & { readonly keepBlocks: number }
  /** The bare engine with the batches of `full`; its rate is that of the visits in them. */
  readonly floor: Pick<ChainFigures, "at100" | "sustained">
}

const keepBlocks = 200
/** Visits that are signed for each second of a stage: more than two cores bear. */
const signedPerSecond = 1000

function settingsOf(timeouts: Partial<Timeouts>): ConsortiumReport["settings"] {
  const place = { abciSocket: `${tmpdir()}/a`, rpcSocket: `${tmpdir()}/r`, p2p: { host: "127.0.0.1", port: 0 } }
  const genesis = { chainId: "x", genesisTime: { seconds: 0, nanos: 0 }, protocol: 1, validators: [], maxBlockBytes }
  const sections = cometSettings({ ...genesis, ...place, persistentPeers: [], timeouts })
  const own = ["proxy_app", "moniker", "laddr", "external_address", "persistent_peers"]
  const entries = Object.entries(sections).flatMap(([section, values]) =>
    Object.entries(values)
      .filter(([name]) => !own.includes(name) && !name.endsWith("_file"))
      .map(([name, value]) => [section === "" ? name : `${section}.${name}`, value] as const),
  )
  return Object.fromEntries([...entries, ["genesis.block.max_bytes", maxBlockBytes]])
}

type Say = ConsortiumOptions["say"]

async function measureChain(trial: Trial, name: string, say: Say): Promise<ChainFigures> {
  say(`${name}: 100 visits a second offered`)
  const at100 = await trial.offer(100)
  say(`${name}: as many as it bears`)
  const sustained = await trial.saturate()
  return { at100, sustained, ...(await trial.disk()) }
}

/** What was recorded of a stage, by heights. */
async function record(
  trial: Trial,
  from: number,
  { blocks, visits, tookSeconds }: OpenFigures | SustainedFigures,
): Promise<Recording> {
  const batches = await trial.batches(from, from + blocks)
  return { batches, visits, seconds: tookSeconds, outstanding: trial.outstanding }
}

interface Full {
  readonly full: ChainFigures
  readonly at10: OpenFigures
  readonly oneDead: OpenFigures
  readonly recordings: Readonly<Record<"at100" | "sustained", Recording>>
}

async function measureFull(trial: Trial, say: Say): Promise<Full> {
  const full = await measureChain(trial, "four validators", say)
  const recordings = {
    at100: await record(trial, full.at100.from, full.at100),
    sustained: await record(trial, full.sustained.from, full.sustained),
  }
  say("10 visits a second offered")
  const at10 = await trial.offer(10)
  await trial.killOne()
  say("one validator dead, 100 visits a second offered")
  return { full, recordings, at10, oneDead: await trial.offer(100) }
}

async function measureFloor(floor: Floor, { at100, sustained }: Full["recordings"], say: Say) {
  say("the floor: the same batches on the bare engine")
  return { at100: await floor.offer(at100, 100), sustained: await floor.saturate(sustained) }
}

/** Runs something on what was opened, and closes that. */
async function using<T extends { close(): Promise<void> }, R>(
  opening: Promise<T>,
  run: (opened: T) => Promise<R>,
): Promise<R> {
  const opened = await opening
  try {
    return await run(opened)
  } finally {
    await opened.close()
  }
}

/** All of it. A sentence where there is no CometBFT to measure. */
export async function measureConsortium({
  seconds,
  seed,
  timeouts,
  say,
}: ConsortiumOptions): Promise<ConsortiumReport | string> {
  const binary = findCometBft()
  if (binary === undefined)
    return "The consortium is not measured: CometBFT is not installed; npm run engine builds it."
  const place = machine()
  const visits = seconds * signedPerSecond + 10_000
  const hour = Math.floor(Date.now() / 3_600_000)
  say(`signing ${visits} visits`)
  const load: Load = await presignFor(hour, seed, visits)
  const options: TrialOptions = { seconds, seed, hour }
  const settings = { binary, timeouts }
  const { recordings, ...measured } = await using(Trial.begin(settings, load, options), (trial) =>
    measureFull(trial, say),
  )
  const pruned = await using(Trial.begin({ ...settings, keepBlocks }, load, options), (trial) =>
    measureChain(trial, `only ${keepBlocks} blocks kept`, say),
  )
  const floor = await using(Floor.begin(settings, options), (floor) => measureFloor(floor, recordings, say))
  return {
    machine: place,
    commit: commit(),
    seed,
    seconds,
    validators: networkSize,
    cometbft: await cometBftVersion(binary),
    settings: settingsOf(timeouts),
    ...measured,
    pruned: { ...pruned, keepBlocks },
    floor,
  }
}
