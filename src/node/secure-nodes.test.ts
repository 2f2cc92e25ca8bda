/** Goal: between real nodes nothing is said in clear, nothing to whom it is not for, and nothing taken from a stranger. */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { connect as tlsConnect } from "node:tls"
import {
  caughtUp,
  type Identity,
  json,
  openTrio,
  type SecureNode,
  startKey,
  type Trio,
} from "../../test/secure-trio.ts"
import { fromHex, toHex } from "../base/bytes.ts"
import { encodeEnvelope, keyId } from "../base/envelope.ts"
import { Fault } from "../base/fault.ts"
import { Refused } from "../base/refusal.ts"
import { encodePayload, mailBody, mailType, signPayload } from "../ledger/envelopes.ts"
import { drain, openMailbox, post, writeLetter } from "../wallet/post.ts"
import { certificateOf, proveTransport, transportSigner } from "./certificate.ts"
import { drainBody, drainType } from "./mailbox.ts"
import { Node } from "./node.ts"
import { payloadOf } from "./payload.ts"
import { Transport } from "./transport.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-secure-"))
let trio: Trio
before(async () => {
  trio = await openTrio(root)
})
after(async () => {
  await trio?.stop()
  rmSync(root, { recursive: true })
})

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const cbor = { "content-type": "application/cbor" }
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code
const free = async (node: SecureNode) =>
  (await node.desk<{ free?: string }>("account", { organization: 2 })).free ?? "none"

/** A deposit to the payer, signed by the bank's own key. */
async function depositOf(amount: bigint, reference: Uint8Array): Promise<Uint8Array> {
  const { hour } = await trio.bank.get<{ hour: number }>("/health")
  const payload = payloadOf("deposit/1", hour + 12, 3, 2, amount, reference)
  return encodeEnvelope(payload, [trio.bank.keys.sign("custody", "deposited", "secure-trio", payload)])
}

test("a transaction of a follower goes over TLS to the operator and is final at every node", async () => {
  assert.match(trio.payer.url, /^https:/)
  const before = BigInt(await free(trio.payer))
  await trio.bank.desk("deposit", { to: 2, amount: "500000", reference: toHex(filled(1)) })
  await caughtUp(trio.nodes)
  for (const node of trio.nodes) assert.equal(BigInt(await free(node)) - before, 500_000n, node.name)
})

test("an identity carries its pin, and its operate key's word for it", async () => {
  for (const node of trio.nodes) {
    const { transport, transportProof, keys, organization } = await node.get<Identity>("/identity")
    assert.equal(transport, toHex(node.certificate.pin))
    const signer = transportSigner(organization, fromHex(transport), fromHex(transportProof))
    assert.deepEqual(signer, keyId(fromHex(keys["operate"]!)))
  }
})

test("transactions are taken from member nodes only, or with the desk's token; other doors are open", async () => {
  const transaction = await depositOf(1n, filled(2))
  const post = { method: "POST", headers: cbor, body: transaction } as const
  const strangers = [new Transport(), new Transport(certificateOf(filled(3)))]
  for (const stranger of strangers) {
    const answer = await trio.payer.ask("/chain/transactions", post, stranger)
    assert.deepEqual([answer.status, json<{ code: string }>(answer).code], [403, "not-a-member"])
    for (const path of ["/health", "/identity", "/chain/blocks?from=1"])
      assert.equal((await trio.payer.ask(path, {}, stranger)).status, 200, path)
    assert.equal((await trio.payer.ask("/mail", { ...post, body: filled(1) }, stranger)).status, 422)
    stranger.close()
  }
  const headers = { ...cbor, authorization: `Bearer ${trio.payer.node.deskToken}` }
  assert.equal((await trio.payer.ask("/chain/transactions", { ...post, headers })).status, 200)
  for (const member of trio.nodes) {
    const transport = new Transport(member.certificate)
    assert.equal((await trio.payer.ask("/chain/transactions", post, transport)).status, 200, member.name)
    transport.close()
  }
})

test("whoever answers with another key hears nothing of the request", async () => {
  for (const pin of [filled(9), trio.bank.certificate.pin]) {
    const transport = new Transport(trio.clinic.certificate)
    await assert.rejects(transport.request(`${trio.payer.url}/health`, { pin }), Fault)
    transport.close()
  }
  const transport = new Transport()
  for (const url of [trio.payer.url, trio.payer.url.replace("https:", "http:"), "http://192.0.2.1", "ftp://127.0.0.1"])
    await assert.rejects(transport.request(`${url}/health`, {}), Fault, url)
  const plain = trio.payer.url.replace("https:", "http:")
  await assert.rejects(transport.request(`${plain}/health`, { pin: trio.payer.certificate.pin }), Fault, "no downgrade")
  transport.close()
})

