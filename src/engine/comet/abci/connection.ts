/**
 * One connection of the node: requests in, answers out in the same order. Requests are taken from the stream only as
 * they can start, so at most one waits in memory as a value; the rest waits in the stream, and at last in the node.
 */
import type { Socket } from "node:net"
import { assert } from "../../../base/assert.ts"
import { concat } from "../../../base/bytes.ts"
import { decodeRequest, encodeResponse } from "./codec.ts"
import { FrameReader, frame } from "./frames.ts"
import type { AbciHandler, ApplicationRequest } from "./handler.ts"
import type { AbciRequest, AbciResponse } from "./messages.ts"

export interface ConnectionOptions {
  /** Bytes one message may have. */
  readonly maxFrameBytes: number
  /** Reading stops while more answers than this wait to be sent. */
  readonly maxWaitingAnswers: number
}

/** A request's place in the order of answers. */
interface Place {
  /** The framed answer, once there is one. */
  answer: Uint8Array | undefined
  /** Whether the connection ends after it. */
  last: boolean
}

/** Bytes that may gather while a request waits for those before it. */
const maxBufferedBytes = 1024 * 1024

/** Says nothing of the cause: the node writes it into its log and stops. */
const exception = frame(encodeResponse({ kind: "exception", error: "the application failed" }))
const flushed = frame(encodeResponse({ kind: "flush" }))

/** CometBFT sends many of these before it wants the first answer, and none of them changes what is committed. */
function mayOverlap({ kind }: AbciRequest): boolean {
  return kind === "checkTx" || kind === "query"
}

export class Connection {
  /** Resolves when the socket is closed and no call of the handler is under way any more. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #handler: AbciHandler
  readonly #reader: FrameReader
  readonly #maxWaitingAnswers: number
  /** Taken from the stream, not started: it waits for the calls under way. */
  #held: AbciRequest | undefined
  readonly #places: Place[] = []
  #outgoing: Uint8Array[] = []
  #writeDue = false
  #calls = 0
  /** Whether the call under way may not be overlapped. */
  #exclusive = false
  #failed = false
  /** Whether the last answer has been handed over. */
  #ending = false
  #congested = false
  #closed = false
  #end: () => void = () => undefined

  constructor(socket: Socket, handler: AbciHandler, options: ConnectionOptions) {
    this.#socket = socket
    this.#handler = handler
    this.#reader = new FrameReader(options.maxFrameBytes)
    this.#maxWaitingAnswers = options.maxWaitingAnswers
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    socket.on("data", (bytes: Uint8Array) => {
      this.#reader.push(bytes)
      this.#advance()
    })
    socket.on("drain", () => {
      this.#congested = false
      this.#advance()
    })
    // A node that is killed resets its connections; `close` follows and says all there is to say.
    socket.on("error", () => undefined)
    socket.on("close", () => {
      this.#closed = true
      if (this.#calls === 0) this.#end()
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Drops what was not answered. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Starts every request that may start, then reads on or stops reading. */
  #advance(): void {
    this.#send()
    while (!this.#closed && !this.#failed) {
      this.#held ??= this.#take()
      if (this.#held === undefined || !this.#mayStart(this.#held)) break
      const request = this.#held
      this.#held = undefined
      this.#start(request)
    }
    this.#send()
    const full = this.#saturated() || (this.#held !== undefined && this.#reader.buffered > maxBufferedBytes)
    if (full || this.#failed) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #mayStart(request: AbciRequest): boolean {
    if (!isForApplication(request)) return true
    return mayOverlap(request) ? !this.#exclusive : this.#calls === 0
  }

  #saturated(): boolean {
    return this.#congested || this.#places.length > this.#maxWaitingAnswers
  }

  #take(): AbciRequest | undefined {
    if (this.#saturated()) return undefined
    try {
      const message = this.#reader.next()
      return message === undefined ? undefined : decodeRequest(message)
    } catch (cause) {
      this.#fail(this.#newPlace(), cause)
      return undefined
    }
  }

  #newPlace(): Place {
    const place: Place = { answer: undefined, last: false }
    this.#places.push(place)
    return place
  }

  #start(request: AbciRequest): void {
    const place = this.#newPlace()
    if (!isForApplication(request)) {
      place.answer = request.kind === "flush" ? flushed : frame(encodeResponse(request))
      return
    }
    this.#calls++
    this.#exclusive = !mayOverlap(request)
    try {
      const response = this.#handler.handle(request)
      if (response instanceof Promise) this.#await(place, request, response)
      else this.#settle(place, request, response)
    } catch (cause) {
      this.#settleFailure(place, cause)
    }
  }

  #await(place: Place, request: ApplicationRequest, response: Promise<AbciResponse>): void {
    response
      .then(
        (value) => this.#settle(place, request, value),
        (cause: unknown) => this.#settleFailure(place, cause),
      )
      .then(() => this.#advance())
  }

  #settle(place: Place, request: ApplicationRequest, response: AbciResponse): void {
    let answer: Uint8Array
    try {
      assert(response.kind === request.kind, "an application answers with the request's own kind")
      answer = frame(encodeResponse(response))
    } catch (cause) {
      this.#settleFailure(place, cause)
      return
    }
    place.answer = answer
    this.#callEnded()
  }

  #settleFailure(place: Place, cause: unknown): void {
    this.#callEnded()
    this.#fail(place, cause)
  }

  #callEnded(): void {
    this.#calls--
    this.#exclusive = false
    if (this.#closed && this.#calls === 0) this.#end()
  }

  /** Nothing after `place` is answered; what stands before it still is. */
  #fail(place: Place, cause: unknown): void {
    place.answer = exception
    place.last = true
    const index = this.#places.indexOf(place)
    if (index !== -1) this.#places.length = index + 1
    if (this.#failed) return
    this.#failed = true
    this.#handler.onFailure(cause)
  }

  /** Hands over the answers whose turn has come; all that gather in one turn of the event loop go in one write. */
  #send(): void {
    while (this.#places[0]?.answer !== undefined) {
      const { answer, last } = this.#places.shift()!
      this.#outgoing.push(answer!)
      this.#ending ||= last
    }
    if (this.#outgoing.length === 0 || this.#writeDue) return
    this.#writeDue = true
    setImmediate(() => {
      this.#writeDue = false
      if (this.#closed) return
      const bytes = concat(...this.#outgoing)
      this.#outgoing = []
      this.#congested = !this.#socket.write(bytes)
      if (this.#ending) this.#socket.destroySoon()
      else this.#advance()
    })
  }
}

function isForApplication(request: AbciRequest): request is ApplicationRequest {
  return request.kind !== "echo" && request.kind !== "flush"
}
