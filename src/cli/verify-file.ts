/**
 * The verifier alone, as an exit bundle carries it in one file:
 *
 *   node verify.mjs RECEIPT --anchor FILE [--bundle FILE] [--registers FILE] [--links FILE]
 *   node verify.mjs log FOLDER --anchor FILE
 *
 * Exit 0 when what was asked about is good, 1 when it is not.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { EncodingError } from "../base/cbor.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { decodeAs, list } from "../base/schema.ts"
import { logPage, verifyAccessLog } from "../record/access-log.ts"
import { openLogProof } from "../verify/log-proof.ts"
import { decodeAnchor } from "../verify/trust.ts"
import { isFailure } from "../verify/verify.ts"
import { Screen } from "./screen.ts"
import { verifyCommand } from "./verify.ts"

const bytesOf = (path: string) => new Uint8Array(readFileSync(path))

interface Roots {
  readonly hour: number
  readonly root: string
}

/** Holds the pages of an access log against the root that the ledger has, and what the node remembers of earlier ones. */
function verifyLog(folder: string, anchorFile: string, screen: Screen): boolean {
  const anchored = openLogProof(bytesOf(join(folder, "proof.cbor")), decodeAnchor(bytesOf(anchorFile)))
  if (isFailure(anchored)) {
    screen.say(`${screen.bad("NOT VALID")}  ${anchored.code}: ${anchored.message}`)
    return false
  }
  const pages = decodeAs(list(logPage), bytesOf(join(folder, "pages.cbor")))
  const remembered = JSON.parse(readFileSync(join(folder, "roots.json"), "utf8")) as readonly Roots[]
  const earlier = remembered.filter(({ hour }) => hour < anchored.row.hour)
  const roots = earlier.map(({ hour, root }) => ({ hour, root: new Uint8Array(Buffer.from(root, "hex")) }))
  const finding = verifyAccessLog(pages, [...roots, anchored.row])
  if (finding === undefined) {
    screen.say(`${screen.good("VALID")}  ${pages.length} pages, the last as anchored at hour ${anchored.row.hour}`)
    return true
  }
  const line = finding.line === undefined ? "" : `, line ${finding.line}`
  screen.say(`${screen.bad("NOT VALID")}  hour ${finding.hour}${line}: ${finding.problem}`)
  return false
}

async function run(args: readonly string[], screen: Screen): Promise<boolean> {
  if (args[0] !== "log") return (await verifyCommand.run(args, screen)).failed !== true
  const { values, positionals } = parseArgs({
    args: args.slice(1),
    allowPositionals: true,
    options: { anchor: { type: "string" } },
  })
  const [folder] = positionals
  if (folder === undefined || values.anchor === undefined)
    return refuse(
      "arguments",
      "Cannot verify: name the log's folder and the anchor",
      "arguments",
      "log FOLDER --anchor FILE",
    )
  return verifyLog(folder, values.anchor, screen)
}

try {
  process.exitCode = (await run(process.argv.slice(2), new Screen(process.stdout))) ? 0 : 1
} catch (error) {
  const known = error instanceof Refused ? `${error.refusal.code}: ${error.refusal.message}` : undefined
  const message =
    known ?? (error instanceof EncodingError || error instanceof Error ? error.message : "unknown failure")
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
