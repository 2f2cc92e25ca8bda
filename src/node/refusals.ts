/**
 * How a door says no: one shape for every refusal (an OperationOutcome with our four fields), and the sentences that
 * the server itself has. None of them repeats what came in.
 */
import type { Socket } from "node:net"
import type { FastifyReply } from "fastify"
import { toJson } from "../base/json.ts"
import type { Refusal } from "../base/refusal.ts"

function outcomeOf(refusal: Refusal): unknown {
  const { message, at } = refusal
  const issue = { severity: "error", code: "business-rule", details: { text: message }, expression: [at] }
  return { resourceType: "OperationOutcome", issue: [issue], ...refusal }
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal, status: number): FastifyReply {
  return reply
    .status(status)
    .type("application/json")
    .send(toJson(outcomeOf(refusal)))
}

export const noDoor: Refusal = {
  code: "path-unknown",
  message: "Cannot answer: no such path here",
  at: "path",
  remedy: "Ask for one that a node has",
}

/** What never reached an operation: too large, not JSON, of another media type. */
export function unreadable(status: number): Refusal {
  if (status !== 413)
    return {
      code: "request",
      message: "Cannot read request: its form is not as expected",
      at: "body",
      remedy: "Fix the request",
    }
  const message = "Cannot read request: larger than this door takes"
  return { code: "request-too-large", message, at: "body", remedy: "Send it in parts" }
}

/** What is no HTTP at all, or came too slowly: answered on the bare socket, which then closes. */
export function answerSocket(error: { readonly code?: string }, socket: Socket): void {
  const { code = "" } = error
  // A handshake that failed leaves nothing to write to.
  if (!(code.startsWith("HPE_") || code === "ERR_HTTP_REQUEST_TIMEOUT") || !socket.writable) {
    socket.destroy()
    return
  }
  const statuses: Readonly<Record<string, string>> = {
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  }
  const body = toJson(outcomeOf(unreadable(400)))
  const head = `HTTP/1.1 ${statuses[code] ?? "400 Bad Request"}\r\ncontent-type: application/json\r\n`
  socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
  // Not only our half: whoever goes on sending would hold the connection open.
  socket.destroySoon()
}

export const deskClosed: Refusal = {
  code: "desk-closed",
  message: "Cannot use desk: no valid token",
  at: "authorization",
  remedy: "Ask who runs this node",
}
export const notMember: Refusal = {
  code: "not-a-member",
  message: "Cannot take transaction: the connection shows no member organization's certificate",
  at: "certificate",
  remedy: "Hand it to your own organization's node, or have your transport key listed",
}
export const planUnknown: Refusal = {
  code: "plan-unknown",
  message: "Cannot show plan: not kept here",
  at: "digest",
  remedy: "Ask the payer that published it",
}
export const statisticsNone: Refusal = {
  code: "statistics-none",
  message: "Cannot show statistics: none are kept here",
  at: "clauses",
  remedy: "Ask a payer",
}
export const registerUnknown: Refusal = {
  code: "register-unknown",
  message: "Cannot show register: none of this name is public",
  at: "register",
  remedy: "organizations, plans, practitioners or keys",
}
export const registerEmpty: Refusal = {
  code: "register-empty",
  message: "Cannot prove rows: the register has none",
  at: "register",
  remedy: "Ask for one key: its absence is proven",
}
export const operationUnknown: Refusal = {
  code: "operation-unknown",
  message: "Cannot use desk: no such operation here",
  at: "operation",
  remedy: "Ask for one that an organization of this kind has",
}
export const overQuota = (seconds: number): Refusal => ({
  code: "over-quota",
  message: "Cannot answer now: more was asked than this caller's quota allows",
  at: "caller",
  remedy: `Try again in ${seconds} second${seconds === 1 ? "" : "s"}`,
})
