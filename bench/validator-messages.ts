/** What the bench and one of its validators say to each other, over the channel that Node gives a forked process. */
import type { PeerAddress, Timeouts } from "../src/engine/comet/home.ts"
import type { ProcessorTime } from "./threads.ts"

/** As on a node of the product. */
export const maxBlockBytes = 4 * 1024 * 1024

/** How one validator is started; handed over as the one argument, in JSON. */
export interface ValidatorSettings {
  readonly directory: string
  readonly genesisFile: string
  readonly binary: string
  /** Which of the validators, from 0. */
  readonly n: number
  readonly validators: number
  /** Seconds since 1970. */
  readonly start: number
  readonly port: number
  readonly peers: readonly PeerAddress[]
  /** No rules, no signatures: the floor. */
  readonly bare: boolean
  readonly keepBlocks?: number | undefined
  readonly timeouts?: Partial<Timeouts> | undefined
  readonly threads?: number | undefined
}

export type ToValidator =
  | { readonly kind: "offer"; readonly transactions: readonly (readonly [id: number, bytes: Uint8Array])[] }
  | { readonly kind: "figures"; readonly reset: boolean }
  | { readonly kind: "batches"; readonly above: number; readonly to: number }
  | { readonly kind: "stop" }

export type FromValidator =
  | { readonly kind: "ready"; readonly cometPid: number }
  /** An id and what became of it: 0 applied, another number refused by the rules, a text where the engine failed. */
  | { readonly kind: "answers"; readonly answers: readonly (readonly [id: number, outcome: number | string])[] }
  | ({ readonly kind: "figures" } & ValidatorFigures)
  | { readonly kind: "batches"; readonly batches: readonly Uint8Array[] }
  | { readonly kind: "failed"; readonly why: string }

export interface ValidatorFigures {
  readonly height: number
  readonly pending: number
  /** Since the last reset: transactions submitted here, and their mean milliseconds by stage. */
  readonly transactions: number
  readonly waits: Readonly<Record<string, number>>
  /** Processor milliseconds since the last reset. */
  readonly work: Readonly<Record<string, number>>
  readonly processor: ProcessorTime
  readonly cometMs: number
  readonly rssMb: number
  /** Bytes on disk by what they are. */
  readonly disk: Readonly<Record<string, number>>
}
