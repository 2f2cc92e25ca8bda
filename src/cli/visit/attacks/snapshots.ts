/** A payer that tells two stories of one member: two signed snapshots with one number. */
import { toHex } from "../../../base/bytes.ts"
import { monthOfDay } from "../../../base/time.ts"
import { findMember, saveMember } from "../../../node/payer/member-file.ts"
import { signSnapshot } from "../../../node/payer/members.ts"
import { twoStories } from "../../../verify/snapshot-equivocation.ts"
import { roles } from "../../community/setting.ts"
import { Journey } from "../journey.ts"
import { attack } from "./family.ts"
import { type AttackRow, NotRun, refusalOf } from "./scene.ts"

/** The payer's insider signs the member's snapshot anew with other facts under the old number, with the payer's key. */
export const twoSnapshots = attack("two snapshots with one number", async (attacker): Promise<AttackRow> => {
  const name = "two snapshots with one number"
  const journey = new Journey(attacker.setting)
  await journey.enrol(attacker.enrolment())
  const { enrolment, snapshots } = journey.wallet.cover(roles.payer)
  const snapshot = snapshots.newest
  const payer = await attacker.insider(roles.payer)
  const member = findMember(payer.work, enrolment)
  if (member === undefined || snapshot === undefined) throw new NotRun("the payer does not know its member")
  const first = member.snapshots.at(-1)!
  const born = (first.value.facts.born ?? 0) - 3650
  const second = signSnapshot(await payer.context(), { ...first.value, facts: { ...first.value.facts, born } })
  await saveMember(payer.work, { ...member, snapshots: [second] })
  const { serviceDay } = attacker.scene.told
  const code = await refusalOf(() => journey.fetchVouchers(monthOfDay(serviceDay), 1))
  const proof = twoStories(snapshot.envelope, second.envelope, { chainId: attacker.chainId })
  if (code === undefined || proof === undefined) {
    return {
      name,
      result: "missed",
      by: "nobody",
      detail: `Number ${first.value.sequence} was signed twice and nobody noticed.`,
    }
  }
  if (code !== "two-snapshots") throw new NotRun(`the wallet refused with ${code}`)
  const [a, b] = proof.digests.map((digest) => toHex(digest).slice(0, 12))
  return {
    name,
    result: "detected",
    by: `wallet: ${code}`,
    detail: `Snapshot ${proof.sequence} was signed as ${a} and as ${b}: the two envelopes together prove it to anybody.`,
  }
})
