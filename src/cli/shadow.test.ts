import assert from "node:assert/strict"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { Writable } from "node:stream"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { toJson } from "../base/json.ts"
import { Refused } from "../base/refusal.ts"
import { isRefusal } from "../formats/answer.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { readClaims837 } from "../formats/x12/claim/read-837-claims.ts"
import { parseCsv } from "../plan/language/tables.ts"
import { replayCommand } from "./replay.ts"
import { Screen } from "./screen.ts"
import { shadowCommand } from "./shadow.ts"

const practice = fileURLToPath(new URL("../../examples/practice/", import.meta.url))
const samples = fileURLToPath(new URL("../../../shared/data/x12/", import.meta.url))
const plans = fileURLToPath(new URL("../../plans/", import.meta.url))

interface Ran {
  readonly exit: number
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is looked at field by field
  readonly value: any
}

const commands = { shadow: shadowCommand, replay: replayCommand }
const nowhere = new Screen(new Writable({ write: (_piece, _encoding, done) => done() }))

/** The command in this process: what main would print, and the exit it would give. */
async function run(name: keyof typeof commands, ...args: readonly string[]): Promise<Ran> {
  try {
    const { value, failed } = await commands[name].run(args, nowhere)
    return { exit: failed === true ? 1 : 0, value: JSON.parse(toJson(value)) }
  } catch (error) {
    if (error instanceof Refused) return { exit: 1, value: error.refusal }
    throw error
  }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "countersign-shadow-"))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const inPractice = (ending: string) =>
  readdirSync(practice)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(practice, name))
const files = [...inPractice(".837"), ...inPractice(".835")]
const rates = join(practice, "rates.csv")
const rowsOf = (out: string) => parseCsv(readFileSync(join(out, "worklist.csv"), "utf8"))!
const cents = (text: string | undefined) => BigInt((text ?? "").replace(".", "") || "0")

test("the example practice: every class is found exactly, with its amounts and its papers", async (t) => {
  const out = join(folder(t), "out")
  const { exit, value } = await run("shadow", ...files, "--rates", rates, "--timely", "180", "--out", out)
  assert.equal(exit, 0)
  assert.deepEqual([value.matchedAnswers, value.answers, value.answeredClaims, value.claims], [19, 19, 14, 15])
  const [header, ...rows] = rowsOf(out)
  assert.equal(
    header!.join(","),
    "claim id,payer control number,line control number,date,code,charge,expected,source of the expectation,paid,difference,CARC,RARC,group,class,deadline,next action",
  )
  const found = rows.map((cells) => [cells[0], cells[2], cells[13], cells[9], cells[14]].join(" ")).sort()
  assert.deepEqual(found, [
    "  takeback 40.00 ",
    "C1002 C1002-1 underpaid 20.00 2026-06-20",
    "C1003 C1003-1 fixable denial 42.00 2026-06-20",
    "C1004 C1004-1 fixable denial 120.00 2026-06-20",
    "C1005 C1005-1 fixable denial 960.00 2026-06-20",
    "C1007 C1007-2 final denial 31.00 2026-06-20",
    "C1008 C1008-1 unanswered 95.00 2026-07-20",
    "C1009 C1009-1 duplicate 0.00 ",
    "C1010 C1010-1 takeback 134.40 2026-08-12",
    "C1012 C1012-1 fixable denial  2026-07-08",
    "C1014 C1014-1 final denial 123.20 ",
    "C1015 C1015-1 final denial 106.40 2026-07-08",
  ])
  for (const cells of rows) if (cells[6] !== "") assert.equal(cents(cells[9]), cents(cells[6]) - cents(cells[8]))
  assert.equal(value.proven, "2000")
  assert.deepEqual([value.corrected, value.letters, value.credits, value.creditTotal], [4, 3, 1, "2000"])
  assert.deepEqual(value.costShare, { lines: 3, amount: "6880" })
  const { money } = value
  assert.equal(BigInt(money.claims) - BigInt(money.providerLevel), BigInt(money.payments))
})

