/** Parts of the bundle's check that read no money: plan, terms, days of service, licence, snapshot, facts. */
import { sha256 } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { meanings } from "../base/envelope.ts"
import { monthOfDay } from "../base/time.ts"
import { verifyTreeProof } from "../base/tree.ts"
import { licenceStatus } from "../ledger/roles.ts"
import { licenceAt } from "../ledger/signer.ts"
import { termsDigest } from "../ledger/terms.ts"
import { snapshotDigest } from "../plan/snapshot.ts"
import { need } from "./bundle-reason.ts"
import type { OpenedBundle } from "./open-bundle.ts"
import type { RegisterView } from "./register-view.ts"

const firstHour = (day: number) => day * 24
const lastHour = (day: number) => day * 24 + 23

/** Registers that a proof shows are not from before a day of service: what came after them is not in them. */
export function checkRegisters({ claim }: OpenedBundle, { at }: RegisterView): void {
  if (at === undefined) return
  for (const { number, from } of claim.lines)
    need(firstHour(from) * 3600 <= at.seconds, "registers-old", `claim.lines[${number}]`)
}

/** The plan is a published one of this payer, and in force on every day of service. */
export function checkPlan({ bundle, terms, claim, voucher }: OpenedBundle, { plans }: RegisterView): void {
  const hash = digest("plan", bundle.plan)
  need(equalBytes(hash, terms.plan), "plan-unpublished", "plan")
  if (plans === undefined) return
  const row = plans.get(toHex(hash))
  need(row !== undefined && row.payer === voucher.body.payer, "plan-unpublished", "plan")
  for (const { number, from } of claim.lines)
    need(row.from <= lastHour(from) && firstHour(from) < row.until, "plan-not-in-force", `claim.lines[${number}]`)
}

export function checkTerms({ terms, voucher }: OpenedBundle): void {
  need(equalBytes(termsDigest(terms), voucher.body.terms), "terms-do-not-open", "terms")
}

/** Every day of service is in the voucher's month and in the cover. */
export function checkCover({ claim, terms, voucher }: OpenedBundle): void {
  for (const { number, from, to } of claim.lines) {
    const at = `claim.lines[${number}]`
    need(monthOfDay(from) === voucher.body.month, "outside-voucher", at)
    need(terms.coverFrom <= from && to <= terms.coverTo && from <= to, "outside-cover", at)
  }
}

/** The licence of whoever performed, on every day of service: the ledger looked at its own hour alone. */
export function checkLicence({ bundle, claim, signatures }: OpenedBundle, { keys, practitioners }: RegisterView): void {
  if (keys === undefined || practitioners === undefined) return
  for (const { key, meaning } of signatures) {
    if (meaning !== meanings.performed) continue
    const practitioner = keys.get(toHex(key))?.practitioner
    const row = practitioner && practitioners.get(toHex(practitioner))
    if (bundle.credential !== undefined)
      need(row !== undefined && isRegistered(bundle.credential, row.credential), "credential-unknown", "credential")
    for (const { number, from } of claim.lines) {
      const status = row && licenceAt(row, lastHour(from))
      need(status === licenceStatus.active, "licence-not-active", `claim.lines[${number}]`)
    }
  }
}

const tilde = 0x7e

/**
 * The credential that is shown is the one whose hash the licence board registered: an SD-JWT, of which the board signed
 * the part before the first tilde.
 */
function isRegistered(credential: Uint8Array, registered: Uint8Array): boolean {
  const end = credential.indexOf(tilde)
  return equalBytes(sha256(end < 0 ? credential : credential.subarray(0, end)), registered)
}

export function checkSnapshot(opened: OpenedBundle, { snapshots }: RegisterView): void {
  const { snapshotPayload, snapshot, terms } = opened
  const known = snapshotDigest(snapshotPayload)
  need(equalBytes(known, terms.snapshot), "snapshot-unknown", "snapshot")
  need(equalBytes(snapshot.plan, terms.plan), "snapshot-unknown", "snapshot.plan")
  if (snapshots !== undefined) need(snapshots.has(toHex(known)), "snapshot-unknown", "snapshot")
}

/** Every cited fact stands under the signed root, and every line cites one that is shown. */
export function checkFacts({ bundle, facts, claim }: OpenedBundle): void {
  const shown = new Set<number>()
  for (const [i, { salt, sentence, entry, author, index, proof }] of bundle.facts.entries()) {
    const leaf = [salt, sentence, entry, author]
    const good = verifyTreeProof("fact", facts.factsRoot, leaf, index, bundle.factsCount, proof)
    need(good, "fact-forged", `facts[${i}]`)
    shown.add(index)
  }
  for (const { number, facts: cited } of claim.lines)
    need(cited.length > 0 && cited.every((index) => shown.has(index)), "line-without-fact", `claim.lines[${number}]`)
}
