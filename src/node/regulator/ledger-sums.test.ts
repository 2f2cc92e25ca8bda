/**
 * Goal: money that does not add up and hours that were not kept are found, and nothing is found where all is right.
 * Method: ledgers written by hand, one row of them wrong at a time; blocks that hold nothing but times and ids.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filled } from "../../../test/sample-bundle.ts"
import { sampleLeg } from "../../../test/sample-registers.ts"
import { encodeBatch } from "../../ledger/batch.ts"
import { transactionId } from "../../ledger/envelopes.ts"
import { MemoryState } from "../../ledger/memory-state.ts"
import { type Leg, legStates, operations, type Transition, type VisitRow } from "../../ledger/rows.ts"
import { openTables, type Tables } from "../../ledger/state.ts"
import type { Chain } from "../chain.ts"
import { signWith } from "../keys.ts"
import { envelopeOf, payloadOf } from "../payload.ts"
import { balancesOf } from "./balances.ts"
import { checkDeadlines, type LedgerClock } from "./deadlines.ts"
import { type SettledLeg, settledLegs } from "./settled-legs.ts"

const [provider, payer, bank] = [1, 3, 4] as const

function visitRow(leg: Partial<Leg>, more: Partial<VisitRow> = {}): VisitRow {
  const legs = [{ ...sampleLeg, payer, ...leg }]
  return { opened: 0, proxy: undefined, facts: [], statement: undefined, legs, transitions: [], ...more }
}

/** 5,000.00 in; 2,000.00 held and 600.00 of it paid; another 2,000.00 still behind its leg; 100.00 taken out again. */
function soundLedger(): Tables {
  const tables = openTables(new MemoryState())
  tables.custodians.put({ org: bank }, { deposited: 500_000n, withdrawn: 10_000n })
  tables.references.put({ id: filled(1) }, { custodian: bank, amount: 500_000n, direction: 0 })
  tables.references.put({ id: filled(2) }, { custodian: bank, amount: 10_000n, direction: 1 })
  tables.accounts.put({ org: payer }, { free: 240_000n, reserved: 200_000n, paid: 60_000n, open: 1 })
  tables.accounts.put({ org: provider }, { free: 50_000n, reserved: 0n, paid: 0n, open: 1 })
  tables.visits.put({ V: filled(5), provider }, visitRow({ hold: 0n, state: legStates.paid, settled: 1 }))
  tables.visits.put({ V: filled(6), provider }, visitRow({ hold: 200_000n, state: legStates.held }))
  const legs = [{ V: filled(5), leg: 0 }]
  tables.payments.put({ id: filled(9) }, { payer, provider, amount: 60_000n, legs, direction: 0 })
  return tables
}
const codesOf = (change: (tables: Tables) => void) => {
  const tables = soundLedger()
  change(tables)
  return balancesOf(tables).findings.map(({ code }) => code)
}

test("a ledger that adds up has no finding, and its sums are those of its rows", () => {
  const { findings, custodians, ...sums } = balancesOf(soundLedger())
  assert.deepEqual(findings, [])
  assert.deepEqual(sums, {
    accounts: 290_000n,
    holds: 200_000n,
    deposited: 500_000n,
    withdrawn: 10_000n,
    held: 400_000n,
    paid: 60_000n,
    contested: 0n,
    back: 140_000n,
    refunded: 0n,
  })
  const booked = { deposited: 500_000n, withdrawn: 10_000n }
  assert.deepEqual(custodians, [{ custodian: bank, ...booked, booked }])
})

