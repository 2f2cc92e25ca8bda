/**
 * The directory that one CometBFT process lives in: its configuration, the chain's genesis, and the file that keeps it
 * from signing twice. No key is ever in it (`key-handover.ts`).
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import { validatorAddress } from "../../base/chain/validators.ts"
import { refuse } from "../../base/refusal.ts"
import { type GenesisDescription, genesisJson } from "./genesis-file.ts"
import { nodeKeyFile, validatorKeyFile } from "./key-handover.ts"

/** Where another node's CometBFT listens, and the id that its key must hash to (`nodeId`). */
export interface PeerAddress {
  /** 40 lower-case hex digits. */
  readonly id: string
  readonly host: string
  readonly port: number
}

/** How a node without blocks joins: by a snapshot that others serve, checked against headers it trusts. */
export interface StateSync {
  /** At least two, of different organizations: `http://host:port` or `unix:///path`. */
  readonly rpcServers: readonly [string, string, ...string[]]
  readonly trustHeight: number
  /** Hash of the header at `trustHeight`, 32 bytes. */
  readonly trustHash: Uint8Array
  /** Hours. Shorter than it takes a validator that left to sell its key. */
  readonly trustPeriodHours: number
  /** How long to look for snapshots before choosing, at least 5,000. 5,000 when absent. */
  readonly discoveryMs?: number
}

/** In milliseconds. Each further round of a height waits longer by the delta. */
export interface Timeouts {
  readonly proposeMs: number
  readonly proposeDeltaMs: number
  readonly prevoteMs: number
  readonly prevoteDeltaMs: number
  readonly precommitMs: number
  readonly precommitDeltaMs: number
  /** Waiting for late votes after a block; costs only back-to-back blocks. */
  readonly commitMs: number
  /** Between two looks at what a peer lacks. */
  readonly gossipSleepMs: number
  readonly flushThrottleMs: number
  /** Without transactions, a block each so often: it carries time forward. */
  readonly emptyBlockMs: number
}

export interface MempoolLimits {
  /** Transactions that may wait. */
  readonly transactions: number
  /** Bytes that may wait. */
  readonly bytes: number
  /** Of one transaction. */
  readonly transactionBytes: number
  /** How many hashes are remembered to refuse duplicates. */
  readonly cache: number
}

/** Everything a node's CometBFT is told. Sockets are absolute paths of at most 100 bytes. */
export interface CometHome extends GenesisDescription {
  /** The chain's id when absent. Peers see it. */
  readonly moniker?: string
  /** Where to listen; `externalAddress` is `host:port` as others reach it, when that differs. */
  readonly p2p: { readonly host: string; readonly port: number; readonly externalAddress?: string }
  readonly rpcSocket: string
  readonly abciSocket: string
  readonly persistentPeers: readonly PeerAddress[]
  readonly stateSync?: StateSync
  readonly timeouts?: Partial<Timeouts>
  readonly mempool?: Partial<MempoolLimits>
  /** Keep every block's results for `block_results`; the last one is always kept. False when absent. */
  readonly keepResults?: boolean
  /**
   * Refuse to start if this key signed one of so many last blocks: for a node that moved to another machine. With any
   * number above 0 no restart within that many blocks succeeds. 0 when absent.
   */
  readonly doubleSignCheckHeight?: number
  /** `host:port` of Prometheus metrics; off when absent. */
  readonly prometheus?: string
  /** `error` when absent. */
  readonly logLevel?: "error" | "info" | "debug"
}

/** On a LAN; one dead validator of four costs its turn about half a second. */
export const lanTimeouts: Timeouts = {
  proposeMs: 250,
  proposeDeltaMs: 100,
  prevoteMs: 150,
  prevoteDeltaMs: 100,
  precommitMs: 150,
  precommitDeltaMs: 100,
  commitMs: 50,
  gossipSleepMs: 5,
  flushThrottleMs: 1,
  emptyBlockMs: 30_000,
}

const usualMempool: MempoolLimits = {
  transactions: 5000,
  bytes: 256 * 1024 * 1024,
  transactionBytes: 1024 * 1024,
  cache: 10_000,
}

const socketPathBytes = 100

/** A node's id among peers: the first 20 bytes of SHA-256 of its Ed25519 public key, as lower-case hex. */
export function nodeId(publicKey: Uint8Array): string {
  return toHex(validatorAddress(publicKey))
}

type Setting = string | number | boolean
type Settings = Readonly<Record<string, Readonly<Record<string, Setting>>>>

const ms = (value: number) => `${value}ms`
const hostPort = (host: string, port: number) => `${host.includes(":") ? `[${host}]` : host}:${port}`

