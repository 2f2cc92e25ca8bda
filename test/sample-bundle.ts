/**
 * One visit of the worked eye plan as a clinic bundles it, signed by seeds that every test knows, with whatever a test
 * wishes to be wrong in it; and the registers by which it is good.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { publicKeyOf, toUtf8 } from "#crypto"
import { toHex } from "../src/base/bytes.ts"
import { digest } from "../src/base/digest.ts"
import { keyId, type Meaning } from "../src/base/envelope.ts"
import { encodeAs } from "../src/base/schema.ts"
import { dayNumber, firstHourOfMonth, monthOfDay } from "../src/base/time.ts"
import { treeProof, treeRoot } from "../src/base/tree.ts"
import {
  decodePayload,
  encodePayload,
  monthExpiry,
  signPayload,
  transactionId,
  voucherBody,
} from "../src/ledger/envelopes.ts"
import { roles } from "../src/ledger/roles.ts"
import { type KeyRow, openEnd } from "../src/ledger/rows.ts"
import { encodeTerms, type Terms, termsDigest } from "../src/ledger/terms.ts"
import { factsBody } from "../src/ledger/visit/2-record.ts"
import { visitBody } from "../src/ledger/visit/4-settle.ts"
import { adjudicate } from "../src/plan/adjudicate/adjudicate.ts"
import {
  type Claim,
  type ClaimLine,
  encodeClaim,
  encodeProvider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "../src/plan/claim.ts"
import { authorizations, decisions, inputOf, notices, referrals } from "../src/plan/input.ts"
import { readPlan } from "../src/plan/language/read.ts"
import { determinationDigest, encodeDetermination, encodeLeg, legDigest } from "../src/plan/leg.ts"
import { encodeSnapshot, type Snapshot, snapshotDigest } from "../src/plan/snapshot.ts"
import { encodeStep, statementTraceRoot, traceRoot } from "../src/plan/trace.ts"
import { commitAmount } from "../src/privacy/amounts.ts"
import { commitCeiling, commitClaim, commitDetermination, commitTrace } from "../src/privacy/commitments.ts"
import type { Bundle } from "../src/verify/bundle.ts"
import type { RegisterView } from "../src/verify/register-view.ts"

export const chainId = "countersign-test"
export const filled = (byte: number) => new Uint8Array(32).fill(byte)
export const seeds = { patient: filled(1), practitioner: filled(2), payer: filled(3) }
export const [clinic, mutual] = [1, 3] as const
export const practitioner = filled(40)
export const served = dayNumber(2026, 4, 14)
const folder = join(import.meta.dirname, "../plans")
export const planBytes = new Uint8Array(readFileSync(join(folder, "eye-sample.md")))
export const table = new Uint8Array(readFileSync(join(folder, "tables/eye-services.csv")))
export const planHash = digest("plan", planBytes)
const read = readPlan(planBytes, new Map([["eye-services", table]]))
assert.ok("plan" in read)
const { plan } = read

export const line = (n: number, code: string, charge: bigint, more: Partial<ClaimLine> = {}): ClaimLine => ({
  ...plainLine(n, code, charge, served),
  facts: [n - 1],
  ...more,
})
export const standard = plainClaim(
  [
    line(1, "E10", 21000n, { modifiers: ["25"] }),
    line(2, "T20", 12500n, { modifiers: ["50"] }),
    line(3, "S30", 45000n, { modifiers: ["LT"] }),
    line(4, "J0178", 220000n, { modifiers: ["JZ"], unitsMilli: 2000 }),
  ],
  served,
)
export const year = dayNumber(2026, 1, 1)
export const snapshot: Snapshot = {
  payer: "sample-mutual",
  member: filled(50),
  plan: planHash,
  period: { from: year, to: dayNumber(2026, 12, 31) },
  sequence: 4,
  previous: filled(51),
  facts: plainMember,
  buckets: [
    { clause: "5.2", owner: "person", periodStart: year, met: 12000n, limit: 24000n },
    { clause: "5.4", owner: "person", periodStart: year, met: 208740n, limit: 250000n },
  ],
  counts: [],
  events: [],
  visits: [],
  differences: [],
  expiry: firstHourOfMonth(2026 * 12 + 6),
}

export interface Wishes {
  claim?: Claim
  terms?: Partial<Terms>
  signs?: readonly Meaning[]
  ceiling?: bigint
  amount?: bigint
  /** What the clinic claims the leg to be, in place of what the plan gives. */
  cheat?: (leg: ReturnType<typeof adjudicate>["leg"]) => ReturnType<typeof adjudicate>["leg"]
  tier?: number
  /** Steps of the trace that the clinic leaves out at its end. */
  dropsSteps?: number
  /** Whose one-time key the voucher is for. */
  voucherFor?: Uint8Array
  snapshotPlan?: Uint8Array
}

const signersOf: Partial<Record<Meaning, Uint8Array>> = {
  performed: seeds.practitioner,
  countersigned: seeds.patient,
  agreed: seeds.payer,
  vouchered: seeds.payer,
  counted: seeds.payer,
}
function signed(payload: Uint8Array, meanings: readonly Meaning[]): Uint8Array {
  const orders = meanings.map((meaning) => ({ signer: { seed: signersOf[meaning]! }, meaning }))
  return signPayload(chainId, payload, orders)
}

