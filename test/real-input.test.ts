/**
 * Real files on the one path of a visit: public FHIR bundles and an 837 are quoted, held, recorded, counter-signed and
 * settled by seven running nodes; then every byte and every cent is looked for again at the far end.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { Refused } from "../src/base/refusal.ts"
import { Community } from "../src/cli/community/community.ts"
import {
  anchorOf,
  deposit,
  engagePractitioner,
  found,
  publishPlan,
  roles,
  type Setting,
} from "../src/cli/community/setting.ts"
import { readMaybeGzipped } from "../src/cli/input-file.ts"
import { caseFromFhir } from "../src/cli/visit/fhir-case.ts"
import { Journey } from "../src/cli/visit/journey.ts"
import type { VisitCase } from "../src/cli/visit/visit-case.ts"
import { caseFrom837 } from "../src/cli/visit/x12-case.ts"
import { isRefusal } from "../src/formats/answer.ts"
import { listEncounters } from "../src/formats/fhir/bundle.ts"
import { decodeClaim } from "../src/plan/claim.ts"
import { ageIdentity } from "../src/record/age-keys.ts"
import { openEntryWithIdentity } from "../src/record/sealing.ts"
import { decodeBundle } from "../src/verify/bundle.ts"
import { checkBundle } from "../src/verify/check-bundle.ts"
import { verifyReceipt } from "../src/verify/verify.ts"

const data = fileURLToPath(new URL("../../shared/data/", import.meta.url))
const fhirFolder = join(data, "fhir-synthea")
const x12Folder = join(data, "x12", "837P")
const isLong = process.env["COUNTERSIGN_LONG"] !== undefined

const fileOf = (folder: string, start: string) =>
  join(folder, readdirSync(folder).find((name) => name.startsWith(start))!)

/** Founds a community at the visit's day, runs `steps`, and leaves neither process nor folder. */
async function withCommunity(day: number, steps: (setting: Setting) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-real-"))
  const community = new Community(folder)
  try {
    await community.start()
    const setting = await found(community, day * 86_400 + 8 * 3600)
    await deposit(setting, roles.payer, 20_000_000n)
    await steps(setting)
  } finally {
    await community.stop()
    rmSync(folder, { recursive: true })
  }
}

interface Settled {
  readonly charge: bigint
  readonly plan: bigint
  readonly patient: bigint
}

/** The whole way of one case, and everything that can be checked at its end. `source` is the file, unpacked. */
async function settle(setting: Setting, visit: VisitCase, source: Uint8Array): Promise<Settled> {
  const practitioner = await engagePractitioner(setting, roles.clinic, visit.practitioner.licence)
  const plan = await publishPlan(setting, visit.plan)
  const journey = new Journey(setting)
  await journey.enrol({ plan, facts: visit.member, left: visit.left, cap: visit.hold, day: visit.serviceDay })
  await journey.arrive(practitioner.id, visit.circumstances)
  const quote = await journey.quote(visit.lines)
  await journey.hold(visit.hold)
  const recorded = await journey.record(visit.entries, visit.facts)
  const claimed = await journey.claim(visit.lines)
  const reviewed = await journey.review()
  assert.deepEqual(reviewed.verdict.failure, undefined)
  await journey.countersign(reviewed)
  const status = await journey.settled(reviewed.statement)
  assert.deepEqual([claimed.plan, claimed.patient], [quote.plan, quote.patient], "quoted is claimed")
  await checkEntries(journey, { visit, source, files: recorded.files })
  return checkPapers(journey, { visit, quote, receipt: fromHex(status.receipt!) })
}

/** The patient's own key opens each entry out of the vault, and it is a piece of the file. */
async function checkEntries(
  journey: Journey,
  { visit, source, files }: { visit: VisitCase; source: Uint8Array; files: readonly string[] },
) {
  assert.equal(files.length, visit.entries.length)
  const whole = Buffer.from(source)
  const identity = ageIdentity(journey.wallet.recordIdentity(journey.provider))
  for (const [i, file] of files.entries()) {
    const { sealed } = await journey.clinic.desk<{ sealed: string }>("sealed-entry", { file })
    assert.equal(whole.indexOf(Buffer.from(sealed, "hex")), -1)
    const entry = await openEntryWithIdentity(fromHex(sealed), identity)
    assert.deepEqual(Buffer.from(entry!.bytes), Buffer.from(visit.entries[i]!.bytes))
    assert.notEqual(whole.indexOf(entry!.bytes), -1, "an entry is the file's own bytes")
  }
}

