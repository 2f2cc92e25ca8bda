/**
 * Goal: the files a stranger tries first work. Method: the 837 is what our writer makes of the standing example, and
 * reads back to its lines; the 835 balances.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { eyeVisit, eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { plansFolder, readPlanFiles } from "../src/cli/visit/plan-files.ts"
import { isRefusal } from "../src/formats/answer.ts"
import { balance835 } from "../src/formats/x12/balance-835.ts"
import { read837Professional } from "../src/formats/x12/read-837.ts"
import { write837 } from "../src/formats/x12/write-837.ts"
import { plainClaim } from "../src/plan/claim.ts"

const folder = resolve(import.meta.dirname, "../examples")
const example = (name: string) => new Uint8Array(readFileSync(join(folder, name)))

/** The standing example as the clinic would bill it; all people and numbers are synthetic. */
function eyeVisit837(): Uint8Array {
  const { lines, member } = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
  const diagnosed = lines.map((line) => ({ ...line, diagnoses: ["H35.3221"] }))
  const parties = {
    submitter: { name: "LAKESIDE EYE CLINIC", id: "LAKESIDE" },
    receiver: { name: "SAMPLE MUTUAL", id: "SAMPLEMUTUAL" },
    billingProvider: { name: "LAKESIDE EYE CLINIC", npi: "1234567893", taxId: "123456789" },
    subscriber: { last: "VEGA", first: "MARISOL", id: "SYNTHETIC1", born: member.born!, sex: "F" },
    payer: { name: "SAMPLE MUTUAL", id: "SAMPLEMUTUAL" },
  }
  const envelope = {
    sender: "LAKESIDE",
    receiver: "SAMPLEMUTUAL",
    day: eyeVisitDay,
    minute: 600,
    control: 1,
    isTest: true,
  }
  return write837(plainClaim(diagnosed, eyeVisitDay), parties, { control: "EYE-VISIT-1" }, envelope)
}

test("the example 837 is the standing visit as our writer bills it", () => {
  const bytes = example("eye-visit.837")
  assert.equal(Buffer.from(bytes).toString("latin1"), Buffer.from(eyeVisit837()).toString("latin1"))
  assert.ok(!isRefusal(read837Professional(bytes)))
})

test("the example 835 balances by all rules", () => {
  const balances = balance835(example("eye-visit.835"))
  assert.ok(!isRefusal(balances))
  for (const { paid, claims, imbalances } of balances)
    assert.deepEqual({ paid, claims, imbalances }, { paid: 320_000n, claims: 8, imbalances: [] })
})
