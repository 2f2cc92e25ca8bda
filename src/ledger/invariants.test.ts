import assert from "node:assert/strict"
import { test } from "node:test"
import { clinic, custodian, payer, seedOf } from "./example-chain.ts"
import { assertChanges, brokenInvariant } from "./invariants.ts"
import { type Account, type Leg, legStates, type VisitRow } from "./rows.ts"
import { openTables, type Tables } from "./state.ts"
import { heldScene, type Scene, settledScene } from "./visit/world.ts"

/** Changes rows as no rule would. */
type Break = (tables: Tables, scene: Scene) => void

function changeAccount(org: number, change: (account: Account) => Partial<Account>): Break {
  return ({ accounts }) => {
    const account = accounts.get({ org })!
    accounts.put({ org }, { ...account, ...change(account) })
  }
}
function changeVisit(change: (visit: VisitRow) => Partial<VisitRow>): Break {
  return ({ visits }, { visit: { V, provider } }) => {
    const row = visits.get({ V, provider })!
    visits.put({ V, provider }, { ...row, ...change(row) })
  }
}
function changeLeg(change: (leg: Leg) => Partial<Leg>): Break {
  return changeVisit(({ legs }) => ({ legs: legs.map((leg) => ({ ...leg, ...change(leg) })) }))
}
const both =
  (...breaks: readonly Break[]): Break =>
  (tables, scene) => {
    for (const each of breaks) each(tables, scene)
  }

test("a block that changes nothing, or moves money between free accounts, keeps every invariant", () => {
  const { world } = heldScene()
  const tables = openTables(world.state)
  assertChanges(tables)
  both(
    changeAccount(payer, ({ free }) => ({ free: free - 7n })),
    changeAccount(clinic, ({ free }) => ({ free: free + 7n })),
  )(tables, heldScene())
  assertChanges(tables)
})

test("each invariant stops a block that breaks it", () => {
  const released = { hold: 0n, state: legStates.released }
  const rows: readonly (readonly [invariant: RegExp, breaks: Break])[] = [
    [/deposits less withdrawals/, changeAccount(payer, ({ free }) => ({ free: free + 1n }))],
    [/nothing in an account is negative/, changeAccount(payer, () => ({ free: -1n }))],
    [/reserved money is the sum/, changeAccount(payer, ({ reserved }) => ({ reserved: reserved - 1n }))],
    [/counts its open legs/, changeAccount(clinic, ({ open }) => ({ open: open + 1 }))],
    [/a hold that moved/, changeLeg(({ hold }) => ({ hold: hold - 1n }))],
    [/a hold that moved|opened or closed/, changeLeg(() => released)],
    [/at most what was held/, changeLeg(({ held }) => ({ contested: held + 1n }))],
    [/a step of the ladder/, changeLeg(({ held }) => ({ held: held + 1n }))],
    [/what was ever held never falls/, changeLeg(() => ({ held: 1_000_00n, hold: 1_000_00n }))],
    [/a closed leg holds nothing/, changeLeg(() => ({ state: legStates.paid }))],
    [/paid what is owed/, changeLeg(() => ({ hold: 0n, state: legStates.paid, owed: seedOf("point") }))],
    [/keeps its voucher and its payer/, changeLeg(() => ({ voucher: seedOf("another") }))],
    [/facts only grow/, changeVisit(() => ({ facts: [] }))],
    [/legs only grow/, changeVisit(() => ({ legs: [] }))],
    [/transitions only grow/, changeVisit(() => ({ transitions: [] }))],
    [
      /assurance never rises/,
      changeVisit(({ facts }) => ({ facts: facts.map((each) => ({ ...each, assurance: 3 })) })),
    ],
    [/a voucher that this block used/, changeVisit(({ legs }) => ({ legs: [...legs, legs[0]!] }))],
    [/a visit is never removed/, ({ visits }, { visit: { V, provider } }) => visits.remove({ V, provider })],
    [/an account is never removed/, ({ accounts }) => accounts.remove({ org: clinic })],
    [
      /pays out at most what it took in/,
      ({ custodians }) => custodians.put({ org: custodian }, { deposited: 1n, withdrawn: 2n }),
    ],
  ]
  for (const [invariant, breaks] of rows) {
    const scene = settledScene()
    const tables = openTables(scene.world.state)
    breaks(tables, scene)
    assert.throws(() => assertChanges(tables), { name: "Defect", message: invariant }, `${invariant}`)
  }
})

test("a voucher once used or void is not used again", () => {
  const { world } = heldScene()
  const tables = openTables(world.state)
  const [key] = tables.vouchers.first(1)[0]!
  tables.vouchers.put(key, { state: 1 })
  assert.throws(() => assertChanges(tables), /is not used again/)
})

test("the full scan finds the same in rows at rest", () => {
  const rows: readonly (readonly [invariant: RegExp, breaks: Break])[] = [
    [/deposits less withdrawals/, changeAccount(payer, ({ free }) => ({ free: free + 1n }))],
    [/reserved money is the sum/, changeAccount(payer, ({ reserved }) => ({ reserved: reserved - 1n }))],
    [/counts its open legs/, changeAccount(clinic, ({ open }) => ({ open: open + 1 }))],
    [/a voucher stands in one leg/, changeVisit(({ legs }) => ({ legs: [...legs, legs[0]!] }))],
    [/a closed leg holds nothing/, changeLeg(() => ({ state: legStates.released }))],
  ]
  for (const [invariant, breaks] of rows) {
    const scene = settledScene()
    const { state, hour } = scene.world
    assert.equal(brokenInvariant(state, hour), undefined)
    const tables = openTables(state)
    breaks(tables, scene)
    tables.flush()
    assert.match(brokenInvariant(state, hour) ?? "none", invariant)
  }
})
