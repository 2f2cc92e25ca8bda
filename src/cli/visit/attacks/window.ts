/**
 * Turns the chain's clock once, when nothing else can go on: attacks that need a window to pass wait here, all others
 * run first. So one turn serves them all, and no clock moves under an attack's feet.
 */
import { operatorNumber } from "../../community/organizations.ts"
import { type Setting, turnClock } from "../../community/setting.ts"

const atOnce = 4

export class Window {
  readonly #setting: Setting
  readonly #queue: (() => void)[] = []
  readonly #waiting: { readonly resolve: () => void; readonly reject: (cause: unknown) => void }[] = []
  #unfinished: number
  #running = 0
  #until = 0

  /** @param attacks - how many will run under this window in all. */
  constructor(setting: Setting, attacks: number) {
    this.#setting = setting
    this.#unfinished = attacks
  }

  /** Runs an attack when there is room for it. */
  async run<T>(attack: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await attack()
    } finally {
      this.#unfinished--
      this.#leave()
    }
  }

  /** Resolves once the running hour has come. */
  async until(runningHour: number): Promise<void> {
    this.#until = Math.max(this.#until, runningHour)
    const turned = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#leave()
    try {
      await turned
    } finally {
      await this.#enter()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#running++
  }

  #leave(): void {
    this.#running--
    this.#queue.shift()?.()
    if (this.#waiting.length > 0 && this.#waiting.length === this.#unfinished) void this.#turn()
  }

  async #turn(): Promise<void> {
    const waiting = this.#waiting.splice(0)
    try {
      const { running } = await this.#setting.community.node(operatorNumber).desk<{ running: number }>("clock")
      if (this.#until > running) await turnClock(this.#setting, (this.#until - running) * 3600)
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
