/**
 * One settled leg, checked again by somebody who signed nothing and takes no part: the opened bundle against this node's
 * own copy of the ledger, the plan run again. What a payer checks before it signs is checked here afterwards, all of it
 * and not only up to the first fault; what the ledger has done with the amount since then is checked as well.
 */
import { equalBytes, toHex } from "../../base/bytes.ts"
import { meanings } from "../../base/envelope.ts"
import { idsOn } from "../../ledger/chain-names.ts"
import { roles } from "../../ledger/roles.ts"
import { legStates } from "../../ledger/rows.ts"
import { commitmentOf } from "../../privacy/amounts.ts"
import { decodeBundle } from "../../verify/bundle.ts"
import { checkAmount, checkCeiling, checkCommitments, checkRecomputation } from "../../verify/bundle-money.ts"
import { checkCover, checkLicence, checkPlan, checkSnapshot, checkTerms } from "../../verify/bundle-papers.ts"
import { BundleRefused, need } from "../../verify/bundle-reason.ts"
import { type OpenedBundle, openBundle } from "../../verify/open-bundle.ts"
import type { RegisterView } from "../../verify/register-view.ts"
import type { OpenedVisit } from "./opened-visit.ts"
import type { SettledLeg } from "./settled-legs.ts"

export interface VisitFinding {
  readonly code: string
  readonly message: string
  /** Which part of the bundle, or of the ledger's row. */
  readonly at: string
}

/** Minor units, of this payer's leg. */
export interface VisitMoney {
  /** What the signed statement commits to. */
  readonly committed: bigint
  /** What the plan gives; undefined where it could not be run. */
  readonly recomputed: bigint | undefined
}

export interface RecheckedVisit {
  readonly findings: readonly VisitFinding[]
  readonly money: VisitMoney | undefined
  /** Public ids of those who performed without an active licence on a day of service; hex. */
  readonly unlicensed: readonly string[]
}

/** What the ledger says of the leg, whoever opens it or not. */
export function ledgerFindings({ leg, visit }: SettledLeg): readonly VisitFinding[] {
  const findings: VisitFinding[] = []
  const same = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
    a === undefined || b === undefined ? a === b : equalBytes(a, b)
  if (leg.state === legStates.paid && !same(leg.paid, leg.owed))
    findings.push({ code: "paid-differs", message: "What was paid is not what is owed", at: "ledger.leg.paid" })
  if (visit.statement?.void === 1 && leg.owed !== undefined)
    findings.push({ code: "void-owed", message: "A void statement is still owed", at: "ledger.leg.owed" })
  return findings
}

/** The payer's own book is signed by its voucher key; the tier is no stronger than what the ledger lists. */
function checkSigners(
  { bundle, snapshotKey, voucher, visit }: OpenedBundle,
  { keys, ...names }: RegisterView,
  entry: SettledLeg,
) {
  const row = keys?.get(toHex(snapshotKey))
  const known = row !== undefined && row.org === voucher.body.payer && (row.roles & roles.voucher) !== 0
  need(known, "signer-unknown", "snapshot")
  const facts = idsOn(names, visit.facts)
  const listed = entry.visit.facts.find(({ id }) => facts.some((one) => equalBytes(id, one)))
  need(listed !== undefined && bundle.tier >= listed.assurance, "assurance-overstated", "tier")
}

/** The leg that was opened is the one the ledger settled, and it owes what was opened, unless a ruling changed that. */
function checkOwed({ bundle, visit, voucher, statementId }: OpenedBundle, entry: SettledLeg): void {
  const { leg, visit: row } = entry
  need(row.statement !== undefined && equalBytes(row.statement.id, statementId), "ids-differ", "ledger.statement")
  need(equalBytes(leg.voucher, voucher.id(bundle.chainId)), "ids-differ", "ledger.leg.voucher")
  const commitment = visit.legs[bundle.leg]?.commitment
  const filed = row.statement.legs.find((part) => part.leg === entry.index)?.amount
  need(commitment !== undefined && filed !== undefined && equalBytes(commitment, filed), "ids-differ", "ledger.amount")
  if (row.statement.void === 1 || leg.refunded === 1) return
  const opened = bundle.openings.find((opening) => opening.leg === bundle.leg)?.amount
  const silent = opened === undefined ? undefined : commitmentOf(opened)
  const owed = leg.owed
  const stands =
    owed === undefined
      ? opened === 0n
      : equalBytes(owed, commitment) || (silent !== undefined && equalBytes(owed, silent))
  need(stands, "opening-wrong", "ledger.leg.owed")
}

function performedBy({ signatures }: OpenedBundle, { keys }: RegisterView): readonly string[] {
  const performed = signatures.filter(({ meaning }) => meaning === meanings.performed)
  const ids = performed.flatMap(({ key }) => keys?.get(toHex(key))?.practitioner ?? [])
  return [...new Set(ids.map(toHex))]
}

/** Runs a check; undefined when it holds. */
function findingOf(check: () => void): VisitFinding | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof BundleRefused) return error.failure
    throw error
  }
}

/**
 * Checks an opened leg in full. Everything in it may come from an adversary, two of them together included.
 *
 * @param registers - this node's own; the payer's chain of snapshots and the sentences of fact are not checked.
 */
export function recheckVisit(
  entry: SettledLeg,
  { bundle: bytes }: OpenedVisit,
  registers: RegisterView,
): RecheckedVisit {
  const bundle = decodeBundle(bytes)
  let opened: OpenedBundle | undefined
  const unread = findingOf(() => {
    opened = openBundle(bundle, registers)
  })
  if (opened === undefined) return { findings: [unread!], money: undefined, unlicensed: [] }
  const visit = opened
  const licence = findingOf(() => checkLicence(visit, registers))
  let recomputed: bigint | undefined
  const findings = [
    findingOf(() => checkSigners(visit, registers, entry)),
    findingOf(() => checkPlan(visit, registers)),
    findingOf(() => checkTerms(visit)),
    findingOf(() => checkCover(visit)),
    licence,
    findingOf(() => checkSnapshot(visit, registers)),
    findingOf(() => checkCommitments(visit)),
    findingOf(() => {
      const run = checkRecomputation(visit)
      recomputed = run.recomputed.plan
      need(run.same, "recomputation-differs", "determination")
    }),
    findingOf(() => checkCeiling(visit)),
    findingOf(() => checkAmount(visit, { ...registers, leg: { held: entry.leg.held, paid: 0n } })),
    findingOf(() => checkOwed(visit, entry)),
  ].filter((finding) => finding !== undefined)
  const committed = bundle.openings.find(({ leg }) => leg === bundle.leg)?.amount
  return {
    findings,
    money: committed === undefined ? undefined : { committed, recomputed },
    unlicensed: licence?.code === "licence-not-active" ? performedBy(visit, registers) : [],
  }
}
