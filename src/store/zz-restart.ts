import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { StateStore } from "./state-store.ts"

const dir = "/tmp/restart-1m"
const N = 1_000_000
if (!existsSync(dir)) {
  const s = new StateStore(dir, { k: 18 })
  for (let i = 0; i < N; i += 50000) {
    const t = performance.now()
    for (let j = 0; j < 50000; j++) {
      s.put(
        "visits",
        Buffer.concat([Buffer.from([0x82, 0x58, 0x20]), randomBytes(32), Buffer.from([1])]),
        randomBytes(380),
      )
      s.put(
        "vouchers",
        Buffer.concat([Buffer.from([0x82, 0x1a, 0, 7, 0x85, 0xc0, 0x58, 0x20]), randomBytes(32)]),
        Buffer.from([1]),
      )
    }
    s.seal()
    const t1 = performance.now()
    await s.commit([])
    if (i % 200000 === 0) console.log(i, "seal", t1 - t, "commit", performance.now() - t1)
  }
  await s.close()
}
const t = performance.now()
const s = new StateStore(dir, { k: 18 })
console.log("open ms", performance.now() - t, s.size, "rss", process.memoryUsage().rss >> 20)
await s.close()
