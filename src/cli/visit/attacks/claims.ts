/** Attacks on what is claimed: under another plan, with another line, on another day. */
import { fromUtf8, toUtf8 } from "#crypto"
import { decodeEnvelope, encodeEnvelope } from "../../../base/envelope.ts"
import { formatMoney } from "../../../base/money.ts"
import { Refused } from "../../../base/refusal.ts"
import { monthOfDay } from "../../../base/time.ts"
import { addSignatures, signOne } from "../../../ledger/envelopes.ts"
import { priceVisit } from "../../../node/provider/pricing.ts"
import { buildStatement, bundleOf } from "../../../node/provider/statement.ts"
import { findVisit } from "../../../node/provider/visit-file.ts"
import { encodeBundle } from "../../../verify/bundle.ts"
import { reviewOf } from "../../../wallet/review.ts"
import type { PlanFiles } from "../../community/plan-files.ts"
import { engagePractitioner, publishPlan, roles } from "../../community/setting.ts"
import { Journey } from "../journey.ts"
import type { Attacker, Claimed } from "./attacker.ts"
import { attack } from "./family.ts"
import { blocked, NotRun } from "./scene.ts"

/** The wallet's answer to a bundle. @throws Refused with what is wrong. */
export async function walletAnswers({ chainId }: Attacker, { review }: Claimed, bundle: Uint8Array): Promise<void> {
  const { failure } = reviewOf(bundle, review.statement, { chainId }).verdict
  if (failure !== undefined) throw new Refused({ ...failure, remedy: "Ask the provider" })
}

/** The plan with its first amount of money raised by 10.00. */
function dearer(files: PlanFiles): PlanFiles {
  const text = fromUtf8(files.bytes) ?? ""
  const changed = text.replace(
    /(\d+)\.(\d\d) USD/,
    (_all, whole: string, cents: string) => `${Number(whole) + 10}.${cents} USD`,
  )
  if (changed === text) throw new NotRun("the plan names no amount to change")
  return { ...files, bytes: toUtf8(changed) }
}

export const planSwapped = attack("plan swapped after the visit", async (attacker) => {
  const claimed = await attacker.claimed()
  const plan = dearer(attacker.scene.plan.files)
  const bundle = encodeBundle({ ...claimed.review.bundle, plan: plan.bytes })
  return blocked(
    "plan swapped after the visit",
    [
      { who: "wallet", expected: "plan-unpublished", attempt: () => walletAnswers(attacker, claimed, bundle) },
      { who: "payer", expected: "plan-unpublished", attempt: () => attacker.payerAnswers(claimed, bundle) },
      { expected: "out-of-order", attempt: () => publishPlan(attacker.setting, plan) },
    ],
    () =>
      "A plan with one amount raised by 10.00 was put into the bundle by the clinic, and published again under its number by the payer.",
  )
})

export const lineAdded = attack("line added after signing", async (attacker) => {
  const { told } = attacker.scene
  const fact = { sentence: "One more thing was done.", entry: 0 }
  const claimed = await attacker.claimed({ facts: [...told.facts, fact] })
  const { V, seed } = claimed.journey.visit
  const last = told.lines.at(-1)!
  const line = told.extra?.line ?? { ...last, number: told.lines.length + 1, charge: last.charge + 100n }
  const lines = [...told.lines, { ...line, facts: [told.facts.length] }]
  let patient = 0n
  const rebilled = async () => {
    const clinic = await attacker.insider(roles.clinic)
    const context = await clinic.context()
    const file = findVisit(clinic.work, V)!
    const signed = file.statements.at(-1)!
    // The patient signs the facts alone, with the ceiling of the quote; the biller's statement comes after her.
    const countersigned = signOne(attacker.chainId, signed.facts.payload, {
      signer: { seed },
      meaning: "countersigned",
    })
    const priced = await priceVisit(context, file, lines, "claim")
    patient = priced.leg.totals.patient
    if (patient <= signed.facts.ceiling)
      throw new NotRun("her share is at its most already: an added line costs her nothing")
    const built = buildStatement(context, signed.facts, priced, { voucher: file.voucher!, supersedes: undefined })
    const billed = { meaning: "billed" as const, ...clinic.sign("bill", "billed", built.payload) }
    const factsSignatures = [...signed.factsSignatures, { ...countersigned, meaning: "countersigned" as const }]
    await attacker.payerAnswers(
      claimed,
      await bundleOf(context, file, { ...built, factsSignatures, signatures: [billed] }),
    )
  }
  return blocked(
    "line added after signing",
    [
      { expected: "bad-signature", attempt: () => attacker.submit(altered(attacker, claimed)) },
      { who: "payer", expected: "above-ceiling", attempt: rebilled },
    ],
    () =>
      `She signed for ${formatMoney(BigInt(claimed.priced.patient))} at most; with the added line she would owe ${formatMoney(patient)}.`,
  )
})

/** Her signed statement with its commitment to the claim changed. */
function altered({ chainId }: Attacker, { journey, review }: Claimed): Uint8Array {
  const hers = signOne(chainId, review.payload, { signer: { seed: journey.visit.seed }, meaning: "countersigned" })
  const { payload, signatures } = decodeEnvelope(addSignatures(review.bundle.visitStatement, [hers]))
  const changed = Uint8Array.from(payload)
  // After the commitment to the claim come two more, then the list of legs: with one leg, 138 bytes.
  const at = changed.length - 150
  changed[at] = changed[at]! ^ 1
  return encodeEnvelope(changed, signatures)
}

/** Two ways to date a visit back: out of the voucher's month, and before the practitioner's licence. */
export const backDated = attack("back-dated visit", async (attacker) => {
  const { serviceDay } = attacker.scene.told
  const nextMonth = new Journey(attacker.setting)
  await nextMonth.enrol(attacker.enrolment())
  await nextMonth.fetchVouchers(monthOfDay(serviceDay) + 1, 1)
  const outside = await attacker.claimed({ wallet: nextMonth.wallet })
  const askPayer = async (claimed: Claimed) => {
    await attacker.blindlySigned(claimed)
    await claimed.journey.settled(claimed.review.statement)
  }
  const beforeLicence = async () => {
    const running = await attacker.running()
    await attacker.window.until(running + 24)
    const practitioner = await engagePractitioner(attacker.setting, roles.clinic, "oph-40002")
    await askPayer(await attacker.claimed({ practitioner }))
  }
  return blocked(
    "back-dated visit",
    [
      {
        who: "wallet",
        expected: "outside-voucher",
        attempt: () => walletAnswers(attacker, outside, outside.review.bytes),
      },
      { who: "payer", expected: "outside-voucher", attempt: () => askPayer(outside) },
      { who: "payer", expected: "licence-not-active", attempt: beforeLicence },
    ],
    () => "Dated before the voucher's month, and on a day before the practitioner's licence began.",
  )
})