function peersAndMempool(home: CometHome, timeouts: Timeouts): Settings {
  const mempool = { ...usualMempool, ...home.mempool }
  return {
    p2p: {
      laddr: `tcp://${hostPort(home.p2p.host, home.p2p.port)}`,
      external_address: home.p2p.externalAddress ?? "",
      persistent_peers: home.persistentPeers.map(({ id, host, port }) => `${id}@${hostPort(host, port)}`).join(","),
      // Members alone are peers, and they are known: addresses of strangers are neither asked for nor passed on.
      pex: false,
      addr_book_strict: false,
      allow_duplicate_ip: true,
      max_num_inbound_peers: 200,
      max_num_outbound_peers: 200,
      flush_throttle_timeout: ms(timeouts.flushThrottleMs),
      send_rate: 104_857_600,
      recv_rate: 104_857_600,
    },
    mempool: {
      // What went stale while waiting is refused when its block is executed.
      recheck: false,
      broadcast: true,
      size: mempool.transactions,
      max_txs_bytes: mempool.bytes,
      max_tx_bytes: mempool.transactionBytes,
      cache_size: mempool.cache,
    },
  }
}

function consensusSettings(home: CometHome, timeouts: Timeouts): Settings {
  return {
    consensus: {
      timeout_propose: ms(timeouts.proposeMs),
      timeout_propose_delta: ms(timeouts.proposeDeltaMs),
      timeout_prevote: ms(timeouts.prevoteMs),
      timeout_prevote_delta: ms(timeouts.prevoteDeltaMs),
      timeout_precommit: ms(timeouts.precommitMs),
      timeout_precommit_delta: ms(timeouts.precommitDeltaMs),
      timeout_commit: ms(timeouts.commitMs),
      double_sign_check_height: home.doubleSignCheckHeight ?? 0,
      create_empty_blocks: false,
      create_empty_blocks_interval: ms(timeouts.emptyBlockMs),
      peer_gossip_sleep_duration: ms(timeouts.gossipSleepMs),
    },
  }
}

function stateSyncSettings(stateSync: StateSync | undefined): Settings {
  if (stateSync === undefined) return { statesync: { enable: false } }
  assert(stateSync.trustHash.length === 32, "a header's hash is 32 bytes")
  return {
    statesync: {
      enable: true,
      rpc_servers: stateSync.rpcServers.join(","),
      trust_height: stateSync.trustHeight,
      trust_hash: toHex(stateSync.trustHash),
      trust_period: `${stateSync.trustPeriodHours}h`,
      discovery_time: ms(Math.max(5000, stateSync.discoveryMs ?? 5000)),
    },
  }
}

/** Every setting that we give; CometBFT's own defaults hold for the rest. The section "" is the top of the file. */
export function cometSettings(home: CometHome): Settings {
  const timeouts = { ...lanTimeouts, ...home.timeouts }
  return {
    "": {
      proxy_app: `unix://${home.abciSocket}`,
      abci: "socket",
      moniker: home.moniker ?? home.chainId,
      db_backend: "goleveldb",
      log_level: home.logLevel ?? "error",
      log_format: "plain",
      priv_validator_key_file: validatorKeyFile,
      node_key_file: nodeKeyFile,
      // The application admits peers by the membership on the ledger.
      filter_peers: true,
    },
    // Above 750 kB of transaction, which the usual limit ends at once it is base64.
    rpc: { laddr: `unix://${home.rpcSocket}`, max_body_bytes: 4_000_000 },
    ...peersAndMempool(home, timeouts),
    ...stateSyncSettings(home.stateSync),
    ...consensusSettings(home, timeouts),
    storage: { discard_abci_responses: home.keepResults !== true },
    // Each transaction would be stored once more.
    tx_index: { indexer: "null" },
    instrumentation: { prometheus: home.prometheus !== undefined, prometheus_listen_addr: home.prometheus ?? "" },
  }
}

/** A JSON string is also a TOML one. */
function toToml(settings: Settings): string {
  const sections = Object.entries(settings).map(([section, values]) => {
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    return [...(section === "" ? [] : [`[${section}]`]), ...lines].join("\n")
  })
  return `# Written anew at each start; a change here does not last.\n${sections.join("\n\n")}\n`
}

/**
 * Writes `config/config.toml` and `config/genesis.json` anew, and `data/priv_validator_state.json` only when it is
 * absent: it holds what this validator signed last, and forgetting that lets it sign twice.
 *
 * @throws Refused for a socket path that the platform would cut off.
 */
export function writeHome(directory: string, home: CometHome): void {
  for (const path of [home.rpcSocket, home.abciSocket]) {
    assert(path.startsWith("/"), "a socket's path is absolute")
    if (Buffer.byteLength(path) > socketPathBytes)
      refuse(
        "socket-path-too-long",
        `Cannot listen: a socket's path is longer than ${socketPathBytes} bytes`,
        path,
        "Use a shorter directory",
      )
  }
  for (const folder of ["config", "data"]) mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, "config", "config.toml"), toToml(cometSettings(home)), { mode: 0o600 })
  writeFileSync(join(directory, "config", "genesis.json"), genesisJson(home), { mode: 0o600 })
  const state = join(directory, "data", "priv_validator_state.json")
  if (!existsSync(state)) writeFileSync(state, '{"height":"0","round":0,"step":0}\n', { mode: 0o600, flag: "wx" })
}
