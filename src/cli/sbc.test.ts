import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))
const folder = fileURLToPath(new URL("../../../shared/data/plans-sbc/", import.meta.url))

interface Ran {
  readonly exit: number
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is looked at field by field
  readonly value: any
}

function countersign(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args, "--json"], { maxBuffer: 1 << 24 }, (error, stdout) => {
      resolve({ exit: error === null ? 0 : Number(error.code), value: JSON.parse(stdout) })
    })
  })
}

test("sbc prints the table and writes plans that the plan commands take", async (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const out = mkdtempSync(join(tmpdir(), "countersign-sbc-"))
  t.after(() => rmSync(out, { recursive: true }))
  const { exit, value } = await countersign("sbc", folder, "--out", out)
  assert.deepEqual([exit, value.plans, value.rows.length, value.counts.equal], [0, 65, 65, 19])
  assert.equal(readdirSync(out).filter((name) => name.endsWith(".md")).length, 65)
  const check = await countersign("plan", "check", join(out, "sbc-23818nj0010002-01.md"))
  assert.deepEqual([check.exit, check.value.publishable, check.value.findings], [0, true, []])
})

test("sbc says what is wrong with its arguments", async () => {
  const [none, absent] = await Promise.all([countersign("sbc"), countersign("sbc", join(tmpdir(), "no such folder"))])
  assert.deepEqual([none.exit, none.value.code], [1, "arguments"])
  assert.deepEqual([absent.exit, absent.value.code], [1, "file-absent"])
})
