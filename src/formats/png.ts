/**
 * A grey picture as PNG (W3C PNG, third edition) without compression: stored deflate blocks, so that the same picture
 * is the same bytes everywhere.
 */

import { toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}

const word = (value: number) => new Uint8Array([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = concat(toUtf8(type), data)
  return concat(word(data.length), named, word(crc32(named)))
}

/** `grey(x, y)` gives 0 (black) to 255 (white); the picture has at most 65,535 bytes before wrapping. */
export function greyPng(width: number, height: number, grey: (x: number, y: number) => number): Uint8Array {
  const rows = new Uint8Array((width + 1) * height)
  assert(rows.length <= 65535, "the picture fits one stored block")
  // Each row begins with its filter: 0, none.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = Math.max(0, Math.min(255, Math.floor(grey(x, y))))
  }
  const size = rows.length
  const stored = new Uint8Array([0x78, 0x01, 0x01, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255])
  const header = concat(word(width), word(height), new Uint8Array([8, 0, 0, 0, 0]))
  return concat(
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", concat(stored, rows, word(adler32(rows)))),
    chunk("IEND", new Uint8Array(0)),
  )
}
