/** The receipt with one byte changed, at every place: no copy may verify. */
import { setImmediate } from "node:timers/promises"
import { verifyReceipt } from "../../../verify/verify.ts"
import { attack } from "./family.ts"
import { type AttackRow, NotRun } from "./scene.ts"

/** Bytes after which other attacks get their turn. */
const breath = 16

export const receiptFlipped = attack("receipt with one byte flipped", async ({ scene }): Promise<AttackRow> => {
  const name = "receipt with one byte flipped"
  const { receipt, anchor } = scene
  if (!verifyReceipt(receipt, anchor).valid) throw new NotRun("the receipt itself does not verify")
  const codes = new Map<string, number>()
  const accepted: number[] = []
  for (let at = 0; at < receipt.length; at++) {
    const flipped = Uint8Array.from(receipt)
    flipped[at] = flipped[at]! ^ (1 << (at % 8))
    const { valid, code } = verifyReceipt(flipped, anchor)
    if (valid) accepted.push(at)
    else codes.set(code ?? "none", (codes.get(code ?? "none") ?? 0) + 1)
    if (at % breath === 0) await setImmediate()
  }
  if (accepted.length > 0) {
    return {
      name,
      result: "missed",
      by: "nobody",
      detail: `${accepted.length} of ${receipt.length} copies verify, the first changed at byte ${accepted[0]}.`,
    }
  }
  const [most] = [...codes].sort((a, b) => b[1] - a[1])
  const detail = `${receipt.length} copies, each with one bit of another byte changed; none verifies.`
  return {
    name,
    result: "blocked",
    by: `verifier: ${[...codes.keys()].sort().join(", ")}`,
    detail: `${detail} Most often: ${most?.[0]}, ${most?.[1]} times.`,
  }
})
