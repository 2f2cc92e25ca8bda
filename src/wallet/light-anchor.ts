/**
 * What a wallet believes of the ledger without a copy of it: its own genesis anchor, and every header it has verified.
 * It only moves forward, so validators who have left since cannot show it a second history; and it remembers what it
 * saw, so that whoever signs another header of the same height is caught with both in hand. No clock, no network.
 *
 *   genesis ──handovers──▶ newest header seen ──handovers since──▶ a newer one
 *                               ▲ an older one: by the set that still signs, or by hash links
 */
import { equalBytes } from "../base/bytes.ts"
import { commitCodec } from "../base/chain/commit.ts"
import { chainIdCodec, type Header, headerCodec, headerHash } from "../base/chain/header.ts"
import { validatorsCodec } from "../base/chain/validators.ts"
import { b32, decodeAs, encodeAs, list, struct } from "../base/schema.ts"
import { encodeEquivocation, headerEquivocation, type Liars } from "../verify/header-equivocation.ts"
import type { FailureCode } from "../verify/reason.ts"
import { type Handover, type SignedHeader, signedHeaderFields, tagged } from "../verify/receipt.ts"
import { checkHeader, type TrustAnchor } from "../verify/trust.ts"

const sentences = {
  "header-old": "It is older than what this wallet has seen already",
  "header-forked": "It is another header of a height that this wallet has seen",
  "header-ahead": "Its time has not come yet by this wallet's clock",
} as const

export interface LightFailure {
  readonly code: FailureCode | keyof typeof sentences
  readonly message: string
  /** Who signed both this header and the one seen before. */
  readonly liars?: Liars
  /** `equivocation/1`: shows it to anybody. */
  readonly evidence?: Uint8Array
}

/** Where a good header stands beside what was seen. */
export type Place = "newer" | "known" | "earlier"

export interface Circumstances {
  /** Seconds since 1970 by the reader's own clock; without it no header is from the future. */
  readonly now?: number | undefined
  /** Block time in seconds since 1970 before which the reader takes nothing: what is older may have changed since. */
  readonly notBefore?: number | undefined
  /** For a header from before a change of validators: the headers from its own height + 1 up to the newest seen. */
  readonly links?: readonly Header[]
}

/** Clocks of telephones are off by minutes; a validator's is not. */
const clockToleranceSeconds = 600
/** Headers remembered, the newest ones: those that prove a lie, and that a kept file may stand on. */
const mostSeen = 64
const mostCaught = 16

const failure = (code: keyof typeof sentences): LightFailure => ({ code, message: sentences[code] })

const savedCodec = struct({
  tag: tagged("light-anchor/1"),
  chainId: chainIdCodec,
  genesis: b32,
  way: signedHeaderFields.handovers,
  seen: list(struct({ header: headerCodec, commit: commitCodec, validators: validatorsCodec }), 0, mostSeen),
})

const sameHeader = (a: Header, b: Header) => equalBytes(headerHash(a), headerHash(b))

/** Whether a change of validators that a good newer header came with was looked at: what lies before is passed over. */
function isSince(change: Header, newest: Header | undefined): boolean {
  if (newest === undefined || change.height > newest.height) return true
  return sameHeader(change, newest) && !equalBytes(change.validatorsHash, change.nextValidatorsHash)
}

export class LightAnchor {
  readonly #genesis: TrustAnchor
  /** By ascending height, each without its way. */
  #seen: readonly SignedHeader[] = []
  /** Every change of validators from the genesis to the newest header: what others need to check what was seen. */
  #way: readonly Handover[] = []
  #caught: readonly Uint8Array[] = []

  /**
   * @param anchor - from the genesis file, or with a checkpoint learnt out of band.
   * @param saved - what `save` gave, from the wallet's own store.
   * @throws EncodingError when `saved` does not read; RangeError when it is of another chain.
   */
  constructor(anchor: TrustAnchor, saved?: Uint8Array) {
    this.#genesis = anchor
    if (saved === undefined) return
    const { chainId, genesis, way, seen } = decodeAs(savedCodec, saved)
    if (chainId !== anchor.chainId || !equalBytes(genesis, anchor.genesis))
      throw new RangeError("Cannot open what the wallet saw of the ledger: it is of another chain")
    this.#way = way
    this.#seen = seen.map((one) => ({ chainId, genesis, ...one, handovers: [] }))
  }

