/**
 * The node that this one follows, over HTTP: blocks by long polling, transactions handed on. Nothing it says is
 * believed: the follower checks and re-executes every block.
 */

import { fromHex, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { type FinalBlock, finalBlockCodec } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs, list } from "../base/schema.ts"
import type { Finality, Status, Trust } from "../engine/engine.ts"
import type { BlockSource } from "../engine/follower.ts"
import { type Address, plainRequest, type Request } from "./transport.ts"

const pollMs = 15_000
const mostBlocks = 256
const blocksCodec = list(finalBlockCodec, 0, mostBlocks)

export const encodeBlocks = (blocks: readonly FinalBlock[]): Uint8Array => encodeAs(blocksCodec, blocks)

/** Blocks from a height on for one answer; waits for the first, at most `waitMs`, and not while the node stops. */
export async function blocksFor(
  source: { readonly height: number; block(height: number): FinalBlock | undefined },
  from: number,
  { waitMs, isStopping }: { readonly waitMs: number; readonly isStopping: () => boolean },
): Promise<Uint8Array> {
  const end = Date.now() + waitMs
  while (source.height < from && Date.now() < end && !isStopping())
    await new Promise((resolve) => setTimeout(resolve, 5))
  const blocks: FinalBlock[] = []
  for (let height = Math.max(1, from); height <= source.height && blocks.length < mostBlocks; height++) {
    const block = source.block(height)
    if (block === undefined) break
    blocks.push(block)
  }
  return encodeBlocks(blocks)
}

/** What `POST /chain/transactions` answers. */
export function finalityToJson({ height, index, outcome }: Finality): unknown {
  const { id, number, rejection } = outcome
  return { height, index, id: id && toHex(id), number, rejection: rejection && { ...rejection } }
}

interface FinalityJson {
  readonly height: number
  readonly index: number
  readonly id?: string
  readonly number: number
  readonly rejection?: {
    readonly code: string
    readonly number: number
    readonly message: string
    readonly remedy: string
  }
}

export class RemoteSource implements BlockSource {
  readonly trust: Trust
  readonly #address: () => Address
  readonly #request: Request
  readonly #onFailure: () => void
  readonly #stop = new AbortController()

  /**
   * @param address - asked each time: it may change when the other node starts again.
   * @param onFailure - called when the node asked did not answer, so that `address` may name another one.
   */
  constructor(
    trust: Trust,
    address: () => Address,
    request: Request = plainRequest,
    onFailure: () => void = () => undefined,
  ) {
    this.trust = trust
    this.#address = address
    this.#request = request
    this.#onFailure = onFailure
  }

  async *blocks(from: number): AsyncIterable<FinalBlock> {
    for (let next = from; !this.#stop.signal.aborted; ) {
      const bytes = await this.#fetch(`/chain/blocks?from=${next}&wait=${pollMs}`)
      let blocks: readonly FinalBlock[]
      try {
        blocks = decodeAs(blocksCodec, bytes)
      } catch (cause) {
        if (!(cause instanceof EncodingError)) throw cause
        throw new Fault("Cannot follow chain: the answer is not blocks", { retryable: true, cause })
      }
      for (const block of blocks) yield block
      next += blocks.length
    }
  }

  async submit(transaction: Uint8Array): Promise<Finality> {
    const bytes = await this.#fetch("/chain/transactions", transaction)
    const { height, index, id, number, rejection } = JSON.parse(Buffer.from(bytes).toString("utf8")) as FinalityJson
    return {
      height,
      index,
      outcome: {
        number,
        ...(id === undefined ? {} : { id: fromHex(id) }),
        ...(rejection === undefined ? {} : { rejection }),
      },
    }
  }

  status(): Status {
    return "unknown"
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Every fault is retryable: whoever runs this node may list another address or key at any time. */
  async #fetch(path: string, body?: Uint8Array): Promise<Uint8Array> {
    const post = { method: "POST", headers: { "content-type": "application/cbor" }, body } as const
    try {
      const { url, transport: pin } = this.#address()
      const ask = { ...(body === undefined ? {} : post), signal: this.#stop.signal, pin }
      const { status, bytes } = await this.#request(url + path, ask)
      if (status >= 200 && status < 300) return bytes
      throw new Fault(`Cannot ask the node that is followed: status ${status}${codeOf(bytes)}`, { retryable: true })
    } catch (cause) {
      this.#onFailure()
      if (cause instanceof Fault && cause.retryable) throw cause
      const message = cause instanceof Fault ? cause.message : "Cannot reach the node that is followed"
      throw new Fault(message, { retryable: true, cause })
    }
  }
}

/** The code of a refusal, when the other side sent one of ours. */
function codeOf(bytes: Uint8Array): string {
  const code = /"code"\s*:\s*"(not-a-member|over-quota|outage)"/.exec(Buffer.from(bytes).toString("latin1"))?.[1]
  return code === undefined ? "" : `, ${code}`
}
