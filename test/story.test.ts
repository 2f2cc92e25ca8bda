/**
 * Goal: a stranger who runs the one command sees one visit quoted, signed three times and paid to the cent, and can
 * check the receipt alone. Method: the command as a child process, once; every test reads what that run printed and
 * left behind. Its figures are those of the worked eye visit: 1,337.98 by the plan, 412.60 by her.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { after, before, test } from "node:test"
import { isRefusal } from "../src/formats/answer.ts"
import { balance835 } from "../src/formats/x12/remittance/balance-835.ts"

const main = resolve(import.meta.dirname, "../src/cli/main.ts")
const folder = mkdtempSync(join(tmpdir(), "countersign-story-"))
const out = join(folder, "out")
/** The command's own temporary folder, so that what it leaves there can be seen. */
const temporary = mkdtempSync(join(folder, "tmp-"))

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function countersign(...args: readonly string[]): Promise<Run> {
  const env = { ...process.env, TMPDIR: temporary }
  const child = spawn(process.execPath, [main, ...args], { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  const text = { stdout: "", stderr: "" }
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk))
  return new Promise((done, fail) => {
    child.once("error", fail)
    child.once("close", (code) => done({ code, ...text }))
  })
}

interface Money {
  readonly plan: string
  readonly patient: string
}
interface Visit {
  readonly quoted: Money
  readonly paid: Money
  readonly determinations: { readonly provider: string; readonly payer: string; readonly wallet: string }
  readonly payment: { readonly sum: string; readonly visits: number; readonly back: string }
  readonly receipt: string
  readonly bundle: string
  readonly bytesOnLedger: number
  readonly timings: Readonly<Record<string, number>>
}
interface Verified {
  readonly valid: boolean
  readonly trust?: string
  readonly height?: number
  readonly recomputed?: Money
  readonly notChecked: readonly string[]
  readonly reason: string | null
}
interface Refusal {
  readonly code: string
  readonly message: string
  readonly at: string
  readonly remedy: string
}

/** Standard output is one JSON object and nothing else. */
const parse = <T>({ stdout }: Run) => JSON.parse(stdout) as T

let run: Run
let visit: Visit
const file = (name: string) => readFileSync(join(out, name))
const copy = (name: string) => join(folder, name)
/** `verify` of a receipt that lies elsewhere, by the anchor of the story. */
const verify = (receipt: string, ...more: readonly string[]) =>
  countersign("verify", receipt, "--anchor", join(out, "anchor.cbor"), ...more, "--json")

