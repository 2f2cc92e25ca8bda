/**
 * Snapshots of the state: how a node that joins late gets the state of a height without the blocks before it. The
 * application makes and restores them; the engine offers them to other nodes and asks others for theirs.
 */
import type { BlockTime } from "../base/chain/header.ts"

/** What is told of a snapshot before any chunk is fetched. It comes from a stranger until `begin` has taken it. */
export interface SnapshotInfo {
  /** Of the block after which the state stood so; at least 1. */
  readonly height: number
  /** 1 is the only one. */
  readonly format: number
  /** How many there are; at least 1. */
  readonly chunks: number
  /** SHA-256 of `metadata`: the same on every node that took a snapshot of this height. */
  readonly hash: Uint8Array
  /** Names each chunk by its hash, and the header time of the height; at most 4 MB. */
  readonly metadata: Uint8Array
}

/**
 * `retry`: this chunk is not the one that the snapshot names; fetch it from another node. `reject`: the snapshot is no
 * good, and the state is that of the genesis again.
 */
export type ChunkVerdict = "accept" | "retry" | "reject"

export interface Snapshots {
  /**
   * Makes a snapshot of the last durable height, while later blocks go on. The newest three are kept. Nothing happens
   * at height 0 and where there is one of this height; calls are queued. On disk when it resolves.
   *
   * @throws Fault `retryable` when the disk refuses; the state is not touched.
   */
  take(): Promise<void>

  /** Whole snapshots, by ascending height. */
  list(): readonly SnapshotInfo[]

  /** At most 8 MiB; undefined where there is no such snapshot or chunk, or no longer. `chunk` counts from 0. */
  load(height: number, format: number, chunk: number): Uint8Array | undefined

  /**
   * Begins a restore, and forgets one that was under way. Nothing of the state changes before the last chunk.
   *
   * @param appHash - of the state after `info.height`, from a header that was verified.
   * @param time - of the header of that height, where the caller has verified it: the app hash does not vouch for the
   *   one that a snapshot names.
   * @returns false when this is no snapshot that can be restored here: of another format, in disagreement with itself,
   *   or offered to an application that is past its genesis.
   */
  begin(info: SnapshotInfo, appHash: Uint8Array, time?: BlockTime): boolean

  /**
   * Takes the next chunk; they come in order, and one that was accepted already is accepted again. With the last one
   * the state, its height, time and app hash become durable in one step; a crash before that leaves the genesis.
   *
   * @throws Fault when the disk refuses.
   */
  apply(index: number, chunk: Uint8Array): ChunkVerdict
}
