import assert from "node:assert/strict"
import { test } from "node:test"
import { by, clinic, custodian, ExampleChain, exampleGenesis, payer, seedOf } from "../example-chain.ts"
import { openTables } from "../state.ts"

const reference = seedOf("bank reference")
const deposited = [by(custodian, "custody", "deposited")]
const deposit = { custodian, org: payer, amount: 10_000_00n, reference }

function freeOf(chain: ExampleChain, org: number): bigint | undefined {
  return openTables(chain.state).accounts.get({ org })?.free
}

test("deposit: one row an outcome, in the order of refusal", () => {
  const rows = [
    { it: "credits the account", code: "applied" },
    { it: "of a role that is not custody", orders: [by(custodian, "pay", "deposited")], code: "signer-wrong-role" },
    { it: "of another custodian", body: { custodian: clinic }, code: "signer-not-party" },
    { it: "to nobody", body: { org: 77 }, code: "organization-unknown" },
    { it: "of nothing", body: { amount: 0n }, code: "bad-amount" },
  ] as const
  for (const row of rows) {
    const chain = new ExampleChain()
    const orders = "orders" in row ? row.orders : deposited
    const body = { ...deposit, ...("body" in row ? row.body : {}) }
    assert.equal(chain.run("deposit/1", body, orders), row.code, row.it)
    assert.equal(freeOf(chain, payer), row.code === "applied" ? 10_000_00n : 0n, row.it)
  }
})

test("deposit: refused to a removed organization, by a suspended custodian, and without the custodian's kind", () => {
  for (const [change, org, code] of [
    [{ status: 2 }, payer, "wrong-stage"],
    [{ status: 1 }, custodian, "organization-suspended"],
    [{ kind: 1 }, custodian, "organization-wrong-kind"],
  ] as const) {
    const chain = new ExampleChain()
    const tables = openTables(chain.state)
    tables.organizations.put({ org }, { ...tables.organizations.get({ org })!, ...change })
    tables.flush()
    assert.equal(chain.run("deposit/1", deposit, deposited), code)
  }
})

test("a bank reference is used once, in either direction", () => {
  const chain = new ExampleChain()
  assert.equal(chain.run("deposit/1", deposit, deposited), "applied")
  assert.equal(chain.run("deposit/1", { ...deposit, amount: 1n }, deposited), "reference-known")
  const withdrawal = { org: payer, custodian, amount: 1n, reference }
  const both = [by(payer, "pay", "withdrew"), by(custodian, "custody", "paidOut")]
  assert.equal(chain.run("withdraw/1", withdrawal, both), "reference-known")
})

test("the same deposit again is the first result again", () => {
  const chain = new ExampleChain()
  const bytes = chain.transaction("deposit/1", deposit, deposited)
  assert.equal(chain.outcome(bytes), "applied")
  assert.equal(chain.outcome(bytes), "repeated")
  assert.equal(freeOf(chain, payer), 10_000_00n)
})

test("all that was ever deposited stays encodable", () => {
  const chain = new ExampleChain()
  const most = 10n ** 15n
  const codes = Array.from({ length: 10 }, (_, i) =>
    chain.run("deposit/1", { ...deposit, amount: most, reference: seedOf(`reference ${i}`) }, deposited),
  )
  assert.deepEqual(codes, [...Array<string>(9).fill("applied"), "bad-amount"])
})

test("withdraw: one row an outcome, in the order of refusal", () => {
  const payment = [by(payer, "pay", "withdrew"), by(custodian, "custody", "paidOut")]
  const other = seedOf("another reference")
  const withdrawal = { org: payer, custodian, amount: 4_000_00n, reference: other }
  const rows = [
    { it: "pays out", code: "applied" },
    {
      it: "without the account's side",
      orders: [by(clinic, "pay", "withdrew"), payment[1]!],
      code: "signer-not-party",
    },
    {
      it: "without the custodian's",
      orders: [payment[0]!, by(custodian, "pay", "paidOut")],
      code: "signer-wrong-role",
    },
    { it: "of nothing", body: { amount: 0n }, code: "bad-amount" },
    { it: "of more than is free", body: { amount: 10_000_01n }, code: "account-short" },
    { it: "of money that came another way", short: true, code: "custodian-short" },
    { it: "of a suspended payer", suspended: payer, code: "organization-suspended" },
  ] as const
  for (const row of rows) {
    const chain = new ExampleChain()
    chain.run("deposit/1", deposit, deposited)
    const tables = openTables(chain.state)
    if ("short" in row) tables.custodians.put({ org: custodian }, { deposited: 10_000_00n, withdrawn: 7_000_00n })
    if ("suspended" in row)
      tables.organizations.put({ org: payer }, { ...tables.organizations.get({ org: payer })!, status: 1 })
    tables.flush()
    const orders = "orders" in row ? row.orders : payment
    const body = { ...withdrawal, ...("body" in row ? row.body : {}) }
    assert.equal(chain.run("withdraw/1", body, orders), row.code, row.it)
    assert.equal(freeOf(chain, payer), row.code === "applied" ? 6_000_00n : 10_000_00n, row.it)
  }
})

test("a suspended provider may withdraw what is its own", () => {
  const genesis = exampleGenesis()
  const chain = new ExampleChain({
    ...genesis,
    organizations: genesis.organizations!.map(([key, row]) => [key, key.org === clinic ? { ...row, status: 1 } : row]),
  })
  assert.equal(chain.run("deposit/1", { ...deposit, org: clinic }, deposited), "applied")
  const both = [by(clinic, "pay", "withdrew"), by(custodian, "custody", "paidOut")]
  const body = { org: clinic, custodian, amount: 1_00n, reference: seedOf("out") }
  assert.equal(chain.run("withdraw/1", body, both), "applied")
})
