/**
 * Four validators of four organizations for one lie: three run our software, the fourth is the liar's own to start, stop,
 * copy and run twice. Three are more than two thirds, so they go on without it.
 */
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publicKeyOf, sha256 } from "#crypto"
import { equalBytes } from "../../../src/base/bytes.ts"
import type { FinalBlock } from "../../../src/base/chain/block.ts"
import { headerHash } from "../../../src/base/chain/header.ts"
import { findCometBft } from "../../../src/engine/comet/binary.ts"
import { nodeId, type PeerAddress, writeHome } from "../../../src/engine/comet/home.ts"
import { CometProcess } from "../../../src/engine/comet/process.ts"
import { CometRpc } from "../../../src/engine/comet/rpc.ts"
import type { Finality } from "../../../src/engine/engine.ts"
import { isRejection } from "../../../src/ledger/rejection.ts"
import { LedgerApplication } from "../../../src/node/application.ts"
import { addressOf, Consortium, type HonestNode, until, validatorSeed } from "../../byzantine/consortium.ts"
import { Liar } from "../../byzantine/liar.ts"
import { signedDeposit } from "../../byzantine/signing.ts"
import { type Cell, must } from "../lies.ts"

/** Of four, from 0. */
export const fourth = 3

/** The fourth validator as one process. */
export interface Fourth {
  readonly directory: string
  readonly liar: Liar
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Where a node of the consortium hears others, as its own configuration says. */
function addressIn(home: string, n: number): PeerAddress {
  const port = /laddr = "tcp:\/\/127\.0\.0\.1:(\d+)"/.exec(readFileSync(join(home, "config/config.toml"), "utf8"))?.[1]
  return { id: nodeId(publicKeyOf(sha256(Uint8Array.of(88, n)))), host: "127.0.0.1", port: Number(port) }
}

export class Four {
  readonly root: string
  readonly consortium: Consortium
  readonly #running = new Set<Fourth>()

  private constructor(root: string, consortium: Consortium) {
    this.root = root
    this.consortium = consortium
  }

