import assert from "node:assert/strict"
import { test } from "node:test"
import {
  board,
  by,
  clinic,
  ExampleChain,
  exampleGenesis,
  keyOf,
  type Order,
  orgSeed,
  ownSeed,
  payer,
  practitioner,
  seedOf,
} from "../example-chain.ts"
import { kinds, roles } from "../roles.ts"
import { openEnd } from "../rows.ts"
import { openTables } from "../state.ts"

const fresh = seedOf("a new own key")
const enrolled = by(board, "enrol", "enrolled")
const possessed: Order = { seed: fresh, meaning: "possessed" }

function enrolment(chain: ExampleChain, more: object = {}) {
  const body = { board, practitioner: seedOf("newcomer"), key: keyOf(fresh), credential: seedOf("c"), from: chain.hour }
  return { ...body, ...more }
}

test("enrol-practitioner: one row an outcome, in the order of refusal", () => {
  const rows: readonly { it: string; body?: object; orders?: readonly Order[]; code: string }[] = [
    { it: "enrols", code: "applied" },
    { it: "enrols from later on", body: { from: 900_000 }, code: "applied" },
    {
      it: "by another organization's key",
      orders: [by(payer, "vote", "enrolled"), possessed],
      code: "signer-wrong-role",
    },
    { it: "in another board's name", body: { board: payer }, code: "signer-not-party" },
    {
      it: "of a key that another holds",
      orders: [enrolled, { seed: seedOf("other"), meaning: "possessed" }],
      code: "signer-not-party",
    },
    {
      it: "of a key in use",
      body: { key: keyOf(ownSeed) },
      orders: [enrolled, { seed: ownSeed, meaning: "possessed" }],
      code: "key-known",
    },
    { it: "in the past", body: { from: 1 }, code: "dates-invalid" },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    assert.equal(
      chain.run("enrol-practitioner/1", enrolment(chain, row.body), row.orders ?? [enrolled, possessed]),
      row.code,
      row.it,
    )
  }
})

test("enrolled again: a new own key, the old one and the desks' keys end", () => {
  const chain = new ExampleChain()
  assert.equal(chain.run("enrol-practitioner/1", enrolment(chain, { practitioner }), [enrolled, possessed]), "applied")
  const { keys, practitioners } = openTables(chain.state)
  assert.equal(keys.get({ key: keyOf(ownSeed) })?.until, chain.hour)
  assert.equal(keys.get({ key: keyOf(orgSeed(clinic, "perform")) })?.until, chain.hour)
  assert.deepEqual(practitioners.get({ practitioner })?.key, keyOf(fresh))
  assert.deepEqual(practitioners.get({ practitioner })?.history, [
    { status: 0, from: 0 },
    { status: 0, from: chain.hour },
  ])
})

test("another board enrols only whom the first has ended", () => {
  const genesis = exampleGenesis()
  const secondBoard = 10
  const seed = seedOf("second board")
  const chain = new ExampleChain({
    ...genesis,
    organizations: [
      ...genesis.organizations!,
      [{ org: secondBoard }, { name: "second-board", kind: kinds.licenceBoard, group: 10, status: 0, panel: [] }],
    ],
    accounts: [...genesis.accounts!, [{ org: secondBoard }, { free: 0n, reserved: 0n, paid: 0n, open: 0 }]],
    keys: [
      ...genesis.keys!,
      [
        { key: keyOf(seed) },
        { org: secondBoard, roles: roles.admin | roles.enrol, practitioner: undefined, from: 0, until: openEnd },
      ],
    ],
  })
  const orders: Order[] = [{ seed, meaning: "enrolled" }, possessed]
  const again = () => chain.run("enrol-practitioner/1", enrolment(chain, { board: secondBoard, practitioner }), orders)
  assert.equal(again(), "wrong-stage")
  assert.equal(chain.run("set-licence-status/1", { practitioner, status: 2, from: chain.hour }, [enrolled]), "applied")
  assert.equal(again(), "applied")
  assert.equal(openTables(chain.state).practitioners.get({ practitioner })?.board, secondBoard)
})

test("set-licence-status: one row an outcome, in the order of refusal", () => {
  const rows: readonly { it: string; body?: object; orders?: readonly Order[]; code: string }[] = [
    { it: "suspends", code: "applied" },
    { it: "of nobody", body: { practitioner: seedOf("nobody") }, code: "practitioner-unknown" },
    { it: "by the clinic", orders: [by(clinic, "admin", "enrolled")], code: "signer-wrong-role" },
    { it: "in the past", body: { from: 2 }, code: "dates-invalid" },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    const body = { practitioner, status: 1, from: chain.hour, ...row.body }
    assert.equal(chain.run("set-licence-status/1", body, row.orders ?? [enrolled]), row.code, row.it)
  }
})

test("a licence's history is never overtaken, and an ended one stays ended", () => {
  const chain = new ExampleChain()
  const set = (status: number, from: number) =>
    chain.run("set-licence-status/1", { practitioner, status, from }, [enrolled])
  assert.equal(set(1, chain.hour + 10), "applied")
  assert.equal(set(0, chain.hour + 9), "dates-invalid")
  assert.equal(set(2, chain.hour + 10), "applied")
  assert.equal(set(0, chain.hour + 11), "wrong-stage")
})
