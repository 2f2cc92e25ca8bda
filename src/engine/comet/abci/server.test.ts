/** The ABCI server on a real socket: order, Flush, failure, backpressure, and bytes that are not ABCI. */
import assert from "node:assert/strict"
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises"
import { connect, createServer, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { concat, fromHex, toHex } from "../../../base/bytes.ts"
import { Fault } from "../../../base/fault.ts"
import { AbciFault } from "./abci-fault.ts"
import { AbciClient } from "./client.ts"
import { answer, encodeRequest } from "./codec.ts"
import { frame } from "./frames.ts"
import { Chance, generateRequest } from "./generated-messages.ts"
import type { AbciHandler, ApplicationRequest } from "./handler.ts"
import type { AbciRequest, AbciResponse } from "./messages.ts"
import { AbciServer, type AbciServerOptions } from "./server.ts"

const failed = { kind: "exception", error: "the application failed" }
const query = (height: number): AbciRequest => ({
  kind: "query",
  data: new Uint8Array(0),
  path: "",
  height,
  prove: false,
})
const tx = (byte: number): AbciRequest => ({ kind: "checkTx", tx: Uint8Array.of(byte & 255, byte >> 8), type: "new" })

async function socketPath(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "abci-"))
  t.after(() => rm(directory, { recursive: true }))
  return join(directory, "app.sock")
}

/** A server on its own socket. What it tells its handler of losses and failures is kept. */
async function serve(t: TestContext, handle: AbciHandler["handle"], options: AbciServerOptions = {}) {
  const path = await socketPath(t)
  const failures: unknown[] = []
  const told = { lost: 0 }
  const handler: AbciHandler = {
    handle,
    onConnectionLost: () => void told.lost++,
    onFailure: (cause) => void failures.push(cause),
  }
  const server = new AbciServer(path, handler, options)
  await server.listen()
  // Not awaited: a test that failed may have left calls under way.
  t.after(() => void server.close())
  const client = async () => {
    const made = await AbciClient.connect(path)
    t.after(() => made.destroy())
    return made
  }
  return { path, server, failures, told, client }
}

/** Waits for what other tasks bring about. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!condition()) {
    assert.ok(performance.now() < deadline, "waited for 30 seconds")
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Answers every kind with something of the request, so that a swapped answer shows. */
function respond(request: ApplicationRequest): AbciResponse {
  if (request.kind === "checkTx") return answer("checkTx", { data: request.tx })
  if (request.kind === "query") return answer("query", { height: request.height })
  if (request.kind === "commit") return answer("commit", { retainHeight: 5 })
  if (request.kind === "processProposal") return answer("processProposal", { status: "accept" })
  if (request.kind === "info") return answer("info", { data: request.version })
  throw new Error(`unexpected ${request.kind}`)
}

test("the socket's file is its owner's alone; a dead one is replaced, and gone after close", async (t) => {
  const path = await socketPath(t)
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(`${path}0`, resolve))
  await rename(`${path}0`, path)
  await new Promise((resolve) => dead.close(resolve))
  const handler = { handle: respond, onFailure: assert.fail }
  const server = new AbciServer(path, handler)
  await server.listen()
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await assert.rejects(new AbciServer(path, handler).listen(), /another process listens/)
  const client = await AbciClient.connect(path)
  assert.deepEqual(await client.call({ kind: "echo", message: "a" }), { kind: "echo", message: "a" })
  await server.close()
  await client.ended
  await assert.rejects(stat(path))
  await writeFile(path, "")
  await assert.rejects(new AbciServer(path, handler).listen(), /another kind of file/)
  await assert.rejects(new AbciServer(`${path}/${"x".repeat(200)}`, handler).listen(), Fault)
})

test("golden frames byte by byte, answered with golden frames", async (t) => {
  const { path } = await serve(t, () => answer("commit", { retainHeight: 5 }))
  const socket = connect(path)
  t.after(() => socket.destroy())
  let received = ""
  socket.on("data", (bytes) => {
    received += toHex(bytes)
  })
  for (const byte of fromHex("090a070a0568656c6c6f025a00021200")) {
    socket.write(Uint8Array.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const expected = "0912070a0568656c6c6f0462021805021a00"
  await until(() => received.length >= expected.length)
  assert.equal(received, expected)
})

test("calls that end in any order are answered in the requests' order, and only checkTx and query overlap", async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const chance = new Chance(seed)
    const running = new Map<ApplicationRequest, () => void>()
    const { client } = await serve(t, (request) => {
      const others = [...running.keys()]
      const overlapping = [...others, request].every(({ kind }) => kind === "checkTx" || kind === "query")
      assert.ok(others.length === 0 || overlapping, `${request.kind} beside ${others.map(({ kind }) => kind)}`)
      if (chance.below(3) === 0) return respond(request)
      return new Promise((resolve) => {
        running.set(request, () => {
          running.delete(request)
          resolve(respond(request))
        })
      })
    })
    const node = await client()
    const makers: ((i: number) => AbciRequest)[] = [
      tx,
      tx,
      query,
      () => ({ kind: "flush" }),
      (i) => ({ kind: "echo", message: String(i) }),
      () => ({ kind: "commit" }),
      () => generateRequest(chance, "processProposal"),
    ]
    const requests = Array.from({ length: 60 }, (_, i) => chance.pick(makers)(i))
    const answers: AbciResponse[] = []
    for (const request of requests) void node.call(request).then((response) => answers.push(response))
    await until(() => {
      chance.pick([...running.values()])?.()
      return answers.length === requests.length
    })
    const expected = requests.map((request) =>
      request.kind === "flush" || request.kind === "echo" ? request : respond(request as ApplicationRequest),
    )
    assert.deepEqual(answers, expected, `seed ${seed}`)
  }
})

