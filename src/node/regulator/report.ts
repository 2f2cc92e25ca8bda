/**
 * The regulator's report: what was settled, what was opened, what was checked again and what came of it. It names
 * organizations, visits by their public handles, and practitioners by their public ids; no person.
 */
import type { Balances } from "./balances.ts"
import type { VisitFinding } from "./recheck-visit.ts"

/** A visit as the ledger names it: V (hex) at a provider, and the payer's leg. */
export interface LegName {
  readonly visit: string
  readonly provider: number
  readonly payer: number
  readonly leg: number
}

export interface Differing extends LegName, VisitFinding {
  readonly statement: string | undefined
  /** Minor units: what the statement commits to, and what the plan gives. */
  readonly committed?: bigint
  readonly recomputed?: bigint
}

export interface PayerShare {
  readonly payer: number
  readonly name: string
  /** Legs that the ledger settled in the period. */
  readonly settled: number
  readonly opened: number
  readonly differing: number
  /** Minor units, over what was opened and could be run: what was committed to, and what the plans give. */
  readonly committed: bigint
  readonly recomputed: bigint
}

export interface RecheckReport {
  readonly report: "recheck/1"
  readonly chainId: string
  readonly regulator: { readonly organization: number; readonly name: string }
  /** The state that was read: its app hash stands in this header, so anyone with a copy can repeat the check. */
  readonly checkedAt: {
    readonly height: number
    readonly headerHash: string
    readonly appHash: string
    readonly seconds: number
  }
  /** First and last day, in the ledger's running time; `lostSeconds` is what that leaves out since the beginning. */
  readonly period: { readonly from: string; readonly to: string; readonly lostSeconds: number }
  readonly visits: {
    readonly settled: number
    readonly opened: number
    readonly differing: number
    /** Legs of custodians: their payers hold no bundle, so there is nothing to open. */
    readonly atCustodians: number
  }
  readonly payers: readonly PayerShare[]
  readonly notOpened: readonly LegName[]
  readonly differing: readonly Differing[]
  readonly deadlines: {
    readonly checked: number
    /** Legs of which a transaction is in no block of this node. */
    readonly notDated: number
    /** `hours`: over, or short of, what is allowed. */
    readonly findings: readonly (LegName & { readonly code: string; readonly hours: number })[]
  }
  readonly corrections: {
    readonly replaced: number
    readonly refunded: number
    readonly voided: number
    /** Corrected, and the difference is neither paid nor paid back. */
    readonly open: readonly LegName[]
  }
  /** By public id, with the number of visits opened in which the licence was not active on a day of service. */
  readonly licences: readonly { readonly practitioner: string; readonly visits: number }[]
  readonly balances: Balances
  readonly notChecked: readonly string[]
  /** Every settled visit of a payer was opened, and nothing was found. */
  readonly clean: boolean
}

/** What this check leaves out, whatever was opened. */
export const neverChecked: readonly string[] = [
  "cited facts: their sentences are not opened, so neither their proofs nor whether the lines follow from them",
  "the payer's chain of snapshots: one snapshot a visit is seen, not that it follows from the one before",
  "practitioners' credentials: the register says whether the licence was active",
  "determinations that a later statement replaced",
  "custodians' legs: they are the patient's own money and have no bundle",
]

const nameOf = ({ visit, provider, payer, leg }: LegName) =>
  `visit ${visit.slice(0, 16)}… at organization ${provider}, payer ${payer}, leg ${leg}`

/** Minor units as a decimal number; the value may have come through JSON. */
function money(amount: bigint | string): string {
  const minor = BigInt(amount)
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, "0")
  return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function section(title: string, lines: readonly string[], none: string): readonly string[] {
  return [`## ${title}`, "", ...(lines.length === 0 ? [none] : lines.map((line) => `- ${line}`)), ""]
}

function share(opened: number, settled: number): string {
  return settled === 0 ? "100 %" : `${Math.floor((opened * 1000) / settled) / 10} %`
}

function head({ regulator, chainId, checkedAt, period, visits, clean }: RecheckReport): readonly string[] {
  const lost =
    period.lostSeconds === 0 ? "" : ` (running time: ${Math.floor(period.lostSeconds / 3600)} h do not count)`
  return [
    "# Re-check of settled visits",
    "",
    `By ${regulator.name} (organization ${regulator.organization}), on its own copy of ${chainId} at height ${checkedAt.height}.`,
    "",
    `Header ${checkedAt.headerHash}, app hash ${checkedAt.appHash}.`,
    "",
    `Period ${period.from} to ${period.to}${lost}.`,
    "",
    `**${clean ? "Nothing to report." : "There is something to report."}** ${visits.opened} of ${visits.settled} settled` +
      ` visits were opened and run again (${share(visits.opened, visits.settled)}); ${visits.differing} differ.`,
    "",
  ]
}

function payerTable(payers: readonly PayerShare[]): readonly string[] {
  const rows = payers.map(
    ({ payer, name, settled, opened, differing, committed, recomputed }) =>
      `| ${payer} ${name} | ${settled} | ${opened} | ${differing} | ${money(committed)} | ${money(recomputed)} |`,
  )
  const header = [
    "| Payer | Settled | Opened | Differing | Committed | Plan gives |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
  ]
  return ["## Payers", "", ...header, ...rows, ""]
}

function balanceLines({ balances }: RecheckReport): readonly string[] {
  const { accounts, holds, deposited, withdrawn, custodians, findings } = balances
  const sums = `Accounts ${money(accounts)} + holds ${money(holds)} = deposited ${money(deposited)} − withdrawn ${money(withdrawn)}`
  return [
    findings.length === 0 ? `${sums}: it adds up.` : `${sums}: it does not add up.`,
    ...findings.map(({ code, at }) => `\`${code}\`: ${at}`),
    ...custodians.map(
      ({ custodian, deposited: into, withdrawn: out }) =>
        `Organization ${custodian}: ${money(into)} deposited, ${money(out)} withdrawn`,
    ),
  ]
}

/** The report as a page to read; what it says is in the report itself. */
export function reportPage(report: RecheckReport): string {
  const { differing, notOpened, deadlines, corrections, licences } = report
  const found = differing.map((one) => {
    const sums =
      one.committed === undefined || one.recomputed === undefined
        ? ""
        : `; committed ${money(one.committed)}, the plan gives ${money(one.recomputed)}`
    return `\`${one.code}\` (${one.at}): ${one.message}${sums}. ${nameOf(one)}`
  })
  const late = deadlines.findings.map((one) => `\`${one.code}\` by ${one.hours} h: ${nameOf(one)}`)
  const corrected = [
    `${corrections.replaced} replaced, ${corrections.refunded} refunded, ${corrections.voided} void`,
    ...corrections.open.map((one) => `Difference still open: ${nameOf(one)}`),
  ]
  const unlicensed = licences.map(({ practitioner, visits }) => `${practitioner}: ${visits} visits`)
  const undated = deadlines.notDated === 0 ? [] : [`Not dated, for want of blocks: ${deadlines.notDated} visits`]
  return [
    ...head(report),
    ...payerTable(report.payers),
    ...section("Differing", found, "None of those opened."),
    ...section("Settled and not opened", notOpened.map(nameOf), "None."),
    ...section("Deadlines", [...late, ...undated], `All ${deadlines.checked} kept.`),
    ...section("Corrections", corrected, ""),
    ...section("Licences not active on a day of service", unlicensed, "None."),
    ...section("Money of the whole ledger", balanceLines(report), ""),
    ...section("Not checked", report.notChecked, ""),
  ].join("\n")
}