test("a folder is all its files but the rates and what an earlier run wrote into it", async (t) => {
  const inside = join(folder(t), "practice")
  cpSync(practice, inside, { recursive: true })
  const given = ["shadow", inside, "--rates", join(inside, "rates.csv"), "--out", join(inside, "out")] as const
  for (let time = 0; time < 2; time++) {
    const { exit, value } = await run(...given)
    assert.deepEqual([exit, value.answers, value.claims, value.problems], [0, 19, 15, []])
  }
})

test("corrected claims read back: frequency 7 under the payer's number, one thing changed", async (t) => {
  const out = join(folder(t), "out")
  await run("shadow", ...files, "--rates", rates, "--out", out, "--control", "501")
  const corrected = readdirSync(join(out, "corrected")).map((name) => {
    const claims = readClaims837(new Uint8Array(readFileSync(join(out, "corrected", name))))
    assert.ok(!isRefusal(claims) && claims.length === 1, name)
    return claims[0]!
  })
  const sent = readClaims837(new Uint8Array(readFileSync(join(practice, "claims.837"))))
  assert.ok(!isRefusal(sent))
  const facts = corrected.map((claim) => [
    ...[claim.control, claim.frequency, claim.original, claim.interchangeControl, claim.lines[0]!.diagnoses.join()],
    ...[claim.rendering!.id, claim.authorization, claim.lines[0]!.modifiers.join()],
  ])
  assert.deepEqual(facts, [
    ["C1003", 7, "HMICN3", "000000501", "H3530", "1003000126", undefined, ""],
    ["C1004", 7, "HMICN4", "000000502", "H3530", "1003000126", undefined, ""],
    ["C1005", 7, "HMICN5", "000000503", "H3530", "1003000126", "AU77120", "RT"],
    ["C1012", 7, "PHICN3", "000000504", "H3530", "1003000126", undefined, "KX"],
  ])
  for (const claim of corrected) {
    const first: Claim837 = sent.find(({ control }) => control === claim.control)!
    assert.equal(claim.total, first.total)
    assert.deepEqual(claim.subscriber, first.subscriber)
  }
})

test("letters say the facts, the amount, what is asked and by when; what they lack is on the cover", async (t) => {
  const out = join(folder(t), "out")
  await run("shadow", ...files, "--rates", rates, "--timely", "180", "--out", out)
  const letters = join(out, "letters")
  const text = (start: string) => {
    const name = readdirSync(letters).find((one) => one.startsWith(start) && one.endsWith(".txt"))
    return readFileSync(join(letters, name!), "utf8")
  }
  const underpaid = text("underpaid-01")
  for (const part of [
    "HARBOR MUTUAL",
    "C1002",
    "HMICN2",
    "95.00",
    "75.00",
    "20.00",
    "2026-06-20",
    "LAKESIDE EYE PRACTICE",
  ])
    assert.ok(underpaid.includes(part), part)
  const late = readdirSync(letters).find((one) => one.includes("C1015") && one.endsWith(".txt"))!
  assert.match(readFileSync(join(letters, late), "utf8"), /2026-02-25 as the day you received the claim, 22 days/)
  for (const name of readdirSync(letters)) {
    const letter = readFileSync(join(letters, name), "utf8")
    assert.match(letter, /before you send this/i)
    assert.doesNotMatch(letter, /undefined|\[.*?\]|<script|https?:/)
  }
  const page = readFileSync(join(out, "summary.html"), "utf8")
  assert.doesNotMatch(page, /<script|https?:|undefined|MARLOWE|OKAFOR/)
  assert.equal((page.match(/<svg role="img" aria-labelledby/g) ?? []).length, (page.match(/<desc id=/g) ?? []).length)
})

