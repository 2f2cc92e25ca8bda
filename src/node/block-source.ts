/**
 * Where this node's blocks come from: the embedded engine that it operates, the consensus in which it takes part, or
 * another node that it follows. The rest of the node sees one `Source`.
 */
import { Fault } from "../base/fault.ts"
import { SettableClock, systemClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { Follower } from "../engine/follower.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import type { LedgerApplication } from "./application.ts"
import type { Source } from "./chain.ts"
import type { NodeConfig } from "./config.ts"
import { type Consensus, consensusAddress, socketFolder, startConsensus } from "./consensus.ts"
import type { Directory } from "./directory.ts"
import type { KeyRing } from "./keys.ts"
import { completeHandovers, headerTime, openRelays, stateSyncFrom, type TrustedHeader } from "./newcomer.ts"
import { RemoteSource } from "./remote.ts"
import type { Transport } from "./transport.ts"
import type { Work } from "./work.ts"

/** What a node keeps of its chain's beginning. */
export interface Founding {
  readonly genesis: Uint8Array
  /** Seconds since 1970: where a turnable clock begins, and the time of a consortium's first block. */
  readonly start: number
  /** The organization that operates the embedded engine; 0 where several run consensus. */
  readonly operator: number
  /** Joins by a snapshot, checked against this header; a chain whose blocks are here goes on without it. */
  readonly trusted?: TrustedHeader | undefined
  /** What the chain began with whose state this one carries on. Its ledger lies beside this one's. */
  readonly former?: Uint8Array | undefined
}

export interface SourceParts {
  readonly config: NodeConfig
  readonly keys: KeyRing
  readonly work: Work
  readonly directory: Directory
  readonly transport: Transport
  readonly onHalt: (cause: unknown) => void
  readonly onLog: (line: string) => void
  /** Told of each proposal that this node voted against. */
  readonly onRejectedProposal?: (height: number, reason: string) => void
}

/** How far a block's time may lie ahead of this machine's clock. */
const mostAheadSeconds = 60

export interface OpenSource {
  readonly source: Source
  /** The engine whose clock the desk may turn. */
  readonly embedded: EmbeddedEngine<DecodedTransaction> | undefined
  readonly consensus: Consensus | undefined
  /** Asks other nodes for nothing more: what waits for their answers ends. */
  hangUp(): void
}

export function openSource(application: LedgerApplication, founding: Founding, parts: SourceParts) {
  if (parts.config.operator) return operate(application, founding, parts)
  return parts.config.consensus === true ? takePart(application, founding, parts) : follow(application, founding, parts)
}

async function operate(
  application: LedgerApplication,
  founding: Founding,
  { config, keys, onHalt }: SourceParts,
): Promise<OpenSource> {
  const last = application.block(application.height)?.header.time.seconds ?? founding.start
  const clock = config.turnableClock ? new SettableClock({ seconds: last, nanos: 0 }) : systemClock
  const engine = new EmbeddedEngine(application, { seed: keys.seed("validator"), clock, onHalt })
  await engine.start()
  return { source: engine, embedded: engine, consensus: undefined, hangUp: () => undefined }
}

async function takePart(application: LedgerApplication, founding: Founding, parts: SourceParts): Promise<OpenSource> {
  const { config, keys, work, directory, transport, onHalt, onLog, onRejectedProposal } = parts
  const others = directory.all().filter((entry) => entry.organization !== config.organization)
  const members = others.filter(({ consensus }) => consensus !== undefined)
  const { trusted } = founding
  const joins = trusted !== undefined && application.height === 0
  const relays = joins ? await openRelays(socketFolder(config.directory), members, transport.request) : undefined
  const consensus = await startConsensus(
    application,
    {
      directory: config.directory,
      start: founding.start,
      address: await consensusAddress(work, keys, config.host),
      peers: members.flatMap(({ consensus: address }) => address ?? []),
      ...config.engine,
      snapshotTime: (height) => headerTime(application.chain, height, { members, request: transport.request }),
      ...(relays !== undefined && trusted !== undefined ? { stateSync: stateSyncFrom(relays, trusted) } : {}),
    },
    { keys, work, onHalt, onLog, ...(onRejectedProposal && { onRejectedProposal }) },
  )
  const completion = untilComplete(() => completeHandovers(application, members, transport.request))
  const hangUp = () => {
    completion.stop()
    for (const relay of relays ?? []) relay.close()
  }
  return { source: consensus.engine, embedded: undefined, consensus, hangUp }
}

/** Tries again until it is done: a newcomer has no block for some seconds, and members come and go. */
function untilComplete(attempt: () => Promise<void>): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const run = () => {
    attempt().catch((error) => {
      if (error instanceof Fault && error.retryable) timer = setTimeout(run, 500)
      else throw error
    })
  }
  run()
  return { stop: () => clearTimeout(timer) }
}

async function follow(
  application: LedgerApplication,
  { operator }: Founding,
  { config, directory, transport, onHalt }: SourceParts,
): Promise<OpenSource> {
  const several = application.validators().length > 1
  let failures = 0
  const address = () => {
    const running = directory.all().filter(({ organization, consensus }) => organization === operator || consensus)
    // Each begins at another one, and goes on to the next when that one does not answer.
    const entry = running[(config.organization + failures) % Math.max(1, running.length)]
    if (entry !== undefined) return entry
    throw new Fault("Cannot follow chain: the address of a node that has it is not known", { retryable: true })
  }
  const remote = new RemoteSource(several ? "byzantine" : "operator", address, transport.request, () => failures++)
  const follower = new Follower(application, remote, {
    threads: 1,
    retryMs: 100,
    onHalt,
    ...(config.turnableClock ? {} : { latestSeconds: () => Math.floor(Date.now() / 1000) + mostAheadSeconds }),
  })
  await follower.start()
  return { source: follower, embedded: undefined, consensus: undefined, hangUp: () => remote.stop() }
}
