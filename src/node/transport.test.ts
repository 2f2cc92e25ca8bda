/** Goal: a request reaches whom the pin names or nobody, and what comes back is bounded, whole, or a Fault. */
import assert from "node:assert/strict"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { after, test } from "node:test"
import { createServer as createTlsServer } from "node:tls"
import { toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { certificateOf } from "./certificate.ts"
import { createListener, shownPin } from "./listener.ts"
import { plainRequest, Transport } from "./transport.ts"

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const [ours, theirs, other] = [1, 2, 3].map((byte) => certificateOf(filled(byte))) as [Cert, Cert, Cert]
type Cert = ReturnType<typeof certificateOf>
const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})

async function listen(server: Pick<Server, "listen" | "address" | "close">): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void, certificate?: Cert) {
  const server = createListener(handler, certificate)
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => sockets.add(socket))
  closing.push(() => server.closeAllConnections())
  const url = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${await listen(server)}`
  return { url, sockets }
}
const transportOf = (certificate?: Cert, mostBytes?: number) => {
  const transport = new Transport(certificate, mostBytes === undefined ? {} : { mostBytes })
  closing.push(() => transport.close())
  return transport
}
const faultWith = (retryable: boolean) => (error: unknown) => error instanceof Fault && error.retryable === retryable

test("method, headers, body and answer arrive whole; the other side sees whose certificate it is", async () => {
  const { url } = await serve(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const seen = [
      request.method,
      request.url,
      request.headers["x-a"],
      toHex(shownPin(request.socket) ?? new Uint8Array()),
    ]
    response.writeHead(429, { "retry-after": "7" }).end(JSON.stringify([...seen, Buffer.concat(parts).length]))
  }, theirs)
  const ask = { method: "POST", headers: { "x-a": "b" }, body: new Uint8Array(300_000), pin: theirs.pin } as const
  const { status, bytes, retryAfter } = await transportOf(ours).request(`${url}/p?q=1`, ask)
  assert.deepEqual([status, retryAfter], [429, 7])
  assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), ["POST", "/p?q=1", "b", toHex(ours.pin), 300_000])
  const nobody = await transportOf().request(url, { pin: theirs.pin })
  assert.deepEqual(JSON.parse(Buffer.from(nobody.bytes).toString()), ["GET", "/", null, "", 0])
})

test("connections are used again, but never for another pin", async () => {
  const { url, sockets } = await serve((_request, response) => response.end("ok"), theirs)
  const transport = transportOf(ours)
  for (let i = 0; i < 5; i++) assert.equal((await transport.request(url, { pin: theirs.pin })).status, 200)
  assert.equal(sockets.size, 1)
  await assert.rejects(transport.request(url, { pin: other.pin }), faultWith(false))
  assert.equal(sockets.size, 2)
  await Promise.all(Array.from({ length: 8 }, () => transport.request(url, { pin: theirs.pin })))
})

test("an impostor is told nothing: not a byte of the request leaves before the keys are compared", async () => {
  const heard: Buffer[] = []
  const shown = { key: other.key, cert: other.certificate, ca: [other.certificate] }
  const impostor = createTlsServer({ ...shown, minVersion: "TLSv1.3" }, (socket) => {
    socket.on("data", (bytes) => heard.push(bytes)).on("error", () => {})
  })
  const port = await listen(impostor as unknown as Server)
  const transport = transportOf(ours)
  for (let i = 0; i < 5; i++) {
    const ask = { method: "POST", body: "secret", pin: theirs.pin } as const
    await assert.rejects(transport.request(`https://127.0.0.1:${port}/`, ask), faultWith(false))
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(heard, [])
})

test("an answer that is too large, cut off or none is a Fault", async () => {
  const large = await serve((_request, response) => response.end(Buffer.alloc(5000)), theirs)
  await assert.rejects(transportOf(ours, 4999).request(large.url, { pin: theirs.pin }), faultWith(false))
  assert.equal((await transportOf(ours, 5000).request(large.url, { pin: theirs.pin })).bytes.length, 5000)
  const cut = await serve((_request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("x")
    setTimeout(() => response.destroy(), 20)
  }, theirs)
  await assert.rejects(transportOf(ours).request(cut.url, { pin: theirs.pin }), faultWith(true))
  const none = await serve((request) => request.socket.destroy(), theirs)
  await assert.rejects(transportOf(ours).request(none.url, { pin: theirs.pin }), faultWith(true))
  const { url, sockets } = await serve(() => {}, theirs)
  const stop = new AbortController()
  const asked = transportOf(ours).request(url, { pin: theirs.pin, signal: stop.signal })
  while (sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort()
  await assert.rejects(asked, faultWith(true))
})

test("plain HTTP is for loopback and for who has no pin", async () => {
  const { url } = await serve((_request, response) => response.end("plain"))
  assert.equal(Buffer.from((await plainRequest(url)).bytes).toString(), "plain")
  await assert.rejects(plainRequest(url, { pin: theirs.pin }), faultWith(false))
  const closed = new URL(url)
  for (const host of ["192.0.2.1", "127.0.0.1.example.org", "localhost.example.org", "128.0.0.1"]) {
    closed.hostname = host
    await assert.rejects(plainRequest(closed.href), faultWith(false), host)
  }
})

test("a wallet's fetch is bound to one key", async () => {
  const { url } = await serve((_request, response) => response.writeHead(202).end("yes"), theirs)
  const good = await transportOf().fetchFor({ transport: theirs.pin })(url)
  assert.deepEqual([good.ok, good.status, Buffer.from(await good.arrayBuffer()).toString()], [true, 202, "yes"])
  await assert.rejects(transportOf().fetchFor({ transport: other.pin })(url), Fault)
  await assert.rejects(transportOf().fetchFor({})(url), Fault)
})
