/** Seven organizations as seven processes, one visit settled and paid: where the lies are told to Countersign. */
import { join } from "node:path"
import { fromHex } from "../../../src/base/bytes.ts"
import type { Community } from "../../../src/cli/community/community.ts"
import { plansFolder, readPlanFiles } from "../../../src/cli/community/plan-files.ts"
import { anchorOf, deposit, engagePractitioner, found, publishPlan, roles } from "../../../src/cli/community/setting.ts"
import type { AttackScene } from "../../../src/cli/visit/attacks/index.ts"
import { eyeVisit, eyeVisitDay } from "../../../src/cli/visit/eye-visit.ts"
import { Journey } from "../../../src/cli/visit/journey.ts"
import type { Review } from "../../../src/wallet/review.ts"
import { must } from "../lies.ts"
import type { LiarCommunity } from "./community.ts"

export interface LiarScene extends AttackScene {
  /** Of the honest visit: checked by the wallet, registers by proof. */
  readonly review: Review
}

export async function liarScene(community: LiarCommunity): Promise<LiarScene> {
  await community.start()
  // Founding asks of a community what this one has, too.
  const setting = await found(community as unknown as Community, eyeVisitDay * 86_400 + 8 * 3600)
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
  await main.countersign(review)
  const { receipt } = await main.settled(review.statement)
  await main.clinic.desk("pay", { payer: roles.payer, few: true })
  const { anchor } = await anchorOf(setting)
  return {
    setting,
    practitioner,
    plan: { digest, files },
    told,
    main,
    receipt: fromHex(must(receipt, "the honest visit has no receipt")),
    bundle: review.bytes,
    review,
    anchor,
    canaries: [told.patient, told.practitioner.name, told.facts[0]!.sentence],
  }
}
