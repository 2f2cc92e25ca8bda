import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toUtf8 } from "#crypto"
import {
  blinding,
  chainId,
  cover,
  filled,
  line,
  makeBundle,
  planBytes,
  served,
  standard,
  table,
  view,
  type Wishes,
} from "../../test/sample-bundle.ts"
import { openEnd } from "../ledger/rows.ts"
import { encodeTerms } from "../ledger/terms.ts"
import { encodeClaim, plainClaim } from "../plan/claim.ts"
import { encodeDetermination } from "../plan/leg.ts"
import { type Bundle, decodeBundle, encodeBundle } from "./bundle.ts"
import type { BundleFailureCode } from "./bundle-reason.ts"
import { checkBundle } from "./check-bundle.ts"
import type { RegisterView } from "./register-view.ts"

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

test("after the chain moved, what was signed for the former one is good, alone or in a bundle of the new one", () => {
  const moved = { ...view, chainId: "the-consortium", former: chainId }
  const carried = { ...standardBundle, chainId: moved.chainId }
  for (const bundle of [standardBundle, carried]) {
    const { good, failure, statementChain } = checkBundle(bundle, moved)
    assert.deepEqual([good, failure, statementChain], [true, undefined, chainId])
  }
  const stranger = { ...view, chainId: moved.chainId }
  assert.equal(checkBundle(standardBundle, stranger).failure?.code, "other-chain")
  assert.equal(checkBundle(carried, stranger).failure?.code, "signature-forged")
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
