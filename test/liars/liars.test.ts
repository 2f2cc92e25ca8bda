/**
 * The liar's matrix cannot drift: the page is what the recorded run says, the run was made by these sources, and in the
 * long tests every lie is told again and must end as recorded. Beside it, what the baseline's log stands on.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { merkleRoot } from "../../src/base/merkle.ts"
import { vectorLines, vectorTest } from "../vectors/published.ts"
import { consistencyProof, verifyConsistency } from "./baseline/consistency.ts"
import { noBaseline, tellBaseline } from "./baseline/run.ts"
import { claims, consortiumClaims, difference, isKept } from "./claims.ts"
import { consortiumCells, noConsortium } from "./countersign/consortium-cells.ts"
import { tellCountersign } from "./countersign/run.ts"
import { type Cell, consortiumLies, lies, none } from "./lies.ts"
import { pageOf } from "./page.ts"
import { page, readRun, settled, sourcesDigest } from "./recorded.ts"

const again = "Tell the lies again: node test/liars/run.ts --write"
const long = process.env["COUNTERSIGN_LONG"] ? false : "every lie is told in the long tests (COUNTERSIGN_LONG=1)"

test("the page is what the recorded run says, word by word", () => {
  assert.equal(readFileSync(page, "utf8"), pageOf(readRun()), again)
})

test("the recorded run was made by the sources that stand here", () => {
  assert.equal(readRun().sources, sourcesDigest(), again)
})

test("each lie has one name, each claim names lies, each lie judges a claim", () => {
  const ids = lies.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  const judged = claims.flatMap((claim) => claim.lies)
  for (const id of judged) assert.ok(ids.includes(id), id)
  for (const id of ids) assert.ok(judged.includes(id), `no claim is judged by ${id}`)
})

test("a claim is kept only with a cell that differs, and what is caught names by whom and when", () => {
  const { told } = readRun()
  for (const claim of claims) {
    const cells = told.filter(({ id }) => claim.lies.includes(id))
    if (isKept(claim, told))
      assert.ok(cells.some((cell) => difference(cell) > 0) && !cells.some((cell) => difference(cell) < 0))
    else
      assert.ok(cells.every((cell) => difference(cell) <= 0) || cells.some((cell) => difference(cell) < 0), claim.claim)
  }
  for (const { id, countersign, baseline } of told) {
    for (const { verdict, by, when, evidence, note } of [countersign, baseline]) {
      assert.ok(by !== "" && when !== "" && evidence !== "", id)
      if (verdict === "not") assert.ok(by === "nobody" && note !== undefined, id)
      else assert.notEqual(by, "nobody", id)
      if (verdict === "caught" && evidence === none) assert.ok(["refuse", "stop", "clock-behind"].includes(id), id)
    }
  }
})

test("four validators: every lie was told, and what is caught names by whom and when", () => {
  const { consortium } = readRun()
  assert.deepEqual(
    [...consortium.keys()],
    consortiumLies.map(({ id }) => id),
  )
  for (const { lies: judged } of consortiumClaims)
    for (const [id, id2] of judged) assert.ok(consortium.has(id) && lies.some((one) => one.id === id2), id)
  for (const [id, { verdict, by, when, evidence, note }] of consortium) {
    assert.ok(by !== "" && when !== "" && evidence !== "" && note !== undefined, id)
    assert.equal(by === "nobody", verdict === "not", id)
    if (verdict === "caught" && evidence === none) assert.equal(id, "consortium-two-of-four")
  }
})

test("consistency proofs: every prefix of every small log, and none of another log", () => {
  const leaves = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i))
  const rooted = (data: readonly Uint8Array[]) => ({ size: data.length, root: merkleRoot(data) })
  for (let size = 1; size <= leaves.length; size++) {
    const now = rooted(leaves.slice(0, size))
    for (let first = 1; first <= size; first++) {
      const proof = consistencyProof(leaves.slice(0, size), first)
      const before = rooted(leaves.slice(0, first))
      assert.ok(verifyConsistency(before, now, proof), `${first} of ${size}`)
      const changed = rooted(leaves.slice(0, first).with(first - 1, Uint8Array.of(99)))
      assert.ok(!verifyConsistency(changed, now, proof), `another log of ${first} in ${size}`)
      assert.ok(!verifyConsistency(before, { ...now, root: changed.root }, proof), `${first} in another log of ${size}`)
      if (proof.length > 0) assert.ok(!verifyConsistency(before, now, proof.slice(1)), `${first} of ${size}, cut`)
    }
  }
})

interface Probe {
  readonly path: string
  readonly case: {
    /** Absent where it is 0. */
    readonly size1?: number
    readonly size2?: number
    readonly root1: string | null
    readonly root2: string | null
    readonly proof: readonly string[] | null
    readonly wantErr: boolean
  }
}

vectorTest("consistency: every published verdict", "merkle-rfc9162.ndjson", (context) => {
  const base64 = (text: string | null) => new Uint8Array(Buffer.from(text ?? "", "base64"))
  const seen = { good: 0, bad: 0 }
  for (const { path, case: probe } of vectorLines<Probe>("merkle-rfc9162.ndjson")) {
    if (!path.startsWith("consistency/")) continue
    const [before, now] = [
      { size: probe.size1 ?? 0, root: base64(probe.root1) },
      { size: probe.size2 ?? 0, root: base64(probe.root2) },
    ]
    const proof = (probe.proof ?? []).map(base64)
    assert.equal(verifyConsistency(before, now, proof), !probe.wantErr, path)
    seen[probe.wantErr ? "bad" : "good"]++
  }
  context.diagnostic(JSON.stringify(seen))
  assert.ok(seen.good > 0 && seen.bad > 0)
})

/** What a cell of the recorded run says, without its time. */
const recorded = (half: "countersign" | "baseline") =>
  settled(new Map(readRun().told.map((one) => [one.id, one[half]])))

test("told again, Countersign answers every lie as recorded", { skip: long, timeout: 600_000 }, async () => {
  assert.deepEqual(settled(await tellCountersign(() => undefined)), recorded("countersign"))
})

test("told again, the baseline answers every lie as recorded", {
  skip: long || noBaseline() || false,
  timeout: 600_000,
}, async () => {
  assert.deepEqual(settled((await tellBaseline(() => undefined)).cells), recorded("baseline"))
})

for (const { id, lie } of consortiumLies) {
  test(`four validators: ${lie}`, { skip: long || (noConsortium(id) ?? false), timeout: 600_000 }, async () => {
    const told = await consortiumCells[id]!()
    // What a note counts, and times, differ from run to run.
    const judged = ({ verdict, by, when, evidence }: Cell) => ({ verdict, by, when, evidence })
    assert.deepEqual(judged(told), judged(readRun().consortium.get(id)!))
  })
}
