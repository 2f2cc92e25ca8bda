/**
 * The product attacks itself: every attack is really carried out against the running community, and its row says what
 * the system answered. Nothing here decides a result beforehand; what cannot run says so.
 */
import { Fault } from "../../../base/fault.ts"
import { Attacker } from "./attacker.ts"
import { stolenDemographics, voucherTwice, wrongKeys } from "./identity.ts"
import { aboveHold, paymentTricks, shortPay, withdrawal } from "./money.ts"
import type { Attack, AttackRow, AttackScene } from "./scene.ts"
import { bothSilent, undelivered } from "./silence.ts"
import { Window } from "./window.ts"

export type { AttackResult, AttackRow, AttackScene } from "./scene.ts"

const attacks: readonly Attack[] = [
  aboveHold, bothSilent, wrongKeys, paymentTricks, shortPay, stolenDemographics, voucherTwice, withdrawal, undelivered,
]

function notRun(name: string, error: unknown): AttackRow {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : "unknown"
  return { name, result: "not-run", by: error instanceof Fault ? "outage" : "", detail: reason }
}

/** Runs all attacks; each row is reported as soon as it is known. Gives them in the order of the score. */
export async function runAttacks(scene: AttackScene, report: (row: AttackRow) => void): Promise<readonly AttackRow[]> {
  const window = new Window(scene.setting, attacks.length)
  const attacker = new Attacker(scene, window)
  const one = async ({ names, run }: Attack): Promise<readonly AttackRow[]> => {
    let rows: readonly AttackRow[]
    try {
      rows = await window.run(() => run(attacker))
    } catch (error) {
      rows = names.map((name) => notRun(name, error))
    }
    for (const row of rows) report(row)
    return rows
  }
  try {
    return (await Promise.all(attacks.map(one))).flat()
  } finally {
    await attacker.close()
  }
}
