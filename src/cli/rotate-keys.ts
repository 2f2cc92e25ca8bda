/**
 * `countersign rotate-keys`: the key-compromise drill as one command. Where the directory's node runs its desk is asked;
 * where it is stopped it is started for the drill and stopped again, and then its start key is changed, too, if that was
 * lost. Run again it goes on where it was stopped.
 */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { fromHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { nodeConfig, readConfigFile } from "../node/config-file.ts"
import { Node } from "../node/node.ts"
import { foundingOf, withOrganization } from "../node/organization-store.ts"
import type { DrillReport } from "../node/rotation/drill.ts"
import { newStartKey } from "../node/start-key.ts"
import { changeStartKey } from "../node/start-key-change.ts"
import type { Command } from "./command.ts"
import { DeskClient } from "./community/desk-client.ts"
import { type DeskFile, deskFileName, openDesk, writeDeskFile } from "./desk.ts"
import { newPassphrase, startKeyOf, startKeyOptions } from "./passphrase.ts"
import type { Screen } from "./screen.ts"

/** So that the token need not stand in a list of processes. */
const tokenVariable = "COUNTERSIGN_DESK"
const readyMs = 60_000

type Report = DrillReport & { readonly pin?: string }

export interface StartKeyRow {
  readonly use: "start-key"
  readonly state: "done" | "waits"
  readonly note?: string
}

export interface RotateValue extends Report {
  /** Present where the start key is lost. */
  readonly startKey?: StartKeyRow
}

interface Wanted {
  readonly compromised: readonly string[]
  readonly anew: boolean
}

function ask(desk: Pick<DeskClient, "desk">, { compromised, anew }: Wanted): Promise<Report> {
  // The start key is on this machine alone: the node knows nothing of it.
  const words = compromised.filter((word) => word !== "start-key")
  return desk.desk<Report>("rotate-keys", { compromised: words, anew, patienceMs: 10_000 })
}

const isStartKeyLost = ({ compromised }: Wanted) => compromised.some((word) => word === "all" || word === "start-key")

/** At the desk of a node that runs: its file here names the new pin afterwards. */
async function atRunningNode(directory: string, wanted: Wanted): Promise<RotateValue> {
  const report = await ask(openDesk(directory), wanted)
  const path = join(directory, deskFileName)
  const file = JSON.parse(readFileSync(path, "utf8")) as DeskFile
  if (report.pin !== undefined) writeDeskFile(directory, { ...file, pin: report.pin })
  if (!isStartKeyLost(wanted)) return report
  const note = "the node runs: stop it and run this again"
  return { ...report, startKey: { use: "start-key", state: "waits", note } }
}

/** A node that was killed leaves its file behind. */
function isRunning(directory: string): boolean {
  const path = join(directory, deskFileName)
  if (!existsSync(path)) return false
  try {
    process.kill((JSON.parse(readFileSync(path, "utf8")) as DeskFile).process, 0)
    return true
  } catch (error) {
    // Another user's process is one, too.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

async function untilReady(node: Node, desk: DeskClient): Promise<void> {
  const end = Date.now() + readyMs
  while (Date.now() < end) {
    const { ready, height } = await desk.get<{ ready: boolean; height: number }>("/health")
    if (ready && height > 0) return
    await new Promise((done) => setTimeout(done, 100))
  }
  await node.stop()
  throw new Fault("Cannot rotate keys: the node has not gone on with its chain in time", { retryable: true })
}

/** Runs a stopped node for as long as the drill takes. */
export async function atStoppedNode(directory: string, startKey: string, wanted: Wanted): Promise<Report> {
  const file = readConfigFile(directory)
  const founding = await withOrganization(file, startKey, async (opened) => foundingOf(opened))
  if (founding === undefined)
    return refuse("not-founded", "Cannot rotate keys: this directory belongs to no chain", directory, "Join one first")
  const operator = founding.operator !== 0 && founding.operator === file.organization
  const config = nodeConfig(file, startKey, operator)
  const node = await Node.start(config)
  const { organization, name, kind } = config
  const address = () => ({ url: node.url, desk: node.deskToken, pin: node.pin })
  const desk = new DeskClient(
    { number: organization, name, title: name, kind, group: organization },
    directory,
    address,
  )
  await untilReady(node, desk)
  try {
    return await ask(desk, wanted)
  } finally {
    await node.stop()
  }
}

/** Anywhere, with the token that the node's people have. */
function atUrl(url: string, pin: string | undefined, wanted: Wanted): Promise<Report> {
  const token = process.env[tokenVariable]
  if (token === undefined)
    return refuse("arguments", "Cannot rotate keys: no desk token", tokenVariable, `Set ${tokenVariable}`)
  const address = { url: url.replace(/\/$/, ""), desk: token, pin: pin === undefined ? undefined : fromHex(pin) }
  const nobody = { number: 0, name: "", title: "", kind: "provider", group: 0 } as const
  return ask(new DeskClient(nobody, "", () => address), wanted)
}

const short = (hex: string) => (hex === "" ? "" : `${hex.slice(0, 16)}…`)

function show(screen: Screen, value: RotateValue): void {
  const { rows, told, untold, patients, resealed, foreign, finished, startKey } = value
  screen.say(
    finished ? `${screen.good("ROTATED")}  every key has a successor` : "NOT FINISHED  run this again to go on",
  )
  const table = rows.map(({ use, old, next, from, revoked, note }) => [
    use.length > 24 ? `${use.slice(0, 21)}…` : use,
    short(old),
    short(next),
    from === undefined ? "" : String(from),
    revoked === undefined ? "" : String(revoked),
    note ?? "",
  ])
  if (startKey !== undefined) table.push(["start-key", "", "", "", "", startKey.note ?? "changed"])
  screen.table(["use", "old key", "new key", ">from hour", ">revoked hour", "note"], table)
  screen.line(`Told and taken over: organizations ${told.join(", ") || "none"}; patients of open visits: ${patients}`)
  if (untold.length > 0) screen.line(`Not answered yet, told again at the next start: ${untold.join(", ")}`)
  if (resealed > 0) screen.line(`${resealed} records sealed anew for the new records key`)
  if (foreign.length > 0) {
    screen.say(screen.bad(`${foreign.length} keys on the ledger were never this node's. If nobody of yours has them:`))
    for (const key of foreign) screen.line(`countersign desk DIR revoke-key, with {"key": "${key}"}`)
  }
}

const options = {
  dir: { type: "string" },
  url: { type: "string" },
  pin: { type: "string" },
  compromised: { type: "string" },
  anew: { type: "boolean" },
  "new-passphrase-file": { type: "string" },
  ...startKeyOptions,
} as const

async function run(args: readonly string[]): Promise<RotateValue> {
  const { values } = parseArgs({ args: [...args], options })
  const compromised = (values.compromised ?? "").split(",").filter((word) => word !== "")
  const wanted = { compromised, anew: values.anew === true }
  if (values.url !== undefined) return atUrl(values.url, values.pin, wanted)
  if (values.dir === undefined)
    return refuse(
      "arguments",
      "Cannot rotate keys: no directory is named",
      "dir",
      `countersign ${rotateKeysCommand.usage}`,
    )
  const directory = resolve(values.dir)
  if (isRunning(directory)) return atRunningNode(directory, wanted)
  readConfigFile(directory)
  const startKey = await startKeyOf(directory, values)
  // Asked for before anything changes: whoever breaks off here has changed nothing.
  const next = isStartKeyLost(wanted)
    ? await newStartKey(
        await newPassphrase(values["new-passphrase-file"], {
          option: "new-passphrase-file",
          question: "New passphrase of the directory: ",
        }),
      )
    : undefined
  const report = await atStoppedNode(directory, startKey, wanted)
  if (next === undefined) return report
  const count = await changeStartKey(directory, startKey, next)
  return { ...report, startKey: { use: "start-key", state: "done", note: `changed; ${count} values sealed anew` } }
}

export const rotateKeysCommand: Command = {
  summary: "Gives every key a successor, ends the lost ones and tells the others",
  usage: "rotate-keys --dir DIR | --url URL [--compromised USE,USE|all] [--anew]",
  async run(args, screen) {
    const value = await run(args)
    show(screen, value)
    return { value, failed: !value.finished || value.startKey?.state === "waits" }
  },
}
