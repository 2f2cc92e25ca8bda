/** Goal: OpenSSL reads our certificate and agrees with every field; the pin and the word for it are of one key alone. */
import assert from "node:assert/strict"
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"
import { publicKeyOf, sha256 } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { keyId } from "../base/envelope.ts"
import { certificateOf, pinOf, proveTransport, transportSigner } from "./certificate.ts"

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })

test("any seed gives one certificate that OpenSSL reads, verifies and pins like we do", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const made = certificateOf(seed)
      const read = new X509Certificate(made.certificate)
      assert.ok(read.verify(read.publicKey), "signed by itself")
      assert.ok(read.checkPrivateKey(createPrivateKey(made.key)))
      const info = createPublicKey(createPrivateKey(made.key)).export({ type: "spki", format: "der" })
      assert.deepEqual(made.pin, sha256(info))
      assert.deepEqual(pinOf(read), made.pin)
      assert.deepEqual(info.subarray(-32), Buffer.from(publicKeyOf(seed)))
      assert.match(read.serialNumber, /^[4-7][0-9A-F]{31}$/)
      assert.deepEqual([read.subject, read.issuer], ["CN=countersign node", "CN=countersign node"])
      assert.equal(read.validTo, "Dec 31 23:59:59 9999 GMT")
      assert.deepEqual(certificateOf(seed), made)
    }),
    { numRuns: 50 },
  )
})

test("an organization's word for its pin is good for that number and that pin only", () => {
  const [operate, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const { pin } = certificateOf(other)
  const proof = proveTransport(operate, 3, pin)
  assert.deepEqual(transportSigner(3, pin, proof), keyId(publicKeyOf(operate)))
  assert.equal(transportSigner(4, pin, proof), undefined)
  assert.equal(transportSigner(3, certificateOf(operate).pin, proof), undefined)
  assert.equal(transportSigner(3, pin, proof.subarray(1)), undefined)
  assert.equal(transportSigner(3, pin, new Uint8Array(96)), undefined)
  for (let at = 0; at < proof.length; at++) {
    const changed = proof.slice()
    changed[at]! ^= 1
    assert.equal(transportSigner(3, pin, changed), undefined, `byte ${at}`)
  }
})

test("two seeds have two pins", () => {
  const pins = new Set(Array.from({ length: 50 }, (_, i) => toHex(certificateOf(new Uint8Array(32).fill(i)).pin)))
  assert.equal(pins.size, 50)
  assert.ok(!equalBytes(certificateOf(new Uint8Array(32)).pin, publicKeyOf(new Uint8Array(32))))
})
