/** Where a run took place: the machine, and the code. */
import { execFileSync } from "node:child_process"
import { availableParallelism, cpus, loadavg, totalmem } from "node:os"

export type Machine = Readonly<Record<string, string | number>>

export function machine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    "memory-gb": Math.round(totalmem() / 1e9),
    node: process.version,
    "load-before": loadavg()[0]!,
  }
}

/** The checkout's commit, with a mark when the source differs from it. */
export function commit(): string {
  const git = (...argv: string[]) => execFileSync("git", argv, { cwd: import.meta.dirname, encoding: "utf8" }).trim()
  try {
    return (
      git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain", "--", "../src") === "" ? "" : "+changes")
    )
  } catch {
    return "unknown"
  }
}
