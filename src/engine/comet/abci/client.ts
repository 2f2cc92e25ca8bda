/** The node's end of the ABCI socket: what plays CometBFT before the application in tests and simulations. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { Fault } from "../../../base/fault.ts"
import { decodeResponse, encodeRequest } from "./codec.ts"
import { FrameReader, frame } from "./frames.ts"
import type { AbciRequest, AbciResponse } from "./messages.ts"

/** One connection. Answers come in the order of the requests, so `call` needs no names for them. */
export class AbciClient {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #waiting: { resolve(response: AbciResponse): void; reject(cause: unknown): void }[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on("data", (bytes: Uint8Array) => this.#receive(bytes))
    socket.on("error", () => undefined)
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        const gone = new Fault("Cannot read an ABCI answer: the connection ended")
        for (const { reject } of this.#waiting.splice(0)) reject(gone)
        resolve()
      })
    })
  }

  static async connect(path: string): Promise<AbciClient> {
    const socket = connect(path)
    await once(socket, "connect")
    return new AbciClient(socket)
  }

  /** Sends at once, also while earlier answers are out. Rejects with a `Fault` when the connection ends first. */
  call(request: AbciRequest): Promise<AbciResponse> {
    this.sendBytes(frame(encodeRequest(request)))
    return this.nextAnswer()
  }

  /** Waits for one answer more than are waited for already. For use after `sendBytes`. */
  nextAnswer(): Promise<AbciResponse> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Bytes as they are: cut, joined or wrong. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    this.#reader.push(bytes)
    for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) throw new Fault("Cannot read an ABCI answer: nobody asked for it")
      waiting.resolve(decodeResponse(message))
    }
  }
}
