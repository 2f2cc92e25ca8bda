/** One bridge on one tally ledger, and requests for it: what the tests of single calls stand on. */
import { verifySignature } from "#crypto"
import type { ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import { AbciBridge } from "../../src/engine/comet/bridge.ts"
import { CheckedBatches } from "../../src/engine/comet/checked-batches.ts"
import type { TallyTransaction } from "../../src/engine/tally.ts"
import type { OpenApplication } from "./machine.ts"
import { TallyMachine } from "./tally-machine.ts"

const none = new Uint8Array(0)
type Request<K extends ApplicationRequest["kind"]> = Extract<ApplicationRequest, { readonly kind: K }>

export class Calls {
  readonly bridge: AbciBridge<TallyTransaction>
  /** Blocks that the bridge said it has executed. */
  executed = 0
  readonly #open: OpenApplication<TallyTransaction>

  private constructor(open: OpenApplication<TallyTransaction>) {
    this.#open = open
    const { application } = open
    const batches = new CheckedBatches(application, async (jobs) =>
      jobs.map(({ publicKey, message, signature }) => verifySignature(publicKey, message, signature)),
    )
    const events = {
      onExecuted: () => {
        this.executed++
      },
      onCommitted: () => undefined,
      onRestored: () => undefined,
      snapshotTime: () => Promise.resolve(undefined),
      onMisbehavior: () => undefined,
      onRejected: () => undefined,
      onFailure: () => undefined,
      mayConnect: () => true,
      retainHeight: () => 0,
    }
    this.bridge = new AbciBridge(application, batches, { events, version: "1" })
  }

  static async open(directory: string): Promise<Calls> {
    return new Calls(await new TallyMachine(4, 4).open(directory))
  }

  close(): Promise<void> {
    return this.#open.close()
  }

  info(): Request<"info"> {
    return { kind: "info", version: "0.39.4", blockVersion: 11, p2pVersion: 8, abciVersion: "2.0.0" }
  }

  initChain(): Request<"initChain"> {
    const { chainId, genesisTime, genesisValidators } = this.#open.application.chain
    return {
      kind: "initChain",
      time: genesisTime,
      chainId,
      consensusParams: undefined,
      validators: genesisValidators.map(({ publicKey, power }) => ({
        pubKey: { type: "ed25519", bytes: publicKey },
        power,
      })),
      appStateBytes: none,
      initialHeight: 1,
    }
  }

  /** One batch of these transactions; a block without any when there are none. */
  finalize(height: number, transactions: readonly Uint8Array[]): Request<"finalizeBlock"> {
    const { application } = this.#open
    return {
      kind: "finalizeBlock",
      txs: transactions.length === 0 ? [] : [application.encodeBatch(transactions)],
      decidedLastCommit: { round: 0, votes: [] },
      misbehavior: [],
      hash: Uint8Array.of(height),
      height,
      time: { seconds: 1_776_000_000 + height, nanos: 0 },
      nextValidatorsHash: none,
      proposerAddress: none,
    }
  }
}
