/**
 * Goal: no order of transactions makes or loses money, and a refusal changes nothing. Method: random histories of
 * visits run through the ledger and through the auditor, compared after every transaction.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../src/base/bytes.ts"
import { scanInvariants } from "../src/ledger/invariants.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { legStates } from "../src/ledger/rows.ts"
import { openTables } from "../src/ledger/state.ts"
import { World } from "../src/ledger/visit/world.ts"
import { type Commitment, commitAmount, subtract } from "../src/privacy/amounts.ts"
import type { LegBook, Opening } from "./auditor.ts"
import { History, type Step, stepKinds } from "./history.ts"

const numRuns = process.env["COUNTERSIGN_LONG"] === "1" ? 1_000 : 60

const often = [
  "hold",
  "hold",
  "hold",
  "statement",
  "statement",
  "deliver",
  "elapse",
  "contest",
  "rule",
  "pay",
  "refund",
] as const
const kinds = [...often, ...often, ...stepKinds] as const
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  visit: fc.nat(2),
  pick: fc.nat(999),
  wrong: fc.nat(12),
})

const points = new Map<string, string>()
/** The point of an opening, as the ledger stores it; empty for the identity. */
function pointOf({ a, r }: Opening): string {
  const name = `${a} ${r}`
  let point = points.get(name)
  if (point === undefined) {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => Number((r >> BigInt(8 * i)) & 255n))
    const hidden = commitAmount(0n, bytes)
    const commitment: Commitment =
      a >= 0n ? commitAmount(a, bytes) : subtract(hidden, commitAmount(-a, new Uint8Array(32)))
    point = commitment === undefined ? "" : toHex(commitment)
    points.set(name, point)
  }
  return point
}

const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? "" : toHex(bytes))

function expectedLeg(leg: LegBook): object {
  const { owed, paid, state, refunded, cap, ...rest } = leg
  return { ...rest, cap, state: legStates[state], owed: pointOf(owed), paid: pointOf(paid), refunded: refunded ? 1 : 0 }
}

/** What the ledger's rows say, in the words of the auditor's books. */
function compare({ world, auditor }: History): void {
  const tables = openTables(world.state)
  for (const [org, account] of auditor.accounts) assert.deepEqual(tables.accounts.get({ org }), account)
  for (const { label, V, provider } of History.visits) {
    const row = tables.visits.get({ V, provider })
    const book = auditor.visits.get(label)
    if (row === undefined || book === undefined) {
      assert.equal(row, book)
      continue
    }
    const legs = row.legs.map(({ bundle, voucher, owed, paid, ...rest }) => ({
      ...rest,
      voucher: toHex(voucher),
      owed: hex(owed),
      paid: hex(paid),
    }))
    assert.deepEqual(legs, book.legs.map(expectedLeg))
    assert.deepEqual(
      row.facts.map(({ id, assurance, recorded }) => [toHex(id), assurance, recorded]),
      [...book.facts].map(([id, { assurance, recorded }]) => [id, assurance, recorded]),
    )
    const { statement } = row
    assert.equal(hex(statement?.id), book.statement?.id ?? "")
    assert.deepEqual(
      [statement?.own ?? 0, statement?.void ?? 0],
      [Number(book.statement?.own ?? 0), Number(book.statement?.void ?? 0)],
    )
  }
}

/** How often each outcome was seen: a test that only ever refuses would prove nothing. */
const seen = new Map<string, number>()

function run(steps: readonly Step[]): History & { readonly submitted: readonly [Uint8Array, number][] } {
  const history = new History()
  const submitted: [Uint8Array, number][] = []
  for (const each of steps) {
    const pair = history.next(each)
    if (pair === undefined) continue
    const [event, draft] = pair
    const bytes = history.world.sign(draft)
    submitted.push([bytes, history.world.seconds])
    const outcome = history.world.outcome(bytes)
    const applied = history.auditor.judge(event)
    seen.set(`${event.do} ${outcome}`, (seen.get(`${event.do} ${outcome}`) ?? 0) + 1)
    assert.equal(outcome === "applied", applied, `${event.do} was ${outcome}`)
    compare(history)
  }
  scanInvariants(history.world.state, history.world.hour)
  return Object.assign(history, { submitted })
}

test("the ledger and the auditor agree after every transaction, and no money is made or lost", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 100, size: "max" }), (steps) => {
      const history = run(steps)
      const total = [...history.auditor.accounts.values()].reduce(
        (sum, { free, reserved }) => sum + free + reserved,
        0n,
      )
      assert.equal(total, 4_000_00n)
    }),
    { numRuns, seed: 20260421 },
  )
  for (const kind of [
    "hold",
    "statement",
    "deliver",
    "elapse",
    "contest",
    "rule",
    "pay",
    "refund",
    "order",
    "void",
    "cancel",
  ])
    assert.ok((seen.get(`${kind} applied`) ?? 0) > 0, `some ${kind} was applied: ${JSON.stringify([...seen])}`)
})

test("the same transactions at the same times give the same state", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: "max" }), (steps) => {
      const { world, submitted } = run(steps)
      const fresh = new History().world
      for (const [bytes, seconds] of submitted) {
        fresh.seconds = seconds
        const decoded = fresh.decode(bytes)
        if (!isRejection(decoded)) fresh.block([decoded])
      }
      assert.deepEqual(fresh.state.dump(), world.state.dump())
      assert.ok(fresh instanceof World)
    }),
    { numRuns: Math.max(5, Math.floor(numRuns / 6)), seed: 20260422 },
  )
})
