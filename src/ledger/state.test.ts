import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { MemoryState } from "./memory-state.ts"
import { operations, type RowOf, schemas, tableNames } from "./rows.ts"
import { openTables } from "./state.ts"

const b32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const org = fc.integer({ min: 1, max: 65535 })
const money = fc.bigInt({ min: 0n, max: 10n ** 15n })
const hour = fc.integer({ min: 0, max: 2 ** 40 })
const optional = fc.option(b32, { nil: undefined })
const leg = fc.record({
  voucher: b32,
  payer: org,
  cap: money,
  held: money,
  hold: money,
  state: fc.integer({ min: 1, max: 5 }),
  owed: optional,
  paid: optional,
  expires: hour,
  deadline: hour,
  bundle: optional,
  contested: money,
  settled: hour,
  refunded: fc.integer({ min: 0, max: 1 }),
})
const transition = fc.record({
  operation: fc.constantFrom(...Object.values(operations)),
  key: optional,
  legs: fc.integer({ min: 0, max: 255 }),
  transaction: b32,
})
const visit: fc.Arbitrary<RowOf<"visits">> = fc.record({
  opened: hour,
  proxy: fc.option(fc.uint8Array({ minLength: 33, maxLength: 33 }), { nil: undefined }),
  facts: fc.array(
    fc.record({ id: b32, practitioner: b32, assurance: fc.integer({ min: 0, max: 3 }), recorded: hour }),
    {
      maxLength: 3,
    },
  ),
  statement: fc.option(
    fc.record({
      id: b32,
      facts: b32,
      own: fc.integer({ min: 0, max: 1 }),
      void: fc.integer({ min: 0, max: 1 }),
      legs: fc.array(fc.record({ leg: fc.integer({ min: 0, max: 7 }), amount: b32 }), { maxLength: 3 }),
    }),
    { nil: undefined },
  ),
  legs: fc.array(leg, { maxLength: 3 }),
  transitions: fc.array(transition, { maxLength: 4 }),
})

test("any visit row comes back as it was written", () => {
  const { value } = schemas.visits
  fc.assert(
    fc.property(visit, (row) => {
      const bytes = encodeAs(value, row)
      assert.deepEqual(structuredClone(decodeAs(value, bytes)), structuredClone(row))
      assert.deepEqual(encodeAs(value, decodeAs(value, bytes)), bytes)
    }),
  )
})

test("the tables are those of the catalogue, in its order", () => {
  const expected =
    "chain parameters rules clock organizations validators proposals keys practitioners plans accounts custodians " +
    "references vouchers visits payments grants glass logs applied"
  assert.deepEqual(tableNames, expected.split(" "))
})

test("bytes that are not exactly one row are refused in every table", () => {
  for (const name of tableNames) {
    assert.throws(() => decodeAs(schemas[name].value as never, Uint8Array.of(0xa0)), /Cannot read CBOR/, name)
    assert.throws(() => decodeAs(schemas[name].key as never, Uint8Array.of(0x80)), /Cannot read CBOR/, name)
  }
})

type Step = { put: number; value: number } | { remove: number } | { flush: true }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ put: fc.integer({ min: 1, max: 9 }), value: fc.integer({ min: 0, max: 99 }) }),
  fc.record({ remove: fc.integer({ min: 1, max: 9 }) }),
  fc.constant({ flush: true as const }),
)

test("tables read what was written, in key order, and flush exactly that; a plain Map is the oracle", () => {
  const id = new Uint8Array(32)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const state = new MemoryState()
      const oracle = new Map<number, number>()
      let tables = openTables(state)
      for (const each of steps) {
        if ("put" in each) {
          tables.parameters.put({ number: each.put }, { value: each.value })
          // Fields in another order name the same row.
          tables.applied.put({ id, expiry: each.put }, { result: each.value })
          oracle.set(each.put, each.value)
        } else if ("remove" in each) {
          tables.parameters.remove({ number: each.remove })
          tables.applied.remove({ expiry: each.remove, id })
          oracle.delete(each.remove)
        } else {
          tables.flush()
          tables = openTables(state)
        }
        for (let n = 1; n <= 9; n++) {
          assert.equal(tables.parameters.get({ number: n })?.value, oracle.get(n))
          assert.equal(tables.applied.get({ expiry: n, id })?.result, oracle.get(n))
        }
        const sorted = [...oracle].sort(([a], [b]) => a - b)
        assert.deepEqual(
          tables.applied.first(2).map(([key, row]) => [key.expiry, row.result]),
          sorted.slice(0, 2),
        )
        assert.deepEqual(
          [...tables.parameters.rows()].map(([key, row]) => [key.number, row.value]),
          sorted,
        )
      }
    }),
    { numRuns: 50 },
  )
})

test("nothing reaches the state before the flush, and changes name what was there before", () => {
  const state = new MemoryState()
  const first = openTables(state)
  first.parameters.put({ number: 1 }, { value: 5 })
  assert.deepEqual(state.dump(), [])
  first.flush()
  const second = openTables(state)
  second.parameters.put({ number: 1 }, { value: 6 })
  second.parameters.put({ number: 1 }, { value: 7 })
  const [change, ...more] = second.parameters.changes()
  assert.deepEqual([change?.before, change?.after, more.length], [{ value: 5 }, { value: 7 }, 0])
})

test("expiries sort by number whatever their width", () => {
  const { applied } = openTables(new MemoryState())
  const id = new Uint8Array(32)
  const expiries = [70_000, 300, 25, 24, 23, 5_000_000_000, 256, 255]
  for (const expiry of expiries) applied.put({ expiry, id }, { result: 0 })
  assert.deepEqual(
    applied.first(8).map(([key]) => key.expiry),
    expiries.toSorted((a, b) => a - b),
  )
})