test("checkTx calls do run at once, and a flush is answered only after all before it", async (t) => {
  const ends: (() => void)[] = []
  const { client } = await serve(t, (request) => new Promise((resolve) => ends.push(() => resolve(respond(request)))))
  const node = await client()
  const kinds: string[] = []
  for (const request of [tx(1), tx(2), { kind: "flush" } as const, tx(3)]) {
    void node.call(request).then(({ kind }) => kinds.push(kind))
  }
  await until(() => ends.length === 3)
  ends[1]!()
  ends[2]!()
  const other = await client()
  await other.call({ kind: "flush" })
  assert.deepEqual(kinds, [])
  ends[0]!()
  await until(() => kinds.length === 4)
  assert.deepEqual(kinds, ["checkTx", "checkTx", "flush", "checkTx"])
})

test("answers of one turn go in one write", async (t) => {
  const { client } = await serve(t, respond)
  const node = await client()
  await node.call({ kind: "flush" })
  const write = t.mock.method(Socket.prototype, "write")
  node.sendBytes(concat(...Array.from({ length: 500 }, (_, i) => frame(encodeRequest(tx(i))))))
  await Promise.all(Array.from({ length: 500 }, () => node.nextAnswer()))
  // The node's own write is one of them.
  assert.ok(write.mock.callCount() <= 4, `${write.mock.callCount()} writes`)
})

const failing: readonly [string, AbciHandler["handle"], RegExp][] = [
  ["throws", () => assert.fail("secret"), /secret/],
  ["rejects", () => Promise.reject(new Error("secret")), /secret/],
  ["answers with another kind", () => answer("info", {}), /own kind/],
  ["answers with an exception", () => answer("exception", { error: "secret" }), /own kind/],
  ["answers out of range", async () => answer("commit", { retainHeight: -(2 ** 60) }), /range/],
]

for (const [name, handle, expected] of failing) {
  test(`a handler that ${name} ends its connection with an exception without details`, async (t) => {
    const { client, failures, server, told } = await serve(t, (request) =>
      request.kind === "commit" ? handle(request) : respond(request),
    )
    const [node, other] = [await client(), await client()]
    const answers = [node.call(tx(1)), node.call({ kind: "commit" })]
    const dropped = assert.rejects(node.call(tx(2)), Fault)
    assert.deepEqual(await Promise.all(answers), [answer("checkTx", { data: Uint8Array.of(1, 0) }), failed])
    await node.ended
    await dropped
    assert.equal(failures.length, 1)
    assert.match(String(failures[0]), expected)
    assert.ok(!(failures[0] instanceof AbciFault))
    assert.deepEqual(await other.call({ kind: "flush" }), { kind: "flush" })
    await until(() => server.connections === 1 && told.lost === 1)
  })
}

test("nothing is answered after an exception, also what had ended before it", async (t) => {
  const calls: { resolve(response: AbciResponse): void; reject(cause: unknown): void }[] = []
  const { client, failures } = await serve(t, () => new Promise((resolve, reject) => calls.push({ resolve, reject })))
  const node = await client()
  const answers = [node.call(tx(1)), node.call(tx(2))]
  const dropped = assert.rejects(node.call(tx(3)), Fault)
  await until(() => calls.length === 3)
  calls[2]!.resolve(answer("checkTx", {}))
  calls[1]!.reject(new Error("secret"))
  await until(() => failures.length === 1)
  calls[0]!.resolve(answer("checkTx", {}))
  assert.deepEqual(await Promise.all(answers), [answer("checkTx", {}), failed])
  await dropped
})

const wrong: readonly [string, Uint8Array][] = [
  ["an unknown kind", fromHex("03aa0100")],
  ["a message cut short", fromHex("0342080a")],
  ["a frame over the cap", fromHex("8120")],
  ["a length without an end", fromHex("8080808080808080808000")],
]

