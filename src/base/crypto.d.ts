/**
 * The few primitives that differ by platform: one shape, a file for Node (`crypto.node.ts`) and one for
 * browsers (`crypto.browser.ts`). Both obey the same rules; `crypto.test.ts` runs them against each other.
 */

/** SHA-256 (FIPS 180-4); 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array
/** SHA-512 (FIPS 180-4); 64 bytes. */
export function sha512(bytes: Uint8Array): Uint8Array

/** UTF-8 both ways. `fromUtf8` gives undefined for bytes that are not UTF-8. */
export function toUtf8(text: string): Uint8Array
export function fromUtf8(bytes: Uint8Array): string | undefined
/** A short string that is equal exactly when the bytes are: a key for a Map, never printed. */
export function mapKey(bytes: Uint8Array): string

/**
 * The ledger's Ed25519 rule: 64 bytes, S below the group order, A and R canonical and not of small order, then the
 * cofactorless equation compared byte for byte. False for anything else, never a throw.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
/** Whether 32 bytes are a canonical Ed25519 point of the prime-order group, the identity excluded. For registration. */
export function isSigningKey(publicKey: Uint8Array): boolean
/** The public key of a 32-byte Ed25519 seed (RFC 8032). */
export function publicKeyOf(seed: Uint8Array): Uint8Array
/** RFC 8032 Ed25519 signature, 64 bytes. */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array

/** Whether 32 bytes are a canonical ristretto255 point, the identity excluded. */
export function isPoint(point: Uint8Array): boolean
/** ristretto255 (RFC 9496). The identity is 32 zero bytes and is accepted and returned by all three. */
export function addPoints(a: Uint8Array, b: Uint8Array): Uint8Array
export function subtractPoints(a: Uint8Array, b: Uint8Array): Uint8Array
/** `scalar` · `point`; scalar little-endian, below the group order, zero allowed. */
export function multiplyPoint(scalar: Uint8Array, point: Uint8Array): Uint8Array
/** `scalar` · the base point. */
export function multiplyBase(scalar: Uint8Array): Uint8Array
/** The one-way map of RFC 9496 section 4.3.4 from 64 uniform bytes. */
export function pointFromHash(bytes: Uint8Array): Uint8Array
