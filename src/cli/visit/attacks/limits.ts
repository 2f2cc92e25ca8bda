/** Two visits reach for the last unit of a counted limit at once. The vouchers have divided it beforehand. */
import { join } from "node:path"
import { fromUtf8, toUtf8 } from "#crypto"
import { formatMoney } from "../../../base/money.ts"
import { formatDate } from "../../../base/time.ts"
import { plainLine } from "../../../plan/claim.ts"
import { encodeBundle } from "../../../verify/bundle.ts"
import type { PlanFiles } from "../../community/plan-files.ts"
import { plansFolder, readPlanFiles } from "../../community/plan-files.ts"
import { publishPlan } from "../../community/setting.ts"
import { Journey } from "../journey.ts"
import { attack } from "./family.ts"
import { blocked, NotRun } from "./scene.ts"

const name = "same limit used by two visits"

/** The plan with one exam a calendar year, for the year of the visit that is told. */
function planOfYear(year: number): PlanFiles {
  const files = readPlanFiles(join(plansFolder(), "limited-sample.md"))
  const text = (fromUtf8(files.bytes) ?? "")
    .replaceAll("2027-01-01", `${year + 1}-01-01`)
    .replaceAll("2026-01-01", `${year}-01-01`)
  return { ...files, bytes: toUtf8(text) }
}

export const sameLimit = attack(name, async (attacker) => {
  const { serviceDay } = attacker.scene.told
  const plan = await publishPlan(attacker.setting, planOfYear(Number(formatDate(serviceDay).slice(0, 4))))
  const enrolling = new Journey(attacker.setting)
  await enrolling.enrol(attacker.enrolment({ plan }))
  const lines = [{ ...plainLine(1, "E10", 21_000n, serviceDay), facts: [0] }]
  const visit = { lines, hold: 20_000n, wallet: enrolling.wallet }
  // All are held before one settles.
  const [first, second, third] = [
    await attacker.claimed(visit),
    await attacker.claimed(visit),
    await attacker.claimed(visit),
  ]
  const { terms } = first.review.bundle
  const paid = [first, second].map(({ priced }) => BigInt(priced.plan))
  const row = await blocked(
    name,
    [
      {
        who: "payer",
        expected: "terms-do-not-open",
        attempt: () => attacker.payerAnswers(third, encodeBundle({ ...third.review.bundle, terms })),
      },
    ],
    async () => {
      for (const { journey, review } of [first, second]) {
        await journey.countersign(review)
        await journey.settled(review.statement)
      }
      const [a, b] = paid.map((amount) => formatMoney(amount))
      return `One exam is covered; of two held at once the plan pays ${a} and ${b}, and a third cannot borrow the first one's allotment.`
    },
  )
  const times = paid.filter((amount) => amount > 0n).length
  if (times === 0) throw new NotRun("the plan paid for no exam")
  return times === 1 ? { ...row, by: `vouchers' allotments, ${row.by}` } : { ...row, result: "missed", by: "nobody" }
})
