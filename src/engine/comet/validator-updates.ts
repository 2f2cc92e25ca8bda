/** From one validator set to another, as CometBFT wants it told: powers that differ, 0 for those who leave. */
import { toHex } from "../../base/bytes.ts"
import type { Validator } from "../../base/chain/validators.ts"

/** In the order of keys, so that every node says the same. A `power` of 0 removes. */
export function validatorUpdates(before: readonly Validator[], after: readonly Validator[]): readonly Validator[] {
  const old = new Map(before.map(({ publicKey, power }) => [toHex(publicKey), power]))
  const next = new Map(after.map(({ publicKey, power }) => [toHex(publicKey), power]))
  const changed = after.filter(({ publicKey, power }) => old.get(toHex(publicKey)) !== power)
  const gone = before.filter(({ publicKey }) => !next.has(toHex(publicKey))).map((one) => ({ ...one, power: 0 }))
  const key = ({ publicKey }: Validator) => toHex(publicKey)
  return [...changed, ...gone].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
