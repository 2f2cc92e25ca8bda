/**
 * Receipts across the folders: the ledger's rules make the state, the store's tree proves it, an embedded header commits
 * to it, and the verifier, which knows the genesis file alone, says whether a transaction is there.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf } from "#crypto"
import { signCommit } from "../src/base/chain/commit.ts"
import { dataHash, makeHeader, resultsHash } from "../src/base/chain/header.ts"
import { encodeAs } from "../src/base/schema.ts"
import { keyHash, valueHash } from "../src/base/state.ts"
import { encodeGenesis } from "../src/ledger/constitution/genesis.ts"
import { decodeTransaction } from "../src/ledger/decode.ts"
import { chainId, exampleGenesis, payer, seedOf } from "../src/ledger/example-chain.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { schemas, type TableName } from "../src/ledger/rows.ts"
import { agreedBy, heldScene, payDraft, signedBy, type World } from "../src/ledger/visit/world.ts"
import { BucketTree } from "../src/store/bucket-tree.ts"
import { anchorOfGenesis } from "../src/verify/genesis-anchor.ts"
import { placementOf } from "../src/verify/placement.ts"
import { encodeReceipt, type ProvenRow } from "../src/verify/receipt.ts"
import { verifyReceipt } from "../src/verify/verify.ts"

const operator = seedOf("validator")
const anchor = anchorOfGenesis(encodeGenesis(exampleGenesis()))
assert.ok(!isRejection(anchor))
const { genesis, k } = anchor

/** A receipt of this transaction from the world's present state, whether or not it was applied. */
function receiptOf(world: World, bytes: Uint8Array): Uint8Array {
  const tree = new BucketTree(k)
  for (const [table, key, value] of world.state.dump()) tree.set(keyHash(table, key), valueHash(value))
  const decoded = decodeTransaction(chainId, bytes)
  assert.ok(!isRejection(decoded))
  const prove = (table: TableName, key: Uint8Array): ProvenRow | undefined => {
    const value = world.state.get(table, key)
    return value && { table, key, value, ...tree.proof(keyHash(table, key)) }
  }
  tree.root()
  const place = placementOf(decoded)
  const rows = [
    prove(place.table, place.key),
    ...decoded.signatures.map(({ key }) => prove("keys", encodeAs(schemas.keys.key, { key }))),
  ].filter((row) => row !== undefined)
  const validators = [{ publicKey: publicKeyOf(operator), power: 10 }]
  const header = makeHeader({
    chainId,
    protocol: 1,
    height: world.height + 1,
    time: { seconds: world.seconds, nanos: 0 },
    last: undefined,
    dataHash: dataHash([]),
    validators,
    nextValidators: validators,
    appHash: tree.appHash(),
    lastResultsHash: resultsHash([]),
    proposer: publicKeyOf(operator),
  })
  const commit = signCommit(operator, chainId, header)
  return encodeReceipt({ chainId, genesis, transaction: bytes, rows, header, commit, validators, handovers: [] })
}

test("a settled and paid visit is receipted; what was never applied is not", (context) => {
  const scene = heldScene()
  const { world, filed } = scene
  const settle = world.sign(signedBy(filed, ...filed.orders, agreedBy(payer)))
  assert.equal(verifyReceipt(receiptOf(world, settle), anchor).code, "transaction-swapped")
  assert.equal(world.outcome(settle), "applied")
  const receipt = receiptOf(world, settle)
  const verdict = verifyReceipt(receipt, anchor)
  assert.equal(verdict.reason, undefined)
  assert.equal(verdict.trust, "operator")
  assert.deepEqual(
    verdict.signers?.map(({ meaning, of }) => [meaning, of]),
    [
      ["performed", 1],
      ["countersigned", "patient"],
      ["agreed", payer],
    ],
  )
  const pay = world.sign(payDraft(scene))
  assert.equal(world.outcome(pay), "applied")
  assert.equal(verifyReceipt(receiptOf(world, pay), anchor).type, "pay/1")
  assert.equal(verifyReceipt(receiptOf(world, pay), anchor).valid, true)
  assert.equal(verifyReceipt(receiptOf(world, settle), anchor).valid, true, "the transition stays after payment")
  context.diagnostic(`${receipt.length} bytes`)
})
