/**
 * The frames of the ABCI socket since CometBFT 0.35: the message's length as an unsigned base-128 number, then the
 * message. The stream may be cut anywhere, also inside the length.
 */
import { AbciFault } from "./abci-fault.ts"

/** Bytes a message may have unless told otherwise: 64 MiB, three times CometBFT's largest default block. */
export const defaultMaxFrameBytes = 64 * 1024 * 1024

/** A message with its length before it. */
export function frame(message: Uint8Array): Uint8Array {
  const prefix: number[] = []
  let rest = message.length
  while (rest >= 128) {
    prefix.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  prefix.push(rest)
  const out = new Uint8Array(prefix.length + message.length)
  out.set(prefix)
  out.set(message, prefix.length)
  return out
}

/** Cuts a stream into messages. Keeps the pieces as they came until a message is whole: it costs what was received. */
export class FrameReader {
  readonly #maxBytes: number
  readonly #pieces: Uint8Array[] = []
  #buffered = 0
  /** Of the message that is under way; undefined while its length is not known. */
  #length: number | undefined
  #lengthDigits = 0
  #lengthSoFar = 0

  constructor(maxBytes: number = defaultMaxFrameBytes) {
    this.#maxBytes = maxBytes
  }

  /** Bytes received and not yet given out. */
  get buffered(): number {
    return this.#buffered
  }

  /** Takes the next bytes of the stream. They are not copied and must not change while a message of them is in use. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    this.#buffered += bytes.length
  }

  /**
   * The next whole message, or undefined until more is pushed. It is a view of what was pushed where that held it
   * whole. Throws an `AbciFault` for a length of more than ten digits or above the cap; the stream is lost then.
   */
  next(): Uint8Array | undefined {
    const length = this.#length ?? this.#readLength()
    this.#length = length
    if (length === undefined || this.#buffered < length) return undefined
    this.#length = undefined
    return this.#take(length)
  }

  #readLength(): number | undefined {
    while (this.#buffered > 0) {
      const digit = this.#take(1)[0]!
      if (this.#lengthDigits === 10) throw new AbciFault("a frame's length has no end")
      this.#lengthSoFar += (digit & 127) * 2 ** (7 * this.#lengthDigits++)
      if (this.#lengthSoFar > this.#maxBytes) throw new AbciFault("a frame is longer than allowed")
      if (digit >= 128) continue
      const length = this.#lengthSoFar
      this.#lengthDigits = 0
      this.#lengthSoFar = 0
      return length
    }
    return undefined
  }

  #take(length: number): Uint8Array {
    this.#buffered -= length
    const first = this.#pieces[0]
    if (first === undefined || length === 0) return new Uint8Array(0)
    if (first.length >= length) return this.#takeFromFirst(first, length)
    const out = new Uint8Array(length)
    let at = 0
    while (at < length) {
      const piece = this.#pieces[0]!
      const part = this.#takeFromFirst(piece, Math.min(piece.length, length - at))
      out.set(part, at)
      at += part.length
    }
    return out
  }

  #takeFromFirst(piece: Uint8Array, length: number): Uint8Array {
    if (piece.length === length) this.#pieces.shift()
    else this.#pieces[0] = piece.subarray(length)
    return piece.subarray(0, length)
  }
}
