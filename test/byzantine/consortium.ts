/**
 * The example community as validators of one process, each with its own ledger, its own engine and its own CometBFT:
 * what tests of liars and of receipts stand on. One of them may run modified software (`liar.ts`).
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { publicKeyOf, sha256 } from "#crypto"
import { validatorAddress } from "../../src/base/chain/validators.ts"
import { findCometBft } from "../../src/engine/comet/binary.ts"
import { CometEngine } from "../../src/engine/comet/engine.ts"
import { nodeId, type PeerAddress, writeHome } from "../../src/engine/comet/home.ts"
import { freePorts } from "../../src/engine/comet/ports.ts"
import { CometProcess } from "../../src/engine/comet/process.ts"
import { CometRpc } from "../../src/engine/comet/rpc.ts"
import { encodeGenesis } from "../../src/ledger/constitution/genesis.ts"
import type { DecodedTransaction } from "../../src/ledger/decode.ts"
import { chainId, custodian, exampleGenesis, keyOf, seedOf } from "../../src/ledger/example-chain.ts"
import { isRejection } from "../../src/ledger/rejection.ts"
import { roles } from "../../src/ledger/roles.ts"
import { LedgerApplication } from "../../src/node/application.ts"
import { Chain } from "../../src/node/chain.ts"
import { anchorOfGenesis } from "../../src/verify/genesis-anchor.ts"
import type { TrustAnchor } from "../../src/verify/trust.ts"
import { Liar } from "./liar.ts"

export const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false

/** Validator n is of organization n + 1: clinic, hospital, payer, custodian, board. */
export const validatorSeed = (n: number): Uint8Array => sha256(Uint8Array.of(87, n))
export const addressOf = (n: number): Uint8Array => validatorAddress(publicKeyOf(validatorSeed(n)))
const nodeSeed = (n: number) => sha256(Uint8Array.of(88, n))

/** Depth of the state's tree: small, since every node of the process keeps one in memory. */
const k = 10

/** A key with which the custodian signed once, and whose time is over. */
export const retiredSeed: Uint8Array = seedOf("a key that is retired")

/** A genesis of the example community with the first `validators` organizations as equal validators. */
export function genesisOf(validators: number): Uint8Array {
  const rows = exampleGenesis()
  const custodians = { org: custodian, roles: roles.custody, practitioner: undefined, from: 0, until: 493_056 }
  return encodeGenesis({
    ...rows,
    keys: [...(rows.keys ?? []), [{ key: keyOf(retiredSeed) }, custodians]],
    chain: [[{ zero: 0 }, { chainId, protocol: 1, currency: "usd", k, pinned: undefined }]],
    validators: Array.from(
      { length: validators },
      (_, n) => [{ key: keyOf(validatorSeed(n)) }, { org: n + 1, power: 10 }] as const,
    ),
  })
}

export function anchorOf(genesis: Uint8Array): TrustAnchor {
  const anchor = anchorOfGenesis(genesis)
  if (isRejection(anchor)) throw new Error(anchor.message)
  return anchor
}

/** A node whose software is ours. */
export interface HonestNode {
  readonly n: number
  readonly application: LedgerApplication
  readonly engine: CometEngine<DecodedTransaction>
  readonly chain: Chain
  /** Proposals that this node voted down. */
  readonly rejected: { readonly height: number; readonly reason: string }[]
  stop(): Promise<void>
}

interface Place {
  readonly n: number
  readonly directory: string
  readonly genesis: Uint8Array
  readonly port: number
  readonly peers: readonly PeerAddress[]
  /** Seconds since 1970. */
  readonly start: number
}

export interface ConsortiumOptions {
  readonly validators: number
  /** Nodes in all; those after the validators have no vote yet. As many as validators unless told. */
  readonly nodes?: number
  /** Whether the last node runs modified software. */
  readonly liar?: boolean
}

export class Consortium {
  readonly genesis: Uint8Array
  readonly honest: readonly HonestNode[]
  readonly #liar: Liar | undefined

  private constructor(genesis: Uint8Array, honest: readonly HonestNode[], liar: Liar | undefined) {
    this.genesis = genesis
    this.honest = honest
    this.#liar = liar
  }

