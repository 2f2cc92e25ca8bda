/** Anchors of the access log by the rules of the chain's version, and a log cut off at its end. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { refuse } from "../base/refusal.ts"
import { signOne } from "../ledger/envelopes.ts"
import { chainId, clinic, ExampleChain, orgSeed, seedOf } from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { openTables } from "../ledger/state.ts"
import { AccessLog, orderOf } from "./access-log.ts"
import { accessLogOperations } from "./access-log-desk.ts"
import type { NodeContext } from "./context.ts"

/** Rows in memory, as the work store keeps them on disk. */
function workInMemory() {
  const tables = new Map<string, Map<string, unknown>>()
  const table = (name: string) => tables.get(name) ?? tables.set(name, new Map()).get(name)!
  return {
    rows: (name: string) => [...table(name)].sort(([a], [b]) => (a < b ? -1 : 1)),
    put: async (name: string, key: string, value: unknown) => void table(name).set(key, value),
    remove: (name: string, key: string) => table(name).delete(key),
  }
}

/** The clinic's desk over the example chain, which begins version 2 at its second block. */
function desk() {
  const ledger = new ExampleChain()
  const tables = openTables(ledger.state)
  tables.clock.put({ zero: 0 }, { lost: 0, frozenUntil: 0, upgrade: { protocol: 2, height: 2 } })
  tables.flush()
  const work = workInMemory()
  const log = new AccessLog(work as never, () => ledger.hour)
  const types: string[] = []
  const chain = {
    chainId,
    get hour() {
      return ledger.hour
    },
    get height() {
      return ledger.height
    },
    tables: () => openTables(ledger.state),
    async submit(envelope: Uint8Array) {
      const decoded = ledger.decode(envelope)
      assert.ok(!isRejection(decoded))
      types.push(decoded.type.type)
      const code = ledger.outcome(envelope)
      if (code !== "applied") refuse(code, "Cannot anchor", "anchor-log", "none")
      return { height: ledger.height }
    },
  }
  const keys = {
    sign: (_use: string, meaning: "anchored", chainOf: string, payload: Uint8Array) =>
      signOne(chainOf, payload, { signer: { seed: orgSeed(clinic, "operate") }, meaning }),
  }
  const context = { chain, config: { organization: clinic }, keys, log, work } as unknown as NodeContext
  const operations = accessLogOperations(context)
  const read = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        log.record({ time: ledger.seconds + i, who: "desk-2", purpose: "treatment", digest: seedOf("entry") }),
      ),
    )
  const ask = (name: string) => operations[name]!({} as never) as Promise<Record<string, unknown>>
  return { ledger, work, types, read, ask }
}

test("the anchor is of the version that the next block has, and from 2 on counts the whole log", async () => {
  const { ledger, types, read, ask } = desk()
  await read(3)
  await ask("anchor-log")
  ledger.pass(1)
  await read(2)
  await ask("anchor-log")
  assert.deepEqual(types, ["anchor-log/1", "anchor-log/2"])
  assert.equal(openTables(ledger.state).logs.get({ org: clinic })?.lines, 5)
  assert.deepEqual(await ask("check-log"), { good: true })
})

test("pages cut off at the end, and the node's own memory of them, are missed by the count", async () => {
  const { ledger, work, read, ask } = desk()
  await ask("anchor-log")
  for (const count of [3, 2]) {
    ledger.pass(1)
    await read(count)
    await ask("anchor-log")
  }
  const { hour } = ledger
  for (const name of ["access-pages", "anchored"]) work.remove(name, orderOf(hour))
  for (const sequence of [3, 4]) work.remove("access-log", orderOf(sequence))
  assert.deepEqual(await ask("check-log"), { good: false, hour, line: undefined, problem: "missing" })
  ledger.pass(1)
  await assert.rejects(ask("anchor-log"), { name: "Refused" }, "and the ledger takes no shorter log")
})
