/**
 * This organization's part in consensus: its CometBFT process, told where the others' are and who may connect. What all
 * nodes must agree on comes from the genesis; the rest from this node's own directory and from the other nodes.
 */
import { mkdirSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { BlockTime } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { findCometBft } from "../engine/comet/binary.ts"
import { CometEngine } from "../engine/comet/engine.ts"
import { type CometHome, nodeId, type PeerAddress, writeHome } from "../engine/comet/home.ts"
import { freePorts } from "../engine/comet/ports.ts"
import { CometProcess } from "../engine/comet/process.ts"
import { CometRpc } from "../engine/comet/rpc.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import type { LedgerApplication } from "./application.ts"
import type { EngineSettings } from "./config.ts"
import type { KeyRing } from "./keys.ts"
import { Membership } from "./membership.ts"
import type { Work } from "./work.ts"

export interface ConsensusSettings extends EngineSettings {
  /** The node's own directory. */
  readonly directory: string
  /** Seconds since 1970: the first block's time, equal on all nodes. */
  readonly start: number
  readonly address: PeerAddress
  readonly peers: readonly PeerAddress[]
  readonly snapshotTime?: (height: number) => Promise<BlockTime | undefined>
}

/** What the rest of the node sees of its own part in consensus. */
export interface Consensus {
  readonly engine: CometEngine<DecodedTransaction>
  readonly rpc: CometRpc
  readonly process: () => CometProcess | undefined
  readonly evidence: () => readonly Evidence[]
}

/** A validator that was seen to lie, as a decided block names it. */
export interface Evidence {
  readonly height: number
  readonly kind: string
  /** 20 bytes. */
  readonly validator: Uint8Array
  readonly organization: number | undefined
}

const maxBlockBytes = 4 * 1024 * 1024
/** A socket's path may have about a hundred bytes. */
const mostSocketPath = 90

/** The port on which this node's CometBFT hears others: chosen free once, and kept, since others are told of it. */
export async function consensusAddress(work: Work, keys: KeyRing, host: string): Promise<PeerAddress> {
  let port = work.get<number>("consensus", "port")
  if (port === undefined) {
    ;[port] = (await freePorts(1, host)) as [number]
    await work.put("consensus", "port", port)
  }
  return { id: nodeId(keys.publicKey("peer")), host, port }
}

/** Unix sockets beside the engine's home, or in a private temporary folder where that path is too long. */
export function socketFolder(directory: string): string {
  const folder = join(directory, "engine")
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder.length <= mostSocketPath ? folder : mkdtempSync(join(tmpdir(), "countersign-"))
}

/** Starts the engine and its CometBFT. @throws Fault when there is no CometBFT to start. */
export async function startConsensus(
  application: LedgerApplication,
  settings: ConsensusSettings,
  parts: {
    readonly keys: KeyRing
    readonly work: Work
    readonly onHalt: (cause: unknown) => void
    readonly onLog?: (line: string) => void
    readonly onRejectedProposal?: (height: number, reason: string) => void
  },
): Promise<Consensus> {
  const binary = findCometBft()
  if (binary === undefined)
    throw new Fault("Cannot start consensus: CometBFT is not installed; npm run engine builds it")
  const { keys, work } = parts
  const home = join(settings.directory, "engine", "home")
  const folder = socketFolder(settings.directory)
  const sockets = { abciSocket: join(folder, "abci.sock"), rpcSocket: join(folder, "rpc.sock") }
  writeHome(home, homeOf(application, settings, sockets))
  const rpc = new CometRpc(sockets.rpcSocket)
  const membership = new Membership(application)
  const evidence: Evidence[] = work.get<Evidence[]>("consensus", "evidence") ?? []
  let running: CometProcess | undefined
  const engine: CometEngine<DecodedTransaction> = new CometEngine(application, {
    abciSocket: sockets.abciSocket,
    rpc,
    mayConnect: (id) => membership.mayConnect(id),
    ...(settings.keepBlocks === undefined ? {} : { keepBlocks: settings.keepBlocks }),
    ...(settings.snapshotEvery === undefined ? {} : { snapshotEvery: settings.snapshotEvery }),
    ...(settings.snapshotTime === undefined ? {} : { snapshotTime: settings.snapshotTime }),
    onHalt: parts.onHalt,
    ...(parts.onRejectedProposal && { onRejectedProposal: parts.onRejectedProposal }),
    onMisbehavior: (height, list) => {
      for (const { type, validator } of list) {
        const organization = membership.organizationOf(validator.address)
        evidence.push({ height, kind: type, validator: validator.address, organization })
      }
      void work.put("consensus", "evidence", evidence)
    },
    startProcess: async () => {
      running = await CometProcess.start({
        binary,
        home,
        rpcSocket: sockets.rpcSocket,
        validatorSeed: keys.seed("validator"),
        nodeSeed: keys.seed("peer"),
        onExit: ({ stopped }) => {
          if (!stopped) engine.restarted()
        },
        ...(parts.onLog === undefined ? {} : { onLog: parts.onLog }),
      })
      return running
    },
  })
  await engine.start()
  return { engine, rpc, process: () => running, evidence: () => evidence }
}

function homeOf(
  application: LedgerApplication,
  { start, address, peers, stateSync, timeouts, logLevel }: ConsensusSettings,
  sockets: { readonly abciSocket: string; readonly rpcSocket: string },
): CometHome {
  const { chainId, protocol, genesisTime, genesisValidators } = application.chain
  return {
    chainId,
    // A successor's first block may not lie before the last one of the chain that it goes on with.
    genesisTime: { seconds: Math.max(start, genesisTime.seconds), nanos: 0 },
    protocol,
    validators: genesisValidators,
    maxBlockBytes,
    p2p: { host: address.host, port: address.port },
    ...sockets,
    persistentPeers: peers,
    ...(stateSync === undefined ? {} : { stateSync }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(logLevel === undefined ? {} : { logLevel }),
  }
}