  /** Opens all nodes below a directory. Whatever was opened is closed again when one fails. */
  static async open(root: string, { validators, nodes = validators, liar }: ConsortiumOptions): Promise<Consortium> {
    const genesis = genesisOf(validators)
    const ports = await freePorts(nodes)
    const start = Math.floor(Date.now() / 1000) - 1
    const places = ports.map((port, n): Place => {
      const peers = ports.flatMap((other, m) =>
        m === n ? [] : [{ id: nodeId(publicKeyOf(nodeSeed(m))), host: "127.0.0.1", port: other }],
      )
      return { n, directory: join(root, String(n)), genesis, port, peers, start }
    })
    const liarPlace = liar === true ? places.pop() : undefined
    const opened = await Promise.allSettled([...places.map(openHonest), ...(liarPlace ? [openLiar(liarPlace)] : [])])
    const good = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
    if (good.length < opened.length) {
      await Promise.all(good.map((node) => node.stop()))
      throw opened.find((one) => one.status === "rejected")?.reason
    }
    const honest = good.filter((node): node is HonestNode => !(node instanceof Liar))
    const modified = good.find((node): node is Liar => node instanceof Liar)
    return new Consortium(genesis, honest, modified)
  }

  get liar(): Liar {
    if (this.#liar === undefined) throw new Error("this consortium has no liar")
    return this.#liar
  }

  /** Resolves when all of ours have a height. */
  async reached(height: number, nodes: readonly HonestNode[] = this.honest): Promise<void> {
    await until(`height ${height}`, () => nodes.every(({ engine }) => engine.height >= height))
  }

  async close(): Promise<void> {
    await Promise.all([...this.honest.map((node) => node.stop()), this.#liar?.stop()])
  }
}

/** Waits for what must come to be; fails with its name after a minute and a half. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, ms = 90_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function openApplication({ directory, genesis }: Place): Promise<LedgerApplication> {
  mkdirSync(directory, { recursive: true })
  const application = await LedgerApplication.open(join(directory, "ledger"), genesis)
  if (isRejection(application)) throw new Error(application.message)
  return application
}

function socketsOf({ directory }: Place) {
  return { abciSocket: join(directory, "a.sock"), rpcSocket: join(directory, "r.sock") }
}

function startProcess(place: Place, { chain }: LedgerApplication, onRestart: () => void): Promise<CometProcess> {
  const home = join(place.directory, "home")
  const sockets = socketsOf(place)
  writeHome(home, {
    chainId: chain.chainId,
    genesisTime: { seconds: place.start, nanos: 0 },
    protocol: chain.protocol,
    validators: chain.genesisValidators,
    maxBlockBytes: 4 * 1024 * 1024,
    p2p: { host: "127.0.0.1", port: place.port },
    ...sockets,
    persistentPeers: place.peers,
    // Several nodes share one process here: a proposal may be late without anybody's fault.
    timeouts: { proposeMs: 1500, proposeDeltaMs: 500, emptyBlockMs: 2000 },
  })
  return CometProcess.start({
    binary: findCometBft()!,
    home,
    rpcSocket: sockets.rpcSocket,
    validatorSeed: validatorSeed(place.n),
    nodeSeed: nodeSeed(place.n),
    onExit: ({ stopped }) => {
      if (!stopped) onRestart()
    },
  })
}

async function openHonest(place: Place): Promise<HonestNode> {
  const application = await openApplication(place)
  const { abciSocket, rpcSocket } = socketsOf(place)
  const rejected: { height: number; reason: string }[] = []
  const engine: CometEngine<DecodedTransaction> = new CometEngine(application, {
    abciSocket,
    rpc: new CometRpc(rpcSocket),
    mayConnect: () => true,
    patienceMs: 20_000,
    onRejectedProposal: (height, reason) => rejected.push({ height, reason }),
    startProcess: () => startProcess(place, application, () => engine.restarted()),
  })
  await engine.start()
  const chain = new Chain({
    chainId,
    anchor: anchorOf(place.genesis),
    state: application.state,
    source: engine,
    handovers: () => application.handovers(),
  })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= engine.stop().then(() => application.close())
    return stopping
  }
  return { n: place.n, application, engine, chain, rejected, stop }
}

async function openLiar(place: Place): Promise<Liar> {
  const application = await openApplication(place)
  return Liar.start(application, {
    n: place.n,
    abciSocket: socketsOf(place).abciSocket,
    startProcess: () => startProcess(place, application, () => undefined),
  })
}
