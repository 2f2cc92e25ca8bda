#!/usr/bin/env node
import { toJson } from "../base/json.ts"
/**
 * The command line: `countersign COMMAND …`. Every command answers with one value; this file prints it (`--json`: one
 * object on standard output, progress on standard error) and turns refusals into exit 1 and outages into exit 2.
 */
import { type Refusal, Refused } from "../base/refusal.ts"
import type { Command } from "./command.ts"
import { pathFault } from "./path-fault.ts"
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

const nameWidth = Math.max(...Object.keys(commands).map((name) => name.length))

async function help(screen: Screen): Promise<void> {
  screen.say("countersign COMMAND [--json]; what a command takes: countersign COMMAND --help")
  for (const [name, load] of Object.entries(commands)) {
    screen.say(`  ${name.padEnd(nameWidth)}  ${(await load()).summary}`)
  }
}

async function helpOf(name: string, screen: Screen): Promise<void> {
  const { summary, usage, usages = [usage] } = await commands[name]!()
  screen.line(summary, 0)
  for (const one of usages) screen.line(`countersign ${one}`)
}

/** `--help` anywhere among the options, before a `--`. */
function asksForHelp(rest: readonly string[]): boolean {
  const end = rest.indexOf("--")
  return (end < 0 ? rest : rest.slice(0, end)).some((arg) => arg === "--help" || arg === "-h")
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
  const isHelp = name === undefined || name === "help" || name === "--help" || name === "-h"
  const wanted = isHelp ? rest.find((arg) => !arg.startsWith("-")) : name
  if (wanted === undefined) return help(screen)
  if (!Object.hasOwn(commands, wanted)) return fail(screen, json, unknownCommand(wanted), 1)
  if (isHelp || asksForHelp(rest)) return helpOf(wanted, screen)
  const command = await commands[wanted]!()
  try {
    const { value, failed } = await command.run(
      rest.filter((arg) => arg !== "--json"),
      screen,
    )
    if (json) process.stdout.write(`${toJson(value)}\n`)
    if (failed === true) process.exitCode = 1
  } catch (error) {
    if (error instanceof Refused) return fail(screen, json, error.refusal, 1)
    const refusal = outage(error, command)
    fail(screen, json, refusal, refusal.code === "outage" ? 2 : 1)
    // The stack names our own files and lines only; messages of faults hold ids, never health data.
    if (process.env["COUNTERSIGN_DEBUG"] !== undefined && error instanceof Error)
      process.stderr.write(`${error.stack}\n`)
  }
}

function unknownCommand(name: string): Refusal {
  const message = `Cannot run ${name}: no such command`
  return { code: "command-unknown", message, at: "command", remedy: "countersign help lists the commands" }
}

function outage(error: unknown, command: Command): Refusal {
  const system = error as NodeJS.ErrnoException
  const path = pathFault(system)
  if (path !== undefined) return path
  const refusesArguments = system?.code?.startsWith("ERR_PARSE_ARGS") === true
  const message = error instanceof Error ? error.message : "Cannot go on: an unknown failure"
  if (!refusesArguments)
    return { code: "outage", message, at: system?.code ?? "this machine", remedy: "Try again; nothing was half-done" }
  // The first sentence says which option is wrong; the next ones speak of shells.
  const [first = message] = message.split(". ")
  return { code: "arguments", message: first, at: "arguments", remedy: `countersign ${command.usage}` }
}

// Whoever reads may have seen enough: `countersign … | head` is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit()
  throw error
})

await main(process.argv.slice(2))
