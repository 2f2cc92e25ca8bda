/** The lies of payer and patient, and of doctor and patient together, told to the baseline's server. */
import { must, notCaught, prevented } from "../lies.ts"
import { bodyAs } from "./row.ts"
import { codes } from "./scene.ts"
import { allRefused, type BaselineLie, codeOf, isProven, unconfirmed } from "./telling.ts"

export const payerLies: Readonly<Record<string, BaselineLie>> = {
  async "short-pay"(scene) {
    const { row, plan } = await scene.adjudicated()
    await scene.write("payerPay", "remittance", { adjudication: row, paid: plan, reference: "s-1" })
    const before = scene.bank.clinic
    scene.bank.payer -= plan - 1
    scene.bank.clinic += plan - 1
    scene.nextDay()
    if (scene.bank.clinic - before === plan) return notCaught("All was paid.")
    must(await isProven(scene, row, scene.key("payerPay")), "the adjudication is proven")
    return {
      verdict: "caught",
      by: "clinic, from its bank statement",
      when: "when it reconciles its account",
      evidence: "the payer's signed adjudication; that less arrived is the bank's word",
      note: "The cent is still missing: somebody must sue.",
    }
  },

  async "change-plan"(scene) {
    const from = Math.floor(scene.clock.seconds / 86_400)
    const cheaper = { ...codes, E10: { allowed: 12_335, percent: 80 } }
    return allRefused([
      () => scene.write("payerPlan", "schedule", { version: "2026", from, codes: cheaper }),
      () => scene.write("payerPlan", "schedule", { version: "2026-b", from: from - 30, codes: cheaper }),
    ])
  },

  async "deny-promise"(scene) {
    const promise = await scene.promise()
    must(await isProven(scene, promise, scene.key("payerPlan")), "the promise is proven")
    return {
      verdict: "caught",
      by: "whoever holds the row",
      when: "when it denies",
      evidence: "the payer's signed row and its proof under a signed head",
    }
  },

  async stall(scene) {
    const { claim } = await scene.confirmed()
    const before = scene.bank.clinic
    for (let days = 0; days < 14; days++) scene.nextDay()
    const answers = (await scene.service.view.rowsOf("adjudication")).map((row) => bodyAs(row, "adjudication").claim)
    must(!answers.includes(claim) && scene.bank.clinic === before, "nobody answered and nothing was paid")
    must(await isProven(scene, claim, scene.key("clinic")), "the claim is proven")
    scene.clock.seconds -= 14 * 86_400
    scene.nextDay()
    return {
      verdict: "caught",
      by: "clinic, when its time limit is over",
      when: "14 days",
      evidence: "claim and confirmation under a signed head; the log cannot prove that an answer is absent",
      note: "Nothing is paid: somebody must sue.",
    }
  },

  async withdraw(scene) {
    const { plan } = await scene.adjudicated()
    const [taken, ours] = [scene.bank.payer, await scene.service.head()]
    scene.bank.payer = 0
    const finding = await scene.members.clinic.look()
    const cannotPay = scene.bank.payer < plan
    const unmoved = (await scene.service.head()).size === ours.size
    scene.bank.payer = taken
    scene.nextDay()
    if (finding !== undefined || !cannotPay || !unmoved) return { ...prevented("bank"), when: "at the bank" }
    return notCaught("The payer's bank account is its own; that it cannot pay shows when it does not.")
  },

  async "no-money"(scene) {
    const had = scene.bank.payer
    scene.bank.payer = 0
    const code = await codeOf(() => scene.confirmed())
    scene.bank.payer = had
    scene.nextDay()
    return code === undefined
      ? notCaught("The promise was taken and the visit went on; nothing shows the account behind it.")
      : prevented(`server: ${code}`)
  },

  async "two-stories"(scene) {
    const story = { patient: "patient-1", sequence: 0, left: 12_000 }
    await scene.write("payerPlan", "accumulator", story)
    return allRefused([() => scene.write("payerPlan", "accumulator", { ...story, left: 24_000 })])
  },

  async "refund-twice"(scene) {
    const { visit } = await scene.adjudicated()
    const refund = { claim: visit.claim, amount: 100, reference: "r-1" }
    await scene.write("clinic", "refund", refund)
    const cell = await allRefused([() => scene.write("clinic", "refund", { ...refund, reference: "r-2" })])
    scene.nextDay()
    return cell
  },
}

export const patientLies: Readonly<Record<string, BaselineLie>> = {
  async "reuse-promise"(scene) {
    const eligibility = await scene.promise()
    const today = Math.floor(scene.clock.seconds / 86_400)
    await scene.write("patient", "checkin", { eligibility, provider: "clinic", day: today })
    return allRefused([() => scene.write("patient", "checkin", { eligibility, provider: "hospital", day: today })])
  },

  async "limit-twice"(scene) {
    const limited = [{ code: "L10", fact: 0 }]
    const held = [await scene.claimed({ lines: limited })]
    scene.nextDay()
    held.push(await scene.claimed({ lines: limited }))
    await scene.write("patient", "confirmation", { claim: held[0]!.claim })
    const cell = await allRefused([() => scene.write("patient", "confirmation", { claim: held[1]!.claim })])
    scene.nextDay()
    return cell
  },

  async "deny-visit"(scene) {
    const { claim } = await scene.confirmed()
    const confirmation = (await scene.service.size()) - 1
    must(bodyAs((await scene.service.view.row(confirmation))!, "confirmation").claim === claim, "the last row is hers")
    must(await isProven(scene, confirmation, scene.key("patient")), "her signature is proven")
    scene.nextDay()
    return {
      verdict: "caught",
      by: "whoever holds the row",
      when: "when she denies",
      evidence: "her signed row and its proof under a signed head",
    }
  },

  async "refuse-to-sign"(scene) {
    const { claim } = await scene.claimed()
    const { plan } = bodyAs(must(await scene.service.view.row(claim), "no claim"), "claim")
    const code = await codeOf(unconfirmed(scene, claim, plan))
    return code === "not-confirmed"
      ? notCaught("The clinic is not paid for what it did.")
      : prevented("server: pays without her")
  },

  async lend(scene) {
    const { plan } = await scene.adjudicated()
    scene.nextDay()
    return plan > 0 ? notCaught("Who holds the keys is the patient.") : prevented("server")
  },

  async "doctor-and-patient"(scene) {
    const { plan } = await scene.adjudicated()
    scene.nextDay()
    return plan > 0 ? notCaught("All signatures are good; auditors and statistics must find it.") : prevented("server")
  },

  /** Nothing is held in the baseline: the operator is not even needed. */
  "operator-and-payer": (scene) => payerLies["withdraw"]!(scene),
}
