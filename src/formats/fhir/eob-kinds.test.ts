import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import type { Claim } from "../../plan/claim.ts"
import { isRefusal } from "../answer.ts"
import { day, determined, plan, visit } from "../eye-claim.test.ts"
import { explanationBytes, explanationOfBenefit } from "./eob.ts"
import { at, itemsAt, textAt } from "./json-path.ts"
import { type JsonSpan, readJson } from "./json-spans.ts"

const base = {
  ...{ plan, ...determined(visit), statement: "5a".repeat(32), patient: "pairwise-1", coverage: "cover-1" },
  insurer: { id: "mutual", name: "Sample Mutual" },
  provider: { id: "clinic", name: "Eye Clinic" },
  practitioner: { id: "oph-1", name: "Dr. Amara Osei" },
  created: day,
}

/** The explanation of the eye visit, had its claim been of another kind. */
function explained(change: (claim: Claim) => Partial<Claim>): JsonSpan {
  const claim = { ...base.claim, ...change(base.claim) }
  const node = readJson(explanationBytes(explanationOfBenefit({ ...base, claim })))
  assert.ok(!isRefusal(node))
  return node
}

const stay = (claim: Claim): Partial<Claim> => ({
  kind: "institutional",
  inpatient: true,
  admitted: day - 2,
  discharged: day,
  billType: "111",
  drg: "695",
  lines: claim.lines.map((line) => ({ ...line, code: "", revenue: "0120", diagnoses: ["H3531", "E119"] })),
})

const categories = (node: JsonSpan) =>
  itemsAt(node, "supportingInfo").map((one) => textAt(one, "category", "coding", 0, "code"))

test("each kind of claim names its own CARIN profile and claim type", () => {
  const rows = [
    [{ kind: "professional" }, "Professional-NonClinician", "professional", undefined],
    [{ kind: "dental" }, "Oral", "oral", undefined],
    [{ kind: "drug" }, "Pharmacy", "pharmacy", undefined],
    [{ kind: "institutional", inpatient: true }, "Inpatient-Institutional", "institutional", "inpatient"],
    [{ kind: "institutional", inpatient: false }, "Outpatient-Institutional", "institutional", "outpatient"],
  ] as const
  for (const [change, profile, type, subType] of rows) {
    const node = explained(() => change)
    assert.match(textAt(node, "meta", "profile", 0)!, new RegExp(`C4BB-ExplanationOfBenefit-${profile}\\|2\\.0\\.0$`))
    assert.equal(textAt(node, "type", "coding", 0, "code"), type)
    assert.equal(textAt(node, "subType", "coding", 0, "code"), subType)
  }
})

test("a stay shows its days, type of bill, DRG, revenue codes and diagnoses with their dots", () => {
  const node = explained(stay)
  assert.deepEqual(categories(node), ["clmrecvddate", "admissionperiod", "typeofbill", "drg"])
  assert.equal(textAt(node, "item", 0, "revenue", "coding", 0, "code"), "0120")
  assert.equal(textAt(node, "item", 0, "productOrService", "coding", 0, "code"), "not-applicable")
  const codes = itemsAt(node, "diagnosis").map((one) => textAt(one, "diagnosisCodeableConcept", "coding", 0, "code"))
  assert.deepEqual(codes, ["H35.31", "E11.9"])
  assert.equal(textAt(node, "diagnosis", 0, "type", 0, "coding", 0, "code"), "principal")
  const sequences = itemsAt(node, "diagnosis").map((one) => textAt(one, "sequence"))
  assert.deepEqual(sequences, ["1", "2"])
  assert.deepEqual(
    itemsAt(node, "supportingInfo").map((one) => textAt(one, "sequence")),
    ["1", "2", "3", "4"],
  )
  const pointed = itemsAt(node, "item", 0, "diagnosisSequence")
  assert.deepEqual(
    pointed.map((one) => textAt(one)),
    sequences,
  )
  assert.equal(textAt(node, "careTeam", 0, "role", "coding", 0, "code"), "attending")
})

test("a dental line shows tooth and surfaces; a medicine its days of supply", () => {
  const tooth = explained(({ lines }) => ({
    kind: "dental",
    lines: lines.map((line) => ({ ...line, tooth: "14", surfaces: ["M", "O"] })),
  }))
  assert.equal(textAt(tooth, "item", 0, "bodySite", "coding", 0, "code"), "14")
  assert.equal(itemsAt(tooth, "item", 0, "subSite").length, 2)
  const drug = explained(({ lines }) => ({ kind: "drug", lines: lines.map((line) => ({ ...line, supply: 30 })) }))
  assert.deepEqual(categories(drug), ["clmrecvddate", "dayssupply"])
})

test("what a stay carries is what the public CARIN stays carry, under the same words", (t) => {
  const folder = new URL("../../../../shared/data/fhir-eob-carin/", import.meta.url)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const own = explained(stay)
  const known = new Set<string | undefined>()
  for (const name of ["bfd-v2-eobReadInpatient", "bfd-v3-ExplanationOfBenefit-SNF"]) {
    const node = readJson(new Uint8Array(readFileSync(new URL(`${name}.json`, folder))))
    assert.ok(!isRefusal(node))
    for (const category of categories(node)) known.add(category)
    assert.equal(textAt(node, "subType", "coding", 0, "code"), textAt(own, "subType", "coding", 0, "code"))
    for (const field of ["revenue", "productOrService", "adjudication"]) {
      assert.ok(at(node, "item", 0, field) !== undefined && at(own, "item", 0, field) !== undefined, field)
    }
  }
  // The samples give the DRG under Medicare's own information codes; CARIN's word for it is drg.
  for (const category of categories(own)) assert.ok(category === "drg" || known.has(category), category)
})
