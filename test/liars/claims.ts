/**
 * What might be said of Countersign against such a database, and the lies by which it is judged. A claim is kept only
 * if it does better in at least one of its cells and worse in none; the run decides, not this list.
 */
import type { Cell, Lie, Verdict } from "./lies.ts"

export interface Claim {
  readonly claim: string
  readonly lies: readonly string[]
}

export const claims: readonly Claim[] = [
  {
    claim: "Money that was promised is there: the payer cannot take it back, nor promise what it does not have",
    lies: ["withdraw", "no-money", "operator-and-payer"],
  },
  { claim: "A payer that never answers still pays", lies: ["stall"] },
  { claim: "A payer cannot pay less than was agreed", lies: ["short-pay"] },
  { claim: "The operator of the ledger reads no health data", lies: ["read-health"] },
  { claim: "Nothing on the ledger ties a patient's visits together", lies: ["link"] },
  {
    claim: "The operator's disk and secret give a thief no patient's data",
    lies: ["operator-keys"],
  },
  { claim: "The patient's signature stops what did not happen", lies: ["phantom", "line-later", "signing-key"] },
  {
    claim: "What was acknowledged cannot be altered, dropped or reordered unseen",
    lies: ["rewrite", "drop", "reorder"],
  },
  { claim: "An operator cannot go back to an old backup unseen", lies: ["backup"] },
  { claim: "There is one history for everybody", lies: ["two-histories"] },
  { claim: "Nobody can be shut out, nothing can be stopped by one organization", lies: ["refuse", "stop"] },
  { claim: "Every member runs the rules again, so no operator lets a friend in", lies: ["friend"] },
  { claim: "Nobody can let a time limit pass, or not pass, by the clock", lies: ["clock", "clock-behind"] },
  { claim: "A plan cannot be changed after the visit", lies: ["change-plan"] },
  { claim: "A promise of cover cannot be denied", lies: ["deny-promise"] },
  { claim: "An accumulator has one story", lies: ["two-stories"] },
  { claim: "A promise or a limit is used once", lies: ["reuse-promise", "limit-twice"] },
  { claim: "Nothing is billed or refunded twice", lies: ["bill-again", "refund-twice", "bill-two-covers"] },
  { claim: "No visit is dated back", lies: ["back-date-cover", "back-date-month"] },
  { claim: "A suspended licence works nowhere", lies: ["suspended"] },
  { claim: "Silence pays only who was truly silent", lies: ["claim-silence"] },
  { claim: "Nobody takes more than was agreed", lies: ["take-more"] },
  { claim: "A record entry cannot be edited unseen", lies: ["edit-record"] },
  { claim: "Who looked at a record cannot be hidden", lies: ["delete-access"] },
  { claim: "A stolen name, birth date and member number are worth nothing", lies: ["demographics"] },
  { claim: "A stolen disk shows nothing", lies: ["disk"] },
  { claim: "A stolen clinic's secret shows little", lies: ["clinic-keys"] },
  { claim: "Keys that may not sign cannot", lies: ["wrong-keys", "replay"] },
  { claim: "A listener on the wire hears nothing", lies: ["wire", "wire-inside"] },
  {
    claim: "A receipt proves itself offline, and a patient cannot deny what she signed",
    lies: ["receipt", "deny-visit"],
  },
  { claim: "Upcoding is caught", lies: ["upcode"] },
  { claim: "A clinic is paid although the patient refuses to sign", lies: ["refuse-to-sign"] },
  { claim: "Nobody else can be the patient", lies: ["lend"] },
  { claim: "Doctor and patient cannot invent a visit", lies: ["doctor-and-patient"] },
]

/** A claim for four validators: each of its lies beside the lie by which the baseline's one operator does that. */
export interface ConsortiumClaim {
  readonly claim: string
  readonly lies: readonly (readonly [consortium: string, baseline: string])[]
}

export const consortiumClaims: readonly ConsortiumClaim[] = [
  {
    claim: "No one organization can shut a member out, or stop the others",
    lies: [
      ["consortium-refuse", "refuse"],
      ["consortium-stop", "stop"],
    ],
  },
  {
    claim: "No one organization can write another past",
    lies: [
      ["consortium-state", "rewrite"],
      ["consortium-two-histories", "two-histories"],
      ["consortium-backup", "backup"],
    ],
  },
  {
    claim: "No one organization can let a time limit pass by the clock",
    lies: [["consortium-clock", "clock"]],
  },
  { claim: "Half of the organizations cannot stop the others", lies: [["consortium-two-of-four", "stop"]] },
  { claim: "Not even three of four can write a second history", lies: [["consortium-three-of-four", "two-histories"]] },
]

/** One lie with what came of it in both systems. */
export interface Told extends Lie {
  readonly countersign: Cell
  readonly baseline: Cell
}

const rank: Readonly<Record<Verdict, number>> = { prevented: 2, caught: 1, not: 0 }

/** Above 0 where Countersign does better, below 0 where the baseline does. */
export function difference({ countersign, baseline }: Told): number {
  return rank[countersign.verdict] - rank[baseline.verdict]
}

export function isKept({ lies }: Claim, told: readonly Told[]): boolean {
  const differences = lies.map((id) => difference(told.find((one) => one.id === id)!))
  return differences.some((by) => by > 0) && differences.every((by) => by >= 0)
}

/** As `isKept`, against what the baseline's one operator can do. */
export function isKeptByFour(
  { lies }: ConsortiumClaim,
  told: readonly Told[],
  consortium: ReadonlyMap<string, Cell>,
): boolean {
  const differences = lies.map(([four, one]) => {
    const [cell, { baseline }] = [consortium.get(four), told.find(({ id }) => id === one)!]
    return cell === undefined ? -1 : rank[cell.verdict] - rank[baseline.verdict]
  })
  return differences.some((by) => by > 0) && differences.every((by) => by >= 0)
}