test("only the owner reads what is written; another's folder is left alone, one's own is renewed", async (t) => {
  const parent = folder(t)
  const out = join(parent, "out")
  await run("shadow", ...files, "--rates", rates, "--out", out)
  const all = readdirSync(out, { recursive: true, withFileTypes: true })
  assert.ok(all.length > 10)
  for (const entry of all) {
    const { mode } = statSync(join(entry.parentPath, entry.name))
    assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name)
    assert.doesNotMatch(entry.name, /partial/)
  }
  assert.equal(statSync(out).mode & 0o777, 0o700)
  const again = await run("shadow", ...inPractice(".835"), "--out", out)
  assert.equal(again.exit, 0)
  assert.ok(!existsSync(join(out, "corrected")), "papers of the earlier run are gone")

  const other = join(parent, "other")
  mkdirSync(other)
  writeFileSync(join(other, "mine.txt"), "mine")
  const refused = await run("shadow", ...files, "--out", other)
  assert.deepEqual([refused.exit, refused.value.code], [1, "out-not-empty"])
  assert.deepEqual(readdirSync(other), ["mine.txt"])
  const forced = await run("shadow", ...files, "--out", other, "--force")
  assert.equal(forced.exit, 0)
  assert.equal(readFileSync(join(other, "mine.txt"), "utf8"), "mine")

  symlinkSync(other, join(parent, "link"))
  assert.equal((await run("shadow", ...files, "--out", join(parent, "link"))).value.code, "out-no-folder")
})

test("bad files are named and left out, the rest is done, exit 1", async (t) => {
  const parent = folder(t)
  const copy = join(parent, "files")
  cpSync(practice, copy, { recursive: true })
  const claims = readFileSync(join(practice, "claims.837"), "utf8")
  writeFileSync(join(copy, "cut.837"), claims.slice(0, claims.length / 2))
  writeFileSync(join(copy, "claims.837"), claims.replace("CLM*C1008*155.00", "CLM*C1008*1x5.00"))
  writeFileSync(join(copy, "note.835"), "not X12 at all, of EDDA MARLOWE")
  const out = join(parent, "out")
  const given = [...readdirSync(copy).filter((name) => /\.83[57]$/.test(name)), "absent.835"]
  const { exit, value } = await run("shadow", ...given.map((name) => join(copy, name)), "--rates", rates, "--out", out)
  assert.equal(exit, 1)
  assert.equal(value.claims, 14, "one claim of one file is left out, and the whole of the cut one")
  assert.equal(value.matchedAnswers, 19)
  const problems = readFileSync(join(out, "problems.txt"), "utf8")
  for (const part of [
    /cut\.837\n {2}IEA/,
    /CLM02, line \d+: .*left out: claim/,
    /note\.835/,
    /absent\.835\n {2}file: /,
  ])
    assert.match(problems, part)
  assert.doesNotMatch(problems, /MARLOWE|C1008|1x5/)
})

test("the run is refused whole for arguments that do not hold", async (t) => {
  const parent = folder(t)
  const out = join(parent, "out")
  for (const more of [["--on", "2026-02-30"], ["--timely", "soon"], ["--tolerance=-1"], ["--control", "0"]])
    assert.deepEqual([(await run("shadow", ...files, "--out", out, ...more)).exit, existsSync(out)], [1, false])
  assert.equal((await run("shadow", ...files)).exit, 1)
})

