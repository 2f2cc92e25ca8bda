/**
 * Goal: there is no coin here. Money inside is what a custodian says it was given, less what it says it paid out, and
 * no other way in exists. Method: random histories of all that moves money, each compared with a plain sum kept beside
 * the ledger; and every transaction type run to success once, watching which of them touch a custodian's totals.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { transactionTypes } from "../src/ledger/catalogue.ts"
import {
  arbiter,
  by,
  clinic,
  custodian,
  hospital,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../src/ledger/example-chain.ts"
import { openTables } from "../src/ledger/state.ts"
import type { World } from "../src/ledger/visit/world.ts"
import { History, type Step, stepKinds } from "./history.ts"

/** What a chain says it has inside, counted row by row: free money, and what stands behind each leg. */
function inside({ state }: World): bigint {
  const { accounts, visits } = openTables(state)
  let total = 0n
  for (const [, { free }] of accounts.rows()) total += free
  for (const [, { legs }] of visits.rows()) for (const { hold } of legs) total += hold
  return total
}

/** What custodians have signed for. */
function signedFor({ state }: World): { readonly deposited: bigint; readonly withdrawn: bigint } {
  const total = { deposited: 0n, withdrawn: 0n }
  for (const [, row] of openTables(state).custodians.rows()) {
    total.deposited += row.deposited
    total.withdrawn += row.withdrawn
  }
  return total
}

type Custody = { readonly kind: "deposit" | "withdraw"; readonly org: number; readonly amount: bigint }
type Any = Step | Custody

const holders = [payer, secondPayer, custodian, clinic, hospital, regulator, arbiter]
const custody: fc.Arbitrary<Custody> = fc.record({
  kind: fc.constantFrom("deposit", "withdraw"),
  org: fc.constantFrom(...holders),
  amount: fc.bigInt({ min: 0n, max: 1_500_00n }),
})
const often = [
  "hold",
  "hold",
  "facts",
  "statement",
  "statement",
  "again",
  "deliver",
  "elapse",
  "contest",
  "rule",
  "pay",
  "refund",
] as const
const visitStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...often, ...often, ...stepKinds),
  visit: fc.nat(2),
  pick: fc.nat(999),
  wrong: fc.nat(12),
})
const steps: fc.Arbitrary<readonly Any[]> = fc.array(
  fc.oneof({ arbitrary: visitStep, weight: 5 }, { arbitrary: custody, weight: 1 }),
  { minLength: 50, maxLength: 100, size: "max" },
)

const isCustody = (step: Any): step is Custody => step.kind === "deposit" || step.kind === "withdraw"
let references = 0

/** Runs one step; tells the type that was applied, if one was. */
function run(history: History, step: Any): string | undefined {
  const { world } = history
  if (!isCustody(step)) {
    const pair = history.next(step)
    if (pair === undefined) return undefined
    const [event, draft] = pair
    const applied = world.do(draft) === "applied"
    history.auditor.judge(event)
    return applied ? draft.type : undefined
  }
  const { org, amount } = step
  const body = { custodian, org, amount, reference: seedOf(`bank reference ${references++}`) }
  const isDeposit = step.kind === "deposit"
  const orders = isDeposit
    ? [by(custodian, "custody", "deposited")]
    : [by(org, "pay", "withdrew"), by(custodian, "custody", "paidOut")]
  const outcome = world.run(`${step.kind}/1`, body, orders)
  if (outcome !== "applied") return undefined
  history.auditor.account(org).free += isDeposit ? amount : -amount
  return `${step.kind}/1`
}

const numRuns = process.env["COUNTERSIGN_LONG"] === "1" ? 2_000 : 60
const applied = new Map<string, number>()

test("over any history, accounts and holds are deposits less withdrawals, and only deposits add", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const history = new History()
      const { world } = history
      let expected = inside(world)
      assert.equal(expected, 4_000_00n)
      for (const step of all) {
        const before = signedFor(world)
        const type = run(history, step)
        if (type !== undefined) applied.set(type, (applied.get(type) ?? 0) + 1)
        const after = signedFor(world)
        if (type === "deposit/1" && isCustody(step)) expected += step.amount
        else assert.equal(after.deposited, before.deposited, `${type} adds to what was deposited`)
        if (type === "withdraw/1" && isCustody(step)) expected -= step.amount
        else assert.equal(after.withdrawn, before.withdrawn, `${type} adds to what was withdrawn`)
        assert.equal(inside(world), expected, `after ${type}`)
        assert.equal(after.deposited - after.withdrawn, expected)
      }
    }),
    { numRuns, seed: 20260503 },
  )
})

test("those histories applied every type that moves money", () => {
  const movers = [
    "deposit/1",
    "withdraw/1",
    "hold/1",
    "top-up/1",
    "cancel/1",
    "expire/1",
    "visit-statement/1",
    "elapse/1",
    "contest/1",
    "rule/1",
    "pay/1",
    "refund/1",
    "void/1",
  ]
  for (const type of movers) assert.ok(transactionTypes.has(type), type)
  const never = movers.filter((type) => !applied.has(type))
  assert.deepEqual(never, [], JSON.stringify([...applied]))
})

const ledger = resolve(import.meta.dirname, "../src/ledger")
const rules = readdirSync(ledger, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|example-chain|visit\/(drafts|world)/.test(file))
  .map((file) => ({ file, code: readFileSync(join(ledger, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "") }))
const writing = (table: string) =>
  rules.flatMap(({ file, code }) => [...code.matchAll(new RegExp(`\\b${table}\\.put\\(`, "g"))].map(() => file))

test("a custodian's totals are written by deposit and withdraw alone, each its own", () => {
  assert.deepEqual(writing("custodians"), ["money/custody.ts", "money/custody.ts"])
  const custody = rules.find(({ file }) => file === "money/custody.ts")!.code
  const grows = (field: string) => [
    ...custody.matchAll(new RegExp(`${field}: custodian\\.${field} \\+ body\\.amount`, "g")),
  ]
  assert.deepEqual([grows("deposited").length, grows("withdrawn").length], [1, 1])
  const [deposit, withdraw] = [custody.indexOf('type: "deposit/1"'), custody.indexOf('type: "withdraw/1"')]
  assert.ok(deposit < grows("deposited")[0]!.index && grows("deposited")[0]!.index < withdraw)
  assert.ok(withdraw < grows("withdrawn")[0]!.index)
})

test("accounts are written by custody, the postings of a visit and the genesis; an admission opens an empty one", () => {
  const files = new Set(writing("accounts"))
  assert.deepEqual([...files].sort(), ["constitution/membership.ts", "money/custody.ts", "visit/postings.ts"])
  const { code } = rules.find(({ file }) => file === "constitution/membership.ts")!
  assert.equal(code.match(/\baccounts\.put\(/g)!.length, 1)
  assert.match(code, /accounts\.put\(\{ org \}, \{ free: 0n, reserved: 0n, paid: 0n, open: 0 \}\)/)
})

test("there is nothing to mint, trade or issue: no type of that meaning exists", () => {
  for (const type of transactionTypes.keys())
    assert.doesNotMatch(type, /mint|issue|coin|token|reward|stake|trade|transfer|burn/)
})
