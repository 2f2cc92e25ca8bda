/** The provider's lies, told to the baseline's server. */
import { equalBytes } from "../../../src/base/bytes.ts"
import { must, notCaught, prevented } from "../lies.ts"
import { bodyAs, signRow } from "./row.ts"
import { day, facts, lines } from "./scene.ts"
import { allRefused, type BaselineLie, codeOf, isProven, unconfirmed } from "./telling.ts"

export const providerLies: Readonly<Record<string, BaselineLie>> = {
  async phantom(scene) {
    const checkin = await scene.arrive()
    const more = [...facts, "A photo of both eyes was taken."]
    const record = await scene.write("doctor", "record", { checkin, facts: more })
    const claim = await scene.claim({ checkin, record, lines: [...lines, { code: "S30", fact: 2 }] })
    await scene.write("patient", "denial", { claim, lines: [2] })
    const { plan } = bodyAs(must(await scene.service.view.row(claim), "no claim"), "claim")
    const cell = await allRefused([unconfirmed(scene, claim, plan)])
    scene.nextDay()
    return { ...cell, by: `patient, ${cell.by}`, note: "Only if she reads what she signs." }
  },

  async upcode(scene) {
    const dearer = [lines[0]!, { code: "S30", fact: 1 }]
    const { claim } = await scene.confirmed({ lines: dearer })
    const { plan } = bodyAs(must(await scene.service.view.row(claim), "no claim"), "claim")
    const code = await codeOf(unconfirmed(scene, claim, plan))
    scene.nextDay()
    return code === undefined ? notCaught("The schedule prices whatever code is billed.") : prevented(`server: ${code}`)
  },

  async "line-later"(scene) {
    const { checkin, record } = await scene.confirmed()
    const claim = await scene.claim({ checkin, record, lines: [...lines, { code: "S30", fact: 1 }] })
    const { plan } = bodyAs(must(await scene.service.view.row(claim), "no claim"), "claim")
    const cell = await allRefused([unconfirmed(scene, claim, plan)])
    scene.nextDay()
    return cell
  },

  async "edit-record"(scene) {
    const { checkin, record } = await scene.confirmed()
    await scene.members.clinic.keep(record)
    const first = must(await scene.service.view.row(record), "no record")
    const edited = { checkin, facts: ["Something else was done."] }
    const forged = { ...signRow(scene.seeds["doctor"]!, "record", edited), signature: first.signature }
    const cell = await allRefused([() => scene.service.append(forged)])
    await scene.write("doctor", "record", edited)
    const stands = equalBytes(must(await scene.service.view.row(record), "no record").body, first.body)
    must(stands && (await scene.members.clinic.look()) === undefined, "the first record stands")
    scene.nextDay()
    return { ...cell, note: "A second record is a row of its own; claim and signature name the first." }
  },

  async "back-date-cover"(scene) {
    const eligibility = await scene.promise()
    const early = () => scene.write("patient", "checkin", { eligibility, provider: "clinic", day: day - 40 })
    const { checkin, record } = await scene.claimed()
    return allRefused([early, () => scene.claim({ checkin, record, day: day - 20 })])
  },

  async "back-date-month"(scene) {
    const { checkin, record } = await scene.claimed()
    return allRefused([() => scene.claim({ checkin, record, day: day - 1 })], {
      note: "The day is that of the patient's check-in, which the server took on that day.",
    })
  },

  async "bill-again"(scene) {
    const { checkin, record } = await scene.confirmed()
    const claim = await scene.claim({ checkin, record, lines: lines.slice(0, 1) })
    const cell = await allRefused([
      () => scene.claim({ checkin, record }),
      () => scene.write("patient", "confirmation", { claim }),
    ])
    scene.nextDay()
    return cell
  },

  async "bill-two-covers"(scene) {
    await scene.confirmed()
    const second = await scene.claimed()
    const cell = await allRefused([() => scene.write("patient", "confirmation", { claim: second.claim })])
    scene.nextDay()
    return { ...cell, note: "One name for each patient in one database is what finds it." }
  },

  async suspended(scene) {
    const from = Math.floor(scene.clock.seconds / 86_400)
    await scene.write("board", "roster", { practitioner: "colleague", active: false, from })
    const checkin = await scene.arrive()
    return allRefused([() => scene.write("colleague", "record", { checkin, facts })])
  },

  async "claim-silence"(scene) {
    const { claim } = await scene.confirmed()
    const { plan } = bodyAs(must(await scene.service.view.row(claim), "no claim"), "claim")
    const cell = await allRefused([() => scene.write("clinic", "adjudication", { claim, plan })])
    scene.nextDay()
    return { ...cell, note: "No rule lets silence pay, so there is nothing to claim." }
  },

  async "take-more"(scene) {
    const { row, plan } = await scene.adjudicated()
    const taken = { adjudication: row, paid: plan + 1, reference: "t-1" }
    const cell = await allRefused([
      () => scene.write("clinic", "remittance", taken),
      () => scene.write("payerPay", "remittance", taken),
    ])
    scene.nextDay()
    return { ...cell, note: "Money leaves the payer's bank account only by the payer's hand." }
  },

  async "delete-access"(scene) {
    const { record } = await scene.claimed()
    await scene.service.read(record, "record", { row: record, who: "clinic", purpose: "curiosity" })
    const trace = (await scene.service.size()) - 1
    must(await isProven(scene, trace, (await scene.service.view.row(trace))!.author), "the access row is in the log")
    const row = must(await scene.service.view.row(trace), "no trace")
    return row.kind === "access"
      ? prevented("server: rows are only added", { note: "The records lie with the operator, and so does the trace." })
      : notCaught("No trace was left.")
  },
}
