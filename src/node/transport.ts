/**
 * Requests from this node (or a wallet in Node) to another node: TLS 1.3, this node's certificate shown, and the other
 * side's key compared with its pin before a byte of the request is sent. Connections stay open and are used again.
 */
import { timingSafeEqual } from "node:crypto"
import type { IncomingMessage, RequestOptions } from "node:http"
import { Agent, request as httpsRequest } from "node:https"
import type { Duplex } from "node:stream"
import { createSecureContext, type SecureContext, connect as tlsConnect } from "node:tls"
import { toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { type Certificate, pinOf } from "./certificate.ts"

/** Where a node is, and by which key it is known there. */
export interface Address {
  readonly url: string
  /** SHA-256 of its SubjectPublicKeyInfo; absent for plain HTTP on loopback only. */
  readonly transport?: Uint8Array | undefined
}

export interface Ask {
  readonly method?: "GET" | "POST"
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | undefined
  readonly signal?: AbortSignal
  readonly pin?: Uint8Array | undefined
}

export interface Answer {
  readonly status: number
  readonly bytes: Uint8Array
  /** Seconds that the other side asks to wait (`retry-after`). */
  readonly retryAfter: number | undefined
}

/** @throws Fault when no answer came, or when whoever answered is not whom the pin names. */
export type Request = (url: string, ask?: Ask) => Promise<Answer>

const handshakeMs = 10_000
/** A long poll is silent for up to 20 s. */
const idleMs = 60_000
/** Most of an answer: 256 full blocks. */
const mostBytes = 160 * 1024 * 1024

/** Compares keys before the connection is handed to anybody who would write to it. */
class PinnedAgent extends Agent {
  readonly #secureContext: SecureContext

  constructor(secureContext: SecureContext) {
    super({ keepAlive: true, maxSockets: 256, maxFreeSockets: 32, scheduling: "lifo" })
    this.#secureContext = secureContext
  }

  /** Connections are shared by those only who expect the same key. */
  override getName(options?: RequestOptions & { readonly pin?: Uint8Array }): string {
    return `${super.getName(options)}:${toHex(options?.pin ?? new Uint8Array())}`
  }

  override createConnection(
    options: RequestOptions & { readonly pin?: Uint8Array },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { pin } = options
    const socket = tlsConnect({
      host: options.hostname ?? "",
      port: Number(options.port),
      secureContext: this.#secureContext,
      minVersion: "TLSv1.3",
      // No authority stands behind these certificates: the pin does, below.
      rejectUnauthorized: false,
      timeout: handshakeMs,
    })
    const fail = (error: Error) => callback?.(error, socket)
    const late = () => socket.destroy(new Error("no handshake in time"))
    socket.once("error", fail).once("timeout", late)
    socket.once("secureConnect", () => {
      socket.off("timeout", late).off("error", fail).setTimeout(0)
      const shown = socket.getPeerX509Certificate()
      if (pin !== undefined && shown !== undefined && timingSafeEqual(pinOf(shown), pin)) {
        callback?.(null, socket)
      } else {
        socket.on("error", () => {}).destroy()
        fail(new Fault("Cannot reach node: its key is not the one that is listed for it"))
      }
    })
    return undefined
  }
}

/** Whether an address never leaves this machine. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

export class Transport {
  #certificate: Certificate | undefined
  #agent: PinnedAgent | undefined
  readonly #mostBytes: number

  /** @param certificate - this node's own, shown to the other side; a wallet has none. */
  constructor(certificate?: Certificate, limits: { readonly mostBytes?: number } = {}) {
    this.#certificate = certificate
    this.#mostBytes = limits.mostBytes ?? mostBytes
  }

  /**
   * One request. `pin` is the key that must answer: without it only plain HTTP on loopback is asked, with it never.
   * @throws Fault when no whole answer came; one that is not retryable when the other side is not whom the pin names.
   */
  readonly request: Request = async (url, ask = {}) => {
    const target = new URL(url)
    if (target.protocol === "https:" && ask.pin?.length === 32) return this.#secure(target, ask)
    if (target.protocol === "http:" && ask.pin === undefined && isLoopback(target.hostname)) return plain(url, ask)
    throw new Fault("Cannot reach node: only a listed key over TLS, or plain HTTP on loopback, is asked")
  }

  /** A `fetch` that is bound to one address's key, for code that also runs in browsers. */
  fetchFor({ transport }: { readonly transport?: Uint8Array | undefined }) {
    return async (
      url: string,
      { body, ...init }: Pick<Ask, "method" | "headers" | "body"> = {},
    ): Promise<{ ok: boolean; status: number; arrayBuffer(): Promise<ArrayBuffer> }> => {
      const { status, bytes } = await this.request(url, { ...init, body, pin: transport })
      return { ok: status >= 200 && status < 300, status, arrayBuffer: async () => new Uint8Array(bytes).buffer }
    }
  }

  /** Shows another certificate from now on; what is under way on old connections ends as if they had broken. */
  show(certificate: Certificate): void {
    this.#certificate = certificate
    this.close()
  }

  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  #agentNow(): PinnedAgent {
    if (this.#agent === undefined) {
      const { key, certificate } = this.#certificate ?? {}
      const own = key === undefined || certificate === undefined ? {} : { key, cert: certificate }
      // An empty list of authorities: else the platform loads the web's, which nothing here asks.
      this.#agent = new PinnedAgent(createSecureContext({ ...own, ca: [], minVersion: "TLSv1.3" }))
    }
    return this.#agent
  }

  #secure(target: URL, { method = "GET", headers = {}, body, signal, pin }: Ask): Promise<Answer> {
    const options = { method, headers: withLength(headers, body), agent: this.#agentNow(), pin, timeout: idleMs }
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        const fault = cause instanceof Fault
        reject(fault ? cause : new Fault(`Cannot reach ${target.host}`, { retryable: true, cause }))
      }
      const asked = httpsRequest(target, { ...options, ...(signal === undefined ? {} : { signal }) }, (response) => {
        this.#read(response).then(resolve, fail)
      })
      asked.once("error", fail).once("timeout", () => asked.destroy(new Error("silent for too long")))
      asked.end(body)
    })
  }

  async #read(response: IncomingMessage): Promise<Answer> {
    const parts: Buffer[] = []
    let length = 0
    for await (const part of response) {
      length += (part as Buffer).length
      if (length > this.#mostBytes) {
        response.destroy()
        throw new Fault("Cannot read answer: it is larger than any that is expected")
      }
      parts.push(part as Buffer)
    }
    const bytes = new Uint8Array(Buffer.concat(parts, length))
    return { status: response.statusCode ?? 0, bytes, retryAfter: seconds(response.headers["retry-after"]) }
  }
}

function withLength(headers: Readonly<Record<string, string>>, body: Uint8Array | string | undefined) {
  return body === undefined ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) }
}

function seconds(text: string | null | undefined): number | undefined {
  return text != null && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}

async function plain(url: string, { method = "GET", headers = {}, body, signal }: Ask): Promise<Answer> {
  const sent = typeof body === "string" ? body : body && Buffer.from(body)
  const init = { method, headers, ...(sent === undefined ? {} : { body: sent }), ...(signal && { signal }) }
  try {
    const response = await fetch(url, init as RequestInit)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, bytes, retryAfter: seconds(response.headers.get("retry-after")) }
  } catch (cause) {
    throw new Fault(`Cannot reach ${new URL(url).host}`, { retryable: true, cause })
  }
}

/** For nodes without TLS: plain HTTP on loopback. */
export const plainRequest: Request = new Transport().request
