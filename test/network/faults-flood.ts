/** One member that asks for far more than its part, of the node through which the others work, too. */
import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { toHex } from "../../src/base/bytes.ts"
import { certificateOf } from "../../src/node/certificate.ts"
import { everybody, sleep } from "./consortium.ts"
import type { Fault, Scene } from "./fault.ts"
import type { FloodOrder, FloodResult } from "./flooder.ts"

const flooding = 5
const lastsMs = 8000
const workers = 16
/** Others may wait longer while a node turns one member away: so much longer at most. */
const mostFactor = 10

async function startFlood(order: FloodOrder): Promise<FloodResult> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./flooder.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  child.stdin.end(JSON.stringify(order))
  return JSON.parse(await text(child.stdout)) as FloodResult
}

/** The median time to an acknowledgement of what began in a span, in milliseconds. */
function median({ load }: Scene, from: number, to: number): number | undefined {
  const times = load.sent
    .filter(({ begunAt, acknowledgedAt }) => acknowledgedAt !== undefined && begunAt >= from && begunAt < to)
    .map(({ begunAt, acknowledgedAt }) => acknowledgedAt! - begunAt)
    .sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)]
}

const flood: Fault = {
  name: "flood",
  async strike(scene) {
    const { consortium, random, load } = scene
    const node = consortium.network.node(random.pick(everybody))
    const old = random.pick(load.sent.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined))
    const { key, certificate } = certificateOf(consortium.rings.get(flooding)!.seed("transport"))
    const calm = performance.now()
    await sleep(lastsMs)
    const from = performance.now()
    const common = { url: node.url, pin: toHex(node.pin!), key, certificate }
    const result = await startFlood({ ...common, transaction: toHex(old.bytes), lastsMs, workers })
    const before = median(scene, calm, from - 1000)
    const during = median(scene, from + 1000, from + lastsMs - 1000)
    const { requests, refused, withRetryAfter } = result
    if (refused === 0) scene.fail("the flooding member was never over its quota")
    if (withRetryAfter < refused) scene.fail(`${refused - withRetryAfter} refusals do not say when to ask again`)
    if (before === undefined || during === undefined) return scene.fail("the others were acknowledged nothing")
    const factor = during / before
    if (factor > mostFactor) scene.fail(`the others wait ${factor.toFixed(1)} times as long`)
    scene.note(`${requests} replays to ${node.member.title}, ${refused} answered 429 with a time to ask again`)
    scene.note(
      `the others: median ${before.toFixed(0)} ms before, ${during.toFixed(0)} ms meanwhile, factor ${factor.toFixed(2)}`,
    )
  },
}

export const floodFaults: readonly Fault[] = [flood]
