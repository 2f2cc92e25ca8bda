/** What the tasks of `countersign plan` write and say, run as the command line runs them. */
import assert from "node:assert/strict"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Refused } from "../../base/refusal.ts"
import { booklet } from "../../plan/booklet/booklet.ts"
import { planCommand } from "../plan.ts"
import { Screen } from "../screen.ts"
import { readPlanAt } from "./files.ts"

const published = fileURLToPath(new URL("../../../plans/", import.meta.url))
const example = fileURLToPath(new URL("../../../examples/eye-claim.837", import.meta.url))
const sample = join(published, "eye-sample.md")

interface Ran {
  // biome-ignore lint/suspicious/noExplicitAny: what a command answers is looked at field by field
  readonly value: any
  readonly failed: boolean
  readonly said: string
}

async function plan(...args: readonly string[]): Promise<Ran> {
  let said = ""
  const out = new Writable({
    write(chunk, _encoding, done) {
      said += String(chunk)
      done()
    },
  })
  const { value, failed = false } = await planCommand.run(args, new Screen(out))
  return { value, failed, said }
}

const refusedAs = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

/** A copy of the published plans; the sample's text changed. */
function copy(t: TestContext, change: (text: string) => string = (text) => text): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-plan-"))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(published, folder, { recursive: true })
  const path = join(folder, "eye-sample.md")
  const text = readFileSync(path, "utf8")
  const changed = change(text)
  writeFileSync(path, changed)
  return path
}

/** A folder beside the copied plans that holds the example claim alone. */
function claimsFolder(path: string): string {
  const folder = join(path, "..", "claims")
  cpSync(example, join(folder, "eye-claim.837"))
  return folder
}

test("the booklet is printed, or written as one file in the form asked for", async (t) => {
  const path = copy(t)
  const out = join(path, "..", "printed")
  const printed = await plan("booklet", path)
  assert.ok(printed.said.startsWith("# Sample Eye Plan 2026\n") && printed.said.includes("You pay $30.00 for an exam"))
  const forms = [
    { args: [], name: "eye-sample.booklet.md" },
    { args: ["--html"], name: "eye-sample.booklet.html" },
    { args: ["--summary"], name: "eye-sample.summary.md" },
    { args: ["--summary", "--html"], name: "eye-sample.summary.html" },
  ]
  for (const { args, name } of forms) {
    const { value } = await plan("booklet", path, "--out", out, ...args)
    assert.equal(value.file, join(out, name))
  }
  const read = readPlanAt(path)
  assert.ok("plan" in read)
  const html = readFileSync(join(out, "eye-sample.booklet.html"), "utf8")
  assert.equal(html, booklet(read.plan, read.plan.front.effective.from, "html"))
})

test("words and options that a task does not take are refused, and so is a day outside the plan", async () => {
  await assert.rejects(plan("booklet"), refusedAs("arguments"))
  await assert.rejects(plan("booklet", sample, sample), refusedAs("arguments"))
  await assert.rejects(plan("check", sample, "--html"), refusedAs("arguments"))
  await assert.rejects(plan("constructor", sample), refusedAs("arguments"))
  await assert.rejects(plan("booklet", sample, "--on", "2027-01-01"), refusedAs("date"))
  await assert.rejects(plan("booklet", sample, "--on", "2026-02-30"), refusedAs("date"))
  await assert.rejects(plan("booklet", join(published, "no.md")), refusedAs("file-absent"))
  await assert.rejects(plan("diff", sample, sample, "--claims", join(published, "no")), refusedAs("folder-absent"))
})

test("a review pins what it shows; from then on a sentence or a rule changed alone is drift", async (t) => {
  const path = copy(t)
  rmSync(path.replace(/\.md$/, ".reviewed"))
  const first = await plan("review", path)
  assert.equal(first.value.moved.length, first.value.clauses)
  assert.ok(first.said.includes("= for exam: copay 30.00 USD each visit"))
  assert.deepEqual((await plan("review", path)).value.moved, [])
  const text = readFileSync(path, "utf8")
  writeFileSync(path, text.replace("and nothing else for it", "and no more"))
  const check = await plan("check", path)
  assert.ok(check.failed)
  assert.deepEqual(
    check.value.findings.map(({ code, clause }: { code: string; clause: string }) => [code, clause]),
    [["drift", "5.1"]],
  )
  const again = await plan("review", path)
  assert.deepEqual([again.value.moved, again.value.alone], [["5.1"], ["5.1"]])
  assert.ok(!(await plan("check", path)).failed)
})

