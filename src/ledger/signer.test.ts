import assert from "node:assert/strict"
import { test } from "node:test"
import { openBlock } from "./block.ts"
import {
  clinic,
  ExampleChain,
  hospital,
  keyOf,
  orgSeed,
  ownSeed,
  payer,
  practitioner,
  seedOf,
} from "./example-chain.ts"
import { isRejection } from "./rejection.ts"
import { checkSigner, isIndependent, licenceAt, refuseLicence, type SignerRule } from "./signer.ts"
import { openTables } from "./state.ts"

const holdKey = keyOf(orgSeed(clinic, "hold"))

/** The example's block with the clinic's hold key and its organization changed. */
function blockWith({ from = 0, until = 2 ** 50, status = 0 } = {}) {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  tables.keys.put({ key: holdKey }, { ...tables.keys.get({ key: holdKey })!, from, until })
  tables.organizations.put({ org: clinic }, { ...tables.organizations.get({ org: clinic })!, status })
  tables.flush()
  return openBlock(chain.state, { height: 1, seconds: chain.seconds })
}

test("the signer rule: one row an outcome, in the order of refusal", () => {
  const { hour } = blockWith()
  const good: SignerRule = { role: "hold", org: clinic, active: true }
  const rows: readonly [it: string, row: object, key: Uint8Array, rule: SignerRule, code: string][] = [
    ["good", {}, holdKey, good, "good"],
    ["of any organization", {}, holdKey, { role: "hold" }, "good"],
    [
      "unknown before all else",
      { status: 1 },
      keyOf(seedOf("stranger")),
      { role: "vote", org: payer },
      "signer-unknown",
    ],
    ["not begun, of another role", { from: hour + 1 }, holdKey, { role: "vote", org: payer }, "signer-inactive"],
    ["beginning now", { from: hour }, holdKey, good, "good"],
    ["ending now", { until: hour }, holdKey, good, "signer-inactive"],
    ["ending next hour", { until: hour + 1 }, holdKey, good, "good"],
    ["of another role and party", {}, holdKey, { role: "vote", org: payer }, "signer-wrong-role"],
    [
      "of another party, suspended",
      { status: 1 },
      holdKey,
      { role: "hold", org: hospital, active: true },
      "signer-not-party",
    ],
    ["suspended", { status: 1 }, holdKey, good, "organization-suspended"],
    ["suspended, finishing what is open", { status: 1 }, holdKey, { role: "hold", org: clinic }, "good"],
    ["removed, where it must be active", { status: 2 }, holdKey, good, "organization-suspended"],
    ["a practitioner's own key has no role", {}, keyOf(ownSeed), { role: "perform", org: clinic }, "signer-wrong-role"],
  ]
  for (const [it, row, key, rule, code] of rows) {
    const found = checkSigner(blockWith(row), key, rule)
    assert.equal(isRejection(found) ? found.code : "good", code, it)
  }
})

test("independent is another number and another group", () => {
  const chain = new ExampleChain()
  const tables = openTables(chain.state)
  assert.ok(isIndependent(tables, clinic, hospital))
  assert.ok(!isIndependent(tables, clinic, clinic))
  tables.organizations.put({ org: hospital }, { ...tables.organizations.get({ org: hospital })!, group: clinic })
  assert.ok(!isIndependent(tables, clinic, hospital))
})

test("a licence has the status of its last entry that has begun", () => {
  const { tables } = blockWith()
  const row = tables.practitioners.get({ practitioner })!
  const history = [
    { status: 0, from: 10 },
    { status: 1, from: 20 },
    { status: 0, from: 20 },
    { status: 2, from: 30 },
  ]
  assert.deepEqual(
    [9, 10, 19, 20, 29, 30].map((hour) => licenceAt({ ...row, history }, hour)),
    [undefined, 0, 0, 0, 0, 2],
  )
  tables.practitioners.put({ practitioner }, { ...row, history })
  assert.equal(refuseLicence(tables, practitioner, 29), undefined)
  assert.equal(refuseLicence(tables, practitioner, 30)?.code, "licence-not-active")
  assert.equal(refuseLicence(tables, practitioner, 9)?.code, "licence-not-active")
  assert.equal(refuseLicence(tables, seedOf("nobody"), 29)?.code, "licence-not-active")
})
