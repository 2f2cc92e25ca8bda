/**
 * One member that replays an old transaction as fast as it can, and announces more than it sends: a process of its own,
 * so that only the node it floods is slower for it. What to flood comes as JSON on standard input; what came back goes
 * as JSON to standard output.
 */
import { text } from "node:stream/consumers"
import { connect, type TLSSocket } from "node:tls"
import { fromHex } from "../../src/base/bytes.ts"
import { Transport } from "../../src/node/transport.ts"

export interface FloodOrder {
  readonly url: string
  readonly pin: string
  readonly key: string
  readonly certificate: string
  /** A transaction that was acknowledged before, in hex. */
  readonly transaction: string
  readonly lastsMs: number
  readonly workers: number
}

export interface FloodResult {
  readonly requests: number
  readonly refused: number
  /** Of the refusals, those that say when to ask again. */
  readonly withRetryAfter: number
}

/** Together all that one member may have under way: 64 MiB. Whatever else it then sends is over its quota. */
const announcements = 4
const announcedBytes = 16 * 1024 * 1024

/** A request whose body never comes. */
function announce({ url, key, certificate }: FloodOrder): TLSSocket {
  const { hostname: host, port } = new URL(url)
  const socket = connect({ host, port: Number(port), key, cert: certificate, rejectUnauthorized: false })
  socket.on("error", () => undefined)
  socket.resume()
  const head = `POST /mail HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/cbor\r\n`
  socket.write(`${head}content-length: ${announcedBytes}\r\n\r\n`)
  return socket
}

async function flood(order: FloodOrder): Promise<FloodResult> {
  const { url, key, certificate, lastsMs, workers } = order
  const pin = fromHex(order.pin)
  const client = new Transport({ key, certificate, pin })
  const result = { requests: 0, refused: 0, withRetryAfter: 0 }
  const sockets = Array.from({ length: announcements }, () => announce(order))
  const end = performance.now() + lastsMs
  const work = async () => {
    while (performance.now() < end) {
      const headers = { "content-type": "application/cbor" }
      const body = fromHex(order.transaction)
      const answer = await client.request(`${url}/chain/transactions`, { method: "POST", headers, body, pin })
      result.requests++
      if (answer.status !== 429) continue
      result.refused++
      if (answer.retryAfter !== undefined && answer.retryAfter >= 1) result.withRetryAfter++
    }
  }
  await Promise.all(Array.from({ length: workers }, () => work().catch(() => undefined)))
  for (const socket of sockets) socket.destroy()
  client.close()
  return result
}

if (import.meta.main)
  process.stdout.write(JSON.stringify(await flood(JSON.parse(await text(process.stdin)) as FloodOrder)))
