import assert from "node:assert/strict"
import { test } from "node:test"
import {
  arbiter,
  association,
  by,
  custodian,
  ExampleChain,
  exampleGenesis,
  keyOf,
  type Order,
  orgSeed,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../example-chain.ts"
import { kinds, roles } from "../roles.ts"
import { openEnd } from "../rows.ts"
import { openTables } from "../state.ts"

const plan = seedOf("plan bytes")
const published = by(payer, "vote", "published")
const approvals = [by(regulator, "vote", "approved"), by(association, "vote", "approved")]

function publication(chain: ExampleChain, more: object = {}) {
  return { plan, payer, series: "eye", version: 1, from: chain.hour, until: chain.hour + 8760, ...more }
}

test("publish-plan: one row an outcome, in the order of refusal", () => {
  const rows: readonly { it: string; body?: object; orders?: readonly Order[]; code: string }[] = [
    { it: "publishes", code: "applied" },
    {
      it: "with more approvals than needed",
      orders: [published, by(custodian, "vote", "approved"), ...approvals],
      code: "applied",
    },
    { it: "by a key without a vote", orders: [by(payer, "pay", "published"), ...approvals], code: "signer-wrong-role" },
    { it: "in another payer's name", body: { payer: secondPayer }, code: "signer-not-party" },
    { it: "approved out of order", orders: [published, approvals[1]!, approvals[0]!], code: "signer-not-party" },
    {
      it: "approved by a key without a vote",
      orders: [published, by(regulator, "witness", "approved")],
      code: "signer-wrong-role",
    },
    {
      it: "by a custodian",
      body: { payer: custodian },
      orders: [by(custodian, "vote", "published"), ...approvals],
      code: "organization-wrong-kind",
    },
    { it: "of a second version first", body: { version: 2 }, code: "out-of-order" },
    { it: "from the past", body: { from: 1 }, code: "dates-invalid" },
    { it: "that ends at its beginning", body: { until: 493_056 }, code: "dates-invalid" },
    { it: "without the patients' association", orders: [published, approvals[0]!], code: "quorum-missing" },
    {
      it: "with an arbiter in its place",
      orders: [published, approvals[0]!, by(arbiter, "vote", "approved")],
      code: "quorum-missing",
    },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    assert.equal(
      chain.run("publish-plan/1", publication(chain, row.body), row.orders ?? [published, ...approvals]),
      row.code,
      row.it,
    )
  }
})

test("a plan is published once, its versions one by one within the payer's series", () => {
  const chain = new ExampleChain()
  const publish = (more: object) => chain.run("publish-plan/1", publication(chain, more), [published, ...approvals])
  assert.equal(publish({}), "applied")
  assert.equal(publish({ version: 2 }), "plan-known")
  assert.equal(publish({ plan: seedOf("2"), version: 1 }), "out-of-order")
  assert.equal(publish({ plan: seedOf("2"), version: 2 }), "applied")
  assert.equal(publish({ plan: seedOf("3"), series: "dental" }), "applied")
})

test("approvals of the payer's own group do not count", () => {
  const genesis = exampleGenesis()
  const chain = new ExampleChain({
    ...genesis,
    organizations: genesis.organizations!.map(([key, row]) => [
      key,
      key.org === association ? { ...row, group: payer } : row,
    ]),
  })
  assert.equal(chain.run("publish-plan/1", publication(chain), [published, ...approvals]), "quorum-missing")
})

test("retire-plan: one row an outcome, in the order of refusal", () => {
  const rows: readonly {
    it: string
    body?: (chain: ExampleChain) => object
    orders?: readonly Order[]
    code: string
  }[] = [
    { it: "ends the plan sooner", code: "applied" },
    { it: "of no plan", body: () => ({ plan: seedOf("none") }), code: "plan-unknown" },
    { it: "by another payer", orders: [by(secondPayer, "vote", "published"), ...approvals], code: "signer-not-party" },
    { it: "in the past", body: (chain) => ({ until: chain.hour - 1 }), code: "dates-invalid" },
    { it: "later than it ends", body: (chain) => ({ until: chain.hour + 9000 }), code: "dates-invalid" },
    { it: "alone", orders: [published], code: "quorum-missing" },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    chain.run("publish-plan/1", publication(chain), [published, ...approvals])
    const body = { plan, until: chain.hour + 10, ...row.body?.(chain) }
    assert.equal(chain.run("retire-plan/1", body, row.orders ?? [published, ...approvals]), row.code, row.it)
    const until = openTables(chain.state).plans.get({ plan })?.until
    assert.equal(until, chain.hour + (row.code === "applied" ? 10 : 8760), row.it)
  }
})

test("percent counts that kind's active organizations", () => {
  const genesis = exampleGenesis()
  const more = [10, 11].map((org) => ({ org }))
  const rowOf = (org: number) => ({
    name: `association-${org}`,
    kind: kinds.patientAssociation,
    group: org,
    status: 0,
    panel: [],
  })
  const key = (org: number) => ({
    org,
    roles: roles.admin | roles.vote,
    practitioner: undefined,
    from: 0,
    until: openEnd,
  })
  const chain = new ExampleChain({
    ...genesis,
    organizations: [...genesis.organizations!, ...more.map(({ org }) => [{ org }, rowOf(org)] as const)],
    accounts: [
      ...genesis.accounts!,
      ...more.map((each) => [each, { free: 0n, reserved: 0n, paid: 0n, open: 0 }] as const),
    ],
    keys: [...genesis.keys!, ...more.map(({ org }) => [{ key: keyOf(orgSeed(org, "vote")) }, key(org)] as const)],
  })
  // One of three associations is no half; two are.
  assert.equal(chain.run("publish-plan/1", publication(chain), [published, ...approvals]), "quorum-missing")
  const both = [...approvals, by(10, "vote", "approved")]
  assert.equal(chain.run("publish-plan/1", publication(chain), [published, ...both]), "applied")
})

test("an organization approves once, however many keys it has", () => {
  const genesis = exampleGenesis()
  const second = seedOf("the regulator's second key")
  const chain = new ExampleChain({
    ...genesis,
    keys: [
      ...genesis.keys!,
      [{ key: keyOf(second) }, { org: regulator, roles: roles.vote, practitioner: undefined, from: 0, until: openEnd }],
    ],
  })
  const twice: Order[] = [published, approvals[0]!, { seed: second, meaning: "approved" }]
  assert.equal(chain.run("publish-plan/1", publication(chain), twice), "signer-not-party")
  const same: Order[] = [published, approvals[0]!, approvals[0]!]
  assert.equal(chain.run("publish-plan/1", publication(chain), same), "bad-envelope")
})
