/**
 * A steady offer of whole visits, open loop: a new one begins at its time whether or not those before have ended. Each
 * transaction goes to the door of a node drawn by chance; after an outage the same bytes go to another one. What was
 * acknowledged is kept here, by the client, for the judge.
 */
import { toHex } from "../../src/base/bytes.ts"
import { type Consortium, sleep } from "./consortium.ts"
import type { Random } from "./random.ts"
import { clinic, type Prepared, type Scribe } from "./visits.ts"

/** A transaction as its client knows it. Times are of `performance.now()`. */
export interface Sent extends Prepared {
  readonly begunAt: number
  tries: number
  acknowledgedAt: number | undefined
  /** In the answer that acknowledged it. */
  height: number | undefined
  /** The code of a refusal by the rules: none is due. */
  refused: string | undefined
}

export interface LoadOptions {
  readonly visitsPerSecond: number
  readonly scribe: Scribe
  readonly random: Random
}

/** Patience of one try: then the same bytes go to another node. */
const tryMs = 10_000
const pauseMs = 150
/** After the load has stopped: what is not acknowledged by then is given up. */
const lastCallMs = 60_000

interface Finality {
  readonly height: number
  readonly id?: string
  readonly number: number
  readonly rejection?: { readonly code: string }
}

export class Load {
  readonly #consortium: Consortium
  readonly #options: LoadOptions
  /** Everything ever sent, in the order of its begin. */
  readonly sent: Sent[] = []
  readonly #running = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #giveUpAt = Number.POSITIVE_INFINITY
  #due = 0

  constructor(consortium: Consortium, options: LoadOptions) {
    this.#consortium = consortium
    this.#options = options
  }

  start(): void {
    const everyMs = 1000 / this.#options.visitsPerSecond
    this.#giveUpAt = Number.POSITIVE_INFINITY
    this.#due = performance.now()
    this.#timer = setInterval(() => {
      for (; this.#due <= performance.now(); this.#due += everyMs) this.#begin()
    }, everyMs / 2)
  }

  /** No new visits; resolves when those under way have ended or were given up. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#giveUpAt = performance.now() + lastCallMs
    await Promise.all(this.#running)
  }

  /** Sends one transaction until it is answered. */
  async send(prepared: Prepared, to?: number): Promise<Sent> {
    const sent: Sent = {
      ...prepared,
      begunAt: performance.now(),
      tries: 0,
      acknowledgedAt: undefined,
      height: undefined,
      refused: undefined,
    }
    this.sent.push(sent)
    while (performance.now() < this.#giveUpAt) {
      const finality = await this.#try(sent, to)
      if (finality?.rejection !== undefined) sent.refused = finality.rejection.code
      else if (finality?.number === 0 && finality.id === sent.id) {
        sent.acknowledgedAt = performance.now()
        sent.height = finality.height
      }
      if (finality !== undefined) break
      await sleep(pauseMs)
    }
    return sent
  }

  #begin(): void {
    const { steps } = this.#options.scribe.visit()
    const run = (async () => {
      for (const step of steps) if ((await this.send(step)).acknowledgedAt === undefined) return
    })()
    this.#running.add(run)
    void run.finally(() => this.#running.delete(run))
  }

  /** Undefined after an outage: nobody knows yet what became of it. */
  async #try(sent: Sent, to: number | undefined): Promise<Finality | undefined> {
    const { up, network } = this.#consortium
    const organization = to ?? (up.length === 0 ? undefined : this.#options.random.pick(up))
    if (organization === undefined) return undefined
    sent.tries++
    try {
      const { url, pin } = network.node(organization)
      const answer = await this.#consortium.clientOf(clinic).request(`${url}/chain/transactions`, {
        method: "POST",
        headers: { "content-type": "application/cbor" },
        body: sent.bytes,
        pin,
        signal: AbortSignal.timeout(tryMs),
      })
      if (answer.status !== 200) return undefined
      return JSON.parse(Buffer.from(answer.bytes).toString("utf8")) as Finality
    } catch {
      return undefined
    }
  }
}

/** Longest time in which nothing was acknowledged, in milliseconds, from one moment to another. */
export function longestStall(sent: readonly Sent[], from: number, to: number): number {
  const times = sent.flatMap(({ acknowledgedAt: at }) => (at !== undefined && at >= from && at <= to ? [at] : []))
  const marks = [from, ...times.sort((a, b) => a - b), to]
  return Math.max(...marks.slice(1).map((mark, i) => mark - marks[i]!))
}

export const shortId = (id: Uint8Array | string) => (typeof id === "string" ? id : toHex(id)).slice(0, 12)
