/** The product attacks itself once, in a community of its own, and no attack may fail to run or get through unseen. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fromHex } from "../src/base/bytes.ts"
import { Community } from "../src/cli/community/community.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import { anchorOf, deposit, engagePractitioner, found, publishPlan, roles } from "../src/cli/community/setting.ts"
import { type AttackRow, type AttackScene, runAttacks } from "../src/cli/visit/attacks/index.ts"
import { eyeVisit, eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { Journey } from "../src/cli/visit/journey.ts"

const expected: Readonly<Record<string, readonly [result: string, by: string]>> = {
  "stolen demographics": ["blocked", "desk: no-cover, signer-unknown"],
  "voucher used twice": ["blocked", "voucher-used"],
  "claim replayed": ["blocked", "statement-superseded, wrong-stage"],
  "same limit used by two visits": ["blocked", "vouchers' allotments, payer: terms-do-not-open"],
  "payer short-pays one cent": ["blocked", "too-early, panel of arbiters"],
  "withdrawal after the hold": ["blocked", "account-short"],
  "plan swapped after the visit": ["blocked", "wallet: plan-unpublished, payer: plan-unpublished, out-of-order"],
  "entry edited": ["blocked", "vault: digest differs, wallet: fact-forged"],
  "line added after signing": ["blocked", "bad-signature, payer: above-ceiling"],
  "suspended licence": ["blocked", "licence-not-active, payer: licence-not-active, wallet: licence-not-active"],
  "back-dated visit": ["blocked", "wallet: outside-voucher, payer: outside-voucher, payer: licence-not-active"],
  "silence claimed without delivery": ["blocked", "not-delivered"],
  "silence on both sides": ["blocked", "patient-side-unsigned"],
  "forged payment sum": ["blocked", "bad-opening"],
  "amount above its hold": ["blocked", "payer: above-hold, above-hold, wallet: above-hold"],
  "refund taken twice": ["blocked", "wrong-stage"],
  "receipt with one byte flipped": ["blocked", "verifier"],
  "unknown key": ["blocked", "signer-unknown"],
  "expired key": ["blocked", "signer-inactive"],
  "key of the wrong role": ["blocked", "signer-wrong-role"],
  "deleted access-log line": ["detected", "anchor-log"],
  "two snapshots with one number": ["detected", "wallet: two-snapshots"],
  "planted canaries on the disks": ["measured", "found 0"],
  "links between two clinics' visits": ["measured", "links 0"],
  "doctor and patient colluding": ["missed", "nobody"],
  "facts a patient cannot judge": ["missed", "nobody"],
  "signing under pressure": ["missed", "nobody"],
}

/** One visit, settled and paid: what the story hands to the attacks. */
async function sceneIn(community: Community): Promise<AttackScene> {
  await community.start()
  const setting = await found(community, eyeVisitDay * 86400 + 8 * 3600)
  const practitioner = await engagePractitioner(setting, roles.clinic, "oph-20417")
  const files = readPlanFiles(join(plansFolder(), "eye-sample.md"))
  const digest = await publishPlan(setting, files)
  await deposit(setting, roles.payer, 1_000_000n)
  const told = eyeVisit(files)
  const main = new Journey(setting)
  await main.enrol({ plan: digest, facts: told.member, left: told.left, cap: told.hold, day: told.serviceDay })
  await main.arrive(practitioner.id)
  await main.quote(told.lines)
  await main.hold(told.hold)
  await main.record(told.entries, told.facts)
  await main.claim(told.lines)
  const review = await main.review()
  assert.deepEqual(review.verdict.notChecked, [], "the wallet checks all of it, by proofs that came with the bundle")
  await main.countersign(review)
  const { receipt } = await main.settled(review.statement)
  await main.clinic.desk("pay", { payer: roles.payer, few: true })
  const { anchor } = await anchorOf(setting)
  const plan = { digest, files }
  const canaries = [told.patient, told.practitioner.name, told.facts[0]!.sentence]
  return { setting, practitioner, plan, told, main, receipt: fromHex(receipt!), bundle: review.bytes, anchor, canaries }
}

test("every attack really runs; what should be stopped is, by whom it should be", { timeout: 180_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "countersign-attacks-"))
  const community = new Community(directory)
  try {
    const reported: AttackRow[] = []
    const rows = await runAttacks(await sceneIn(community), (row) => reported.push(row))
    assert.deepEqual([...rows].sort(byName), [...reported].sort(byName))
    assert.deepEqual(
      rows.map(({ name }) => name),
      Object.keys(expected),
    )
    for (const { name, result, by, detail } of rows) {
      const [wanted, whom] = expected[name]!
      t.diagnostic(`${result} ${name}: ${detail}`)
      assert.equal(result, wanted, `${name}: ${by} ${detail}`)
      assert.ok(by.startsWith(whom), `${name} was stopped by ${by}`)
    }
  } finally {
    await community.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

const byName = (a: AttackRow, b: AttackRow) => (a.name < b.name ? -1 : 1)
