/**
 * The lies: who tells which, in the order of the page. Each is told to both systems; what came of it is a cell. The
 * lies to four validators are told to those alone.
 */
export type Verdict = "prevented" | "caught" | "not"

/** What came of one lie in one system. All but `ms` is the same in every run. */
export interface Cell {
  readonly verdict: Verdict
  /** Which party or program, and with which code. */
  readonly by: string
  /** The step at which it is noticed. */
  readonly when: string
  /** What a third party can check by itself, without believing whoever noticed. */
  readonly evidence: string
  /** One sentence where the verdict alone would mislead. */
  readonly note?: string
  /** Milliseconds from the lie to the notice, where the run measures it. */
  readonly ms?: number
}

export type Actor = "provider" | "payer" | "patient" | "operator" | "thief" | "collusion"

export interface Lie {
  readonly id: string
  readonly actor: Actor
  readonly lie: string
}

const told = (actor: Actor, lies: Readonly<Record<string, string>>): readonly Lie[] =>
  Object.entries(lies).map(([id, lie]) => ({ id, actor, lie }))

export const lies: readonly Lie[] = [
  ...told("provider", {
    phantom: "bills a line that did not happen; the patient reads what she signs",
    upcode: "bills a dearer code for what did happen; the sentence stays true",
    "line-later": "adds a line after the patient signed",
    "edit-record": "edits an entry of the record afterwards",
    "back-date-cover": "dates a visit back to before cover or licence",
    "back-date-month": "dates a visit back within the month",
    "bill-again": "bills the same visit again",
    "bill-two-covers": "bills one service under two covers; the patient signs both",
    suspended: "lets a suspended practitioner work",
    "claim-silence": "claims the payer's silence, though it was never asked",
    "take-more": "takes a cent more than was agreed",
    "delete-access": "looks at a record and deletes the trace",
  }),
  ...told("payer", {
    "short-pay": "pays a cent less than it owes",
    "change-plan": "changes the plan after the visit",
    "deny-promise": "denies having promised cover",
    stall: "never answers",
    withdraw: "takes its money away after the promise",
    "no-money": "promises money that it does not have",
    "two-stories": "tells two stories of one accumulator",
    "refund-twice": "takes a refund twice",
  }),
  ...told("patient", {
    "reuse-promise": "uses one promise of cover at two desks",
    "limit-twice": "uses one limit at two visits at once",
    "deny-visit": "denies a visit that she signed",
    "refuse-to-sign": "refuses to sign a visit that took place",
    lend: "lets another person use her keys",
  }),
  ...told("operator", {
    rewrite: "rewrites a row that was acknowledged",
    drop: "drops a row that was acknowledged",
    reorder: "puts two rows in another order",
    backup: "restores an old backup and goes on from it",
    "two-histories": "shows two members two histories, and keeps each to its own",
    refuse: "takes nothing from one member any more",
    stop: "stops altogether",
    clock: "runs the clock ahead, so that a time limit passes",
    "clock-behind": "runs the clock behind, so that no time limit passes",
    friend: "lets a friendly provider's row in that the rules refuse",
    "read-health": "reads health data",
    link: "ties a patient's visits together",
  }),
  ...told("thief", {
    demographics: "comes with name, birth date and member number",
    disk: "has every disk, powered off",
    "operator-keys": "has the operator's disk and its secret of the start",
    "clinic-keys": "has a clinic's disk and its secret of the start",
    "signing-key": "has a clinic's signing keys and bills without a patient",
    "wrong-keys": "signs with an unknown key, an ended one, one of another role",
    wire: "listens on the wire between organizations",
    "wire-inside": "listens on the wire between a desk and the server it works with",
    replay: "sends again what it heard",
    receipt: "changes a byte of a proof",
  }),
  ...told("collusion", {
    "doctor-and-patient": "doctor and patient sign a visit that never was",
    "operator-and-payer": "operator and payer free money that was promised",
  }),
]

/** Told to four validators of four organizations. */
export const consortiumLies: readonly Lie[] = [
  ...told("operator", {
    "consortium-refuse": "1 of 4 validators takes nothing from one member",
    "consortium-stop": "1 of 4 validators stops",
    "consortium-state": "1 of 4 validators proposes a state that the rules do not give",
    "consortium-two-histories": "1 of 4 validators votes for two blocks of one height",
    "consortium-clock": "1 of 4 validators runs its clock ahead",
    "consortium-backup": "1 of 4 validators restores an old backup",
  }),
  ...told("collusion", {
    "consortium-two-of-four": "2 of 4 validators stop together",
    "consortium-three-of-four": "3 of 4 validators write a second history",
  }),
]

export const atOnce = "at once, before it is written"
export const nothingWritten = "not needed: nothing was written"
export const none = "none"

export function prevented(by: string, over: Partial<Cell> = {}): Cell {
  return { verdict: "prevented", by, when: atOnce, evidence: nothingWritten, ...over }
}

export function notCaught(note: string, over: Partial<Cell> = {}): Cell {
  return { verdict: "not", by: "nobody", when: "never", evidence: none, note, ...over }
}

/** Runs what notices a lie and gives the milliseconds it took. */
export async function timed<T>(notice: () => Promise<T>): Promise<{ readonly found: T; readonly ms: number }> {
  const start = performance.now()
  const found = await notice()
  return { found, ms: Math.ceil(performance.now() - start) }
}

/** The lie could not be told as meant: a finding about the matrix, never a cell. */
export class NotTold extends Error {}

export function must<T>(value: T | undefined | false, what: string): T {
  if (value === undefined || value === false) throw new NotTold(`Cannot tell the lie: ${what}`)
  return value
}
