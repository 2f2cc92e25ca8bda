/**
 * A node's certificate: its transport key (Ed25519), signed by itself. Nobody reads a name or a date in it. The other
 * side knows the key by its pin, the SHA-256 of the SubjectPublicKeyInfo (RFC 7469's pin), and the organization's
 * `operate` key says whose pin it is.
 *
 * The form is fixed, so the few bytes of DER (RFC 5280, RFC 8410) are written here; `certificate.test.ts` has OpenSSL
 * read them.
 */
import type { X509Certificate } from "node:crypto"
import { publicKeyOf, sha256, sign, toUtf8, verifySignature } from "#crypto"
import { concat } from "../base/bytes.ts"
import { digestInput } from "../base/digest.ts"
import { keyId } from "../base/envelope.ts"

/** What a node shows in a handshake. The same seed gives the same bytes. */
export interface Certificate {
  /** Private key, PKCS #8 in PEM. */
  readonly key: string
  /** X.509 certificate in PEM. */
  readonly certificate: string
  /** SHA-256 of the public key's SubjectPublicKeyInfo; 32 bytes. */
  readonly pin: Uint8Array
}

const [integer, bitString, octetString, utf8String, utcTime, generalizedTime] = [2, 3, 4, 12, 23, 24]
const [sequence, set, version] = [0x30, 0x31, 0xa0]

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return concat(Uint8Array.of(tag, ...size), content)
}

const algorithm = der(sequence, Uint8Array.of(0x06, 0x03, 0x2b, 0x65, 0x70))
const commonName = Uint8Array.of(0x06, 0x03, 0x55, 0x04, 0x03)
const name = der(sequence, der(set, der(sequence, commonName, der(utf8String, toUtf8("countersign node")))))
/** From long ago, and without end (RFC 5280, 4.1.2.5): the pin ends when the organization's word for it ends. */
const validity = der(sequence, der(utcTime, toUtf8("200101000000Z")), der(generalizedTime, toUtf8("99991231235959Z")))

function publicKeyInfo(publicKey: Uint8Array): Uint8Array {
  return der(sequence, algorithm, der(bitString, Uint8Array.of(0), publicKey))
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString("base64")
    .match(/.{1,64}/g)!
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`
}

/** @param seed - of the transport key, 32 bytes. */
export function certificateOf(seed: Uint8Array): Certificate {
  const info = publicKeyInfo(publicKeyOf(seed))
  const pin = sha256(info)
  // Positive, and of 16 bytes whatever the pin is.
  const serial = pin.slice(0, 16)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  const v3 = der(version, der(integer, Uint8Array.of(2)))
  const signed = der(sequence, v3, der(integer, serial), algorithm, name, validity, name, info)
  const certificate = der(sequence, signed, algorithm, der(bitString, Uint8Array.of(0), sign(seed, signed)))
  const key = der(sequence, der(integer, Uint8Array.of(0)), algorithm, der(octetString, der(octetString, seed)))
  return { key: pem("PRIVATE KEY", key), certificate: pem("CERTIFICATE", certificate), pin }
}

/** The pin of whatever certificate the other side has shown, of any key type. */
export function pinOf(certificate: X509Certificate): Uint8Array {
  return sha256(certificate.publicKey.export({ type: "spki", format: "der" }))
}

/** Length of a proof: the `operate` key's 32 bytes, then its signature. */
export const transportProofBytes = 96

/** An organization's word that a pin is its own: its `operate` key and that key's signature. */
export function proveTransport(operateSeed: Uint8Array, organization: number, pin: Uint8Array): Uint8Array {
  return concat(publicKeyOf(operateSeed), sign(operateSeed, digestInput("transport", organization, pin)))
}

/**
 * The key (with its key-type tag) that says so, or undefined where the signature is not good. Whether that key is the
 * organization's is the ledger's to say.
 */
export function transportSigner(organization: number, pin: Uint8Array, proof: Uint8Array): Uint8Array | undefined {
  if (proof.length !== transportProofBytes) return undefined
  const key = proof.subarray(0, 32)
  const good = verifySignature(key, digestInput("transport", organization, pin), proof.subarray(32))
  return good ? keyId(key) : undefined
}