test("each sum that is wrong is found by its own code", () => {
  const account = (free: bigint, reserved = 200_000n) => ({ free, reserved, paid: 0n, open: 1 })
  const leg = (more: Partial<Leg>) => (tables: Tables) =>
    tables.visits.put({ V: filled(6), provider }, visitRow({ hold: 200_000n, state: legStates.held, ...more }))
  const rows: readonly (readonly [(tables: Tables) => void, readonly string[]])[] = [
    [(tables) => tables.accounts.put({ org: payer }, account(240_001n)), ["money-not-conserved"]],
    [(tables) => tables.accounts.put({ org: payer }, account(240_000n, 1n)), ["reserved-differs"]],
    [(tables) => tables.references.remove({ id: filled(2) }), ["bookings-differ"]],
    [
      (tables) => tables.references.put({ id: filled(3) }, { custodian: bank, amount: 5n, direction: 0 }),
      ["bookings-differ"],
    ],
    [
      (tables) => tables.references.put({ id: filled(3) }, { custodian: 8, amount: 5n, direction: 0 }),
      ["bookings-differ"],
    ],
    [
      (tables) => tables.custodians.put({ org: bank }, { deposited: 9_000n, withdrawn: 10_000n }),
      ["withdrawn-above-deposited", "bookings-differ", "money-not-conserved"],
    ],
    [leg({ held: 200_001n }), ["holds-unsound"]],
    [leg({ held: 100_000n }), ["holds-unsound"]],
    [leg({ contested: 1n }), ["holds-unsound"]],
    [leg({ state: legStates.paid }), ["holds-unsound"]],
    [
      (tables) =>
        tables.payments.put(
          { id: filled(8) },
          { payer, provider, amount: 200_000n, legs: [{ V: filled(5), leg: 0 }], direction: 0 },
        ),
      ["paid-above-held"],
    ],
  ]
  for (const [change, wanted] of rows) assert.deepEqual(codesOf(change), wanted, String(change))
})

test("the ledger's own count: what was settled in the days asked for, and stands", () => {
  const tables = openTables(new MemoryState())
  const put = (byte: number, leg: Partial<Leg>) => tables.visits.put({ V: filled(byte), provider }, visitRow(leg))
  put(1, { state: legStates.settled, settled: 10 * 24 })
  put(2, { state: legStates.paid, settled: 11 * 24 + 23 })
  put(3, { state: legStates.held, settled: 0 })
  put(4, { state: legStates.released, settled: 10 * 24 })
  put(5, { state: legStates.paid, settled: 0 })
  put(6, { state: legStates.settled, settled: 12 * 24 })
  const days = (from: number, to: number) => settledLegs(tables, { from, to }).map(({ V }) => V[0])
  assert.deepEqual(days(10, 11), [1, 2])
  assert.deepEqual(days(0, 9), [])
  assert.deepEqual(days(12, 99), [6])
})

interface Step {
  readonly operation: number
  /** Seconds since 1970 of its block. */
  readonly at: number
}

const chainId = "countersign-test"
const hours = (count: number) => count * 3600
const idOfStep = (i: number) => transactionId(chainId, payloadOf("step/1", 0, i))

const envelopes = [0, 1, 2, 3, 99].map((i) => {
  const payload = payloadOf("step/1", 0, i)
  return envelopeOf(payload, signWith(filled(7), "submitted", chainId, payload))
})
const stranger = envelopes[4]!

/**
 * A chain with a block every ten minutes, or at `blocks` alone. A step stands in each block from its hour on, but is
 * applied only there: refused in the block before, and in the same batch as one that is no step.
 */
function chainOf(steps: readonly Step[], end: number, blocks: readonly number[] = []): Chain {
  const every = Array.from({ length: Math.floor(end / 600) + 1 }, (_, i) => i * 600)
  const times = blocks.length === 0 ? every : blocks
  const made = times.map((seconds, height) => {
    const here = steps.flatMap((step, i) => (step.at === seconds ? [envelopes[i]!] : []))
    const soon = steps.flatMap((step, i) => (step.at === times[height + 1] ? [envelopes[i]!] : []))
    const batch = [stranger, ...here, ...soon]
    const results = Uint8Array.from(batch, (_, i) => (i <= here.length ? 0 : 43))
    return { header: { time: { seconds, nanos: 0 } }, batches: [encodeBatch(batch)], results: [results] }
  })
  const source = { block: (height: number) => made[height - 1] }
  return { chainId, anchor: { chainId }, source } as unknown as Chain
}

