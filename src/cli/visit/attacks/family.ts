/** What an attack is: its names, and what it does with the attackers' means. */
import type { Attacker } from "./attacker.ts"
import type { AttackRow } from "./scene.ts"

/** A family of attacks that share what they need; it gives one row a name, in this order. */
export interface Attack {
  readonly names: readonly string[]
  readonly run: (attacker: Attacker) => Promise<readonly AttackRow[]>
}

export function attack(name: string, run: (attacker: Attacker) => Promise<AttackRow>): Attack {
  return { names: [name], run: async (attacker) => [await run(attacker)] }
}
