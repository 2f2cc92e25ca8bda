import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { orderValidators } from "../base/chain/validators.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { chainId, exampleGenesis, keyOf, seedOf } from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { anchorOfGenesis } from "./genesis-anchor.ts"
import { decodeAnchor, encodeAnchor } from "./trust.ts"

test("the anchor of a genesis file names its chain, its hash, its depth and its validators", () => {
  const genesis = encodeGenesis(exampleGenesis())
  const anchor = anchorOfGenesis(genesis)
  assert.ok(!isRejection(anchor))
  const validators = [{ publicKey: publicKeyOf(seedOf("validator")), power: 10 }]
  assert.deepEqual(anchor, { chainId, genesis: sha256(genesis), k: 18, validators })
  assert.deepEqual(
    { ...decodeAnchor(encodeAnchor(anchor)), checkpoint: undefined },
    { ...anchor, checkpoint: undefined },
  )
  assert.ok(isRejection(anchorOfGenesis(genesis.subarray(1))))
})

test("it names several validators in the order in which they vote, not in that of the state's keys", () => {
  const seeds = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => seedOf(`validator ${n}`))
  const genesis = encodeGenesis({
    ...exampleGenesis(),
    validators: seeds.map((seed, n) => [{ key: keyOf(seed) }, { org: n + 1, power: 10 }] as const),
  })
  const anchor = anchorOfGenesis(genesis)
  assert.ok(!isRejection(anchor))
  assert.deepEqual(
    anchor.validators,
    orderValidators(seeds.map((seed) => ({ publicKey: publicKeyOf(seed), power: 10 }))),
  )
  assert.deepEqual(decodeAnchor(encodeAnchor(anchor)).validators, anchor.validators)
})
