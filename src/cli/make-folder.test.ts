import assert from "node:assert/strict"
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { makeFolder } from "./make-folder.ts"

test("a folder and what is above it is made with its mode; where that cannot be, it fails and ends", (t) => {
  const base = mkdtempSync(join(tmpdir(), "countersign-folder-"))
  t.after(() => rmSync(base, { recursive: true }))
  const deep = join(base, "one", "two")
  makeFolder(deep, 0o700)
  makeFolder(deep, 0o700)
  assert.equal(statSync(join(base, "one")).mode & 0o777, 0o700)
  writeFileSync(join(base, "file"), "")
  assert.throws(() => makeFolder(join(base, "file", "below")))
  assert.throws(() => makeFolder(join(base, "file")))
  // Node's own recursion does not come back from here.
  if (existsSync("/proc/self")) assert.throws(() => makeFolder("/proc/nowhere/below"))
})
