/** The page of costs: every figure in it follows from the bytes and prices that it states. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { assumedPrices, costOfMillion } from "../bench/bytes-per-visit.ts"

const page = readFileSync(join(import.meta.dirname, "../docs/costs.md"), "utf8")

/** The last cell of the row that begins so. */
function figure(row: string): number {
  const line = page.split("\n").find((text) => text.startsWith(`| ${row}`))
  assert.ok(line !== undefined, row)
  return Number(line.split("|").at(-2)!.replace(/[*, ]/g, ""))
}

test("the cost of a million visits is what the stated bytes and prices give", () => {
  const letters = { wallet: figure("letter: bundle to the wallet"), payer: figure("letter: bundle to the payer") }
  const answers = figure("letter: counter") + figure("letter: agreement") + figure("letters: receipt")
  const cost = costOfMillion({
    visits: 8,
    onLedger: {
      hold: figure("hold"),
      settle: figure("settle"),
      payShare: figure("payment"),
      stateRow: figure("the visit's row"),
    },
    offLedger: {
      sealedEntries: figure("record"),
      entries: 6,
      bundle: figure("bundle"),
      letters,
      lettersTotal: letters.wallet + letters.payer + answers,
    },
  })
  assert.deepEqual(
    [cost.ledger, cost.sealed, cost.writes, cost.traffic, cost.total],
    ["Ledger", "Sealed", "Writing", "Traffic |", "**Together"].map(figure),
  )
  for (const gigabytes of Object.values(cost.gigabytes)) assert.ok(page.includes(`${gigabytes.toFixed(3)} GB`))
})

test("the stated prices are the ones that were used", () => {
  const { objectGbMonth, diskGbMonth, trafficGb, millionWrites } = assumedPrices
  const stated = ["Object storage", "Disk of a node", "Traffic that leaves", "A million writes"].map(figure)
  assert.deepEqual(stated, [objectGbMonth, diskGbMonth, trafficGb, millionWrites])
})
