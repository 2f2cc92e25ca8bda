/** One chain of four validators under load: its stages, and what each cost. */
import { Fault } from "../src/base/fault.ts"
import { closedLoop, isApplied, type Latencies, openLoop, poissonTimes, type Saturation } from "./offer.ts"
import type { Load } from "./presign.ts"
import type { ValidatorFigures } from "./validator-messages.ts"
import { BenchNetwork, type NetworkOptions, networkSize } from "./validators.ts"
import { signDeposits } from "./visits.ts"

export interface TrialOptions {
  /** Of each stage. */
  readonly seconds: number
  readonly seed: number
  /** Hours since 1970, for which the load is signed. */
  readonly hour: number
}

/** Where the time of a stage went. */
export interface StageCosts {
  /** Height before the first block of the stage. */
  readonly from: number
  readonly blocks: number
  /** Visits among which the costs are divided, and seconds until the last of them was answered. */
  readonly visits: number
  readonly tookSeconds: number
  /** Wall-clock milliseconds a transaction in the node it was handed to, mean, by stage in order. */
  readonly waits: Readonly<Record<string, number>>
  /** Processor microseconds a visit, all living validators together. */
  readonly work: Readonly<Record<string, number>>
  /** Of all cores in the stage, by validators and their CometBFT. */
  readonly coresUsed: number
}

export type OpenFigures = Latencies & StageCosts & { readonly offeredPerSecond: number }
export type SustainedFigures = Saturation & StageCosts & { readonly outstanding: number }

/** A visit is settled so long after it was held; in life it is a consultation later. */
const visitMs = 3000
/** Lanes of the closed loop: what saturates two cores and still answers within a few blocks. */
const outstanding = 400
const warmSeconds = 5

/** Bytes of a chain on one validator's disk. */
export interface DiskFigures {
  readonly disk: Readonly<Record<string, number>>
  readonly heights: number
  readonly visits: number
  readonly rssMb: number
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

export function costsOf(
  figures: readonly ValidatorFigures[],
  { from, visits, tookSeconds }: Pick<StageCosts, "from" | "visits" | "tookSeconds">,
): StageCosts {
  const transactions = sum(figures.map((one) => one.transactions))
  const waits = Object.keys(figures[0]!.waits).map((stage) => {
    const all = sum(figures.map((one) => one.waits[stage]! * one.transactions))
    return [stage, all / Math.max(1, transactions)] as const
  })
  const total = (of: (one: ValidatorFigures) => number) => sum(figures.map(of))
  const work = (stage: string) => total((one) => one.work[stage]!)
  const main = total(({ processor }) => processor.main)
  const milliseconds = {
    decode: work("decode"),
    "verify (main)": work("verify"),
    "verify (threads)": total(({ processor }) => processor.verifiers),
    execute: work("execute") - work("tree"),
    tree: work("tree"),
    "messages, batches, answers (main)": main - work("decode") - work("verify") - work("execute"),
    "collector, compiler (threads)": total(({ processor }) => processor.collector),
    "disk (thread)": total(({ processor }) => processor.disk),
    CometBFT: total(({ cometMs }) => cometMs),
  }
  return {
    from,
    visits,
    tookSeconds,
    blocks: Math.max(...figures.map(({ height }) => height)) - from,
    waits: Object.fromEntries(waits),
    work: Object.fromEntries(Object.entries(milliseconds).map(([name, ms]) => [name, (ms * 1000) / visits])),
    coresUsed: sum(Object.values(milliseconds)) / 1000 / tookSeconds,
  }
}

/** A chain and the visits that go onto it, in order. */
export class Trial {
  readonly #network: BenchNetwork
  readonly #load: Load
  readonly #options: TrialOptions
  /** Visits begun so far. */
  visits = 0

  private constructor(network: BenchNetwork, load: Load, options: TrialOptions) {
    this.#network = network
    this.#load = load
    this.#options = options
  }

