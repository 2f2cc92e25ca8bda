/** `plan booklet`: the member's booklet, or the two-page summary, as Markdown or as one HTML file. */
import { toHex } from "../../base/bytes.ts"
import { formatDate } from "../../base/time.ts"
import { booklet } from "../../plan/booklet/booklet.ts"
import { summary } from "../../plan/booklet/summary.ts"
import type { CommandResult } from "../command.ts"
import type { Screen } from "../screen.ts"
import { dayOf, mustReadPlan, writeNamed } from "./files.ts"

export interface BookletOptions {
  readonly html: boolean
  readonly summary: boolean
  /** Folder to write to; without one the text goes to the screen. */
  readonly out: string | undefined
  /** `2026-04-14`. */
  readonly on: string | undefined
}

export function printBooklet(path: string, options: BookletOptions, screen: Screen): CommandResult {
  const { plan, cases } = mustReadPlan(path)
  const day = dayOf(plan, options.on)
  const form = options.html ? "html" : "markdown"
  const text = options.summary ? summary(plan, cases, day, form) : booklet(plan, day, form)
  const kind = options.summary ? "summary" : "booklet"
  const extension = `.${kind}.${options.html ? "html" : "md"}`
  const file = options.out === undefined ? undefined : writeNamed(options.out, path, extension, text)
  if (file === undefined) screen.say(text.trimEnd())
  else screen.say(`Wrote ${file}`)
  const about = { kind, form, plan: toHex(plan.digest), version: plan.front.version, on: formatDate(day) }
  return { value: file === undefined ? { ...about, text } : { ...about, file } }
}
