/**
 * `countersign chain`: is what lies on a stopped node's disk still the chain that was agreed? Every stored block is
 * checked against the one before, its signatures verified, its transactions run again from the genesis, and the end
 * compared with the stored rows. The ledger holds nothing secret: no key is needed, and nobody is asked.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { isRejection } from "../ledger/rejection.ts"
import { verifyStoredChain } from "../node/stored-chain.ts"
import { holdsStore } from "../store/read-only-chain.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"

export interface ChainValue {
  readonly valid: boolean
  /** The last height that was checked. */
  readonly height: number
  readonly genesis: string
  readonly firstBadHeight: number | null
  readonly reason: string | null
}

/** The store itself, or the directory of the organization that it lies in. */
function ledgerIn(directory: string): string {
  if (holdsStore(directory)) return directory
  const inside = join(directory, "ledger")
  if (holdsStore(inside)) return inside
  const message = existsSync(directory) ? "no ledger lies in it" : "there is no such directory"
  return refuse("ledger-absent", `Cannot check chain: ${message}`, directory, "Name a node's directory, or its ledger")
}

/** The command's whole answer. @throws Refused when there is no chain, or another one than the genesis is of. */
export async function checkChain(directory: string, genesisPath: string): Promise<ChainValue> {
  const ledger = ledgerIn(directory)
  const genesis = readInputFile(genesisPath)
  const check = await verifyStoredChain(ledger, genesis)
  if (isRejection(check))
    return refuse(check.code, check.message, genesisPath, "Give the file that the chain began with")
  return {
    valid: check.bad === undefined,
    height: check.height,
    genesis: toHex(genesisHash(genesis)),
    firstBadHeight: check.bad?.height ?? null,
    reason: check.bad?.reason ?? null,
  }
}

export const chainCommand: Command = {
  summary: "Checks every block on a stopped node's disk, as left by visit --keep",
  usage: "chain DIR --genesis FILE",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { genesis: { type: "string" } },
    })
    const [directory] = positionals
    const { genesis } = values
    if (directory === undefined || genesis === undefined) {
      const example = "countersign visit --keep --no-attacks, then chain KEPT/lakeside-eye --genesis out/genesis.cbor"
      return refuse("arguments", "Cannot check chain: DIR and --genesis are needed", "arguments", example)
    }
    const value = await checkChain(directory, genesis)
    if (value.valid) screen.say(`${screen.good("GOOD")}  all ${value.height} blocks, from genesis ${value.genesis}`)
    else screen.say(`${screen.bad("NOT GOOD")}  first bad height ${value.firstBadHeight}: ${value.reason}`)
    return { value, failed: !value.valid }
  },
}
