/** Goal: a node starts on a configuration that is whole, and names the first thing that is not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { decodeConfig, organizationKinds } from "./config.ts"

const good = {
  directory: "/tmp/x",
  name: "lakeside-eye",
  kind: "provider",
  organization: "1",
  startKey: "k".repeat(32),
}

test("a whole configuration is decoded once and frozen", () => {
  const config = decodeConfig({ ...good, operator: true, turnableClock: undefined, port: "8080" })
  assert.deepEqual(config, {
    directory: "/tmp/x",
    name: "lakeside-eye",
    kind: "provider",
    organization: 1,
    host: "127.0.0.1",
    port: 8080,
    startKey: "k".repeat(32),
    operator: true,
    consensus: false,
    resume: false,
    turnableClock: false,
    tls: true,
  })
  assert.ok(Object.isFrozen(config))
  assert.equal(decodeConfig(good).port, 0)
  assert.equal(decodeConfig({ ...good, tls: false }).tls, false, "plain HTTP only where it is asked for")
  for (const kind of Object.keys(organizationKinds)) assert.equal(decodeConfig({ ...good, kind }).kind, kind)
})

const wrong: readonly (readonly [name: string, value: string | boolean | undefined, code: string])[] = [
  ["directory", undefined, "config-missing"],
  ["directory", "", "config-missing"],
  ["name", undefined, "config-missing"],
  ["name", "Lakeside Eye", "config-name"],
  ["name", "x".repeat(41), "config-name"],
  ["kind", true, "config-missing"],
  ["kind", "bank", "config-kind"],
  ["kind", "toString", "config-kind"],
  ["kind", "__proto__", "config-kind"],
  ["organization", "0", "config-organization"],
  ["organization", "65536", "config-organization"],
  ["organization", "1e3", "config-organization"],
  ["organization", "0x10", "config-organization"],
  ["organization", "one", "config-organization"],
  ["port", "65536", "config-port"],
  ["port", "-1", "config-port"],
  ["port", "http", "config-port"],
  ["startKey", undefined, "config-missing"],
  ["startKey", "k".repeat(31), "config-start-key"],
  ["startKey", `${"k".repeat(31)} `, "config-start-key"],
  ["startKey", `${"k".repeat(32)}\n`, "config-start-key"],
]
for (const [name, value, code] of wrong) {
  test(`${name} as ${JSON.stringify(value)} is refused as ${code}`, () => {
    const decode = () => decodeConfig({ ...good, [name]: value })
    assert.throws(decode, (error) => error instanceof Refused && error.refusal.code === code)
    try {
      decode()
    } catch (error) {
      const { message, at, remedy } = (error as Refused).refusal
      if (name === "startKey" && value) assert.ok(![message, at, remedy].join().includes("kkkk"), "the key is not told")
    }
  })
}
