import assert from "node:assert/strict"
import { test } from "node:test"
import { treeProof, verifyTreeProof } from "../base/tree.ts"
import { applyBlock, checkTransaction, openBlock } from "./block.ts"
import type { DecodedTransaction } from "./decode.ts"
import {
  board,
  by,
  clinic,
  custodian,
  ExampleChain,
  keyOf,
  orgSeed,
  payer,
  practitioner,
  seedOf,
} from "./example-chain.ts"
import { scanInvariants } from "./invariants.ts"
import { isRejection } from "./rejection.ts"
import { openTables } from "./state.ts"

const deposited = [by(custodian, "custody", "deposited")]
function deposit(chain: ExampleChain, label: string, expiry?: number): Uint8Array {
  return chain.transaction(
    "deposit/1",
    { custodian, org: payer, amount: 100n, reference: seedOf(label) },
    deposited,
    expiry,
  )
}
function decoded(chain: ExampleChain, bytes: Uint8Array): DecodedTransaction {
  const transaction = chain.decode(bytes)
  assert.ok(!isRejection(transaction))
  return transaction
}
function free(chain: ExampleChain): bigint {
  return openTables(chain.state).accounts.get({ org: payer })!.free
}

test("a transaction is good while the block hour is before its expiry, and not for long", () => {
  const chain = new ExampleChain()
  const { hour } = chain
  for (const [expiry, code] of [
    [hour, "expired"],
    [hour + 1, "applied"],
    [hour + 24, "applied"],
    [hour + 25, "expiry-too-far"],
  ] as const)
    assert.equal(chain.outcome(deposit(chain, `expires ${expiry}`, expiry)), code)
})

test("an expired transaction that was applied is the first result again until its row is pruned", () => {
  const chain = new ExampleChain()
  const bytes = deposit(chain, "one")
  assert.equal(chain.outcome(bytes), "applied")
  chain.pass(24)
  assert.equal(chain.outcome(bytes), "repeated")
  assert.equal(chain.outcome(deposit(chain, "two")), "applied")
  assert.equal(chain.outcome(bytes), "expired")
})

test("each applied transaction prunes two expired rows of each table, a refused one none", () => {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  for (let i = 0; i < 5; i++) tables.applied.put({ expiry: i + 1, id: seedOf(`${i}`) }, { result: 0 })
  for (let i = 0; i < 3; i++) tables.vouchers.put({ expiry: chain.hour - i, id: seedOf(`${i}`) }, { state: 1 })
  tables.vouchers.put({ expiry: chain.hour + 1, id: seedOf("live") }, { state: 1 })
  tables.flush()
  const left = () => [
    [...openTables(chain.state).applied.rows()].length,
    [...openTables(chain.state).vouchers.rows()].length,
  ]
  assert.equal(chain.outcome(deposit(chain, "late", chain.hour)), "expired")
  assert.deepEqual(left(), [5, 4])
  assert.equal(chain.outcome(deposit(chain, "a")), "applied")
  assert.deepEqual(left(), [4, 2])
  const block = ["b", "c"].map((label) => decoded(chain, deposit(chain, label)))
  chain.block(block)
  assert.deepEqual(left(), [3, 1])
})

test("a freeze stops money, not care", () => {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  tables.clock.put({ zero: 0 }, { lost: 0, frozenUntil: chain.hour + 2, upgrade: undefined })
  tables.flush()
  assert.equal(chain.outcome(deposit(chain, "frozen")), "frozen")
  const revoked = { key: keyOf(orgSeed(clinic, "hold")) }
  assert.equal(chain.run("revoke-key/1", revoked, [by(clinic, "admin", "revoked")]), "applied")
  const status = { practitioner, status: 1, from: chain.hour }
  assert.equal(chain.run("set-licence-status/1", status, [by(board, "enrol", "enrolled")]), "applied")
  const anchor = { org: clinic, hour: chain.hour, root: seedOf("r"), previous: new Uint8Array(32) }
  assert.equal(chain.run("anchor-log/1", anchor, [by(clinic, "operate", "anchored")]), "applied")
  chain.pass(2)
  assert.equal(chain.outcome(deposit(chain, "thawed")), "applied")
})

test("a gap of over ten minutes between headers is lost time, and the running hour stands still for it", () => {
  const chain = new ExampleChain()
  const start = chain.seconds
  const lost = () => openTables(chain.state).clock.get({ zero: 0 })!.lost
  applyBlock(chain.state, { height: 1, seconds: start }, [])
  applyBlock(chain.state, { height: 2, seconds: start + 600, previousSeconds: start }, [])
  assert.equal(lost(), 0)
  applyBlock(chain.state, { height: 3, seconds: start + 600 + 7200, previousSeconds: start + 600 }, [])
  assert.equal(lost(), 7200)
  const { hour, running } = openBlock(chain.state, { height: 4, seconds: start + 7800, previousSeconds: start + 7800 })
  assert.deepEqual([hour, running], [chain.hour + 2, chain.hour])
})

test("the same blocks on the same state give the same rows, results and roots", () => {
  const [one, other] = [new ExampleChain(), new ExampleChain()]
  const bytes = ["a", "b", "a", "c"].map((label) => deposit(one, label))
  const results = [one, other].map((chain) => chain.block(bytes.map((each) => decoded(chain, each))))
  assert.deepEqual(results[0], results[1])
  assert.deepEqual(one.state.dump(), other.state.dump())
  assert.deepEqual(
    results[0]!.results[0]!.map(({ number, repeated }) => [number, repeated]),
    [
      [0, undefined],
      [0, undefined],
      [0, true],
      [0, undefined],
    ],
  )
})

test("a batch's root proves each result", () => {
  const chain = new ExampleChain()
  const batch = [deposit(chain, "a"), deposit(chain, "b", chain.hour), deposit(chain, "c")]
  const { results, resultRoots } = chain.block(batch.map((bytes) => decoded(chain, bytes)))
  const leaves = results[0]!.map(({ id, number }) => [id, number] as const)
  assert.deepEqual(
    leaves.map(([, number]) => number),
    [0, 6, 0],
  )
  leaves.forEach((leaf, i) => {
    assert.ok(verifyTreeProof("result", resultRoots[0]!, leaf, i, leaves.length, treeProof("result", leaves, i)))
  })
})

test("the gate before a block says the same and changes nothing", () => {
  const chain = new ExampleChain()
  const before = chain.state.dump()
  const clock = { height: 1, seconds: chain.seconds }
  const check = (bytes: Uint8Array) => checkTransaction(openBlock(chain.state, clock), decoded(chain, bytes))?.code
  assert.equal(check(deposit(chain, "a")), undefined)
  assert.equal(check(deposit(chain, "a", chain.hour)), "expired")
  assert.deepEqual(chain.state.dump(), before)
})

test("a row that breaks an invariant stops the ledger", () => {
  const chain = new ExampleChain()
  chain.outcome(deposit(chain, "a"))
  scanInvariants(chain.state, chain.hour)
  const tables = openTables(chain.state)
  tables.accounts.put({ org: clinic }, { ...tables.accounts.get({ org: clinic })!, free: 1n })
  tables.flush()
  assert.throws(() => scanInvariants(chain.state, chain.hour), /deposits less withdrawals/)
  assert.equal(free(chain), 100n)
})
