/**
 * Goal: whatever comes in at a door, the process lives, answers its own people as before, and tells nothing of its
 * inside. Method: seeded mutations at the HTTP, TLS and socket level against real nodes; `COUNTERSIGN_SEED` repeats one.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { connect as tlsConnect } from "node:tls"
import { openTrio, type SecureNode, type Trio } from "../../test/secure-trio.ts"
import { certificateOf } from "./certificate.ts"
import { buildServer, type Doors } from "./server.ts"
import { Transport } from "./transport.ts"

const long = process.env["COUNTERSIGN_LONG"] !== undefined
const seed = Number(process.env["COUNTERSIGN_SEED"] ?? 20_260_401)
const root = mkdtempSync(join(tmpdir(), "countersign-fuzz-"))
let trio: Trio
let stray: unknown
const keep = (error: unknown) => {
  stray ??= error
}
before(async () => {
  process.on("uncaughtException", keep).on("unhandledRejection", keep)
  trio = await openTrio(root)
})
after(async () => {
  await trio?.stop()
  rmSync(root, { recursive: true })
  process.off("uncaughtException", keep).off("unhandledRejection", keep)
})

/** xorshift32: the same numbers from the same seed. */
function chance(from: number) {
  let state = from | 1
  const next = (most: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % most
  }
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!
  const bytes = (length: number) => Uint8Array.from({ length }, () => next(256))
  return { next, pick, bytes }
}
type Chance = ReturnType<typeof chance>

const leaks = /node_modules|\/src\/|\.ts:\d|at async|TypeError|ReferenceError|AssertionError|ENOENT|lmdb|undefined/i

async function lives(node: SecureNode): Promise<void> {
  assert.equal((await node.get<{ ready: boolean }>("/health")).ready, true)
  assert.ok((await node.desk<{ height: number }>("clock")).height > 0)
  assert.equal(stray, undefined)
}

const odd = [
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  "",
  "0x",
  "__proto__",
  [],
  [[]],
  {},
  { length: 1e9 },
  "\u0000",
  "9".repeat(400),
]
const fieldNames =
  "to amount reference payload plan bytes tables visit provider leg statement sealed organizations genesis seconds licence key header signature approvals practitioner few transaction receipt".split(
    " ",
  )
const operations =
  "deposit withdraw account visit submit receipt sign-submitted anchor-log check-log prepare-plan approve-plan publish-plan prepare-withdrawal enrol-member members statements agree documents pay deliver rule list-organizations __proto__ clock".split(
    " ",
  )

function oddValue(by: Chance, depth = 0): unknown {
  if (depth < 3 && by.next(4) === 0) return Array.from({ length: by.next(4) }, () => oddValue(by, depth + 1))
  if (depth < 3 && by.next(3) === 0)
    return Object.fromEntries(Array.from({ length: by.next(6) }, () => [by.pick(fieldNames), oddValue(by, depth + 1)]))
  if (by.next(3) === 0) return Buffer.from(by.bytes(by.pick([1, 16, 31, 32, 33, 64]))).toString("hex")
  return by.pick(odd)
}

const paths = ["/health", "/identity", "/chain/blocks", "/plans/", "/registers/", "/statistics/clauses", "/mail"]
const queries = [
  "?from=",
  "?wait=-1&from=",
  "?from=1&from=",
  "?table=",
  "?id=",
  "?organization=",
  "?form=cbor&from=",
  "/",
]
const types = [
  "application/cbor",
  "application/json",
  "text/plain",
  'application/cbor; x="',
  "a",
  "multipart/form-data",
]

function oddAsk(by: Chance, token: string) {
  if (by.next(3) === 0) {
    const word = by.pick([
      "1",
      "-1",
      "1e9",
      "NaN",
      "%00",
      "%ff",
      "..%2f..",
      "a".repeat(2000),
      encodeURIComponent(String(by.pick(odd))),
    ])
    return { path: by.pick(paths) + by.pick(queries) + word, ask: { method: by.pick(["GET", "POST"] as const) } }
  }
  if (by.next(2) === 0) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
    return {
      path: `/desk/${by.pick(operations)}`,
      ask: { method: "POST", headers, body: JSON.stringify(oddValue(by)) ?? "" } as const,
    }
  }
  const path = by.pick(["/mail", "/mail/drain", "/chain/transactions", "/desk/clock", "/none"])
  const body = by.next(2) === 0 ? by.bytes(by.pick([0, 1, 50, 300, 5000])) : (JSON.stringify(oddValue(by)) ?? "")
  return { path, ask: { method: "POST", headers: { "content-type": by.pick(types) }, body } as const }
}

