/**
 * `countersign found`: from the identities of the founders and the terms that they agreed on to the genesis of a new
 * chain and the invitation to it. Whoever runs it gains nothing by it: the same files give the same genesis, and each
 * founder compares its hash.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { decodeGenesis, genesisHash } from "../ledger/constitution/genesis.ts"
import { type ParameterName, parameters } from "../ledger/parameters.ts"
import { isRejection } from "../ledger/rejection.ts"
import { type FoundingTerms, foundCommunity } from "../node/founding.ts"
import { encodeInvitation, entryOf, type Identity, readIdentity } from "../node/invitation.ts"
import { readSettings, type Section } from "../node/settings.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"

type Numbered = Identity & { readonly organization: number }

interface Terms extends Omit<FoundingTerms, "startHour"> {
  /** Seconds since 1970. */
  readonly start: number
  readonly groups: ReadonlyMap<string, number>
}

const numbers = { least: 1, most: 65_535 }
const usualDepth = 18

function startOf(top: Section): number {
  const text = top.text("start", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, undefined)
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) top.refuse("start", "the time does not exist", "As 2026-04-14T08:00:00Z")
  return ms / 1000
}

function readTerms(text: string): Terms {
  return readSettings(text, "terms", (top) => {
    const groups = top.section("groups")
    const set = top.section("parameters")
    const named = set.names.map((name) => {
      if (!Object.hasOwn(parameters, name))
        set.refuse(name, "no such parameter", `One of ${Object.keys(parameters).join(", ")}`)
      const { initial, least, most } = parameters[name as ParameterName]
      return [name, set.integer(name, { usual: initial, least, most })] as const
    })
    return {
      chainId: top.text("chainId", /^[a-z0-9-]{1,50}$/, undefined),
      currency: top.text("currency", /^[a-z]{3}$/, undefined),
      start: startOf(top),
      validators: top.integers("validators", numbers),
      k: top.integer("depth", { usual: usualDepth, least: 1, most: 24 }),
      parameters: Object.fromEntries(named),
      groups: new Map(groups.names.map((name) => [name, groups.integer(name, { usual: 0, ...numbers })])),
    }
  })
}

/** Founders are numbered from 1 without gaps, as they agreed beforehand. */
function numbered(identities: readonly Identity[]): readonly Numbered[] {
  const sorted = identities
    .map((identity) => {
      if (identity.organization !== undefined) return identity as Numbered
      const remedy = `At ${identity.name}: countersign join --dir DIR --number N`
      return refuse("identity-number", `Cannot found: ${identity.name} has no number yet`, identity.name, remedy)
    })
    .sort((a, b) => a.organization - b.organization)
  for (const [i, { organization, name }] of sorted.entries())
    if (organization !== i + 1)
      refuse("identity-number", `Cannot found: the founders' numbers are not 1 to ${sorted.length}`, name, "Fix them")
  return sorted
}

/** 0 where several close the blocks; a chain of one validator without CometBFT has that one as its operator. */
function operatorOf({ validators }: Terms, founders: readonly Numbered[]): number {
  const [first, ...others] = validators
  const alone = founders.find(({ organization }) => organization === first)
  if (others.length === 0 && alone !== undefined && alone.consensus === undefined) return alone.organization
  for (const number of validators)
    if (founders[number - 1]?.consensus === undefined)
      refuse(
        "founding-validators",
        `Cannot found: organization ${number} is to be a validator and takes no part in consensus`,
        "validators",
        "Set consensus.takePart in its configuration, and ask for its identity again",
      )
  return 0
}

/** The two files. @throws Refused where identities and terms do not make a community. */
export function foundFrom(files: readonly string[], termsFile: string) {
  const text = (path: string) => new TextDecoder().decode(readInputFile(path))
  const founders = numbered(files.map((path) => readIdentity(text(path), path)))
  const { start, groups, ...terms } = readTerms(text(termsFile))
  if (terms.validators.length === 0 || terms.validators.some((number) => number > founders.length))
    refuse("founding-validators", "Cannot found: validators are numbers of founders", "validators", "Fix the terms")
  for (const name of groups.keys())
    if (!founders.some((founder) => founder.name === name))
      refuse("founding-groups", "Cannot found: a group names no founder", `groups.${name}`, "Fix the terms")
  const operator = operatorOf({ start, groups, ...terms }, founders)
  const genesis = foundCommunity(
    founders.map(({ organization, name, kind, keys }) => {
      return { number: organization, name, kind, group: groups.get(name) ?? organization, keys }
    }),
    { ...terms, startHour: Math.floor(start / 3600) },
  )
  const checked = decodeGenesis(genesis)
  if (isRejection(checked)) return refuse(checked.code, checked.message, "terms", "Change who founds, or the terms")
  const { chainId } = terms
  const invitation = { chainId, genesis: checked.hash, start, operator, organizations: founders.map(entryOf) }
  return { genesis, invitation }
}

export const foundCommand: Command = {
  summary: "Makes the genesis of a community and the invitation to it",
  usage: "found --identities A.json B.json … --terms FILE --out FOLDER",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        identities: { type: "string", multiple: true },
        terms: { type: "string" },
        out: { type: "string" },
      },
    })
    const files = [...(values.identities ?? []), ...positionals]
    if (files.length === 0 || values.terms === undefined || values.out === undefined) {
      const example = "countersign found --identities A.json B.json --terms terms.yaml --out community"
      return refuse("arguments", "Cannot found: an argument is missing", "arguments", example)
    }
    const { genesis, invitation } = foundFrom(files, values.terms)
    const [genesisPath, communityPath] = [join(values.out, "genesis.cbor"), join(values.out, "community.json")]
    for (const path of [genesisPath, communityPath])
      if (existsSync(path)) refuse("file-exists", "Cannot found: the file is there already", path, "Name a new folder")
    makeFolder(values.out)
    writeFileSync(genesisPath, genesis, { flag: "wx" })
    writeFileSync(communityPath, encodeInvitation(invitation), { flag: "wx" })
    const hash = toHex(genesisHash(genesis))
    screen.say(`${screen.good("FOUNDED")}  ${invitation.chainId}, ${files.length} organizations`)
    screen.line(`genesis hash  ${hash}`)
    screen.quiet("Send both files to every founder, and tell the hash by another way: each compares it.")
    return { value: { chainId: invitation.chainId, genesisHash: hash, files: [genesisPath, communityPath] } }
  },
}
