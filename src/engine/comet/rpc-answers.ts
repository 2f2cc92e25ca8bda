/**
 * CometBFT's JSON read into our types. Its numbers of 64 bits are decimal strings, hashes upper-case hex, keys and
 * signatures base64, times RFC 3339 with up to nine digits of a second.
 */
import { fromHex } from "../../base/bytes.ts"
import { type Commit, type CommitSig, flags } from "../../base/chain/commit.ts"
import type { BlockId, BlockTime, Header } from "../../base/chain/header.ts"
import type { Validator } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import { dayNumber, daysInMonth } from "../../base/time.ts"

export interface CometStatus {
  /** 40 lower-case hex digits: this node's id among peers. */
  readonly nodeId: string
  readonly chainId: string
  /** Of CometBFT. */
  readonly version: string
  /** Of the newest block; 0 before the first. */
  readonly height: number
  readonly time: BlockTime
  /** Empty before the first block. */
  readonly hash: Uint8Array
  readonly appHash: Uint8Array
  readonly earliestHeight: number
  /** Still fetching blocks that others have, or waiting to begin. */
  readonly catchingUp: boolean
  readonly validatorAddress: Uint8Array
  /** 0 while this node's key is not in the set. */
  readonly power: number
}

export interface NetPeer {
  readonly id: string
  readonly moniker: string
  readonly remoteIp: string
  readonly outbound: boolean
}

export interface NetInfo {
  readonly listening: boolean
  readonly peers: readonly NetPeer[]
}

export interface ConsensusParams {
  readonly maxBlockBytes: number
  /** -1 is no limit. */
  readonly maxGas: number
  readonly evidenceMaxAgeBlocks: number
  readonly evidenceMaxAgeMs: number
  readonly evidenceMaxBytes: number
  readonly keyTypes: readonly string[]
  readonly protocol: number
  /** 0 is never. */
  readonly voteExtensionsHeight: number
}

/** One value of an answer, with the way to it for the fault that names it. */
class Part {
  readonly #value: unknown
  readonly #path: string

  constructor(value: unknown, path: string) {
    this.#value = value
    this.#path = path
  }

