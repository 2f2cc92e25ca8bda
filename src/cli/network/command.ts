/** `countersign network`: a consortium of rival organizations on this machine, until ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { fromHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { findCometBft } from "../../engine/comet/binary.ts"
import type { Command, CommandResult } from "../command.ts"
import { organizations } from "../community/organizations.ts"
import type { Screen } from "../screen.ts"
import { writeNetworkFile } from "./file.ts"
import { Network } from "./network.ts"
import { type VisitCounts, VisitLoad } from "./visits.ts"

const fewest = 4

interface Wanted {
  readonly validators: number
  readonly directory: string
  readonly keep: boolean
}

function wantedOf(values: { validators?: string; dir?: string; keep?: boolean }): Wanted {
  const validators = Number(values.validators ?? "4")
  if (!(Number.isInteger(validators) && validators >= fewest && validators <= organizations.length))
    refuse(
      "validators",
      `Cannot start network: validators are ${fewest} to ${organizations.length}`,
      "validators",
      "Fix it",
    )
  if (findCometBft() === undefined)
    refuse("engine-missing", "Cannot start network: CometBFT is not installed", "engine", "Run npm run engine")
  const given = values.dir === undefined ? undefined : resolve(values.dir)
  const directory = given ?? mkdtempSync(join(tmpdir(), "countersign-"))
  return { validators, directory, keep: values.keep === true || given !== undefined }
}

function show(screen: Screen, network: Network): void {
  screen.heading(`${network.nodes.length} organizations, ${network.validators.length} of them with a validator`)
  screen.table(
    ["organization", "part", "process", "address"],
    network.nodes.map((node) => [
      node.member.title,
      node.member.kind + (network.validators.includes(node.member.number) ? ", validator" : ""),
      String(node.processId),
      node.url,
    ]),
  )
}

const checkMs = 5000

function line(screen: Screen, { acknowledged, givenUp, lost, doubled, longestStallMs }: VisitCounts, up: number): void {
  const stall = (longestStallMs / 1000).toFixed(1)
  const cut = givenUp === 0 ? "" : `, ${givenUp} cut short before`
  screen.line(
    `settled and acknowledged ${acknowledged}${cut}; lost ${lost}, doubled ${doubled}; longest pause ${stall} s; ${up} nodes up`,
  )
}

/** Says every few seconds what became of the visits; returns how to end that. */
function tellCounts(screen: Screen, visits: VisitLoad): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void visits.check().finally(() => {
      busy = false
      line(screen, visits.counts, visits.up)
    })
  }, checkMs)
  return () => clearInterval(timer)
}

async function lastCounts(screen: Screen, visits: VisitLoad): Promise<VisitCounts> {
  await visits.stop()
  await visits.check()
  line(screen, visits.counts, visits.up)
  return visits.counts
}

async function run(args: readonly string[], screen: Screen): Promise<CommandResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      validators: { type: "string" },
      dir: { type: "string" },
      keep: { type: "boolean" },
      visits: { type: "boolean" },
    },
  })
  const { validators, directory, keep } = wantedOf(values)
  const stopped = new Promise<void>((done) => {
    process.once("SIGINT", () => done())
    process.once("SIGTERM", () => done())
  })
  let up = false
  const network = new Network({
    directory,
    validators,
    passphrase: process.env["COUNTERSIGN_PASSPHRASE"],
    onChange: (member, what) => {
      if (!up) return
      writeNetworkFile(network)
      screen.line(`${member.title}: its process ${what === "died" ? "died; it is started again" : "is up again"}`)
    },
  })
  try {
    await Promise.race([network.start(), stopped])
    const { anchor } = await network.node(organizations[0]!.number).desk<{ anchor: string }>("anchor")
    writeFileSync(join(directory, "genesis.cbor"), network.genesis)
    writeFileSync(join(directory, "anchor.cbor"), fromHex(anchor))
    writeNetworkFile(network)
    up = true
    show(screen, network)
    screen.line(`Ready after ${(performance.now() / 1000).toFixed(1)} s, chain ${network.chainId}.`)
    screen.line(`In another window: countersign visit --network ${directory}`)
    screen.quiet("Kill any process: what was acknowledged stays. Ctrl-C stops them all.")
    const visits = values.visits === true ? await VisitLoad.begin(network) : undefined
    const told = visits === undefined ? undefined : tellCounts(screen, visits)
    await stopped
    told?.()
    if (visits !== undefined) return { value: await lastCounts(screen, visits) }
  } finally {
    up = false
    await network.stop()
    if (!keep) rmSync(directory, { recursive: true, force: true })
    screen.line(keep ? `Stopped. Directories kept in ${directory}` : "Stopped.")
  }
  return { value: { stopped: true } }
}

export const networkCommand: Command = {
  summary: "A consortium of rival organizations on this machine, until ctrl-C",
  usage: "network [--validators 4..7] [--visits] [--dir DIR] [--keep]",
  run,
}
