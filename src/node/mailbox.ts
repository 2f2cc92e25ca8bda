/**
 * How parties talk: sealed letters in signed envelopes, posted from node to node. An envelope is idempotent by its
 * digest, delivered at least once, tried again until the other side has it on disk, and read in order of arrival.
 * Wallets have no node: their letters wait here under a one-time handle until the handle's key asks for them.
 */
import { setTimeout as wait } from "node:timers/promises"
import { sha256, verifySignature } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { EncodingError, encode } from "../base/cbor.ts"
import { decodeEnvelope, encodeEnvelope, keyId, meanings, type Signature, toSign } from "../base/envelope.ts"
import { Fault } from "../base/fault.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { b32, decodeAs, encodeAs, opt, type StructCodec, struct } from "../base/schema.ts"
import { decodePayload, encodePayload, mailBody, mailType } from "../ledger/envelopes.ts"
import { mailInfo, sealFor } from "../record/bundle-sealing.ts"
import {
  type Letter,
  type LetterBody,
  type LetterKind,
  letter,
  letterBodies,
  type MailboxAddress,
} from "../record/letter.ts"
import type { KeyRing } from "./keys.ts"
import { openForNode } from "./open-sealed.ts"
import { type Address, type Answer, type Ask, plainRequest, type Request } from "./transport.ts"
import type { Work } from "./work.ts"

/** Asking for the letters of a handle: signed by the handle itself. */
export const drainType = "drain/1"
export const drainBody = struct({
  handle: b32,
  /** SHA-256 of the last envelope that arrived: it and those before it may go. */
  received: opt(b32),
})

const retryMs = [50, 200, 1000, 5000]
const lettersAtOnce = 256
/** Hours that an envelope is remembered as seen; longer than any mail is good for. */
const rememberedHours = 48

export interface Correspondent extends Address {
  readonly sealingKey: Uint8Array
}

/** What the mailbox asks of the rest of the node. */
export interface MailSurroundings {
  readonly organization: number
  readonly keys: KeyRing
  readonly work: Work
  /** How letters are posted; plain HTTP on loopback when absent. */
  readonly request?: Request
  chainId(): string
  /** The chain that this one carries on: letters that were on their way when it moved are good until they expire. */
  former?(): string | undefined
  hour(): number
  correspondent(organization: number): Correspondent | undefined
  /** Whether this key may sign mail for this organization, by the ledger's registry. */
  maySend(key: Uint8Array, organization: number): boolean
}

/** A refusal will not get better by repeating it; an outage will, and a quota when its time has passed. */
function afterPost({ status, retryAfter }: Answer): { readonly done: boolean; readonly waitMs?: number } {
  if (status === 429) return { done: false, waitMs: Math.min(retryAfter ?? 1, 60) * 1000 }
  return { done: status >= 200 && status < 500 }
}

/** `key` signed the envelope: an organization's, or a wallet's one-time mailbox handle (with its key-type tag). */
export type LetterHandler = (letter: Letter, body: never, key: Uint8Array) => Promise<void>

export class Mailbox {
  readonly #around: MailSurroundings
  readonly #handlers = new Map<string, LetterHandler>()
  /** Kinds whose handlers look themselves at whose key signed. */
  readonly #judged = new Set<string>()
  #reading: Promise<void> = Promise.resolve()
  readonly #arriving = new Map<string, Promise<void>>()
  readonly #delivering = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #sequence = 0
  #prunedAt = 0

  constructor(around: MailSurroundings) {
    this.#around = around
  }

  /** @param judges - the handler looks itself at whose key signed; else an organization's must, by this copy. */
  on<K extends LetterKind>(
    kind: K,
    handler: (letter: Letter, body: LetterBody<K>, key: Uint8Array) => Promise<void>,
    judges = false,
  ): void {
    this.#handlers.set(kind, handler as LetterHandler)
    if (judges) this.#judged.add(kind)
  }

