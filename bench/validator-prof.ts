/**
 * One validator of the bench, a process of its own: the ledger (or nothing of it, for the floor), the engine, and a
 * CometBFT. Driven by its parent, and gone with it.
 */
import { writeFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { publicKeyOf } from "#crypto"
import { orderValidators } from "../src/base/chain/validators.ts"
import { Fault } from "../src/base/fault.ts"
import { CometEngine } from "../src/engine/comet/engine.ts"
import { nodeId, writeHome } from "../src/engine/comet/home.ts"
import { CometProcess } from "../src/engine/comet/process.ts"
import { CometRpc } from "../src/engine/comet/rpc.ts"
import type { Application, Decoded } from "../src/engine/engine.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { LedgerApplication } from "../src/node/application.ts"
import { BareApplication } from "./bare-application.ts"
import { networkPeerSeed, networkValidatorSeed } from "./community.ts"
import { StageWatch } from "./stage-watch.ts"
import { between, processorTime } from "./threads.ts"
import {
  type FromValidator,
  maxBlockBytes,
  type ToValidator,
  type ValidatorFigures,
  type ValidatorSettings,
} from "./validator-messages.ts"

const send = (message: FromValidator) => process.send?.(message)
/** A tick of Linux's processor times. */
const tickMs = 10

function cometMilliseconds(pid: number | undefined): number {
  try {
    // Fields 14 and 15 of the line; the name in field 2 may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ")
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return 0
  }
}

function bytesUnder(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0)
  } catch {
    return 0
  }
}

async function openApplication(
  settings: ValidatorSettings,
): Promise<Application<Decoded> & { close(): Promise<void> }> {
  const store = join(settings.directory, "store")
  if (settings.bare) {
    const keys = Array.from({ length: settings.validators }, (_, n) => publicKeyOf(networkValidatorSeed(n)))
    const genesisValidators = orderValidators(keys.map((publicKey) => ({ publicKey, power: 10 })))
    const genesisTime = { seconds: settings.start, nanos: 0 }
    return new BareApplication(store, { chainId: "bare", protocol: 1, genesisTime, genesisValidators })
  }
  const application = await LedgerApplication.open(store, new Uint8Array(readFileSync(settings.genesisFile)))
  if (isRejection(application)) throw new Fault(`Cannot begin bench: ${application.message}`)
  return application as unknown as Application<Decoded> & { close(): Promise<void> }
}

class BenchValidator {
  readonly #settings: ValidatorSettings
  readonly #application: Application<Decoded> & { close(): Promise<void> }
  readonly #engine: CometEngine<Decoded>
  readonly #watch = new StageWatch()
  #process: CometProcess | undefined
  #answers: (readonly [number, number | string])[] = []
  #before = { processor: processorTime(), cometMs: 0 }

