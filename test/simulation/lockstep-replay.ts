/**
 * Runs decided blocks through the bridge in a process of its own, under whatever locale, time zone and thread count it
 * was given, and prints what came of each. Run by `simulation.test.ts` alone.
 */
import { readFileSync } from "node:fs"
import { toHex } from "../../src/base/bytes.ts"
import { AbciBridge } from "../../src/engine/comet/bridge.ts"
import { CheckedBatches } from "../../src/engine/comet/checked-batches.ts"
import { SignaturePool, verifyAllJobs } from "../../src/engine/signature-pool.ts"
import { LedgerMachine } from "./ledger-machine.ts"

export interface RecordedBlock {
  readonly height: number
  readonly seconds: number
  readonly nanos: number
  /** Hex. */
  readonly hash: string
  readonly txs: readonly string[]
}

/** A line a height: app hash, results and validators, in hex. */
export function lineOf(answer: {
  readonly appHash: Uint8Array
  readonly txResults: readonly { readonly data: Uint8Array }[]
  readonly validatorUpdates: readonly { readonly pubKey: { readonly bytes: Uint8Array }; readonly power: number }[]
}): string {
  const results = answer.txResults.map(({ data }) => toHex(data))
  const validators = answer.validatorUpdates.map(({ pubKey, power }) => `${toHex(pubKey.bytes)}=${power}`)
  return [toHex(answer.appHash), results.join(), validators.join()].join(" ")
}

const none = new Uint8Array(0)
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"))

async function replay(file: string, directory: string, threads: number): Promise<void> {
  const { founders, blocks } = JSON.parse(readFileSync(file, "utf8")) as { founders: number; blocks: RecordedBlock[] }
  const machine = await LedgerMachine.make(founders, `${directory}/genesis`)
  const { application, close } = await machine.open(`${directory}/chain`)
  const pool = new SignaturePool(threads, {
    onProgress: () => undefined,
    onFailure: (cause) => {
      throw cause
    },
  })
  // However few the signatures are: threads are what is tried here.
  pool.hireFor(1000)
  let verifying: Promise<unknown> = Promise.resolve()
  const batches = new CheckedBatches(application, (jobs) => {
    const run = verifying.then(() => verifyAllJobs(pool, jobs))
    verifying = run
    return run
  })
  const events = {
    onExecuted: () => undefined,
    onCommitted: () => undefined,
    onRestored: () => undefined,
    snapshotTime: () => Promise.resolve(undefined),
    onMisbehavior: () => undefined,
    onRejected: () => undefined,
    onFailure: () => undefined,
    mayConnect: () => true,
    retainHeight: () => 0,
  }
  const bridge = new AbciBridge(application, batches, { events, version: "1" })
  for (const { height, seconds, nanos, hash, txs } of blocks) {
    const answer = await bridge.handle({
      kind: "finalizeBlock",
      txs: txs.map(bytesOf),
      decidedLastCommit: { round: 0, votes: [] },
      misbehavior: [],
      hash: bytesOf(hash),
      height,
      time: { seconds, nanos },
      nextValidatorsHash: none,
      proposerAddress: none,
    })
    if (answer.kind !== "finalizeBlock") throw new Error(`another answer than FinalizeBlock's: ${answer.kind}`)
    console.log(lineOf(answer))
    await bridge.handle({ kind: "commit" })
  }
  await pool.stop()
  await close()
}

const [file, directory, threads] = process.argv.slice(2)
if (import.meta.main && file !== undefined && directory !== undefined) await replay(file, directory, Number(threads))
