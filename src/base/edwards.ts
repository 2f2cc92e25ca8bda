/** What the signature rule checks before any library is asked: canonical encodings and the small-order table. */

/** Group order L of edwards25519 and ristretto255, little-endian. */
const order = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0x10,
]

/** Whether 32 bytes at `offset` are a little-endian number below the group order. */
export function isScalar(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = bytes[offset + i]! - order[i]!
    if (difference !== 0) return difference < 0
  }
  return false
}

/** y-coordinates of the points of order 1, 2, 4, 8 (the sign bit cleared), as in libsodium's own block list. */
const smallOrder: readonly (readonly number[])[] = [
  [0],
  [1],
  [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
    0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
  ],
  [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
  ],
  [0xec, ...new Array<number>(30).fill(0xff), 0x7f],
]

/** Whether the 32 bytes at `offset` encode y < p, and are none of the eight small-order points. */
export function isCanonicalNotSmall(bytes: Uint8Array, offset = 0): boolean {
  // y >= p = 2^255 - 19 only if all middle bytes are ff and the ends say so.
  if ((bytes[offset + 31]! & 0x7f) === 0x7f && bytes[offset]! >= 0xed) {
    let all = true
    for (let i = 1; i < 31; i++) if (bytes[offset + i] !== 0xff) all = false
    if (all) return false
  }
  for (const y of smallOrder) {
    let same = (bytes[offset + 31]! & 0x7f) === (y[31] ?? 0)
    for (let i = 0; same && i < 31; i++) if (bytes[offset + i] !== (y[i] ?? 0)) same = false
    if (same) return false
  }
  return true
}

/** The stateless half of the signature rule. */
export function mayVerify(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === 32 &&
    signature.length === 64 &&
    isScalar(signature, 32) &&
    isCanonicalNotSmall(signature) &&
    isCanonicalNotSmall(publicKey)
  )
}
