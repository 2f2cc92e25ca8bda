/**
 * One organization's HTTP doors: what anybody may ask (identity, blocks, plans) and post (mail), what members post
 * (transactions), and the desk behind its token. Who asks, and whether its quota allows it, is settled before a body
 * is read. Errors leave as OperationOutcome-shaped objects with our code.
 */
import { timingSafeEqual } from "node:crypto"
import type { RequestListener, Server } from "node:http"
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify"
import { toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { toJson } from "../base/json.ts"
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { limits } from "../ledger/limits.ts"
import type { Certificate } from "./certificate.ts"
import { Fields, type Operation } from "./desk.ts"
import { createListener, type Patience, shownPin } from "./listener.ts"
import { type Door, Quota, type Quotas } from "./quota.ts"
import {
  answerSocket,
  deskClosed,
  noDoor,
  notMember,
  operationUnknown,
  overQuota,
  planUnknown,
  registerEmpty,
  registerUnknown,
  sendRefusal,
  statisticsNone,
  unreadable,
} from "./refusals.ts"
import type { RegisterAnswer, RegisterQuery } from "./register-doors.ts"

declare module "fastify" {
  interface FastifyRequest {
    /** The member organization whose certificate the connection shows. */
    organization: number | undefined
  }
  interface FastifyContextConfig {
    readonly door?: Door
    /** Only the desk's token opens it. */
    readonly desk?: true
  }
}

/** What the server asks of the node; each part answers for itself, the server only carries. */
export interface Doors {
  identity(): unknown
  health(): unknown
  /** Whether this node should be given work, and what speaks against it. */
  ready?(): Promise<{ readonly ready: boolean }>
  /** Canonical CBOR of stored blocks from a height on; waits up to `waitMs` for the first. */
  blocks(from: number, waitMs: number): Promise<Uint8Array>
  submit(transaction: Uint8Array): Promise<unknown>
  receiveMail(envelope: Uint8Array): Promise<void>
  drainMail(envelope: Uint8Array): Promise<Uint8Array>
  plan(digest: string, table: string | undefined): Uint8Array | undefined
  /** What gives public numbers of this name, if the organization publishes them. */
  statistics(name: "clause"): Operation | undefined
  /** A page of a public register with its proof; undefined where there is no such register. */
  register?(name: string, query: RegisterQuery): Promise<RegisterAnswer | undefined>
  /** One question of a newcomer's light client, as JSON-RPC; undefined where no consensus runs. */
  light?(question: unknown): Promise<unknown> | undefined
  /** The header and votes of a height; undefined where they are not here. */
  header?(height: number): Uint8Array | undefined
  /** Every change of validators since the genesis, in CBOR. */
  handovers?(): Uint8Array
  /** The desk operation of this name, if the organization has it now. */
  operation(name: string): Operation | undefined
  /** The member organization of which the ledger says that this transport key is its own. */
  member?(pin: Uint8Array): number | undefined
}

export interface ServerOptions {
  /** With it the doors speak TLS, and transactions are taken from members only; else plain HTTP, on loopback. */
  readonly certificate?: Certificate | undefined
  readonly quotas?: Quotas
  readonly patience?: Patience
  /** Told of each request that is turned away because its caller is over its quota. */
  readonly onOverQuota?: (door: Door) => void
}

const bodyLimit = 16 * 1024 * 1024
const drainBytes = 4096
/** Long polls of others than members that may be open at once; one more is answered with what is there. */
const mostWaiting = 64

function answer(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type("application/json").send(toJson(value ?? {}))
}

function answerBytes(reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  return reply.type("application/cbor").send(Buffer.from(bytes))
}

/** Doors for bytes take nothing else: a number or an object would become bytes of its own choosing. */
function bytesOf(body: unknown): Uint8Array {
  if (Buffer.isBuffer(body)) return new Uint8Array(body)
  return refuse("request", "Cannot read request: bytes are expected", "body", "Send application/cbor")
}

function wholeNumber(name: string, text: unknown, usual: number): number {
  if (text === undefined) return usual
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) return Number(text)
  return refuse("field", "Cannot read request: a whole number is expected", name, "Fix the address")
}

