/**
 * `countersign adopt`: one organization's step after a move. Its stopped node goes on with the new chain once the new
 * genesis is found to be made of its own copy of the old one, and of nothing else.
 */
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { type Adopted, adoptSuccessor } from "../node/adopt.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { startKeyOf, startKeyOptions } from "./passphrase.ts"
import type { Screen } from "./screen.ts"

const usage = "adopt --dir DIR --genesis FILE [--passphrase-file FILE | --start-key-from-stdin]"

function show(screen: Screen, adopted: Adopted, hash: string): void {
  const { chainId, former, pinned, archive, validators, rows } = adopted
  screen.say(`${screen.good("ADOPTED")}  ${chainId} carries on ${former} from block ${pinned.height}`)
  screen.line(`new genesis  ${hash}: compare it with the other organizations'`)
  screen.line(`All ${rows} rows are those of this node's own copy, which lies in ${archive} from now on.`)
  screen.line("Whoever moved the chain chose its name and its validators:")
  screen.table(
    ["organization", "validator", "power"],
    validators.map(({ organization, key, power, own }) => [
      `${organization}${own ? " (this node)" : ""}`,
      toHex(key),
      String(power),
    ]),
  )
  if (validators.some(({ own }) => own))
    screen.line("This node has a seat: switch consensus on in its configuration, and tell the others its address.")
}

export const adoptCommand: Command = {
  summary: "Has a stopped node go on with the chain that carries on its own, once checked",
  usage,
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: { dir: { type: "string" }, genesis: { type: "string" }, ...startKeyOptions },
    })
    const { dir: directory, genesis: path } = values
    if (directory === undefined || path === undefined)
      return refuse("arguments", "Cannot adopt chain: an argument is missing", "arguments", `countersign ${usage}`)
    const genesis = readInputFile(path)
    const hash = toHex(genesisHash(genesis))
    const adopted = await adoptSuccessor({ directory, startKey: await startKeyOf(directory, values), genesis })
    show(screen, adopted, hash)
    return { value: { ...adopted, genesis: hash } }
  },
}