  /** Goes on where the last run stopped: reads what waits, sends what was not delivered. */
  resume(): void {
    for (const [id] of this.#around.work.rows<Uint8Array>("inbox")) this.#read(id)
    for (const [id, value] of this.#around.work.rows<Uint8Array>("outbox")) this.#goOn(id, value)
  }

  /** Takes up nothing more: a letter that is being read or posted now is read or posted at the next start. */
  stop(): void {
    this.#stop.abort()
  }

  /** After `stop`: waits until nothing of this mailbox touches the disk any more. */
  async rest(): Promise<void> {
    await Promise.all([this.#reading, ...this.#delivering, ...this.#arriving.values()])
  }

  /** Waits until every letter that has arrived so far is read. */
  idle(): Promise<void> {
    return this.#reading
  }

  /** Accepts an envelope: on disk before this returns, read afterwards. */
  async receive(envelope: Uint8Array): Promise<void> {
    const { to, expiry } = this.#verify(envelope)
    this.#checkExpiry(expiry)
    const digest = toHex(sha256(envelope))
    if (this.#around.work.has("mail-seen", digest)) return
    // The same envelope may be posted again before the disk has the first.
    const arriving = this.#arriving.get(digest) ?? this.#keep(envelope, to, digest)
    this.#arriving.set(digest, arriving)
    try {
      await arriving
    } finally {
      this.#arriving.delete(digest)
    }
  }

  async #keep(envelope: Uint8Array, to: number | Uint8Array, digest: string): Promise<void> {
    const order = `${String(Date.now()).padStart(15, "0")}-${String(this.#sequence++).padStart(9, "0")}-${digest}`
    const mine = to === this.#around.organization
    if (!mine && typeof to === "number") {
      refuse(
        "mail-not-mine",
        "Cannot accept mail: it is for another organization",
        "to",
        "Post it to that organization's node",
      )
    }
    const [collection, id] = mine ? ["inbox", order] : ["waiting", `${toHex(to as Uint8Array)}-${order}`]
    await Promise.all([
      this.#around.work.put(collection!, id!, envelope),
      this.#around.work.put("mail-seen", digest, this.#around.hour()),
    ])
    if (mine) this.#read(order)
    await this.#prune()
  }

  /** Mail is good for a day, so what was seen longer ago need not be remembered. */
  #checkExpiry(expiry: number): void {
    const hour = this.#around.hour()
    if (expiry <= hour) refuse("mail-expired", "Cannot accept mail: it has expired", "expiry", "Write it again")
    // Its writer knows a later block than this node: once the blocks are here it is good.
    if (expiry > hour + rememberedHours)
      throw new Fault("Cannot accept mail yet: this node is behind", { retryable: true })
  }

  /** Once an hour: letters that nobody fetched in time, and the memory of envelopes that cannot come again. */
  async #prune(): Promise<void> {
    const { work } = this.#around
    const hour = this.#around.hour()
    if (hour === this.#prunedAt) return
    this.#prunedAt = hour
    const isOld = (envelope: Uint8Array) =>
      decodePayload(mailType, mailBody, decodeEnvelope(envelope, 1).payload).expiry <= hour
    const late = work.rows<Uint8Array>("waiting").filter(([, envelope]) => isOld(envelope))
    const forgotten = work.rows<number>("mail-seen").filter(([, seen]) => seen + rememberedHours < hour)
    await Promise.all([
      ...late.map(([id]) => work.remove("waiting", id)),
      ...forgotten.map(([id]) => work.remove("mail-seen", id)),
    ])
  }

  #verify(envelope: Uint8Array): { to: number | Uint8Array; sealed: Uint8Array; key: Uint8Array; expiry: number } {
    try {
      const { payload, signatures } = decodeEnvelope(envelope, 1)
      const { body, expiry } = decodePayload(mailType, mailBody, payload)
      const [signature] = signatures
      const { chainId, former } = this.#names()
      const names = former === undefined ? [chainId] : [chainId, former]
      if (signature!.meaning === meanings.mailed && names.some((name) => this.#good(signature!, payload, name))) {
        return { to: body.to, sealed: body.sealed, key: signature!.key, expiry }
      }
    } catch {
      // Whatever is wrong with it, the answer is the same.
    }
    return refuse(
      "mail-bad",
      "Cannot accept mail: not a signed mail envelope of this chain",
      "body",
      "Sign it as mail/1",
    )
  }

  #names() {
    return { chainId: this.#around.chainId(), former: this.#around.former?.() }
  }

  #good(signature: Signature, payload: Uint8Array, chainId: string): boolean {
    const message = toSign(chainId, signature.header, payload)
    return verifySignature(signature.key.subarray(1), message, signature.signature)
  }

  #read(id: string): void {
    this.#reading = this.#reading.then(() => this.#readOne(id)).catch((error: unknown) => this.#unread(id, error))
  }

  /** A letter that is wrong is dropped; where the world failed it stays and is read at the next start. */
  async #unread(id: string, error: unknown): Promise<void> {
    if (error instanceof EncodingError || error instanceof Refused) return this.#around.work.remove("inbox", id)
    if (error instanceof Fault) return
    // Our own mistake: the process must not go on as if nothing had happened.
    setImmediate(() => {
      throw error
    })
  }

