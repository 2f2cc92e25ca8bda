/**
 * Telling the others of new keys. A notice is a sealed letter signed by the sender's `operate` key; whoever reads it
 * holds it against its own copy of the ledger before it lists the new addresses, and answers that it did. Until that
 * answer is here the notice goes out again: a node that had not yet heard of the new key drops the letter.
 */
import { setTimeout as wait } from "node:timers/promises"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { nodeId } from "../../engine/comet/home.ts"
import { legStates } from "../../ledger/rows.ts"
import { ageRecipient } from "../../record/age-keys.ts"
import { generateNodeKey } from "../../record/bundle-sealing.ts"
import type { LetterBody, MailboxAddress } from "../../record/letter.ts"
import { certificateOf, proveTransport } from "../certificate.ts"
import type { NodeContext } from "../context.ts"
import type { Entry } from "../directory.ts"
import type { MemberFile } from "../payer/member-file.ts"
import { allVisits } from "../provider/visit-file.ts"
import { registerDoors } from "../register-doors.ts"
import type { Work } from "../work.ts"

type Notice = LetterBody<"keys-changed">

/** How many times this node has told of new keys. */
const counter = "key-notices"
const own = "order"
/** Organization → the newest order that it says it has taken over. */
const taken = "keys-taken"
/** `ORDER-MAILBOX` → true, once the letter is in the outbox. */
const toldPatients = "keys-told"
/** Organization → the newest notice taken from it. */
const newest = "keys-order"

interface Taken {
  readonly order: number
  /** The key that signed it. */
  readonly key: Uint8Array
}
const lookMs = 100
/** Looks between two letters to one that does not answer. */
const roundsBetween = 8
/** Answers to nothing. */
const noThread = new Uint8Array(32)

/** What this node says of itself now. */
async function noticeOf(node: NodeContext, order: number): Promise<Notice> {
  const { config, keys } = node
  const { publicKey } = await generateNodeKey(keys.seed("sealing"))
  const pin = config.tls === true ? certificateOf(keys.seed("transport")).pin : undefined
  return {
    order,
    sealingKey: publicKey,
    recipient: await ageRecipient(keys.seed("records")),
    transport: pin,
    transportProof: pin && proveTransport(keys.seed("operate"), config.organization, pin),
    peer: config.consensus === true ? keys.publicKey("peer") : undefined,
    shown: undefined,
  }
}

/** The order of the newest notice of this node; 0 before its first. */
export function noticeOrder(work: Work): number {
  return work.get<number>(counter, own) ?? 0
}

/** Makes the next notice one of its own: the keys have changed again. */
export async function nextNotice(work: Work): Promise<number> {
  const order = noticeOrder(work) + 1
  await work.put(counter, own, order)
  return order
}

/** Organizations that are listed and have not said yet that they have the keys of this rotation, or newer ones. */
export function untold({ config, directory, work }: NodeContext, order: number): readonly number[] {
  return directory
    .all()
    .map(({ organization }) => organization)
    .filter((number) => number !== config.organization && (work.get<number>(taken, String(number)) ?? 0) < order)
}

/**
 * Tells every listed organization, and waits for their answers.
 *
 * @param patienceMs - after that whoever has not answered is left for later: `tellOn` goes on at the next start.
 * @returns who has not answered yet.
 */
export async function tellOrganizations(
  node: NodeContext,
  order: number,
  patienceMs: number,
): Promise<readonly number[]> {
  const notice = await noticeOf(node, order)
  const end = performance.now() + patienceMs
  for (let round = 0; ; round++) {
    const open = untold(node, order)
    if (open.length === 0) return open
    // A letter that still waits to be posted needs no second one beside it.
    if (round % roundsBetween === 0)
      for (const organization of open)
        if (!node.mail.waitsFor(organization)) await node.mail.send(organization, "keys-changed", notice, noThread)
    if (performance.now() >= end) return open
    await wait(lookMs, undefined, { ref: false })
  }
}

