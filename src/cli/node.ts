/**
 * `countersign node`: one organization's node in the foreground, until it is told to stop. With a directory alone it
 * reads its configuration and goes on with its chain; the flags are for demonstrations, which have no such file.
 */
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { decodeConfig, type NodeConfig } from "../node/config.ts"
import { nodeConfig, readConfigFile } from "../node/config-file.ts"
import { Node } from "../node/node.ts"
import { foundingOf, withOrganization } from "../node/organization-store.ts"
import type { Command } from "./command.ts"
import { removeDeskFile, writeDeskFile } from "./desk.ts"
import { type StartKeyValues, startKeyFromStdin, startKeyOf, startKeyOptions } from "./passphrase.ts"

const options = {
  dir: { type: "string" },
  name: { type: "string" },
  kind: { type: "string" },
  organization: { type: "string" },
  port: { type: "string" },
  operator: { type: "boolean" },
  consensus: { type: "boolean" },
  resume: { type: "boolean" },
  tls: { type: "boolean" },
  "turnable-clock": { type: "boolean" },
  ...startKeyOptions,
} as const

interface Flags extends StartKeyValues {
  readonly dir?: string | undefined
  readonly name?: string | undefined
  readonly kind?: string | undefined
  readonly organization?: string | undefined
  readonly port?: string | undefined
  readonly operator?: boolean | undefined
  readonly consensus?: boolean | undefined
  readonly resume?: boolean | undefined
  readonly tls?: boolean | undefined
  readonly "turnable-clock"?: boolean | undefined
}

async function configOfFlags(values: Flags): Promise<NodeConfig> {
  return decodeConfig({
    directory: values.dir,
    name: values.name,
    kind: values.kind,
    organization: values.organization,
    port: values.port,
    operator: values.operator,
    consensus: values.consensus,
    resume: values.resume,
    tls: values.tls,
    turnableClock: values["turnable-clock"],
    startKey: await startKeyFromStdin(),
  })
}

/** Whether it operates an embedded engine follows from the chain that it belongs to. */
async function configOfFile(directory: string, values: Flags): Promise<NodeConfig> {
  const file = readConfigFile(directory)
  const startKey = await startKeyOf(directory, values)
  const founding = await withOrganization(file, startKey, async (opened) => foundingOf(opened))
  const operator = founding !== undefined && founding.operator !== 0 && founding.operator === file.organization
  return nodeConfig(file, startKey, operator)
}

/** Resolves when whoever runs the process wants it to end. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve())
    process.once("SIGINT", () => resolve())
  })
}

export const nodeCommand: Command = {
  summary: "Runs one organization's node until it is stopped",
  usage: "node --dir DIR [--passphrase-file FILE | --start-key-from-stdin]",
  async run(args) {
    const { values } = parseArgs({ args: [...args], options })
    const { dir, name, kind, organization } = values
    const isOfFile = dir !== undefined && name === undefined && kind === undefined && organization === undefined
    const config = await (isOfFile ? configOfFile(resolve(dir), values) : configOfFlags(values))
    const stop = toldToStop()
    const node = await Node.start(config)
    const { url, deskToken: desk, metricsUrl: metrics } = node
    const pin = node.pin && toHex(node.pin)
    if (isOfFile && pin !== undefined) {
      const { organization: number, name: own, kind: ownKind } = config
      const file = { organization: number, name: own, kind: ownKind, url, pin, desk, process: process.pid, metrics }
      writeDeskFile(config.directory, file)
    }
    // A demonstration reads the token here; whoever runs a real node finds it in its directory, not in a system's log.
    process.stdout.write(`${JSON.stringify(isOfFile ? { url, pin, metrics } : { url, desk, pin })}\n`)
    await stop
    if (isOfFile) removeDeskFile(config.directory)
    await node.stop()
    // Long polls of others may still be open; nothing of ours is unfinished.
    process.exit(0)
  },
}
