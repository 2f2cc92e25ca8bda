/**
 * `countersign adopt`: one organization's step after a move. Its stopped node goes on with the new chain once the new
 * genesis is found to be made of its own copy of the old one, and of nothing else.
 */
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { adoptSuccessor } from "../node/adopt.ts"
import { startKeyFrom } from "../node/start-key.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"

/** From the passphrase in the environment, else as one line on standard input: never an argument, never a file. */
async function startKeyOf(directory: string): Promise<string> {
  const passphrase = process.env["COUNTERSIGN_PASSPHRASE"]
  if (passphrase !== undefined) return startKeyFrom(passphrase, directory)
  for await (const line of createInterface({ input: process.stdin })) return line.trim()
  const remedy = "Set COUNTERSIGN_PASSPHRASE, or write 32 characters and a line end"
  return refuse("config-start-key", "Cannot adopt chain: no start key on standard input", "standard input", remedy)
}

export const adoptCommand: Command = {
  summary: "Has a stopped node go on with the chain that carries on its own, once checked",
  usage: "adopt DIR --genesis FILE",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { genesis: { type: "string" } },
    })
    const [directory] = positionals
    if (directory === undefined || values.genesis === undefined)
      return refuse(
        "arguments",
        "Cannot adopt chain: an argument is missing",
        "arguments",
        "countersign adopt DIR --genesis FILE",
      )
    const genesis = readInputFile(values.genesis)
    const adopted = await adoptSuccessor({ directory, startKey: await startKeyOf(directory), genesis })
    const { chainId, former, pinned, archive, validators, rows } = adopted
    screen.say(`${screen.good("ADOPTED")}  ${chainId} carries on ${former} from block ${pinned.height}`)
    screen.line(`new genesis  ${toHex(genesisHash(genesis))}: compare it with the other organizations'`)
    screen.line(`All ${rows} rows are those of this node's own copy, which lies in ${archive} from now on.`)
    screen.table(
      ["organization", "validator", "power"],
      validators.map(({ organization, key, power, own }) => [
        `${organization}${own ? " (this node)" : ""}`,
        toHex(key),
        String(power),
      ]),
    )
    return { value: { ...adopted, genesis: toHex(genesisHash(genesis)) } }
  },
}
