/** Who sent what and heard which answer: nothing acknowledged is lost, nothing happens twice. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import type { Answered, AppProcess } from "./app-process.ts"

const mostAtOnce = 4

export class Clients {
  readonly #sent = new Map<string, Uint8Array>()
  readonly #open = new Set<string>()
  readonly #answers: Answered[] = []
  /** By height: the numbers that the books give, transaction by transaction. */
  readonly #judged = new Map<
    number,
    { names: readonly (readonly string[])[]; numbers: readonly (number | undefined)[][] }
  >()

  get pending(): number {
    return this.#open.size
  }

  send(bytes: Uint8Array): void {
    const name = toHex(bytes)
    this.#sent.set(name, bytes)
    this.#open.add(name)
  }

  /** Some that have no answer yet, and now and then one that has. */
  waitingFor(chance: Chance, allOfThem: boolean): readonly Uint8Array[] {
    const open = [...this.#open].map((name) => this.#sent.get(name)!)
    if (allOfThem) return open
    const from = open.length === 0 ? 0 : chance.below(open.length)
    const some = open.slice(from, from + 1 + chance.below(mostAtOnce))
    const again = chance.below(6) === 0 && this.#sent.size > 0 ? [chance.pick([...this.#sent.values()])] : []
    return [...some, ...again]
  }

  answered(answer: Answered): void {
    this.#answers.push(answer)
    this.#open.delete(answer.name)
  }

  judged(
    height: number,
    batches: readonly (readonly Uint8Array[])[],
    numbers: readonly (number | undefined)[][],
  ): void {
    this.#judged.set(height, { names: batches.map((batch) => batch.map((bytes) => toHex(bytes))), numbers })
  }

  /** The numbers that a node gave for the blocks that it executed are those of the books. */
  compareNumbers<T extends Decoded>(app: AppProcess<T>): void {
    for (const [height, numbers] of app.takeNumbers(this.#judged.size)) {
      const judged = this.#judged.get(height)!
      assert.equal(numbers.length, judged.numbers.length)
      for (const [b, batch] of judged.numbers.entries())
        for (const [t, expected] of batch.entries())
          if (expected !== undefined)
            assert.equal(numbers[b]![t], expected, `${app.who}: transaction ${t} of batch ${b} at ${height}`)
    }
  }

  /** Every answer is what the books have at its height. */
  assertAll(): void {
    for (const { name, height, number } of this.#answers) {
      const judged = this.#judged.get(height)
      assert.ok(judged !== undefined, `an answer names block ${height}`)
      const found = judged.names.flatMap((batch, b) =>
        batch.flatMap((one, t) => (one === name ? [judged.numbers[b]![t]] : [])),
      )
      assert.ok(found.length > 0, `an acknowledged transaction is not in block ${height}`)
      assert.ok(
        found.some((expected) => expected === undefined || expected === number),
        "an answer that was not so",
      )
    }
  }
}
