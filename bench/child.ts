/** Runs one of the bench's own programs in a process of its own and reads the one JSON line it prints. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"

export function runProgram(name: "receipt-time" | "reopen", ...argv: readonly string[]): Record<string, number> {
  const program = join(import.meta.dirname, `${name}.ts`)
  return JSON.parse(execFileSync(process.execPath, [program, ...argv], { encoding: "utf8" }))
}
