/** What the attacks are given, what each reports, and how an answer of the running system becomes a row. */
import { EncodingError } from "../../../base/cbor.ts"
import { Fault } from "../../../base/fault.ts"
import { Refused } from "../../../base/refusal.ts"
import type { TrustAnchor } from "../../../verify/trust.ts"
import type { PlanFiles } from "../../community/plan-files.ts"
import type { Practitioner, Setting } from "../../community/setting.ts"
import type { Journey } from "../journey.ts"
import type { VisitCase } from "../visit-case.ts"

/** The community as the told visit leaves it: seven running nodes, one visit settled and paid. */
export interface AttackScene {
  readonly setting: Setting
  /** Engaged at the clinic. */
  readonly practitioner: Practitioner
  readonly plan: { readonly digest: Uint8Array; readonly files: PlanFiles }
  /** The visit that was told; the attackers' own visits are made like it. */
  readonly told: VisitCase
  readonly main: Journey
  readonly receipt: Uint8Array
  readonly bundle: Uint8Array
  readonly anchor: TrustAnchor
  /** Strings planted in the clinical content, and the names of people. */
  readonly canaries: readonly string[]
}

export type AttackResult = "blocked" | "detected" | "measured" | "missed" | "not-run"

export interface AttackRow {
  readonly name: string
  readonly result: AttackResult
  /** Who or what stopped it: a code of the ledger, or a party and its code. */
  readonly by: string
  /** One sentence of figures and ids, never of health data. */
  readonly detail: string
  /** Of a measurement: what was counted. */
  readonly figures?: Readonly<Record<string, number>>
}

/** One attempt of an attack: who is expected to refuse it, and with which code. */
export interface Attempt {
  /** Absent: the ledger. */
  readonly who?: string
  readonly expected: string
  readonly attempt: () => Promise<unknown>
}

/** The attack could not be carried out: a finding about the attack, not about the system. */
export class NotRun extends Error {
  override readonly name = "NotRun"
}

/** The code with which an attempt was refused; undefined when it succeeded. Outages and defects are thrown on. */
export async function refusalOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    if (error instanceof Refused) return error.refusal.code
    if (error instanceof EncodingError) return "bad-encoding"
    throw error
  }
}

/** The same where a node refuses by failing, as a disk whose bytes changed. */
export async function faultOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

/**
 * Runs every attempt. All refused as expected: blocked. One accepted: missed. One refused for another reason: the
 * attack was not carried out as meant, and the row says so.
 */
export async function blocked(
  name: string,
  attempts: readonly Attempt[],
  detail: () => string | Promise<string>,
): Promise<AttackRow> {
  const by: string[] = []
  for (const { who, expected, attempt } of attempts) {
    const code = await refusalOf(attempt)
    const label = who === undefined ? expected : `${who}: ${expected}`
    if (code === undefined)
      return { name, result: "missed", by: "nobody", detail: `Nobody refused where ${label} was due.` }
    if (code !== expected)
      return { name, result: "not-run", by: code, detail: `Refused with ${code} where ${label} was due.` }
    if (!by.includes(label)) by.push(label)
  }
  return { name, result: "blocked", by: by.join(", "), detail: await detail() }
}

/** The row of an attack that could not be carried out, and why. */
export function notRun(name: string, error: unknown): AttackRow {
  if (error instanceof Refused) return { name, result: "not-run", by: error.refusal.code, detail: error.message }
  const reason = error instanceof Error ? error.message : "unknown"
  return { name, result: "not-run", by: error instanceof Fault ? "outage" : "", detail: `Not run: ${reason}` }
}

/** A row of a family on its own, so that what stops it stops none of the others. */
export async function orNotRun(name: string, row: () => Promise<AttackRow>): Promise<AttackRow> {
  try {
    return await row()
  } catch (error) {
    return notRun(name, error)
  }
}
