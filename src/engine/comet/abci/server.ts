/** The application's end of the ABCI socket: a unix socket on which one CometBFT node keeps its four connections. */
import { chmod, lstat, unlink } from "node:fs/promises"
import { connect, createServer, type Server, type Socket } from "node:net"
import { assert } from "../../../base/assert.ts"
import { Fault } from "../../../base/fault.ts"
import { Connection, type ConnectionOptions } from "./connection.ts"
import { defaultMaxFrameBytes } from "./frames.ts"
import type { AbciHandler } from "./handler.ts"

export type AbciServerOptions = Partial<ConnectionOptions>

export class AbciServer {
  readonly #path: string
  readonly #handler: AbciHandler
  readonly #options: ConnectionOptions
  readonly #connections = new Set<Connection>()
  #server: Server | undefined
  #closing = false

  /** `path` is the socket's file, at most 107 bytes; its directory should be its owner's alone. */
  constructor(path: string, handler: AbciHandler, options: AbciServerOptions = {}) {
    this.#path = path
    this.#handler = handler
    this.#options = { maxFrameBytes: defaultMaxFrameBytes, maxWaitingAnswers: 1000, ...options }
  }

  /** Open connections. A node that runs has four. */
  get connections(): number {
    return [...this.#connections].filter(({ closed }) => !closed).length
  }

  /**
   * Resolves once the node can connect. A socket file that a killed process left is replaced; one on which somebody
   * listens, and any other file, is a `Fault`. Called once.
   */
  async listen(): Promise<void> {
    assert(this.#server === undefined && !this.#closing, "an ABCI server listens once")
    const server = createServer((socket) => this.#accept(socket))
    this.#server = server
    await removeStaleSocket(this.#path)
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(new Fault(`Cannot listen on ${this.#path}`, { cause })))
      server.listen(this.#path, resolve)
    })
    server.removeAllListeners("error")
    server.on("error", (cause) => this.#handler.onFailure(cause))
    await chmod(this.#path, 0o600)
  }

  /**
   * Ends all connections, drops what was not answered, removes the socket file, and resolves when no call of the handler
   * is under way: what it works on may be closed then.
   */
  async close(): Promise<void> {
    this.#closing = true
    const server = this.#server
    const closed = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined
    for (const connection of this.#connections) connection.destroy()
    await Promise.all([closed, ...[...this.#connections].map(({ ended }) => ended)])
  }

  #accept(socket: Socket): void {
    if (this.#closing) {
      socket.destroy()
      return
    }
    const connection = new Connection(socket, this.#handler, this.#options)
    this.#connections.add(connection)
    void connection.ended.then(() => this.#connections.delete(connection))
    socket.on("close", () => {
      if (!this.#closing) this.#handler.onConnectionLost?.()
    })
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Fault(`Cannot listen on ${path}: another kind of file stands there`)
  if (await answers(path)) throw new Fault(`Cannot listen on ${path}: another process listens there`)
  await unlink(path)
}

/** Whether somebody accepts connections on the socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
