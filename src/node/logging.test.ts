/** Goal: the log says what happened and never who, where, or with which key. Method: planted strings, real lines. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { Writable } from "node:stream"
import { test } from "node:test"
import { type LogLevel, logLevels } from "./config.ts"
import { openLog, readEngineLine, scrub } from "./logging.ts"

function opened(level: LogLevel | undefined) {
  const lines: string[] = []
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(...chunk.toString().split("\n").filter(Boolean))
      done()
    },
  })
  return { log: openLog({ level, name: "lakeside-eye", to }), lines }
}

test("a line is JSON with level, time, the node's name, the event and its fields", () => {
  const { log, lines } = opened("info")
  log.write("info", "peers", { connected: 3 })
  log.write("debug", "engine", { text: "too much" })
  const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
  assert.equal(lines.length, 1)
  assert.match(String(line?.["time"]), /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(
    { ...line, time: "" },
    { level: "info", time: "", node: "lakeside-eye", event: "peers", connected: 3 },
  )
})

test("each level has all before it, and without one nothing is written", () => {
  for (const [i, level] of logLevels.entries()) {
    const { log, lines } = opened(level)
    for (const one of logLevels) log.write(one, "peers")
    assert.equal(lines.length, i + 1, level)
  }
  const { log, lines } = opened(undefined)
  for (const one of logLevels) log.write(one, "halted")
  assert.deepEqual(lines, process.env["COUNTERSIGN_DEBUG"] === undefined ? [] : lines)
})

test("tokens, keys, bodies and addresses do not come through, in whatever form", () => {
  for (let round = 0; round < 200; round++) {
    const bytes = randomBytes(24 + (round % 40))
    for (const form of ["hex", "base64", "base64url"] as const) {
      const secret = bytes.toString(form)
      if (/^[0-9a-f]{40}$/.test(secret)) continue
      for (const text of [secret, `token ${secret}, then`, `"${secret}"`, `key=${secret.toUpperCase()}`])
        assert.ok(!scrub(text).includes(secret.slice(0, 24)), `${form}: ${scrub(text)}`)
    }
  }
  const places = [
    "dial tcp 10.1.2.3:26656: connect: refused",
    "dial tcp [2001:db8::7]:26656: i/o timeout",
    "lookup clinic.lakeside.example on 127.0.0.53:53: no such host",
    "peer 1f3c6ec18b9c7539426e66a6909541c4594246f0@192.168.0.9:7401",
  ]
  for (const text of places)
    assert.doesNotMatch(scrub(text), /10\.1\.2\.3|2001:db8|lakeside|127\.0|192\.168|26656|7401/, text)
  assert.match(scrub(places[3]!), /1f3c6ec18b9c7539426e66a6909541c4594246f0/, "an id stays")
  assert.ok(scrub("words ".repeat(500)).length <= 301)
  assert.equal(scrub("line\nbreak \u001b[31m"), "line?break ?[31m")
})

test("CometBFT's lines keep level, words and what is about consensus", () => {
  const line =
    'E[2026-11-21|14:49:28.158] Error dialing peer                           module=p2p err="dial tcp 127.0.0.1:17403: connect: connection refused" peer=1f3c6ec18b9c7539426e66a6909541c4594246f0@127.0.0.1:17403'
  assert.deepEqual(readEngineLine(line), {
    level: "error",
    fields: {
      text: "Error dialing peer",
      module: "p2p",
      err: "dial tcp <address>: connect: connection refused",
    },
  })
  const commit =
    "I[2026-11-21|14:49:28.158] committed state  module=state height=12 num_txs=2 app_hash=AB12CD34EF56AB12"
  const { level, fields } = readEngineLine(commit)
  assert.deepEqual([level, fields], ["info", { text: "committed state", module: "state", height: "12" }])
  assert.deepEqual(readEngineLine("panic: runtime error"), { level: "error", fields: { text: "panic: runtime error" } })
})

test("fields are cleaned like everything else", () => {
  const { log, lines } = opened("debug")
  const token = randomBytes(32).toString("hex")
  log.write("warn", "proposal-rejected", { height: 4, reason: `bad ${token}` })
  log.engine(`E[2026-11-21|14:49:28.158] Stopping peer module=p2p err="${token}"`)
  assert.equal(lines.length, 2)
  assert.ok(!lines.join().includes(token.slice(0, 20)))
})
