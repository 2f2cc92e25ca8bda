/**
 * What a newcomer's light client asks of nodes that have the chain. CometBFT's RPC has no authentication and listens on
 * a socket of its own node only; a few of its questions are answered through the node's doors, and on the newcomer's
 * side a relay makes each member look like such a socket.
 */
import { rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { type CometRpc, RpcFault } from "../engine/comet/rpc.ts"

/** Read-only, and about headers alone. */
const methods: readonly string[] = ["commit", "validators", "consensus_params", "status", "header"]
const mostBytes = 64 * 1024

interface Question {
  readonly id: unknown
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

function readQuestion(body: unknown): Question {
  const { id, method, params } = (body ?? {}) as Partial<Question>
  if (typeof method !== "string" || !methods.includes(method))
    return refuse("light-method", "Cannot answer: not a question about headers", "method", methods.join(", "))
  if (typeof params !== "object" || params === null || Object.values(params).some((one) => typeof one === "object"))
    return refuse("light-params", "Cannot answer: the question's parameters do not read", "params", "Fix the request")
  return { id, method, params }
}

/** The answer to one JSON-RPC question, in JSON-RPC's own form. @throws Refused for any other question. */
export async function answerLight(rpc: CometRpc, body: unknown): Promise<unknown> {
  const { id, method, params } = readQuestion(body)
  try {
    return { jsonrpc: "2.0", id, result: await rpc.call(method, params) }
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    return { jsonrpc: "2.0", id, error: { code: error.code, message: "no answer", data: error.data } }
  }
}

/** A socket on this machine that passes a light client's questions on to one member. */
export class LightRelay {
  readonly path: string
  readonly #server: Server

  private constructor(path: string, server: Server) {
    this.path = path
    this.#server = server
  }

  /** @param ask - carries a question to the member; a Fault where it does not answer. */
  static async open(path: string, ask: (question: Uint8Array) => Promise<Uint8Array>): Promise<LightRelay> {
    rmSync(path, { force: true })
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on("data", (part: Buffer) => {
        parts.push(part)
        if (parts.reduce((sum, one) => sum + one.length, 0) > mostBytes) request.destroy()
      })
      request.on("end", () => {
        ask(new Uint8Array(Buffer.concat(parts))).then(
          (answer) => response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from(answer)),
          () => response.writeHead(502).end(),
        )
      })
    })
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(new Fault("Cannot open relay", { cause })))
      server.listen(path, resolve)
    })
    return new LightRelay(path, server)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
