/** Goal: a transport key names a member only while the ledger says so, and one that the ledger contradicts is not used. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf } from "#crypto"
import { equalBytes } from "../base/bytes.ts"
import { keyId } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { certificateOf, proveTransport } from "./certificate.ts"
import { Directory, type Entry } from "./directory.ts"

const filled = (byte: number) => new Uint8Array(32).fill(byte)
const operate = filled(1)
const { pin } = certificateOf(filled(2))
const entry: Entry = {
  organization: 3,
  name: "payer",
  kind: "payer",
  url: "https://127.0.0.1:1",
  sealingKey: filled(4),
  transport: pin,
  transportProof: proveTransport(operate, 3, pin),
}

test("who a pin is of, is the ledger's to say: nobody's before it is here, nobody's once it says no", () => {
  let verdict: boolean | undefined
  const directory = new Directory()
  directory.set([entry])
  assert.equal(directory.member(pin), undefined, "no ledger yet")
  assert.deepEqual(directory.find(3)?.transport, pin, "as it was told, until the ledger can tell")
  const asked: [Uint8Array, number][] = []
  directory.trust((key, organization) => {
    asked.push([key, organization])
    return verdict
  })
  assert.equal(directory.member(pin), undefined, "the ledger cannot tell yet")
  assert.deepEqual(directory.find(3)?.transport, pin)
  verdict = true
  assert.equal(directory.member(pin), 3)
  assert.equal(directory.member(filled(9)), undefined)
  assert.deepEqual(directory.find(3)?.transport, pin)
  verdict = false
  assert.equal(directory.member(pin), undefined, "revoked, expired or removed since")
  assert.equal(directory.find(3)?.transport, undefined)
  assert.equal(directory.find(3)?.url, entry.url)
  assert.ok(asked.every(([key, number]) => number === 3 && equalBytes(key, keyId(publicKeyOf(operate)))))
})

test("a list is taken whole or not at all", () => {
  const directory = new Directory()
  directory.set([entry])
  const other = { ...entry, organization: 5, transportProof: proveTransport(operate, 5, pin) }
  const bad: readonly (readonly [readonly Entry[], string])[] = [
    [[entry, other], "transport-twice"],
    [[{ ...entry, organization: 4 }], "transport-unproven"],
    [[{ ...entry, transport: filled(7) }], "transport-unproven"],
    [[{ ...entry, transportProof: filled(7) }], "transport-unproven"],
  ]
  for (const [entries, code] of bad) {
    assert.throws(
      () => directory.set(entries),
      (error) => error instanceof Refused && error.refusal.code === code,
    )
    assert.deepEqual(directory.find(3)?.transport, pin)
    assert.equal(directory.find(5), undefined)
  }
})
