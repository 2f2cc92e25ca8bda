/** Batches as the simulator made them, so that the judge need decode nothing; and batches that a liar slips in. */
import assert from "node:assert/strict"
import { sha256 } from "#crypto"
import { concat, toHex } from "../../src/base/bytes.ts"
import { encode } from "../../src/base/cbor.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import type { Application, Decoded } from "../../src/engine/engine.ts"

export const lies = [
  "bad signature",
  "malformed transaction",
  "malformed batch",
  "trailing bytes",
  "empty batch",
  "batch twice",
  "too many transactions",
  "too many bytes",
] as const
export type Lie = (typeof lies)[number]

const saltBytes = 8

export class BatchBook<T extends Decoded> {
  readonly #items = new Map<string, readonly Uint8Array[]>()
  readonly #application: () => Application<T>
  readonly #chance: Chance

  constructor(application: () => Application<T>, chance: Chance) {
    this.#application = application
    this.#chance = chance
  }

  make(items: readonly Uint8Array[]): Uint8Array {
    const salt = Uint8Array.from({ length: saltBytes }, () => this.#chance.below(256))
    const bytes = this.#application().encodeBatch(items, salt)
    this.#items.set(toHex(sha256(bytes)), items)
    return bytes
  }

  /** A batch in form, with no regard to limits. */
  #large(items: readonly Uint8Array[]): Uint8Array {
    return encode([...items, new Uint8Array(saltBytes)])
  }

  items(batch: Uint8Array): readonly Uint8Array[] {
    const items = this.#items.get(toHex(sha256(batch)))
    assert.ok(items !== undefined, "a decided batch was made by somebody")
    return items
  }

  /** A proposal's batches with one thing wrong. */
  lie(kind: Lie, honest: readonly Uint8Array[], good: Uint8Array, bad: Uint8Array): readonly Uint8Array[] {
    const at = this.#chance.below(honest.length + 1)
    const slipIn = (...wrong: readonly Uint8Array[]) => [...honest.slice(0, at), ...wrong, ...honest.slice(at)]
    const { batchLimits } = this.#application()
    switch (kind) {
      case "bad signature":
        return slipIn(this.make([good, bad]))
      case "malformed transaction":
        return slipIn(this.make([good, good.subarray(0, good.length - 1 - this.#chance.below(good.length - 1))]))
      case "malformed batch":
        return slipIn(this.make([good]).subarray(1))
      case "trailing bytes":
        return slipIn(concat(this.make([good]), Uint8Array.of(this.#chance.below(256))))
      case "empty batch":
        return slipIn(this.make([]))
      case "batch twice": {
        const batch = this.make([good])
        return [batch, ...honest, batch]
      }
      case "too many transactions":
        return slipIn(this.#large(Array.from({ length: batchLimits.transactions + 1 }, () => good)))
      case "too many bytes":
        return slipIn(this.#large([good, new Uint8Array(batchLimits.bytes)]))
    }
  }
}
