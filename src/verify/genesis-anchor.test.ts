import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { chainId, exampleGenesis, seedOf } from "../ledger/example-chain.ts"
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
