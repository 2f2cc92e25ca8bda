/** Goal: the file that `init` writes reads back as the usual settings, and nothing in it is silently ignored. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { lanTimeouts } from "../engine/comet/home.ts"
import { nodeConfig, readConfig } from "./config-file.ts"
import { configTemplate, type FirstSettings } from "./config-template.ts"
import { usualReadyLimits } from "./health.ts"
import { usualQuotas } from "./quota.ts"

const first: FirstSettings = {
  name: "lakeside-eye",
  kind: "provider",
  organization: 3,
  consensus: true,
  host: "0.0.0.0",
  publicHost: "clinic.example",
  port: 7400,
  p2pPort: 7401,
}
const template = configTemplate(first)
const bare = "name: lakeside-eye\nkind: provider\n"
const refusedAt = (at: RegExp) => (error: unknown) =>
  error instanceof Refused && error.refusal.code === "config-file" && at.test(error.refusal.at)

test("a new file reads back as what it was begun with, and as the usual settings", () => {
  const config = readConfig(template, "/somewhere")
  const { name, kind, organization, consensus, host, publicHost, port, publicPort, p2pPort } = config
  assert.deepEqual(
    { name, kind, organization, consensus, host, publicHost, port, p2pPort, publicPort },
    { ...first, publicPort: 7400 },
  )
  assert.deepEqual(config.quotas, usualQuotas)
  assert.deepEqual(config.ready, usualReadyLimits)
  assert.deepEqual(config.engine?.timeouts, lanTimeouts)
  assert.equal(config.metricsPort, undefined)
  assert.deepEqual([config.tls, config.resume, config.logLevel, config.directory], [true, true, "info", "/somewhere"])
  assert.ok(Object.isFrozen(config))
})

test("a setting that is left out has the value that the file shows", () => {
  const shown = readConfig(template, "/somewhere")
  const left = readConfig(bare, "/somewhere")
  assert.deepEqual(left, {
    ...shown,
    organization: undefined,
    consensus: false,
    host: "127.0.0.1",
    publicHost: "127.0.0.1",
  })
})

test("every setting has a line of its own with a comment above its section", () => {
  const lines = template.split("\n")
  for (const [i, line] of lines.entries()) {
    if (!/^[a-z]\w*:$/.test(line)) continue
    const around = [lines[i - 1], lines[i + 1]].join("\n")
    assert.match(around, /#/, line)
  }
  assert.match(configTemplate({ ...first, organization: undefined }), /^# organization: /m)
})

test("names that are no settings are refused where they stand, at every depth", () => {
  assert.throws(() => readConfig(`${bare}doors:\n  hots: x\n`, "/x"), refusedAt(/^line 4, column 3$/))
  assert.throws(() => readConfig(`${bare}metric:\n  on: true\n`, "/x"), refusedAt(/^line 3, column 1$/))
  const timeouts = `${bare}consensus:\n  timeouts:\n    proposeMS: 4\n`
  assert.throws(() => readConfig(timeouts, "/x"), refusedAt(/^line 5, column 5$/))
})

const wrong: readonly (readonly [text: string, at: RegExp])[] = [
  ["name: Lakeside\nkind: provider\n", /^name, line 1, column 1$/],
  ["kind: provider\n", /^name$/],
  ["name: a\n", /^kind$/],
  ["name: a\nkind: bank\n", /^kind, line 2/],
  [`${bare}organization: 70000\n`, /^organization, line 3/],
  [`${bare}doors:\n  port: "7400"\n`, /^doors\.port, line 4, column 3$/],
  [`${bare}doors:\n  port: 7400.5\n`, /^doors\.port/],
  [`${bare}doors:\n  host: "a b"\n`, /^doors\.host/],
  [`${bare}doors: 7400\n`, /^doors, line 3/],
  [`${bare}metrics:\n  on: yes\n`, /^metrics\.on/],
  [`${bare}log:\n  level: loud\n`, /^log\.level/],
  [`${bare}ready:\n  clockSeconds: 0\n`, /^ready\.clockSeconds/],
  [`${bare}name: again\n`, /^line 3/],
  [`${bare}doors: [\n`, /^line \d/],
  ["", /^line 1$/],
  ["- a\n", /^line 1$/],
]
for (const [text, at] of wrong)
  test(`${JSON.stringify(text)} is refused at ${at.source}`, () =>
    assert.throws(() => readConfig(text, "/x"), refusedAt(at)))

test("a quota that is changed keeps the length of its burst; a port of metrics counts only where they are on", () => {
  const config = readConfig(
    `${bare}quotas:\n  memberPerSecond: 50\n  strangerMiBPerSecond: 200\nmetrics:\n  on: true\n  port: 0\n`,
    "/x",
  )
  assert.deepEqual(config.quotas?.member.transactions, { perSecond: 50, burst: 200 })
  assert.equal(config.quotas?.stranger.bytes.burst, 400 * 1024 * 1024)
  assert.equal(config.metricsPort, 0)
  assert.equal(readConfig(`${bare}metrics:\n  port: 0\n`, "/x").metricsPort, undefined)
})

test("an organization without a number starts no node", () => {
  const isRefused = (error: unknown) => error instanceof Refused && error.refusal.code === "config-organization"
  assert.throws(() => nodeConfig(readConfig(bare, "/x"), "k".repeat(32), false), isRefused)
  const config = nodeConfig(readConfig(template, "/x"), "k".repeat(32), true)
  assert.deepEqual([config.operator, config.organization, config.turnableClock], [true, 3, false])
})
