/**
 * `countersign join`: from an invitation to a node that goes on with the chain. A founder's directory is settled in one
 * run. An organization that joins later takes several, each of which may be repeated: it is told what the members have
 * to vote on, takes the number that they gave it, and signs its own keys for them to hand in.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join as joinPath, resolve } from "node:path"
import { parseArgs } from "node:util"
import { parseDocument } from "yaml"
import { fromHex, toHex } from "../base/bytes.ts"
import { toJson } from "../base/json.ts"
import { refuse } from "../base/refusal.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { configFileName, type FileConfig, readConfig, readConfigFile } from "../node/config-file.ts"
import type { Entry } from "../node/directory.ts"
import {
  admissionOf,
  checkInvitation,
  encodeIdentity,
  entryOf,
  type Identity,
  type Invitation,
  isFounder,
  readInvitation,
  readTrust,
} from "../node/invitation.ts"
import { identityOf, type OpenOrganization, settle, withOrganization } from "../node/organization-store.ts"
import { registrationsOf } from "../node/registrations.ts"
import type { Command } from "./command.ts"
import { identityFileName, organizationNumber } from "./init.ts"
import { readInputFile } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"
import { askMembersHour, checkTrust } from "./members.ts"
import { ask, startKeyOf, startKeyOptions } from "./passphrase.ts"
import type { Screen } from "./screen.ts"

export interface JoinOrder {
  readonly directory: string
  readonly startKey: string
  readonly community: string
  readonly genesis: string
  /** As it was told by another way than the files; 32 bytes. */
  readonly genesisHash: Uint8Array
  /** `HEIGHT:HASH`, compared with what the members serve. */
  readonly trust?: string | undefined
  /** Begin by a snapshot at the trusted header, not with the first block. */
  readonly stateSync: boolean
  /** Folder for what the members are handed by an organization that joins later. */
  readonly out?: string | undefined
}

export interface JoinValue {
  readonly chainId: string
  readonly organization: number | undefined
  readonly founder: boolean
  /** Whether the node may be started now. */
  readonly settled: boolean
  /** What a member's desk is asked for `propose`; absent for a founder. */
  readonly proposal?: ReturnType<typeof admissionOf>
  /** What the members list of this organization; absent until it has a number. */
  readonly entry?: Entry
  /** The files in `out`. */
  readonly files: readonly string[]
}

/** Written whole and then put in place. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.next`, text, { mode: 0o600, flush: true })
  renameSync(`${path}.next`, path)
}

/** Sets the organization's number in its configuration; comments and all else stay. */
export function setNumber(directory: string, number: number): FileConfig {
  const path = joinPath(directory, configFileName)
  const before = readConfigFile(directory)
  if (before.organization === number) return before
  if (before.organization !== undefined)
    refuse("number-given", `Cannot take number: it is organization ${before.organization}`, path, "Check the number")
  const text = readFileSync(path, "utf8")
  const line = /^# organization: .*$/m
  // A file that its owner has written anew may lack the line that waits for it.
  const document = parseDocument(text)
  document.set("organization", number)
  const changed = line.test(text) ? text.replace(line, `organization: ${number}`) : String(document)
  readConfig(changed, directory)
  replaceFile(path, changed)
  return readConfigFile(directory)
}

/** Own address from the own store, not from the invitation; a newcomer is not in there. */
function entriesOf({ organizations }: Invitation, identity: Identity): readonly Entry[] {
  const { organization } = identity
  if (organization === undefined) return organizations
  const others = organizations.filter((entry) => entry.organization !== organization)
  return [...others, entryOf({ ...identity, organization })]
}

async function settleDirectory(
  order: JoinOrder,
  opened: OpenOrganization,
  { identity, invitation, consensus }: { identity: Identity; invitation: Invitation; consensus: boolean },
): Promise<void> {
  const trust = order.trust === undefined ? undefined : readTrust(order.trust)
  if (order.stateSync && (trust === undefined || !consensus))
    refuse(
      "state-sync",
      "Cannot join by a snapshot: it takes a trust hash, and a part in consensus",
      "state-sync",
      "Give --trust, set consensus.takePart; or leave --state-sync out, and every block is checked from the first",
    )
  if (trust !== undefined) await checkTrust(invitation, trust)
  const { start, operator } = invitation
  const founding = { genesis: readInputFile(order.genesis), start, operator }
  const entries = entriesOf(invitation, identity)
  await settle(opened, { ...founding, ...(order.stateSync && trust ? { trusted: trust } : {}) }, entries)
}

/** One body of `submit` a key; whoever hands them in need not be trusted. */
async function registrations({ keys }: OpenOrganization, identity: Identity, invitation: Invitation) {
  const { organization, kind } = identity
  if (organization === undefined) return undefined
  const hour = await askMembersHour(invitation)
  const transactions = registrationsOf(keys, { chainId: invitation.chainId, organization, kind, hour })
  return transactions.map((transaction) => ({ transaction }))
}

