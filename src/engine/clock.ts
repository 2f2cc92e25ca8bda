/** Where block time comes from: the machine, or a hand that turns it in demonstrations and tests. */
import type { BlockTime } from "../base/chain/header.ts"
import { compareTime } from "../base/chain/header.ts"

export interface Clock {
  now(): BlockTime
  /** Calls `wake` once, so many seconds from now by this clock; returns how to call it off. */
  after(seconds: number, wake: () => void): () => void
}

export const systemClock: Clock = {
  now() {
    const milliseconds = Date.now()
    return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 }
  },
  after(seconds, wake) {
    const timer = setTimeout(wake, seconds * 1000)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Stands still until it is turned; an engine that runs on it is turned with `EmbeddedEngine.advance`. */
export class SettableClock implements Clock {
  #now: BlockTime

  constructor(start: BlockTime) {
    this.#now = start
  }

  now(): BlockTime {
    return this.#now
  }

  /** Only forwards. */
  turn(seconds: number): void {
    if (!(seconds >= 0) || !Number.isInteger(seconds))
      throw new TypeError("Cannot turn clock: seconds is not a whole number from 0 on")
    this.#now = { ...this.#now, seconds: this.#now.seconds + seconds }
  }

  after(): () => void {
    return () => undefined
  }
}

/** Block time rises strictly: `now`, or one nanosecond after the block before when the clock is not past it. */
export function timeAfter(previous: BlockTime, now: BlockTime): BlockTime {
  if (compareTime(now, previous) > 0) return now
  return previous.nanos < 999_999_999
    ? { seconds: previous.seconds, nanos: previous.nanos + 1 }
    : { seconds: previous.seconds + 1, nanos: 0 }
}