test("nothing older than TLS 1.3 is spoken, and the key exchange is fresh for each connection", async () => {
  const { port, hostname: host } = new URL(trio.payer.url)
  const handshake = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
    new Promise<string | null>((resolve, reject) => {
      const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, maxVersion }, () => {
        resolve(socket.getProtocol())
        socket.destroy()
      }).once("error", reject)
    })
  assert.equal(await handshake("TLSv1.3"), "TLSv1.3")
  await assert.rejects(handshake("TLSv1.2"), /protocol version|alert/)
})

test("a pin that its organization did not sign, or that is somebody else's, is not listed", async () => {
  const { clinic, bank, payer, listed } = trio
  const others = listed.filter(({ organization }) => organization !== 3)
  const entry = listed.find(({ organization }) => organization === 3)!
  const { pin } = certificateOf(filled(5))
  const claims: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
    [pin, fromHex(entry["transportProof"] as string), "transport-unproven"],
    [pin, proveTransport(filled(6), 3, pin), "transport-unproven"],
    [pin, proveTransport(payer.keys.seed("operate"), 3, pin), "transport-unproven"],
    [pin, proveTransport(bank.keys.seed("custody"), 3, pin), "transport-unproven"],
    [clinic.certificate.pin, proveTransport(bank.keys.seed("operate"), 3, clinic.certificate.pin), "transport-twice"],
  ]
  for (const [transport, proof, code] of claims) {
    const claimed = { ...entry, transport: toHex(transport), transportProof: toHex(proof) }
    const organizations = [...others, claimed]
    await assert.rejects(payer.desk("list-organizations", { organizations }), refusedWith(code))
  }
  const unproven = { ...entry, transportProof: undefined }
  await payer.desk("list-organizations", { organizations: [...others, unproven] })
  const transport = new Transport(bank.certificate)
  const asked = { method: "POST", headers: cbor, body: filled(1) } as const
  assert.equal((await payer.ask("/chain/transactions", asked, transport)).status, 403, "a pin alone makes no member")
  await payer.desk("list-organizations", { organizations: listed })
  assert.notEqual((await payer.ask("/chain/transactions", asked, transport)).status, 403)
  transport.close()
})

test("a wallet posts and fetches its letters at the node that its list names, and at no other", async () => {
  const { payer, clinic } = trio
  const { sealingKey } = await payer.get<Identity>("/identity")
  const { hour } = await payer.get<{ hour: number }>("/health")
  const from = await openMailbox(filled(7), 0, 1)
  const to = { number: 2, url: payer.url, sealingKey: fromHex(sealingKey), transport: payer.certificate.pin }
  const writing = { chainId: "secure-trio", hour, thread: filled(8), from }
  const letter = await writeLetter(to, "disagreement", { statement: filled(9), reason: "x" }, writing)
  const transport = new Transport()
  await post(to.url, letter, transport.fetchFor(to))
  await assert.rejects(post(to.url, letter, transport.fetchFor({ transport: clinic.certificate.pin })), Fault)
  const at = { chainId: "secure-trio", hour }
  assert.deepEqual(await drain(from, clinic.url, at, transport.fetchFor({ transport: clinic.certificate.pin })), [])
  transport.close()
})

/** Hands bytes between a client and a node, and keeps what the client sent. */
async function eavesdropped(node: SecureNode) {
  const streams: Buffer[][] = []
  const sockets: Socket[] = []
  const port = Number(new URL(node.url).port)
  const proxy = createServer((client) => {
    const heard: Buffer[] = []
    streams.push(heard)
    const server = connect(port, "127.0.0.1")
    sockets.push(client, server)
    client.on("data", (bytes) => heard.push(Buffer.from(bytes)))
    client.on("error", () => server.destroy()).pipe(server)
    server.on("error", () => client.destroy()).pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const { port: own } = proxy.address() as { port: number }
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  }
  return { url: `https://127.0.0.1:${own}`, streams: () => streams.map((parts) => Buffer.concat(parts)), stop }
}

/** Sends bytes as they are and waits until the other side ends or is silent. */
function sendRaw(node: SecureNode, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    const socket = connect(Number(new URL(node.url).port), "127.0.0.1", () => socket.write(bytes))
    const end = () => {
      socket.destroy()
      resolve(Buffer.concat(parts))
    }
    socket
      .on("data", (part) => parts.push(part))
      .on("error", end)
      .on("close", end)
    socket.setTimeout(500, end)
  })
}

