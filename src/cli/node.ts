/** `countersign node`: one organization's node in the foreground, until it is told to stop. */
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { decodeConfig } from "../node/config.ts"
import { Node } from "../node/node.ts"
import type { Command } from "./command.ts"

/** The start key comes on standard input, so that it is in no list of processes and no file. */
async function startKey(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line.trim()
  return refuse(
    "config-start-key",
    "Cannot start node: no start key on standard input",
    "standard input",
    "Write 32 characters and a line end",
  )
}

export const nodeCommand: Command = {
  summary: "Runs one organization's node until it is stopped",
  usage: "node --dir DIR --name NAME --kind KIND --organization N",
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
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
        "start-key-from-stdin": { type: "boolean" },
      },
    })
    const config = decodeConfig({
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
      startKey: await startKey(),
    })
    const node = await Node.start(config)
    process.stdout.write(
      `${JSON.stringify({ url: node.url, desk: node.deskToken, pin: node.pin && toHex(node.pin) })}\n`,
    )
    await new Promise<void>((resolve) => {
      process.once("SIGTERM", () => resolve())
      process.once("SIGINT", () => resolve())
    })
    await node.stop()
    // Long polls of others may still be open; nothing of ours is unfinished.
    process.exit(0)
  },
}
