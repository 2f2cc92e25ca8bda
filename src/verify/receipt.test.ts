import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { publicKeyOf, sha256 } from "#crypto"
import { chainId, headerOf, k, Tree, validatorsOf } from "../../test/proven-state.ts"
import { concat, equalBytes, toHex } from "../base/bytes.ts"
import { signCommit } from "../base/chain/commit.ts"
import { headerHash } from "../base/chain/header.ts"
import { keyId } from "../base/envelope.ts"
import { encodeAs } from "../base/schema.ts"
import { encodePayload, monthExpiry, signPayload, transactionId } from "../ledger/envelopes.ts"
import { openEnd, operations, schemas } from "../ledger/rows.ts"
import { factsBody, factsStatementType } from "../ledger/visit/2-record.ts"
import { encodeReceipt, type ProvenRow, type Receipt } from "./receipt.ts"
import { receiptFromJson, receiptToJson } from "./receipt-json.ts"
import { decodeAnchor, encodeAnchor, type TrustAnchor } from "./trust.ts"
import { verifyReceipt } from "./verify.ts"

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const genesis = filled(0xee)
const operator = filled(1)
const [patient, practitioner] = [filled(2), filled(3)]

const expiry = monthExpiry(493_000)
function factsTransaction(
  provider = 1,
  signers: readonly ("performed" | "countersigned")[] = ["performed", "countersigned"],
) {
  const payload = encodePayload(factsStatementType, expiry, factsBody, {
    V: publicKeyOf(patient),
    provider,
    supersedes: undefined,
    recordRoot: filled(6),
    factsRoot: filled(7),
    ceiling: filled(8),
    delegation: undefined,
  })
  const seeds = { performed: practitioner, countersigned: patient }
  const orders = signers.map((meaning) => ({ signer: { seed: seeds[meaning] }, meaning }))
  return { bytes: signPayload(chainId, payload, orders), id: transactionId(chainId, payload) }
}

function visitTree(id: Uint8Array): Tree {
  const tree = new Tree()
  for (let i = 0; i < 40; i++) tree.put("applied", { expiry: 493_100, id: sha256(Uint8Array.of(i)) }, { result: 0 })
  tree.put(
    "visits",
    { V: publicKeyOf(patient), provider: 1 },
    {
      opened: 493_000,
      proxy: undefined,
      facts: [{ id, practitioner: filled(9), assurance: 0, recorded: 493_000 }],
      statement: undefined,
      legs: [],
      transitions: [{ operation: operations.countersign, key: id, legs: 0, transaction: id }],
    },
  )
  tree.put(
    "keys",
    { key: keyId(publicKeyOf(practitioner)) },
    { org: 1, roles: 128, practitioner: filled(9), from: 492_000, until: openEnd },
  )
  return tree
}

const anchor: TrustAnchor = { chainId, genesis, k, validators: validatorsOf(operator) }

function makeReceipt(): Receipt {
  const { bytes, id } = factsTransaction()
  const tree = visitTree(id)
  const header = headerOf(tree.appHash(), 9, { seed: operator })
  return {
    chainId,
    genesis,
    transaction: bytes,
    rows: [tree.prove(40), tree.prove(41)],
    header,
    commit: signCommit(operator, chainId, header),
    validators: validatorsOf(operator),
    handovers: [],
  }
}

const receipt = makeReceipt()
const encoded = encodeReceipt(receipt)

test("a receipt verifies offline and says whose word it is and who signed", () => {
  const verdict = verifyReceipt(encoded, anchor)
  assert.equal(verdict.reason, undefined)
  assert.equal(verdict.valid, true)
  assert.equal(verdict.trust, "operator")
  assert.equal(verdict.height, 9)
  assert.equal(verdict.type, "facts-statement/1")
  assert.equal(verdict.transactionId, toHex(factsTransaction().id))
  assert.deepEqual(
    verdict.signers?.map(({ meaning, of }) => [meaning, of]),
    [
      ["performed", 1],
      ["countersigned", "patient"],
    ],
  )
})

test("its JSON twin has the same content and verifies alike", () => {
  const json = receiptToJson(receipt)
  assert.deepEqual(receiptFromJson(json), receipt)
  assert.deepEqual(encodeReceipt(receiptFromJson(json)), encoded)
  assert.deepEqual(verifyReceipt(json, anchor), verifyReceipt(encoded, anchor))
})

