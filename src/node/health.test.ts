/** Goal: a node says that it is not ready for each reason alone, and only then. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { type Commit, flags } from "../base/chain/commit.ts"
import { Fault } from "../base/fault.ts"
import type { CometStatus } from "../engine/comet/rpc.ts"
import { ClockWatch, checkReady, Readiness, type ReadyParts, usualReadyLimits, votedAt } from "./health.ts"
import type { Request } from "./transport.ts"

const seconds = () => Date.now() / 1000

function commitAt(...times: readonly number[]): { readonly commit: Commit } {
  const filled = (length: number) => new Uint8Array(length)
  const signatures = times.map((time) => ({
    flag: flags.commit,
    address: filled(20),
    time: { seconds: Math.floor(time), nanos: Math.round((time % 1) * 1e9) },
    signature: filled(64),
  }))
  const blockId = { hash: filled(32), partsTotal: 1, partsHash: filled(32) }
  return { commit: { height: 1, round: 0, blockId, signatures: [...signatures, { flag: flags.absent }] } }
}

const entries = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    return { organization: i + 2, name: `o${i}`, kind: "payer", url: `https://o${i}`, sealingKey: new Uint8Array(1) }
  })

/** Others at these heights; undefined does not answer. */
const answering =
  (...heights: readonly (number | undefined)[]): Request =>
  async (url) => {
    const height = heights[Number(/o(\d+)/.exec(url)?.[1])]
    if (height === undefined) throw new Fault("Cannot reach node", { retryable: true })
    return { status: 200, bytes: Buffer.from(JSON.stringify({ height })), retryAfter: undefined }
  }

const status = async () => ({ catchingUp: false }) as CometStatus
const good: ReadyParts = {
  directory: import.meta.dirname,
  limits: { ...usualReadyLimits, freeMiB: 0 },
  clock: new ClockWatch(),
  realTime: true,
  height: () => 100,
  lastSeconds: seconds,
  others: () => entries(3),
  request: answering(100, 101, 99),
  consensus: () => ({ status, failed: false }),
}
const codesOf = async (parts: Partial<ReadyParts>) =>
  (await checkReady({ ...good, ...parts })).reasons.map(({ code }) => code)

function clockSeeing(...ahead: readonly number[]): ClockWatch {
  const clock = new ClockWatch()
  for (const by of ahead) clock.block(commitAt(1000), (1000 + by) * 1000)
  return clock
}

const rows: readonly { readonly it: string; readonly parts: Partial<ReadyParts>; readonly codes: readonly string[] }[] =
  [
    { it: "all is well", parts: {}, codes: [] },
    { it: "before the founding", parts: { height: () => undefined }, codes: ["not-founded"] },
    { it: "ten blocks behind", parts: { request: answering(110, 110, 110) }, codes: [] },
    { it: "eleven blocks behind", parts: { request: answering(111, 111, 111) }, codes: ["behind"] },
    { it: "one of three tells fables", parts: { request: answering(100, 1_000_000, 100) }, codes: [] },
    { it: "ahead of all others", parts: { request: answering(1, 1, 1) }, codes: [] },
    { it: "a validator whom nobody answers", parts: { request: answering() }, codes: [] },
    {
      it: "a follower whom nobody answers",
      parts: { request: answering(), consensus: () => undefined },
      codes: ["others-silent"],
    },
    { it: "an operator alone", parts: { others: () => [], consensus: () => undefined }, codes: [] },
    { it: "no block for long", parts: { lastSeconds: () => seconds() - 600 }, codes: ["stalled"] },
    { it: "no block for long, in time that is turned", parts: { lastSeconds: () => 0, realTime: false }, codes: [] },
    { it: "consensus failed", parts: { consensus: () => ({ status, failed: true }) }, codes: ["consensus-failed"] },
    {
      it: "fetching blocks",
      parts: { consensus: () => ({ status: async () => ({ catchingUp: true }) as CometStatus, failed: false }) },
      codes: ["catching-up"],
    },
    {
      it: "CometBFT silent",
      parts: { consensus: () => ({ status: () => Promise.reject(new Fault("no answer")), failed: false }) },
      codes: ["engine-silent"],
    },
    { it: "the clock fast", parts: { clock: clockSeeing(11, 12, 13) }, codes: ["clock-off"] },
    { it: "the clock slow", parts: { clock: clockSeeing(-12, -12, -11) }, codes: ["clock-off"] },
    { it: "one block late, the others not", parts: { clock: clockSeeing(40, 0.2, 50) }, codes: [] },
    { it: "two blocks are not enough to judge", parts: { clock: clockSeeing(40, 40) }, codes: [] },
    { it: "the disk full", parts: { limits: { ...good.limits, freeMiB: 1e9 } }, codes: ["disk-full"] },
  ]
for (const { it, parts, codes } of rows) {
  test(`${it}: ${codes.join(", ") || "ready"}`, async () => {
    assert.deepEqual(await codesOf(parts), codes)
    assert.equal((await checkReady({ ...good, ...parts })).ready, codes.length === 0)
  })
}

test("a node that lags does not hold it against its clock, now or when it has caught up", async () => {
  const clock = clockSeeing(100, 100, 100, 100)
  assert.deepEqual(await codesOf({ clock, request: answering(500, 500, 500) }), ["behind"])
  assert.equal(clock.off, undefined)
})

test("a block's time is the median of its votes: one false clock shifts nothing", () => {
  assert.equal(votedAt(commitAt(10, 11, 12, 99_999)), 12)
  assert.equal(votedAt(commitAt(10, 11, 0)), 10)
  assert.equal(votedAt(commitAt()), undefined)
})

test("what others answer is no way to break the check", async () => {
  const strange: Request = async (url) => ({
    status: url.includes("o0") ? 500 : 200,
    bytes: Buffer.from(url.includes("o1") ? '{"height":"many"}' : "<html>"),
    retryAfter: undefined,
  })
  assert.deepEqual(await codesOf({ request: strange }), [])
})

test("however many ask, the others are asked once in some seconds", async () => {
  let asked = 0
  const request: Request = (url, ask) => {
    asked++
    return answering(100, 100, 100)(url, ask)
  }
  const readiness = new Readiness({ ...good, request })
  await Promise.all(Array.from({ length: 50 }, () => readiness.check()))
  assert.equal(asked, 3)
})