test("a published plan stands in for rates: its clause proves what was short, its windows set the deadlines", async (t) => {
  const parent = folder(t)
  const answer = [
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PRACTICE       *260501*0900*^*00501*000000009*0*P*:",
    ...["GS*HP*PAYER*PRACTICE*20260501*0900*9*X*005010X221A1", "ST*835*0001", "BPR*I*100.00*C*NON************20260501"],
    ...["TRN*1*T1*1512345678", "N1*PR*SAMPLE MUTUAL", "N1*PE*LAKESIDE EYE*XX*1000000004", "LX*1"],
    ...["CLP*EYE-1*1*210.00*100.00*0.00*CI*P1*11*1", "NM1*QC*1*SYNTHETIC*PATIENT****MI*MEMBER-1"],
    ...["SVC*ER:E10:25*210.00*100.00**1", "DTM*472*20260414", "CAS*CO*45*110.00", "REF*6R*1"],
    ...["SE*13*0001", "GE*1*9", "IEA*1*000000009"],
  ]
  const remittance = join(parent, "answer.835")
  writeFileSync(remittance, answer.map((segment) => `${segment}~\n`).join(""))
  const claim = fileURLToPath(new URL("../../examples/eye-claim.837", import.meta.url))
  const plan = ["--plan", join(plans, "eye-sample.md"), "--plan-payer", "Sample Mutual"]
  const out = join(parent, "out")
  const { value } = await run("shadow", claim, remittance, ...plan, "--out", out)
  const [, ...rows] = rowsOf(out)
  const found = rows.map((cells) => [cells[2], cells[6], cells[7], cells[9], cells[13], cells[14]].join(" | "))
  assert.deepEqual(found, [
    "1 | 133.35 | contract: plan clause 2.1 | 33.35 | underpaid | 2026-10-28",
    ...[
      "4 | 1463.77 | contract: plan clause 2.1, before cost share | 1463.77 | unanswered | 2027-04-14",
      "3 | 112.19 | contract: plan clause 2.1, before cost share | 112.19 | unanswered | 2027-04-14",
      "2 | 41.27 | contract: plan clause 2.1, before cost share | 41.27 | unanswered | 2027-04-14",
    ],
  ])
  assert.equal(value.proven, "3335")
})

test("the payer's twin: dollars by clause sum to the charge, and what waits is named", async () => {
  const plan = join(plans, "eye-sample.md")
  const { exit, value } = await run("replay", plan, join(practice, "claims.837"))
  assert.equal(exit, 0)
  assert.deepEqual([value.claims, value.lines, value.touchless, value.touches], [15, 18, 15, 0])
  const all = BigInt(value.plan) + BigInt(value.patient) + BigInt(value.provider) + BigInt(value.open)
  assert.equal(all, BigInt(value.charge))
  const waiting = await run(
    "replay",
    join(plans, "medical-copay.md"),
    fileURLToPath(new URL("../../examples/eye-claim.837", import.meta.url)),
  )
  const { value: open } = waiting
  assert.equal(
    BigInt(open.plan) + BigInt(open.patient) + BigInt(open.provider) + BigInt(open.open),
    BigInt(open.charge),
  )
})

test("a claim that the plan cannot take is counted as refused, and the replay ends with 1", async (t) => {
  const claim = fileURLToPath(new URL("../../examples/eye-claim.837", import.meta.url))
  const text = readFileSync(claim, "utf8").replace("HL*1**20*1~", "HL*1**20*1~\nCUR*85*EUR~").replace("SE*31", "SE*32")
  const euros = join(folder(t), "euros.837")
  writeFileSync(euros, text)
  const { exit, value } = await run("replay", join(plans, "eye-sample.md"), euros)
  assert.deepEqual([exit, value.refusals[0].code, value.refusals[0].claims], [1, "x12-currency", 1])
})

test("all real samples: what is read, refused and found", async (t) => {
  if (!existsSync(samples)) return t.skip("../shared is absent")
  const kinds = ["837P", "837I", "837D", "835"]
  const given = kinds.flatMap((kind) => readdirSync(join(samples, kind)).map((name) => join(samples, kind, name)))
  const out = join(folder(t), "out")
  const { exit, value } = await run("shadow", ...given, "--out", out)
  assert.equal(exit, 1, "some of them are broken on purpose")
  assert.equal(given.length, 53)
  const { money } = value
  assert.equal(BigInt(money.matched) + BigInt(money.unmatched), BigInt(money.claims))
  const refused = new Set(
    value.problems.filter((one: { isNote: boolean }) => !one.isNote).map((one: { file: number }) => one.file),
  )
  assert.deepEqual(
    { claims: value.claims, answers: value.answers, refused: refused.size, payments: money.payments },
    { claims: 27, answers: 21, refused: 26, payments: "123350" },
  )
  const balance = readFileSync(join(out, "balance.txt"), "utf8")
  assert.match(balance, /3 payments, 2 out of balance; 2 amounts at provider level, 0 tied, 2 untied/)
  assert.ok(given.every((path) => value.problems.every((one: object) => !JSON.stringify(one).includes(basename(path)))))
})