test("no byte can be flipped, in either form, and nothing throws", () => {
  const json = receiptToJson(receipt)
  for (const [form, step] of [
    [encoded, 1],
    [json, 5],
  ] as const) {
    for (let i = 0; i < form.length; i += step) {
      const forged = form.slice()
      forged[i]! ^= 1 << (i % 8)
      const verdict = verifyReceipt(forged, anchor)
      assert.equal(verdict.valid, false, `byte ${i}`)
      assert.ok(verdict.reason !== undefined)
    }
  }
})

test("cut anywhere it is truncated; with a byte more it is no receipt", () => {
  for (let end = 1; end < encoded.length; end += 7)
    assert.equal(verifyReceipt(encoded.subarray(0, end), anchor).code, "truncated", `cut at ${end}`)
  assert.equal(verifyReceipt(concat(encoded, Uint8Array.of(0)), anchor).code, "bad-encoding")
  assert.equal(verifyReceipt(receiptToJson(receipt).subarray(0, 900), anchor).code, "truncated")
})

test("any bytes are judged without a throw", () => {
  const judged = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    assert.equal(verifyReceipt(bytes, anchor).valid, false)
  })
  fc.assert(judged, { numRuns: 2000 })
  const spliced = fc.property(
    fc.nat(encoded.length),
    fc.nat(encoded.length),
    fc.uint8Array({ maxLength: 40 }),
    (a, b, middle) => {
      const forged = concat(encoded.subarray(0, a), middle, encoded.subarray(b))
      assert.equal(verifyReceipt(forged, anchor).valid, equalBytes(forged, encoded))
    },
  )
  fc.assert(spliced, { numRuns: 2000 })
})

test("another transaction in the same envelope of proofs is swapped, fewer signatures too", () => {
  const swapped = factsTransaction(2)
  assert.equal(
    verifyReceipt(encodeReceipt({ ...receipt, transaction: swapped.bytes }), anchor).code,
    "transaction-swapped",
  )
  const fewer = factsTransaction(1, ["performed"])
  assert.equal(
    verifyReceipt(encodeReceipt({ ...receipt, transaction: fewer.bytes }), anchor).code,
    "transaction-swapped",
  )
})

test("a row that the state does not hold, and a proof of another row", () => {
  const [visit, key] = receipt.rows as [ProvenRow, ProvenRow]
  const row = { ...visit, value: encodeAs(schemas.applied.value, { result: 0 }) }
  assert.equal(verifyReceipt(encodeReceipt({ ...receipt, rows: [row] }), anchor).code, "state-forged")
  assert.equal(
    verifyReceipt(encodeReceipt({ ...receipt, rows: [{ ...visit, siblings: key.siblings }] }), anchor).code,
    "state-forged",
  )
  assert.equal(verifyReceipt(encodeReceipt({ ...receipt, rows: [key] }), anchor).code, "transaction-swapped")
})

test("another chain, another genesis, another operator", () => {
  assert.equal(verifyReceipt(encoded, { ...anchor, chainId: "elsewhere" }).code, "other-chain")
  assert.equal(verifyReceipt(encoded, { ...anchor, genesis: filled(0xef) }).code, "other-chain")
  assert.equal(verifyReceipt(encoded, { ...anchor, validators: validatorsOf(filled(33)) }).code, "validators-unknown")
  const forged = { ...receipt.header, appHash: filled(1) }
  assert.equal(verifyReceipt(encodeReceipt({ ...receipt, header: forged }), anchor).code, "commit-forged")
  const impostor = filled(33)
  const header = headerOf(receipt.header.appHash, 9, { seed: impostor })
  const whole = {
    ...receipt,
    header,
    commit: signCommit(impostor, chainId, header),
    validators: validatorsOf(impostor),
  }
  assert.equal(verifyReceipt(encodeReceipt(whole), anchor).code, "validators-unknown")
})

