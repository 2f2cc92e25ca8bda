/**
 * The scene before the visit: seven organizations found a community, a board enrols the practitioner, the payer
 * publishes its plan with two others' approval, and the bank books the payer's deposit. Every step is a transaction.
 */
import { randomBytes } from "node:crypto"
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { Fault } from "../../base/fault.ts"
import { Refused } from "../../base/refusal.ts"
import { foundCommunity } from "../../node/founding.ts"
import type { KeyUse } from "../../node/keys.ts"
import { signWith } from "../../node/keys.ts"
import { decodeAnchor, type TrustAnchor } from "../../verify/trust.ts"
import type { Organization } from "../../wallet/post.ts"
import type { AttachedNetwork } from "../network/file.ts"
import type { Community, Members } from "./community.ts"
import type { DeskClient } from "./desk-client.ts"
import { operatorNumber, organizations } from "./organizations.ts"
import type { PlanFiles } from "./plan-files.ts"

export const roles = { clinic: 1, hospital: 2, payer: 3, bank: 4, board: 5, regulator: 6, association: 7 } as const

interface Identity {
  readonly organization: number
  readonly keys: Readonly<Partial<Record<KeyUse, string>>>
  readonly sealingKey: string
  readonly transport?: string
  readonly transportProof?: string
}

export interface Setting {
  readonly community: Members
  readonly chainId: string
  readonly genesis: Uint8Array
  readonly organizations: ReadonlyMap<number, Organization>
}

export interface Practitioner {
  readonly id: Uint8Array
  /** The person's own key: it stays with the person. */
  readonly seed: Uint8Array
}

const identitiesOf = (community: Members) => Promise.all(community.nodes.map((node) => node.get<Identity>("/identity")))

/** Where letters to the organizations go, as a wallet keeps it. */
function addressBook(community: Members, identities: readonly Identity[]): Map<number, Organization> {
  return new Map(
    identities.map(({ organization, sealingKey, transport }) => {
      const pin = transport === undefined ? {} : { transport: fromHex(transport) }
      const { url } = community.node(organization)
      return [organization, { number: organization, url, sealingKey: fromHex(sealingKey), ...pin }]
    }),
  )
}

/** Tells every node where the others are: addresses change whenever a node starts. */
async function introduce(community: Community): Promise<Map<number, Organization>> {
  const identities = await identitiesOf(community)
  const list = identities.map(({ organization, sealingKey, transport, transportProof }) => {
    const { member, url } = community.node(organization)
    return { organization, name: member.name, kind: member.kind, url, sealingKey, transport, transportProof }
  })
  await Promise.all(community.nodes.map((node) => node.desk("list-organizations", { organizations: list })))
  return addressBook(community, identities)
}

/** A community that others founded and run. */
export async function join(community: Members & Pick<AttachedNetwork, "chainId" | "genesis">): Promise<Setting> {
  const { chainId, genesis } = community
  return { community, chainId, genesis, organizations: addressBook(community, await identitiesOf(community)) }
}

/** @param start - seconds since 1970 at which the chain's clock begins. */
export async function found(community: Community, start: number): Promise<Setting> {
  const listed = await introduce(community)
  const identities = await Promise.all(community.nodes.map((node) => node.get<Identity>("/identity")))
  const chainId = `countersign-demo-${randomBytes(4).toString("hex")}`
  const founders = identities.map(({ organization, keys }) => {
    const { name, kind, group } = organizations.find(({ number }) => number === organization)!
    const entries = Object.entries(keys).map(([use, key]) => [use, fromHex(key!)] as const)
    return { number: organization, name, kind, group, keys: Object.fromEntries(entries) }
  })
  const terms = { chainId, currency: "usd", validators: [operatorNumber], k: 18, startHour: Math.floor(start / 3600) }
  const genesis = foundCommunity(founders, terms)
  const body = { genesis: toHex(genesis), start, operator: operatorNumber }
  await community.node(operatorNumber).desk("found", body)
  await Promise.all(community.nodes.map((node) => node.desk("found", body)))
  await caughtUp(community)
  return { community, chainId, genesis, organizations: listed }
}

