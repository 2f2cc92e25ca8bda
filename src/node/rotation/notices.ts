/**
 * Telling the others of new keys. A notice is a sealed letter signed by the sender's `operate` key; whoever reads it
 * holds it against its own copy of the ledger before it lists the new addresses, and answers that it did. Until that
 * answer is here the notice goes out again: a node that had not yet heard of the new key drops the letter.
 */
import { setTimeout as wait } from "node:timers/promises"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { nodeId } from "../../engine/comet/home.ts"
import { roles } from "../../ledger/roles.ts"
import { type KeyRow, legStates } from "../../ledger/rows.ts"
import { ageRecipient } from "../../record/age-keys.ts"
import { generateNodeKey } from "../../record/bundle-sealing.ts"
import type { LetterBody, MailboxAddress } from "../../record/letter.ts"
import { openRegisterPage } from "../../verify/register-page.ts"
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
/** Organization → the key by whose notice its entry stands, with its key-type tag. */
const vouching = "keys-by"
/** Organization → a key for mail that a later header has proven than this node had. */
const believed = "keys-ahead"
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

/** With the ledger's own word, and its proof, for the key that signs it. */
async function shownNotice(node: NodeContext, order: number): Promise<Notice> {
  const id = toHex(keyId(node.keys.publicKey("operate")))
  const shown = (await registerDoors(node.chain)("keys", { id }))?.proof
  return { ...(await noticeOf(node, order)), shown }
}

/** Organizations that are listed and have not said yet that they have the keys of this rotation, or newer ones. */
export function untold({ config, directory, work }: NodeContext, order: number): readonly number[] {
  return directory
    .all()
    .map(({ organization }) => organization)
    .filter((number) => number !== config.organization && (work.get<number>(taken, String(number)) ?? 0) < order)
}

/** This node's own entry says the same of it as its notice. */
async function listItself(node: NodeContext, order: number): Promise<void> {
  const { config, directory, work } = node
  const entry = directory.all().find(({ organization }) => organization === config.organization)
  if (entry === undefined) return
  const { signer: _, ...listed } = entry
  const next = changed(node, listed, await noticeOf(node, order))
  if (next !== undefined && !isListed(listed, next)) await work.put("directory", "entries", directory.replace(next))
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
  await listItself(node, order)
  if (untold(node, order).length === 0) return []
  const notice = await shownNotice(node, order)
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
  const { mail, work } = node
  const mailboxes = openMailboxes(node).filter(({ handle }) => !work.has(toldPatients, `${order}-${toHex(handle)}`))
  if (mailboxes.length === 0) return 0
  const notice = await shownNotice(node, order)
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

/** The ledger's row of a key for mail: as this copy has it, or as a later header proves it. */
interface Speaking {
  readonly row: KeyRow
  /** Not here yet: the sender's own blocks may be what is missing, and its old door is closed. */
  readonly ahead: boolean
}

/** Whether the key that signed a notice is its sender's for mail, now; undefined where nothing shows it. */
function speakingFor({ chain }: NodeContext, sender: number, key: Uint8Array, { shown }: Notice): Speaking | undefined {
  const isFor = ({ org, roles: given }: KeyRow) => org === sender && (given & roles.operate) !== 0
  const here = chain.tables().keys.get({ key })
  if (here !== undefined)
    return isFor(here) && here.from <= chain.hour && chain.hour < here.until ? { row: here, ahead: false } : undefined
  const page = shown && openRegisterPage(shown, chain.anchor)
  if (page === undefined || !("rows" in page) || page.at.height <= chain.height) return undefined
  const hour = Math.floor(page.at.seconds / 3600)
  for (const { table, key: name, value } of page.rows)
    if (table === "keys" && equalBytes(name.key, key) && value !== undefined && isFor(value) && hour < value.until)
      return { row: value, ahead: true }
  return undefined
}

/**
 * Whether a key may speak anew for its organization's addresses: only one that the ledger has put in the place of the
 * key that spoke before. So nobody who has stolen the key for mail alone can turn an organization's letters, or its
 * place among the members, away from it: that takes its admin's signature on the ledger.
 */
function isSuccessor(
  { chain }: NodeContext,
  before: Uint8Array | undefined,
  now: Uint8Array,
  { row, ahead }: Speaking,
) {
  if (before === undefined) return true
  if (equalBytes(before, now)) return false
  const old = chain.tables().keys.get({ key: before })
  // What this copy has not got yet came after all that it has.
  if (old === undefined || ahead) return true
  return row.until > old.until || (row.until === old.until && row.from > old.from)
}

/** Whether an entry says already what a notice would make of it: whoever did not hear the answer asks again. */
function isListed(entry: Entry, next: Entry): boolean {
  const same = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
    a === undefined || b === undefined ? a === b : equalBytes(a, b)
  return (
    same(entry.sealingKey, next.sealingKey) &&
    same(entry.transport, next.transport) &&
    same(entry.transportProof, next.transportProof) &&
    entry.consensus?.id === next.consensus?.id
  )
}

/** A key without any role, in force for this organization: what opens the network. */
function isPeerOf({ chain }: NodeContext, peer: Uint8Array, organization: number): boolean {
  const row = chain.tables().keys.get({ key: keyId(peer) })
  return row?.org === organization && row.roles === 0 && row.from <= chain.hour && chain.hour < row.until
}

/** Kept until the blocks that have it are here, and after: then this copy's own row of the key counts. */
async function believe({ directory, work }: NodeContext, organization: number, key: Uint8Array): Promise<void> {
  await work.put(believed, String(organization), key)
  directory.believe(organization, key)
}

/** Every organization reads notices, and the answers to its own. */
export function receiveNotices(node: NodeContext): void {
  const { directory, mail, work } = node
  for (const [organization, key] of work.rows<Uint8Array>(believed)) directory.believe(Number(organization), key)
  mail.on(
    "keys-changed",
    async ({ sender, thread }, notice, key) => {
      const entry = directory.all().find(({ organization }) => organization === sender)
      const speaking = speakingFor(node, sender, key, notice)
      if (entry === undefined || speaking === undefined) return
      const { signer, ...listed } = entry
      const next = changed(node, listed, notice)
      if (next === undefined) return
      if (!isListed(listed, next)) {
        if (!isSuccessor(node, work.get<Uint8Array>(vouching, String(sender)) ?? signer, key, speaking)) return
        if (speaking.ahead) await believe(node, sender, key)
        // Refuses a pin for which no key of that organization, in force here, gives its word.
        const entries = directory.replace(next)
        await Promise.all([work.put("directory", "entries", entries), work.put(vouching, String(sender), key)])
      }
      await mail.send(sender, "keys-taken", { order: notice.order }, thread)
    },
    true,
  )
  mail.on("keys-taken", async ({ sender }, { order }) => {
    if (sender === 0) return
    const known = work.get<number>(taken, String(sender)) ?? 0
    await work.put(taken, String(sender), Math.max(order, known))
    // It has heard of an earlier rotation while a later one was made.
    const last = noticeOrder(work)
    if (Math.max(order, known) < last) await mail.send(sender, "keys-changed", await shownNotice(node, last), noThread)
  })
}
