/**
 * `countersign desk`: one operation at a running node's desk, for its own people and their programs. The node leaves its
 * address and this run's token in `desk.json` in its directory, readable by its owner alone, while it runs.
 */
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { fromHex } from "../base/bytes.ts"
import { toJson } from "../base/json.ts"
import { refuse } from "../base/refusal.ts"
import { type OrganizationKind, organizationKinds } from "../node/config.ts"
import type { Command } from "./command.ts"
import { DeskClient } from "./community/desk-client.ts"
import { readInputFile } from "./input-file.ts"

export const deskFileName = "desk.json"

/** What a running node says of itself to its own people. */
export interface DeskFile {
  readonly organization: number
  readonly name: string
  readonly kind: string
  readonly url: string
  readonly pin: string
  /** Opens the desk as long as this process runs. */
  readonly desk: string
  readonly process: number
  readonly metrics?: string | undefined
}

export function writeDeskFile(directory: string, file: DeskFile): void {
  const path = join(directory, deskFileName)
  writeFileSync(`${path}.next`, `${toJson(file)}\n`, { mode: 0o600 })
  renameSync(`${path}.next`, path)
}

export function removeDeskFile(directory: string): void {
  rmSync(join(directory, deskFileName), { force: true })
}

/** The desk of the node of a directory; `place` may name the file itself. @throws Refused when none runs there. */
export function openDesk(place: string): DeskClient {
  const path = existsSync(place) && statSync(place).isDirectory() ? join(place, deskFileName) : place
  const remedy = "Start it with countersign node --dir DIR, and name that directory"
  if (!existsSync(path)) return refuse("desk-absent", "Cannot reach desk: no node runs in this directory", path, remedy)
  try {
    const { url, desk, pin, organization, name, kind } = JSON.parse(readFileSync(path, "utf8")) as DeskFile
    if (!Object.hasOwn(organizationKinds, kind)) throw new SyntaxError("no such kind")
    const member = { number: organization, name, title: name, kind: kind as OrganizationKind, group: organization }
    const address = { url, desk, pin: fromHex(pin) }
    return new DeskClient(member, place, () => address)
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
    return refuse("desk-absent", "Cannot reach desk: the file is not one that a node wrote", path, remedy)
  }
}

/** A body is a JSON object, or a list of them for one call each, in a file, or `-` for standard input. */
export function readBody(path: string | undefined): unknown {
  if (path === undefined) return {}
  const text = path === "-" ? readFileSync(0, "utf8") : new TextDecoder().decode(readInputFile(path))
  try {
    return JSON.parse(text)
  } catch {
    return refuse("request", "Cannot read body: it is no JSON", path, "Write a JSON object")
  }
}

export const deskCommand: Command = {
  summary: "Asks the desk of a running node for one operation",
  usage: "desk DIR OPERATION [BODY.json]",
  async run(args, screen) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    const [place, operation, body] = positionals
    if (place === undefined || operation === undefined || !/^[a-z-]{1,40}$/.test(operation))
      return refuse(
        "arguments",
        "Cannot use desk: name a directory and an operation",
        "arguments",
        `countersign ${deskCommand.usage}`,
      )
    const desk = openDesk(place)
    const given = readBody(body)
    if (!Array.isArray(given)) {
      const value = await desk.desk<unknown>(operation, given)
      screen.say(toJson(value))
      return { value }
    }
    const values: unknown[] = []
    for (const one of given) values.push(await desk.desk<unknown>(operation, one))
    screen.say(toJson(values))
    return { value: values }
  },
}
