import assert from "node:assert/strict"
import { test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { Fields } from "./desk.ts"
import { buildServer, type Doors } from "./server.ts"

test("bytes of a field: lower-case hex of any size, an even number of letters", () => {
  const of = (value: unknown) => new Fields({ value }).bytes("value")
  assert.deepEqual(of("00ff"), Uint8Array.of(0, 255))
  assert.deepEqual(of(""), new Uint8Array(0))
  const large = 7 * 1024 * 1024
  assert.equal(of("ab".repeat(large)).length, large)
  for (const bad of ["0", "0F", "0g", "00\n", 5, undefined]) assert.throws(() => of(bad), Refused)
  assert.throws(() => new Fields({ value: "00" }).bytes("value", 2), Refused)
})

test("a request that cannot be read is the sender's fault, not an outage", async () => {
  const server = buildServer({ desk: {} } as unknown as Doors, new Uint8Array(32))
  const post = async (payload: string) => {
    const { statusCode, body } = await server.inject({
      method: "POST",
      url: "/desk/anything",
      headers: { "content-type": "application/json" },
      payload,
    })
    return [statusCode, JSON.parse(body).code]
  }
  assert.deepEqual(await post("{"), [400, "request"])
  assert.deepEqual(await post(`"${"x".repeat(17 * 1024 * 1024)}"`), [413, "request-too-large"])
  assert.deepEqual(await post("{}"), [401, "desk-closed"])
  await server.close()
})
