/**
 * Goal: a drill that is stopped at any durable step, or between a transaction and its answer, goes on when it is run
 * again, and ends as one that was never stopped. Method: the example chain in memory, a work store that loses whatever
 * it was about to write, and every place to stop in turn.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { Refused, refuse } from "../../base/refusal.ts"
import { Assembly } from "../../ledger/constitution/assembly.ts"
import { association, chainId, clinic, orgSeed, regulator } from "../../ledger/example-chain.ts"
import { rejections } from "../../ledger/rejection.ts"
import { type Role, roles } from "../../ledger/roles.ts"
import type { NodeContext } from "../context.ts"
import { Fields } from "../desk.ts"
import { KeyRing } from "../keys.ts"
import type { Work } from "../work.ts"
import { type DrillReport, runDrill } from "./drill.ts"
import { drillUses } from "./drill-steps.ts"
import { keyOperations } from "./key-desk.ts"
import { rotateValidator, takeValidatorKey } from "./validator-key.ts"

class Stopped extends Error {}

/** Steps that are left before whatever comes next is lost; none are counted while it is undefined. */
class Power {
  left: number | undefined
  used = 0

  step(): void {
    this.used++
    if (this.left === undefined) return
    if (this.left-- <= 0) throw new Stopped("stopped here")
  }
}

/** As the work store keeps its promises: what is put in one turn is on disk together, or not at all. */
class MemoryWork {
  readonly rowsById = new Map<string, unknown>()
  readonly #power: Power
  #batch: (() => void)[] = []
  #flushed: Promise<void> | undefined

  constructor(power: Power) {
    this.#power = power
  }

