/** Goal: the numbers are those of the blocks, the labels are codes, and the door is loopback's and gives nothing else. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { FinalBlock } from "../base/chain/block.ts"
import { flags } from "../base/chain/commit.ts"
import { Fault } from "../base/fault.ts"
import { rejections } from "../ledger/rejection.ts"
import { NodeMetrics, serveMetrics } from "./metrics.ts"

function blockAt(seconds: number, results: readonly number[], absent: number): FinalBlock {
  const vote = {
    flag: flags.commit,
    address: new Uint8Array(20),
    time: { seconds, nanos: 0 },
    signature: new Uint8Array(64),
  }
  const signatures = [0, 1, 2, 3].map((i) => (i < absent ? ({ flag: flags.absent } as const) : vote))
  const validators = [0, 1, 2, 3].map((i) => ({ publicKey: new Uint8Array(32).fill(i), power: 10 + i }))
  return {
    header: { time: { seconds, nanos: 500_000_000 } },
    commit: { signatures },
    validators,
    results: [Uint8Array.from(results)],
  } as unknown as FinalBlock
}

/** The value of one line of the text; undefined where there is none. */
function sampleOf(text: string, name: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

test("blocks are counted by outcome, interval and missing power", async () => {
  const metrics = new NodeMetrics()
  const { number } = rejections["signer-unknown"]
  metrics.block(blockAt(100, [0, 0, number], 0))
  metrics.block(blockAt(103, [0, 250], 2))
  const text = await metrics.text({})
  assert.equal(sampleOf(text, 'countersign_transactions_total{code="applied"}'), 3)
  assert.equal(sampleOf(text, 'countersign_transactions_total{code="signer-unknown"}'), 1)
  assert.equal(sampleOf(text, 'countersign_transactions_total{code="unknown"}'), 1)
  assert.equal(sampleOf(text, "countersign_blocks_total"), 2)
  assert.equal(sampleOf(text, "countersign_block_interval_seconds_sum"), 3)
  assert.equal(sampleOf(text, "countersign_missing_power"), 21)
})

test("what cannot be told now is left out, not given as 0", async () => {
  const metrics = new NodeMetrics()
  const known = await metrics.text({
    height: 12,
    lag: 3,
    ready: false,
    mail: { inbox: 1, outbox: 2 },
    bytes: { ledger: 9 },
  })
  assert.equal(sampleOf(known, "countersign_height"), 12)
  assert.equal(sampleOf(known, "countersign_lag"), 3)
  assert.equal(sampleOf(known, "countersign_ready"), 0)
  assert.equal(sampleOf(known, 'countersign_mail{queue="outbox"}'), 2)
  assert.equal(sampleOf(known, 'countersign_store_bytes{store="ledger"}'), 9)
  assert.equal(sampleOf(known, "countersign_peers"), undefined)
  assert.equal(sampleOf(await metrics.text({ height: 13 }), "countersign_lag"), undefined)
})

test("what happens between two scrapes is counted", async () => {
  const metrics = new NodeMetrics()
  metrics.committed(3)
  metrics.evidence(2)
  metrics.rejectedProposal("bad-signature")
  metrics.refused("mail")
  const text = await metrics.text({})
  assert.equal(sampleOf(text, 'countersign_commit_seconds_bucket{le="0.005"}'), 1)
  assert.equal(sampleOf(text, 'countersign_commit_seconds_bucket{le="0.002"}'), 0)
  assert.equal(sampleOf(text, "countersign_evidence_total"), 2)
  assert.equal(sampleOf(text, 'countersign_rejected_proposals_total{reason="bad-signature"}'), 1)
  assert.equal(sampleOf(text, 'countersign_quota_refusals_total{door="mail"}'), 1)
})

test("the door listens on loopback, gives the metrics and nothing else, and goes away", async () => {
  const metrics = new NodeMetrics()
  metrics.withProcess()
  const door = await serveMetrics(0, metrics, async () => ({ height: 7 }))
  assert.match(door.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const answer = await fetch(door.url)
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/)
  const text = await answer.text()
  assert.equal(sampleOf(text, "countersign_height"), 7)
  assert.ok((sampleOf(text, "countersign_process_resident_memory_bytes") ?? 0) > 0)
  for (const path of ["/", "/health", "/metrics/..", "/desk/found"])
    assert.equal((await fetch(new URL(path, door.url))).status, 404, path)
  assert.equal((await fetch(door.url, { method: "POST" })).status, 404)
  await assert.rejects(
    serveMetrics(Number(new URL(door.url).port), metrics, async () => ({})),
    Fault,
  )
  await door.close()
  await assert.rejects(fetch(door.url))
})

test("a scrape that fails is 503, and the next one is not", async () => {
  let fails = true
  const door = await serveMetrics(0, new NodeMetrics(), async () => {
    if (fails) throw new Fault("Cannot tell")
    return {}
  })
  assert.equal((await fetch(door.url)).status, 503)
  fails = false
  assert.equal((await fetch(door.url)).status, 200)
  await door.close()
})
