/** What a command is, and what it answers. */
import type { Screen } from "./screen.ts"

/** What a command is: its line in the help, and a function from arguments to what `--json` prints. */
export interface Command {
  readonly summary: string
  readonly usage: string
  /** Where one line does not say it all: the usage of each task, for the command's own help. */
  readonly usages?: readonly string[]
  run(args: readonly string[], screen: Screen): Promise<CommandResult>
}

export interface CommandResult {
  readonly value: unknown
  /** Exit 1 without a refusal: the question was answered, and the answer is no. */
  readonly failed?: boolean
}
