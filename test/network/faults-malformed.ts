/** Bytes that are no messages, to every socket and port of a validator, while visits settle. */
import { connect, type NetConnectOpts, type Socket } from "node:net"
import { join } from "node:path"
import { connect as tlsConnect } from "node:tls"
import { fromHex } from "../../src/base/bytes.ts"
import { decodeRequest } from "../../src/engine/comet/abci/codec.ts"
import type { PeerAddress } from "../../src/engine/comet/home.ts"
import { Transport } from "../../src/node/transport.ts"
import { everybody, sleep, until, validators } from "./consortium.ts"
import { acknowledgedBetween, type Fault, type Scene } from "./fault.ts"
import { isAlive } from "./processes.ts"
import type { Random } from "./random.ts"

const stranger = new Transport()
const lastsMs = 8000
const attackers = 4

/** Frames of ABCI that are good before they are mutated: echo, flush, info, checkTx. */
const goodFrames = [
  "090a070a0568656c6c6f",
  "021200",
  "161a140a07302e33382e3235100b18082205322e302e30",
  "0a42080a04010203041001",
].map(fromHex)

/** What the engine alone may ask for. A mutation that is one of these whole is no malformed message: it is left out. */
const engineOnly = ["initChain", "prepareProposal", "processProposal", "finalizeBlock", "commit", "offerSnapshot"]

function mutated(random: Random, good: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(good)
  for (let flips = random.whole(1, 3); flips > 0; flips--) {
    const at = random.whole(0, bytes.length - 1)
    bytes[at] = bytes[at]! ^ (1 << random.whole(0, 7))
  }
  return random.next() < 0.2 ? bytes.subarray(0, random.whole(1, bytes.length)) : bytes
}

function isOfEngine(frame: Uint8Array): boolean {
  try {
    const { kind } = decodeRequest(frame.subarray(1))
    return engineOnly.includes(kind) || kind === "applySnapshotChunk"
  } catch {
    return false
  }
}

function abciBytes(random: Random): Uint8Array {
  const way = random.next()
  if (way < 0.3) return Uint8Array.of(...Array.from({ length: 12 }, () => 0xff))
  const bytes = way < 0.6 ? random.bytes(random.whole(1, 2000)) : mutated(random, random.pick(goodFrames))
  return isOfEngine(bytes) ? Uint8Array.of(0x02, 0x12) : bytes
}

const methods = ["GET", "POST", "PUT", "OPTIONS", "BREW"]
const paths = [
  "/",
  "/health",
  "/chain/blocks?from=-1",
  "/chain/transactions",
  "/mail",
  "/desk/found",
  "/%00",
  "/chain/light",
]
const calls = [
  "broadcast_tx_sync",
  "broadcast_evidence",
  "commit",
  "validators",
  "block_search",
  "subscribe",
  "no_such",
]

function httpBytes(random: Random): Uint8Array {
  const body = Buffer.from(random.bytes(random.whole(0, 3000)))
  const length = random.next() < 0.8 ? body.length : random.whole(0, 2 ** 40)
  const type = random.pick(["application/cbor", "application/json", "text/x"])
  const head = `${random.pick(methods)} ${random.pick(paths)} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}`
  return Buffer.concat([Buffer.from(`${head}\r\ncontent-length: ${length}\r\n\r\n`), body])
}

function rpcBytes(random: Random): Uint8Array {
  const value = random.pick([`"${Buffer.from(random.bytes(90)).toString("base64")}"`, "-1", "[]", "{", '"0x"', "null"])
  const body = `{"jsonrpc":"2.0","id":1,"method":"${random.pick(calls)}","params":{"tx":${value},"height":${value}}}`
  return Buffer.from(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
}

interface Target {
  readonly name: string
  readonly open: () => Socket
  readonly bytes: (random: Random) => Uint8Array
}

const noise = (random: Random) => random.bytes(random.whole(1, 4000))

async function targetsOf({ consortium }: Scene, organization: number): Promise<readonly Target[]> {
  const folder = join(consortium.directoryOf(organization), "engine")
  const node = consortium.network.node(organization)
  const { hostname: host, port } = new URL(node.url)
  const { consensus } = await node.get<{ consensus?: PeerAddress }>("/identity")
  const plain = (options: NetConnectOpts) => () => connect(options)
  const secure = () => tlsConnect({ host, port: Number(port), rejectUnauthorized: false })
  const doors: readonly Target[] = [
    { name: "door", open: secure, bytes: httpBytes },
    { name: "door's TLS", open: plain({ host, port: Number(port) }), bytes: noise },
  ]
  if (consensus === undefined) return doors
  return [
    ...doors,
    { name: "ABCI", open: plain({ path: join(folder, "abci.sock") }), bytes: abciBytes },
    { name: "RPC", open: plain({ path: join(folder, "rpc.sock") }), bytes: rpcBytes },
    { name: "RPC noise", open: plain({ path: join(folder, "rpc.sock") }), bytes: noise },
    { name: "peers", open: plain({ host: consensus.host, port: consensus.port }), bytes: noise },
  ]
}

/** One connection: some messages, and whatever comes back is not read for long. */
function bother({ open, bytes }: Target, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const socket = open()
    const end = setTimeout(() => socket.destroy(), 200)
    socket.on("error", () => undefined)
    socket.once("close", () => {
      clearTimeout(end)
      resolve()
    })
    socket.resume()
    for (let i = random.whole(1, 4); i > 0; i--) socket.write(bytes(random))
  })
}

/** Whoever shows no certificate shares an address with the attacker; it must not be shut out for long. */
async function strangersServed({ consortium, fail }: Scene): Promise<void> {
  const shut: number[] = []
  for (const organization of everybody) {
    const served = async () => {
      const { url, pin } = consortium.network.node(organization)
      return (await stranger.request(`${url}/health`, { pin }).catch(() => undefined))?.status === 200
    }
    await until("", served, { withinMs: 10_000, everyMs: 500 }).catch(() => shut.push(organization))
  }
  stranger.close()
  if (shut.length > 0) fail(`callers without a certificate are answered 429 10 s later by ${shut.join(", ")}`)
}

const malformed: Fault = {
  name: "malformed",
  async strike(scene) {
    const { consortium, random } = scene
    const pids = everybody.flatMap((one) => [consortium.nodeOf(one), consortium.engineOf(one)]).filter((pid) => pid)
    const deaths = consortium.deaths.length
    const targets = (await Promise.all(everybody.map((one) => targetsOf(scene, one)))).flat()
    const sent = new Map<string, number>()
    const from = performance.now()
    const attack = async () => {
      while (performance.now() - from < lastsMs) {
        const target = random.pick(targets)
        await bother(target, random)
        sent.set(target.name, (sent.get(target.name) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: attackers }, attack))
    await sleep(1000)
    const dead = pids.filter((pid) => !isAlive(pid!)).length
    if (dead > 0 || consortium.deaths.length > deaths) scene.fail(`${dead} of ${pids.length} processes died`)
    if (acknowledgedBetween(scene, from, performance.now()) === 0) scene.fail("nothing was acknowledged meanwhile")
    const counts = [...sent].map(([name, count]) => `${name} ${count}`).join(", ")
    await strangersServed(scene)
    scene.note(`connections with malformed messages: ${counts}; ${pids.length - dead} of ${pids.length} processes live`)
    for (const organization of validators)
      if (!consortium.up.includes(organization)) scene.fail(`${organization} is down`)
  },
}

export const malformedFaults: readonly Fault[] = [malformed]
