/** Frames cut anywhere, too long, or with a length that never ends. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { concat, fromHex } from "../../../base/bytes.ts"
import { AbciFault } from "./abci-fault.ts"
import { FrameReader, frame } from "./frames.ts"
import { Chance } from "./generated-messages.ts"

function readAll(reader: FrameReader): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let message = reader.next(); message !== undefined; message = reader.next()) out.push(message)
  return out
}

const messages = [0, 1, 127, 128, 5, 300].map((length, i) => new Uint8Array(length).fill(i + 1))
const stream = concat(...messages.map(frame))

test("a stream cut in two at every byte gives the same messages", () => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new FrameReader()
    reader.push(stream.subarray(0, cut))
    const first = readAll(reader)
    reader.push(stream.subarray(cut))
    assert.deepEqual([...first, ...readAll(reader)], messages, `cut at ${cut}`)
    assert.equal(reader.buffered, 0)
  }
})

test("a stream in pieces of one size gives the same messages, whether read between or at the end", () => {
  for (const size of [1, 2, 3, 7, 64]) {
    const between = new FrameReader()
    const atEnd = new FrameReader()
    const out: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size) {
      between.push(stream.subarray(at, at + size))
      atEnd.push(stream.subarray(at, at + size))
      out.push(...readAll(between))
    }
    assert.deepEqual(out, messages)
    assert.deepEqual(readAll(atEnd), messages)
  }
})

test("a stream in random pieces gives the same messages", () => {
  const chance = new Chance(3)
  for (let round = 0; round < 200; round++) {
    const reader = new FrameReader()
    const out: Uint8Array[] = []
    for (let at = 0; at < stream.length; ) {
      const size = chance.below(40)
      reader.push(stream.subarray(at, at + size))
      at += size
      if (chance.bool()) out.push(...readAll(reader))
    }
    assert.deepEqual([...out, ...readAll(reader)], messages)
  }
})

test("a message of the cap passes and one byte more does not, before its bytes came", () => {
  const reader = new FrameReader(300)
  reader.push(frame(new Uint8Array(300)))
  assert.equal(reader.next()?.length, 300)
  reader.push(fromHex("ad02"))
  assert.throws(() => reader.next(), AbciFault)
})

test("64 MiB is the cap unless told otherwise", () => {
  const reader = new FrameReader()
  reader.push(fromHex("80808020"))
  assert.equal(reader.next(), undefined)
  const over = new FrameReader()
  over.push(fromHex("81808020"))
  assert.throws(() => over.next(), AbciFault)
})

test("a length of ten digits passes and of eleven does not", () => {
  const reader = new FrameReader()
  reader.push(fromHex("8180808080808080800007"))
  assert.deepEqual(reader.next(), Uint8Array.of(7))
  reader.push(fromHex("8080808080808080808000"))
  assert.throws(() => reader.next(), AbciFault)
})