  #queue(change: () => void): Promise<void> {
    this.#batch.push(change)
    this.#flushed ??= Promise.resolve().then(() => {
      const batch = this.#batch
      this.#batch = []
      this.#flushed = undefined
      this.#power.step()
      for (const one of batch) one()
    })
    return this.#flushed
  }

  put(collection: string, id: string, value: unknown): Promise<void> {
    return this.#queue(() => this.rowsById.set(`${collection}\0${id}`, value))
  }
  remove(collection: string, id: string): Promise<void> {
    return this.#queue(() => this.rowsById.delete(`${collection}\0${id}`))
  }
  get(collection: string, id: string): unknown {
    return this.rowsById.get(`${collection}\0${id}`)
  }
  has(collection: string, id: string): boolean {
    return this.rowsById.has(`${collection}\0${id}`)
  }
  rows(collection: string, prefix = ""): readonly (readonly [string, unknown])[] {
    const from = `${collection}\0`
    const found = [...this.rowsById].filter(([key]) => key.startsWith(from + prefix))
    return found.map(([key, value]) => [key.slice(from.length), value] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

const signing = ["admin", "vote", "operate", "hold", "bill", "pay"] as const
const owner = clinic
const oldKey = (use: Role) => toHex(keyId(publicKeyOf(orgSeed(owner, use))))

interface Bench {
  readonly chain: Assembly
  readonly work: MemoryWork
  readonly power: Power
}

function begun(): Bench {
  const power = new Power()
  const work = new MemoryWork(power)
  for (const use of signing) work.rowsById.set(`seeds\0${use}`, orgSeed(owner, use))
  return { chain: new Assembly(), work, power }
}

/** The node as a start finds it: what is not in the store is gone. */
async function nodeOf({ chain, work, power }: Bench, kind: "provider" = "provider"): Promise<NodeContext> {
  const store = work as unknown as Work
  return {
    config: { organization: owner, kind },
    work: store,
    keys: await KeyRing.open(store, kind),
    directory: { all: () => [] },
    mail: { signAnew: async () => {}, waitsFor: () => false, send: async () => {} },
    showTransport: () => {},
    vault: {},
    chain: {
      chainId,
      get hour() {
        return chain.hour
      },
      get runningHour() {
        return chain.hour
      },
      tables: () => chain.tables,
      submit: async (bytes: Uint8Array) => {
        power.step()
        const outcome = chain.outcome(bytes)
        if (outcome in rejections) refuse(outcome, "Cannot apply transaction: refused", "transaction", "fix")
        power.step()
        return { height: chain.height }
      },
    },
  } as unknown as NodeContext
}

const everything = { compromised: drillUses({ config: { kind: "provider" } } as never), patienceMs: 0 }

function checkEnd({ chain }: Bench, { keys }: NodeContext, report: DrillReport, at: string): void {
  assert.ok(report.finished, `${at}: ${JSON.stringify(report.rows)}`)
  const { hour, tables } = chain
  for (const use of signing) {
    const live = [...tables.keys.rows()].filter(
      ([, row]) => row.org === owner && (row.roles & roles[use]) !== 0 && row.from <= hour && hour < row.until,
    )
    const row = report.rows.find((one) => one.use === use)!
    assert.deepEqual(
      live.map(([{ key }]) => toHex(key)),
      [toHex(keyId(keys.publicKey(use)))],
      `${at}: ${use}`,
    )
    assert.equal(row.old, oldKey(use), at)
    assert.equal(row.next, toHex(keyId(keys.publicKey(use))), at)
    assert.ok(row.revoked! <= hour, at)
  }
}

test("stopped at every step in turn and run again, it ends as one that was never stopped", async () => {
  const whole = begun()
  const untouched = await nodeOf(whole)
  const before = whole.power.used
  checkEnd(whole, untouched, await runDrill(untouched, everything), "never stopped")
  const steps = whole.power.used - before
  assert.ok(steps > 40, `${steps} places to stop`)
  for (let at = 0; at < steps; at++) {
    const bench = begun()
    const first = await nodeOf(bench)
    bench.power.left = at
    await assert.rejects(runDrill(first, everything), Stopped)
    bench.power.left = undefined
    const again = await nodeOf(bench)
    checkEnd(bench, again, await runDrill(again, everything), `stopped at step ${at}`)
  }
})

test("what turns out to be lost after the first run is ended by the next, and nothing is rotated twice", async () => {
  const bench = begun()
  const node = await nodeOf(bench)
  // One step waits for others, so the drill stays open.
  bench.chain.decide({ name: "freeze", fields: { hours: 24 } })
  const frozen = await runDrill(node, { compromised: [], patienceMs: 0 })
  assert.equal(frozen.finished, false)
  assert.match(frozen.rows.find(({ use }) => use === "bill")!.note!, /^frozen/)
  assert.equal(toHex(keyId(node.keys.publicKey("bill"))), oldKey("bill"), "until the ledger has it, the old one signs")
  bench.chain.seconds += 25 * 3600
  const done = await runDrill(node, { compromised: ["bill"], patienceMs: 0 })
  const [bill, hold] = ["bill", "hold"].map((use) => done.rows.find((row) => row.use === use)!)
  assert.ok(done.finished)
  assert.equal(bill!.revoked, bench.chain.hour)
  assert.equal(hold!.revoked, undefined)
  assert.equal(bill!.next, frozen.rows.find(({ use }) => use === "bill")!.next)
})

test("an admin key that somebody else has ended: the members replace it, and the drill goes on", async () => {
  const bench = begun()
  const node = await nodeOf(bench)
  const { tables, hour } = bench.chain
  const key = keyId(publicKeyOf(orgSeed(owner, "admin")))
  tables.keys.put({ key }, { org: owner, roles: 1, practitioner: undefined, from: 0, until: hour })
  tables.flush()
  const stuck = await runDrill(node, everything)
  assert.equal(stuck.finished, false)
  for (const use of signing) assert.match(stuck.rows.find((row) => row.use === use)!.note!, /^admin-ended/)
  const { key: next } = (await keyOperations(node)["new-admin-key"]!(new Fields({}))) as { key: string }
  const action = {
    name: "replace-admin",
    fields: { org: owner, key: new Uint8Array(Buffer.from(next, "hex")) },
  } as const
  assert.equal(bench.chain.decide(action), "applied")
  checkEnd(bench, node, await runDrill(node, everything), "after the members' vote")
})

test("the key that signs blocks: the old one loses its power by one vote, the new one gets it by the next", async () => {
  const bench = begun()
  const seed = new Uint8Array(32).fill(9)
  bench.work.rowsById.set("seeds\0validator", seed)
  const { tables } = bench.chain
  for (const [key] of [...tables.validators.rows()]) tables.validators.remove(key)
  tables.validators.put({ key: keyId(publicKeyOf(seed)) }, { org: owner, power: 7 })
  for (const org of [3, 4, 5, 6])
    tables.validators.put({ key: keyId(publicKeyOf(new Uint8Array(32).fill(org))) }, { org, power: 7 })
  tables.flush()
  const node = await nodeOf(bench)
  const own = () => [...bench.chain.tables.validators.rows()].filter(([, { org }]) => org === owner)
  const vote = (proposal: string) => {
    const id = new Uint8Array(Buffer.from(proposal, "hex"))
    for (const org of [regulator, association]) bench.chain.vote(org, id)
  }
  const first = await rotateValidator(node)
  assert.ok(!first.done && first.proposal !== undefined)
  assert.equal((await rotateValidator(node)).proposal, first.proposal, "asked again, the same proposal")
  vote(first.proposal)
  assert.deepEqual(own(), [])
  const second = await rotateValidator(await nodeOf(bench))
  assert.ok(!second.done && second.proposal !== undefined && second.proposal !== first.proposal)
  assert.equal(toHex(keyId(node.keys.publicKey("validator"))), toHex(first.old), "the old one until the vote")
  vote(second.proposal)
  assert.deepEqual(
    own().map(([{ key }, { power }]) => [toHex(key), power]),
    [[toHex(first.next), 7]],
  )
  // At its next start the node signs with it.
  const again = await nodeOf(bench)
  await takeValidatorKey(bench.chain.tables, owner, again)
  assert.equal(toHex(keyId(again.keys.publicKey("validator"))), toHex(first.next))
})

test("one use at the desk: rotated with its grace, ended at once, and refusals by code", async () => {
  const bench = begun()
  const node = await nodeOf(bench)
  const ask = (operation: string, body: object) => keyOperations(node)[operation]!(new Fields(body))
  const code = (wanted: string) => (error: unknown) => error instanceof Refused && error.refusal.code === wanted
  const rotated = (await ask("rotate-key", { use: "hold" })) as { old: Uint8Array; until: number; from: number }
  assert.equal(toHex(rotated.old), oldKey("hold"))
  assert.equal(rotated.from, bench.chain.hour)
  assert.ok(rotated.until > bench.chain.hour)
  const ended = (await ask("revoke-key", { key: oldKey("hold") })) as { until: number }
  assert.equal(ended.until, bench.chain.hour)
  const bill = (await ask("revoke-key", { use: "bill" })) as { until: number }
  assert.equal(bill.until, bench.chain.hour)
  // A revoked one never comes back: its successor is registered, not rotated.
  const next = (await ask("rotate-key", { use: "bill" })) as { from: number }
  assert.equal(next.from, bench.chain.hour)
  await assert.rejects(ask("rotate-key", { use: "validator" }), code("key-use"))
  await assert.rejects(ask("rotate-key", { use: "voucher" }), code("key-use"))
  await assert.rejects(ask("revoke-key", { use: "admin" }), code("last-admin-key"))
  await assert.rejects(ask("revoke-key", { key: "01".repeat(33) }), code("key-unknown"))
  await assert.rejects(ask("rotate-keys", { compromised: ["everything"] }), code("key-use"))
})
