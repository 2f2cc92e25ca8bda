/** Time by stage, in milliseconds, so that a bench can say what limits. */
export type Stage = "decode" | "queue" | "verify" | "header" | "execute" | "commit-queue" | "commit-wall"

export class Stopwatch {
  readonly #stages = new Map<Stage, number>()
  readonly #now: () => number

  /** @param now - milliseconds from any beginning: of the wall clock unless told, or of a thread's processor time. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  start(): number {
    return this.#now()
  }

  /** Adds the time since `started` to a stage; returns the time now, to start the next one. */
  stop(stage: Stage, started: number): number {
    const now = this.#now()
    this.#stages.set(stage, (this.#stages.get(stage) ?? 0) + now - started)
    return now
  }

  reset(): void {
    this.#stages.clear()
  }

  get milliseconds(): ReadonlyMap<Stage, number> {
    return this.#stages
  }
}
