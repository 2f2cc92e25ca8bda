/** A process that knows a trust anchor and a receipt, and times its check: the first, and the median of many more. */
import { readFileSync } from "node:fs"
import { fromHex } from "../src/base/bytes.ts"
import { decodeAnchor } from "../src/verify/trust.ts"
import { verifyReceipt } from "../src/verify/verify.ts"

const checks = 500

const [receiptFile, anchorHex] = process.argv.slice(2)
const receipt = new Uint8Array(readFileSync(receiptFile!))
const anchor = decodeAnchor(fromHex(anchorHex!))
const times: number[] = []
for (let i = 0; i <= checks; i++) {
  const started = performance.now()
  const { valid, reason } = verifyReceipt(receipt, anchor)
  times.push(performance.now() - started)
  if (!valid) throw new Error(`Cannot measure: the receipt is refused, ${reason}`)
}
const [cold, ...warm] = times
warm.sort((a, b) => a - b)
console.log(JSON.stringify({ cold, warm: warm[checks / 2] }))