/** What the members are handed: what to vote on, where the organization is, its keys for the registry. */
async function writePapers(
  folder: string,
  opened: OpenOrganization,
  { identity, invitation }: { identity: Identity; invitation: Invitation },
): Promise<readonly string[]> {
  const { organization } = identity
  const papers = {
    "admit.json": admissionOf(identity),
    "entry.json": organization === undefined ? undefined : entryOf({ ...identity, organization }),
    "own-keys.json": await registrations(opened, identity, invitation),
  }
  makeFolder(folder)
  return Object.entries(papers).flatMap(([name, paper]) => {
    if (paper === undefined) return []
    const path = joinPath(folder, name)
    replaceFile(path, `${toJson(paper)}\n`)
    return [path]
  })
}

/** @throws Refused where files, hash and keys do not go together; nothing is written then. */
export async function joinCommunity(order: JoinOrder): Promise<JoinValue> {
  const config = readConfigFile(order.directory)
  const text = new TextDecoder().decode(readInputFile(order.community))
  const invitation = readInvitation(text, order.community)
  const genesis = checkInvitation(invitation, readInputFile(order.genesis), order.genesisHash)
  return withOrganization(config, order.startKey, async (opened) => {
    const identity = await identityOf(opened, config)
    const founder = isFounder(genesis, identity)
    const { organization } = identity
    const consensus = config.consensus === true
    const settled = organization !== undefined
    if (settled) await settleDirectory(order, opened, { identity, invitation, consensus })
    const { out } = order
    const files = founder || out === undefined ? [] : await writePapers(out, opened, { identity, invitation })
    return {
      chainId: invitation.chainId,
      organization,
      founder,
      settled,
      ...(founder ? {} : { proposal: admissionOf(identity) }),
      ...(organization === undefined ? {} : { entry: entryOf({ ...identity, organization }) }),
      files,
    }
  })
}

function show(screen: Screen, value: JoinValue): void {
  const { chainId, organization, founder, settled, proposal, files } = value
  if (settled) screen.say(`${screen.good("SETTLED")}  organization ${organization} of ${chainId}`)
  if (settled) screen.line("Start it with countersign node --dir DIR; it goes on with the chain by itself.")
  if (founder) return
  if (files.length > 0) screen.line(`For the members: ${files.join(", ")}`)
  if (settled) return
  screen.say("The members have to vote on this:")
  screen.say(toJson(proposal))
  screen.quiet("One member: countersign desk DIR propose admit.json; the others: countersign desk DIR ballot FILE")
  screen.quiet("Then come back with the number that they gave: --number N")
}

async function toldHash(given: string | undefined, genesis: string): Promise<Uint8Array> {
  if (given !== undefined) {
    if (/^[0-9a-fA-F]{64}$/.test(given)) return fromHex(given.toLowerCase())
    return refuse("genesis-hash", "Cannot join: the hash has another form", "genesis-hash", "64 hex digits")
  }
  const remedy = "Give --genesis-hash, as it was told to you by another way than the file"
  if (process.stdin.isTTY !== true) return refuse("genesis-hash", "Cannot join: no hash is given", "arguments", remedy)
  const hash = toHex(genesisHash(readInputFile(genesis)))
  const answer = await ask(`The genesis has the hash\n  ${hash}\nType its last 8 digits as they were told to you: `)
  if (answer.trim().toLowerCase() === hash.slice(-8)) return fromHex(hash)
  return refuse("genesis-hash", "Cannot join: that is not the hash of this genesis", "terminal", remedy)
}

/** Takes the number that the founders or the members gave, and writes the identity with it. */
export async function takeNumber(directory: string, startKey: string, text: string): Promise<number> {
  const number = organizationNumber(text)
  const config = setNumber(directory, number)
  const identity = await withOrganization(config, startKey, (opened) => identityOf(opened, config))
  replaceFile(joinPath(directory, identityFileName), encodeIdentity(identity))
  return number
}

export const joinCommand: Command = {
  summary: "Settles a directory in a community that it founds or joins",
  usage: "join --dir DIR --community FILE --genesis FILE --genesis-hash HEX",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string" },
        number: { type: "string" },
        community: { type: "string" },
        genesis: { type: "string" },
        "genesis-hash": { type: "string" },
        trust: { type: "string" },
        "state-sync": { type: "boolean" },
        out: { type: "string" },
        ...startKeyOptions,
      },
    })
    const { community, genesis } = values
    const given = resolve(values.dir ?? refuse("arguments", "Cannot join: no directory is named", "dir", "--dir DIR"))
    if (!existsSync(given))
      refuse("config-absent", "Cannot join: there is no such directory", given, "countersign init")
    const startKey = await startKeyOf(given, values)
    const number = values.number === undefined ? undefined : await takeNumber(given, startKey, values.number)
    if (community === undefined || genesis === undefined) {
      if (number === undefined || community !== undefined || genesis !== undefined)
        refuse(
          "arguments",
          "Cannot join: both files of the invitation are needed",
          "arguments",
          `countersign ${joinCommand.usage}`,
        )
      screen.say(`${screen.good("NUMBERED")}  organization ${number}; its identity is written anew`)
      return { value: { organization: number, settled: false } }
    }
    const value = await joinCommunity({
      directory: given,
      startKey,
      community,
      genesis,
      genesisHash: await toldHash(values["genesis-hash"], genesis),
      trust: values.trust,
      stateSync: values["state-sync"] === true,
      out: values.out,
    })
    show(screen, value)
    return { value }
  },
}