  /** A new chain, its payers' money, and enough visits that the code is warm. */
  static async begin(settings: NetworkOptions, load: Load, options: TrialOptions): Promise<Trial> {
    const network = await BenchNetwork.open(settings)
    const trial = new Trial(network, load, options)
    try {
      for (const deposit of signDeposits(options.hour)) demandApplied(await network.submit(0, deposit))
      await trial.saturate(warmSeconds)
      return trial
    } catch (cause) {
      await network.close()
      throw cause
    }
  }

  /** Transactions under way at once while it is saturated. */
  get outstanding(): number {
    return outstanding
  }

  /** Every batch of the blocks above one height, up to another. */
  batches(above: number, to: number): Promise<readonly Uint8Array[]> {
    return this.#network.batches(above, to)
  }

  killOne(): Promise<void> {
    return this.#network.kill(networkSize - 1)
  }

  close(): Promise<void> {
    return this.#network.close()
  }

  /** Runs a stage and adds what it cost. */
  async #measured<R>(run: () => Promise<R & Pick<StageCosts, "visits">>): Promise<R & StageCosts> {
    const from = Math.max(...(await this.#network.figures({ reset: true })).map(({ height }) => height))
    const started = performance.now()
    const result = await run()
    const tookSeconds = (performance.now() - started) / 1000
    const figures = await this.#network.figures({ reset: true })
    return { ...result, ...costsOf(figures, { from, visits: result.visits, tookSeconds }) }
  }

  /** Visits held at the moments of a Poisson process, each settled a while later; the settlements are timed. */
  offer(perSecond: number): Promise<OpenFigures> {
    const { seconds, seed } = this.#options
    const times = poissonTimes(perSecond, seconds * 1000 + visitMs, seed)
    const first = this.#take(times.length)
    const shots = times.flatMap((atMs, i) => {
      const visit = first + i
      const hold = { atMs, counts: false, send: () => this.#network.submit(visit, this.#load.hold(visit)) }
      if (atMs >= seconds * 1000) return [hold]
      const settle = () => this.#network.submit(visit, this.#load.settlement(visit))
      return [hold, { atMs: atMs + visitMs, counts: true, send: settle }]
    })
    return this.#measured(async () => {
      const latencies = await openLoop(shots)
      return { ...latencies, offeredPerSecond: perSecond, visits: times.length }
    })
  }

  /** As many visits as there are lanes under way at any time; the settlements are timed. */
  saturate(seconds = this.#options.seconds): Promise<SustainedFigures> {
    const before = this.visits
    const round = async () => {
      if (this.visits === this.#load.visits) return undefined
      const visit = this.#take(1)
      demandApplied(await this.#network.submit(visit, this.#load.hold(visit)))
      const sent = performance.now()
      demandApplied(await this.#network.submit(visit, this.#load.settlement(visit)))
      return performance.now() - sent
    }
    return this.#measured(async () => {
      const saturation = await closedLoop(outstanding, seconds, round)
      return { ...saturation, outstanding, visits: this.visits - before }
    })
  }

  /** The number of the first of `count` visits that nobody has had yet. */
  #take(count: number): number {
    const first = this.visits
    this.visits += count
    if (this.visits > this.#load.visits) throw new Fault("Cannot bench: too few visits were signed")
    return first
  }

  /** Bytes on disk a visit that is on the chain, by what they are. */
  async disk(): Promise<DiskFigures> {
    const [first] = await this.#network.figures({ reset: false })
    const { disk, height, rssMb } = first!
    const perVisit = Object.entries(disk).map(([name, bytes]) => [name, bytes / this.visits])
    return { disk: Object.fromEntries(perVisit), heights: height, visits: this.visits, rssMb }
  }
}

function demandApplied(answer: number | string): void {
  if (!isApplied(answer)) throw new Fault(`Cannot measure: ${answer}`)
}