function holdsToken(request: FastifyRequest, deskToken: Uint8Array): boolean {
  const given = Buffer.from(request.headers.authorization ?? "")
  const wanted = Buffer.from(`Bearer ${toHex(deskToken)}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Bytes that a request says it will send; one that does not say may send what its door takes. */
function announcedBytes({ headers, routeOptions }: FastifyRequest): number {
  if (headers["content-length"] !== undefined) return Number(headers["content-length"])
  return headers["transfer-encoding"] === undefined ? 0 : (routeOptions.bodyLimit ?? bodyLimit)
}

/** A body that nobody will read is not waited for. */
const unreadBytes = 64 * 1024

/** Who asks, and whether it may: before any of the body is read. The desk's own people have no quota. */
function guard(app: FastifyInstance, doors: Doors, deskToken: Uint8Array, options: ServerOptions): void {
  const quota = new Quota(options.quotas)
  app.decorateRequest("organization", undefined)
  app.addHook("onRequest", async (request, reply) => {
    const { door = "others", desk } = request.routeOptions.config
    const pin = shownPin(request.raw.socket)
    request.organization = pin && doors.member?.(pin)
    if (holdsToken(request, deskToken)) return
    const turnAway = (refusal: Refusal, status: number) => {
      if (announcedBytes(request) > unreadBytes) reply.header("connection", "close")
      return sendRefusal(reply, refusal, status)
    }
    const caller = { organization: request.organization, address: request.raw.socket.remoteAddress }
    // What its door does not take is refused by what it announces, and charged as a request without a body: announcing
    // costs nothing, and must not use up what others of its class may send.
    const announced = announcedBytes(request)
    const tooLarge = announced > (request.routeOptions.bodyLimit ?? bodyLimit)
    const entry = quota.enter(caller, door, tooLarge ? 0 : announced)
    if (entry.leave === undefined) {
      options.onOverQuota?.(door)
      reply.header("retry-after", String(entry.waitSeconds))
      return turnAway(overQuota(entry.waitSeconds), 429)
    }
    reply.raw.once("close", entry.leave)
    if (tooLarge) return turnAway(unreadable(413), 413)
    if (desk) return turnAway(deskClosed, 401)
    const mayWrite = options.certificate === undefined || request.organization !== undefined
    if (door === "transactions" && !mayWrite) return turnAway(notMember, 403)
  })
}

function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, noDoor, 404))
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refused) return sendRefusal(reply, error.refusal, 422)
    // What came in did not decode. Our sentences say what was expected, never what was found.
    if (error instanceof EncodingError) return sendRefusal(reply, unreadable(422), 422)
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status >= 400 && status < 500) return sendRefusal(reply, unreadable(status), status)
    const message = error instanceof Fault ? error.message : "Cannot answer: this node failed"
    const refusal = { code: "outage", message, at: "node", remedy: "Try again later" }
    return sendRefusal(reply, refusal, 503)
  })
}

function openPublicDoors(app: FastifyInstance, doors: Doors): void {
  app.get("/health", async (_request, reply) => answer(reply, doors.health()))
  app.get("/ready", async (_request, reply) => {
    const condition = await doors.ready?.()
    if (condition === undefined) return sendRefusal(reply, noDoor, 404)
    return answer(reply.status(condition.ready ? 200 : 503), condition)
  })
  app.get("/identity", async (_request, reply) => answer(reply, await doors.identity()))
  let waiting = 0
  app.get<{ Querystring: { from?: string; wait?: string } }>("/chain/blocks", async (request, reply) => {
    const from = wholeNumber("from", request.query.from, 1)
    const wait = Math.min(wholeNumber("wait", request.query.wait, 0), 20_000)
    const mayWait = request.organization !== undefined || waiting < mostWaiting
    waiting++
    try {
      return answerBytes(reply, await doors.blocks(from, mayWait ? wait : 0))
    } finally {
      waiting--
    }
  })
  app.get<{ Params: { digest: string }; Querystring: { table?: string } }>("/plans/:digest", async (request, reply) => {
    const bytes = doors.plan(request.params.digest, request.query.table)
    return bytes === undefined ? sendRefusal(reply, planUnknown, 404) : answerBytes(reply, bytes)
  })
  app.get("/statistics/clauses", async (_request, reply) => {
    const statistics = doors.statistics("clause")
    if (statistics === undefined) return sendRefusal(reply, statisticsNone, 404)
    return answer(reply, await statistics(new Fields({})))
  })
  openRegisterDoor(app, doors)
  openHeaderDoors(app, doors)
}

/** What members ask one another of headers: a node that joins, and all that compare what they were shown. */
function openHeaderDoors(app: FastifyInstance, doors: Doors): void {
  app.post<{ Body: unknown }>("/chain/light", { bodyLimit: drainBytes }, async (request, reply) => {
    const answered = await doors.light?.(request.body)
    return answered === undefined ? sendRefusal(reply, noDoor, 404) : answer(reply, answered)
  })
  app.get<{ Querystring: { height?: string } }>("/chain/headers", async (request, reply) => {
    const found = doors.header?.(wholeNumber("height", request.query.height, 1))
    return found === undefined ? sendRefusal(reply, noDoor, 404) : answerBytes(reply, found)
  })
  app.get("/chain/handovers", async (_request, reply) => {
    const list = doors.handovers?.()
    return list === undefined ? sendRefusal(reply, noDoor, 404) : answerBytes(reply, list)
  })
}

/** Rows to read, or with `form=cbor` the same rows with their proofs. */
function openRegisterDoor(app: FastifyInstance, doors: Doors): void {
  type Asked = { Params: { register: string }; Querystring: RegisterQuery & { form?: string } }
  app.get<Asked>("/registers/:register", async (request, reply) => {
    const { id, organization, from, form } = request.query
    const page = await doors.register?.(request.params.register, { id, organization, from })
    if (page === undefined) return sendRefusal(reply, registerUnknown, 404)
    if (form !== "cbor") return answer(reply, page.view)
    return page.proof === undefined ? sendRefusal(reply, registerEmpty, 404) : answerBytes(reply, page.proof)
  })
}

function openPostDoors(app: FastifyInstance, doors: Doors): void {
  const transactions = { bodyLimit: limits.transactionBytes, config: { door: "transactions" } } as const
  app.post<{ Body: unknown }>("/chain/transactions", transactions, async (request, reply) =>
    answer(reply, await doors.submit(bytesOf(request.body))),
  )
  const mail = { config: { door: "mail" } } as const
  app.post<{ Body: unknown }>("/mail", mail, async (request, reply) => {
    await doors.receiveMail(bytesOf(request.body))
    return answer(reply.status(202), {})
  })
  app.post<{ Body: unknown }>("/mail/drain", { ...mail, bodyLimit: drainBytes }, async (request, reply) =>
    answerBytes(reply, await doors.drainMail(bytesOf(request.body))),
  )
  const desk = { config: { desk: true } } as const
  app.post<{ Params: { operation: string } }>("/desk/:operation", desk, async (request, reply) => {
    const operation = doors.operation(request.params.operation)
    if (operation === undefined) return sendRefusal(reply, operationUnknown, 404)
    return answer(reply, await operation(new Fields(request.body ?? {})))
  })
}

/** Builds the server; `deskToken` opens the desk and is known only to who started the node. */
export function buildServer(doors: Doors, deskToken: Uint8Array, options: ServerOptions = {}): FastifyInstance {
  const { certificate, patience } = options
  const serverFactory = (handler: unknown): Server => createListener(handler as RequestListener, certificate, patience)
  const app: FastifyInstance = fastify({
    bodyLimit,
    logger: false,
    serverFactory,
    clientErrorHandler: answerSocket,
    frameworkErrors: (_error, _request, reply) => void sendRefusal(reply as FastifyReply, noDoor, 404),
    // Open polls of others must not hold up a stop.
    forceCloseConnections: true,
  })
  app.addContentTypeParser("application/cbor", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
  answerErrors(app)
  guard(app, doors, deskToken, options)
  openPublicDoors(app, doors)
  openPostDoors(app, doors)
  return app
}
