/**
 * `countersign exit`: everything of one organization in one folder, from its stopped node's disk. While the node runs its
 * desk does the same (`exit-bundle`).
 */
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { refuse } from "../base/refusal.ts"
import { nodeConfig, readConfigFile } from "../node/config-file.ts"
import { type ExitReport, writeExitBundle } from "../node/exit/exit-bundle.ts"
import { withStoredNode } from "../node/exit/stored-node.ts"
import { withOrganization } from "../node/organization-store.ts"
import { checkStartKey } from "../node/start-key.ts"
import { demandUnused } from "../node/start-key-change.ts"
import type { Command } from "./command.ts"
import { newPassphrase, startKeyOf, startKeyOptions } from "./passphrase.ts"

export interface ExitCommandOrder {
  readonly directory: string
  readonly startKey: string
  readonly out: string
  /** Closes the key to the records. */
  readonly passphrase: string
}

/** @throws Refused while the node runs, and as `writeExitBundle`. */
export async function leave({ directory, startKey, out, passphrase }: ExitCommandOrder): Promise<ExitReport> {
  const file = readConfigFile(directory)
  checkStartKey(directory, startKey)
  await demandUnused(directory, startKey)
  return withOrganization(file, startKey, (opened) =>
    withStoredNode(nodeConfig(file, startKey, false), opened, (node) =>
      writeExitBundle(node, { folder: out, passphrase }),
    ),
  )
}

export const exitCommand: Command = {
  summary: "Writes everything of one organization into a folder, to leave with",
  usage: "exit --dir DIR --out FOLDER [--records-passphrase-file FILE]",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        out: { type: "string" },
        "records-passphrase-file": { type: "string" },
        ...startKeyOptions,
      },
    })
    const { dir, out } = values
    if (dir === undefined || out === undefined)
      return refuse(
        "arguments",
        "Cannot leave: name a directory and a folder",
        "arguments",
        `countersign ${exitCommand.usage}`,
      )
    const directory = resolve(dir)
    const startKey = await startKeyOf(directory, values)
    const passphrase = await newPassphrase(values["records-passphrase-file"], {
      option: "records-passphrase-file",
      question: "New passphrase for the key to the records: ",
    })
    const report = await leave({ directory, startKey, out: resolve(out), passphrase })
    const { receipts, sealed, rows, height, lowest, stays } = report
    screen.say(`${screen.good("WRITTEN")}  ${report.folder}, up to block ${height}`)
    screen.line(
      `${receipts} receipts, ${rows} rows of working data, ${sealed} sealed records. README.txt says what is what.`,
    )
    if (lowest > 1) screen.line(`Blocks below ${lowest} are not kept here: for those ask another member for receipts.`)
    if (stays.length > 0) screen.line(`Left behind, unknown to this version: ${stays.join(", ")}`)
    screen.quiet("It holds health data in clear, and no key that signs. Leaving itself takes the members' vote.")
    return { value: report }
  },
}
