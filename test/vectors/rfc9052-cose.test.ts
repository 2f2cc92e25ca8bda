/** The COSE working group's examples: what we sign is their Sig_structure, and their Ed25519 signatures verify. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import { decode } from "../../src/base/cbor.ts"
import * as browser from "../../src/base/crypto.browser.ts"
import * as node from "../../src/base/crypto.node.ts"
import { decodeEnvelope, toSign } from "../../src/base/envelope.ts"
import { fromHexText, vectorLines, vectorTest } from "./published.ts"

interface Signer {
  key: { crv?: string; x_hex?: string }
  protected?: { alg?: string }
}
interface Example {
  title: string
  input: { sign?: { signers: Signer[] }; sign0?: Signer & { key: Signer["key"] } }
  intermediates?: { ToBeSign_hex?: string; signers?: { ToBeSign_hex: string }[] }
  output?: { cbor: string; cbor_diag?: string }
}

const start = "85695369676e6174757265"

vectorTest("COSE_Sign: the bytes to sign", "cose-examples.ndjson.gz", (context) => {
  const seen = { structures: 0, whole: 0, signatures: 0, refused: 0 }
  for (const { path, fail, text } of vectorLines<{ path: string; fail: boolean; text: string }>(
    "cose-examples.ndjson.gz",
  )) {
    const { input, intermediates, output } = JSON.parse(text) as Example
    // Their envelopes have other headers than the one form we read: none may pass for ours.
    if (output !== undefined) assert.throws(() => decodeEnvelope(fromHexText(output.cbor)), path)
    seen.refused++
    for (const [i, { ToBeSign_hex }] of (intermediates?.signers ?? []).entries()) {
      const signed = ToBeSign_hex.toLowerCase()
      const parts = decode(fromHexText(signed)) as readonly [string, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
      assert.equal(parts.length, 5)
      const [word, body, header, external, payload] = parts
      assert.equal(word, "Signature")
      // Our external data is text; other bytes cannot be asked of `toSign`.
      if (!external.every((byte) => byte < 128)) continue
      const ours = toHex(toSign(Buffer.from(external).toString("ascii"), header, payload))
      seen.structures++
      // Ours has an empty body header, theirs mostly a content type: all after it must be the same bytes.
      assert.ok(ours.startsWith(`${start}40`))
      assert.equal(ours.slice(start.length + 2), signed.slice(start.length + 2 + 2 * body.length), path)
      if (body.length === 0) {
        assert.equal(ours, signed)
        seen.whole++
      }
      const signer = input.sign?.signers[i]
      if (fail || signer?.key.crv !== "Ed25519") continue
      const signature = [...(output?.cbor_diag ?? "").matchAll(/h'([0-9A-F]{128})'/g)].at(-1)![1]!
      for (const crypto of [node, browser])
        assert.equal(
          crypto.verifySignature(fromHexText(signer.key.x_hex!), fromHexText(signed), fromHexText(signature)),
          true,
          path,
        )
      seen.signatures++
    }
  }
  context.diagnostic(JSON.stringify(seen))
  assert.ok(seen.structures > 5 && seen.signatures >= 2)
})