async function checkPapers(
  journey: Journey,
  { visit, quote, receipt }: { visit: VisitCase; quote: { plan: string; patient: string }; receipt: Uint8Array },
): Promise<Settled> {
  const { anchor } = await anchorOf(journey.setting)
  const verdict = verifyReceipt(receipt, anchor)
  assert.equal(verdict.reason, undefined)
  assert.equal(verdict.type, "visit-statement/1")
  const opened = await journey.clinic.desk<{ bundle: string }>("visit-bundle", { visit: toHex(journey.visit.V) })
  const bundle = decodeBundle(fromHex(opened.bundle))
  const check = checkBundle(bundle, { chainId: journey.setting.chainId })
  assert.ok(check.good, check.failure?.code)
  assert.equal(toHex(check.statementId!), verdict.transactionId)
  const { plan, patient } = check.recomputed!
  assert.deepEqual([plan.toString(), patient.toString()], [quote.plan, quote.patient], "quoted is settled")
  const claim = decodeClaim(bundle.claim)
  assert.equal(claim.kind, visit.circumstances?.kind)
  assert.ok(claim.received >= Math.max(...claim.lines.map(({ to }) => to)), "nothing is claimed before it happened")
  return { charge: claim.lines.reduce((sum, line) => sum + line.charge, 0n), plan, patient }
}

/** `Claim.total` as an ordinary JSON parse sees it, for a reader of its own. */
function totalOf(source: Uint8Array, visit: VisitCase): bigint {
  const claims = visit.entries.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString("utf8")))
  const own = claims.find(({ resourceType, prescription }) => resourceType === "Claim" && prescription === undefined)
  assert.notEqual(Buffer.from(source).indexOf(own.id), -1)
  return BigInt(Math.round(own.total.value * 100))
}

test("two encounters of public FHIR bundles settle, byte for byte and to the cent", async (t) => {
  if (!existsSync(fhirFolder)) return t.skip("../shared is absent")
  const [first, ...others] = sameDay()
  await withCommunity(first!.visit.serviceDay, async (setting) => {
    for (const { visit, source } of [first!, ...others]) {
      const { charge, plan, patient } = await settle(setting, visit, source)
      assert.equal(charge, totalOf(source, visit))
      assert.ok(plan > 0n && plan + patient <= charge)
      t.diagnostic(
        `${visit.entries.length} entries, ${visit.lines.length} lines, ${charge} = plan ${plan} + patient ${patient} + given up`,
      )
    }
  })
})

/** Two people seen on one day, so that one chain serves both. */
function sameDay(): readonly { visit: VisitCase; source: Uint8Array }[] {
  const seen = new Map<string, { path: string; id: string; source: Uint8Array; entries: number }>()
  for (const name of readdirSync(fhirFolder).filter((one) => /^[A-Z].*\.gz$/.test(one))) {
    const path = join(fhirFolder, name)
    const source = readMaybeGzipped(path)
    const rows = listEncounters(source)
    assert.ok(!isRefusal(rows))
    for (const { id, date, claimLines } of rows.filter((row) => row.date >= "2019" && row.claimLines > 2)) {
      const other = seen.get(date)
      if (other === undefined) seen.set(date, { path, id, source, entries: claimLines })
      else
        return [other, { path, id, source }].map((one) => ({
          visit: caseFromFhir(one.path, one.id),
          source: one.source,
        }))
    }
  }
  return assert.fail("no two encounters on one day")
}

test("a public 837 settles on the last of its days: the file is the entry, its lines are the facts", async (t) => {
  if (!existsSync(x12Folder)) return t.skip("../shared is absent")
  const names = ["lfh-837_005010X222A2-demo.drug.example10.3", ...(isLong ? ["x12parser-4010-Spec_4.2.1"] : [])]
  for (const path of names.map((name) => fileOf(x12Folder, name))) {
    const source = readMaybeGzipped(path)
    const visit = caseFrom837(path)
    assert.equal(visit.entries.length, 1)
    assert.equal(visit.entries[0]!.bytes.length, source.length)
    await withCommunity(visit.serviceDay, async (setting) => {
      const { charge, plan, patient } = await settle(setting, visit, source)
      assert.equal(charge, sumOf837(path))
      assert.ok(plan > 0n)
      t.diagnostic(`${visit.lines.length} lines, ${charge} = plan ${plan} + patient ${patient} + given up`)
    })
  }
})

interface Ran {
  readonly code: number | null
  readonly stdout: string
  /** Names left in the folder it was started in and in its folder for temporary files. */
  readonly left: readonly string[]
}

