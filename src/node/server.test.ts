/** Goal: whatever is wrong with a request, the answer has one shape, the right status, and nothing of what was sent. */
import assert from "node:assert/strict"
import { request } from "node:http"
import { after, test } from "node:test"
import { toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import type { Operation } from "./desk.ts"
import { usualQuotas } from "./quota.ts"
import { buildServer, type Doors } from "./server.ts"

const token = new Uint8Array(32).fill(5)
const canary = "canary-5e1f"
const operations: Readonly<Record<string, Operation>> = {
  echo: async (fields) => ({ text: fields.text("text"), sum: 5n, bytes: Uint8Array.of(1, 2) }),
  refuses: async () => refuse("no-cover", "Cannot quote: nothing covers it", "visit", "Bill the patient"),
  fails: async () => {
    throw new Fault("Cannot ask the node that is followed", { retryable: true })
  },
  breaks: async () => {
    throw new Error(`a defect near ${canary}`)
  },
  undecodable: async () => {
    throw new EncodingError("Cannot read CBOR: not a text")
  },
  nothing: async () => undefined,
}
const received: Uint8Array[] = []
const doors: Doors = {
  identity: () => ({ organization: 1 }),
  health: () => ({ ready: true }),
  blocks: async () => Uint8Array.of(0x80),
  submit: async (bytes) => {
    received.push(bytes)
    return { height: 1 }
  },
  receiveMail: async (bytes) => {
    received.push(bytes)
  },
  drainMail: async (bytes) => {
    received.push(bytes)
    return Uint8Array.of(0x80)
  },
  plan: (digest, table) => (digest === "a" && table === undefined ? Uint8Array.of(7) : undefined),
  statistics: () => undefined,
  operation: (name) => (Object.hasOwn(operations, name) ? operations[name] : undefined),
}
const server = buildServer(doors, token)
after(() => server.close())

interface Asked {
  readonly method?: "GET" | "POST"
  readonly payload?: string | Buffer
  readonly type?: string
  readonly bearer?: string | undefined
}
async function ask(url: string, { method = "POST", payload = "{}", type = "application/json", ...rest }: Asked = {}) {
  const bearer = "bearer" in rest ? rest.bearer : `Bearer ${toHex(token)}`
  const headers = { ...(type === "" ? {} : { "content-type": type }), ...(bearer && { authorization: bearer }) }
  const response = await server.inject({ method, url, headers, ...(method === "POST" ? { payload } : {}) })
  return { status: response.statusCode, body: response.body }
}

/** The one shape of a refusal: OperationOutcome for who reads FHIR, our four fields for everybody. */
async function refused(url: string, asked: Asked, status: number, code: string) {
  const answer = await ask(url, asked)
  assert.equal(answer.status, status, answer.body)
  const outcome = JSON.parse(answer.body)
  assert.equal(outcome.resourceType, "OperationOutcome")
  assert.equal(outcome.code, code)
  for (const part of ["message", "at", "remedy"]) assert.ok(typeof outcome[part] === "string" && outcome[part] !== "")
  assert.deepEqual(outcome.issue, [
    { severity: "error", code: "business-rule", details: { text: outcome.message }, expression: [outcome.at] },
  ])
  assert.ok(!answer.body.includes(canary), answer.body)
  return outcome
}

test("an operation answers in JSON: money as strings, bytes as hex", async () => {
  const { status, body } = await ask("/desk/echo", { payload: JSON.stringify({ text: "hello" }) })
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(body), { text: "hello", sum: "5", bytes: "0102" })
  assert.deepEqual(await ask("/desk/nothing"), { status: 200, body: "{}" })
})

test("the desk opens to its token only", async () => {
  const right = toHex(token)
  const wrong = [undefined, "", "Bearer", `Bearer ${right.slice(1)}`, `Bearer ${right}0`, `Basic ${right}`, right]
  const near = `Bearer ${right.slice(0, -1)}4`
  for (const bearer of [...wrong, near]) await refused("/desk/echo", { bearer }, 401, "desk-closed")
  await refused("/desk/no-such-operation", { bearer: near }, 401, "desk-closed")
})

test("an operation that is not here is 404, whatever its name", async () => {
  for (const name of ["unknown", "__proto__", "constructor", "toString", canary])
    await refused(`/desk/${name}`, {}, 404, "operation-unknown")
  for (const path of ["/", `/${canary}`, "/desk", "/desk/a/b"]) await refused(path, {}, 404, "path-unknown")
  await refused("/desk/echo", { method: "GET" }, 404, "path-unknown")
})

