import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { publicKeyOf, toUtf8 } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { keyId, type Meaning } from "../base/envelope.ts"
import { encodeAs } from "../base/schema.ts"
import { dayNumber, firstHourOfMonth, monthOfDay } from "../base/time.ts"
import { treeProof, treeRoot } from "../base/tree.ts"
import {
  decodePayload,
  encodePayload,
  monthExpiry,
  signPayload,
  transactionId,
  voucherBody,
} from "../ledger/envelopes.ts"
import { roles } from "../ledger/roles.ts"
import { type KeyRow, openEnd } from "../ledger/rows.ts"
import { encodeTerms, type Terms, termsDigest } from "../ledger/terms.ts"
import { factsBody } from "../ledger/visit/2-record.ts"
import { visitBody } from "../ledger/visit/4-settle.ts"
import { adjudicate } from "../plan/adjudicate.ts"
import {
  type Claim,
  type ClaimLine,
  encodeClaim,
  encodeProvider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "../plan/claim.ts"
import { authorizations, decisions, inputOf, notices, referrals } from "../plan/input.ts"
import { determinationDigest, encodeDetermination, encodeLeg, legDigest } from "../plan/leg.ts"
import { readPlan } from "../plan/read.ts"
import { encodeSnapshot, type Snapshot, snapshotDigest } from "../plan/snapshot.ts"
import { encodeStep, statementTraceRoot, traceRoot } from "../plan/trace.ts"
import { commitAmount } from "../privacy/amounts.ts"
import { commitCeiling, commitClaim, commitDetermination, commitTrace } from "../privacy/commitments.ts"
import { type Bundle, decodeBundle, encodeBundle } from "./bundle.ts"
import type { BundleFailureCode } from "./bundle-reason.ts"
import { checkBundle } from "./check-bundle.ts"
import type { RegisterView } from "./register-view.ts"

const chainId = "countersign-test"
const filled = (byte: number) => new Uint8Array(32).fill(byte)
const seeds = { patient: filled(1), practitioner: filled(2), payer: filled(3) }
const [clinic, mutual] = [1, 3]
const practitioner = filled(40)
const served = dayNumber(2026, 4, 14)
const folder = join(import.meta.dirname, "../../plans")
const planBytes = new Uint8Array(readFileSync(join(folder, "eye-sample.md")))
const table = new Uint8Array(readFileSync(join(folder, "tables/eye-services.csv")))
const planHash = digest("plan", planBytes)
const read = readPlan(planBytes, new Map([["eye-services", table]]))
assert.ok("plan" in read)
const { plan } = read

const line = (n: number, code: string, charge: bigint, more: Partial<ClaimLine> = {}): ClaimLine => ({
  ...plainLine(n, code, charge, served),
  facts: [n - 1],
  ...more,
})
const standard = plainClaim(
  [
    line(1, "E10", 21000n, { modifiers: ["25"] }),
    line(2, "T20", 12500n, { modifiers: ["50"] }),
    line(3, "S30", 45000n, { modifiers: ["LT"] }),
    line(4, "J0178", 220000n, { modifiers: ["JZ"], unitsMilli: 2000 }),
  ],
  served,
)
const year = dayNumber(2026, 1, 1)
const snapshot: Snapshot = {
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

interface Wishes {
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

function cover(wishes: Wishes) {
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

const blinding = new Uint8Array(32).fill(5, 0, 31)
const salts = { claim: filled(80), determination: filled(81), trace: filled(82), ceiling: filled(83) }

/** A whole bundle as a clinic makes it. */
function makeBundle(wishes: Wishes = {}): Bundle {
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
const view: RegisterView = {
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

const standardBundle = makeBundle()

test("the standard visit's bundle is good, to the cent", () => {
  const verdict = checkBundle(decodeBundle(encodeBundle(standardBundle)), view)
  assert.equal(verdict.failure, undefined)
  assert.equal(verdict.good, true)
  assert.deepEqual(verdict.notChecked, [])
  assert.deepEqual(verdict.recomputed, { plan: 133798n, patient: 41260n, firstDifference: undefined })
})

test("offline it says what it could not check, and still re-computes the cents", () => {
  const verdict = checkBundle(standardBundle, { chainId })
  assert.equal(verdict.good, true)
  assert.deepEqual(verdict.notChecked, ["keys", "plan", "licence", "snapshot", "held"])
  assert.equal(verdict.recomputed?.plan, 133798n)
})

const bump = (bytes: Uint8Array, at = bytes.length - 1) => {
  const changed = bytes.slice()
  changed[at]! ^= 1
  return changed
}
const [first] = standardBundle.facts
const [leg] = standardBundle.legs
const without = (...left: (keyof RegisterView)[]): RegisterView => {
  const rest: Record<string, unknown> = { ...view }
  for (const field of left) delete rest[field]
  return rest as unknown as RegisterView
}
const wrongMonth = plainClaim([line(1, "E10", 21000n, { from: served + 30, to: served + 30 })], served + 31)
const uncited = {
  ...standard,
  lines: standard.lines.map((one) => ({ ...one, facts: one.number === 2 ? [] : one.facts })),
}
const practitionersSuspended = new Map(
  [...view.practitioners!].map(([id, row]) => [
    id,
    {
      ...row,
      history: [
        { status: 0, from: 0 },
        { status: 1, from: served * 24 - 5 },
      ],
    },
  ]),
)
const overpaid: Wishes["cheat"] = (leg) => ({ ...leg, totals: { ...leg.totals, benefit: leg.totals.benefit + 1n } })

/** One thing wrong in each; the first failure is the one that the order of checks promises. */
const refused: readonly [what: string, bundle: Bundle, code: BundleFailureCode, view?: RegisterView][] = [
  ["another chain", { ...standardBundle, chainId: "elsewhere" }, "other-chain"],
  [
    "a forged signature",
    { ...standardBundle, visitStatement: bump(standardBundle.visitStatement) },
    "signature-forged",
  ],
  ["a forged voucher", { ...standardBundle, voucher: bump(standardBundle.voucher) }, "signature-forged"],
  ["a forged snapshot", { ...standardBundle, snapshot: bump(standardBundle.snapshot) }, "signature-forged"],
  [
    "the facts statement of another visit",
    { ...standardBundle, factsStatement: makeBundle({ ceiling: 1n }).factsStatement },
    "ids-differ",
  ],
  ["another patient's voucher", makeBundle({ voucherFor: filled(8) }), "ids-differ"],
  ["a snapshot under another plan", makeBundle({ snapshotPlan: filled(98) }), "snapshot-unknown", without("snapshots")],
  ["a trace that leaves a step out", makeBundle({ dropsSteps: 1 }), "recomputation-differs"],
  ["another provider", { ...standardBundle, provider: 2 }, "ids-differ"],
  ["a leg that is not there", { ...standardBundle, leg: 1 }, "ids-differ"],
  ["an unknown key", standardBundle, "signer-unknown", { ...view, keys: new Map() }],
  [
    "a key of another clinic",
    standardBundle,
    "signer-unknown",
    { ...view, keys: new Map([...view.keys!].map(([key, row]) => [key, { ...row, org: 7 }])) },
  ],
  ["a tier above the signatures", standardBundle, "assurance-overstated", { ...view, assurance: 2 }],
  ["a plan that the voucher does not mean", { ...standardBundle, plan: bump(planBytes) }, "plan-unpublished"],
  ["a plan that nobody published", standardBundle, "plan-unpublished", { ...view, plans: new Map() }],
  [
    "a plan of next year",
    standardBundle,
    "plan-not-in-force",
    { ...view, plans: new Map([...view.plans!].map(([id, row]) => [id, { ...row, from: openEnd }])) },
  ],
  [
    "terms of another salt",
    { ...standardBundle, terms: encodeTerms({ ...cover({}).terms, salt: filled(61) }) },
    "terms-do-not-open",
  ],
  ["a day in another month", makeBundle({ claim: wrongMonth }), "outside-voucher"],
  ["a day outside the cover", makeBundle({ terms: { coverFrom: served + 1 } }), "outside-cover"],
  ["a suspended licence", standardBundle, "licence-not-active", { ...view, practitioners: practitionersSuspended }],
  [
    "a credential that the board did not register",
    { ...standardBundle, credential: toUtf8("e30.e30.AA~") },
    "credential-unknown",
  ],
  ["a delegation that nobody signed for", { ...standardBundle, delegation: filled(1) }, "ids-differ"],
  ["a snapshot that the voucher does not mean", makeBundle({ terms: { snapshot: filled(99) } }), "snapshot-unknown"],
  ["a snapshot outside the chain", standardBundle, "snapshot-unknown", { ...view, snapshots: new Set() }],
  [
    "an altered sentence",
    { ...standardBundle, facts: [{ ...first!, sentence: toUtf8("Nothing was done.") }] },
    "fact-forged",
  ],
  ["a fact left out", { ...standardBundle, facts: standardBundle.facts.slice(1) }, "line-without-fact"],
  ["a line that cites nothing", makeBundle({ claim: uncited }), "line-without-fact"],
  [
    "another claim",
    { ...standardBundle, claim: encodeClaim({ ...standard, clean: served + 1 }) },
    "claim-does-not-open",
  ],
  [
    "another determination",
    { ...standardBundle, determination: encodeDetermination({ legs: [leg!.digest], patient: 0n }) },
    "determination-does-not-open",
  ],
  [
    "another trace",
    { ...standardBundle, legs: [{ ...leg!, opened: { ...leg!.opened!, trace: leg!.opened!.trace.slice(1) } }] },
    "trace-does-not-open",
  ],
  ["another ceiling", { ...standardBundle, ceiling: 49999n }, "ceiling-does-not-open"],
  ["a cent too much", makeBundle({ cheat: overpaid }), "recomputation-differs"],
  [
    "a table changed under the plan",
    { ...standardBundle, tables: [{ name: "eye-services", content: bump(table) }] },
    "plan-unreadable",
  ],
  ["more than she signed for", makeBundle({ ceiling: 41259n, signs: ["performed"] }), "above-ceiling"],
  ["an amount that is not the benefit", makeBundle({ amount: 133799n }), "opening-wrong"],
  [
    "an opening of another amount",
    { ...standardBundle, openings: [{ leg: 0, amount: 133799n, blinding }] },
    "opening-wrong",
  ],
  ["no opening", { ...standardBundle, openings: [] }, "opening-wrong"],
  ["less held than owed", standardBundle, "above-hold", { ...view, leg: { held: 200000n, paid: 100000n } }],
]

for (const [what, bundle, code, registers] of refused) {
  test(`refused: ${what}`, () => {
    const verdict = checkBundle(bundle, registers ?? view)
    assert.equal(verdict.good, false)
    assert.equal(verdict.failure?.code, code)
  })
}

test("where the plan gives another sum, the answer holds that sum", () => {
  const verdict = checkBundle(makeBundle({ cheat: overpaid }), view)
  assert.equal(verdict.recomputed?.plan, 133798n)
})

test("above the ceiling it is good only with the patient's signature on this very statement", () => {
  assert.equal(checkBundle(makeBundle({ ceiling: 41259n }), view).good, true)
  assert.equal(checkBundle(makeBundle({ ceiling: 41260n, signs: ["performed"] }), view).good, true)
})

test("nobody's signature of the patient's side leaves the tier unchecked, and says so", () => {
  const unsigned = makeBundle({ signs: ["performed"], tier: 1 })
  assert.deepEqual(checkBundle(unsigned, without("snapshots")).notChecked, ["snapshot", "assurance"])
})

test("a damaged bundle never passes for the same claim, and never throws but for its encoding", () => {
  const encoded = encodeBundle(standardBundle)
  const damaged = fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const forged = encoded.slice()
    forged[at]! ^= change
    let bundle: Bundle
    try {
      bundle = decodeBundle(forged)
    } catch (error) {
      assert.equal((error as Error).name, "EncodingError")
      return
    }
    assert.equal(checkBundle(bundle, view).good, false, `byte ${at}`)
  })
  fc.assert(damaged, { numRuns: 400 })
})
