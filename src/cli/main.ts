#!/usr/bin/env node
import { toJson } from "../base/json.ts"
/**
 * The command line: `countersign COMMAND …`. Every command answers with one value; this file prints it (`--json`: one
 * object on standard output, progress on standard error) and turns refusals into exit 1 and outages into exit 2.
 */
import { type Refusal, Refused } from "../base/refusal.ts"
import type { Command } from "./command.ts"
import { Screen } from "./screen.ts"

/** Each command is loaded only when asked for, so that `verify` never loads a node. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  visit: async () => (await import("./visit/command.ts")).visitCommand,
  verify: async () => (await import("./verify.ts")).verifyCommand,
  chain: async () => (await import("./chain.ts")).chainCommand,
  plan: async () => (await import("./plan.ts")).planCommand,
  sbc: async () => (await import("./sbc.ts")).sbcCommand,
  openimis: async () => (await import("./openimis.ts")).openimisCommand,
  scrub: async () => (await import("./scrub.ts")).scrubCommand,
  adjudicate: async () => (await import("./adjudicate/command.ts")).adjudicateCommand,
  explain: async () => (await import("./adjudicate/explain.ts")).explainCommand,
  shadow: async () => (await import("./shadow.ts")).shadowCommand,
  replay: async () => (await import("./replay.ts")).replayCommand,
  table: async () => (await import("./table.ts")).tableCommand,
  x12: async () => (await import("./x12.ts")).x12Command,
  node: async () => (await import("./node.ts")).nodeCommand,
  network: async () => (await import("./network/command.ts")).networkCommand,
  move: async () => (await import("./move.ts")).moveCommand,
  adopt: async () => (await import("./adopt.ts")).adoptCommand,
  recheck: async () => (await import("./recheck.ts")).recheckCommand,
  engine: async () => (await import("./engine.ts")).engineCommand,
  init: async () => (await import("./init.ts")).initCommand,
  found: async () => (await import("./found.ts")).foundCommand,
  join: async () => (await import("./join.ts")).joinCommand,
  desk: async () => (await import("./desk.ts")).deskCommand,
  backup: async () => (await import("./backup.ts")).backupCommand,
  restore: async () => (await import("./backup.ts")).restoreCommand,
  exit: async () => (await import("./exit.ts")).exitCommand,
  "rotate-keys": async () => (await import("./rotate-keys.ts")).rotateKeysCommand,
  roster: async () => (await import("./roster.ts")).rosterCommand,
  practitioner: async () => (await import("./practitioner.ts")).practitionerCommand,
}

async function help(screen: Screen): Promise<void> {
  screen.say("countersign COMMAND [--json]")
  for (const load of Object.values(commands)) {
    const command = await load()
    screen.say(`  ${command.usage.padEnd(72)} ${command.summary}`)
  }
}

function fail(screen: Screen, json: boolean, refusal: Refusal, exit: number): void {
  if (json) process.stdout.write(`${toJson(refusal)}\n`)
  else {
    screen.say(`${refusal.code}: ${refusal.message}`)
    screen.say(`  at: ${refusal.at}`)
    screen.say(`  remedy: ${refusal.remedy}`)
  }
  process.exitCode = exit
}

/** An installed package runs on whatever Node there is; an older one lacks functions that we import. */
function oldPlatform(version: string): Refusal | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  const message = `Cannot run: Node ${version} is too old`
  return { code: "node-too-old", message, at: "node", remedy: "Install Node 20.19 or newer" }
}

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv
  const json = rest.includes("--json")
  const screen = new Screen(json ? process.stderr : process.stdout)
  const old = oldPlatform(process.versions.node)
  if (old !== undefined) return fail(screen, json, old, 1)
  if (name === undefined || name === "help" || name === "--help") return help(screen)
  const load = commands[name]
  if (load === undefined) {
    const known = Object.keys(commands).join(", ")
    return fail(
      screen,
      json,
      {
        code: "command-unknown",
        message: `Cannot run ${name}: no such command`,
        at: "command",
        remedy: `One of ${known}`,
      },
      1,
    )
  }
  try {
    const { value, failed } = await (await load()).run(
      rest.filter((arg) => arg !== "--json"),
      screen,
    )
    if (json) process.stdout.write(`${toJson(value)}\n`)
    if (failed === true) process.exitCode = 1
  } catch (error) {
    if (error instanceof Refused) return fail(screen, json, error.refusal, 1)
    const refusal = outage(error)
    fail(screen, json, refusal, refusal.code === "arguments" ? 1 : 2)
    // The stack names our own files and lines only; messages of faults hold ids, never health data.
    if (process.env["COUNTERSIGN_DEBUG"] !== undefined && error instanceof Error)
      process.stderr.write(`${error.stack}\n`)
  }
}

function outage(error: unknown): Refusal {
  const system = error as NodeJS.ErrnoException
  const refusesArguments = system?.code?.startsWith("ERR_PARSE_ARGS") === true
  return {
    code: refusesArguments ? "arguments" : "outage",
    message: error instanceof Error ? error.message : "Cannot go on: an unknown failure",
    at: refusesArguments ? "arguments" : (system?.code ?? "this machine"),
    remedy: refusesArguments ? "See countersign help" : "Try again; nothing was half-done",
  }
}

// Whoever reads may have seen enough: `countersign … | head` is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit()
  throw error
})

await main(process.argv.slice(2))
