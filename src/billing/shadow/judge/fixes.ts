/**
 * Corrected claims: only where the correction is certain from the files themselves. Every fixable denial of the claim has
 * to be covered, since a replacement replaces the whole claim.
 */

import { formatDate } from "../../../base/time.ts"
import type { Claim837, Line837, Party837 } from "../../../formats/x12/claim/claim-837.ts"
import { plainKey } from "../intake/payer.ts"
import type { Account } from "../match/account.ts"
import type { KnownFacts } from "./known.ts"
import type { Rates } from "./rates.ts"
import type { WorkRow } from "./work-row.ts"

export interface Fix {
  /** The whole claim to send: frequency 7 under the payer's number, or new where the payer asks for a new one (MA130). */
  readonly claim: Claim837
  /** What was changed and how it is known, in plain words. */
  readonly changes: readonly string[]
}

export interface FixSources {
  readonly known: KnownFacts
  readonly rates: Rates | undefined
  readonly isPaid: (place: string) => boolean
  /** The payer's number of the claim that this one replaces. */
  replacedControl(account: Account): string | undefined
}

interface Change {
  readonly claim: Claim837
  readonly words: string
}

/** The corrected claim for an account's fixable rows; undefined unless all of them can be corrected for certain. */
export function fixOf(
  account: Account,
  sent: Claim837,
  rows: readonly WorkRow[],
  sources: FixSources,
): Fix | undefined {
  const fixable = rows.filter((row) => row.class === "fixable denial")
  const payerControl = fixable[0]?.answer?.payerControl ?? ""
  if (fixable.length === 0 || !fixable.every((row) => isOwnPayer(account, row))) return undefined
  let claim = sent
  const changes: string[] = []
  for (const row of fixable) {
    const change = changeFor(account, claim, row, sources)
    if (change === undefined) return undefined
    claim = change.claim
    if (!changes.includes(change.words)) changes.push(change.words)
  }
  const isNew = fixable.some((row) => row.remarks.includes("MA130"))
  if (isNew) return { claim: withoutOriginal(claim), changes }
  const original = claim.original !== sent.original ? claim.original : payerControl
  if (original === undefined || original === "") return undefined
  return { claim: { ...claim, frequency: 7, original }, changes }
}

function withoutOriginal(claim: Claim837): Claim837 {
  return { ...claim, frequency: 1, original: undefined }
}

/** A later payer's answer cannot be met by correcting the claim to the first. */
function isOwnPayer(account: Account, { answer, payer }: WorkRow): boolean {
  if (answer === undefined) return false
  const first = account.answers.find(({ kind }) => kind !== "duplicate")?.answer
  return first?.payment.payer.key === payer.key && (account.claim.rank > 1 || !/^(2|3|20|21)$/.test(answer.status))
}

function changeFor(account: Account, claim: Claim837, row: WorkRow, sources: FixSources): Change | undefined {
  const carc = row.adjustment?.carc ?? ""
  const at = row.line === undefined ? -1 : account.claim.lines.indexOf(row.line)
  const line = claim.lines[at]
  const has = (...codes: readonly string[]) => codes.some((code) => row.remarks.includes(code))
  if (has("M47")) return originalChange(account, claim, sources)
  if (has("M76", "MA63") && line !== undefined) return diagnosisChange(claim, line)
  if (has("N290", "N286", "N253", "N257") || carc === "206") return numberChange(claim, line, row, sources.known)
  if ((carc === "197" || carc === "15") && row.line !== undefined) {
    const number = sources.known.authorizationFor(account, row.line, sources.isPaid)
    if (number === undefined || claim.authorization === number) return undefined
    const day = formatDate(row.line.from)
    const words = `authorization ${number}, as on another claim of this patient that the payer paid for this code (see that it covers ${day})`
    return { claim: { ...claim, authorization: number }, words }
  }
  if (line !== undefined && (carc === "4" || has("N822", "N823"))) return modifierChange(claim, line, row, sources)
  return undefined
}

function originalChange(account: Account, claim: Claim837, sources: FixSources): Change | undefined {
  const original = sources.replacedControl(account)
  if (original === undefined || original === claim.original || claim.frequency !== 7) return undefined
  return { claim: { ...claim, original }, words: `the payer's number of the first claim, ${original}` }
}

function withLine(claim: Claim837, line: Line837, changed: Partial<Line837>): Claim837 {
  return { ...claim, lines: claim.lines.map((one) => (one === line ? { ...line, ...changed } : one)) }
}

/** A line that points to no diagnosis on a claim that has exactly one can only mean that one. */
function diagnosisChange(claim: Claim837, line: Line837): Change | undefined {
  if (claim.kind !== "professional" || line.diagnoses.length > 0 || claim.diagnoses.length !== 1) return undefined
  const words = `line ${line.number} points to the claim's only diagnosis`
  return { claim: withLine(claim, line, { diagnoses: claim.diagnoses }), words }
}

function numberChange(claim: Claim837, line: Line837 | undefined, row: WorkRow, known: KnownFacts): Change | undefined {
  const completed = (party: Party837 | undefined): Party837 | undefined => {
    if (party === undefined || party.id !== "") return undefined
    const id = known.numberOf(party)
    return id === undefined ? undefined : { ...party, qualifier: "XX", id }
  }
  const roles = [
    ["N286", "referring"],
    ["N253", "attending"],
    ["N257", "billing"],
    ["N290", "rendering"],
  ] as const
  const role = roles.find(([code]) => row.remarks.includes(code))?.[1] ?? "rendering"
  const words = `the number (NPI) of the ${role} provider, as on the practice's other claims`
  const party = completed(claim[role])
  if (party !== undefined) return { claim: { ...claim, [role]: party }, words }
  const own = role === "rendering" ? completed(line?.rendering) : undefined
  if (own === undefined || line === undefined) return undefined
  return { claim: withLine(claim, line, { rendering: own }), words }
}

/** The contract prices this code with one modifier alone, and the line has none. */
function modifierChange(claim: Claim837, line: Line837, row: WorkRow, { rates }: FixSources): Change | undefined {
  if (line.modifiers.length > 0 || rates === undefined) return undefined
  const payers = [...new Set([...row.payer.tokens, plainKey(claim.payer.last), plainKey(claim.payer.id)])]
  const modifier = rates.onlyModifier(payers, row.code, line.from)
  if (modifier === undefined) return undefined
  const words = `modifier ${modifier} on line ${line.number}: the contract prices ${row.code} with it alone`
  return { claim: withLine(claim, line, { modifiers: modifier.split("-") }), words }
}
