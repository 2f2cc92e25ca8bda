/**
 * The floor: the same CometBFT, the same engine and the same batches, byte for byte, but an application without rules,
 * signatures or state. What is left is what agreeing on these bytes and keeping them costs.
 */
import { closedLoop, drawsOf, isApplied, openLoop } from "./offer.ts"
import { costsOf, type OpenFigures, type SustainedFigures, type TrialOptions } from "./trial.ts"
import { BenchNetwork, type NetworkOptions } from "./validators.ts"

/** The batches that a stage of the ledger made, and how many visits they stand for. */
export interface Recording {
  readonly batches: readonly Uint8Array[]
  readonly visits: number
  readonly seconds: number
  /** Transactions under way at once. */
  readonly outstanding: number
}

const saltBytes = 8

/** Batches without end: first the recorded ones, then the same with other salts, since nobody takes bytes twice. */
function* endless({ batches }: Recording): Generator<Uint8Array> {
  for (let round = 0; ; round++) {
    for (const batch of batches) {
      const bytes = Uint8Array.from(batch)
      if (round > 0) new DataView(bytes.buffer).setFloat64(bytes.length - saltBytes, round)
      yield bytes
    }
  }
}

export class Floor {
  readonly #network: BenchNetwork
  readonly #options: TrialOptions

  private constructor(network: BenchNetwork, options: TrialOptions) {
    this.#network = network
    this.#options = options
  }

  static async begin(settings: NetworkOptions, options: TrialOptions): Promise<Floor> {
    return new Floor(await BenchNetwork.open({ ...settings, bare: true }), options)
  }

  /** The recorded batches at chance moments over as long as they took; each is timed. */
  async offer({ batches, visits, seconds }: Recording, perSecond: number): Promise<OpenFigures> {
    const draw = drawsOf(this.#options.seed)
    const shots = batches.map((bytes, i) => {
      return { atMs: draw() * seconds * 1000, counts: true, send: () => this.#network.submit(i, bytes) }
    })
    const { from, result, tookSeconds, figures } = await this.#measured(() => openLoop(shots))
    return { ...result, ...costsOf(figures, { from, visits, tookSeconds }), offeredPerSecond: perSecond }
  }

  /** As many bytes under way as the ledger had; the rate is in visits. */
  async saturate(recording: Recording): Promise<SustainedFigures> {
    const { batches, visits } = recording
    const visitsPerBatch = visits / batches.length
    // Two transactions a visit.
    const lanes = Math.max(networkLanes, Math.round(recording.outstanding / (2 * visitsPerBatch)))
    const source = endless(recording)
    let next = 0
    const { from, result, tookSeconds, figures } = await this.#measured(() =>
      closedLoop(lanes, this.#options.seconds, async () => {
        const sent = performance.now()
        isApplied(await this.#network.submit(next++, source.next().value))
        return performance.now() - sent
      }),
    )
    return {
      ...result,
      ...costsOf(figures, { from, visits: result.count * visitsPerBatch, tookSeconds }),
      perSecond: result.perSecond * visitsPerBatch,
      quarters: result.quarters.map((rate) => rate * visitsPerBatch),
      outstanding: Math.round(lanes * visitsPerBatch * 2),
    }
  }

  async #measured<R>(run: () => Promise<R>) {
    const from = Math.max(...(await this.#network.figures({ reset: true })).map(({ height }) => height))
    const started = performance.now()
    const result = await run()
    const tookSeconds = (performance.now() - started) / 1000
    return { from, result, tookSeconds, figures: await this.#network.figures({ reset: true }) }
  }

  close(): Promise<void> {
    return this.#network.close()
  }
}

/** At least one batch under way at each validator. */
const networkLanes = 4
