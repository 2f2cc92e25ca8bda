/**
 * How long sealed things may look. Ciphertext tells its length to whoever carries it, so content is padded to few steps
 * before it is sealed: what is left to see is “a bundle”, “a letter of about 2 KiB”, “an image”.
 *
 * Padding is ISO/IEC 7816-4: content ‖ 80 ‖ 00…, so content stays at the front and no length is stored.
 */

const KiB = 1024
const MiB = 1024 * KiB

/** Padmé (Nikitin et al., PETS 2019): keeps the leading bits of a length; at most 12 % more, log log n bits shown. */
export function padme(length: number): number {
  if (length < 2) return length
  const exponent = Math.floor(Math.log2(length))
  const kept = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** Math.max(exponent - kept, 0)
  return Math.ceil(length / step) * step
}

const entrySteps = [4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB]

/** Padded size of a record entry: 4, 16, 64, 256 KiB, 1 MiB, then Padmé. */
export function entrySize(length: number): number {
  return entrySteps.find((step) => length <= step) ?? padme(length)
}

/** Padded size of a bundle: a power of two from 16 KiB. */
export function bundleSize(length: number): number {
  let size = 16 * KiB
  while (size < length) size *= 2
  return size
}

/** Padded size of a letter: 1, 2, 4 KiB, then Padmé, since a letter may carry a bundle that is padded already. */
export function letterSize(length: number): number {
  let size = KiB
  while (size < length && size < 4 * KiB) size *= 2
  return length <= size ? size : padme(length)
}

/** Content and its padding; `sizeStep` says how long the whole may be for a least length. */
export function pad(content: Uint8Array, sizeStep: (length: number) => number): Uint8Array {
  const padded = new Uint8Array(sizeStep(content.length + 1))
  padded.set(content)
  padded[content.length] = 0x80
  return padded
}

/** The content, as a view of the same memory; undefined where there is no padding to take off. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  return padded[end] === 0x80 ? padded.subarray(0, end) : undefined
}
