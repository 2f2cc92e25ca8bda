/** Every action with its own checks and its effect: the table of contents of what ballots can do. */
import type { Rejection } from "../rejection.ts"
import type { BlockContext } from "../transaction.ts"
import type { Action, ActionFields, ActionName } from "./action.ts"
import { admit, replaceAdmin, setStatus } from "./membership.ts"
import { freeze, scheduleUpgrade } from "./schedule.ts"
import { setPanel, setParameter, setRule } from "./settings.ts"
import { setValidator } from "./validator-set.ts"

interface ActionRules<F> {
  /** Asked when the action is proposed, and again when it would be enacted. */
  readonly check: (context: BlockContext, fields: F) => Rejection | undefined
  /** Total: what `check` let pass cannot fail. */
  readonly enact: (context: BlockContext, fields: F) => void
}

const actions: { readonly [N in ActionName]: ActionRules<ActionFields<N>> } = {
  admit,
  "admit-board": admit,
  "set-status": setStatus,
  "set-validator": setValidator,
  "set-parameter": setParameter,
  "set-rule": setRule,
  "set-panel": setPanel,
  "replace-admin": replaceAdmin,
  "schedule-upgrade": scheduleUpgrade,
  freeze,
}

function rulesOf(action: Action): ActionRules<unknown> {
  return actions[action.name] as ActionRules<unknown>
}

/** The action's own checks, on the state as it is. */
export function refuseAction(context: BlockContext, action: Action): Rejection | undefined {
  return rulesOf(action).check(context, action.fields)
}

export function enactAction(context: BlockContext, action: Action): void {
  rulesOf(action).enact(context, action.fields)
}
