/**
 * A thread that carries what validators say to one another, a proxy a directed link: apart from all else that the runner
 * does, so that links are slow only when they shall be. It is told what to do in messages (`LinkOrder`).
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { parentPort, workerData } from "node:worker_threads"

const host = "127.0.0.1"

/** What the thread is told; links go by their names. */
export type LinkOrder =
  | { readonly do: "lead"; readonly link: string; readonly target: { readonly host: string; readonly port: number } }
  | { readonly do: "cut" | "mend"; readonly links: readonly string[] }

/** From the dialling side to the one that listens. */
class Link {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #waiting = new Set<Socket>()
  #target: { readonly host: string; readonly port: number } | undefined
  #cut = false

  private constructor(server: Server) {
    this.#server = server
    server.on("connection", (socket) => this.#accept(socket))
  }

  static open(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true })
      server.once("error", reject)
      server.listen(0, host, () => resolve(new Link(server)))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  lead(target: { readonly host: string; readonly port: number }): void {
    this.#target = target
  }

  cut(): void {
    this.#cut = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  mend(): void {
    this.#cut = false
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
    for (const socket of this.#waiting) this.#join(socket)
    this.#waiting.clear()
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy())
    socket.once("close", () => this.#waiting.delete(socket))
    if (this.#cut) this.#waiting.add(socket)
    else this.#join(socket)
  }

  #join(from: Socket): void {
    if (this.#target === undefined) {
      from.destroy()
      return
    }
    const to = connect({ ...this.#target, noDelay: true })
    from.setNoDelay(true)
    const pair = [from, to] as const
    this.#pairs.add(pair)
    for (const [one, other] of [pair, [to, from] as const]) {
      one.on("data", (bytes) => {
        if (other.write(bytes) || this.#cut) return
        one.pause()
      })
      other.on("drain", () => !this.#cut && one.resume())
      one.on("error", () => one.destroy())
      one.once("close", () => {
        this.#pairs.delete(pair)
        other.destroy()
      })
    }
    if (!this.#cut) from.resume()
  }
}

/** Opens the links that it was started with, says their ports, and then does as it is told. */
async function serve(names: readonly string[]): Promise<void> {
  const links = new Map<string, Link>()
  for (const name of names) links.set(name, await Link.open())
  parentPort!.on("message", (order: LinkOrder) => {
    if (order.do === "lead") links.get(order.link)!.lead(order.target)
    else for (const name of order.links) links.get(name)![order.do]()
  })
  parentPort!.postMessage([...links].map(([name, { port }]) => [name, port]))
}

await serve(workerData as readonly string[])
