import assert from "node:assert/strict"
import { test } from "node:test"
import { sha256 } from "#crypto"
import { concat } from "../../base/bytes.ts"
import { clinic, exampleGenesis, firstHour, keyOf, payer, seedOf } from "../example-chain.ts"
import { brokenInvariant, fewestOrganizations } from "../invariants.ts"
import { MemoryState } from "../memory-state.ts"
import { isRejection } from "../rejection.ts"
import { kindSet, roles } from "../roles.ts"
import { applyGenesis, decodeGenesis, encodeGenesis, type GenesisRows, genesisHash } from "./genesis.ts"

/** The refusal of the example with some tables changed; undefined if it is accepted. */
function faultOf(changes: GenesisRows): string | undefined {
  const genesis = decodeGenesis(encodeGenesis({ ...exampleGenesis(), ...changes }))
  return isRejection(genesis) ? genesis.message : undefined
}

test("a genesis fills an empty state with its rows, and its hash is that of its bytes", () => {
  const bytes = encodeGenesis(exampleGenesis())
  const state = new MemoryState()
  const genesis = applyGenesis(state, bytes)
  assert.ok(!isRejection(genesis))
  assert.deepEqual(genesis.hash, sha256(bytes))
  assert.deepEqual(genesisHash(bytes), sha256(bytes))
  assert.deepEqual(state.dump(), genesis.state.dump())
  assert.equal(brokenInvariant(state, firstHour), undefined)
  assert.throws(() => applyGenesis(state, bytes), /empty state/)
})

test("the order of rows given does not matter, only that of the file does", () => {
  const genesis = exampleGenesis()
  const backwards = { ...genesis, keys: genesis.keys!.toReversed(), parameters: genesis.parameters!.toReversed() }
  assert.deepEqual(encodeGenesis(backwards), encodeGenesis(genesis))
})

test("what a genesis is refused for: one row a fault", () => {
  const { chain, parameters, rules, organizations, keys, accounts, validators, practitioners } = exampleGenesis()
  const zero = { zero: 0 }
  const alone = [{ kinds: kindSet("regulator"), count: 1, percent: 0 }]
  const account = { free: 5n, reserved: 0n, paid: 0n, open: 0 }
  const rows: readonly (readonly [changes: GenesisRows, fault: RegExp])[] = [
    [{ chain: [] }, /no chain row/],
    [{ chain: [[zero, { ...chain![0]![1], chainId: "x".repeat(51) }]] }, /chain id/],
    [{ clock: [] }, /no clock row/],
    [{ parameters: parameters!.slice(1) }, /parameter 1 /],
    [{ parameters: [...parameters!.slice(1), [{ number: 1 }, { value: 23 }]] }, /parameter 1 /],
    [{ rules: [...rules!.slice(1), [{ action: 1 }, { proposers: 2, needs: alone, hours: 1 }]] }, /two organizations/],
    [{ rules: [[{ action: 10 }, { ...rules![0]![1], hours: 73 }]] }, /72 hours/],
    [{ validators: [] }, /1 to 64 validators/],
    [{ validators: [[{ key: new Uint8Array(33) }, { org: payer, power: 1 }]] }, /validator's key/],
    [{ validators: [[validators![0]![0], { org: 88, power: 1 }]] }, /validator is of an organization/],
    [{ keys: keys!.filter(([, { org, roles: set }]) => org !== clinic || set !== roles.admin) }, /live admin key/],
    [{ keys: [...keys!, [{ key: keyOf(seedOf("k")) }, { ...keys![0]![1], org: 88 }]] }, /organization 88 is unknown/],
    [{ keys: [...keys!, [{ key: keyOf(seedOf("k")) }, { ...keys![0]![1], roles: roles.enrol }]] }, /roles are those/],
    [{ keys: [...keys!, [{ key: Uint8Array.of(1, ...new Uint8Array(32)) }, keys![0]![1]]] }, /not a signing key/],
    [{ practitioners: practitioners!.slice(1) }, /practitioner is unknown/],
    [{ organizations: organizations!.slice(1) }, /without gaps/],
    [
      { organizations: [[{ org: 1 }, { ...organizations![0]![1], panel: [payer] }], ...organizations!.slice(1)] },
      /panel/,
    ],
    [{ accounts: [...accounts!.slice(1), [{ org: clinic }, account]] }, /account 1 is not empty/],
    [{ accounts: accounts!.slice(1) }, /has an account/],
    [{ custodians: [[{ org: 4 }, { deposited: 5n, withdrawn: 0n }]] }, /custodian 4 has moved money/],
  ]
  for (const [changes, fault] of rows) assert.match(faultOf(changes) ?? "accepted", fault)
  assert.equal(faultOf({}), undefined)
})

test("money is there at once only where another chain's state is carried on, and then it balances", () => {
  const { chain, accounts } = exampleGenesis()
  const pinned = { chainId: "the-old-chain", header: seedOf("header"), height: 9, seconds: firstHour * 3600 }
  const carried: GenesisRows = {
    chain: [[{ zero: 0 }, { ...chain![0]![1], pinned }]],
    accounts: [...accounts!.slice(1), [{ org: clinic }, { free: 5n, reserved: 0n, paid: 0n, open: 0 }]],
  }
  assert.match(faultOf(carried) ?? "accepted", /deposits less withdrawals/)
  assert.equal(faultOf({ ...carried, custodians: [[{ org: 4 }, { deposited: 6n, withdrawn: 1n }]] }), undefined)
})

test("from four validators on no organization has a third of the power", () => {
  const four = (power: number): GenesisRows => ({
    validators: [1, 2, 3, 4].map((org) => [{ key: keyOf(seedOf(`v${org}`)) }, { org, power: org === 1 ? power : 2 }]),
  })
  assert.equal(faultOf(four(2)), undefined)
  assert.match(faultOf(four(3)) ?? "accepted", /a third/)
})

test("a file that is not canonical is refused where it goes wrong", () => {
  const bytes = encodeGenesis(exampleGenesis())
  const refusalOf = (file: Uint8Array) => {
    const genesis = decodeGenesis(file)
    assert.ok(isRejection(genesis))
    return [genesis.code, genesis.at]
  }
  assert.deepEqual(refusalOf(concat(bytes, Uint8Array.of(0))), ["bad-encoding", "applied"])
  assert.deepEqual(refusalOf(bytes.subarray(0, bytes.length - 1)), ["bad-encoding", "applied"])
  assert.deepEqual(refusalOf(bytes.subarray(0, 400)), ["bad-encoding", "organizations"])
  assert.deepEqual(refusalOf(new Uint8Array(0)), ["bad-encoding", "genesis/1"])
  // Parameter 1 by the number 9: its key is above the next one's.
  const first = bytes.findIndex((byte, i) => byte === 0x82 && bytes[i + 1] === 0x81 && bytes[i + 2] === 1)
  const swapped = Uint8Array.from(bytes)
  swapped[first + 2] = 9
  assert.deepEqual(refusalOf(swapped), ["bad-encoding", "parameters"])
})

test("the fewest organizations that meet a rule", () => {
  const need = (kinds: number, count: number) => ({ kinds, count, percent: 0 })
  assert.equal(fewestOrganizations([need(kindSet("payer"), 1), need(kindSet("provider"), 1)]), 2)
  assert.equal(fewestOrganizations([need(kindSet("payer", "regulator"), 1), need(kindSet("regulator"), 1)]), 1)
  assert.equal(fewestOrganizations([need(kindSet("payer", "regulator"), 2), need(kindSet("regulator"), 1)]), 2)
})
