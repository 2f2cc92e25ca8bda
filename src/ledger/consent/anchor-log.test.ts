import assert from "node:assert/strict"
import { test } from "node:test"
import { by, clinic, ExampleChain, hospital, type Order, seedOf } from "../example-chain.ts"

const none = new Uint8Array(32)
const anchored = by(clinic, "operate", "anchored")

test("anchor-log: one row an outcome, in the order of refusal", () => {
  const rows: readonly { it: string; body?: object; order?: Order; code: string }[] = [
    { it: "anchors the first root", code: "applied" },
    { it: "by a key of another role", order: by(clinic, "admin", "anchored"), code: "signer-wrong-role" },
    { it: "by another organization", order: by(hospital, "operate", "anchored"), code: "signer-not-party" },
    { it: "of an hour to come", body: { hour: 493_057 }, code: "out-of-order" },
    { it: "of a first root that names another", body: { previous: seedOf("root") }, code: "out-of-order" },
  ]
  for (const row of rows) {
    const chain = new ExampleChain()
    const body = { org: clinic, hour: chain.hour, root: seedOf("root"), previous: none, ...row.body }
    assert.equal(chain.run("anchor-log/1", body, [row.order ?? anchored]), row.code, row.it)
  }
})

test("anchors follow one another: no hour twice, no root left out", () => {
  const chain = new ExampleChain()
  const anchor = (hour: number, root: string, previous: Uint8Array) =>
    chain.run("anchor-log/1", { org: clinic, hour, root: seedOf(root), previous }, [anchored])
  assert.equal(anchor(chain.hour - 1, "one", none), "applied")
  assert.equal(anchor(chain.hour - 1, "other", seedOf("one")), "out-of-order")
  assert.equal(anchor(chain.hour, "two", none), "out-of-order")
  assert.equal(anchor(chain.hour, "two", seedOf("one")), "applied")
})
