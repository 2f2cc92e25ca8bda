/** The same primitives where there is no native code: noble's. Slower, same verdicts. */
import { ed25519, ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js"
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js"
import { isCanonicalNotSmall, mayVerify } from "./edwards.ts"

export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

export function sha512(bytes: Uint8Array): Uint8Array {
  return nobleSha512(bytes)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

export function mapKey(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

const Ed = ed25519.Point
const order = Ed.Fn.ORDER

function number(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!mayVerify(publicKey, signature)) return false
  try {
    const key = Ed.fromBytes(publicKey)
    const r = signature.subarray(0, 32)
    const joined = new Uint8Array(64 + message.length)
    joined.set(r)
    joined.set(publicKey, 32)
    joined.set(message, 64)
    const challenge = number(nobleSha512(joined)) % order
    const s = number(signature.subarray(32))
    // Cofactorless, compared as bytes: libsodium's verdict, not noble's default.
    const expected = Ed.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(challenge)).toBytes()
    return expected.every((byte, i) => byte === r[i])
  } catch {
    return false
  }
}

export function isSigningKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || !isCanonicalNotSmall(publicKey)) return false
  try {
    return Ed.fromBytes(publicKey).isTorsionFree()
  } catch {
    return false
  }
}

export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed)
}

export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed)
}

const Ristretto = ristretto255.Point

export function isPoint(point: Uint8Array): boolean {
  if (point.length !== 32 || point.every((byte) => byte === 0)) return false
  try {
    Ristretto.fromBytes(point)
    return true
  } catch {
    return false
  }
}

export function addPoints(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Ristretto.fromBytes(a).add(Ristretto.fromBytes(b)).toBytes()
}

export function subtractPoints(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Ristretto.fromBytes(a).subtract(Ristretto.fromBytes(b)).toBytes()
}

export function multiplyPoint(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  return Ristretto.fromBytes(point).multiplyUnsafe(number(scalar)).toBytes()
}

export function multiplyBase(scalar: Uint8Array): Uint8Array {
  return Ristretto.BASE.multiplyUnsafe(number(scalar)).toBytes()
}

export function pointFromHash(bytes: Uint8Array): Uint8Array {
  return ristretto255_hasher.deriveToCurve!(bytes).toBytes()
}
