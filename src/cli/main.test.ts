/** The command line as a stranger meets it: help, slips of the pen, paths that are not what was meant. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

const main = join(import.meta.dirname, "main.ts")
const root = join(import.meta.dirname, "../..")
const plan = join(root, "plans/eye-sample.md")

function countersign(...args: readonly string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", cwd: root })
}

function refused(...args: readonly string[]) {
  const { status, stdout } = countersign(...args, "--json")
  assert.equal(status, 1, args.join(" "))
  return JSON.parse(stdout) as { readonly code: string; readonly message: string; readonly remedy: string }
}

test("help of a command is answered wherever it is asked for, and no command runs", () => {
  const asked = [
    ["help", "scrub"],
    ["scrub", "--help"],
    ["scrub", "x.837", "-h"],
  ].map((args) => countersign(...args))
  for (const { status, stdout } of asked) {
    assert.equal(status, 0)
    assert.match(stdout, /countersign scrub FILE\.837 …/)
  }
  assert.match(countersign("plan", "diff", "--help").stdout, /countersign plan diff OLD NEW \[--claims DIR\]/)
})

test("a slip is answered with the usage of the command, which can be copied", () => {
  const slip = refused("scrub", "--bogus", "x")
  assert.deepEqual([slip.code, slip.message], ["arguments", "Unknown option '--bogus'"])
  assert.match(slip.remedy, /^countersign scrub FILE/)
  assert.equal(refused("constructor").code, "command-unknown")
  assert.match(refused("x12").remedy, /^countersign x12 check/)
})

test("a path that is not what was meant is a refusal in plain words, no outage", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-main-"))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "file")
  writeFileSync(file, "")
  const claim = join(root, "examples/eye-claim.837")
  for (const args of [
    ["plan", "check", folder],
    ["scrub", folder],
    ["plan", "booklet", plan, "--out", file],
    ["x12", "check", claim, "--out", file],
    ["adjudicate", claim, "--plan", plan, "--out", join(folder, "absent", "paper")],
  ]) {
    const { code, message } = refused(...args)
    assert.match(code, /^(?:file-unreadable|path-unusable)$/, args.join(" "))
    assert.doesNotMatch(message, /E[A-Z]{4,}/)
  }
})