test("a refusal is 422 with its own four fields", async () => {
  const { message, at, remedy } = await refused("/desk/refuses", {}, 422, "no-cover")
  assert.deepEqual([message, at, remedy], ["Cannot quote: nothing covers it", "visit", "Bill the patient"])
  assert.equal((await refused("/desk/echo", { payload: `{"text":{"a":"${canary}"}}` }, 422, "field")).at, "body.text")
  await refused("/desk/undecodable", {}, 422, "request")
})

test("an outage is 503 and says what is away; our own mistake is 503 and tells nothing", async () => {
  const { message } = await refused("/desk/fails", {}, 503, "outage")
  assert.equal(message, "Cannot ask the node that is followed")
  assert.equal((await refused("/desk/breaks", {}, 503, "outage")).message, "Cannot answer: this node failed")
})

test("a request that cannot be read is the sender's fault, not an outage", async () => {
  await refused("/desk/echo", { payload: `{"text":"${canary}"` }, 400, "request")
  await refused("/desk/echo", { payload: `"${canary}"` }, 422, "field")
  await refused("/desk/echo", { payload: `["${canary}"]` }, 422, "field")
  await refused("/desk/echo", { payload: canary, type: "text/plain" }, 422, "field")
  await refused("/desk/echo", { payload: canary, type: "application/xml" }, 415, "request")
  await refused("/desk/echo", { payload: `{"__proto__":"${canary}"}` }, 400, "request")
  await refused("/desk/echo", { payload: `"${"x".repeat(17 * 1024 * 1024)}"` }, 413, "request-too-large")
})

test("doors for bytes take bytes, of whatever length, and nothing else", async () => {
  received.length = 0
  for (const path of ["/mail", "/mail/drain", "/chain/transactions"]) {
    await ask(path, { payload: Buffer.of(1, 2, 3), type: "application/cbor", bearer: undefined })
    for (const payload of ["5000000000", "7", '{"length":100000000}', "[1,2]", `"${canary}"`, "null"])
      await refused(path, { payload, bearer: undefined }, 422, "request")
    await refused(path, { payload: canary, type: "text/plain" }, 422, "request")
  }
  assert.deepEqual(
    received,
    [1, 2, 3].map(() => Uint8Array.of(1, 2, 3)),
  )
})

test("only so many strangers wait for blocks at once; one more is answered at once", async () => {
  const release = Promise.withResolvers<void>()
  const waits: number[] = []
  const blocks = async (_from: number, waitMs: number) => {
    waits.push(waitMs)
    if (waitMs > 0) await release.promise
    return Uint8Array.of(0x80)
  }
  const crowded = buildServer({ ...doors, blocks }, token)
  const poll = () => crowded.inject({ url: "/chain/blocks?from=9&wait=90000" })
  const first = Array.from({ length: 64 }, poll)
  while (waits.length < 64) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal((await poll()).statusCode, 200)
  assert.deepEqual([...new Set(waits.slice(0, 64)), waits[64]], [20_000, 0])
  release.resolve()
  await Promise.all(first)
  void poll()
  while (waits.length < 66) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(waits[65], 20_000)
  for (const from of ["x", "-1", "1.5", "1e3", ""])
    await refused(`/chain/blocks?from=${from}`, { method: "GET" }, 422, "field")
  await crowded.close()
})

test("the room for what is on its way in comes back, answered or broken off", async () => {
  const heldBytes = { each: 3000, all: 3000 }
  const narrow = buildServer({ ...doors, receiveMail: async () => {} }, token, {
    quotas: { ...usualQuotas, heldBytes },
  })
  const url = await narrow.listen({ host: "127.0.0.1", port: 0 })
  const headers = { "content-type": "application/cbor" }
  const post = async () => (await fetch(`${url}/mail`, { method: "POST", headers, body: new Uint8Array(1500) })).status
  for (let i = 0; i < 8; i++) assert.equal(await post(), 202)
  const open = await Promise.all(
    [1, 2].map(async () => {
      const asked = request(`${url}/mail`, { method: "POST", headers: { ...headers, "content-length": "1500" } })
      asked.on("error", () => {}).flushHeaders()
      return asked
    }),
  )
  const until = async (status: number) => {
    for (let tries = 0; tries < 500; tries++) if ((await post()) === status) return
    assert.fail(`never ${status}`)
  }
  await until(429)
  for (const asked of open) asked.destroy()
  await until(202)
  await narrow.close()
})

test("plans are given by digest, and what is not kept here is 404", async () => {
  assert.equal((await ask("/plans/a", { method: "GET" })).status, 200)
  await refused("/plans/a?table=x", { method: "GET" }, 404, "plan-unknown")
  await refused(`/plans/${canary}`, { method: "GET" }, 404, "plan-unknown")
})