  async #readOne(id: string): Promise<void> {
    const envelope = this.#around.work.get<Uint8Array>("inbox", id)
    if (envelope === undefined || this.#stop.signal.aborted) return
    const { sealed, key } = this.#verify(envelope)
    const opened = await openForNode(this.#around.keys, mailInfo, sealed)
    if (opened !== undefined) await this.#dispatch(opened, key)
    await this.#around.work.remove("inbox", id)
  }

  async #dispatch(opened: Uint8Array, key: Uint8Array): Promise<void> {
    const content = decodeAs(letter, opened)
    // A letter that claims an organization must be signed by it.
    const isJudged = this.#judged.has(content.kind)
    if (content.sender !== 0 && !isJudged && !this.#around.maySend(key, content.sender)) return
    const handler = this.#handlers.get(content.kind)
    const codec = (letterBodies as Readonly<Record<string, StructCodec<unknown>>>)[content.kind]
    if (handler !== undefined && codec !== undefined)
      await handler(content, decodeAs(codec, content.body) as never, key)
  }

  /** Seals, signs and posts; resolves once the letter is in the outbox on disk, and delivery goes on by itself. */
  async send<K extends LetterKind>(
    to: number | MailboxAddress,
    kind: K,
    body: LetterBody<K>,
    thread: Uint8Array,
  ): Promise<void> {
    const { organization, keys, work } = this.#around
    const content = encodeAs(letter, {
      kind,
      sender: organization,
      thread,
      answerTo: undefined,
      body: encodeAs(letterBodies[kind] as unknown as StructCodec<LetterBody<K>>, body),
    })
    const host = typeof to === "number" ? to : to.host
    const sealingKey = typeof to === "number" ? this.#around.correspondent(to)?.sealingKey : to.sealingKey
    if (sealingKey === undefined) {
      return refuse(
        "organization-address",
        "Cannot send mail: no address of that organization",
        "to",
        "Register its address",
      )
    }
    const sealed = await sealFor(sealingKey, mailInfo, content)
    const address = typeof to === "number" ? to : to.handle
    const payload = encodePayload(mailType, this.#around.hour() + 24, mailBody, { to: address, sealed })
    const envelope = encodeEnvelope(payload, [keys.sign("operate", "mailed", this.#around.chainId(), payload)])
    const id = `${host}-${toHex(sha256(envelope))}`
    await work.put("outbox", id, envelope)
    this.#goOn(id, envelope)
  }

  /**
   * Signs whatever waits to be posted with the key of now: what a revoked key has signed, nobody reads. A letter that
   * the other side has already, and this one does not know it, is read twice there, as any that is posted again.
   */
  async signAnew(): Promise<void> {
    const { keys, work } = this.#around
    for (const [id, envelope] of work.rows<Uint8Array>("outbox")) {
      const { payload, signatures } = decodeEnvelope(envelope, 1)
      if (equalBytes(signatures[0]!.key, keyId(keys.publicKey("operate")))) continue
      const anew = encodeEnvelope(payload, [keys.sign("operate", "mailed", this.#around.chainId(), payload)])
      const next = `${id.split("-")[0]}-${toHex(sha256(anew))}`
      await Promise.all([work.put("outbox", next, anew), work.remove("outbox", id)])
      this.#goOn(next, anew)
    }
  }

  /** Whether a letter to this organization still waits to be posted. */
  waitsFor(organization: number): boolean {
    return this.#around.work.rows("outbox", `${organization}-`).length > 0
  }

  #goOn(id: string, envelope: Uint8Array): void {
    const delivery = this.#deliver(id, envelope).finally(() => this.#delivering.delete(delivery))
    this.#delivering.add(delivery)
  }

  async #deliver(id: string, envelope: Uint8Array): Promise<void> {
    const host = Number(id.split("-")[0])
    const { signal } = this.#stop
    // One that was signed anew meanwhile goes out under its new id.
    for (let attempt = 0; !signal.aborted && this.#around.work.has("outbox", id); attempt++) {
      const { done, waitMs = 0 } = await this.#post(host, envelope)
      if (done) return this.#around.work.remove("outbox", id)
      const pause = Math.max(waitMs, retryMs[Math.min(attempt, retryMs.length - 1)]!)
      await wait(pause, undefined, { ref: false, signal }).catch(() => {})
    }
  }

  async #post(host: number, envelope: Uint8Array): Promise<{ readonly done: boolean; readonly waitMs?: number }> {
    if (host === this.#around.organization) {
      await this.receive(envelope)
      return { done: true }
    }
    const correspondent = this.#around.correspondent(host)
    if (correspondent === undefined) return { done: false }
    const { request = plainRequest } = this.#around
    const headers = { "content-type": "application/cbor" }
    const ask: Ask = {
      method: "POST",
      headers,
      body: envelope,
      signal: this.#stop.signal,
      pin: correspondent.transport,
    }
    try {
      return afterPost(await request(`${correspondent.url}/mail`, ask))
    } catch {
      return { done: false }
    }
  }

  /**
   * The letters of a wallet's handle, oldest first: a CBOR array of envelopes. They stay until a later request names the
   * last one that arrived, so a lost answer loses nothing and a repeated request changes nothing.
   */
  async drain(request: Uint8Array): Promise<Uint8Array> {
    const { handle, received } = this.#verifyDrain(request)
    const rows = this.#around.work.rows<Uint8Array>("waiting", toHex(handle))
    const arrived = received === undefined ? -1 : rows.findIndex(([id]) => id.endsWith(toHex(received)))
    await Promise.all(rows.slice(0, arrived + 1).map(([id]) => this.#around.work.remove("waiting", id)))
    return encode(rows.slice(arrived + 1, arrived + 1 + lettersAtOnce).map(([, envelope]) => envelope))
  }
  #verifyDrain(request: Uint8Array): { readonly handle: Uint8Array; readonly received: Uint8Array | undefined } {
    try {
      const { payload, signatures } = decodeEnvelope(request, 1)
      const { body, expiry } = decodePayload(drainType, drainBody, payload)
      const signature = signatures[0]!
      const signed =
        equalBytes(signature.key.subarray(1), body.handle) && this.#good(signature, payload, this.#around.chainId())
      if (signed && this.#around.hour() < expiry) return body
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error
    }
    return refuse(
      "drain-unsigned",
      "Cannot hand out mail: not signed by its handle, or expired",
      "signature",
      "Sign with the handle's key",
    )
  }
}
