/**
 * Goal: what is packed runs where nothing of the checkout is. Method: pack, install the tarball into an empty folder
 * with an empty home and cache, and there run the story, the check of its receipt and the four public doors. Takes a
 * minute and the network, so it runs with the long tests only.
 */
import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { after, before, test } from "node:test"

const root = resolve(import.meta.dirname, "..")
const long = process.env["COUNTERSIGN_LONG"] === "1"
const options = { skip: long ? false : "runs with COUNTERSIGN_LONG=1" }
const folder = long ? mkdtempSync(join(tmpdir(), "countersign-package-")) : ""
const installed = join(folder, "installed")
const installation = join(installed, "node_modules/countersign")
const env = {
  ...process.env,
  HOME: join(folder, "home"),
  npm_config_cache: join(folder, "cache"),
  NO_UPDATE_NOTIFIER: "1",
}

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "pipe"],
  })
}

before(() => {
  if (!long) return
  mkdirSync(env.HOME)
  mkdirSync(installed)
  run("npm", ["pack", "--pack-destination", folder], root)
  const [tarball] = readdirSync(folder).filter((file) => file.endsWith(".tgz"))
  writeFileSync(
    join(installed, "package.json"),
    JSON.stringify({ name: "somebody-else", private: true, type: "module" }),
  )
  run("npm", ["install", "--no-audit", "--no-fund", join(folder, tarball!)], installed)
})
after(() => {
  if (long) rmSync(folder, { recursive: true, force: true })
})

test("the package holds built code, plans and pages, and neither source nor tests", options, () => {
  const files = readdirSync(installation, { recursive: true, encoding: "utf8" })
  for (const file of [
    "dist/cli/main.js",
    "dist/engine/signature-worker.js",
    "dist/verify.mjs",
    "dist/base/crypto.d.ts",
    "plans/eye-sample.md",
    "README.md",
    "LICENSE",
  ])
    assert.ok(files.includes(file), file)
  const wrong = files.filter(
    (file) => /(?<!\.d)\.ts$|\.test\.|example-chain|^(src|test|bench)\b/.test(file) && !file.startsWith("node_modules"),
  )
  assert.deepEqual(wrong, [])
})

test("the installed command tells the story to the same cents, and verifies its receipt", options, () => {
  const visit = JSON.parse(
    run("npx", ["countersign", "visit", "--no-attacks", "--json", "--out", "out"], installed),
  ) as {
    readonly quoted: unknown
    readonly paid: unknown
    readonly receipt: string
    readonly bundle: string
  }
  const cents = { plan: "133798", patient: "41260" }
  assert.deepEqual([visit.quoted, visit.paid], [cents, cents])
  const checked = JSON.parse(
    run("npx", ["countersign", "verify", visit.receipt, "--bundle", visit.bundle, "--json"], installed),
  ) as {
    readonly valid: boolean
    readonly recomputed: unknown
  }
  assert.deepEqual([checked.valid, checked.recomputed], [true, cents])
  const refused = spawnSync("npx", ["countersign", "visti", "--json"], { cwd: installed, env, encoding: "utf8" })
  assert.equal(refused.status, 1)
})

test("the four doors open, in JavaScript and in types, and no other does", options, () => {
  const use = [
    'import { decodeTransaction, transactionTypes } from "countersign/ledger"',
    'import { adjudicate, readPlan } from "countersign/plan"',
    'import { type Verdict, verifyReceipt } from "countersign/verify"',
    'import { Wallet } from "countersign/wallet"',
    "export const doors: readonly unknown[] = [decodeTransaction, adjudicate, readPlan, verifyReceipt, Wallet]",
    "export const types: readonly string[] = [...transactionTypes.keys()]",
    "export type Answer = Verdict",
  ].join("\n")
  writeFileSync(join(installed, "use.ts"), use)
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  const flags = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--lib",
    "es2023",
    "--types",
    "",
    "--declaration",
    "use.ts",
  ]
  run(process.execPath, [compiler, ...flags], installed)
  assert.ok(existsSync(join(installed, "use.js")))
  const loaded =
    'import { doors, types } from "./use.js"; console.log(JSON.stringify([doors.map((door) => typeof door), types.length]))'
  const [kinds, count] = JSON.parse(run("node", ["--input-type=module", "-e", loaded], installed)) as [string[], number]
  assert.deepEqual([...new Set(kinds)], ["function"])
  assert.ok(count > 20)
  const closed = spawnSync("node", ["-e", 'import("countersign/dist/node/node.js")'], {
    cwd: installed,
    env,
    encoding: "utf8",
  })
  assert.match(closed.stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/)
})
