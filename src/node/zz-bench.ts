import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { decode, encode } from "../base/cbor.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { runThrough, verifySignaturesPerSecond } from "../engine/measure.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import {
  by,
  chainId,
  clinic,
  custodian,
  ExampleChain,
  exampleGenesis,
  firstHour,
  payer,
  seedOf,
} from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import {
  agreedBy,
  handle,
  holdDraft,
  patient,
  performed,
  signedBy,
  statementDraft,
  voucherFor,
  World,
} from "../ledger/visit/world.ts"
import { LedgerApplication } from "./application.ts"

const n = Number(process.argv[2] ?? 5000)
const outstanding = Number(process.argv[3] ?? 1200)
const file = `/tmp/visits-${n}.cbor`
if (!existsSync(file)) {
  const chain = new ExampleChain()
  const all: Uint8Array[] = []
  for (let i = 0; i < n; i++) {
    const visit = handle(`bench ${i}`)
    const voucher = voucherFor(visit, {})
    const hold = holdDraft(visit, { voucher, amount: 1_000_00n })
    const settle0 = statementDraft(visit, { legs: [{ voucher: voucher.id(chainId), amount: 500_00n }] })
    const settle = signedBy(settle0, performed(clinic), patient(visit, "countersigned"), agreedBy(payer))
    all.push(
      chain.transaction(hold.type, hold.body, hold.orders),
      chain.transaction(settle.type, settle.body, settle.orders, settle.expiry),
    )
  }
  writeFileSync(
    file,
    Buffer.concat(
      all.map((b) => {
        const h = Buffer.alloc(4)
        h.writeUInt32BE(b.length)
        return Buffer.concat([h, b])
      }),
    ),
  )
}
const raw = readFileSync(file)
const txs: Uint8Array[] = []
for (let at = 0; at < raw.length; ) {
  const l = raw.readUInt32BE(at)
  txs.push(new Uint8Array(raw.subarray(at + 4, at + 4 + l)))
  at += 4 + l
}
console.log("txs", txs.length, "bytes per visit", raw.length / n - 8)
const bare = await verifySignaturesPerSecond(1.5)
console.log("bare", bare)
const dir = process.argv[4] ?? mkdtempSync("/tmp/bench-")
const t0 = performance.now()
const app = await LedgerApplication.open(dir, encodeGenesis(exampleGenesis()))
if (isRejection(app)) throw new Error(app.message)
console.log("open ms", performance.now() - t0, "rows", app.size)
const engine = new EmbeddedEngine(app, {
  seed: seedOf("validator"),
  clock: new SettableClock({ seconds: firstHour * 3600, nanos: 0 }),
  onHalt: (c) => {
    console.error(c)
    process.exit(1)
  },
})
await engine.start()
const chain = new ExampleChain()
for (let i = 0; i < 10; i++) {
  const dep = await engine.submit(
    chain.transaction(
      "deposit/1",
      { custodian, org: payer, amount: 1_000_000_000_000n, reference: seedOf("ref" + i + dir) },
      [by(custodian, "custody", "deposited")],
    ),
  )
  if (dep.outcome.number) console.log(dep.outcome)
}
const c0 = process.cpuUsage()
const run = await runThrough(engine, txs, { outstanding })
console.log({
  ...run,
  stages: Object.fromEntries(Object.entries(run.stages).map(([k, v]) => [k, Math.round(v)])),
  visits: run.perSecond / 2,
  ratio: ((run.perSecond / 2) * 6) / bare,
  rss: process.memoryUsage().rss >> 20,
})
const c1 = process.cpuUsage(c0)
console.log("cpu us/visit", (c1.user + c1.system) / n, "sys", c1.system / n)
const bare2 = await verifySignaturesPerSecond(1.5)
console.log("bare after", bare2, "ratio", (run.perSecond * 3) / bare2)
await engine.stop()
await app.close()
if (process.argv[4] === undefined) rmSync(dir, { recursive: true })
