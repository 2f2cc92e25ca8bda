/**
 * `countersign move`: from the stopped operator of an embedded chain to a consortium. Writes the genesis of the new
 * chain, which carries the whole state on, and what the old chain's receipts are judged by from then on.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { sha256 } from "#crypto"
import { fromHex, toHex } from "../base/bytes.ts"
import { headerHash } from "../base/chain/header.ts"
import { keyId } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import type { SuccessorTerms } from "../ledger/constitution/successor.ts"
import { demandStopped } from "../node/adopt.ts"
import { moveChain } from "../node/move.ts"
import { holdsStore } from "../store/read-only-chain.ts"
import { encodeAnchor, encodeLinks } from "../verify/trust.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"

export interface MoveValue {
  /** SHA-256 of the new chain's genesis file. */
  readonly genesis: string
  /** SHA-256 of the old chain's anchor file. */
  readonly anchor: string
  /** The old chain's last header, which the new genesis pins. */
  readonly pinned: { readonly height: number; readonly header: string }
  readonly files: readonly string[]
}

export interface MoveOrder {
  /** The stopped operator's directory, or the ledger in it. */
  readonly directory: string
  /** What the old chain began with. */
  readonly genesis: string
  readonly chainId: string
  /** `[{"organization": 1, "key": "hex", "power": 10}]`. */
  readonly validators: string
  /** Made if need be; no file in it is overwritten. */
  readonly out: string
}

function ledgerIn(directory: string): string {
  const found = [directory, join(directory, "ledger")].find((place) => holdsStore(place))
  return (
    found ?? refuse("ledger-absent", "Cannot move chain: no ledger lies in it", directory, "Name a node's directory")
  )
}

function refuseValidators(at: string): never {
  const form = 'A list of {"organization": 1, "key": "64 hex digits", "power": 1 to 1000}'
  return refuse("validators-malformed", "Cannot read validators: not a list of the form", at, form)
}

function readValidators(path: string): SuccessorTerms["validators"] {
  let listed: unknown
  try {
    listed = JSON.parse(new TextDecoder().decode(readInputFile(path)))
  } catch (error) {
    if (error instanceof SyntaxError) return refuseValidators(path)
    throw error
  }
  if (!Array.isArray(listed)) return refuseValidators(path)
  return listed.map((entry: unknown, i) => {
    const { organization, key, power } = Object(entry) as Readonly<Record<string, unknown>>
    const isCount = (value: unknown, most: number): value is number =>
      typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most
    if (!isCount(organization, 65_535) || !isCount(power, 1000)) return refuseValidators(`${path}[${i}]`)
    if (typeof key !== "string" || !/^[0-9a-f]{64}$/.test(key)) return refuseValidators(`${path}[${i}]`)
    return [{ key: keyId(fromHex(key)) }, { org: organization, power }] as const
  })
}

/** The command's whole answer. @throws Refused where the chain cannot be moved, or a file is there already. */
export async function move({ directory, genesis: path, chainId, validators, out }: MoveOrder): Promise<MoveValue> {
  const terms = { chainId, validators: readValidators(validators) }
  await demandStopped(directory)
  const moved = await moveChain(ledgerIn(directory), readInputFile(path), terms)
  const contents = [
    ["genesis.cbor", moved.genesis],
    ["old-anchor.cbor", encodeAnchor(moved.anchor)],
    ["old-headers.cbor", encodeLinks(moved.headers)],
  ] as const
  const files = contents.map(([name]) => join(out, name))
  for (const file of files)
    if (existsSync(file))
      refuse("file-exists", "Cannot move chain: the file is there already", file, "Name a new folder")
  makeFolder(out)
  for (const [i, [, bytes]] of contents.entries()) writeFileSync(files[i]!, bytes, { flag: "wx" })
  const last = moved.headers.at(-1)!
  return {
    genesis: toHex(genesisHash(moved.genesis)),
    anchor: toHex(sha256(contents[1][1])),
    pinned: { height: last.height, header: toHex(headerHash(last)) },
    files,
  }
}

export const moveCommand: Command = {
  summary: "Carries a stopped operator's chain on under a new id and its validators",
  usage: "move DIR --genesis FILE --chain-id NEW --validators FILE --out FOLDER",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        genesis: { type: "string" },
        "chain-id": { type: "string" },
        validators: { type: "string" },
        out: { type: "string" },
      },
    })
    const [directory] = positionals
    const { genesis, validators, out, "chain-id": chainId } = values
    if (
      directory === undefined ||
      genesis === undefined ||
      chainId === undefined ||
      validators === undefined ||
      out === undefined
    ) {
      const example = "countersign move DIR --genesis FILE --chain-id NEW --validators FILE --out FOLDER"
      return refuse("arguments", "Cannot move chain: an argument is missing", "arguments", example)
    }
    const value = await move({ directory, genesis, chainId, validators, out })
    screen.say(`${screen.good("MOVED")}  ${chainId} carries on the state of block ${value.pinned.height}`)
    screen.line(`new genesis  ${value.genesis}`)
    screen.line(`old anchor   ${value.anchor}, which ends at header ${value.pinned.header}`)
    screen.line("Leave this node stopped, and send genesis.cbor to every organization: each runs countersign adopt.")
    return { value }
  },
}