export function cover(wishes: Wishes) {
  const snapshotPayload = encodeSnapshot({ ...snapshot, plan: wishes.snapshotPlan ?? planHash })
  const terms: Terms = {
    salt: filled(60),
    plan: planHash,
    snapshot: snapshotDigest(snapshotPayload),
    holder: 0,
    coverFrom: year,
    coverTo: dayNumber(2026, 12, 31),
    allotments: [],
    ...wishes.terms,
  }
  const voucherPayload = encodePayload("voucher/1", firstHourOfMonth(monthOfDay(served) + 2), voucherBody, {
    V: publicKeyOf(wishes.voucherFor ?? seeds.patient),
    payer: mutual,
    cap: 200000n,
    month: monthOfDay(served),
    terms: termsDigest(terms),
  })
  return { snapshotPayload, terms, voucherPayload }
}

function factsOf(claim: Claim) {
  const leaves = claim.lines.map(
    (_, i) => [filled(70 + i), toUtf8(`Line ${i + 1} was done.`), i, practitioner] as const,
  )
  const facts = leaves.map(([salt, sentence, entry, author], index) => ({
    salt,
    sentence,
    entry,
    author,
    index,
    proof: treeProof("fact", leaves, index),
  }))
  return { facts, root: treeRoot("fact", leaves) }
}

export const blinding = new Uint8Array(32).fill(5, 0, 31)
const salts = { claim: filled(80), determination: filled(81), trace: filled(82), ceiling: filled(83) }

/** A whole bundle as a clinic makes it. */
export function makeBundle(wishes: Wishes = {}): Bundle {
  const { claim = standard, ceiling = 50000n, signs = ["performed", "countersigned"], tier = 0 } = wishes
  const { snapshotPayload, terms, voucherPayload } = cover(wishes)
  const provider = plainProvider("eye-clinic")
  const tierName = (["patient", "proxy", "attested", "silent"] as const)[tier]!
  const assurance = { tier: tierName, allotments: [] }
  const own = adjudicate(inputOf({ plan, claim, member: plainMember, provider, snapshot, assurance, on: served }))
  const leg = wishes.cheat?.(own.leg) ?? own.leg
  const legBytes = encodeLeg(leg)
  const determination = encodeDetermination({ legs: [legDigest(filled(84), legBytes)], patient: leg.totals.patient })
  const trace = own.trace.slice(0, own.trace.length - (wishes.dropsSteps ?? 0))
  const root = traceRoot(trace, salts.trace)
  const { facts, root: factsRoot } = factsOf(claim)
  const amount = wishes.amount ?? leg.totals.benefit
  const factsPayload = encodePayload("facts-statement/1", monthExpiry(served * 24), factsBody, {
    V: publicKeyOf(seeds.patient),
    provider: clinic,
    supersedes: undefined,
    recordRoot: filled(90),
    factsRoot,
    ceiling: commitCeiling(salts.ceiling, ceiling),
    delegation: undefined,
  })
  const visitPayload = encodePayload("visit-statement/1", monthExpiry(served * 24), visitBody, {
    facts: decodePayload("facts-statement/1", factsBody, factsPayload),
    supersedes: undefined,
    claim: commitClaim(salts.claim, encodeClaim(claim)),
    determination: commitDetermination(salts.determination, determinationDigest(determination)),
    trace: commitTrace(salts.trace, statementTraceRoot([root])),
    legs: [{ voucher: transactionId(chainId, voucherPayload), commitment: commitAmount(amount, blinding)! }],
  })
  const empty = {
    authorizations: encodeAs(authorizations, []),
    referrals: encodeAs(referrals, []),
    notices: encodeAs(notices, []),
    decisions: encodeAs(decisions, []),
  }
  return {
    chainId,
    provider: clinic,
    leg: 0,
    own: 0,
    factsStatement: signed(
      factsPayload,
      ["performed", "countersigned"].filter((m) => m !== "countersigned" || tier === 0) as Meaning[],
    ),
    visitStatement: signed(visitPayload, signs),
    voucher: signed(voucherPayload, ["vouchered"]),
    terms: encodeTerms(terms),
    snapshot: signed(snapshotPayload, ["counted"]),
    plan: planBytes,
    tables: [{ name: "eye-services", content: table }],
    claim: encodeClaim(claim),
    providerFacts: encodeProvider(provider),
    ...empty,
    tier,
    on: served,
    factsCount: facts.length,
    facts,
    determination,
    legs: [
      {
        digest: legDigest(filled(84), legBytes),
        traceRoot: root,
        opened: { leg: legBytes, salt: filled(84), trace: trace.map(encodeStep) },
      },
    ],
    salts,
    ceiling,
    openings: [{ leg: 0, amount, blinding }],
    credential: undefined,
    delegation: undefined,
  }
}

const keyRow = (org: number, role: number, of?: Uint8Array): KeyRow => ({
  org,
  roles: role,
  practitioner: of,
  from: 0,
  until: openEnd,
})
const hexKey = (seed: Uint8Array) => toHex(keyId(publicKeyOf(seed)))
export const view: RegisterView = {
  chainId,
  keys: new Map([
    [hexKey(seeds.practitioner), keyRow(clinic, roles.perform, practitioner)],
    [hexKey(seeds.payer), keyRow(mutual, roles.voucher | roles.agree)],
  ]),
  practitioners: new Map([
    [
      toHex(practitioner),
      {
        board: 5,
        key: keyId(filled(9)),
        credential: filled(9),
        history: [{ status: 0, from: 0 }],
        glass: { day: 0, count: 0 },
      },
    ],
  ]),
  plans: new Map([
    [
      toHex(planHash),
      { payer: mutual, series: "eye-sample", version: 1, from: dayNumber(2026, 1, 1) * 24, until: openEnd },
    ],
  ]),
  snapshots: new Set([toHex(snapshotDigest(encodeSnapshot(snapshot)))]),
  leg: { held: 200000n, paid: 0n },
}
