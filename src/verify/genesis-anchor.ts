/** A trust anchor from a genesis file: what a wallet or an auditor needs besides the file is nothing. */
import { orderValidators, type Validator } from "../base/chain/validators.ts"
import { decodeGenesis } from "../ledger/constitution/genesis.ts"
import { isRejection, type Rejection } from "../ledger/rejection.ts"
import { openTables } from "../ledger/state.ts"
import type { TrustAnchor } from "./trust.ts"

/** The anchor that a genesis file is. A Rejection says why the bytes are no genesis. */
export function anchorOfGenesis(genesis: Uint8Array): TrustAnchor | Rejection {
  const decoded = decodeGenesis(genesis)
  if (isRejection(decoded)) return decoded
  const { chainId, hash, chain, state } = decoded
  const validators: Validator[] = []
  for (const [{ key }, { power }] of openTables(state).validators.rows())
    validators.push({ publicKey: key.subarray(1), power })
  // The state has them by key; votes stand in the order of the set.
  const anchor = { chainId, genesis: hash, k: chain.k, validators: orderValidators(validators) }
  return chain.pinned === undefined ? anchor : { ...anchor, former: chain.pinned.chainId }
}
