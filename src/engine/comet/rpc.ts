/**
 * A client of one CometBFT's RPC over its unix socket. The RPC has no authentication, so it listens nowhere else; what
 * other machines may ask goes through the node's own server.
 */
import { Agent, request } from "node:http"
import { sha256 } from "#crypto"
import type { Commit } from "../../base/chain/commit.ts"
import type { Header } from "../../base/chain/header.ts"
import type { Validator } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import {
  type CometStatus,
  type ConsensusParams,
  type NetInfo,
  parseCheck,
  parseConsensusParams,
  parseNetInfo,
  parseSignedHeader,
  parseStatus,
  parseValidators,
} from "./rpc-answers.ts"

export type { CometStatus, ConsensusParams, NetInfo, NetPeer } from "./rpc-answers.ts"

/** What became of a transaction at the door of this node's mempool. */
export interface Broadcast {
  /**
   * The application's answer to CheckTx: 0 is accepted. 0 also when `duplicate`; 1 when `full`. Accepted is no promise:
   * a mempool that filled up meanwhile drops the transaction without a word, and a killed CometBFT forgets all of them.
   */
  readonly code: number
  readonly log: string
  /** SHA-256 of the transaction. */
  readonly hash: Uint8Array
  /** The mempool's cache knows these bytes: they wait already, or were in a block not long ago. */
  readonly duplicate: boolean
  /** The mempool holds as many transactions or bytes as it may: try again later. */
  readonly full: boolean
}

export interface SignedHeader {
  readonly header: Header
  readonly commit: Commit
  /** False at the tip, where each node shows the votes it saw; the next block fixes which ones count. */
  readonly canonical: boolean
}

/** CometBFT answered, and its answer was an error. Retryable only while it fetches the blocks that others have. */
export class RpcFault extends Fault {
  /** JSON-RPC: -32603 internal, -32602 bad parameters, -32601 no such method. */
  readonly code: number
  readonly data: string

  constructor(method: string, code: number, message: string, data: string) {
    const text = `Cannot call ${method} of CometBFT: ${message}${data === "" ? "" : `: ${data}`}`
    super(text, { retryable: data.includes("catching up") })
    this.code = code
    this.data = data
  }
}

/**
 * Every call throws a retryable Fault when CometBFT cannot be reached or does not answer in time, an `RpcFault` when
 * it answers with an error, and a plain Fault when its answer is of another form than expected.
 */
export class CometRpc {
  readonly #socketPath: string
  readonly #timeoutMs: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 })
  #nextId = 1

  constructor(socketPath: string, options: { readonly timeoutMs?: number } = {}) {
    this.#socketPath = socketPath
    this.#timeoutMs = options.timeoutMs ?? 5000
  }

  /** Hands a transaction to the mempool; resolves after CheckTx, before any block. */
  async broadcastTxSync(transaction: Uint8Array): Promise<Broadcast> {
    try {
      const answer = await this.call("broadcast_tx_sync", { tx: Buffer.from(transaction).toString("base64") })
      return { ...parseCheck(answer), duplicate: false, full: false }
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error
      const hash = sha256(transaction)
      if (error.data.includes("tx already exists in cache"))
        return { code: 0, log: error.data, hash, duplicate: true, full: false }
      if (/mempool is (full|still rechecking)/.test(error.data))
        return { code: 1, log: error.data, hash, duplicate: false, full: true }
      throw error
    }
  }

  async status(): Promise<CometStatus> {
    return parseStatus(await this.call("status"))
  }

  /** The header and votes of a height; of the newest when none is given. @throws RpcFault when there is none. */
  async commit(height?: number): Promise<SignedHeader> {
    return parseSignedHeader(await this.call("commit", height === undefined ? {} : { height: String(height) }))
  }

  /** The set that signs a height, in the order of the set. Known up to two heights ahead of the tip. */
  async validators(height: number): Promise<readonly Validator[]> {
    const all: Validator[] = []
    for (let page = 1; ; page++) {
      const params = { height: String(height), page: String(page), per_page: "100" }
      const { validators, total } = parseValidators(await this.call("validators", params))
      all.push(...validators)
      if (all.length >= total || validators.length === 0) return all
    }
  }

  async consensusParams(height: number): Promise<ConsensusParams> {
    return parseConsensusParams(await this.call("consensus_params", { height: String(height) }))
  }

  async netInfo(): Promise<NetInfo> {
    return parseNetInfo(await this.call("net_info"))
  }

  /** One JSON-RPC call, its `result` as it came: numbers of 64 bits are decimal strings, bytes hex or base64. */
  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#nextId++, method, params })
    const text = await this.#post(method, body)
    const answer = parseEnvelope(method, text)
    if (answer.error === undefined) return answer.result
    const { code = 0, message = "unknown", data = "" } = answer.error
    throw new RpcFault(method, code, message, data)
  }

  /** Closes the connections that are kept. Calls under way fail. */
  close(): void {
    this.#agent.destroy()
  }

  #post(method: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(new Fault(`Cannot call ${method} of CometBFT: it does not answer`, { retryable: true, cause }))
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
      const call = request(
        { socketPath: this.#socketPath, method: "POST", path: "/", agent: this.#agent, headers },
        (response) => {
          const chunks: Buffer[] = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("error", fail)
          response.on("close", () => clearTimeout(timer))
          response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
        },
      )
      // Of the whole call, not of a silence: a node that dribbles bytes must not hold its caller.
      const timer = setTimeout(() => call.destroy(new Error("no answer in time")), this.#timeoutMs)
      call.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        // CometBFT closes a kept connection after ten idle seconds, and a call may be on its way just then. Any call
        // may be repeated, should this one have arrived after all.
        if (call.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "")) resolve(this.#post(method, body))
        else fail(error)
      })
      call.end(body)
    })
  }
}

interface Envelope {
  readonly result?: unknown
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: string }
}

function parseEnvelope(method: string, text: string): Envelope {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null) return value
  } catch {
    // Falls through: what is no JSON is the same fault as JSON of another form.
  }
  throw new Fault(`Cannot call ${method} of CometBFT: its answer is no JSON-RPC`, { retryable: true })
}
