/**
 * Goal: the files a stranger tries first work. Method: each claim reads back to the lines of the standing example, each
 * remittance balances to the sum that the story pays, and the folder's page names every file.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import { eyeVisit, eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { isRefusal } from "../src/formats/answer.ts"
import { read837Professional } from "../src/formats/x12/claim/read-837.ts"
import { balance835 } from "../src/formats/x12/remittance/balance-835.ts"

const folder = resolve(import.meta.dirname, "../examples")
const files = readdirSync(folder).filter((file) => file !== "README.md")
const example = (name: string) => new Uint8Array(readFileSync(join(folder, name)))
const ending = (end: string) => files.filter((file) => file.endsWith(end))

test("each example claim is the standing visit, line by line", () => {
  const { lines } = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
  const billed = lines.map(({ code, modifiers, charge, unitsMilli }) => [code, modifiers, charge, unitsMilli])
  assert.ok(ending(".837").length > 0)
  for (const file of ending(".837")) {
    const claim = read837Professional(example(file))
    assert.ok(!isRefusal(claim), file)
    assert.deepEqual(
      claim.lines.map(({ code, modifiers, charge, unitsMilli }) => [code, modifiers, charge, unitsMilli]),
      billed,
    )
    for (const { from } of claim.lines) assert.equal(from, eyeVisitDay)
  }
})

test("each example remittance balances by all rules and pays what the story pays", () => {
  assert.ok(ending(".835").length > 0)
  for (const file of ending(".835")) {
    const balances = balance835(example(file))
    assert.ok(!isRefusal(balances), file)
    assert.deepEqual(
      balances.map(({ paid, claims, imbalances }) => ({ paid, claims, imbalances })),
      [{ paid: 320_000n, claims: 8, imbalances: [] }],
    )
  }
})

test("the folder's page names every file", () => {
  const page = readFileSync(join(folder, "README.md"), "utf8")
  for (const file of files) assert.ok(page.includes(`\`${file}\``), file)
})
