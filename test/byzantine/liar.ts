/**
 * A validator with modified software. Its ledger is real and executes what was decided; but it lets anything into its
 * mempool, votes for every proposal, and proposes what a test tells it to.
 */
import { sha256, verifySignature } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import type { AbciHandler, ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import type { AbciResponse } from "../../src/engine/comet/abci/messages.ts"
import { AbciServer } from "../../src/engine/comet/abci/server.ts"
import { AbciBridge, type BridgeEvents } from "../../src/engine/comet/bridge.ts"
import { CheckedBatches, type Verify } from "../../src/engine/comet/checked-batches.ts"
import type { CometProcess } from "../../src/engine/comet/process.ts"
import type { DecodedTransaction } from "../../src/ledger/decode.ts"
import type { LedgerApplication } from "../../src/node/application.ts"

/** What goes into the liar's own proposal, given what waits in its mempool. */
export type Lie = (waiting: readonly Uint8Array[]) => readonly Uint8Array[]

export interface Proposed {
  readonly height: number
  readonly batches: readonly Uint8Array[]
}

export const verifyJobs: Verify = async (jobs) =>
  jobs.map(({ publicKey, message, signature }) => verifySignature(publicKey, message, signature))

const none = new Uint8Array(0)
const accepted = { code: 0, data: none, log: "", info: "", gasWanted: 0, gasUsed: 0, events: [], codespace: "" }

/** Events of a bridge that nobody listens to. */
export const deaf: BridgeEvents<DecodedTransaction> = {
  onExecuted: () => undefined,
  onCommitted: () => undefined,
  onRestored: () => undefined,
  onMisbehavior: () => undefined,
  onRejected: () => undefined,
  snapshotTime: async () => undefined,
  onFailure: () => undefined,
  mayConnect: () => true,
  retainHeight: () => 0,
}

interface LiarParts {
  readonly n: number
  readonly abciSocket: string
  readonly startProcess: () => Promise<CometProcess>
}

export class Liar implements AbciHandler {
  readonly n: number
  readonly application: LedgerApplication
  /** Undefined: an honest proposal. */
  lie: Lie | undefined
  /** Every lie that was told. */
  readonly proposed: Proposed[] = []
  readonly #bridge: AbciBridge<DecodedTransaction>
  readonly #server: AbciServer
  #process: CometProcess | undefined

  private constructor(application: LedgerApplication, n: number, abciSocket: string) {
    this.n = n
    this.application = application
    const batches = new CheckedBatches(application, verifyJobs)
    this.#bridge = new AbciBridge(application, batches, { events: deaf, version: "1" })
    this.#server = new AbciServer(abciSocket, this)
  }

  static async start(application: LedgerApplication, { n, abciSocket, startProcess }: LiarParts): Promise<Liar> {
    const liar = new Liar(application, n, abciSocket)
    await liar.#server.listen()
    liar.#process = await startProcess()
    return liar
  }

  async handle(request: ApplicationRequest): Promise<AbciResponse> {
    if (request.kind === "checkTx") return { kind: "checkTx", ...accepted }
    if (request.kind === "processProposal") return { kind: "processProposal", status: "accept" }
    if (request.kind !== "prepareProposal" || this.lie === undefined) return this.#bridge.handle(request)
    const txs = this.lie(request.txs)
    this.proposed.push({ height: request.height, batches: txs })
    return { kind: "prepareProposal", txs }
  }

  onFailure(): void {}

  /** Digests of every batch in its lies, in hex. */
  get told(): ReadonlySet<string> {
    return new Set(this.proposed.flatMap(({ batches }) => batches.map((bytes) => toHex(sha256(bytes)))))
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    await this.#server.close()
    await this.application.close()
  }
}
