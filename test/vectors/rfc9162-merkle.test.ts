/** RFC 9162 proofs (transparency-dev/merkle): inclusion verdicts, and the roots that its consistency cases name. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import { leafHash, merkleProof, merkleRoot, verifyMerkleProof } from "../../src/base/merkle.ts"
import { fromHexText, vectorLines, vectorTest } from "./published.ts"

interface Line {
  path: string
  case: {
    leafIdx: number
    treeSize: number
    root: string | null
    root1: string | null
    root2: string | null
    size1: number
    size2: number
    leafHash: string | null
    proof: string[] | null
    wantErr: boolean
  }
}

/** The leaves of the reference tree, as in Google's RFC 6962 tests. */
const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map(
  fromHexText,
)
const base64 = (text: string | null) => new Uint8Array(Buffer.from(text ?? "", "base64"))

vectorTest("inclusion: every verdict", "merkle-rfc9162.ndjson", (context) => {
  const seen = { good: 0, bad: 0, unwritable: 0 }
  for (const { path, case: probe } of vectorLines<Line>("merkle-rfc9162.ndjson")) {
    if (!path.startsWith("inclusion/")) continue
    const data = leaves.find((leaf) => toHex(leafHash(leaf)) === toHex(base64(probe.leafHash)))
    // Our verifier hashes the leaf itself, so a leaf hash that nothing is known to hash to cannot even be handed in.
    if (data === undefined) {
      seen.unwritable++
      assert.equal(probe.wantErr, true, path)
      continue
    }
    seen[probe.wantErr ? "bad" : "good"]++
    const proof = (probe.proof ?? []).map(base64)
    assert.equal(
      verifyMerkleProof(base64(probe.root), data, probe.leafIdx, probe.treeSize, proof),
      !probe.wantErr,
      path,
    )
    if (!probe.wantErr) assert.deepEqual(merkleProof(leaves.slice(0, probe.treeSize), probe.leafIdx), proof, path)
  }
  context.diagnostic(JSON.stringify(seen))
  assert.equal(seen.good, 3)
  assert.equal(seen.good + seen.bad + seen.unwritable, 44)
})

vectorTest("consistency: the roots of its good cases are ours", "merkle-rfc9162.ndjson", (context) => {
  let roots = 0
  for (const { path, case: probe } of vectorLines<Line>("merkle-rfc9162.ndjson")) {
    if (!path.startsWith("consistency/") || path.includes("/additional/") || probe.wantErr) continue
    for (const [size, root] of [
      [probe.size1, probe.root1],
      [probe.size2, probe.root2],
    ] as const) {
      if (size === 0) continue
      assert.equal(toHex(merkleRoot(leaves.slice(0, size))), toHex(base64(root)), path)
      roots++
    }
  }
  context.diagnostic(`${roots} roots; there is no consistency verifier to run the rest against`)
  assert.ok(roots > 2)
})
