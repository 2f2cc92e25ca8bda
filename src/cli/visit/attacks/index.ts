/**
 * The product attacks itself: every attack is really carried out against the running community, and its row says what
 * the system answered. Nothing here decides a result beforehand; what cannot run says so.
 */
import { Attacker } from "./attacker.ts"
import { plantedCanaries } from "./canaries.ts"
import { backDated, lineAdded, planSwapped } from "./claims.ts"
import { plausibleFalsehood, pressure } from "./collusion.ts"
import type { Attack } from "./family.ts"
import { stolenDemographics, voucherTwice, wrongKeys } from "./identity.ts"
import { sameLimit } from "./limits.ts"
import { links } from "./linkage.ts"
import { aboveHold, paymentTricks, shortPay, withdrawal } from "./money.ts"
import { receiptFlipped } from "./receipts.ts"
import { entryEdited, logLineDeleted, suspendedLicence } from "./record.ts"
import { type AttackRow, type AttackScene, notRun } from "./scene.ts"
import { bothSilent, undelivered } from "./silence.ts"
import { twoSnapshots } from "./snapshots.ts"
import { Window } from "./window.ts"

export type { AttackResult, AttackRow, AttackScene } from "./scene.ts"

/** Those that wait for a window come first, so that the others run meanwhile. */
const attacks: readonly Attack[] = [
  aboveHold,
  bothSilent,
  wrongKeys,
  logLineDeleted,
  backDated,
  paymentTricks,
  shortPay,
  stolenDemographics,
  voucherTwice,
  withdrawal,
  undelivered,
  sameLimit,
  planSwapped,
  lineAdded,
  entryEdited,
  suspendedLicence,
  twoSnapshots,
  plausibleFalsehood,
  pressure,
  receiptFlipped,
]

/** When all visits have left their traces. */
const measurements: readonly Attack[] = [links, plantedCanaries]

/** The order of the score. */
const scored: readonly string[] = [
  "stolen demographics",
  "voucher used twice",
  "claim replayed",
  "same limit used by two visits",
  "payer short-pays one cent",
  "withdrawal after the hold",
  "plan swapped after the visit",
  "entry edited",
  "line added after signing",
  "suspended licence",
  "back-dated visit",
  "silence claimed without delivery",
  "silence on both sides",
  "forged payment sum",
  "amount above its hold",
  "refund taken twice",
  "receipt with one byte flipped",
  "unknown key",
  "expired key",
  "key of the wrong role",
  "deleted access-log line",
  "two snapshots with one number",
  "planted canaries on the disks",
  "links between two clinics' visits",
  "doctor and patient colluding",
  "facts a patient cannot judge",
  "signing under pressure",
]

/** Runs all attacks; each row is reported as soon as it is known. Gives them in the order of the score. */
export async function runAttacks(scene: AttackScene, report: (row: AttackRow) => void): Promise<readonly AttackRow[]> {
  const window = new Window(scene.setting, attacks.length)
  const attacker = new Attacker(scene, window)
  const one = async ({ names, run }: Attack, start: typeof window.run): Promise<readonly AttackRow[]> => {
    let rows: readonly AttackRow[]
    try {
      rows = await start(() => run(attacker))
    } catch (error) {
      rows = names.map((name) => notRun(name, error))
    }
    for (const row of rows) report(row)
    return rows
  }
  try {
    const rows = (await Promise.all(attacks.map((attack) => one(attack, (run) => window.run(run))))).flat()
    for (const attack of measurements) rows.push(...(await one(attack, (run) => run())))
    return scored.flatMap((name) => rows.filter((row) => row.name === name))
  } finally {
    await attacker.close()
  }
}
