/**
 * The wallet's letters: sealed to an organization's node, signed by a one-time key, answered into a one-time mailbox.
 * A wallet has no node of its own; its mailboxes stand at one that it trusts to keep, not to read.
 */
import { publicKeyOf, sha256 } from "#crypto"
import { decode } from "../base/cbor.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { b32, decodeAs, encodeAs, opt, type StructCodec, struct } from "../base/schema.ts"
import { decodePayload, encodePayload, mailBody, mailType, signPayload } from "../ledger/envelopes.ts"
import { mailboxSealingSeed, mailboxSeed } from "../privacy/keys.ts"
import { generateNodeKey, mailInfo, openSealed, sealFor } from "../record/bundle-sealing.ts"
import {
  type Letter,
  type LetterBody,
  type LetterKind,
  letter,
  letterBodies,
  type MailboxAddress,
} from "../record/letter.ts"

/** An organization as the community's directory lists it. */
export interface Organization {
  readonly number: number
  readonly url: string
  /** X-Wing public key that letters to it are sealed to. */
  readonly sealingKey: Uint8Array
  /** SHA-256 of its node's TLS public key (SubjectPublicKeyInfo), for whoever can compare it; browsers cannot. */
  readonly transport?: Uint8Array
}

/** As much of `fetch` as posting takes: in Node, one that compares the node's key with the pin stands in for it. */
export type Fetch = (
  url: string,
  init: {
    readonly method: "POST"
    readonly headers: Readonly<Record<string, string>>
    readonly body: Uint8Array<ArrayBuffer>
  },
) => Promise<Pick<Response, "ok" | "status" | "arrayBuffer">>

/** One of the wallet's one-time mailboxes. */
export interface Mailbox {
  readonly index: number
  readonly handleSeed: Uint8Array
  readonly sealingPrivateKey: Uint8Array
  readonly address: MailboxAddress
  /** Digest of the last envelope fetched from it. */
  received: Uint8Array | undefined
}

export async function openMailbox(seed: Uint8Array, index: number, host: number): Promise<Mailbox> {
  const handleSeed = mailboxSeed(seed, index)
  const { privateKey, publicKey } = await generateNodeKey(mailboxSealingSeed(seed, index))
  const address = { host, handle: publicKeyOf(handleSeed), sealingKey: publicKey }
  return { index, handleSeed, sealingPrivateKey: privateKey, address, received: undefined }
}

/** What a letter is written with: the chain it speaks of and the block hour, by which mail expires. */
export interface Writing {
  readonly chainId: string
  readonly hour: number
  readonly thread: Uint8Array
  readonly from: Mailbox
}

/** A letter as a signed envelope, ready to post. */
export async function writeLetter<K extends LetterKind>(
  to: Organization,
  kind: K,
  body: LetterBody<K>,
  { chainId, hour, thread, from }: Writing,
): Promise<Uint8Array> {
  const codec = letterBodies[kind] as unknown as StructCodec<LetterBody<K>>
  const content = encodeAs(letter, { kind, sender: 0, thread, answerTo: from.address, body: encodeAs(codec, body) })
  const sealed = await sealFor(to.sealingKey, mailInfo, content)
  const payload = encodePayload(mailType, hour + 24, mailBody, { to: to.number, sealed })
  return signPayload(chainId, payload, [{ signer: { seed: from.handleSeed }, meaning: "mailed" }])
}

/** @throws Fault when the node cannot be reached; Refused when it will not take the letter. */
export async function post(url: string, envelope: Uint8Array, via: Fetch = fetch): Promise<void> {
  const response = await request(`${url}/mail`, envelope, via)
  if (!response.ok) refuse("mail-refused", "Cannot deliver letter: the node refused it", url, "Check the address")
}

async function request(url: string, body: Uint8Array, via: Fetch): ReturnType<Fetch> {
  try {
    return await via(url, {
      method: "POST",
      headers: { "content-type": "application/cbor" },
      body: new Uint8Array(body),
    })
  } catch (cause) {
    throw new Fault(`Cannot reach ${url}`, { retryable: true, cause })
  }
}

const drainBody = struct({ handle: b32, received: opt(b32) })

/** Fetches and opens what waits in a mailbox. What does not open is left out: anybody may post rubbish. */
export async function drain(
  mailbox: Mailbox,
  url: string,
  at: { readonly chainId: string; readonly hour: number },
  via: Fetch = fetch,
): Promise<Letter[]> {
  const payload = encodePayload("drain/1", at.hour + 1, drainBody, {
    handle: mailbox.address.handle,
    received: mailbox.received,
  })
  const order = { signer: { seed: mailbox.handleSeed }, meaning: "mailed" } as const
  const response = await request(`${url}/mail/drain`, signPayload(at.chainId, payload, [order]), via)
  if (!response.ok) refuse("drain-refused", "Cannot fetch letters: the node refused", url, "Check the block hour")
  const envelopes = decode(new Uint8Array(await response.arrayBuffer()))
  const letters: Letter[] = []
  for (const envelope of Array.isArray(envelopes) ? envelopes : []) {
    mailbox.received = sha256(envelope as Uint8Array)
    const opened = await openEnvelope(mailbox, envelope as Uint8Array)
    if (opened !== undefined) letters.push(opened)
  }
  return letters
}

async function openEnvelope(mailbox: Mailbox, envelope: Uint8Array): Promise<Letter | undefined> {
  try {
    const { body } = decodePayload(mailType, mailBody, decodeEnvelope(envelope, 1).payload)
    const opened = await openSealed(mailbox.sealingPrivateKey, mailInfo, body.sealed)
    return opened && decodeAs(letter, opened)
  } catch {
    return undefined
  }
}

/** The content of a letter of a known kind. @throws EncodingError when it is not one. */
export function bodyOf<K extends LetterKind>(kind: K, { body }: Letter): LetterBody<K> {
  return decodeAs(letterBodies[kind] as unknown as StructCodec<LetterBody<K>>, body)
}