  constructor(settings: ValidatorSettings, application: Application<Decoded> & { close(): Promise<void> }) {
    this.#settings = settings
    this.#application = application
    const sockets = {
      abciSocket: join(settings.directory, "abci.sock"),
      rpcSocket: join(settings.directory, "rpc.sock"),
    }
    this.#writeHome(sockets)
    if (process.env["PACKET"]) { const f = join(settings.directory, "home/config/config.toml"); writeFileSync(f, readFileSync(f, "utf8").replace("[p2p]", "[p2p]\nmax_packet_msg_payload_size = " + process.env["PACKET"])) }
    const rpc = new CometRpc(sockets.rpcSocket)
    this.#watch.watchProcess()
    this.#watch.watchApplication(application)
    this.#watch.watchRpc(rpc)
    const members = new Set(
      Array.from({ length: settings.validators }, (_, n) => nodeId(publicKeyOf(networkPeerSeed(n)))),
    )
    this.#engine = new CometEngine(application, {
      abciSocket: sockets.abciSocket,
      rpc,
      mayConnect: (id) => members.has(id),
      ...(settings.keepBlocks === undefined ? {} : { keepBlocks: settings.keepBlocks }),
      ...(settings.threads === undefined ? {} : { threads: settings.threads }),
      onHalt: (cause) => send({ kind: "failed", why: String(cause) }),
      startProcess: () => this.#startComet(sockets.rpcSocket),
    })
  }

  /** As a node of the product does it (`src/node/consensus.ts`). */
  #writeHome(sockets: { readonly abciSocket: string; readonly rpcSocket: string }): void {
    const { chain } = this.#application
    writeHome(join(this.#settings.directory, "home"), {
      chainId: chain.chainId,
      genesisTime: { seconds: this.#settings.start, nanos: 0 },
      protocol: chain.protocol,
      validators: chain.genesisValidators,
      maxBlockBytes,
      p2p: { host: "127.0.0.1", port: this.#settings.port },
      ...sockets,
      persistentPeers: this.#settings.peers,
      ...(this.#settings.timeouts === undefined ? {} : { timeouts: this.#settings.timeouts }),
    })
  }

  async #startComet(rpcSocket: string): Promise<CometProcess> {
    this.#process = await CometProcess.start({
      binary: this.#settings.binary,
      home: join(this.#settings.directory, "home"),
      rpcSocket,
      validatorSeed: networkValidatorSeed(this.#settings.n),
      nodeSeed: networkPeerSeed(this.#settings.n),
      onExit: ({ stopped }) => {
        if (!stopped) this.#engine.restarted()
      },
    })
    return this.#process
  }

  async run(): Promise<void> {
    await this.#engine.start()
    for await (const _ of this.#engine.blocks(1)) break
    send({ kind: "ready", cometPid: this.#process?.pid ?? 0 })
  }

  async stop(): Promise<void> {
    await this.#engine.stop()
    await this.#application.close()
  }

  async offer(id: number, bytes: Uint8Array): Promise<void> {
    this.#watch.begin(bytes)
    let outcome: number | string
    try {
      outcome = (await this.#engine.submit(bytes)).outcome.number
    } catch (cause) {
      outcome = String(cause)
    }
    this.#watch.end(bytes, outcome === 0)
    if (this.#answers.length === 0) setImmediate(() => this.#tell())
    this.#answers.push([id, outcome])
  }

  #tell(): void {
    send({ kind: "answers", answers: this.#answers })
    this.#answers = []
  }

  figures(reset: boolean): ValidatorFigures {
    const now = { processor: processorTime(), cometMs: cometMilliseconds(this.#process?.pid) }
    const { count, milliseconds } = this.#watch.waits
    const figures = {
      height: this.#engine.height,
      pending: this.#engine.pending,
      transactions: count,
      waits: milliseconds,
      work: { ...this.#watch.work },
      processor: between(this.#before.processor, now.processor),
      cometMs: now.cometMs - this.#before.cometMs,
      rssMb: process.memoryUsage.rss() / 1e6,
      disk: this.#disk(),
    }
    if (reset) {
      this.#watch.reset()
      this.#before = now
    }
    return figures
  }

  #disk(): Record<string, number> {
    const data = join(this.#settings.directory, "home", "data")
    const named = {
      store: bytesUnder(join(this.#settings.directory, "store")),
      blocks: bytesUnder(join(data, "blockstore.db")),
      state: bytesUnder(join(data, "state.db")),
      wal: bytesUnder(join(data, "cs.wal")),
    }
    return { ...named, other: bytesUnder(data) - named.blocks - named.state - named.wal }
  }

  /** Every batch in the blocks above a height, up to another, in order. */
  batches(above: number, to: number): readonly Uint8Array[] {
    const all: Uint8Array[] = []
    for (let height = above + 1; height <= to; height++) all.push(...(this.#engine.block(height)?.batches ?? []))
    return all
  }
}

async function main(settings: ValidatorSettings): Promise<void> {
  mkdirSync(settings.directory, { recursive: true })
  const validator = new BenchValidator(settings, await openApplication(settings))
  const leave = () => void validator.stop().finally(() => process.exit(0))
  process.on("disconnect", leave)
  process.on("message", (message: ToValidator) => {
    if (message.kind === "offer") for (const [id, bytes] of message.transactions) void validator.offer(id, bytes)
    else if (message.kind === "figures") send({ kind: "figures", ...validator.figures(message.reset) })
    else if (message.kind === "batches")
      send({ kind: "batches", batches: validator.batches(message.above, message.to) })
    else leave()
  })
  await validator.run()
}

await main(JSON.parse(process.argv[2]!) as ValidatorSettings).catch((cause) => {
  send({ kind: "failed", why: cause instanceof Error ? `${cause.message} ${String(cause.cause ?? "")}` : "" })
  process.exitCode = 1
  process.disconnect?.()
})
