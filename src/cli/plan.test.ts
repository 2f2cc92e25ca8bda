import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"

const plans = fileURLToPath(new URL("../../plans/", import.meta.url))
const main = fileURLToPath(new URL("./main.ts", import.meta.url))

interface Ran {
  readonly exit: number
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is looked at field by field
  readonly value: any
}

function plan(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "plan", ...args, "--json"], (error, stdout) => {
      resolve({ exit: error === null ? 0 : Number(error.code), value: JSON.parse(stdout) })
    })
  })
}

/** A copy of the sample plan with one text changed in a file. */
function brokenCopy(t: TestContext, file: string, from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-plan-"))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(plans, folder, { recursive: true })
  const text = readFileSync(join(folder, file), "utf8")
  assert.ok(text.includes(from))
  writeFileSync(join(folder, file), text.replace(from, to))
  return join(folder, "eye-sample.md")
}

const sample = join(plans, "eye-sample.md")

test("the sample plan may be published, its cases come out, and one is told to the cent", async () => {
  const [check, cases, told] = await Promise.all([
    plan("check", sample),
    plan("cases", sample),
    plan("explain", sample, "standard visit"),
  ])
  assert.deepEqual([check.exit, check.value.publishable, check.value.findings], [0, true, []])
  assert.deepEqual([cases.exit, cases.value.passed, cases.value.failed], [0, 8, 0])
  assert.deepEqual(cases.value.cases[0].ours, { plan: "133798", patient: "41260" })
  assert.equal(told.value.plan, "133798")
  assert.equal(told.value.sums, "The plan pays 1,337.98. You pay 412.60.")
  assert.deepEqual(
    told.value.lines.map((line: { code: string }) => line.code),
    ["E10", "T20", "S30", "J0178"],
  )
  const [exam] = told.value.lines
  assert.ok(
    exam.trace.some((step: { clause: string; formula: string }) => step.clause === "5.1" && step.formula === "copay"),
  )
  assert.ok(exam.sentences.length > 1)
})

test("a broken plan is refused at the line and column of the fault", async (t) => {
  const path = brokenCopy(t, "eye-sample.md", "coinsurance: { member: your-part }", "coinsurance: { member: no-part }")
  const [check, cases] = await Promise.all([plan("check", path), plan("cases", path)])
  assert.deepEqual([check.exit, check.value.publishable], [1, false])
  const finding = check.value.findings.find((one: { code: string }) => one.code === "unknown-name")
  const line =
    readFileSync(path, "utf8")
      .split("\n")
      .findIndex((row) => row.includes("no-part")) + 1
  assert.equal(finding.line, line)
  assert.ok(finding.column > 1 && finding.clause === "5.3" && finding.remedy !== "")
  assert.equal(cases.exit, 1)
  assert.ok(["code", "message", "at", "remedy"].every((field) => cases.value[field] !== undefined))
})

test("a case that says another cent fails both tasks, and says ours beside it", async (t) => {
  const path = brokenCopy(t, "eye-sample.cases", "1337.98", "1337.99")
  const [check, cases] = await Promise.all([plan("check", path), plan("cases", path)])
  assert.equal(check.exit, 1)
  assert.deepEqual(
    check.value.findings.map((one: { code: string; file: string }) => [one.code, one.file]),
    [["case-fails", "cases"]],
  )
  assert.deepEqual([cases.exit, cases.value.failed], [1, 1])
  const [first] = cases.value.cases
  assert.deepEqual([first.ours.plan, first.expected.plan, first.good], ["133798", "133799", false])
})

test("a published list of reasons is what the plan's own codes are held against, on their days", async (t) => {
  const path = brokenCopy(t, "eye-sample.md", "# Sample", "# Sample").replace("eye-sample", "medical-tiered")
  const list = path.replace("medical-tiered.md", "reasons.csv")
  const checked = async (stop: string) => {
    writeFileSync(list, `Code,Description,Start Date,Last Modified,Stop Date\n45,text,01/01/1995,,${stop}\n`)
    const { exit, value } = await plan("check", path, "--reasons", list)
    return [exit, value.findings.map((one: { code: string }) => one.code)]
  }
  assert.deepEqual(await checked(""), [0, []])
  assert.deepEqual(await checked("07/01/2026"), [1, ["codes-invalid"]])
})

test("what cannot be asked is refused with a remedy", async () => {
  const [absent, unknown, bare] = await Promise.all([
    plan("check", "absent.md"),
    plan("explain", sample, "nobody"),
    plan("check"),
  ])
  assert.deepEqual(
    [absent, unknown, bare].map(({ exit, value }) => [exit, value.code]),
    [
      [1, "file-absent"],
      [1, "case-unknown"],
      [1, "arguments"],
    ],
  )
})
