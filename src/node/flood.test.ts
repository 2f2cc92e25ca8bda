/**
 * Goal: a member over its quota is refused with a hint, and the others hardly notice. Method: a real TLS server in this
 * thread, whose transaction door answers after a few milliseconds like a block would; one member floods it from a
 * thread of its own while another asks at its usual pace.
 */
import assert from "node:assert/strict"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { toHex } from "../base/bytes.ts"
import { certificateOf } from "./certificate.ts"
import { type Quotas, usualQuotas } from "./quota.ts"
import { buildServer, type Doors } from "./server.ts"
import { type Answer, Transport } from "./transport.ts"

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const node = certificateOf(filled(1))
const [flooder, patient] = [certificateOf(filled(2)), certificateOf(filled(3))]
const rate = (perSecond: number, burst: number) => ({ perSecond, burst })
const memberRates = { ...usualQuotas.member, transactions: rate(200, 100), requests: rate(400, 400) }
const quotas: Quotas = { ...usualQuotas, member: memberRates }

const floodMs = process.env["COUNTERSIGN_LONG"] === undefined ? 2500 : 30_000
const lanes = 48
/** How much slower the others may become: generous, for two cores that other work shares. */
const factor = 10
const floorMs = 30
const growthMiB = 96

const post = { method: "POST", headers: { "content-type": "application/cbor" } } as const
const submit = (by: Transport, url: string, size: number) =>
  by.request(`${url}/chain/transactions`, { ...post, body: new Uint8Array(size), pin: node.pin })

interface Tally {
  readonly statuses: Readonly<Record<number, number>>
  readonly hints: readonly (number | undefined)[]
}

/** As much as many connections can ask, for a while. */
async function flood(url: string): Promise<Tally> {
  const by = new Transport(flooder)
  const [statuses, hints]: [Record<number, number>, Set<number | undefined>] = [{}, new Set()]
  const end = performance.now() + floodMs
  const lane = async () => {
    while (performance.now() < end) {
      const { status, retryAfter } = await submit(by, url, 2000)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === 429) hints.add(retryAfter)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  by.close()
  return { statuses, hints: [...hints] }
}

/** Latencies in milliseconds of one request every 25 ms, ascending. */
async function pace(by: Transport, url: string, until: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (!until()) {
    const started = performance.now()
    const { status } = await submit(by, url, 2000)
    assert.equal(status, 200)
    times.push(performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return times.sort((a, b) => a - b)
}
const at = (times: readonly number[], share: number) =>
  times[Math.min(times.length - 1, Math.floor(times.length * share))]!

/** Runs on an open server, and closes it whatever happens. */
async function onServer(run: (opened: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const opened = await open()
  try {
    await run(opened)
  } finally {
    await opened.server.close()
  }
}

async function open() {
  const organizations = new Map([flooder, patient].map(({ pin }, i) => [toHex(pin), i + 1]))
  let taken = 0
  const doors: Partial<Doors> = {
    member: (pin) => organizations.get(toHex(pin)),
    submit: async () => {
      taken++
      await new Promise((resolve) => setTimeout(resolve, 4))
      return { height: 1 }
    },
  }
  const server = buildServer(doors as Doors, filled(9), { certificate: node, quotas })
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as AddressInfo
  return { server, url: `https://127.0.0.1:${port}`, taken: () => taken }
}

async function floodTest({ url, taken }: Awaited<ReturnType<typeof open>>): Promise<void> {
  const by = new Transport(patient)
  let calm = 0
  const quiet = await pace(by, url, () => calm++ >= 60)
  const before = process.memoryUsage()
  const worker = new Worker(new URL(import.meta.url), { workerData: url })
  let tally: Tally | undefined
  const done = new Promise<void>((resolve, reject) => {
    worker.once("error", reject).once("message", (message: Tally) => {
      tally = message
      resolve()
    })
  })
  const takenBefore = taken()
  const busy = await pace(by, url, () => tally !== undefined)
  await done
  const after = process.memoryUsage()
  await worker.terminate()
  const { statuses, hints } = tally!
  const seconds = floodMs / 1000
  const passed = statuses[200] ?? 0
  assert.ok(passed <= 100 + 200 * (seconds + 1), `${passed} let in`)
  assert.ok(passed >= 100, "a flooder still has its quota")
  assert.ok((statuses[429] ?? 0) > passed, JSON.stringify(statuses))
  assert.deepEqual(Object.keys(statuses).sort(), ["200", "429"])
  assert.ok(
    hints.every((hint) => hint !== undefined && hint >= 1 && hint <= 5),
    JSON.stringify(hints),
  )
  assert.ok(taken() - takenBefore <= passed + busy.length, "what is refused reaches nothing")
  for (const share of [0.5, 0.99]) {
    const [was, is] = [at(quiet, share), at(busy, share)]
    assert.ok(is <= Math.max(floorMs, was) * factor, `at ${share}: ${was} ms alone, ${is} ms beside a flood`)
  }
  const grown = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20
  assert.ok(grown < growthMiB, `${grown} MiB more`)
  const shown = (times: readonly number[]) =>
    `p50 ${at(times, 0.5).toFixed(1)} ms, p99 ${at(times, 0.99).toFixed(1)} ms`
  const refused = Math.round((statuses[429] ?? 0) / seconds)
  process.stdout.write(`# alone ${shown(quiet)}; beside ${refused} refusals a second ${shown(busy)}\n`)
  by.close()
}

async function hint({ url }: Awaited<ReturnType<typeof open>>): Promise<void> {
  const by = new Transport(flooder)
  const refusals: Answer[] = []
  const lane = async () => {
    for (let i = 0; i < 200 && refusals.length === 0; i++) {
      const answer = await submit(by, url, 10)
      if (answer.status === 429) refusals.push(answer)
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  const refused = refusals[0]
  assert.ok(refused !== undefined, "over its quota")
  const outcome = JSON.parse(Buffer.from(refused.bytes).toString("utf8"))
  assert.equal(outcome.code, "over-quota")
  assert.equal(outcome.remedy, `Try again in ${refused.retryAfter} second${refused.retryAfter === 1 ? "" : "s"}`)
  await new Promise((resolve) => setTimeout(resolve, (refused.retryAfter ?? 0) * 1000))
  assert.equal((await submit(by, url, 10)).status, 200, "the hint holds")
  by.close()
}

if (isMainThread) {
  test("a refusal over quota says when to try again, and then it works", () => onServer(hint))
  test("one member floods, another keeps its pace, and no memory is lost to it", { timeout: 120_000 }, () =>
    onServer(floodTest),
  )
} else {
  parentPort!.postMessage(await flood(workerData as string))
}
