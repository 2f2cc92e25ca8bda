/** The ABCI codec against recorded frames, and what it refuses. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { fromHex, toHex } from "../../../base/bytes.ts"
import { varintField } from "../../../base/chain/wire.ts"
import { AbciFault } from "./abci-fault.ts"
import { answer, decodeRequest, decodeResponse, encodeRequest, encodeResponse, execTxResult } from "./codec.ts"
import { FrameReader, frame } from "./frames.ts"
import { Chance, generateRequest, generateResponse, requestKinds, responseKinds } from "./generated-messages.ts"
import type { AbciRequest, AbciResponse } from "./messages.ts"
import { WireReader } from "./wire-reader.ts"
import { WireWriter } from "./wire-writer.ts"

const ab = "ab".repeat(32)
const appHash = new Uint8Array(32).fill(0xab)

/** Made with protobuf-es from CometBFT 0.38.25's definitions. */
const goldenRequests: readonly [string, AbciRequest][] = [
  ["090a070a0568656c6c6f", { kind: "echo", message: "hello" }],
  ["021200", { kind: "flush" }],
  [
    "161a140a07302e33382e3235100b18082205322e302e30",
    { kind: "info", version: "0.38.25", blockVersion: 11, p2pVersion: 8, abciVersion: "2.0.0" },
  ],
  ["0a42080a04010203041001", { kind: "checkTx", tx: Uint8Array.of(1, 2, 3, 4), type: "recheck" }],
  ["025a00", { kind: "commit" }],
]

const goldenResponses: readonly [string, AbciResponse][] = [
  ["0912070a0568656c6c6f", { kind: "echo", message: "hello" }],
  ["021a00", { kind: "flush" }],
  ["022200", answer("info", {})],
  ["080a060a04626f6f6d", { kind: "exception", error: "boom" }],
  [
    `2b2229120131180120072a20${ab}`,
    answer("info", { version: "1", appVersion: 1, lastBlockHeight: 7, lastBlockAppHash: appHash }),
  ],
  ["024a00", answer("checkTx", {})],
  ["044a020801", answer("checkTx", { code: 1 })],
  ["059201020801", { kind: "processProposal", status: "accept" }],
  [`27aa012412002a20${ab}`, answer("finalizeBlock", { txResults: [execTxResult({})], appHash })],
  ["0462021805", { kind: "commit", retainHeight: 5 }],
]

function unframed(hex: string): Uint8Array {
  const reader = new FrameReader()
  reader.push(fromHex(hex))
  const message = reader.next()
  assert.ok(message)
  assert.equal(reader.buffered, 0)
  return message
}

test("golden requests, both directions", () => {
  for (const [hex, value] of goldenRequests) {
    assert.equal(toHex(frame(encodeRequest(value))), hex)
    assert.deepEqual(decodeRequest(unframed(hex)), value)
  }
})

test("golden answers, both directions", () => {
  for (const [hex, value] of goldenResponses) {
    assert.equal(toHex(frame(encodeResponse(value))), hex)
    assert.deepEqual(decodeResponse(unframed(hex)), value)
  }
})

test("every kind comes back as it was", () => {
  const chance = new Chance(1)
  for (const kind of requestKinds) {
    const value = generateRequest(chance, kind)
    assert.deepEqual(decodeRequest(encodeRequest(value)), value)
  }
  for (const kind of responseKinds) {
    const value = generateResponse(chance, kind)
    assert.deepEqual(decodeResponse(encodeResponse(value)), value)
  }
})

/** The one byte that says how long `hex` and `more` bytes are. */
function hexLength(hex: string, more = 0): string {
  return (hex.length / 2 + more).toString(16).padStart(2, "0")
}

/** A field that holds a message: its tag, its length, its body. */
const field = (tag: string, body: string) => tag + hexLength(body) + body
const checkTx = (body: string) => field("42", body)
const finalizeBlock = (body: string) => field("a201", body)

const refused: readonly [name: string, hex: string, reason: string][] = [
  ["an empty message", "", "unknown kind"],
  ["insert_tx of CometBFT 0.39", "aa0100", "unknown kind"],
  ["reap_txs of CometBFT 0.39", "b20100", "unknown kind"],
  ["a reserved number", "2200", "unknown kind"],
  ["a oneof's field as a number", "1001", "not of one kind"],
  ["two kinds", "12005a00", "not of one kind"],
  ["one kind twice", "5a005a00", "not of one kind"],
  ["field number 0", checkTx("0200"), "no valid number"],
  ["a group", checkTx("4b4c"), "wire type that proto3"],
  ["wire type 6", checkTx("4e"), "wire type that proto3"],
  ["an unknown field longer than its message", checkTx("4a0301"), "too early"],
  ["an unknown fixed field cut short", checkTx("4901020304050607"), "too early"],
  ["an embedded message longer than its holder", "42080a0401020304", "too early"],
  ["a text longer than its message", "0a070a0668656c6c6f", "too early"],
  ["a number cut short", checkTx("108080"), "too early"],
  ["a number cut by its message's end", "42021080", "too early"],
  ["a number that goes on after its message's end", "4202108000", "too early"],
  ["a number of eleven digits", checkTx("108080808080808080808000"), "64 bits"],
  ["a number of 65 bits", checkTx("10ffffffffffffffffff02"), "64 bits"],
  ["a field that stands twice", checkTx("10001000"), "stands twice"],
  ["a number where bytes are due", checkTx("0801"), "another wire type"],
  ["bytes where a number is due", checkTx("1201aa"), "another wire type"],
  ["an enumeration's unknown number", checkTx("1002"), "has no name"],
  ["block version 2^53", field("1a", "108080808080808010"), "out of range"],
  ["a uint32 of 2^32", field("7a", "088080808010"), "out of range"],
  ["height 2^53 in FinalizeBlock", finalizeBlock("288080808080808010"), "out of range"],
  ["height -2^53 in FinalizeBlock", finalizeBlock("2880808080808080f0ff01"), "out of range"],
  ["nanoseconds of 10^9", finalizeBlock(field("32", "108094ebdc03")), "nanoseconds"],
  ["negative nanoseconds", finalizeBlock(field("32", "10ffffffffffffffffff01")), "nanoseconds"],
  ["a validator without a key", field("2a", field("22", "0a00")), "known type"],
  ["a validator without any field of its own", field("2a", field("22", "1001")), "known type"],
  ["a validator's key of two types", field("2a", field("22", field("0a", "0a001200"))), "known type"],
  ["a validator's key of an unknown type", field("2a", field("22", field("0a", "1a00"))), "known type"],
]

