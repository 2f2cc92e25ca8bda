/** Goal: each way in which an opened visit can be wrong is found, by its own code, with everything else left right. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { publicKeyOf, toUtf8 } from "#crypto"
import {
  chainId,
  clinic,
  filled,
  makeBundle,
  mutual,
  planHash,
  practitioner,
  seeds,
  served,
  standard,
  view,
  type Wishes,
} from "../../../test/sample-bundle.ts"
import { sampleLeg } from "../../../test/sample-registers.ts"
import { toHex } from "../../base/bytes.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { decodePayload, transactionId } from "../../ledger/envelopes.ts"
import { type Leg, legStates, type VisitRow } from "../../ledger/rows.ts"
import { visitBody, visitStatementType } from "../../ledger/visit/4-settle.ts"
import { commitmentOf } from "../../privacy/amounts.ts"
import { type Bundle, decodeBundle, encodeBundle } from "../../verify/bundle.ts"
import type { RegisterView } from "../../verify/register-view.ts"
import { withoutPeople } from "./opened-visit.ts"
import { ledgerFindings, recheckVisit } from "./recheck-visit.ts"
import type { SettledLeg } from "./settled-legs.ts"

const idOf = (envelope: Uint8Array) => transactionId(chainId, decodeEnvelope(envelope).payload)

/** The visit as the ledger has it once this bundle's statement is settled and paid. */
function entryOf(bundle: Bundle, more: { leg?: Partial<Leg>; visit?: Partial<VisitRow> } = {}): SettledLeg {
  const { body } = decodePayload(visitStatementType, visitBody, decodeEnvelope(bundle.visitStatement).payload)
  const { commitment } = body.legs[0]!
  const leg: Leg = {
    ...sampleLeg,
    voucher: body.legs[0]!.voucher,
    hold: 0n,
    state: legStates.paid,
    owed: commitment,
    paid: commitment,
    settled: served * 24 + 10,
    ...more.leg,
  }
  const facts = [{ id: idOf(bundle.factsStatement), practitioner, assurance: 0, recorded: served * 24 }]
  const statement = { id: idOf(bundle.visitStatement), facts: facts[0]!.id, own: 1, void: 0 }
  const legs = [{ leg: 0, amount: commitment }]
  const visit = { opened: served * 24, proxy: undefined, facts, statement: { ...statement, legs }, transitions: [] }
  return {
    V: publicKeyOf(seeds.patient),
    provider: clinic,
    index: 0,
    leg,
    visit: { ...visit, legs: [leg], ...more.visit },
  }
}

interface Planted {
  readonly wishes?: Wishes
  readonly leg?: Partial<Leg>
  readonly visit?: Partial<VisitRow>
  readonly registers?: Partial<RegisterView>
  readonly changed?: (bundle: Bundle) => Bundle
}
function checked({ wishes = {}, leg, visit, registers = {}, changed = (bundle) => bundle }: Planted = {}) {
  const bundle = makeBundle(wishes)
  const entry = entryOf(bundle, { ...(leg && { leg }), ...(visit && { visit }) })
  const opened = {
    payer: mutual,
    statement: idOf(bundle.visitStatement),
    voucher: entry.leg.voucher,
    bundle: encodeBundle(withoutPeople(changed(bundle))),
  }
  const { snapshots: _, leg: __, ...known } = view
  return recheckVisit(entry, opened, { ...known, ...registers })
}
const codes = (planted: Planted) => checked(planted).findings.map(({ code }) => code)

test("a visit that is right has no finding, without its facts and whatever the plan's tables are", () => {
  const { findings, money, unlicensed } = checked()
  assert.deepEqual([findings, unlicensed], [[], []])
  assert.equal(money!.committed, money!.recomputed)
  assert.ok(money!.committed > 0n)
})

