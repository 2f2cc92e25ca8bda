/**
 * One history for all: every node asks the other members what they hold at a height of its own, and keeps what proves
 * that somebody signed two. A wrong header that nobody signed proves nothing and is passed over.
 */
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { commitCodec } from "../base/chain/commit.ts"
import { headerCodec, headerHash } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs, struct } from "../base/schema.ts"
import { encodeEquivocation, headerEquivocation, type VotedHeader } from "../verify/header-equivocation.ts"
import type { Chain } from "./chain.ts"
import type { Directory } from "./directory.ts"
import type { Request } from "./transport.ts"
import type { Work } from "./work.ts"

const votedHeaderCodec = struct({ header: headerCodec, commit: commitCodec })
const everyMs = 10_000

/** Somebody signed two headers of one height. */
export interface TwoHistories {
  readonly height: number
  /** The organization whose node showed the other header. */
  readonly shownBy: number
  readonly kind: string
  /** Public keys of those who signed both. */
  readonly signers: readonly Uint8Array[]
  /** `equivocation/1`: proves it to anybody who trusts the genesis. */
  readonly evidence: Uint8Array
}

/** What another node is told of a height; undefined where it is not here. */
export function votedHeader(chain: Chain, height: number): Uint8Array | undefined {
  const block = chain.source.block(height)
  return block && encodeAs(votedHeaderCodec, { header: block.header, commit: block.commit })
}

export interface WatchParts {
  readonly organization: number
  readonly chain: Chain
  readonly directory: Directory
  readonly request: Request
  readonly work: Work
  readonly onFound: (found: TwoHistories) => void
}

export class HeaderWatch {
  readonly #parts: WatchParts
  readonly #timer: NodeJS.Timeout

  constructor(parts: WatchParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.look(), everyMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** What was found so far. */
  found(): readonly TwoHistories[] {
    return this.#parts.work.rows<TwoHistories>("two-histories").map(([, found]) => found)
  }

  /** Asks every member once. */
  async look(): Promise<void> {
    const { chain, directory, organization } = this.#parts
    const own = chain.source.block(chain.height)
    if (own === undefined) return
    const others = directory.all().filter((entry) => entry.organization !== organization)
    await Promise.all(
      others.map(async ({ organization: shownBy, url, transport }) => {
        const theirs = await this.#ask(`${url}/chain/headers?height=${own.header.height}`, transport)
        if (theirs !== undefined) await this.#compare(own, theirs, shownBy)
      }),
    )
  }

  async #ask(url: string, pin: Uint8Array | undefined): Promise<VotedHeader | undefined> {
    try {
      const { status, bytes } = await this.#parts.request(url, { pin })
      return status === 200 ? decodeAs(votedHeaderCodec, bytes) : undefined
    } catch (error) {
      if (error instanceof Fault || error instanceof EncodingError) return undefined
      throw error
    }
  }

  async #compare(own: FinalBlock, other: VotedHeader, shownBy: number): Promise<void> {
    if (equalBytes(headerHash(own.header), headerHash(other.header))) return
    const liars = headerEquivocation(own, other, own.validators)
    if (liars === undefined) return
    const { chain, work, onFound } = this.#parts
    const { height, kind } = liars
    const evidence = encodeEquivocation({ ...chain.signed(own), other })
    const found = { height, shownBy, kind, signers: liars.signers.map(({ publicKey }) => publicKey), evidence }
    const id = `${String(height).padStart(12, "0")}-${shownBy}`
    if (work.has("two-histories", id)) return
    await work.put("two-histories", id, found)
    onFound(found)
  }
}
