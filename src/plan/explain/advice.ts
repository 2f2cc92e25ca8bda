/**
 * What the member can do about a line that is not paid, in one or two short sentences a reason. Where the provider gives
 * up the money she has nothing to do but refuse a bill for it; where she owes, the advice says who can change it.
 */
import type { Adjustment, Finding, LegLine } from "../leg.ts"

const clinicCorrects = "Your clinic can put the claim right and send it again."
const askAgain = "If you think this is wrong, ask us to look at it again, and name the clause above."
const nothingOwed = "You owe nothing for it. If you get a bill for it, show this page."

/** Advice by adjustment reason, for what she owes. A reason without a row gets the general sentence. */
const owed: Readonly<Record<string, string>> = {
  "6": `Look whether your birth date is right with us. ${askAgain}`,
  "7": `Look whether your data are right with us. ${askAgain}`,
  "26": "Look whether we have the right first day of your cover. If not, send us your papers.",
  "27": "Look whether we have the right last day of your cover. If you have a new plan, give its card to your clinic.",
  "31": "Give your clinic your own card, so that the claim goes out under the right number.",
  "35": "This sum does not come back. Ask us what else your plan can do.",
  "49": `Ask your clinic whether the visit had another reason than a check. ${askAgain}`,
  "50": "Ask your doctor to write to us why you need it. You can ask us to look at it again.",
  "55": "Ask your doctor to write to us why you need it. You can ask us to look at it again.",
  "96": askAgain,
  "119": "Ask us on which day the sum or number begins anew, before you plan the next visit.",
  "149": "This number does not come back. Ask us what else your plan can do.",
  "169": "You can choose the cheaper service next time. Your doctor can write to us why it must be this one.",
  "179": "The waiting time ends by itself. Ask us for the day before you plan the next visit.",
  "197": "Ask your clinic whether it asked for permission. It may be able to ask now.",
  "198": "Ask your clinic to ask for permission for the rest.",
  "204": "Ask your clinic for another way that your plan does pay for.",
  "242": "Ask us for a provider in the network. If there was none near you, tell us.",
  "287": "Ask your doctor for a new referral.",
  "288": "Ask your doctor for a referral, and your clinic to send it to us.",
  B1: "Ask us on which day the number begins anew, before you plan the next visit.",
}

/** Reasons that the clinic can mend by a better claim. */
const mendable: ReadonlySet<string> = new Set([
  ...["4", "5", "6", "7", "9", "10", "11", "12", "13", "14", "15", "16", "18", "22", "107", "109", "146", "147", "181"],
  ...["182", "197", "199", "284", "288", "302"],
])

/** Shares that the plan sets: the ordinary bill of a paid line, about which there is nothing to do. */
const shares: ReadonlySet<string> = new Set(["1", "2", "3"])

function adviceFor({ group, carc }: Adjustment): string {
  if (group === "PR") return owed[carc] ?? askAgain
  if (carc === "22" || carc === "109")
    return "Tell your clinic which plan pays first. Then it can send the claim there."
  if (carc === "24") return "You owe nothing for it."
  return mendable.has(carc) ? `${nothingOwed} ${clinicCorrects}` : nothingOwed
}

/** What she can do about a line, or nothing when it is paid as the plan says. */
export function adviceOn(line: LegLine, findings: readonly Finding[]): string | undefined {
  if (line.status === "held") return "Look whether the visit took place as it is written. If so, sign it."
  if (line.status === "pended") {
    const own = findings.filter((finding) => finding.line === line.number)
    if (own.some((finding) => finding.code === "prior-missing")) {
      return "Send us what your other plan has said, or ask your clinic to send it."
    }
    return "You need do nothing yet. You owe nothing until it is decided."
  }
  const reason = line.adjustments.findLast((one) =>
    line.status === "denied" ? one.carc !== "45" : one.group === "PR" && !shares.has(one.carc) && one.carc !== "23",
  )
  return reason === undefined ? undefined : adviceFor(reason)
}
