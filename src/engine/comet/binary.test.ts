/** Which CometBFT is taken, and which is refused. */
import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Refused } from "../../base/refusal.ts"
import { cometBftVersion, engineDirectory, findCometBft, isSupported, requireCometBft } from "./binary.ts"

/** A program that answers as CometBFT of that version does. */
function program(t: TestContext, says: string, exit = 0): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), "comet-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "cometbft")
  writeFileSync(path, `#!/bin/sh\necho '${says}'\nexit ${exit}\n`, { mode: 0o755 })
  return { folder, path }
}

const isRefused = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

test("0.39 and 0.38 fit, nothing else does", () => {
  for (const version of ["0.39.4", "0.39.0", "0.38.25"]) assert.ok(isSupported(version), version)
  for (const version of ["1.0.1", "0.37.18", "0.40.0", "0.39.4-rc1", "0.390.1", ""])
    assert.equal(isSupported(version), false, version)
})

test("a version is read from whatever form it is said in", async (t) => {
  for (const says of ["0.39.4", "v0.39.4", "0.39.4+abc1234"])
    assert.equal(await cometBftVersion(program(t, says).path), "0.39.4")
  await assert.rejects(cometBftVersion(program(t, "hello").path), isRefused("engine-unusable"))
  await assert.rejects(cometBftVersion(program(t, "0.39.4", 3).path), isRefused("engine-unusable"))
})

test("the named one goes before all others, and none makes up for it", async (t) => {
  const { folder, path } = program(t, "1.0.1")
  assert.equal(findCometBft({ COUNTERSIGN_COMETBFT: path, PATH: "" }), path)
  assert.equal(findCometBft({ COUNTERSIGN_COMETBFT: join(folder, "absent"), PATH: folder }), undefined)
  assert.equal(findCometBft({ COUNTERSIGN_COMETBFT: folder, PATH: folder }), undefined, "a directory is no program")
  await assert.rejects(requireCometBft({ COUNTERSIGN_COMETBFT: path }), isRefused("engine-version"))
  await assert.rejects(requireCometBft({ COUNTERSIGN_COMETBFT: join(folder, "absent") }), isRefused("engine-absent"))
  const good = program(t, "0.38.25").path
  assert.equal(await requireCometBft({ COUNTERSIGN_COMETBFT: good }), good)
})

test("what we built goes before PATH; in PATH the first that may be run", (t) => {
  const { folder, path } = program(t, "0.39.4")
  const other = join(folder, "other")
  mkdirSync(other)
  writeFileSync(join(other, "cometbft"), "", { mode: 0o644 })
  const built = join(engineDirectory, "cometbft")
  assert.equal(findCometBft({ PATH: `${other}:${folder}` }), existsSync(built) ? built : path)
})
