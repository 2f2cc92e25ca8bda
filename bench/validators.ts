/** Four validators as processes, from the side of the bench: started, offered transactions, asked, killed, stopped. */
import { type ChildProcess, fork } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publicKeyOf } from "#crypto"
import { Fault } from "../src/base/fault.ts"
import { nodeId } from "../src/engine/comet/home.ts"
import { freePorts } from "../src/engine/comet/ports.ts"
import { communityGenesis, networkPeerSeed, networkValidators } from "./community.ts"
import type { FromValidator, ToValidator, ValidatorFigures, ValidatorSettings } from "./validator-messages.ts"

/** What became of a transaction: 0 applied, another number refused by the rules, a text where the engine failed. */
export type Answer = number | string

const program = new URL("./validator.ts", import.meta.url)

class ValidatorProcess {
  readonly #child: ChildProcess
  readonly ready: Promise<void>
  readonly gone: Promise<void>
  #cometPid = 0
  #killed = false
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #outgoing: (readonly [number, Uint8Array])[] = []
  #next = 1
  #asked: ((message: FromValidator) => void) | undefined

  constructor(settings: ValidatorSettings) {
    this.#child = fork(program, [JSON.stringify(settings)], { serialization: "advanced" })
    this.gone = new Promise((resolve) => this.#child.once("exit", () => resolve()))
    this.ready = new Promise((resolve, reject) => {
      this.#child.on("message", (message: FromValidator) => {
        if (message.kind === "failed") this.#fail(new Fault(`Cannot bench: a validator says: ${message.why}`), reject)
        else if (message.kind === "answers") this.#settle(message.answers)
        else if (message.kind === "ready") {
          this.#cometPid = message.cometPid
          resolve()
        } else this.#asked?.(message)
      })
      this.#child.once("exit", () => this.#fail(new Fault("Cannot bench: a validator is gone"), reject))
    })
    this.ready.catch(() => undefined)
  }

  get alive(): boolean {
    return !this.#killed
  }

  #fail(fault: Fault, reject: (fault: Fault) => void): void {
    reject(fault)
    if (!this.#killed) for (const answer of this.#waiting.values()) answer(fault.message)
    this.#waiting.clear()
  }

  #settle(answers: readonly (readonly [number, Answer])[]): void {
    for (const [id, answer] of answers) {
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
    }
  }

  /** What is submitted within one turn of the event loop goes over in one message. */
  submit(bytes: Uint8Array): Promise<Answer> {
    if (this.#outgoing.length === 0) {
      setImmediate(() => {
        this.#send({ kind: "offer", transactions: this.#outgoing })
        this.#outgoing = []
      })
    }
    const id = this.#next++
    this.#outgoing.push([id, bytes])
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  async figures(reset: boolean): Promise<ValidatorFigures> {
    return (await this.#ask({ kind: "figures", reset })) as ValidatorFigures & FromValidator
  }

  async batches(above: number, to: number): Promise<readonly Uint8Array[]> {
    const answer = await this.#ask({ kind: "batches", above, to })
    return answer.kind === "batches" ? answer.batches : []
  }

  /** One question at a time. */
  #ask(message: ToValidator): Promise<FromValidator> {
    return new Promise((resolve) => {
      this.#asked = resolve
      this.#send(message)
    })
  }

  #send(message: ToValidator): void {
    if (this.#child.connected) this.#child.send(message)
  }

  /** Without a warning: the node's process and its CometBFT. */
  async kill(): Promise<void> {
    this.#killed = true
    this.#child.kill("SIGKILL")
    try {
      process.kill(this.#cometPid, "SIGKILL")
    } catch {
      // It went by itself, since its application did.
    }
    await this.gone
  }

  async stop(): Promise<void> {
    if (!this.#killed) this.#send({ kind: "stop" })
    await this.gone
  }
}

export interface NetworkOptions {
  readonly binary: string
  readonly bare?: boolean
  readonly keepBlocks?: number
  readonly timeouts?: ValidatorSettings["timeouts"]
  readonly threads?: number
}

export const networkSize = 4

export class BenchNetwork {
  readonly directory: string
  readonly #validators: readonly ValidatorProcess[]

  private constructor(directory: string, validators: readonly ValidatorProcess[]) {
    this.directory = directory
    this.#validators = validators
  }

  /** Four validators of a new chain; resolves when each has its first block. */
  static async open(options: NetworkOptions): Promise<BenchNetwork> {
    // A unix socket's path must be short, so not in the checkout.
    const directory = mkdtempSync(join(tmpdir(), "cs-bench-"))
    const genesisFile = join(directory, "genesis.cbor")
    writeFileSync(genesisFile, communityGenesis(networkValidators(networkSize)))
    const ports = await freePorts(networkSize)
    const addresses = ports.map((port, n) => ({ id: nodeId(publicKeyOf(networkPeerSeed(n))), host: "127.0.0.1", port }))
    const { bare = false, ...more } = options
    const start = Math.floor(Date.now() / 1000)
    const validators = ports.map((port, n) => {
      const place = join(directory, String(n))
      mkdirSync(place)
      const peers = addresses.filter((_, m) => m !== n)
      const own = { directory: place, genesisFile, n, validators: networkSize, start, port, peers, bare }
      return new ValidatorProcess({ ...own, ...more })
    })
    const network = new BenchNetwork(directory, validators)
    try {
      await Promise.all(validators.map(({ ready }) => ready))
      return network
    } catch (cause) {
      await network.close()
      throw cause
    }
  }

  get #living(): readonly ValidatorProcess[] {
    return this.#validators.filter(({ alive }) => alive)
  }

  /** Submits to one of the living, the same one for the same number. */
  submit(number: number, bytes: Uint8Array): Promise<Answer> {
    const living = this.#living
    return living[number % living.length]!.submit(bytes)
  }

  /** Of the living, from the last reset on. */
  figures({ reset }: { readonly reset: boolean }): Promise<readonly ValidatorFigures[]> {
    return Promise.all(this.#living.map((validator) => validator.figures(reset)))
  }

  /** Every batch in blocks above a height, up to another, in order. */
  batches(above: number, to: number): Promise<readonly Uint8Array[]> {
    return this.#living[0]!.batches(above, to)
  }

  kill(n: number): Promise<void> {
    return this.#validators[n]!.kill()
  }

  async close(): Promise<void> {
    await Promise.all(this.#validators.map((validator) => validator.stop()))
    rmSync(this.directory, { recursive: true, force: true })
  }
}
