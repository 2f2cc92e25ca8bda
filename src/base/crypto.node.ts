/** The primitives on a node: OpenSSL for hashes, libsodium for signatures and points. */
import { hash } from "node:crypto"
import sumo from "libsodium-wrappers-sumo"
import sodium from "sodium-native"
import { mayVerify } from "./edwards.ts"

await sumo.ready

const digestBytes = Buffer.alloc(32)

export function sha256(bytes: Uint8Array): Uint8Array {
  // The one-shot hash as hex, written into its place, costs half of one that returns a buffer.
  digestBytes.write(hash("sha256", bytes, "hex"), "hex")
  return new Uint8Array(digestBytes)
}

export function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha512", bytes, "buffer"))
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export function toUtf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "utf8"))
}

export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const keyBytes = Buffer.alloc(256)

export function mapKey(bytes: Uint8Array): string {
  // Through one buffer that stays: a view of each key would cost more than its copy.
  if (bytes.length > keyBytes.length) return Buffer.from(bytes).toString("latin1")
  keyBytes.set(bytes)
  return keyBytes.toString("latin1", 0, bytes.length)
}

export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  // The library may return undefined without verifying: only `true` counts.
  return mayVerify(publicKey, signature) && sodium.crypto_sign_verify_detached(signature, message, publicKey) === true
}

export function isSigningKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && sodium.crypto_core_ed25519_is_valid_point(publicKey) === true
}

function keyPair(seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } {
  const publicKey = Buffer.alloc(32)
  const secretKey = Buffer.alloc(64)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return { publicKey: new Uint8Array(publicKey), secretKey }
}

export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return keyPair(seed).publicKey
}

export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { secretKey } = keyPair(seed)
  const signature = Buffer.alloc(64)
  sodium.crypto_sign_detached(signature, message, secretKey)
  secretKey.fill(0)
  return new Uint8Array(signature)
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

export function isPoint(point: Uint8Array): boolean {
  return point.length === 32 && !isZero(point) && sumo.crypto_core_ristretto255_is_valid_point(point)
}

export function addPoints(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sumo.crypto_core_ristretto255_add(a, b)
}

export function subtractPoints(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sumo.crypto_core_ristretto255_sub(a, b)
}

export function multiplyPoint(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  // libsodium throws on a zero scalar and on the identity as a result.
  if (isZero(scalar) || isZero(point)) return new Uint8Array(32)
  return sumo.crypto_scalarmult_ristretto255(scalar, point)
}

export function multiplyBase(scalar: Uint8Array): Uint8Array {
  return isZero(scalar) ? new Uint8Array(32) : sumo.crypto_scalarmult_ristretto255_base(scalar)
}

export function pointFromHash(bytes: Uint8Array): Uint8Array {
  return sumo.crypto_core_ristretto255_from_hash(bytes)
}
