/** The half of an application that only keeps: everything durable goes to a store as it is, whatever the rules are. */
import type { BlockBody, BlockProof, FinalBlock, ValidatorHandover } from "../base/chain/block.ts"
import type { BlockTime } from "../base/chain/header.ts"
import type { State, StateProof } from "../base/state.ts"
import type { Application, Row } from "./engine.ts"
import type { Snapshots } from "./snapshots.ts"

/** What a store does for an application by itself. */
type Kept = Pick<
  Application,
  | "height"
  | "appHash"
  | "commit"
  | "commitBody"
  | "attach"
  | "attachedHeight"
  | "lastTime"
  | "lowestHeight"
  | "prune"
  | "handovers"
  | "addHandovers"
  | "snapshots"
>

/** Where an application keeps its state: the part of the store that applications need. */
export interface ChainStore extends State, Kept {
  seal(): Uint8Array
  prove(table: string, key: Uint8Array): StateProof
  readonly blocks: { get(height: number): FinalBlock | undefined }
}

export abstract class StoredApplication<S extends ChainStore = ChainStore> implements Kept {
  protected readonly store: S

  constructor(store: S) {
    this.store = store
  }

  get height(): number {
    return this.store.height
  }

  get appHash(): Uint8Array {
    return this.store.appHash
  }

  commit(blocks: readonly FinalBlock[]): Promise<void> {
    return this.store.commit(blocks)
  }

  commitBody(body: BlockBody): Promise<void> {
    return this.store.commitBody(body)
  }

  attach(proof: BlockProof): Promise<void> {
    return this.store.attach(proof)
  }

  get attachedHeight(): number {
    return this.store.attachedHeight
  }

  get lastTime(): BlockTime | undefined {
    return this.store.lastTime
  }

  get lowestHeight(): number {
    return this.store.lowestHeight
  }

  prune(below: number): Promise<void> {
    return this.store.prune(below)
  }

  handovers(): readonly ValidatorHandover[] {
    return this.store.handovers()
  }

  addHandovers(list: readonly ValidatorHandover[]): Promise<void> {
    return this.store.addHandovers(list)
  }

  get snapshots(): Snapshots {
    return this.store.snapshots
  }

  block(height: number): FinalBlock | undefined {
    return this.store.blocks.get(height)
  }

  prove(table: string, key: Uint8Array): Row {
    return { value: this.store.get(table, key), proof: this.store.prove(table, key) }
  }
}
