import assert from "node:assert/strict"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { toJson } from "../base/json.ts"
import { Refused } from "../base/refusal.ts"
import { replayCommand } from "./replay.ts"
import { Screen } from "./screen.ts"

const samples = fileURLToPath(new URL("../../../shared/data/claims-cms/rif-synthea/", import.meta.url))
const tables = ["carrier", "dme", "outpatient", "inpatient", "snf", "hha", "hospice", "pde", "beneficiary_2021"]
const files = tables.map((name) => join(samples, `${name}.csv`))

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "countersign-replay-"))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

// biome-ignore lint/suspicious/noExplicitAny: what the command prints is looked at field by field
async function run(...args: readonly string[]): Promise<{ value: any; failed: boolean; screen: string }> {
  let screen = ""
  const out = new Writable({
    write: (piece, _encoding, done) => {
      screen += String(piece)
      done()
    },
  })
  const { value, failed } = await replayCommand.run(args, new Screen(out))
  return { value: JSON.parse(toJson(value)), failed: failed ?? false, screen }
}

test("the public claims under the plan derived from them: touches, and each line beside what was filed", async (t) => {
  if (!existsSync(samples)) return t.skip("../shared is absent")
  const { value, failed, screen } = await run("--derive", folder(t), ...files)
  assert.equal(failed, false)
  assert.deepEqual(
    [value.claims, value.lines, value.touchless, value.touchlessBothSides, value.touches, value.sentBack.lines],
    [107, 365, 107, 54, 0, 225],
  )
  const sum = BigInt(value.plan) + BigInt(value.patient) + BigInt(value.provider) + BigInt(value.open)
  assert.equal(sum, BigInt(value.charge))
  const { compared, paidSame, differ } = value.filing
  const differing = Object.values(differ as Record<string, number>).reduce((all, lines) => all + lines, 0)
  assert.equal(paidSame + differing, compared)
  assert.deepEqual([compared, paidSame, differ.incomplete], [240, 17, 209])
  assert.match(screen, /Assumed, not measured: 10 minutes a touch/)
})

test("a derived plan replays from its folder, with the same figures", async (t) => {
  if (!existsSync(samples)) return t.skip("../shared is absent")
  const into = folder(t)
  const derived = await run("--derive", into, "--stand-in", ...files)
  const again = await run(join(into, "cms-derived.md"), "--stand-in", ...files)
  assert.deepEqual(again.value, derived.value)
  assert.equal(derived.value.filing.paidSame, 153)
})

test("a broken row is named by file, line and column, counts as a touch, and the others go on", async (t) => {
  if (!existsSync(samples)) return t.skip("../shared is absent")
  const into = folder(t)
  const lines = readFileSync(join(samples, "pde.csv"), "utf8").split("\n")
  lines[4] = lines[4]!.replace(/\d\d-[A-Z][a-z]{2}-\d{4}/, "31-Feb-2016")
  const path = join(into, "broken.csv")
  writeFileSync(path, lines.join("\n"))
  const { value, failed, screen } = await run(
    "--derive",
    into,
    path,
    "--minutes-per-touch",
    "6",
    "--hourly-cost",
    "60.00",
  )
  assert.equal(failed, true)
  assert.match(screen, /broken\.csv, line 5, column SRVC_DT/)
  assert.deepEqual([value.claims, value.refused, value.touches, value.touchless], [18, 1, 1, 17])
  // 6.00 for one touch over 18 claims, and a cent for the machine.
  assert.equal(value.cost.perClaim, "3433")
})

test("numbers out of range and claims of another kind are refused", async (t) => {
  const into = folder(t)
  const x12 = fileURLToPath(new URL("../../examples/eye-claim.837", import.meta.url))
  await assert.rejects(run("--derive", into, x12, "--hourly-cost", "a lot"), Refused)
  await assert.rejects(run("--derive", into, x12), Refused)
})
