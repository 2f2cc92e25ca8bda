/**
 * Headers of several validators, signed here: a chain whose validators change, without an engine, and every vote that a
 * forger with the keys at hand could cast.
 */
import { publicKeyOf, sha256, sign } from "#crypto"
import { type Commit, commitHash, flags, voteSignBytes } from "../../src/base/chain/commit.ts"
import { type BlockId, embeddedBlockId, type Header, headerHash, makeHeader } from "../../src/base/chain/header.ts"
import { orderValidators, type Validator, validatorAddress } from "../../src/base/chain/validators.ts"
import type { Handover, SignedHeader } from "../../src/verify/receipt.ts"
import type { TrustAnchor } from "../../src/verify/trust.ts"

/** A validator whose seed is known. */
export interface Seat {
  readonly seed: Uint8Array
  readonly power: number
}

export const seat = (n: number, power = 10): Seat => ({ seed: sha256(Uint8Array.of(99, n)), power })
export const setOf = (seats: readonly Seat[]): readonly Validator[] =>
  orderValidators(seats.map(({ seed, power }) => ({ publicKey: publicKeyOf(seed), power })))

const ofKey = (seats: readonly Seat[]) => new Map(seats.map((one) => [publicKeyOf(one.seed).join(), one]))

export interface Votes {
  readonly round?: number
  readonly blockId?: BlockId
}

/** A commit in the slots of `set` with the votes of `voters`; the others are absent. */
export function commitBy(
  header: Header,
  set: readonly Validator[],
  voters: readonly Seat[],
  { round = 0, blockId = embeddedBlockId(header) }: Votes = {},
): Commit {
  const { height, time, chainId } = header
  const known = ofKey(voters)
  const signatures = orderValidators(set).map(({ publicKey }) => {
    const voter = known.get(publicKey.join())
    if (voter === undefined) return { flag: flags.absent }
    const signature = sign(voter.seed, voteSignBytes(chainId, { height, round, blockId, time }))
    return { flag: flags.commit, address: validatorAddress(publicKey), time, signature }
  })
  return { height, round, blockId: { ...blockId, hash: headerHash(header) }, signatures }
}

/** Seconds since 1970 of height 0. */
export const beginning = 1_776_000_000

export interface SignedBlock {
  readonly header: Header
  readonly commit: Commit
  readonly validators: readonly Validator[]
  readonly nextValidators: readonly Validator[]
}

export interface ChainPlan {
  readonly chainId: string
  readonly genesis: Uint8Array
  readonly k: number
  /** Who signs from a height on, by ascending height, the first at 1. */
  readonly sets: readonly { readonly from: number; readonly seats: readonly Seat[] }[]
  readonly height: number
  readonly appHash?: (height: number) => Uint8Array
  /** Whose votes are in the commit of a height; all by default. */
  readonly voters?: (height: number, seats: readonly Seat[]) => readonly Seat[]
}

export class SignedChain {
  readonly plan: ChainPlan
  readonly blocks: readonly SignedBlock[]

  constructor(plan: ChainPlan) {
    this.plan = plan
    const blocks: SignedBlock[] = []
    for (let height = 1; height <= plan.height; height++) blocks.push(this.#next(height, blocks.at(-1)))
    this.blocks = blocks
  }

  seatsAt(height: number): readonly Seat[] {
    return this.plan.sets.findLast(({ from }) => from <= height)!.seats
  }

  #next(height: number, before: SignedBlock | undefined): SignedBlock {
    const { chainId, appHash, voters } = this.plan
    const seats = this.seatsAt(height)
    const [validators, nextValidators] = [setOf(seats), setOf(this.seatsAt(height + 1))]
    const header = makeHeader({
      chainId,
      protocol: 1,
      height,
      time: { seconds: beginning + height, nanos: height },
      last: before && { blockId: before.commit.blockId, commitHash: commitHash(before.commit) },
      dataHash: sha256(Uint8Array.of(height)),
      validators,
      nextValidators,
      appHash: appHash?.(height) ?? sha256(Uint8Array.of(1, height)),
      lastResultsHash: sha256(Uint8Array.of(2, height)),
      proposer: validators[height % validators.length]!.publicKey,
    })
    const commit = commitBy(header, validators, voters?.(height, seats) ?? seats)
    return { header, commit, validators, nextValidators }
  }

  get anchor(): TrustAnchor {
    const { chainId, genesis, k } = this.plan
    return { chainId, genesis, k, validators: setOf(this.seatsAt(1)) }
  }

  handoversBelow(height: number): readonly Handover[] {
    return this.blocks
      .slice(0, height - 1)
      .filter(({ header }) => header.validatorsHash.join() !== header.nextValidatorsHash.join())
      .map(({ header, commit, nextValidators }) => ({ header, commit, validators: nextValidators }))
  }

  /** As a node serves it. */
  signed(height: number): SignedHeader {
    const { header, commit, validators } = this.blocks[height - 1]!
    const { chainId, genesis } = this.plan
    return { chainId, genesis, header, commit, validators, handovers: this.handoversBelow(height) }
  }
}
