/** A listener on a wire: passes everything on between two ends and remembers what it heard. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

export class Tap {
  readonly #server: Server
  readonly #heard: Buffer[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  /** Listens on a loopback port of the system's choice and passes on to another. */
  static async start(port: number): Promise<Tap> {
    const server = createServer()
    const tap = new Tap(server)
    server.on("connection", (near) => {
      const far = connect(port, "127.0.0.1")
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        tap.#sockets.add(from)
        from.on("data", (bytes: Buffer) => {
          tap.#heard.push(bytes)
          to.write(bytes)
        })
        from.on("end", () => to.end())
        from.on("error", () => to.destroy())
      }
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return tap
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, "close")
  }
}
