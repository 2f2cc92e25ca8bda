/** Goal: founders who agree on what they bring get one and the same genesis, and in it nobody rules alone. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { decodeGenesis } from "../ledger/constitution/genesis.ts"
import { parameters } from "../ledger/parameters.ts"
import { isRejection } from "../ledger/rejection.ts"
import { rolesOfKind } from "../ledger/roles.ts"
import { openTables } from "../ledger/state.ts"
import { type OrganizationKind, organizationKinds } from "./config.ts"
import { type Founder, type FoundingTerms, foundCommunity } from "./founding.ts"
import { usesOf } from "./keys.ts"

const kinds: readonly OrganizationKind[] = [
  "provider",
  "provider",
  "payer",
  "custodian",
  "licence-board",
  "regulator",
  "patient-association",
]
const founders: readonly Founder[] = kinds.map((kind, i) => ({
  number: i + 1,
  name: `member-${i + 1}`,
  kind,
  group: i + 1,
  keys: Object.fromEntries(
    usesOf(kind).map((use, n) => [use, publicKeyOf(new Uint8Array(32).fill(i * 16 + n + 1))] as const),
  ),
}))
const terms: FoundingTerms = { chainId: "founding-test", currency: "usd", validators: [4], k: 18, startHour: 493_000 }

function genesisOf(members: readonly Founder[] = founders, more: Partial<FoundingTerms> = {}) {
  const genesis = decodeGenesis(foundCommunity(members, { ...terms, ...more }))
  assert.ok(!isRejection(genesis), JSON.stringify(genesis))
  return openTables(genesis.state)
}

test("the genesis decodes, with every founder, its keys by role, and the operator's validator", () => {
  const tables = genesisOf()
  assert.deepEqual(
    [...tables.organizations.rows()].map(([{ org }, { name, kind }]) => [org, name, kind]),
    founders.map(({ number, name, kind }) => [number, name, organizationKinds[kind]]),
  )
  for (const [, { org, roles }] of [...tables.keys.rows()]) {
    const { kind } = founders.find(({ number }) => number === org)!
    assert.equal(roles & ~rolesOfKind(organizationKinds[kind]), 0, `${kind} has no role of another kind`)
  }
  const validator = toHex(founders[3]!.keys.validator!)
  assert.deepEqual(
    [...tables.validators.rows()].map(([{ key }, { org }]) => [toHex(key.subarray(1)), org]),
    [[validator, 4]],
  )
  assert.ok(
    ![...tables.keys.rows()].some(([{ key }]) => toHex(key.subarray(1)) === validator),
    "a validator key signs only blocks",
  )
})

test("nobody begins with money, and every payer has a panel that is independent of it", () => {
  const tables = genesisOf()
  for (const [, account] of [...tables.accounts.rows()])
    assert.deepEqual(account, { free: 0n, reserved: 0n, paid: 0n, open: 0 })
  assert.equal([...tables.accounts.rows()].length, founders.length)
  for (const [{ org }, { kind, panel }] of [...tables.organizations.rows()]) {
    const pays = kind === organizationKinds.payer || kind === organizationKinds.custodian
    assert.deepEqual(panel, pays ? [6, 7] : [])
    assert.ok(!panel.includes(org))
  }
})

test("every rule needs two organizations of different kinds", () => {
  const tables = genesisOf()
  assert.equal([...tables.rules.rows()].length, 12)
  for (const [{ action }, { needs }] of [...tables.rules.rows()]) {
    assert.ok(needs.length >= 2, `action ${action}`)
    for (const [i, { kinds: one, count }] of needs.entries()) {
      assert.ok(count >= 1, `action ${action}`)
      for (const { kinds: other } of needs.slice(i + 1)) assert.equal(one & other, 0, `action ${action}: two kinds`)
    }
  }
})

test("equal founders give equal bytes, in whatever order they and their keys are listed", () => {
  const bytes = toHex(foundCommunity(founders, terms))
  const shuffled = [...founders]
    .reverse()
    .map((founder) => ({ ...founder, keys: Object.fromEntries(Object.entries(founder.keys).reverse()) }))
  assert.equal(toHex(foundCommunity(shuffled, { ...terms })), bytes)
  const other = founders.map((founder) => (founder.number === 1 ? { ...founder, group: 2 } : founder))
  assert.notEqual(toHex(foundCommunity(other, terms)), bytes)
})

test("parameters stand at their usual value unless the founders set them", () => {
  const [name, { number, initial }] = Object.entries(parameters)[0]!
  const parameterIn = (more: Partial<FoundingTerms>) => genesisOf(founders, more).parameters.get({ number })?.value
  assert.equal(parameterIn({}), initial)
  assert.equal(parameterIn({ parameters: { [name]: initial + 1 } }), initial + 1)
})

test("an operator without a validator key founds nothing", () => {
  assert.throws(() => foundCommunity(founders, { ...terms, validators: [9] }), TypeError)
  const { validator: _, ...keys } = founders[3]!.keys
  const members = founders.map((founder) => (founder.number === 4 ? { ...founder, keys } : founder))
  assert.throws(() => foundCommunity(members, terms), TypeError)
})