  #wrong(expected: string): never {
    throw new Fault(`Cannot read CometBFT's answer: ${this.#path} is no ${expected}`)
  }

  get absent(): boolean {
    return this.#value === undefined || this.#value === null
  }

  at(name: string): Part {
    if (typeof this.#value !== "object" || this.#value === null) return this.#wrong("object")
    return new Part((this.#value as Readonly<Record<string, unknown>>)[name], `${this.#path}.${name}`)
  }

  list(): readonly Part[] {
    if (!Array.isArray(this.#value)) return this.#wrong("list")
    return this.#value.map((item, i) => new Part(item, `${this.#path}[${i}]`))
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.#wrong("text")
  }

  flag(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#wrong("true or false")
  }

  /** A number, or a decimal string of one. */
  int(): number {
    const value =
      typeof this.#value === "string" && /^-?\d{1,16}$/.test(this.#value) ? Number(this.#value) : this.#value
    return Number.isSafeInteger(value) ? (value as number) : this.#wrong("whole number below 2^53")
  }

  hex(...lengths: readonly number[]): Uint8Array {
    const text = this.text().toLowerCase()
    if (!/^([0-9a-f]{2})*$/.test(text) || !lengths.includes(text.length / 2)) return this.#wrong("hex of that length")
    return fromHex(text)
  }

  base64(length: number): Uint8Array {
    const text = this.text()
    const bytes = new Uint8Array(Buffer.from(text, "base64"))
    // Node skips what is no base64: only what comes out the same went in whole.
    if (bytes.length !== length || Buffer.from(bytes).toString("base64") !== text)
      return this.#wrong("base64 of that length")
    return bytes
  }

  time(): BlockTime {
    return parseTime(this.text()) ?? this.#wrong("time")
  }
}

/** RFC 3339 in UTC with up to nine digits of a second, exactly; undefined when it is something else. */
export function parseTime(text: string): BlockTime | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z$/.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = ((dayNumber(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  return { seconds, nanos: Number((match[7] ?? "").padEnd(9, "0")) }
}

function blockId(part: Part): BlockId {
  const parts = part.at("parts")
  return { hash: part.at("hash").hex(32), partsTotal: parts.at("total").int(), partsHash: parts.at("hash").hex(32) }
}

/** Ours has 32 bytes; CometBFT lets an application choose, and its own example takes 8. */
const appHash = (part: Part) => part.hex(0, 8, 32)

function header(part: Part): Header {
  const hash = (name: string) => part.at(name).hex(0, 32)
  const last = part.at("last_block_id")
  const version = part.at("version")
  return {
    blockVersion: version.at("block").int(),
    // Zero is left out.
    protocol: version.at("app").absent ? 0 : version.at("app").int(),
    chainId: part.at("chain_id").text(),
    height: part.at("height").int(),
    time: part.at("time").time(),
    lastBlockId: last.at("hash").text() === "" ? undefined : blockId(last),
    lastCommitHash: hash("last_commit_hash"),
    dataHash: hash("data_hash"),
    validatorsHash: part.at("validators_hash").hex(32),
    nextValidatorsHash: part.at("next_validators_hash").hex(32),
    consensusHash: hash("consensus_hash"),
    appHash: appHash(part.at("app_hash")),
    lastResultsHash: hash("last_results_hash"),
    evidenceHash: hash("evidence_hash"),
    proposerAddress: part.at("proposer_address").hex(20),
  }
}

function commitSig(part: Part): CommitSig {
  const flag = part.at("block_id_flag").int()
  if (flag === flags.absent) return { flag }
  if (flag !== flags.commit && flag !== flags.nil)
    throw new Fault("Cannot read CometBFT's answer: a vote's block_id_flag is none of 1 to 3")
  return {
    flag,
    address: part.at("validator_address").hex(20),
    time: part.at("timestamp").time(),
    signature: part.at("signature").base64(64),
  }
}

export function parseSignedHeader(answer: unknown): { header: Header; commit: Commit; canonical: boolean } {
  const part = new Part(answer, "commit")
  const signed = part.at("signed_header")
  const votes = signed.at("commit")
  return {
    header: header(signed.at("header")),
    commit: {
      height: votes.at("height").int(),
      round: votes.at("round").int(),
      blockId: blockId(votes.at("block_id")),
      signatures: votes.at("signatures").list().map(commitSig),
    },
    canonical: part.at("canonical").flag(),
  }
}

export function parseValidators(answer: unknown): { validators: readonly Validator[]; total: number } {
  const part = new Part(answer, "validators")
  const validators = part
    .at("validators")
    .list()
    .map((one) => ({ publicKey: one.at("pub_key").at("value").base64(32), power: one.at("voting_power").int() }))
  return { validators, total: part.at("total").int() }
}

export function parseStatus(answer: unknown): CometStatus {
  const part = new Part(answer, "status")
  const node = part.at("node_info")
  const sync = part.at("sync_info")
  const validator = part.at("validator_info")
  return {
    nodeId: node.at("id").text(),
    chainId: node.at("network").text(),
    version: node.at("version").text(),
    height: sync.at("latest_block_height").int(),
    time: sync.at("latest_block_time").time(),
    hash: sync.at("latest_block_hash").hex(0, 32),
    appHash: appHash(sync.at("latest_app_hash")),
    earliestHeight: sync.at("earliest_block_height").int(),
    catchingUp: sync.at("catching_up").flag(),
    validatorAddress: validator.at("address").hex(20),
    power: validator.at("voting_power").int(),
  }
}

export function parseNetInfo(answer: unknown): NetInfo {
  const part = new Part(answer, "net_info")
  const peers = part
    .at("peers")
    .list()
    .map((peer) => ({
      id: peer.at("node_info").at("id").text(),
      moniker: peer.at("node_info").at("moniker").text(),
      remoteIp: peer.at("remote_ip").text(),
      outbound: peer.at("is_outbound").flag(),
    }))
  return { listening: part.at("listening").flag(), peers }
}

export function parseConsensusParams(answer: unknown): ConsensusParams {
  const params = new Part(answer, "consensus_params").at("consensus_params")
  const block = params.at("block")
  const evidence = params.at("evidence")
  const types = params.at("validator").at("pub_key_types").list()
  const app = params.at("version").at("app")
  return {
    maxBlockBytes: block.at("max_bytes").int(),
    maxGas: block.at("max_gas").int(),
    evidenceMaxAgeBlocks: evidence.at("max_age_num_blocks").int(),
    evidenceMaxAgeMs: evidence.at("max_age_duration").int() / 1_000_000,
    evidenceMaxBytes: evidence.at("max_bytes").int(),
    keyTypes: types.map((type) => type.text()),
    protocol: app.absent ? 0 : app.int(),
    voteExtensionsHeight: params.at("abci").at("vote_extensions_enable_height").int(),
  }
}

export function parseCheck(answer: unknown): { code: number; log: string; hash: Uint8Array } {
  const part = new Part(answer, "broadcast_tx_sync")
  return { code: part.at("code").int(), log: part.at("log").text(), hash: part.at("hash").hex(32) }
}