before(async () => {
  run = await countersign("visit", "--no-attacks", "--json", "--out", out)
  assert.equal(run.code, 0, `${run.stdout}\n${run.stderr}`)
  visit = parse<Visit>(run)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test("what was quoted is paid, to the cent", () => {
  assert.deepEqual(visit.quoted, { plan: "133798", patient: "41260" })
  assert.deepEqual(visit.paid, visit.quoted)
})

test("provider, payer and wallet come to the same determination, each by its own run", () => {
  const { provider, payer, wallet } = visit.determinations
  assert.match(provider, /^[0-9a-f]{64}$/)
  assert.equal(payer, provider)
  assert.equal(wallet, provider)
})

test("the payment shows one sum over eight visits, and what was held beyond it goes back", () => {
  const { sum, visits, back } = visit.payment
  assert.deepEqual({ sum, visits, back }, { sum: "320000", visits: 8, back: "230000" })
})

test("hold and settlement of a visit stay under 1.4 kB on the ledger", () => {
  assert.ok(visit.bytesOnLedger > 600 && visit.bytesOnLedger < 1_400, `${visit.bytesOnLedger} bytes`)
})

test("the story is told on standard error in numbered steps, with the cents in words", () => {
  for (const step of ["7. ", "8. ", "9. "]) assert.ok(run.stderr.includes(`\n${step}`), `step ${step}`)
  for (const words of ["1,337.98", "412.60", "3,200.00", "662.02", "133.35"])
    assert.ok(run.stderr.includes(words), words)
})

test("every paper is there, and nobody else on the machine may read it", () => {
  const names = [
    "anchor.cbor",
    "audit.json",
    "bundle.cbor",
    "desk-receipt.cbor",
    "explanation.json",
    "explanation.txt",
    "payment-receipt.cbor",
    "payment-receipt.json",
    "receipt.cbor",
    "receipt.json",
    "registers.cbor",
    "remittance.835",
  ]
  const present = readdirSync(out)
  for (const name of names) {
    assert.ok(present.includes(name), `${name} among ${present.join(", ")}`)
    assert.ok(statSync(join(out, name)).size > 0, name)
  }
  for (const name of present) assert.equal(statSync(join(out, name)).mode & 0o077, 0, `${name} is its owner's`)
  assert.equal(statSync(out).mode & 0o077, 0)
})

test("the 835 balances by all rules and pays the sum of the ledger", () => {
  const balances = balance835(new Uint8Array(file("remittance.835")))
  assert.ok(!isRefusal(balances))
  assert.equal(balances.length, 1)
  const [{ paid, claims, imbalances }] = balances as [(typeof balances)[number]]
  assert.deepEqual({ paid, claims, imbalances }, { paid: 320_000n, claims: 8, imbalances: [] })
})

test("the explanation says each amount with its clause, as text and as FHIR", () => {
  const text = file("explanation.txt").toString("utf8")
  assert.match(text, /5\.4: 255\.91 of 292\.75, because 156\.69 of your 412\.60 was already taken by lines 1 to 3\./)
  assert.match(text, /The plan pays 1,337\.98\. You pay 412\.60\./)
  for (const amount of ["30.00", "41.27", "78.73", "6.69", "255.91", "76.65", "83.73", "337.81", "736.23"])
    assert.match(text, new RegExp(`^\\d+\\.\\d+: .*\\b${amount.replace(".", "\\.")}\\b`, "m"), amount)
  const resource = JSON.parse(file("explanation.json").toString("utf8")) as {
    readonly resourceType: string
    readonly insurance: readonly { readonly focal: boolean }[]
    readonly provider: { readonly reference: string }
    readonly item: readonly unknown[]
  }
  assert.equal(resource.resourceType, "ExplanationOfBenefit")
  assert.deepEqual(
    resource.insurance.map(({ focal }) => focal),
    [true],
  )
  assert.match(resource.provider.reference, /^Organization\//)
  assert.equal(resource.item.length, 4, "the denied photo is on no claim")
})

test("the audit recovers the exam from the plan and leaves her share as it was", () => {
  const audit = JSON.parse(file("audit.json").toString("utf8")) as Money & { readonly recovered?: string }
  assert.deepEqual({ plan: audit.plan, patient: audit.patient }, { plan: "120463", patient: "41260" })
})

test("with every process stopped, the receipt verifies and the bundle re-computes the cents", async () => {
  const checked = await countersign("verify", visit.receipt, "--bundle", visit.bundle, "--json")
  assert.equal(checked.code, 0, checked.stderr)
  const { valid, trust, height, recomputed, notChecked, reason } = parse<Verified>(checked)
  assert.deepEqual({ valid, trust, reason }, { valid: true, trust: "operator", reason: null })
  assert.ok(height !== undefined && height > 0)
  assert.deepEqual(recomputed, visit.paid)
  assert.deepEqual(notChecked, ["snapshot"], "keys, plan, licence and hold are checked by the registers beside it")
})

test("a bundle on its own says what it cannot show; with registers that were changed it is not valid", async () => {
  const path = copy("bundle-alone.cbor")
  writeFileSync(path, file("bundle.cbor"))
  const alone = parse<Verified>(await verify(visit.receipt, "--bundle", path))
  assert.deepEqual([alone.valid, alone.notChecked], [true, ["keys", "plan", "licence", "snapshot", "held"]])
  const registers = file("registers.cbor")
  registers[registers.length >> 1]! ^= 1
  writeFileSync(copy("other-registers.cbor"), registers)
  const changed = await verify(visit.receipt, "--bundle", path, "--registers", copy("other-registers.cbor"))
  assert.equal(changed.code, 1, changed.stdout)
  assert.match(parse<Verified>(changed).reason ?? "", /^registers-false: /)
})

test("a receipt with one byte flipped is not valid, wherever the byte is", async () => {
  const receipt = file("receipt.cbor")
  const places = [40, Math.floor(receipt.length / 2), receipt.length - 5]
  for (const place of places) {
    const flipped = Buffer.from(receipt)
    flipped[place]! ^= 1
    const path = copy(`flipped-${place}.cbor`)
    writeFileSync(path, flipped)
    const checked = await verify(path)
    assert.equal(checked.code, 1, `byte ${place}: ${checked.stdout}`)
    const { valid, reason } = parse<Verified>(checked)
    assert.equal(valid, false, `byte ${place}`)
    assert.match(reason ?? "", /\w/)
  }
})

test("a bundle of other cents does not pass beside a good receipt", async () => {
  const bundle = file("bundle.cbor")
  bundle[bundle.length - 40]! ^= 1
  const path = copy("other-bundle.cbor")
  writeFileSync(path, bundle)
  const checked = await verify(visit.receipt, "--bundle", path)
  assert.equal(checked.code, 1, checked.stdout)
})

test("a command, a flag or a file that is not there is refused in one shape, with exit 1", async () => {
  const asked = [["visti"], ["visit", "--no-such-flag"], ["verify", copy("absent.cbor")], ["verify"]] as const
  for (const args of asked) {
    const refused = await countersign(...args, "--json")
    assert.equal(refused.code, 1, `${args.join(" ")}: ${refused.stdout}`)
    const refusal = parse<Refusal>(refused)
    assert.deepEqual(Object.keys(refusal).sort(), ["at", "code", "message", "remedy"])
    for (const part of Object.values(refusal)) assert.ok(typeof part === "string" && part !== "", args.join(" "))
    assert.equal(refused.stderr, "")
  }
})

/** Process ids whose command line names the folder; undefined where the platform does not tell. */
function processesAbout(path: string): readonly string[] | undefined {
  if (!existsSync("/proc/self/cmdline")) return undefined
  return readdirSync("/proc").filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, "utf8").includes(path)
    } catch {
      // It ended while we looked.
      return false
    }
  })
}

test("nothing is left where the command worked: no directory, no process", () => {
  assert.deepEqual(readdirSync(temporary), [])
  assert.deepEqual(processesAbout(temporary) ?? [], [])
})
