/**
 * The socket behind a node's doors: TLS 1.3 with this node's certificate, or plain HTTP for loopback. Whoever connects
 * is given little time and few connections before a whole request has come.
 */
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http"
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https"
import type { Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { type Certificate, pinOf } from "./certificate.ts"
import { addressClass } from "./quota.ts"

/** Milliseconds and counts; the defaults stand beside each. */
export interface Patience {
  /** From the first byte to the end of a TLS handshake: 10 s. */
  readonly handshakeMs?: number
  /** From a connection's (or a kept connection's next) start to the end of the headers: 10 s. */
  readonly headersMs?: number
  /** To the end of the body: 30 s. */
  readonly requestMs?: number
  /** Without a byte in either direction; longer than the longest poll: 60 s. */
  readonly idleMs?: number
  /** Connections from one address that is not this machine: 256. */
  readonly connectionsEach?: number
  /** Connections altogether: 8,192. */
  readonly connections?: number
}

const headerBytes = 16 * 1024

/** A server that hands whole requests to `handler`; not listening yet. */
export function createListener(handler: RequestListener, certificate?: Certificate, patience: Patience = {}): Server {
  const { handshakeMs = 10_000, headersMs = 10_000, requestMs = 30_000, idleMs = 60_000 } = patience
  const common = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: Math.min(1000, headersMs),
    maxHeaderSize: headerBytes,
  }
  const server = certificate === undefined ? createHttpServer(common, handler) : secure(certificate)
  function secure({ key, certificate: cert }: Certificate): Server {
    const tls = { key, cert, ca: [cert], minVersion: "TLSv1.3" as const, handshakeTimeout: handshakeMs }
    // Any certificate is let in, or none: doors ask whose it is. Possession of its key is proven by the handshake.
    return createHttpsServer({ ...common, ...tls, requestCert: true, rejectUnauthorized: false }, handler)
  }
  server.maxConnections = patience.connections ?? 8192
  server.setTimeout(idleMs)
  boundConnections(server, patience.connectionsEach ?? 256)
  return server
}

/** Shows another certificate on every connection from now on; those that are idle end. Nothing for plain HTTP. */
export function showCertificate(server: Server, { key, certificate: cert }: Certificate): void {
  if (!(server instanceof HttpsServer)) return
  server.setSecureContext({ key, cert, ca: [cert], minVersion: "TLSv1.3" })
  server.closeIdleConnections()
}

function boundConnections(server: Server, each: number): void {
  const open = new Map<string, number>()
  server.on("connection", (socket: Socket) => {
    const from = addressClass(socket.remoteAddress)
    if (from === "loopback") return
    const count = (open.get(from) ?? 0) + 1
    if (count > each) {
      socket.destroy()
      return
    }
    open.set(from, count)
    socket.once("close", () => {
      const left = open.get(from)! - 1
      if (left === 0) open.delete(from)
      else open.set(from, left)
    })
  })
}

const pins = new WeakMap<Socket, Uint8Array | undefined>()

/** The pin of the certificate that the other side has shown on this connection, if any. */
export function shownPin(socket: Socket): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  if (!pins.has(socket)) {
    const certificate = socket.getPeerX509Certificate()
    pins.set(socket, certificate && pinOf(certificate))
  }
  return pins.get(socket)
}