for (const [name, hex, reason] of refused) {
  test(`a request is refused for ${name}`, () => {
    assert.throws(
      () => decodeRequest(fromHex(hex)),
      (cause: unknown) => cause instanceof AbciFault && cause.message.includes(reason),
    )
  })
}

test("an answer without its status or result is refused", () => {
  for (const hex of ["920100", "a20100", "7200", "820100"]) {
    assert.throws(() => decodeResponse(fromHex(hex)), AbciFault)
  }
})

test("unknown fields of each wire type are passed over, in the oneof and in its messages", () => {
  const unknown = "c83e01c93e0102030405060708ca3e03010203cd3e01020304"
  const body = `0a0401020304${unknown}1001`
  const value = decodeRequest(fromHex(`${unknown}42${hexLength(body)}${body}${unknown}`))
  assert.deepEqual(value, { kind: "checkTx", tx: Uint8Array.of(1, 2, 3, 4), type: "recheck" })
})

test("every message cut short anywhere is refused", () => {
  const chance = new Chance(2)
  for (const kind of requestKinds.filter((name) => name !== "flush")) {
    const encoded = encodeRequest(generateRequest(chance, kind))
    for (let length = 0; length < Math.min(encoded.length, 2000); length++) {
      assert.throws(() => decodeRequest(encoded.subarray(0, length)), AbciFault, `${kind} at ${length}`)
    }
  }
})

test("numbers that strangers choose arrive at the end of the range", () => {
  const highest = "ffffffffffffffff7f"
  const lowest = "80808080808080808001"
  const query = (varint: string) => decodeRequest(fromHex(`32${hexLength(varint, 1)}18${varint}`))
  const heightOf = (value: AbciRequest) => value.kind === "query" && value.height
  assert.equal(heightOf(query(highest)), Number.MAX_SAFE_INTEGER)
  assert.equal(heightOf(query(lowest)), -Number.MAX_SAFE_INTEGER)
  assert.equal(heightOf(query("ffffffffffffffffff01")), -1)
  const load = decodeRequest(fromHex("720b08ffffffffffffffffff01"))
  assert.equal(load.kind === "loadSnapshotChunk" && load.height, Number.MAX_SAFE_INTEGER)
  const offer = decodeRequest(fromHex("6a0d0a0b08ffffffffffffffffff01"))
  assert.equal(offer.kind === "offerSnapshot" && offer.snapshot.height, Number.MAX_SAFE_INTEGER)
})

test("a path that is not UTF-8 does not stop the node", () => {
  const value = decodeRequest(fromHex("3204120261ff"))
  assert.equal(value.kind === "query" && value.path, "a\u{fffd}")
})

test("chunk numbers are read packed and one by one", () => {
  const value = { kind: "applySnapshotChunk", result: "retry", refetchChunks: [1, 300], rejectSenders: [] }
  for (const hex of ["820107080312030" + "1ac02", "8201070803100110ac02"]) {
    assert.deepEqual(decodeResponse(fromHex(hex)), value)
  }
})

test("byte strings are copies of their own", () => {
  const encoded = Buffer.from(encodeRequest({ kind: "checkTx", tx: Uint8Array.of(1, 2, 3), type: "new" }))
  const value = decodeRequest(encoded)
  encoded.fill(0)
  assert.ok(value.kind === "checkTx")
  assert.deepEqual(value.tx, Uint8Array.of(1, 2, 3))
  assert.equal(value.tx.buffer.byteLength, 3)
  assert.equal(Buffer.isBuffer(value.tx), false)
})

test("an answer out of range is a defect", () => {
  assert.throws(() => encodeResponse(answer("checkTx", { code: -1 })), /in its range/)
  assert.throws(() => encodeResponse(answer("checkTx", { code: 2 ** 32 })), /in its range/)
  assert.throws(() => encodeResponse(answer("commit", { retainHeight: 2 ** 53 })), /in its range/)
  assert.throws(() => encodeResponse(answer("commit", { retainHeight: 0.5 })), /in its range/)
})

test("numbers are written as the headers' codec writes them, and read back", () => {
  const chance = new Chance(4)
  const edges = Array.from({ length: 54 }, (_, bits) => [2 ** bits - 1, 2 ** bits]).flat()
  const random = Array.from(
    { length: 2000 },
    () => chance.below(2 ** 32) * 2 ** chance.below(21) + chance.below(2 ** 32),
  )
  for (const value of [...edges, ...random].flatMap((number) => [number, -number || 0])) {
    if (!Number.isSafeInteger(value) || value === 0) continue
    const writer = new WireWriter()
    writer.varintField(3, value)
    assert.equal(toHex(writer.finish()), toHex(varintField(3, value)), String(value))
    const reader = new WireReader(writer.finish())
    assert.equal(reader.tag(), 24)
    assert.equal(value < 0 ? reader.signed() : reader.unsigned(), value)
    assert.ok(reader.done)
  }
})