  /** Opens the three, tells a lie with them, and closes whatever runs then. */
  static async run(tell: (four: Four) => Promise<Cell>): Promise<Cell> {
    const root = mkdtempSync(join(tmpdir(), "cs-four-"))
    try {
      const consortium = await Consortium.open(root, { validators: 4, nodes: fourth })
      const four = new Four(root, consortium)
      try {
        return await tell(four)
      } finally {
        await Promise.all([...four.#running].map((one) => one.stop()))
        await consortium.close()
      }
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }

  get honest(): readonly HonestNode[] {
    return this.consortium.honest
  }

  /** Height that all three have reached. */
  get height(): number {
    return Math.min(...this.honest.map(({ engine }) => engine.height))
  }

  /** Submits at one of the three and waits until it is final. @throws NotTold unless it was applied. */
  async applied(n: number, transaction = signedDeposit()): Promise<Finality> {
    const finality = await this.honest[n % fourth]!.engine.submit(transaction)
    must(finality.outcome.rejection === undefined, `an honest transaction is ${finality.outcome.rejection?.code}`)
    return finality
  }

  /** Deposits at the three in turn until something has come about. */
  async goOnUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    let n = 0
    await until(what, async () => {
      if (await isSo()) return true
      await this.applied(n++)
      return isSo()
    })
  }

  /**
   * Starts the fourth validator on a directory of its own, begun or not, and waits until it has what the three have.
   * @param peer - by which of several node keys the others know it: two processes need two.
   */
  async join(name = "fourth", peer = fourth): Promise<Fourth> {
    const directory = join(this.root, name)
    const application = await LedgerApplication.open(join(directory, "ledger"), this.consortium.genesis)
    if (isRejection(application)) throw new Error(application.message)
    const sockets = { abciSocket: join(directory, "a.sock"), rpcSocket: join(directory, "r.sock") }
    const home = join(directory, "home")
    const founders = this.honest.map(({ n }) => join(this.root, String(n), "home"))
    const genesis = readFileSync(join(founders[0]!, "config/genesis.json"), "utf8")
    const { genesis_time: begun } = JSON.parse(genesis) as { genesis_time: string }
    writeHome(home, {
      chainId: application.chain.chainId,
      genesisTime: { seconds: Math.floor(Date.parse(begun) / 1000), nanos: 0 },
      protocol: application.chain.protocol,
      validators: application.chain.genesisValidators,
      maxBlockBytes: 4 * 1024 * 1024,
      p2p: { host: "127.0.0.1", port: await freePort() },
      ...sockets,
      persistentPeers: founders.map(addressIn),
      timeouts: { proposeMs: 1500, proposeDeltaMs: 500, emptyBlockMs: 2000 },
    })
    const startProcess = () =>
      CometProcess.start({
        binary: findCometBft()!,
        home,
        rpcSocket: sockets.rpcSocket,
        validatorSeed: validatorSeed(fourth),
        nodeSeed: sha256(Uint8Array.of(88, peer)),
      })
    const liar = await Liar.start(application, { n: fourth, abciSocket: sockets.abciSocket, startProcess })
    const started: Fourth = { directory, liar, stop: () => this.#stop(started) }
    this.#running.add(started)
    await until("the fourth has caught up", () => application.height >= this.height)
    return started
  }

  async #stop(one: Fourth): Promise<void> {
    if (this.#running.delete(one)) await one.liar.stop()
  }

  block(height: number, n = 0): FinalBlock {
    return this.honest[n]!.engine.block(height)!
  }

  /** Final blocks that all three have, from a height on. */
  blocks(from: number): readonly FinalBlock[] {
    return Array.from({ length: Math.max(0, this.height - from + 1) }, (_, i) => this.block(from + i))
  }

  readonly fourthAddress = addressOf(fourth)

  /** Whether the fourth proposed a block. */
  isByFourth({ header }: FinalBlock): boolean {
    return equalBytes(header.proposerAddress, addressOf(fourth))
  }

  /** The fourth's own vote for a block, with the time that it says; undefined where it is absent. */
  voteOfFourth({ commit }: FinalBlock): { readonly seconds: number } | undefined {
    const slot = commit.signatures.find((one) => "address" in one && equalBytes(one.address, addressOf(fourth)))
    return slot !== undefined && "time" in slot ? slot.time : undefined
  }

  /** Goes on until the fourth's vote is in the newest block. */
  untilItVotes(): Promise<void> {
    return this.goOnUntil("the fourth has voted", () => {
      const newest = this.honest[0]!.engine.block(this.height)
      return newest !== undefined && this.voteOfFourth(newest) !== undefined
    })
  }

  /** One header a height on all three, and each block by the votes of those. @throws NotTold where they differ. */
  assertOneHistory(): void {
    for (let height = 1; height <= this.height; height++) {
      const hashes = this.honest.map(({ n }) => headerHash(this.block(height, n).header))
      must(
        hashes.every((hash) => equalBytes(hash, hashes[0]!)),
        `the three differ at height ${height}`,
      )
    }
  }

  /** Validators' addresses, in hex, that evidence in a decided block names. */
  async named(from: number): Promise<ReadonlySet<string>> {
    const rpc = new CometRpc(join(this.root, "0", "r.sock"))
    const found = new Set<string>()
    try {
      for (let height = from; height <= this.height; height++) {
        const { block } = (await rpc.call("block", { height: String(height) })) as Block
        for (const { value } of block.evidence.evidence) found.add(value.vote_a.validator_address.toLowerCase())
      }
    } finally {
      rpc.close()
    }
    return found
  }
}

/** What CometBFT says of a block, as far as it names liars. */
interface Block {
  readonly block: {
    readonly evidence: {
      readonly evidence: readonly { readonly value: { readonly vote_a: { readonly validator_address: string } } }[]
    }
  }
}
