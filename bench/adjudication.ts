/**
 * Adjudication on one core: claims of four lines under a plan of sixty clauses, the published eye plan with fifty more
 * that ask, line by line, whether they apply.
 */
import { sha256, toUtf8 } from "#crypto"
import { Fault } from "../src/base/fault.ts"
import { dayNumber } from "../src/base/time.ts"
import { adjudicate } from "../src/plan/adjudicate/adjudicate.ts"
import { plainClaim, plainLine, plainMember, plainProvider } from "../src/plan/claim.ts"
import { type AdjudicationInput, inputOf } from "../src/plan/input.ts"
import type { Plan } from "../src/plan/plan.ts"
import { firstSnapshot } from "../src/plan/snapshot.ts"
import { traceRoot } from "../src/plan/trace.ts"
import { planNamed } from "../test/plan-files.ts"

export const planClauses = 60
const distinctClaims = 1024
const groups = ["exam", "test", "procedure", "medicine", "frames", "contacts"]
const limited = ["exam", "test", "procedure", "medicine", "frames"]

function sixtyClauses(): Plan {
  const numbers = "most-visits: 300 visits, "
  const own = planNamed("eye-sample").clauses.length
  const exclusions = Array.from({ length: planClauses - own - limited.length }, (_, i) => {
    const group = groups[i % groups.length]!
    const rule = `{ for: [${group}], when: units > ${100 + i}, exclude: { notice: none } }`
    return `### 3.${i + 1} Too many at once, ${i + 1}\nWe do not pay for more of these than anybody needs.\n\n    ${rule}\n`
  })
  const limits = limited.map((group, i) => {
    const bucket = `{ name: count-${group}, measure: count, person: most-visits, period: year }`
    const rule = `{ for: [${group}], limit: { bucket: count-${group}, per: visit }, bucket: ${bucket} }`
    return `### 4.${i + 1} How often, ${i + 1}\nWe pay for {most-visits} to each in a calendar year.\n\n    ${rule}\n`
  })
  const chapters = `## 3 Not covered\n${exclusions.join("")}## 4 How often\n${limits.join("")}`
  const plan = planNamed("eye-sample", (text) =>
    text
      .replace("exam-copay: 30.00 USD", `${numbers}exam-copay: 30.00 USD`)
      .replace("## 5 What you pay", `${chapters}## 5 What you pay`),
  )
  if (plan.clauses.length !== planClauses)
    throw new Fault(`Cannot measure: the plan has ${plan.clauses.length} clauses`)
  return plan
}

/** The standard visit's four lines with other charges and units from claim to claim. */
function inputs(plan: Plan): readonly AdjudicationInput[] {
  const day = dayNumber(2026, 4, 14)
  const year = dayNumber(2026, 1, 1)
  const snapshot = firstSnapshot({
    payer: "sample-mutual",
    member: new Uint8Array(32),
    plan: plan.digest,
    period: { from: year, to: year + 364 },
    facts: plainMember,
    expiry: 0,
  })
  return Array.from({ length: distinctClaims }, (_, n) => {
    const more = BigInt(n)
    const lines = [
      { ...plainLine(1, "E10", 21_000n + more, day), modifiers: ["25"] },
      { ...plainLine(2, "T20", 12_500n + more, day), modifiers: ["50"] },
      { ...plainLine(3, "S30", 45_000n + more, day), modifiers: ["LT"] },
      { ...plainLine(4, "J0178", 220_000n + more, day), modifiers: ["JZ"], unitsMilli: 1000 * (1 + (n % 3)) },
    ]
    const claim = plainClaim(lines, day + 5)
    return inputOf({ plan, claim, member: plainMember, provider: plainProvider("clinic"), snapshot, on: day + 5 })
  })
}

function perSecond(seconds: number, one: (n: number) => void): number {
  const run = (milliseconds: number) => {
    const started = performance.now()
    let done = 0
    let elapsed = 0
    for (; elapsed < milliseconds; elapsed = performance.now() - started)
      for (let end = done + 64; done < end; done++) one(done)
    return (done * 1000) / elapsed
  }
  run(1000)
  return run(seconds * 1000)
}

export interface AdjudicationRates {
  /** Inputs decoded and digested before; the result is a leg with its digest of inputs. */
  readonly adjudicationsPerSecond: number
  /** With every step kept and the salted tree over them hashed. */
  readonly adjudicationsTracedPerSecond: number
}

export function measureAdjudication(seconds: number): AdjudicationRates {
  const claims = inputs(sixtyClauses())
  const salt = sha256(toUtf8("trace salt of the bench"))
  const first = adjudicate(claims[0]!)
  if (first.leg.lines.some(({ status }) => status !== "paid")) throw new Fault("Cannot measure: a line is not paid")
  const claim = (n: number) => claims[n % distinctClaims]!
  return {
    adjudicationsPerSecond: perSecond(seconds, (n) => adjudicate(claim(n), { trace: false })),
    adjudicationsTracedPerSecond: perSecond(seconds, (n) => traceRoot(adjudicate(claim(n)).trace, salt)),
  }
}
