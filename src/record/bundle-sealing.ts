/**
 * Sealing to one reader: bundles, letters, visit addresses, grants. HPKE (RFC 9180) base mode with X-Wing (ML-KEM-768
 * and X25519 together, so that what is copied today stays closed when one of them falls), HKDF-SHA256, AES-256-GCM.
 *
 * Sealed form: suite byte ‖ encapsulated key (1,120 bytes) ‖ ciphertext. `info` binds it to its purpose: bytes sealed
 * under one info do not open under another. HPKE base mode names no sender; who wrote it is signed inside or around.
 */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core"
import { XWing } from "@hpke/hybridkem-x-wing"
import { toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"
import { bundleSize, letterSize, pad, unpad } from "./size-steps.ts"

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** X-Wing, HKDF-SHA256, AES-256-GCM. Authenticated with the content, so a byte of it cannot change its meaning. */
const suiteByte = Uint8Array.of(1)
const encapsulatedLength = 1120
const publicKeyLength = 1216
const privateKeyLength = 32
const tagLength = 16

export interface NodeKey {
  /** 32 bytes: the X-Wing seed. */
  readonly privateKey: Uint8Array
  /** 1,216 bytes. */
  readonly publicKey: Uint8Array
}

/** The info of letters between nodes and wallets. */
export const mailInfo: Uint8Array = toUtf8("countersign/1/mail")

/** The info of a bundle: it opens only as the bundle of this statement. */
export function bundleInfo(statementId: Uint8Array): Uint8Array {
  assert(statementId.length === 32, "a statement id is 32 bytes")
  return concat(toUtf8("countersign/1/bundle"), statementId)
}

/** The X-Wing key pair of a 32-byte uniform seed; the same seed gives the same pair. */
export async function generateNodeKey(seed: Uint8Array): Promise<NodeKey> {
  assert(seed.length === privateKeyLength, "a sealing key is made from a seed of 32 bytes")
  const pair = await kem.generateKeyPairDerand(seed.slice())
  const publicKey = new Uint8Array(await kem.serializePublicKey(pair.publicKey))
  return { privateKey: seed.slice(), publicKey }
}

/**
 * Seals to a reader's public key, padded to a step of `sizeStep` (letters' by default).
 * @throws TypeError unless the key is 1,216 bytes.
 */
export async function sealFor(
  publicKey: Uint8Array,
  info: Uint8Array,
  content: Uint8Array,
  sizeStep: (length: number) => number = letterSize,
): Promise<Uint8Array> {
  if (publicKey.length !== publicKeyLength) throw new TypeError("Cannot seal: not an X-Wing public key")
  // Copies: the library reads `.buffer`, which for a view is more than the view.
  const recipientPublicKey = await kem.deserializePublicKey(publicKey.slice())
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: info.slice() }, pad(content, sizeStep), suiteByte)
  return concat(suiteByte, new Uint8Array(enc), new Uint8Array(ct))
}

/**
 * What was sealed to this key under this info; undefined for anything else. The bytes may come from an adversary:
 * there is no throw, and one answer for every way in which they can be wrong.
 */
export async function openSealed(
  privateKey: Uint8Array,
  info: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  assert(privateKey.length === privateKeyLength, "a sealing key is 32 bytes")
  const bodyStart = 1 + encapsulatedLength
  if (sealed.length < bodyStart + tagLength || sealed[0] !== suiteByte[0]) return undefined
  const recipientKey = await kem.deserializePrivateKey(privateKey.slice())
  try {
    const enc = sealed.slice(1, bodyStart)
    const padded = await suite.open({ recipientKey, enc, info: info.slice() }, sealed.slice(bodyStart), suiteByte)
    return unpad(new Uint8Array(padded))
  } catch {
    return undefined
  }
}

/** A bundle, sealed to a payer's node key for the statement it explains. */
export function sealBundle(publicKey: Uint8Array, statementId: Uint8Array, bundle: Uint8Array): Promise<Uint8Array> {
  return sealFor(publicKey, bundleInfo(statementId), bundle, bundleSize)
}

export function openBundle(
  privateKey: Uint8Array,
  statementId: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  return openSealed(privateKey, bundleInfo(statementId), sealed)
}
