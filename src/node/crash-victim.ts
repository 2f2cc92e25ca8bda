/**
 * A process that kills itself: it runs the embedded engine on the tally ledger, prints every answer, and at the given
 * step, before or after something becomes durable, is gone. Run by `crash.test.ts` alone.
 */
import { writeSync } from "node:fs"
import { publicKeyOf, sha256 } from "#crypto"
import type { FinalBlock } from "../base/chain/block.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import type { BlockResult, BlockToExecute } from "../engine/engine.ts"
import { TallyApplication, type TallyTransaction, tallyTransaction } from "../engine/tally.ts"
import { StateStore } from "../store/state-store.ts"

export const crashSeed = sha256(Uint8Array.of(80))
export const crashChain = {
  chainId: "tally-3",
  protocol: 1,
  genesisTime: { seconds: 1_776_000_000, nanos: 0 },
  genesisValidators: [{ publicKey: publicKeyOf(crashSeed), power: 1 }],
}
export const crashK = 5

export function crashTransaction(nonce: number): Uint8Array {
  return tallyTransaction(sha256(Uint8Array.of(1)), { sum: nonce % 5, amount: nonce, nonce })
}

/** Numbers that follow from a seed alone. */
export function randomFrom(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

class Victim extends TallyApplication {
  readonly #step: (name: string) => void

  constructor(store: StateStore, step: (name: string) => void) {
    super(store, crashChain)
    this.#step = step
  }

  override execute(block: BlockToExecute<TallyTransaction>): BlockResult {
    this.#step("before execution")
    const result = super.execute(block)
    this.#step("after execution")
    return result
  }

  override async commit(blocks: readonly FinalBlock[]): Promise<void> {
    this.#step("before commit")
    const done = super.commit(blocks)
    this.#step("during commit")
    await done
    this.#step("after commit")
  }
}

/** Runs until the step with this number, counted over everything; the victim then dies. */
async function run(directory: string, seed: number, dieAt: number): Promise<void> {
  const random = randomFrom(seed)
  let steps = 0
  const step = (name: string) => {
    if (steps++ !== dieAt) return
    // The database writes on its own thread: dying a little later is dying in the middle of it.
    const until = performance.now() + (name === "during commit" ? random(30) / 10 : 0)
    while (performance.now() < until);
    process.kill(process.pid, "SIGKILL")
  }
  const store = new StateStore(directory, { k: crashK })
  const clock = new SettableClock(crashChain.genesisTime)
  const engine = new EmbeddedEngine(new Victim(store, step), { seed: crashSeed, threads: 1, clock })
  await engine.start()
  let nonce = 1000 * (seed % 7)
  for (;;) {
    const together = Array.from({ length: 1 + random(20) }, () => nonce++)
    await Promise.all(
      together.map(async (n) => {
        const { height } = await engine.submit(crashTransaction(n))
        writeSync(1, `${n} ${height}\n`)
        step("after answer")
      }),
    )
  }
}

const [directory, seed, dieAt] = process.argv.slice(2)
if (import.meta.main && directory !== undefined) await run(directory, Number(seed), Number(dieAt))
