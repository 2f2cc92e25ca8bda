/**
 * `countersign backup` and `countersign restore`: a node's directory, its settings included, in the order that the engine
 * demands (`node/backup.ts`). What a validator signed last is in no backup, so a restored validator has no vote.
 */
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { refuse } from "../base/refusal.ts"
import { backupNode, restoreNode } from "../node/backup.ts"
import type { Command } from "./command.ts"
import { startKeyOf, startKeyOptions } from "./passphrase.ts"

function placeOf(text: string | undefined, name: string, what: string): string {
  if (text !== undefined) return resolve(text)
  return refuse("arguments", `Cannot ${what}: no ${name} is named`, name, `Give --${name}`)
}

export const backupCommand: Command = {
  summary: "Copies a node's directory while the node runs",
  usage: "backup --dir DIR --to FOLDER [--stopped]",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        to: { type: "string" },
        stopped: { type: "boolean" },
        ...startKeyOptions,
      },
    })
    const directory = placeOf(values.dir, "dir", "back up")
    const to = placeOf(values.to, "to", "back up")
    const startKey = await startKeyOf(directory, values)
    const { height, engine } = await backupNode(directory, to, { startKey, engineStopped: values.stopped === true })
    screen.say(`${screen.good("BACKED UP")}  ${directory} to ${to}, state of block ${height}`)
    if (engine === "left-out")
      screen.line("The engine was running: a node restored from this gets its blocks from the other members.")
    return { value: { to, height, engine } }
  },
}

export const restoreCommand: Command = {
  summary: "Makes a node's directory from a backup",
  usage: "restore --from FOLDER --dir DIR",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: { from: { type: "string" }, dir: { type: "string" } },
    })
    const from = placeOf(values.from, "from", "restore")
    const directory = placeOf(values.dir, "dir", "restore")
    const { height, mayVote } = await restoreNode(from, directory)
    screen.say(`${screen.good("RESTORED")}  ${directory}${height === undefined ? "" : `, state of block ${height}`}`)
    if (height === undefined) screen.line("Its chain comes from the other members, once it is started.")
    if (!mayVote) {
      screen.line("It signs no block: what its validator signed last is in no backup, and a key that signs one height")
      screen.line("twice is evidence against its organization. It gets a vote again by ballot, under a new key.")
    }
    return { value: { directory, height, mayVote } }
  },
}
