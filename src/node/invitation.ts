/**
 * The two files that organizations hand to one another: the identity of one, which it writes of itself, and the
 * invitation of a community: which chain it is, and where its members are. Both are public, and neither is believed:
 * each member vouches for its own address key, and the hash of the genesis is told apart.
 */
import { equalBytes, fromHex, toHex } from "../base/bytes.ts"
import { keyId } from "../base/envelope.ts"
import { toJson } from "../base/json.ts"
import { refuse } from "../base/refusal.ts"
import type { PeerAddress } from "../engine/comet/home.ts"
import { decodeGenesis, type Genesis } from "../ledger/constitution/genesis.ts"
import { isRejection } from "../ledger/rejection.ts"
import { openTables } from "../ledger/state.ts"
import { transportProofBytes, transportSigner } from "./certificate.ts"
import { type OrganizationKind, organizationKinds } from "./config.ts"
import { Fields } from "./desk.ts"
import type { Entry } from "./directory.ts"
import { type KeyUse, usesOf } from "./keys.ts"
import { rolesOfUse } from "./registrations.ts"

/** What an organization says of itself. */
export interface Identity {
  readonly name: string
  readonly kind: OrganizationKind
  /** Absent until founders or members have given it a number. */
  readonly organization?: number
  readonly url: string
  readonly keys: Readonly<Partial<Record<KeyUse, Uint8Array>>>
  readonly sealingKey: Uint8Array
  /** Whom its records are sealed for. */
  readonly recipient: string
  readonly transport: Uint8Array
  readonly transportProof?: Uint8Array
  readonly consensus?: PeerAddress
}

export interface Invitation {
  readonly chainId: string
  /** SHA-256 of the genesis file. */
  readonly genesis: Uint8Array
  /** Seconds since 1970. */
  readonly start: number
  /** The organization that operates the embedded engine; 0 where several run consensus. */
  readonly operator: number
  readonly organizations: readonly Entry[]
}

const format = "countersign-community/1"
const identityFormat = "countersign-identity/1"

function parse(text: string, at: string): Fields {
  try {
    return new Fields(JSON.parse(text), at)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return refuse("invitation", "Cannot read file: it is no JSON", at, "Ask for the file again")
  }
}

function formatOf(fields: Fields, wanted: string, at: string): void {
  if (fields.text("format") !== wanted)
    refuse("invitation", `Cannot read file: it is no ${wanted}`, at, "Check which file this is")
}

function kindOf(fields: Fields, at: string): OrganizationKind {
  const kind = fields.text("kind")
  if (Object.hasOwn(organizationKinds, kind)) return kind as OrganizationKind
  return refuse("invitation", "Cannot read file: no such kind of organization", `${at}.kind`, "Ask for the file again")
}

function urlOf(fields: Fields, at: string): string {
  const url = fields.text("url")
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol === "https:" && parsed.pathname === "/" && parsed.username === "") return url.replace(/\/$/, "")
  return refuse("invitation", "Cannot read file: the address is no https one", `${at}.url`, "As https://host:port")
}

function consensusOf(fields: Fields): PeerAddress {
  const { id, host } = { id: fields.text("id"), host: fields.text("host") }
  const good = /^[0-9a-f]{40}$/.test(id) && /^[A-Za-z0-9.:-]{1,253}$/.test(host)
  if (good) return { id, host, port: fields.integer("port", { least: 1, most: 65_535 }) }
  return refuse("invitation", "Cannot read file: the consensus address has another form", "consensus", "Ask again")
}

export function encodeIdentity(identity: Identity): string {
  return `${toJson({ format: identityFormat, ...identity })}\n`
}

/** @throws Refused when it does not read, lacks a key of its kind, or does not vouch for its own address key. */
export function readIdentity(text: string, at: string): Identity {
  const fields = parse(text, at)
  formatOf(fields, identityFormat, at)
  const kind = kindOf(fields, at)
  const keys = fields.object("keys")
  const organization = fields.has("organization") ? fields.organization("organization") : undefined
  const identity: Identity = {
    name: fields.text("name"),
    kind,
    ...(organization === undefined ? {} : { organization }),
    url: urlOf(fields, at),
    keys: Object.fromEntries(usesOf(kind).map((use) => [use, keys.bytes(use, 32)])),
    sealingKey: fields.bytes("sealingKey"),
    recipient: fields.text("recipient"),
    transport: fields.bytes("transport", 32),
    ...(fields.has("transportProof") ? { transportProof: fields.bytes("transportProof", transportProofBytes) } : {}),
    ...(fields.has("consensus") ? { consensus: consensusOf(fields.object("consensus")) } : {}),
  }
  if (!/^[a-z0-9-]{1,40}$/.test(identity.name))
    refuse("invitation", "Cannot read file: the name has another form", `${at}.name`, "Ask for the file again")
  if (organization !== undefined) checkProof(identity, organization, at)
  return identity
}

function checkProof({ keys, transport, transportProof }: Identity, organization: number, at: string): void {
  const signer = transportProof && transportSigner(organization, transport, transportProof)
  const operate = keys.operate
  if (signer !== undefined && operate !== undefined && equalBytes(signer, keyId(operate))) return
  refuse("identity-unproven", "Cannot take identity: its own key does not vouch for its address key", at, "Ask again")
}