test(`odd requests at every door are answered with a reason, never with our inside (seed ${seed})`, async () => {
  const by = chance(seed)
  for (const node of trio.nodes) {
    const transport = new Transport(trio.clinic.certificate)
    const seen = new Map<number, number>()
    for (let i = 0; i < (long ? 20_000 : 400); i++) {
      const { path, ask } = oddAsk(by, node.node.deskToken)
      const { status, bytes } = await node.ask(path, ask, transport)
      seen.set(status, (seen.get(status) ?? 0) + 1)
      const text = Buffer.from(bytes).toString("latin1")
      const what = `request ${i}: ${path} ${JSON.stringify(ask).slice(0, 300)} → ${status} ${text.slice(0, 300)}`
      assert.ok(status !== 500 && status < 504, what)
      if (status >= 400) assert.match(text, /"resourceType":\s*"OperationOutcome"/, what)
      if (status >= 400) assert.doesNotMatch(text, leaks, what)
      assert.ok(!text.includes("Cannot answer: this node failed"), what)
    }
    assert.ok((seen.get(422) ?? 0) > 20 && seen.size > 4, JSON.stringify([...seen]))
    transport.close()
    await lives(node)
  }
})

/** What a raw client sends; the answer, whatever it is, when the other side ends or 300 ms of silence have passed. */
function raw(node: SecureNode, parts: readonly Uint8Array[], tls: boolean): Promise<Buffer> {
  const { port, hostname: host } = new URL(node.url)
  return new Promise((resolve) => {
    const heard: Buffer[] = []
    const say = () => {
      for (const part of parts) socket.write(part)
    }
    const socket = tls
      ? tlsConnect({ host, port: Number(port), rejectUnauthorized: false }, say)
      : connect(Number(port), host, say)
    const end = () => {
      socket.destroy()
      resolve(Buffer.concat(heard))
    }
    socket
      .on("data", (part) => heard.push(part))
      .on("error", end)
      .on("close", end)
    socket.setTimeout(300, end)
  })
}

const text = (...lines: readonly string[]) => [Buffer.from(lines.join("\r\n"))]
const brokenHttp: readonly (readonly Uint8Array[])[] = [
  text("GET / HTTP/9.9", "host: a", "", ""),
  text("BREW /mail HTTP/1.1", "host: a", "", ""),
  text("GET /health HTTP/1.1", "", ""),
  text("GET /health HTTP/1.1", "host: a", `x: ${"y".repeat(40_000)}`, "", ""),
  text("GET /health HTTP/1.1", ...Array.from({ length: 5000 }, (_, i) => `x${i}: 1`), "", ""),
  text(`GET /${"a".repeat(60_000)} HTTP/1.1`, "host: a", "", ""),
  text("POST /mail HTTP/1.1", "host: a", "content-length: -5", "", "xxxxx"),
  text("POST /mail HTTP/1.1", "host: a", "content-length: 99999999999999999999", "", "x"),
  text("POST /mail HTTP/1.1", "host: a", "content-length: 5", "transfer-encoding: chunked", "", "0", "", ""),
  text("POST /mail HTTP/1.1", "host: a", "content-length: 5", "content-length: 6", "", "xxxxx"),
  text("POST /mail HTTP/1.1", "host: a", "transfer-encoding: chunked", "", "ffffffffff", "x"),
  text("POST /mail HTTP/1.1", "host: a", "transfer-encoding: chunked", "", "zz", "x"),
  text("POST /mail HTTP/1.1", "host: a", "expect: 100-continue", "content-length: 4", "", "xxxx"),
  text("GET /health HTTP/1.1", "host: a", "upgrade: h2c", "connection: upgrade", "", ""),
  text("GET /health HTTP/1.1", "host: a", "", "").concat(text("GET /health HTTP/1.1", "host: a", "", "")),
  text("CONNECT a:1 HTTP/1.1", "host: a", "", ""),
  text("PRI * HTTP/2.0", "", "SM", "", ""),
  text("\u0000\u0000\u0000"),
]