/** After a restart: the same chain from the same disks, at new addresses. */
export async function resume(before: Setting, community: Community): Promise<Setting> {
  const listed = await introduce(community)
  await community.node(operatorNumber).desk("resume")
  await Promise.all(community.nodes.map((node) => node.desk("resume")))
  await caughtUp(community)
  return { ...before, organizations: listed }
}

const patienceMs = 60_000

/** Waits until every node has the last block that any of them had when asked. */
export async function caughtUp(community: Members): Promise<void> {
  const head = async (node: DeskClient) => (await node.get<{ height: number }>("/health")).height
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    const target = Math.max(...(await Promise.all(community.nodes.map(head))))
    const heights = await Promise.all(community.nodes.map(head))
    if (target > 0 && heights.every((height) => height >= target)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Fault("Cannot go on: a node does not follow the others", { retryable: true })
}

/** The board enrols the licence; the clinic gets a desk key that the person engages. */
export async function engagePractitioner(
  { community, chainId }: Setting,
  clinic: number,
  licence: string,
): Promise<Practitioner> {
  const seed = new Uint8Array(randomBytes(32))
  const board = community.node(roles.board)
  const key = toHex(keyId(publicKeyOf(seed)))
  const prepared = await board.desk<{ payload: string; practitioner: string }>("prepare-enrolment", { licence, key })
  const possessed = signWith(seed, "possessed", chainId, fromHex(prepared.payload))
  await board.desk("enrol", { payload: prepared.payload, ...possessed })
  await engageAt(community.node(clinic), { chainId, seed, practitioner: prepared.practitioner })
  return { id: fromHex(prepared.practitioner), seed }
}

async function engageAt(
  clinic: DeskClient,
  { chainId, seed, practitioner }: { chainId: string; seed: Uint8Array; practitioner: string },
): Promise<void> {
  const { payload } = await clinic.desk<{ payload: string }>("prepare-desk-key", { practitioner })
  const engaged = signWith(seed, "engaged", chainId, fromHex(payload))
  await clinic.desk("register-desk-key", { payload, practitioner, ...engaged })
}

/** The payer publishes; regulator and patient association have read the plan and approve. Gives the plan's digest. */
export async function publishPlan({ community }: Setting, plan: PlanFiles): Promise<Uint8Array> {
  const pack = {
    bytes: toHex(plan.bytes),
    tables: plan.tables.map(({ name, bytes }) => ({ name, bytes: toHex(bytes) })),
  }
  const payer = community.node(roles.payer)
  const prepared = await payer.desk<{ payload: string; plan: string }>("prepare-plan", pack)
  const approvals = await Promise.all(
    [roles.regulator, roles.association].map((number) =>
      community.node(number).desk("approve-plan", { ...pack, payload: prepared.payload }),
    ),
  )
  try {
    await payer.desk("publish-plan", { payload: prepared.payload, approvals })
  } catch (error) {
    // A network that told the story before has it.
    if (!(error instanceof Refused && error.refusal.code === "plan-known")) throw error
  }
  return fromHex(prepared.plan)
}

export async function deposit({ community }: Setting, to: number, amount: bigint): Promise<void> {
  await community.node(roles.bank).desk("deposit", { to, amount, reference: randomBytes(8).toString("hex") })
  await caughtUp(community)
}

function mustTurn({ turnable }: Members): void {
  if (!turnable) throw new Fault("Cannot turn the clock: this network's time is the real one")
}

export async function turnClock({ community }: Setting, seconds: number): Promise<void> {
  mustTurn(community)
  await community.node(operatorNumber).desk("turn-clock", { seconds })
  await caughtUp(community)
}

/** The same in one block, for days in which nobody writes: they count as lost time, so no deadline comes nearer. */
export async function leapClock({ community }: Setting, seconds: number): Promise<void> {
  mustTurn(community)
  await community.node(operatorNumber).desk("leap-clock", { seconds })
  await caughtUp(community)
}

export async function anchorOf({ community }: Setting): Promise<{ bytes: Uint8Array; anchor: TrustAnchor }> {
  const { anchor } = await community.node(roles.regulator).desk<{ anchor: string }>("anchor")
  return { bytes: fromHex(anchor), anchor: decodeAnchor(fromHex(anchor)) }
}