  save(): Uint8Array {
    const { chainId, genesis } = this.#genesis
    return encodeAs(savedCodec, { tag: "light-anchor/1", chainId, genesis, way: this.#way, seen: this.#seen })
  }

  /** The newest header seen. */
  get newest(): Header | undefined {
    return this.#seen.at(-1)?.header
  }

  /** Evidence of who lied, from every header that was taken and forked from one seen; `equivocation/1` each. */
  get caught(): readonly Uint8Array[] {
    return this.#caught
  }

  /** What to open a proof with whose header has this height: from the newest one seen on, if it is above that. */
  anchorFor(height: number): TrustAnchor {
    const newest = this.#seen.at(-1)
    return newest === undefined || height <= newest.header.height ? this.#genesis : this.#pinned(newest)
  }

  /** As an anchor whose checkpoint is the newest header. */
  #pinned({ header, validators }: SignedHeader): TrustAnchor {
    const { checkpoint } = this.#genesis
    // What was learnt out of band and lies ahead holds until it is reached.
    if (checkpoint !== undefined && checkpoint.height > header.height) return this.#genesis
    const { height, nextValidatorsHash, validatorsHash } = header
    // A header that hands over does not show whom to; then the way from the genesis is asked for once more.
    const next = equalBytes(nextValidatorsHash, validatorsHash) ? { validators } : {}
    return {
      ...this.#genesis,
      checkpoint: { height, headerHash: headerHash(header), nextValidatorsHash, last: false, ...next },
    }
  }

  /** Where a header stands beside what was seen, or why it is not believed. Changes nothing. Any header may be given. */
  judge(signed: SignedHeader, { now, notBefore, links = [] }: Circumstances = {}): Place | LightFailure {
    const { height, time } = signed.header
    const place = this.#place(signed, links)
    if (typeof place !== "string") return place
    if (now !== undefined && time.seconds > now + clockToleranceSeconds) return failure("header-ahead")
    if (notBefore !== undefined && time.seconds < notBefore && height !== this.newest?.height)
      return failure("header-old")
    return place
  }

  /**
   * Moves on to a header, if it is newer and good.
   * @returns undefined when this header is the newest now; else why not, also for one that is good and old.
   */
  advance(signed: SignedHeader, circumstances: Circumstances = {}): LightFailure | undefined {
    const place = this.#judged(signed, circumstances)
    if (typeof place !== "string") return place
    const { newest } = this
    if (place === "newer") this.#remember(signed)
    else if (newest === undefined || signed.header.height < newest.height) return failure("header-old")
    return undefined
  }

  /** As `judge`; what is good is remembered, and moves the anchor when it is newer; who is caught is remembered, too. */
  take(signed: SignedHeader, circumstances: Circumstances = {}): Place | LightFailure {
    const place = this.#judged(signed, circumstances)
    if (place === "newer" || place === "earlier") this.#remember(signed)
    return place
  }

  #judged(signed: SignedHeader, circumstances: Circumstances): Place | LightFailure {
    const place = this.judge(signed, circumstances)
    if (typeof place === "object" && place.evidence !== undefined)
      this.#caught = [...this.#caught, place.evidence].slice(-mostCaught)
    return place
  }

  #remember(signed: SignedHeader): void {
    const { newest } = this
    if (newest === undefined || signed.header.height > newest.height)
      this.#way = [...this.#way, ...signed.handovers.filter(({ header }) => isSince(header, newest))]
    const kept = [...this.#seen, { ...signed, handovers: [] }]
    this.#seen = kept.sort((a, b) => a.header.height - b.header.height).slice(-mostSeen)
  }

  #place(signed: SignedHeader, links: readonly Header[]): Place | LightFailure {
    const lie = this.#forkIn(signed)
    if (lie !== undefined) return lie
    const { height } = signed.header
    const newest = this.#seen.at(-1)
    if (newest === undefined) return checkHeader(signed, this.#genesis, links) ?? "newer"
    if (height > newest.header.height) return checkHeader(signed, this.#pinned(newest), links) ?? "newer"
    const seen = this.#seen.find(({ header }) => header.height === height)
    if (seen !== undefined) return this.#sameSigned(signed, seen) ?? "known"
    return this.#checkEarlier(signed, newest, links) ?? "earlier"
  }

  /** The header was verified before; whatever votes come with it now must be good ones of the same set. */
  #sameSigned(signed: SignedHeader, { validators }: SignedHeader): LightFailure | undefined {
    return checkHeader({ ...signed, handovers: [] }, this.#signedBy(validators), [])
  }

  #signedBy(validators: SignedHeader["validators"]): TrustAnchor {
    return { ...this.#genesis, checkpoint: undefined, validators }
  }

  /**
   * An older header that was not seen: who signs today answers for it as for a new one; who has left does not, and must
   * be followed by hash.
   */
  #checkEarlier(signed: SignedHeader, newest: SignedHeader, links: readonly Header[]): LightFailure | undefined {
    if (checkHeader({ ...signed, handovers: [] }, this.#signedBy(newest.validators), []) === undefined) return undefined
    return checkHeader(signed, this.#pinned(newest), links)
  }

  /** Whether the header, or a change of validators on its way, is another one than was seen at its height. */
  #forkIn(signed: SignedHeader): LightFailure | undefined {
    for (const one of [signed, ...signed.handovers]) {
      const seen = this.#seen.find(({ header }) => header.height === one.header.height)
      if (seen === undefined || sameHeader(seen.header, one.header)) continue
      const liars = headerEquivocation(seen, one, seen.validators)
      if (liars === undefined) {
        // Nobody signed it whom we know: it is a forgery like any other, unless it is good.
        const broken = one === signed ? checkHeader(signed, this.#genesis, []) : undefined
        return broken ?? failure("header-forked")
      }
      const { header, commit } = one
      const handovers = this.#way.filter((change) => change.header.height < header.height)
      const evidence = encodeEquivocation({ ...seen, handovers, other: { header, commit } })
      return { ...failure("header-forked"), liars, evidence }
    }
    return undefined
  }
}