const suspended = [
  { status: 0, from: 0 },
  { status: 1, from: served * 24 - 48 },
]
const licence = [...view.practitioners!.values()][0]!
const planRow = [...view.plans!.values()][0]!
const other = commitmentOf(999n)
const rows: readonly (readonly [string, Planted, readonly string[]])[] = [
  [
    "the amount does not follow from the plan",
    { wishes: { cheat: (leg) => ({ ...leg, totals: { ...leg.totals, benefit: leg.totals.benefit + 1n } }) } },
    ["recomputation-differs"],
  ],
  ["a step of the trace is left out", { wishes: { dropsSteps: 1 } }, ["recomputation-differs"]],
  ["the commitment is to another amount", { wishes: { amount: 5n } }, ["opening-wrong"]],
  ["the plan was never published", { registers: { plans: new Map() } }, ["plan-unpublished"]],
  [
    "the plan is another payer's",
    { registers: { plans: new Map([[toHex(planHash), { ...planRow, payer: 9 }]]) } },
    ["plan-unpublished"],
  ],
  [
    "the plan had ended",
    { registers: { plans: new Map([[toHex(planHash), { ...planRow, until: served * 24 }]]) } },
    ["plan-not-in-force"],
  ],
  ["the cover had ended", { wishes: { terms: { coverTo: served - 1 } } }, ["outside-cover"]],
  [
    "the terms are others",
    { changed: (bundle) => ({ ...bundle, terms: makeBundle({ terms: { holder: 1 } }).terms }) },
    ["terms-do-not-open"],
  ],
  [
    "the licence was suspended",
    { registers: { practitioners: new Map([[toHex(practitioner), { ...licence, history: suspended }]]) } },
    ["licence-not-active"],
  ],
  ["the snapshot's key is nobody's", { registers: { keys: new Map([...view.keys!].slice(0, 1)) } }, ["signer-unknown"]],
  ["more than was held", { leg: { held: 100n } }, ["above-hold"]],
  [
    "the patient would owe more than she signed for",
    { wishes: { ceiling: 1n, signs: ["performed"] } },
    ["above-ceiling"],
  ],
  ["the ledger owes something else", { leg: { owed: other, paid: other } }, ["opening-wrong"]],
  ["the ledger has another statement in force", { visit: { statement: undefined } }, ["ids-differ"]],
  ["the ledger does not list the facts", { visit: { facts: [] } }, ["assurance-overstated"]],
  [
    "nobody of the patient's side had signed",
    { visit: { facts: [{ ...entryOf(makeBundle()).visit.facts[0]!, assurance: 3 }] } },
    ["assurance-overstated"],
  ],
  ["the voucher names another leg", { leg: { voucher: filled(1) } }, ["ids-differ"]],
  ["another chain", { changed: (bundle) => ({ ...bundle, chainId: "elsewhere" }) }, ["other-chain"]],
  [
    "a claim that was not signed",
    { changed: (bundle) => ({ ...bundle, claim: makeBundle({ claim: { ...standard, received: served + 1 } }).claim }) },
    ["claim-does-not-open", "recomputation-differs"],
  ],
]

test("each wrong is found by its own code, and no other", () => {
  for (const [what, planted, wanted] of rows) assert.deepEqual(codes(planted), wanted, what)
})

test("several wrongs are all found", () => {
  const found = codes({ leg: { held: 100n }, registers: { plans: new Map() }, wishes: { dropsSteps: 1 } })
  assert.deepEqual(found, ["plan-unpublished", "recomputation-differs", "above-hold"])
})

test("practitioners without an active licence are named by their public id", () => {
  const registers = { practitioners: new Map([[toHex(practitioner), { ...licence, history: suspended }]]) }
  assert.deepEqual(checked({ registers }).unlicensed, [toHex(practitioner)])
})

test("what silence settled is owed in the open: the same amount, another point", () => {
  const { committed } = checked().money!
  const owed = commitmentOf(committed)
  assert.deepEqual(codes({ leg: { owed, paid: owed } }), [])
})

test("a void statement and a ruled refund owe what the ledger says, not what was opened", () => {
  const { statement } = entryOf(makeBundle()).visit
  assert.deepEqual(codes({ leg: { owed: undefined }, visit: { statement: { ...statement!, void: 1 } } }), [])
  assert.deepEqual(codes({ leg: { owed: other, paid: other, refunded: 1 } }), [])
})

test("the ledger's own row: paid is what is owed, and a void statement owes nothing", () => {
  const bundle = makeBundle()
  const of = (leg: Partial<Leg>, isVoid = 0) => {
    const entry = entryOf(bundle, { leg })
    const statement = { ...entry.visit.statement!, void: isVoid }
    return ledgerFindings({ ...entry, visit: { ...entry.visit, statement } }).map(({ code }) => code)
  }
  assert.deepEqual(of({}), [])
  assert.deepEqual(of({ paid: other }), ["paid-differs"])
  assert.deepEqual(of({ paid: undefined }), ["paid-differs"])
  assert.deepEqual(of({ paid: other, state: legStates.settled }), [])
  assert.deepEqual(of({}, 1), ["void-owed"])
  assert.deepEqual(of({ owed: undefined, paid: undefined }, 1), [])
})

test("what leaves the payer has no sentence and no credential, and is else the same", () => {
  const bundle = { ...makeBundle(), credential: toUtf8("eyJ.name.of.somebody~") }
  const { facts, credential, ...rest } = decodeBundle(encodeBundle(withoutPeople(bundle)))
  assert.deepEqual([facts, credential], [[], undefined])
  const { facts: sentences, credential: _, ...before } = bundle
  assert.ok(sentences.length > 0)
  assert.deepEqual(rest, before)
})
