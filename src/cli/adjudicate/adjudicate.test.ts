import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { test } from "node:test"
import { Refused } from "../../base/refusal.ts"
import { minorUnits } from "../../formats/amount.ts"
import { isRefusal, orRefuse } from "../../formats/answer.ts"
import { itemsAt, textAt } from "../../formats/fhir/json-path.ts"
import { readJson } from "../../formats/fhir/json-spans.ts"
import { balance835 } from "../../formats/x12/remittance/balance-835.ts"
import { readRemittances835 } from "../../formats/x12/remittance/read-835.ts"
import { Screen } from "../screen.ts"
import { adjudicateCommand } from "./command.ts"
import { explainCommand } from "./explain.ts"

const root = join(import.meta.dirname, "../../..")
const claim = join(root, "examples/eye-claim.837")
const plan = ["--plan", join(root, "plans/eye-sample.md")]

/** What the command prints, and what it answers. */
async function both(name: string, ...args: readonly string[]): Promise<{ text: string; value: unknown }> {
  let text = ""
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const command = name === "explain" ? explainCommand : adjudicateCommand
  const { value } = await command.run(args, new Screen(out))
  return { text, value }
}
const run = async (name: string, ...args: readonly string[]) => (await both(name, ...args)).text

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-adjudicate-"))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the plan's own page says of this visit, with 120.00 of deductible and 412.60 of the yearly limit left. */
const members = `member,coverFrom,buckets\nMEMBER-1,2025-01-01,"left deductible 120.00, most-you-pay 412.60"\n`

test("the claim comes to the published figures, and every paper says the same", () =>
  withFolder(async (folder) => {
    const list = join(folder, "members.csv")
    writeFileSync(list, members)
    const given = [claim, ...plan, "--members", list]
    assert.match(await run("adjudicate", ...given), /The plan pays 1,337\.98\. You pay 412\.60\./)
    assert.match(await run("adjudicate", ...given, "--as", "835"), /^ISA\*.*IEA\*1\*000000001~\n$/s)
    const out = join(folder, "paper")
    await run("adjudicate", ...given, "--as", "835", "--out", out)
    assert.equal(statSync(out).mode & 0o777, 0o600)
    const bytes = new Uint8Array(readFileSync(out))
    const [remittance] = orRefuse(readRemittances835(bytes))
    assert.equal(remittance!.paid, 133_798n)
    assert.equal(remittance!.claims[0]!.patient, 41_260n)
    assert.deepEqual(orRefuse(balance835(bytes))[0]!.imbalances, [])
    const fhir = readJson(new TextEncoder().encode(await run("adjudicate", ...given, "--as", "fhir")))
    assert.ok(!isRefusal(fhir))
    const benefit = itemsAt(fhir, "total").find((one) => textAt(one, "category", "coding", 0, "code") === "benefit")
    assert.equal(minorUnits(textAt(benefit, "amount", "value")!), 133_798n)
    assert.match(await run("adjudicate", ...given, "--as", "html"), /<strong>1,337\.98<\/strong>/)
    const { value } = await both("adjudicate", ...given, "--as", "json")
    const [first] = (value as { claims: { totals: { benefit: bigint }; trace: unknown[] }[] }).claims
    assert.equal(first!.totals.benefit, 133_798n)
    assert.ok(first!.trace.length > 30)
  }))

test("a line is explained by its clauses, its words and its steps", () =>
  withFolder(async (folder) => {
    const list = join(folder, "members.csv")
    writeFileSync(list, members)
    const told = await run("explain", claim, "4", ...plan, "--members", list)
    // The sentence of the language page, word for word.
    assert.match(told, /5\.4: 255\.91 of 292\.75, because 156\.69 of your 412\.60 was already taken by lines 1 to 3\./)
    assert.match(told, /5\.4 The most you pay: When your payments of a calendar year reach 2,500\.00 USD/)
    assert.match(told, /F3 {2}5\.3 Your part after that: left 1,463\.77, member 20 % → coinsurance 292\.75/)
    assert.match(told, /rate 731\.885, units 2/)
  }))

test("what a claim uses the next of that patient has not; sent again it is a duplicate, replaced it is none", () =>
  withFolder(async (folder) => {
    const text = readFileSync(claim, "utf8")
    const [from, to] = [text.indexOf("CLM*"), text.indexOf("SE*31")]
    const own = text.slice(from, to)
    const twice = async (name: string, second: string) => {
      const count = 31 + second.split("~").length - 1
      const file = join(folder, name)
      writeFileSync(file, text.slice(0, to) + second + text.slice(to).replace("SE*31", `SE*${count}`))
      const { value } = await both("adjudicate", file, ...plan)
      const { claims } = value as {
        claims: { totals: { benefit: bigint; patient: bigint }; lines: { status: string }[] }[]
      }
      return claims.map(({ totals, lines }) => [totals.benefit, totals.patient, lines[1]!.status])
    }
    const first = [120_513n, 54_545n, "paid"]
    // A week later the deductible is met: 20 % of 1,617.23 and the exam's 30.00.
    const later = own.replace("CLM*EYE-1", "CLM*EYE-2").replaceAll("20260414", "20260421")
    assert.deepEqual(await twice("later.837", later), [first, [139_714n, 35_344n, "paid"]])
    assert.deepEqual(await twice("again.837", own), [first, [0n, 0n, "denied"]])
    const replacement = own.replace("11:B:1", "11:B:7").replace("HI*ABK", "REF*F8*PAYER-1~\nHI*ABK")
    assert.deepEqual(await twice("replaced.837", replacement), [first, [0n, 0n, "pended"]])
  }))

test("what cannot be done is refused with a code and a remedy, and no word of the claim", async () => {
  const rows: readonly [readonly string[], string][] = [
    [["adjudicate", claim], "arguments"],
    [["adjudicate", claim, ...plan, "--as", "pdf"], "arguments"],
    [["adjudicate", claim, ...plan, "--claim", "9"], "claim-unknown"],
    [["adjudicate", claim, ...plan, "--received", "2026-02-30"], "date"],
    [["adjudicate", join(root, "README.md"), ...plan], "x12-no-isa"],
    [["adjudicate", join(root, "absent.837"), ...plan], "file-absent"],
    [["explain", claim, "9", ...plan], "line-unknown"],
    [["explain", claim, ...plan], "arguments"],
  ]
  for (const [args, code] of rows) {
    const [name, ...rest] = args
    await assert.rejects(both(name!, ...rest), (error) => {
      assert.ok(error instanceof Refused)
      assert.equal(error.refusal.code, code, args.join(" "))
      assert.ok(error.refusal.remedy.length > 0)
      // What cannot be read at all is told to its sender by another command.
      assert.equal(/x12 check .* --out DIR writes the TA1 or 999/.test(error.refusal.remedy), code === "x12-no-isa")
      return true
    })
  }
})