test("announcing a body that no door takes is refused at once, and uses up nothing of others", async () => {
  const head = "POST /mail HTTP/1.1\r\nhost: a\r\ncontent-type: application/cbor\r\ncontent-length: "
  for (const length of [2 ** 40, 2 ** 32, 17 * 1024 * 1024]) {
    const answer = await raw(trio.payer, [new TextEncoder().encode(`${head}${length}\r\n\r\n`)], true)
    assert.match(answer.toString("latin1"), /^HTTP\/1\.1 413/)
  }
  const after = await raw(trio.payer, [new TextEncoder().encode(`${head}3\r\n\r\nabc`)], true)
  assert.doesNotMatch(after.toString("latin1"), /^HTTP\/1\.1 429/)
})

test("HTTP that is none ends its connection and nothing else", async () => {
  for (const parts of brokenHttp) {
    const answer = (await raw(trio.payer, parts, true)).toString("latin1")
    assert.doesNotMatch(answer, leaks)
    assert.doesNotMatch(answer, /^HTTP\/1\.1 50/)
  }
  await lives(trio.payer)
})

test(`random bytes, plain HTTP and torn handshakes at the TLS port change nothing (seed ${seed})`, async () => {
  const by = chance(seed + 1)
  const hello = await clientHello()
  const attempts: Promise<Buffer>[] = []
  for (let i = 0; i < (long ? 2000 : 120); i++) {
    const torn = hello.slice(0, 1 + by.next(hello.length - 1))
    const bent = hello.slice()
    for (let n = by.next(6); n >= 0; n--) bent[by.next(bent.length)] = by.next(256)
    const parts = by.pick([[by.bytes(1 + by.next(3000))], [torn], [bent], [hello, by.bytes(500)], brokenHttp[2]!])
    attempts.push(raw(trio.payer, parts, false))
    if (attempts.length % 40 === 0) await Promise.all(attempts)
  }
  for (const answer of await Promise.all(attempts)) assert.ok(!answer.includes("HTTP/1.1 200"))
  await lives(trio.payer)
})

/** The first message of a real client. */
async function clientHello(): Promise<Uint8Array> {
  const { createServer } = await import("node:net")
  return new Promise((resolve) => {
    const server = createServer((socket) =>
      socket
        .on("error", () => {})
        .once("data", (bytes) => {
          socket.destroy()
          server.close()
          resolve(new Uint8Array(bytes))
        }),
    ).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      tlsConnect({ host: "127.0.0.1", port, rejectUnauthorized: false }).on("error", () => {})
    })
  })
}

test("half requests are given up in time, and others are answered meanwhile", async () => {
  const certificate = certificateOf(new Uint8Array(32).fill(1))
  const doors: Partial<Doors> = { health: () => ({ ready: true }), receiveMail: async () => {} }
  const patience = { handshakeMs: 200, headersMs: 200, requestMs: 400, idleMs: 2000 }
  const server = buildServer(doors as Doors, new Uint8Array(32), { certificate, patience })
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as { port: number }
  const hello = await clientHello()
  const until = (tls: boolean, parts: readonly Uint8Array[]) =>
    new Promise<number>((resolve) => {
      const started = performance.now()
      const say = () => {
        for (const part of parts) socket.write(part)
      }
      const where = { host: "127.0.0.1", port, rejectUnauthorized: false }
      const socket = tls ? tlsConnect(where, say) : connect(where, say)
      socket
        .on("error", () => {})
        .resume()
        .once("close", () => resolve(performance.now() - started))
      // One more byte now and then, as such a client does to look alive.
      const drip = setInterval(() => socket.write("x"), 50)
      socket.once("close", () => clearInterval(drip))
    })
  const halves = [
    until(false, []),
    until(false, [hello.subarray(0, 100)]),
    until(true, text("GET /health HTTP/1.1", "host: a", "x: ")),
    until(
      true,
      text("POST /mail HTTP/1.1", "host: a", "content-type: application/cbor", "content-length: 9999", "", "x"),
    ),
  ]
  const many = Array.from({ length: 100 }, () => until(true, text("GET /health HTTP/1.1", "x: ")))
  const transport = new Transport()
  const ask = { pin: certificate.pin }
  for (let i = 0; i < 20; i++)
    assert.equal((await transport.request(`https://127.0.0.1:${port}/health`, ask)).status, 200)
  for (const elapsed of await Promise.all([...halves, ...many])) assert.ok(elapsed < 10_000, `${elapsed} ms`)
  assert.equal((await transport.request(`https://127.0.0.1:${port}/health`, ask)).status, 200)
  transport.close()
  await server.close()
})