/** How other nodes list an organization that has a number. */
export function entryOf(identity: Identity & { readonly organization: number }): Entry {
  const { organization, name, kind, url, sealingKey, transport, transportProof, consensus } = identity
  return { organization, name, kind, url, sealingKey, transport, transportProof, consensus }
}

export function encodeInvitation(invitation: Invitation): string {
  return `${toJson({ format, ...invitation })}\n`
}

/** @throws Refused when it does not read. Whether it is true of a genesis, `checkInvitation` says. */
export function readInvitation(text: string, at: string): Invitation {
  const fields = parse(text, at)
  formatOf(fields, format, at)
  return {
    chainId: fields.text("chainId"),
    genesis: fields.bytes("genesis", 32),
    start: fields.integer("start"),
    operator: fields.integer("operator", { most: 65_535 }),
    organizations: fields.objects("organizations").map((entry, i) => ({
      organization: entry.organization("organization"),
      name: entry.text("name"),
      kind: kindOf(entry, `${at}.organizations[${i}]`),
      url: urlOf(entry, `${at}.organizations[${i}]`),
      sealingKey: entry.bytes("sealingKey"),
      transport: entry.bytes("transport", 32),
      transportProof: entry.bytes("transportProof", transportProofBytes),
      consensus: entry.has("consensus") ? consensusOf(entry.object("consensus")) : undefined,
    })),
  }
}

/**
 * Checks an invitation against the genesis that came with it. Members who were admitted since are in no genesis: their
 * word is looked at again when the ledger is here.
 *
 * @param told - the hash of the genesis, as it was told by another way than this file.
 * @throws Refused when the genesis is another one, or a founder's address key is not vouched for by its own key.
 */
export function checkInvitation(invitation: Invitation, file: Uint8Array, told: Uint8Array): Genesis {
  const genesis = decodeGenesis(file)
  if (isRejection(genesis)) return refuse(genesis.code, genesis.message, "genesis", "Ask for the file again")
  if (!equalBytes(genesis.hash, told)) {
    const remedy = "Do not go on: ask who told you the hash, and who gave you the file"
    refuse("genesis-other", `Cannot join: this genesis has the hash ${toHex(genesis.hash)}`, "genesis", remedy)
  }
  if (!equalBytes(invitation.genesis, told) || invitation.chainId !== genesis.chainId)
    refuse("genesis-other", "Cannot join: the invitation is to another chain", "community", "Ask for both files again")
  const tables = openTables(genesis.state)
  for (const { organization, name, transport, transportProof } of invitation.organizations) {
    const signer = transport && transportProof && transportSigner(organization, transport, transportProof)
    const founder = tables.organizations.get({ org: organization })
    const row = signer && tables.keys.get({ key: signer })
    const isTrue = founder === undefined || (founder.name === name && row?.org === organization)
    if (signer !== undefined && isTrue) continue
    refuse(
      "identity-unproven",
      `Cannot join: organization ${organization} does not vouch for its address key`,
      "community",
      "Ask that organization for its identity",
    )
  }
  return genesis
}

/**
 * Whether an organization is among a genesis' founders.
 * @throws Refused when its number is another's there, or one of its keys is missing.
 */
export function isFounder(genesis: Genesis, { organization, name, kind, keys }: Identity): boolean {
  if (organization === undefined) return false
  const tables = openTables(genesis.state)
  const row = tables.organizations.get({ org: organization })
  if (row === undefined) return false
  const remedy = "Check the number; a lost directory is restored from a backup"
  if (row.name !== name || row.kind !== organizationKinds[kind])
    refuse(
      "founder-other",
      `Cannot join: organization ${organization} of the genesis is another one`,
      "genesis",
      remedy,
    )
  for (const [use, key] of Object.entries(keys) as [KeyUse, Uint8Array][]) {
    if (use === "validator") continue
    const known = tables.keys.get({ key: keyId(key) })
    if (known?.org !== organization || known.roles !== rolesOfUse(use))
      refuse("founder-other", `Cannot join: the genesis does not have this directory's ${use} key`, "genesis", remedy)
  }
  return true
}

/** What a member puts to the vote to admit an organization: the body of its desk's `propose`. */
export function admissionOf({ name, kind, keys, organization }: Identity) {
  const number = organization === undefined ? {} : { organization }
  const admin = keys.admin
  if (admin === undefined) return refuse("invitation", "Cannot propose: no admin key", "keys.admin", "Write it again")
  const fields = { ...number, name, key: toHex(keyId(admin)) }
  return kind === "licence-board"
    ? { action: "admit-board", fields }
    : { action: "admit", fields: { ...fields, kind: kind as string } }
}

/** `HEIGHT:HASH`, as a member tells it. */
export function readTrust(text: string): { readonly height: number; readonly hash: Uint8Array } {
  const [, height, hash] = /^([1-9]\d{0,14}):([0-9a-fA-F]{64})$/.exec(text) ?? []
  if (height === undefined || hash === undefined)
    return refuse("trust", "Cannot read trust hash: it has another form", "trust", "As HEIGHT:64 hex digits")
  return { height: Number(height), hash: fromHex(hash.toLowerCase()) }
}