/** Runs a command in an empty folder with an empty one for temporary files. */
function run(folder: string, args: readonly string[]): Promise<Ran> {
  const [here, temporary] = [join(folder, "here"), join(folder, "temporary")]
  mkdirSync(here, { recursive: true })
  mkdirSync(temporary, { recursive: true })
  const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url))
  const env = { ...process.env, TMPDIR: temporary }
  const child = spawn(process.execPath, [main, ...args], { cwd: here, env, stdio: ["ignore", "pipe", "ignore"] })
  let stdout = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, left: [here, temporary].flatMap((one) => readdirSync(one)) }))
  })
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-refused-"))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test("what cannot be a visit is refused with code, place and remedy, and leaves nothing", async (t) => {
  if (!existsSync(fhirFolder)) return t.skip("../shared is absent")
  const folder = scratch(t)
  const bundle = readMaybeGzipped(fileOf(fhirFolder, "Bill_Reinger"))
  const put = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const cases: readonly (readonly [code: string, ...args: string[]])[] = [
    ["encounter-missing", "--fhir", put("whole.json", bundle)],
    ["fhir-encounter-unknown", "--fhir", put("whole.json", bundle), "--encounter", "nobody"],
    ["json-cut-off", "--fhir", put("cut.json", bundle.subarray(0, 5000)), "--encounter", "x"],
    ["gzip-broken", "--fhir", put("cut.gz", gzipSync(bundle).subarray(0, 900)), "--encounter", "x"],
    ["fhir-no-encounter", "--fhir", fileOf(fhirFolder, "hospital"), "--encounter", "x"],
    ["file-absent", "--fhir", join(folder, "absent.json")],
    ["x12-count", "--claim", fileOf(x12Folder, "x12parser-TestData-Professional")],
    ["x12-masked", "--claim", fileOf(x12Folder, "x12parser-5010-Medicaid")],
    ["x12-several-claims", "--claim", fileOf(x12Folder, "x12parser-5010-Example1_2_And_3")],
  ]
  const refusedBy = ([, how, path, , id]: (typeof cases)[number]) => {
    try {
      return how === "--fhir" ? caseFromFhir(path!, id) : caseFrom837(path!)
    } catch (error) {
      assert.ok(error instanceof Refused)
      return error.refusal
    }
  }
  for (const one of cases) {
    const refusal = refusedBy(one)
    assert.ok("code" in refusal)
    assert.equal(refusal.code, one[0])
    assert.ok(refusal.message !== "" && refusal.at !== "" && refusal.remedy !== "")
  }
  for (const [i, [code, ...args]] of [...cases.slice(0, 1), ...cases.slice(-3, -2)].entries()) {
    const ran = await run(join(folder, `run-${i}`), ["visit", ...args, "--json"])
    assert.equal(ran.code, 1)
    assert.equal(JSON.parse(ran.stdout).code, code)
    assert.deepEqual(ran.left, [])
  }
})

test("every encounter of every public bundle, and every readable 837, is a case to the cent", (t) => {
  if (!existsSync(fhirFolder)) return t.skip("../shared is absent")
  if (!isLong) return t.skip("672 encounters: COUNTERSIGN_LONG=1")
  const refused = new Map<string, number>()
  let cases = 0
  const count = (make: () => VisitCase, total: (visit: VisitCase) => bigint) => {
    try {
      const visit = make()
      cases++
      assert.equal(
        visit.lines.reduce((sum, { charge }) => sum + charge, 0n),
        total(visit),
      )
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      refused.set(error.refusal.code, (refused.get(error.refusal.code) ?? 0) + 1)
    }
  }
  for (const name of readdirSync(fhirFolder).filter((one) => one.endsWith(".gz") && !one.startsWith("hospital"))) {
    const path = join(fhirFolder, name)
    const source = readMaybeGzipped(path)
    const rows = listEncounters(source)
    assert.ok(!isRefusal(rows))
    for (const { id } of rows)
      count(
        () => caseFromFhir(path, id),
        (visit) => totalOf(source, visit),
      )
  }
  assert.deepEqual([...refused.keys()], ["visit-too-early"], "people seen before 1970, when a chain's clock begins")
  for (const name of readdirSync(x12Folder)) {
    const path = join(x12Folder, name)
    count(
      () => caseFrom837(path),
      () => sumOf837(path),
    )
  }
  t.diagnostic(`${cases} cases, refused ${JSON.stringify([...refused])}`)
})

function sumOf837(path: string): bigint {
  const [, written] = /CLM\*[^*]*\*([\d.]+)/.exec(Buffer.from(readMaybeGzipped(path)).toString("latin1"))!
  return BigInt(Math.round(Number(written) * 100))
}
