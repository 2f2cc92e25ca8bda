/** What a browser must load to verify a receipt stays small: a promise of the README. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { mostCoreBytes, receiptSizes } from "../bench/receipt-size.ts"

test("the receipt core is under 200 kB minified for a browser", async (context) => {
  const { core, withBundles } = await receiptSizes()
  context.diagnostic(`core ${core} bytes, with the check of bundles ${withBundles} bytes`)
  assert.ok(core > 20_000, "the measure sees the code")
  assert.ok(core < mostCoreBytes)
})
