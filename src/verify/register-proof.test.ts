import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { headerOf, Tree, validatorsOf } from "../../test/proven-state.ts"
import { chainId, filled, makeBundle, served, view } from "../../test/sample-bundle.ts"
import { anchor, operator, type RegisterWishes, sampleRegisters } from "../../test/sample-registers.ts"
import { concat, equalBytes } from "../base/bytes.ts"
import { signCommit } from "../base/chain/commit.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { transactionId } from "../ledger/envelopes.ts"
import { type Bundle, decodeBundle, encodeBundle } from "./bundle.ts"
import { checkBundle } from "./check-bundle.ts"
import type { FailureCode } from "./reason.ts"
import { decodeRegisterProof, encodeRegisterProof, openRegisterProof, type RegisterProof } from "./register-proof.ts"
import type { RegisterView } from "./register-view.ts"
import { isFailure } from "./verify.ts"

const bundle = makeBundle()
const proof = sampleRegisters()
const encoded = encodeRegisterProof(proof)

function opened(wishes: RegisterWishes = {}, of: Bundle = bundle): RegisterView {
  const answer = openRegisterProof(encodeRegisterProof(sampleRegisters(wishes)), anchor, of)
  assert.ok(!isFailure(answer))
  return answer
}
function codeOf(bytes: Uint8Array, trusted = anchor): FailureCode | undefined {
  const answer = openRegisterProof(bytes, trusted, bundle)
  return isFailure(answer) ? answer.code : undefined
}

test("the proven rows are the registers that the check of a bundle reads, and say of when they are", () => {
  const { snapshots: _, ...registers } = view
  assert.deepEqual(opened(), { ...registers, at: { height: 9, seconds: (served + 1) * 86400 + 9 } })
  const verdict = checkBundle(bundle, opened())
  assert.deepEqual([verdict.failure, verdict.notChecked], [undefined, ["snapshot"]])
  assert.deepEqual(decodeRegisterProof(encoded), proof)
})

test("what was contested is no longer held; facts that the ledger lists have its word on who signed", () => {
  const id = transactionId(chainId, decodeEnvelope(bundle.factsStatement).payload)
  const facts = [{ id, practitioner: filled(40), assurance: 3, recorded: served * 24 }]
  const { leg, assurance } = opened({ leg: { contested: 5000n }, facts })
  assert.deepEqual([leg, assurance], [{ held: 200000n, paid: 5000n }, 3])
  assert.equal(opened({ facts: [{ ...facts[0]!, id: filled(1) }] }).assurance, undefined)
})

test("a visit at another provider, left out, or held by another voucher holds nothing for this leg", () => {
  const nothing = { held: 0n, paid: 0n }
  assert.deepEqual(opened({ provider: 2 }).leg, nothing)
  assert.deepEqual(opened({ leaveOut: "visits" }).leg, nothing)
  assert.deepEqual(opened({ leg: { voucher: filled(1) } }).leg, nothing)
  assert.deepEqual(opened({}, { ...bundle, leg: 1 }).leg, nothing)
})

test("a row that is left out is one that is not there", () => {
  for (const [leaveOut, code] of [
    ["keys", "signer-unknown"],
    ["plans", "plan-unpublished"],
    ["practitioners", "licence-not-active"],
    ["visits", "above-hold"],
  ] as const)
    assert.equal(checkBundle(bundle, opened({ leaveOut })).failure?.code, code)
})

test("no byte can be flipped, and nothing throws", () => {
  for (let i = 0; i < encoded.length; i++) {
    const forged = encoded.slice()
    forged[i]! ^= 1 << (i % 8)
    assert.notEqual(codeOf(forged), undefined, `byte ${i}`)
  }
})

test("any bytes are judged without a throw; cut anywhere it is truncated", () => {
  const judged = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => assert.notEqual(codeOf(bytes), undefined))
  fc.assert(judged, { numRuns: 1000 })
  const place = fc.nat(encoded.length)
  const spliced = fc.property(place, place, fc.uint8Array({ maxLength: 40 }), (a, b, middle) => {
    const forged = concat(encoded.subarray(0, a), middle, encoded.subarray(b))
    assert.equal(codeOf(forged) === undefined, equalBytes(forged, encoded))
  })
  fc.assert(spliced, { numRuns: 1000 })
  for (let end = 1; end < encoded.length; end += 7) assert.equal(codeOf(encoded.subarray(0, end)), "truncated")
})

test("whatever the bundle, a good proof opens without a throw", () => {
  const bytes = encodeBundle(bundle)
  const damaged = fc.property(fc.nat(4000), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const forged = bytes.slice()
    forged[at]! ^= change
    let read: Bundle
    try {
      read = decodeBundle(forged)
    } catch {
      return
    }
    const answer = openRegisterProof(encoded, anchor, read)
    assert.ok(!isFailure(answer))
    assert.ok(answer.leg!.held === 200000n || answer.leg!.held === 0n)
  })
  fc.assert(damaged, { numRuns: 400 })
})

test("another chain, another genesis, another operator, another state", () => {
  assert.equal(codeOf(encoded, { ...anchor, chainId: "elsewhere" }), "other-chain")
  assert.equal(codeOf(encoded, { ...anchor, genesis: filled(1) }), "other-chain")
  assert.equal(codeOf(encoded, { ...anchor, validators: validatorsOf(filled(33)) }), "validators-unknown")
  assert.equal(codeOf(encoded, { ...anchor, k: 7 }), "state-forged")
  const other = sampleRegisters({ plans: new Map() })
  const mixed: RegisterProof = { ...other, rows: proof.rows }
  assert.equal(codeOf(encodeRegisterProof(mixed)), "state-forged")
})

test("a row of any table but the registers' makes it no proof of registers, however well proven", () => {
  const tree = new Tree()
  tree.put("accounts", { org: 1 }, { free: 1n, reserved: 0n, paid: 0n, open: 0 })
  const header = headerOf(tree.appHash(), 9, { seed: operator })
  const commit = signCommit(operator, chainId, header)
  const bytes = encodeRegisterProof({ ...proof, rows: [tree.prove(0)], header, commit })
  assert.equal(codeOf(bytes), "bad-encoding")
})

test("trust follows a change of validators", () => {
  const heir = filled(44)
  const handing = headerOf(filled(1), 5, { seed: operator, next: heir })
  const handovers = [
    { header: handing, commit: signCommit(operator, chainId, handing), validators: validatorsOf(heir) },
  ]
  const header = headerOf(proof.header.appHash, 9, { seed: heir })
  const later = { ...proof, header, commit: signCommit(heir, chainId, header), validators: validatorsOf(heir) }
  assert.equal(codeOf(encodeRegisterProof({ ...later, handovers })), undefined)
  assert.equal(codeOf(encodeRegisterProof(later)), "validators-unknown")
})

test("registers from before the service do not speak for it", () => {
  const before = opened({ seconds: served * 86400 - 10 })
  assert.equal(checkBundle(bundle, before).failure?.code, "registers-old")
  assert.equal(checkBundle(bundle, opened({ seconds: served * 86400 - 9 })).failure, undefined)
})
