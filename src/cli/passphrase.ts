/**
 * What opens an organization's directory, from wherever its people keep it: a file, the environment, the terminal, or
 * (the start key itself, from a key store) standard input. Never an argument: arguments are in the list of processes.
 */
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { refuse } from "../base/refusal.ts"
import { startKeyFrom } from "../node/start-key.ts"

const variable = "COUNTERSIGN_PASSPHRASE"

/** For `parseArgs`. */
export const startKeyOptions = {
  "passphrase-file": { type: "string" },
  "start-key-from-stdin": { type: "boolean" },
} as const

export interface StartKeyValues {
  readonly "passphrase-file"?: string | undefined
  readonly "start-key-from-stdin"?: boolean | undefined
}

/** A terminal as far as it is needed here. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly output: Writable
}

const ownTerminal: Terminal = { input: process.stdin, output: process.stderr }

/** The start key on standard input: 32 characters and a line end. */
export async function startKeyFromStdin(input: Readable = process.stdin): Promise<string> {
  for await (const line of createInterface({ input })) return line.trim()
  return refuse(
    "config-start-key",
    "Cannot start node: no start key on standard input",
    "standard input",
    "Write 32 characters and a line end",
  )
}

/** Asks without showing what is typed. @throws Refused when it is broken off. */
export function askHidden(question: string, { input, output }: Terminal = ownTerminal): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ""
    const done = (act: () => void) => {
      input.off("data", hear).setRawMode?.(false)
      input.pause()
      output.write("\n")
      act()
    }
    const hear = (chunk: Buffer | string) => {
      for (const character of chunk.toString()) {
        if (character === "\r" || character === "\n") return done(() => resolve(typed))
        if (character === "\u0003" || character === "\u0004") return done(() => reject(brokenOff()))
        typed = character === "\u007f" || character === "\b" ? [...typed].slice(0, -1).join("") : typed + character
      }
    }
    output.write(question)
    input.setRawMode?.(true)
    input.on("data", hear)
    input.resume()
  })
}

function brokenOff(): Error {
  try {
    return refuse("passphrase", "Cannot go on: the passphrase was not given", "terminal", "Run the command again")
  } catch (error) {
    return error as Error
  }
}

/** One line, shown as it is typed. */
export async function ask(question: string, { input, output }: Terminal = ownTerminal): Promise<string> {
  const lines = createInterface({ input, output })
  try {
    return await new Promise<string>((resolve) => lines.question(question, resolve))
  } finally {
    lines.close()
  }
}

function passphraseIn(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "")
  } catch (error) {
    const { code = "the system refuses" } = error as NodeJS.ErrnoException
    return refuse("passphrase", `Cannot read passphrase: ${code}`, path, "Name a file that its owner alone can read")
  }
}

/**
 * A passphrase that something new is closed with: from a file, or typed twice.
 *
 * @throws Refused when there is neither a file nor a terminal, or the two are not the same.
 */
export async function newPassphrase(
  path: string | undefined,
  { option, question, terminal = ownTerminal }: { option: string; question: string; terminal?: Terminal },
): Promise<string> {
  if (path !== undefined) return passphraseIn(path)
  if (terminal.input.isTTY !== true)
    refuse("passphrase", "Cannot go on: no new passphrase is given", option, `Give --${option} FILE`)
  const typed = await askHidden(question, terminal)
  if ((await askHidden("Once more: ", terminal)) === typed) return typed
  return refuse("passphrase", "Cannot go on: the two are not the same", "terminal", "Run the command again")
}

/**
 * The start key of a directory.
 *
 * @param twice - asks on the terminal a second time: for a directory that is begun with it.
 * @throws Refused when there is nothing to ask, or it is another one than the directory's.
 */
export async function startKeyOf(
  directory: string,
  values: StartKeyValues,
  { twice = false, terminal = ownTerminal }: { readonly twice?: boolean; readonly terminal?: Terminal } = {},
): Promise<string> {
  if (values["start-key-from-stdin"] === true) return startKeyFromStdin(terminal.input)
  const path = values["passphrase-file"]
  if (path !== undefined) return startKeyFrom(passphraseIn(path), directory)
  const given = process.env[variable]
  if (given !== undefined && given !== "") return startKeyFrom(given, directory)
  if (terminal.input.isTTY !== true)
    refuse(
      "passphrase",
      "Cannot open directory: no passphrase is given and there is no terminal to ask on",
      "passphrase",
      `Give --passphrase-file or --start-key-from-stdin, or set ${variable}`,
    )
  const typed = await askHidden("Passphrase: ", terminal)
  if (twice && (await askHidden("Once more: ", terminal)) !== typed)
    refuse("passphrase", "Cannot begin directory: the two are not the same", "passphrase", "Run the command again")
  return startKeyFrom(typed, directory)
}
