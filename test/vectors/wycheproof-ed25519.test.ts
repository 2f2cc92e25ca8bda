/** Wycheproof, Ed25519: on both platforms every valid signature passes and no invalid one does. */
import assert from "node:assert/strict"
import * as browser from "../../src/base/crypto.browser.ts"
import * as node from "../../src/base/crypto.node.ts"
import { fromHexText, vectorJson, vectorTest } from "./published.ts"

interface Suite {
  testGroups: {
    publicKey: { pk: string }
    tests: { tcId: number; comment: string; msg: string; sig: string; result: "valid" | "invalid" }[]
  }[]
}

vectorTest("Wycheproof Ed25519", "wycheproof/ed25519.json", (context) => {
  const seen = { valid: 0, invalid: 0 }
  for (const { publicKey, tests } of vectorJson<Suite>("wycheproof/ed25519.json").testGroups) {
    const key = fromHexText(publicKey.pk)
    for (const { tcId, comment, msg, sig, result } of tests) {
      seen[result]++
      for (const crypto of [node, browser])
        assert.equal(
          crypto.verifySignature(key, fromHexText(msg), fromHexText(sig)),
          result === "valid",
          `${tcId} ${comment}`,
        )
    }
  }
  context.diagnostic(JSON.stringify(seen))
  assert.deepEqual(seen, { valid: 44, invalid: 31 })
})
