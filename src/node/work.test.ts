import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { Fault } from "../base/fault.ts"
import { WorkStore } from "../store/work-store.ts"
import { Work } from "./work.ts"

const startKey = "k".repeat(32)

test("working data comes back as it was put, and nothing changed or moved on disk is believed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "countersign-work-"))
  const store = new WorkStore(directory, startKey)
  try {
    const work = new Work(store, startKey)
    const value = { V: Uint8Array.of(1, 2), amount: 133_798n, lines: [{ code: "E10", missing: undefined }] }
    await work.put("visits", "a", value)
    await work.put("visits", "b", { V: Uint8Array.of(3) })
    assert.deepEqual(work.get("visits", "a"), value)
    assert.deepEqual(
      work.rows("visits").map(([id]) => id),
      ["a", "b"],
    )
    const sealed = store.get("visits", toUtf8("a"))!
    assert.ok(!Buffer.from(sealed).includes("E10"))
    await store.put("visits", toUtf8("b"), sealed)
    assert.throws(() => work.get("visits", "b"), Fault)
    const flipped = sealed.slice()
    flipped[40]! ^= 1
    await store.put("visits", toUtf8("a"), flipped)
    assert.throws(() => work.get("visits", "a"), Fault)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true })
  }
})
