/**
 * Loaded into a node with `--import`, before its own code: ends the process with SIGKILL at the k-th passing of one
 * durable step, before it, while it is under way, or after it. Which one comes in `COUNTERSIGN_TEST_DIE_AT`, as
 * `step:moment:k`.
 */
import { isMainThread } from "node:worker_threads"
import { StateStore } from "../../src/store/state-store.ts"
import { WorkStore } from "../../src/store/work-store.ts"

type Step = (this: unknown, ...given: unknown[]) => unknown

/** Everything that a node in consensus makes durable by itself. */
const owners: Readonly<Record<string, object>> = {
  commitBody: StateStore.prototype,
  attach: StateStore.prototype,
  put: WorkStore.prototype,
}

const die = () => process.kill(process.pid, "SIGKILL")

function arm(name: string, moment: string, last: number): void {
  const owner = owners[name] as Record<string, Step>
  const original = owner[name]!
  let passed = 0
  owner[name] = function (...given) {
    passed++
    if (passed !== last) return original.apply(this, given)
    if (moment === "before") die()
    const done = original.apply(this, given) as Promise<unknown>
    // LMDB writes on a thread of its own: some of it is on its way by then.
    if (moment === "during") setImmediate(die)
    if (moment === "after") void done.then(die)
    return done
  }
}

const wanted = process.env["COUNTERSIGN_TEST_DIE_AT"]
if (isMainThread && wanted !== undefined) {
  const [name, moment, last] = wanted.split(":") as [string, string, string]
  arm(name, moment, Number(last))
}
