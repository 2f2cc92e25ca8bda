/**
 * What whoever opens a bundle verifies before signing, in the order of the protocol: signatures and ids; the keys; the plan;
 * the voucher's terms; the days of service; the licence; the snapshot; the facts; what the statement commits to; the
 * determination, run again; the ceiling; the leg's own amount. The first failure ends it, with its reason.
 *
 * What the ledger's registers say is handed in as a value. A register that is not at hand, as offline, leaves its
 * checks out, and the answer says which.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { meanings } from "../base/envelope.ts"
import { delegationScopes } from "../ledger/envelopes.ts"
import { type Role, roles } from "../ledger/roles.ts"
import { assurances } from "../ledger/rows.ts"
import { isHandle } from "../ledger/visit/parties.ts"
import { determinationDigest } from "../plan/leg.ts"
import type { Bundle } from "./bundle.ts"
import { checkAmount, checkCeiling, checkCommitments, checkRecomputation, type Recomputed } from "./bundle-money.ts"
import {
  checkCover,
  checkFacts,
  checkLicence,
  checkPlan,
  checkRegisters,
  checkSnapshot,
  checkTerms,
} from "./bundle-papers.ts"
import { type BundleFailure, BundleRefused, need } from "./bundle-reason.ts"
import { type OpenedBundle, openBundle } from "./open-bundle.ts"
import type { RegisterView } from "./register-view.ts"

/** Checks that a missing register leaves out. */
export type NotChecked = "keys" | "plan" | "licence" | "snapshot" | "held" | "assurance"

export interface BundleVerdict {
  readonly good: boolean
  readonly failure?: BundleFailure
  readonly notChecked: readonly NotChecked[]
  /** The adjudicator's own answer, as soon as it could run: also where it differs from the bundle's. */
  readonly recomputed?: Recomputed
  /** Unsalted, for the parties to compare. */
  readonly determination?: Uint8Array
  readonly statementId?: Uint8Array
  /** The chain that the statement is signed for: whoever signs beside the others signs for the same. */
  readonly statementChain?: string
}

/** The registers' word on a key: of this organization, with this role. */
function checkKey(
  view: RegisterView,
  key: Uint8Array,
  { role, org, at }: { role: Role; org: number; at: string },
): void {
  if (view.keys === undefined) return
  const row = view.keys.get(toHex(key))
  need(row !== undefined && row.org === org && (row.roles & roles[role]) !== 0, "signer-unknown", at)
}

/** The patient's side, as strong as its signatures are. */
function assuranceOf({ signatures, facts }: OpenedBundle): number {
  const { delegation, V, provider } = facts
  let assurance: number = assurances.silent
  for (const { key, meaning } of signatures) {
    if (meaning === meanings.attested) assurance = Math.min(assurance, assurances.attested)
    if (meaning !== meanings.countersigned) continue
    if (isHandle(key, V)) return assurances.patient
    const body = delegation?.body
    const delegated =
      body !== undefined &&
      equalBytes(body.V, V) &&
      isHandle(delegation?.signatures[0]?.key ?? new Uint8Array(0), V) &&
      (body.provider === 0 || body.provider === provider) &&
      (body.scope & delegationScopes.countersign) !== 0 &&
      equalBytes(body.delegate, key)
    need(delegated, "signer-unknown", "countersigned")
    assurance = assurances.proxy
  }
  return assurance
}

/** Nobody of the patient's side has signed yet, as when the wallet itself is checking: then the tier is a promise. */
function isPending({ signatures }: OpenedBundle, view: RegisterView): boolean {
  const signed = signatures.some(({ meaning }) => meaning === meanings.countersigned || meaning === meanings.attested)
  return view.assurance === undefined && !signed
}

function checkSigners(opened: OpenedBundle, view: RegisterView): void {
  const { bundle, voucher, snapshotKey, signatures } = opened
  const { payer } = voucher.body
  checkKey(view, voucher.signatures[0]!.key, { role: "voucher", org: payer, at: "voucher" })
  checkKey(view, snapshotKey, { role: "voucher", org: payer, at: "snapshot" })
  for (const { key, meaning } of signatures) {
    if (meaning === meanings.performed) checkKey(view, key, { role: "perform", org: bundle.provider, at: "performed" })
    if (meaning === meanings.billed) checkKey(view, key, { role: "bill", org: bundle.provider, at: "billed" })
  }
  const signed = view.assurance ?? assuranceOf(opened)
  need(isPending(opened, view) || bundle.tier >= signed, "assurance-overstated", "tier")
}

function missing(view: RegisterView): NotChecked[] {
  const left: NotChecked[] = []
  if (view.keys === undefined) left.push("keys")
  if (view.plans === undefined) left.push("plan")
  if (view.practitioners === undefined || view.keys === undefined) left.push("licence")
  if (view.snapshots === undefined) left.push("snapshot")
  if (view.leg === undefined) left.push("held")
  return left
}

/** Checks a decoded bundle in full. Anything in it may come from an adversary. */
export function checkBundle(bundle: Bundle, view: RegisterView): BundleVerdict {
  const notChecked = missing(view)
  let known: Pick<BundleVerdict, "recomputed" | "determination" | "statementId" | "statementChain"> = {}
  try {
    const opened = openBundle(bundle, view)
    const { statementId, statementChain } = opened
    known = { statementId, statementChain, determination: determinationDigest(bundle.determination) }
    checkRegisters(opened, view)
    checkSigners(opened, view)
    if (isPending(opened, view)) notChecked.push("assurance")
    checkPlan(opened, view)
    checkTerms(opened)
    checkCover(opened)
    checkLicence(opened, view)
    checkSnapshot(opened, view)
    checkFacts(opened)
    checkCommitments(opened)
    const { recomputed, same } = checkRecomputation(opened)
    known = { ...known, recomputed }
    need(same, "recomputation-differs", "determination")
    checkCeiling(opened)
    checkAmount(opened, view)
    return { good: true, notChecked, ...known }
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error
    return { good: false, failure: error.failure, notChecked, ...known }
  }
}
