import { randomBytes } from "node:crypto"
import { encodeAs } from "../base/schema.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { exampleGenesis, firstHour } from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { schemas } from "../ledger/rows.ts"
import { StateStore } from "../store/state-store.ts"
import { LedgerApplication } from "./application.ts"

const dir = "/tmp/million"
const app = await LedgerApplication.open(dir, encodeGenesis(exampleGenesis()))
if (isRejection(app)) throw new Error()
await app.close()
const s = new StateStore(dir, { k: 18 })
for (let i = 0; i < 1_000_000; i += 50000) {
  for (let j = 0; j < 50000; j++) {
    s.put("visits", encodeAs(schemas.visits.key, { V: randomBytes(32), provider: 1 }), randomBytes(380))
    s.put(
      "vouchers",
      encodeAs(schemas.vouchers.key, { expiry: firstHour + 4392, id: randomBytes(32) } as never),
      encodeAs(schemas.vouchers.value, { state: 1 } as never),
    )
  }
  s.seal()
  await s.commit([])
}
await s.close()