/** Whose visits are open here, as far as this node knows where their letters go. */
function openMailboxes({ config, work, chain }: NodeContext): readonly MailboxAddress[] {
  if (config.kind === "payer")
    return work.rows<MemberFile>("members").flatMap(([, { mailbox }]) => (mailbox === undefined ? [] : [mailbox]))
  if (config.kind !== "provider") return []
  const { visits } = chain.tables()
  return allVisits(work).flatMap(({ visit, address }) => {
    const row = visits.get({ V: visit, provider: config.organization })
    const legs = row?.legs ?? []
    const isOver =
      legs.length > 0 && legs.every(({ state }) => state === legStates.paid || state === legStates.released)
    return isOver ? [] : [address.mailbox]
  })
}

/** At a start: whoever had not answered is told again; their answers come when they come. */
export async function tellOn(node: NodeContext): Promise<void> {
  const order = noticeOrder(node.work)
  if (order > 0 && untold(node, order).length > 0) await tellOrganizations(node, order, 0)
}

/** Tells the patients of open visits, once each. They see the ledger's word for the key that signs. Returns how many. */
export async function tellPatients(node: NodeContext, order: number): Promise<number> {
  const { chain, keys, mail, work } = node
  const mailboxes = openMailboxes(node).filter(({ handle }) => !work.has(toldPatients, `${order}-${toHex(handle)}`))
  if (mailboxes.length === 0) return 0
  const id = toHex(keyId(keys.publicKey("operate")))
  const shown = (await registerDoors(chain)("keys", { id }))?.proof
  const notice = { ...(await noticeOf(node, order)), shown }
  for (const mailbox of mailboxes) {
    await mail.send(mailbox, "keys-changed", notice, noThread)
    await work.put(toldPatients, `${order}-${toHex(mailbox.handle)}`, true)
  }
  return mailboxes.length
}

/** The entry with what a notice says; undefined where it says less than is listed already. */
function changed(node: NodeContext, entry: Entry, notice: Notice): Entry | undefined {
  const { sealingKey, transport, transportProof, peer } = notice
  if (entry.transport !== undefined && (transport === undefined || transportProof === undefined)) return undefined
  const { consensus } = entry
  const isKnown = peer !== undefined && isPeerOf(node, peer, entry.organization)
  return {
    ...entry,
    sealingKey,
    transport,
    transportProof,
    consensus: consensus && isKnown ? { ...consensus, id: nodeId(peer) } : consensus,
  }
}

/**
 * Whether a notice is older than the one that was taken. A key that has ended does not hold up its successor, whatever
 * order it has named; nor does one that was registered before.
 */
function isLate({ chain }: NodeContext, known: Taken | undefined, now: Taken): boolean {
  if (known === undefined) return false
  if (equalBytes(known.key, now.key)) return now.order < known.order
  const { keys } = chain.tables()
  const [before, after] = [keys.get({ key: known.key }), keys.get({ key: now.key })]
  return before !== undefined && chain.hour < before.until && (after?.from ?? 0) < before.from
}

/** A key without any role, in force for this organization: what opens the network. */
function isPeerOf({ chain }: NodeContext, peer: Uint8Array, organization: number): boolean {
  const row = chain.tables().keys.get({ key: keyId(peer) })
  return row?.org === organization && row.roles === 0 && row.from <= chain.hour && chain.hour < row.until
}

/** Every organization reads notices, and the answers to its own. */
export function receiveNotices(node: NodeContext): void {
  const { directory, mail, work } = node
  mail.on("keys-changed", async ({ sender, thread }, notice, key) => {
    const entry = directory.all().find(({ organization }) => organization === sender)
    const now: Taken = { order: notice.order, key }
    if (entry === undefined || isLate(node, work.get<Taken>(newest, String(sender)), now)) return
    const { signer: _, ...listed } = entry
    const next = changed(node, listed, notice)
    if (next === undefined) return
    // Refuses a pin for which no key of that organization, in force here, gives its word.
    const entries = directory.replace(next)
    await Promise.all([work.put("directory", "entries", entries), work.put(newest, String(sender), now)])
    await mail.send(sender, "keys-taken", { order: notice.order }, thread)
  })
  mail.on("keys-taken", async ({ sender }, { order }) => {
    if (sender !== 0)
      await work.put(taken, String(sender), Math.max(order, work.get<number>(taken, String(sender)) ?? 0))
  })
}