for (const [name, bytes] of wrong) {
  test(`${name} ends its connection with an exception after the answers before it`, async (t) => {
    const ends: (() => void)[] = []
    const handle: AbciHandler["handle"] = (request) =>
      new Promise((resolve) => ends.push(() => resolve(respond(request))))
    const { client, failures } = await serve(t, handle, { maxFrameBytes: 4096 })
    const node = await client()
    const first = node.call(tx(1))
    node.sendBytes(bytes)
    const second = node.nextAnswer()
    await until(() => failures.length === 1)
    assert.ok(failures[0] instanceof AbciFault)
    ends[0]!()
    assert.deepEqual(await first, answer("checkTx", { data: Uint8Array.of(1, 0) }))
    assert.deepEqual(await second, failed)
    await node.ended
    assert.equal(failures.length, 1)
  })
}

test("random and damaged bytes never stop the server", async (t) => {
  const { path, client, failures } = await serve(t, async (request) => respond(request))
  const chance = new Chance(5)
  const good = concat(...[tx(1), query(2), { kind: "commit" } as const].map((value) => frame(encodeRequest(value))))
  for (let round = 0; round < 150; round++) {
    const noise = chance.bool() ? chance.bytes() : Uint8Array.from(good)
    if (noise.length > 0) noise[chance.below(noise.length)] = chance.below(256)
    const socket = connect(path)
    socket.on("error", () => undefined)
    socket.resume()
    const closed = new Promise((resolve) => socket.on("close", resolve))
    socket.end(noise)
    await closed
  }
  assert.ok(failures.length > 20, `${failures.length} failures`)
  const node = await client()
  assert.deepEqual(await node.call(query(7)), answer("query", { height: 7 }))
})

test("reading stops while more than a thousand answers wait, and goes on after", async (t) => {
  const ends: (() => void)[] = []
  const { client } = await serve(t, (request) => new Promise((resolve) => ends.push(() => resolve(respond(request)))))
  const node = await client()
  const count = 3000
  const numbers: number[] = []
  for (let i = 0; i < count; i++)
    void node.call(query(i + 1)).then((r) => numbers.push(r.kind === "query" ? r.height : 0))
  await until(() => ends.length === 1001)
  const other = await client()
  for (let i = 0; i < 50; i++) await other.call({ kind: "flush" })
  assert.equal(ends.length, 1001)
  for (let ended = 0; numbers.length < count; ) {
    while (ended < ends.length) ends[ended++]!()
    await until(() => ends.length > ended || numbers.length === count)
  }
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, i) => i + 1),
  )
})

test("a node that does not read its answers is not read from either", async (t) => {
  let calls = 0
  const { path, client } = await serve(t, () => {
    calls++
    return answer("query", { value: new Uint8Array(10_000) })
  })
  const socket = connect(path)
  t.after(() => socket.destroy())
  socket.pause()
  const count = 5000
  for (let i = 0; i < count; i++) socket.write(frame(encodeRequest(query(i))))
  await until(() => calls > 0)
  const other = await client()
  for (let i = 0; i < 200; i++) await other.call({ kind: "flush" })
  assert.ok(calls < count, `${calls} calls`)
  let received = 0
  socket.on("data", (bytes) => {
    received += bytes.length
  })
  socket.resume()
  await until(() => calls === count && received > count * 10_000)
})

test("a request of many megabytes waits for those before it", async (t) => {
  const ends: (() => void)[] = []
  const { client } = await serve(t, (request) => new Promise((resolve) => ends.push(() => resolve(respond(request)))))
  const node = await client()
  const answers: string[] = []
  const small = generateRequest(new Chance(6), "processProposal")
  assert.ok(small.kind === "processProposal")
  const large = { ...small, txs: Array.from({ length: 8 }, () => new Uint8Array(1024 * 1024).fill(7)) }
  for (const request of [query(1), large, large, query(2)]) {
    void node.call(request).then(({ kind }) => answers.push(kind))
  }
  for (let next = 0; next < 4; next++) {
    await until(() => ends.length === next + 1)
    ends[next]!()
  }
  await until(() => answers.length === 4)
  assert.deepEqual(answers, ["query", "processProposal", "processProposal", "query"])
})

test("a lost connection is told once; close tells none and waits for the calls under way", async (t) => {
  const ends: (() => void)[] = []
  const { client, server, told } = await serve(
    t,
    (request) => new Promise((resolve) => ends.push(() => resolve(respond(request)))),
  )
  const [lost, kept] = [await client(), await client()]
  await Promise.all([lost.call({ kind: "flush" }), kept.call({ kind: "flush" })])
  assert.equal(server.connections, 2)
  lost.destroy()
  await until(() => told.lost === 1 && server.connections === 1)
  const dropped = assert.rejects(kept.call({ kind: "commit" }), Fault)
  await until(() => ends.length === 1)
  let closed = false
  const closing = server.close().then(() => {
    closed = true
  })
  await kept.ended
  await dropped
  await until(() => server.connections === 0)
  const early = closed
  ends[0]!()
  await closing
  assert.equal(early, false)
  assert.equal(told.lost, 1)
})
