/**
 * One organization's HTTP door, on loopback: what anybody may ask (identity, blocks, plans), what members post (mail,
 * transactions), and the desk behind its token. Errors leave as OperationOutcome-shaped objects with our code.
 */
import { timingSafeEqual } from "node:crypto"
import fastify, { type FastifyInstance, type FastifyReply } from "fastify"
import { toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { toJson } from "../base/json.ts"
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { Fields, type Operation } from "./desk.ts"

/** What the server asks of the node; each part answers for itself, the server only carries. */
export interface Doors {
  identity(): unknown
  health(): unknown
  /** Canonical CBOR of stored blocks from a height on; waits up to `waitMs` for the first. */
  blocks(from: number, waitMs: number): Promise<Uint8Array>
  submit(transaction: Uint8Array): Promise<unknown>
  receiveMail(envelope: Uint8Array): Promise<void>
  drainMail(envelope: Uint8Array): Promise<Uint8Array>
  plan(digest: string, table: string | undefined): Uint8Array | undefined
  /** What gives public numbers of this name, if the organization publishes them. */
  statistics(name: "clause"): Operation | undefined
  /** The desk operation of this name, if the organization has it now. */
  operation(name: string): Operation | undefined
}

const bodyLimit = 16 * 1024 * 1024

function sendRefusal(reply: FastifyReply, refusal: Refusal, status: number): FastifyReply {
  const outcome = {
    resourceType: "OperationOutcome",
    issue: [{ severity: "error", code: "business-rule", details: { text: refusal.message }, expression: [refusal.at] }],
    ...refusal,
  }
  return reply.status(status).type("application/json").send(toJson(outcome))
}

function answer(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type("application/json").send(toJson(value ?? {}))
}

function answerBytes(reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  return reply.type("application/cbor").send(Buffer.from(bytes))
}

const noDoor: Refusal = {
  code: "path-unknown",
  message: "Cannot answer: no such path here",
  at: "path",
  remedy: "Ask for one that a node has",
}

/** Doors for bytes take nothing else: a number or an object would become bytes of its own choosing. */
function bytesOf(body: unknown): Uint8Array {
  if (Buffer.isBuffer(body)) return new Uint8Array(body)
  return refuse("request", "Cannot read request: bytes are expected", "body", "Send application/cbor")
}

/** What never reached an operation: too large, not JSON, of another media type. */
function unreadable(status: number): Refusal {
  if (status !== 413)
    return {
      code: "request",
      message: "Cannot read request: its form is not as expected",
      at: "body",
      remedy: "Fix the request",
    }
  const message = `Cannot read request: over ${bodyLimit} bytes`
  return { code: "request-too-large", message, at: "body", remedy: "Send it in parts" }
}

/** Builds the server; `deskToken` opens the desk and is known only to who started the node. */
export function buildServer(doors: Doors, deskToken: Uint8Array): FastifyInstance {
  const app = fastify({ bodyLimit, logger: false })
  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, noDoor, 404))
  app.addContentTypeParser("application/cbor", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
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
  app.get("/health", async (_request, reply) => answer(reply, doors.health()))
  app.get("/identity", async (_request, reply) => answer(reply, await doors.identity()))
  app.get<{ Querystring: { from?: string; wait?: string } }>("/chain/blocks", async (request, reply) =>
    answerBytes(
      reply,
      await doors.blocks(Number(request.query.from ?? 1), Math.min(Number(request.query.wait ?? 0), 20_000)),
    ),
  )
  app.post<{ Body: unknown }>("/chain/transactions", async (request, reply) =>
    answer(reply, await doors.submit(bytesOf(request.body))),
  )
  app.post<{ Body: unknown }>("/mail", async (request, reply) => {
    await doors.receiveMail(bytesOf(request.body))
    return answer(reply.status(202), {})
  })
  app.post<{ Body: unknown }>("/mail/drain", async (request, reply) =>
    answerBytes(reply, await doors.drainMail(bytesOf(request.body))),
  )
  app.get<{ Params: { digest: string }; Querystring: { table?: string } }>("/plans/:digest", async (request, reply) => {
    const bytes = doors.plan(request.params.digest, request.query.table)
    if (bytes !== undefined) return answerBytes(reply, bytes)
    const remedy = "Ask the payer that published it"
    return sendRefusal(
      reply,
      { code: "plan-unknown", message: "Cannot show plan: not kept here", at: "digest", remedy },
      404,
    )
  })
  app.get("/statistics/clauses", async (_request, reply) => {
    const statistics = doors.statistics("clause")
    if (statistics !== undefined) return answer(reply, await statistics(new Fields({})))
    const remedy = "Ask a payer"
    return sendRefusal(
      reply,
      { code: "statistics-none", message: "Cannot show statistics: none are kept here", at: "clauses", remedy },
      404,
    )
  })
  app.post<{ Params: { operation: string } }>("/desk/:operation", async (request, reply) => {
    const given = Buffer.from(request.headers.authorization ?? "")
    const wanted = Buffer.from(`Bearer ${toHex(deskToken)}`)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      const refusal = {
        code: "desk-closed",
        message: "Cannot use desk: no valid token",
        at: "authorization",
        remedy: "Ask who runs this node",
      }
      return sendRefusal(reply, refusal, 401)
    }
    const operation = doors.operation(request.params.operation)
    if (operation === undefined) {
      const refusal = {
        code: "operation-unknown",
        message: "Cannot use desk: no such operation here",
        at: "operation",
        remedy: "Ask for one that an organization of this kind has",
      }
      return sendRefusal(reply, refusal, 404)
    }
    return answer(reply, await operation(new Fields(request.body ?? {})))
  })
  return app
}
