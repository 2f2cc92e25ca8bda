/** What a ballot sets for later: a protocol upgrade by height, and an emergency freeze that ends by itself. */
import { limits } from "../limits.ts"
import { type Rejection, reject } from "../rejection.ts"
import { type BlockContext, clockOf } from "../transaction.ts"
import type { ActionFields } from "./action.ts"

/** Blocks between the ballot and the upgrade, at least: time for every node to be made ready. */
const upgradeNotice = 1000

type Upgrade = ActionFields<"schedule-upgrade">

export const scheduleUpgrade = {
  check(context: BlockContext, { height }: Upgrade): Rejection | undefined {
    const least = context.height + upgradeNotice
    return height < least ? reject("too-early", { hour: context.height, until: least }, "height") : undefined
  },

  enact({ tables }: BlockContext, { protocol, height }: Upgrade): void {
    tables.clock.put({ zero: 0 }, { ...clockOf(tables), upgrade: { protocol, height } })
  },
}

type Freeze = ActionFields<"freeze">

export const freeze = {
  /** Not while one is on, and not within 72 hours of its end: freezes do not add up to a standstill. */
  check({ tables, hour }: BlockContext): Rejection | undefined {
    const { frozenUntil } = clockOf(tables)
    const until = frozenUntil + limits.freezeHours
    return frozenUntil > 0 && hour < until ? reject("too-early", { hour, until }) : undefined
  },

  /** The time ahead counts as lost at once, so every open deadline is extended by all of it. */
  enact({ tables, hour }: BlockContext, { hours }: Freeze): void {
    const clock = clockOf(tables)
    tables.clock.put({ zero: 0 }, { ...clock, frozenUntil: hour + hours, lost: clock.lost + hours * 3600 })
  },
}