/** One order for each door that changes anything. */
async function orders(): Promise<readonly (readonly [path: string, body: Uint8Array | string, json: boolean])[]> {
  const { hour } = await trio.payer.get<{ hour: number }>("/health")
  const mail = encodePayload(mailType, hour + 24, mailBody, { to: keyId(filled(1)).subarray(1), sealed: filled(2) })
  const from = await openMailbox(filled(11), 0, 2)
  const ask = encodePayload(drainType, hour + 1, drainBody, { handle: from.address.handle, received: undefined })
  const letter = encodePayload(mailType, hour + 24, mailBody, { to: from.address.handle, sealed: filled(3) })
  const by = (seed: Uint8Array) => [{ signer: { seed }, meaning: "mailed" }] as const
  return [
    ["/mail", signPayload("secure-trio", mail, by(filled(4))), false],
    ["/mail", signPayload("secure-trio", letter, by(filled(5))), false],
    ["/mail/drain", signPayload("secure-trio", ask, by(from.handleSeed)), false],
    ["/chain/transactions", await depositOf(70_000n, filled(12)), false],
    ["/desk/anchor-log", "{}", true],
  ]
}
const send = (
  node: SecureNode,
  [path, body, isJson]: Awaited<ReturnType<typeof orders>>[number],
  by: Transport,
  url = node.url,
) => {
  const authorization = `Bearer ${node.node.deskToken}`
  const headers = isJson ? { "content-type": "application/json", authorization } : cbor
  return by.request(url + path, { method: "POST", headers, body, pin: node.certificate.pin })
}

test("a recorded connection says nothing in clear, and replayed it does nothing at any door", async () => {
  const { payer, clinic } = trio
  const wire = await eavesdropped(payer)
  const transport = new Transport(clinic.certificate)
  for (const order of await orders()) assert.ok((await send(payer, order, transport, wire.url)).status < 300, order[0])
  transport.close()
  await caughtUp(trio.nodes)
  const recorded = wire.streams()
  wire.stop()
  assert.ok(recorded.length > 0 && recorded.every((bytes) => bytes.length > 500))
  for (const bytes of recorded)
    for (const clear of ["POST", "/desk", "Bearer", payer.node.deskToken]) assert.ok(!bytes.includes(clear), clear)
  const before = [await free(payer), (await payer.get<{ height: number }>("/health")).height]
  for (const bytes of recorded) {
    const answer = await sendRaw(payer, bytes)
    assert.ok(!answer.includes("HTTP/1.1"), "no answer in clear")
  }
  assert.deepEqual([await free(payer), (await payer.get<{ height: number }>("/health")).height], before)
})

test("a request sent again inside a good connection has no second effect", async () => {
  const { payer, bank } = trio
  const transport = new Transport(bank.certificate)
  const again = (await orders()).filter(([, , isDesk]) => !isDesk)
  const first = []
  for (const order of again) first.push(await send(payer, order, transport))
  await caughtUp(trio.nodes)
  const before = await free(payer)
  for (let round = 0; round < 3; round++) {
    for (const [i, order] of again.entries()) {
      const { status, bytes } = await send(payer, order, transport)
      assert.deepEqual([status, bytes], [first[i]!.status, first[i]!.bytes], order[0])
    }
  }
  await caughtUp(trio.nodes)
  assert.equal(await free(payer), before)
  transport.close()
})

test("all that a node keeps is its owner's alone", async () => {
  const modes = new Set<string>()
  for (const { directory } of trio.nodes) {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
    assert.ok(entries.length > 5)
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      const mode = (statSync(path).mode & 0o777).toString(8)
      modes.add(mode)
      assert.equal(mode, entry.isDirectory() ? "700" : "600", path)
    }
    assert.equal(statSync(directory).mode & 0o777, 0o700)
  }
  assert.deepEqual([...modes].sort(), ["600", "700"])
})

test("with a wrong start key a node does not start, and its directory stays as it is", async () => {
  const { directory, name } = trio.clinic
  const config = { directory, name, kind: "provider", organization: 1, host: "127.0.0.1", port: 0 } as const
  const wrong = { ...config, operator: false, turnableClock: true, tls: true, startKey: `${startKey.slice(1)}x` }
  await assert.rejects(Node.start(wrong), refusedWith("start-key-wrong"))
})
