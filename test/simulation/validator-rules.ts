/** How CometBFT changes a validator set by the updates of a block, written naively from its specification. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import { orderValidators, type Validator } from "../../src/base/chain/validators.ts"
import type { ValidatorUpdate } from "../../src/engine/comet/abci/parts.ts"

/** The sum of all powers may not pass it: MaxInt64 / 8. */
const mostPower = (2n ** 63n - 1n) / 8n

/** The set after it. Throws where CometBFT would stop for good. */
export function updatedValidators(
  before: readonly Validator[],
  updates: readonly ValidatorUpdate[],
): readonly Validator[] {
  const set = new Map(before.map((validator) => [toHex(validator.publicKey), validator]))
  const named = new Set<string>()
  for (const { pubKey, power } of updates) {
    const key = toHex(pubKey.bytes)
    assert.equal(pubKey.type, "ed25519", "the consensus parameters know one type of key")
    assert.ok(!named.has(key), `validator ${key} stands twice in the updates`)
    named.add(key)
    assert.ok(power >= 0, `validator ${key} has a negative power`)
    assert.ok(power > 0 || set.has(key), `validator ${key} is removed and is not there`)
    if (power === 0) set.delete(key)
    else set.set(key, { publicKey: pubKey.bytes, power })
  }
  assert.ok(set.size > 0, "the validator set is empty")
  const total = [...set.values()].reduce((sum, { power }) => sum + BigInt(power), 0n)
  assert.ok(total <= mostPower, "the validators have too much power")
  return orderValidators([...set.values()])
}