test("trust follows a change of validators that the old set signed, and no other", () => {
  const heir = filled(44)
  const handing = headerOf(filled(1), 5, { seed: operator, next: heir })
  const handover = { header: handing, commit: signCommit(operator, chainId, handing), validators: validatorsOf(heir) }
  const header = headerOf(receipt.header.appHash, 9, { seed: heir })
  const later = { ...receipt, header, commit: signCommit(heir, chainId, header), validators: validatorsOf(heir) }
  assert.equal(verifyReceipt(encodeReceipt({ ...later, handovers: [handover] }), anchor).valid, true)
  assert.equal(verifyReceipt(encodeReceipt(later), anchor).code, "validators-unknown")
  assert.equal(verifyReceipt(encodeReceipt({ ...receipt, handovers: [handover] }), anchor).code, "validators-unknown")
  const usurper = {
    ...handover,
    commit: { ...handover.commit, signatures: signCommit(operator, "x", handing).signatures },
  }
  assert.equal(verifyReceipt(encodeReceipt({ ...later, handovers: [usurper] }), anchor).code, "handover-forged")
})

test("a handover names the very set it hands to, at a height between, on this chain", () => {
  const [heir, thief] = [filled(44), filled(45)]
  const handing = headerOf(filled(1), 5, { seed: operator, next: heir })
  const commit = signCommit(operator, chainId, handing)
  const header = headerOf(receipt.header.appHash, 9, { seed: thief })
  const stolen = { ...receipt, header, commit: signCommit(thief, chainId, header), validators: validatorsOf(thief) }
  const forged = { header: handing, commit, validators: validatorsOf(thief) }
  assert.equal(verifyReceipt(encodeReceipt({ ...stolen, handovers: [forged] }), anchor).code, "handover-forged")
  const late = headerOf(filled(1), 9, { seed: operator, next: thief })
  const after = { header: late, commit: signCommit(operator, chainId, late), validators: validatorsOf(thief) }
  assert.equal(verifyReceipt(encodeReceipt({ ...stolen, handovers: [after] }), anchor).code, "handover-forged")
  const elsewhere = { ...forged, header: { ...handing, chainId: "elsewhere" } }
  assert.equal(verifyReceipt(encodeReceipt({ ...stolen, handovers: [elsewhere] }), anchor).code, "other-chain")
})

test("a header that the validators signed but that names another set is not theirs", () => {
  const header = { ...receipt.header, validatorsHash: filled(77) }
  const odd = { ...receipt, header, commit: signCommit(operator, chainId, header) }
  assert.equal(verifyReceipt(encodeReceipt(odd), anchor).code, "header-forged")
})

test("a checkpoint that names other validators is not reached by the genesis set", () => {
  const checkpoint = { height: 8, headerHash: filled(1), nextValidatorsHash: filled(2), last: false }
  assert.equal(verifyReceipt(encoded, { ...anchor, checkpoint }).code, "other-history")
})

test("below a checkpoint only hash links count; above a last one nothing does", () => {
  const chain = [receipt.header]
  for (let height = 10; height <= 12; height++)
    chain.push(headerOf(filled(height), height, { seed: operator }, chain.at(-1)!))
  const tip = chain.at(-1)!
  const checkpoint = {
    height: 12,
    headerHash: headerHash(tip),
    nextValidatorsHash: tip.nextValidatorsHash,
    last: false,
  }
  const pinned = { ...anchor, checkpoint }
  assert.equal(verifyReceipt(encoded, pinned, chain.slice(1)).valid, true)
  assert.equal(verifyReceipt(encoded, pinned).code, "other-history")
  assert.equal(verifyReceipt(encoded, pinned, chain.slice(2)).code, "other-history")
  // The operator's own key, signing a second history below the checkpoint.
  const second = { ...receipt.header, time: { seconds: 1_776_000_001, nanos: 0 } }
  const rewritten = encodeReceipt({ ...receipt, header: second, commit: signCommit(operator, chainId, second) })
  assert.equal(verifyReceipt(rewritten, anchor).valid, true)
  assert.equal(verifyReceipt(rewritten, pinned, chain.slice(1)).code, "other-history")
  assert.equal(
    verifyReceipt(encoded, { ...anchor, checkpoint: { ...checkpoint, height: 8, last: true } }).code,
    "other-history",
  )
  assert.equal(verifyReceipt(encoded, { ...anchor, checkpoint: { ...checkpoint, height: 8 } }).valid, true)
  assert.deepEqual(decodeAnchor(encodeAnchor(pinned)), pinned)
})
