/**
 * The example's organizations in assembly, for tests: short ways to propose, to vote, and to decide what its rules let
 * the regulator and the patients' association decide together.
 */
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import { association, by, keyOf, type Order, regulator, seedOf } from "../example-chain.ts"
import { scanInvariants } from "../invariants.ts"
import { isRejection } from "../rejection.ts"
import { type Kind, kindSet } from "../roles.ts"
import type { RowOf } from "../rows.ts"
import { openTables, type Tables } from "../state.ts"
import { World } from "../visit/world.ts"
import { type Action, type ActionFields, type ActionName, actionNumbers, type Need, type Rule } from "./action.ts"

export function act<N extends ActionName>(name: N, fields: ActionFields<N>): Action {
  return { name, fields } as Action
}

export const need = (kinds: readonly Kind[], count: number, percent = 0): Need => ({
  kinds: kindSet(...kinds),
  count,
  percent,
})

/** A key that nobody has registered, by a label. */
export const freshKey = (label: string): Uint8Array => keyOf(seedOf(label))

/** The number that the next organization of the example gets. */
export const newcomer = 10

/** One action of each kind that the example's state would let pass. */
export function everyAction(height: number): readonly Action[] {
  const key = freshKey("an admin's key")
  const rule = { proposers: 254, needs: [need(["payer"], 1), need(["provider"], 1)], hours: 9 }
  return [
    act("admit", { org: newcomer, name: "newcomer", kind: 1, group: newcomer, key }),
    act("admit-board", { org: newcomer, name: "second-board", kind: 4, group: newcomer, key }),
    act("set-status", { org: 2, status: 1 }),
    act("set-validator", { org: 2, key: freshKey("a validator"), power: 10 }),
    act("set-parameter", { number: 1, value: 24 }),
    act("set-rule", { action: 5, rule }),
    act("set-panel", { payer: 3, panel: [regulator, association] }),
    act("replace-admin", { org: 2, key }),
    act("schedule-upgrade", { protocol: 2, height: height + 2000 }),
    act("freeze", { hours: 24 }),
  ]
}

export interface Proposed {
  readonly code: string
  readonly id: Uint8Array
}

export class Assembly extends World {
  get tables(): Tables {
    return openTables(this.state)
  }

  proposal(id: Uint8Array): RowOf<"proposals"> | undefined {
    return this.tables.proposals.get({ id })
  }

  /** `expiry` tells a proposal from an equal one of the same hour. */
  propose(org: number, action: Action, more: { readonly order?: Order; readonly expiry?: number } = {}): Proposed {
    const order = more.order ?? by(org, "vote", "proposed")
    const bytes = this.transaction("propose/1", { action }, [order], more.expiry)
    const decoded = this.decode(bytes)
    if (isRejection(decoded)) return { code: decoded.code, id: new Uint8Array(32) }
    return { code: this.outcome(bytes), id: decoded.id }
  }

  vote(org: number, proposal: Uint8Array, vote = 1, order: Order = by(org, "vote", "balloted")): string {
    return this.run("ballot/1", { proposal, vote }, [order])
  }

  /** What the last of the two transactions says that carry an action in the example. */
  decide(action: Action): string {
    const { code, id } = this.propose(regulator, action)
    return code === "applied" ? this.vote(association, id) : code
  }

  /** Decides what must pass. */
  enact(...actions: readonly Action[]): void {
    for (const action of actions) {
      const code = this.decide(action)
      assert(code === "applied", `${action.name} is enacted, not ${code}`)
    }
  }

  /** Sets a rule behind the rules' back. */
  rule(action: ActionName, change: Partial<Rule>): void {
    const { tables } = this
    const key = { action: actionNumbers[action] }
    const before = tables.rules.get(key)
    assert(before !== undefined, "the example has every rule")
    tables.rules.put(key, { ...before, ...change })
    tables.flush()
  }

  /** Every row but proposals and the ids of what was applied: what only an enacted action changes. */
  settled(): readonly string[] {
    return this.state
      .dump()
      .filter(([table]) => table !== "proposals" && table !== "applied")
      .map(([table, key, value]) => `${table} ${toHex(key)} ${toHex(value)}`)
  }
}

/** One row of a table test: on a fresh chain, deciding the action comes to this. */
export interface ActionOutcome {
  readonly it: string
  readonly scene?: (chain: Assembly) => void
  readonly action: Action
  readonly code: string
}

/** A refusal is that of the proposal, and leaves every row as it was; `applied` means that the action was enacted. */
export function assertActions(outcomes: readonly ActionOutcome[]): void {
  for (const { it, scene, action, code } of outcomes) {
    const chain = new Assembly()
    scene?.(chain)
    const outcome = chain.decide(action)
    assert(outcome === code, `${action.name}, ${it}: ${code} is due, not ${outcome}`)
    scanInvariants(chain.state, chain.hour)
  }
}

export const smallOrder: Uint8Array = Uint8Array.of(1, ...new Uint8Array(32))
export const removed = (org: number) => (chain: Assembly) => chain.enact(act("set-status", { org, status: 2 }))
/** Removes the example's only validator, if it is of this organization. */
export const without = (org: number): Action => act("set-validator", { org, key: freshKey("validator"), power: 0 })