test("a check says at what age the plan reads", async () => {
  const { said, value } = await plan("check", sample)
  assert.match(said, /Sentences read at grade \d+\.\d, age \d+; the hardest at \d+\.\d, in \d/)
  assert.ok(value.reading.grade < 700)
})

test("two plans are compared over the cases, and over the claims of 837 files moved into their time", async (t) => {
  const dearer = copy(t, (text) =>
    text
      .replace("version: 1", "version: 2")
      .replace("ded: 240.00 USD", "ded: 300.00 USD")
      .replaceAll("from: 2026-01-01, until: 2027-01-01", "from: 2027-01-01, until: 2028-01-01"),
  )
  const cases = await plan("diff", sample, dearer)
  assert.deepEqual(cases.value.money.clauses.map(({ clause }: { clause: string }) => clause).sort(), ["5.2", "5.3"])
  assert.ok(cases.said.includes("ded: $240.00 → $300.00 (5.2)"))
  const claims = claimsFolder(dearer)
  const { value, said } = await plan("diff", sample, dearer, "--claims", claims)
  const { money, moved } = value
  // The example claim is the standard visit with nothing met: 60.00 more of deductible, less 20 % of it.
  assert.deepEqual([money.claims, moved, money.plan.before, money.plan.after], [1, 1, 120_513n, 115_713n])
  assert.deepEqual([money.patient.before, money.patient.after], [54_545n, 59_345n])
  assert.match(said, /the plan pays +\$1,205\.13 +\$1,157\.13 +−\$48\.00/)
  const same = await plan("diff", sample, sample, "--claims", claims)
  assert.deepEqual([same.value.money.changes, same.value.money.same], [[], 1])
})

test("what one claim meets counts for the next of the same patient, and for no other", async (t) => {
  const folder = claimsFolder(copy(t))
  const text = readFileSync(join(folder, "eye-claim.837"), "utf8")
  const month = (claim: string) => claim.replaceAll("20260414", "20260514")
  writeFileSync(join(folder, "later.837"), month(text))
  const { value } = await plan("diff", sample, sample, "--claims", folder)
  // The second visit has the deductible behind it: 30.00 for the exam and 20 % of 1,617.23.
  assert.equal(value.money.patient.before, 54_545n + 3_000n + 825n + 2_244n + 29_275n)
  const other = month(text).replace(/(NM1\*IL\*1\*(?:[^*]*\*){5}MI\*)[^~*]+/, "$1OTHER-1")
  assert.notEqual(other, month(text))
  writeFileSync(join(folder, "later.837"), other)
  const apart = await plan("diff", sample, sample, "--claims", folder)
  assert.equal(apart.value.money.patient.before, 2n * 54_545n)
})

test("a file that is no claim file is named with its fault, and the others go on", async (t) => {
  const folder = claimsFolder(copy(t))
  writeFileSync(join(folder, "broken.837"), "ISA*00")
  const { value } = await plan("diff", sample, sample, "--claims", folder)
  assert.equal(value.money.claims, 1)
  assert.deepEqual(
    value.refused.map(({ file }: { file: string }) => file),
    ["broken.837"],
  )
})

test("the FHIR export is printed, or written", async (t) => {
  const path = copy(t)
  const { value, said } = await plan("insuranceplan", path)
  assert.equal(value.resourceType, "InsurancePlan")
  assert.deepEqual(JSON.parse(said), JSON.parse(JSON.stringify(value)))
  const written = await plan("insuranceplan", path, "--out", join(path, ".."))
  assert.ok(existsSync(written.value.file) && written.value.file.endsWith("eye-sample.insuranceplan.json"))
})