function codesOfSteps(
  steps: readonly Step[],
  { settled = 0, state = legStates.paid as number, lost = 0, end = hours(1100), blocks = [] as readonly number[] } = {},
) {
  const transitions = steps.map(
    ({ operation }, i): Transition => ({ operation, key: undefined, legs: 1, transaction: idOfStep(i) }),
  )
  const leg: Leg = { ...sampleLeg, payer, settled, state, hold: 0n }
  const visit = visitRow(leg, { transitions })
  const entry: SettledLeg = { V: filled(1), provider, index: 0, leg, visit }
  const clock: LedgerClock = {
    height: blocks.length === 0 ? Math.floor(end / 600) + 1 : blocks.length,
    lost,
    running: Math.floor((end - lost) / 3600),
    agreeHours: 336,
    ruleHours: 720,
    payerPayHours: 720,
  }
  const found = checkDeadlines(chainOf(steps, end, blocks), [entry], clock)
  return [...(found.findings.get(0) ?? []).map(({ code, hours: by }) => `${code} ${by}`), found.notDated]
}

const { deliver, contest, settle, elapse, pay } = operations
const step = (operation: number, hour: number): Step => ({ operation, at: hours(hour) })

test("a payment is in time to its last hour, and late after it", () => {
  assert.deepEqual(codesOfSteps([step(settle, 10), step(pay, 730)], { settled: 10 }), [0])
  assert.deepEqual(codesOfSteps([step(settle, 10), step(pay, 731)], { settled: 10 }), ["paid-late 1", 0])
})

test("what is settled and not paid is overdue when its time is over", () => {
  const unpaid = { settled: 10, state: legStates.settled }
  assert.deepEqual(codesOfSteps([step(settle, 10)], { ...unpaid, end: hours(730) }), [0])
  assert.deepEqual(codesOfSteps([step(settle, 10)], { ...unpaid, end: hours(735) }), ["unpaid-overdue 5", 0])
})

test("an agreement after the deadline is late; before it, or with no delivery at all, it is not", () => {
  assert.deepEqual(codesOfSteps([step(deliver, 10), step(settle, 346), step(pay, 400)], { settled: 346 }), [0])
  const late = [step(deliver, 10), step(settle, 350), step(pay, 400)]
  assert.deepEqual(codesOfSteps(late, { settled: 350 }), ["agreed-late 3", 0])
  assert.deepEqual(codesOfSteps([step(settle, 900), step(pay, 901)], { settled: 900 }), [0])
})

test("nothing elapses before its deadline: the delivery's, or the panel's after a contest", () => {
  assert.deepEqual(codesOfSteps([step(deliver, 10), step(elapse, 347), step(pay, 350)], { settled: 347 }), [0])
  const early = [step(deliver, 10), step(elapse, 340), step(pay, 350)]
  assert.deepEqual(codesOfSteps(early, { settled: 340 }), ["elapsed-early 7", 0])
  const contested = [step(deliver, 10), step(contest, 20), step(elapse, 741), step(pay, 750)]
  assert.deepEqual(codesOfSteps(contested, { settled: 741 }), [0])
  const soon = [step(deliver, 10), step(contest, 20), step(elapse, 700), step(pay, 750)]
  assert.deepEqual(codesOfSteps(soon, { settled: 700 }), ["elapsed-early 41", 0])
})

test("hours in which nothing was written do not count; of a freeze nobody is blamed for what it may explain", () => {
  const steps = [step(settle, 10), step(pay, 1000)]
  const blocks = [0, hours(10), hours(1000)]
  // Two gaps of ten and of 990 hours: all of it is lost time.
  assert.deepEqual(codesOfSteps(steps, { settled: 0, lost: hours(1000), blocks, end: hours(1000) }), [0])
  // No gap, but a freeze of 300 hours that may lie between the two: 990 hours less 300 are in time.
  assert.deepEqual(codesOfSteps(steps, { settled: 10, lost: hours(300) }), [0])
  assert.deepEqual(codesOfSteps(steps, { settled: 10, lost: hours(100) }), ["paid-late 170", 0])
})

test("a transaction that is in no block here is counted, and nothing is said of its hour", () => {
  const blocks = [hours(10), hours(20)]
  assert.deepEqual(codesOfSteps([step(settle, 10), step(pay, 2000)], { settled: 10, blocks }), [1])
  assert.deepEqual(codesOfSteps([step(settle, 10), step(pay, 20)], { settled: 10, blocks, lost: hours(10) }), [0])
})
