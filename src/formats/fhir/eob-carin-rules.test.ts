/**
 * The rules of CARIN Blue Button 2.0's profiles that can be judged without a terminology server, stated once more beside
 * the writer: what an outside FHIR validator found stays mended without that validator.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Claim } from "../../plan/claim.ts"
import { isRefusal } from "../answer.ts"
import { day, determined, plan, visit } from "../eye-claim.test.ts"
import { type ExplanationOptions, explanationBytes, explanationOfBenefit } from "./eob.ts"
import { at, everyValue, itemsAt, textAt } from "./json-path.ts"
import { type JsonSpan, readJson } from "./json-spans.ts"

const carin = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
const hl7 = "http://terminology.hl7.org/CodeSystem/"
const cpt = "http://www.ama-assn.org/go/cpt"
const hcpcs = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
const absent = `${hl7}data-absent-reason#not-applicable`

interface ProfileRules {
  /** Required categories of supporting information and of the claim's own adjudication. */
  readonly information: readonly string[]
  readonly header: readonly string[]
  /** Most adjustment reasons on a line, and how many payment statuses it has. */
  readonly reasons: number
  readonly statuses: number
  readonly needsDiagnosis: boolean
  readonly needsPlace: boolean
  readonly needsRevenue: boolean
  readonly needsOneDay: boolean
  readonly provider: string
  readonly products: readonly string[]
  readonly roles: readonly string[]
}

const ofLines = { reasons: 99, statuses: 0, needsPlace: false, needsRevenue: false, provider: "Organization" } as const
const institutional = {
  ...ofLines,
  header: ["benefitpaymentstatus"],
  needsDiagnosis: true,
  products: [cpt, hcpcs, absent],
  roles: [`${carin}C4BBClaimCareTeamRole#attending`],
} as const
const ofPractitioners = { ...ofLines, reasons: 1, statuses: 1, needsPlace: true, needsOneDay: false } as const
const rendering = [`${carin}C4BBClaimCareTeamRole#rendering`]

const profiles: Readonly<Record<string, ProfileRules>> = {
  "Inpatient-Institutional": {
    ...{ ...institutional, information: ["admissionperiod"], needsRevenue: true, needsOneDay: false },
  },
  "Outpatient-Institutional": { ...institutional, information: [], needsOneDay: true },
  "Professional-NonClinician": {
    ...{ ...ofPractitioners, information: [], header: [], needsDiagnosis: true },
    ...{ products: [cpt, hcpcs, absent], roles: rendering },
  },
  Oral: {
    ...{ ...ofPractitioners, information: [], header: ["benefitpaymentstatus", "renderingnetworkstatus"] },
    ...{ needsDiagnosis: false, provider: "Practitioner" },
    ...{ products: ["http://www.ada.org/cdt", absent], roles: rendering },
  },
  Pharmacy: {
    ...{ ...ofLines, information: ["dayssupply", "dawcode", "refillnum", "refillsauthorized"] },
    ...{ header: ["benefitpaymentstatus"], needsDiagnosis: false, needsOneDay: true },
    ...{ products: ["http://hl7.org/fhir/sid/ndc"], roles: [`${carin}C4BBClaimCareTeamRole#prescribing`] },
  },
}

/** Systems, or system and code, that a required binding lists: any place, whatever the kind. */
const bindings: readonly [readonly string[], readonly string[]][] = [
  [
    ["item", "modifier"],
    [cpt, hcpcs],
  ],
  [
    ["item", "bodySite"],
    [`${hl7}ADAUniversalToothDesignationSystem`, `${hl7}ADAAreaOralCavitySystem`],
  ],
  [["item", "subSite"], ["M", "O", "I", "D", "B", "F", "L"].map((code) => `${carin}C4BBSurfaceCodes#${code}`)],
  [
    ["diagnosis", "diagnosisCodeableConcept"],
    ["http://hl7.org/fhir/sid/icd-10-cm", `${hl7}icd9`],
  ],
  [
    ["payment", "type"],
    ["paid", "denied", "partiallypaid"].map((code) => `${carin}C4BBPayerAdjudicationStatus#${code}`),
  ],
  [
    ["related", "relationship"],
    [`${hl7}ex-relatedclaimrelationship#prior`, `${carin}C4BBRelatedClaimRelationshipCodes#replacedby`],
  ],
]

/** The values at a path of names, lists walked. */
function valuesAt(node: JsonSpan, path: readonly string[]): readonly JsonSpan[] {
  const [name, ...rest] = path
  if (name === undefined) return [node]
  const value = at(node, name)
  if (value === undefined) return []
  return (value.kind === "array" ? value.items : [value]).flatMap((one) => valuesAt(one, rest))
}

/** A value set has a concept as soon as it has one of its codings. */
function isOneOf(concept: JsonSpan, allowed: readonly string[]): boolean {
  return itemsAt(concept, "coding").some((coding) => {
    const system = textAt(coding, "system")!
    return allowed.includes(system) || allowed.includes(`${system}#${textAt(coding, "code")}`)
  })
}

const categoriesAt = (node: JsonSpan, name: string) =>
  itemsAt(node, name).map((row) => textAt(row, "category", "coding", 0, "code")!)

function ofLine(item: JsonSpan, rules: ProfileRules): string[] {
  const rows = categoriesAt(item, "adjudication")
  const count = (category: string) => rows.filter((one) => one === category).length
  const found: (string | false)[] = [
    count("adjustmentreason") > rules.reasons && "item.adjudication:adjustmentreason",
    count("benefitpaymentstatus") !== rules.statuses && "item.adjudication:benefitpaymentstatus",
    count("submitted") === 0 && "item.adjudication:adjudicationamounttype",
    rules.needsPlace && at(item, "locationCodeableConcept") === undefined && "item.location",
    rules.needsRevenue && at(item, "revenue") === undefined && "item.revenue",
    rules.needsOneDay && at(item, "servicedDate") === undefined && "item.servicedDate",
    !isOneOf(at(item, "productOrService")!, rules.products) && "item.productOrService",
    at(item, "subSite") !== undefined && at(item, "bodySite") === undefined && "item.subSite without a tooth",
  ]
  return found.filter((one) => one !== false)
}

/** What the profile that the resource names finds wrong with it. */
function violations(node: JsonSpan): readonly string[] {
  const [, name = "", version] = /C4BB-ExplanationOfBenefit-([A-Za-z-]+)(\|2\.0\.\d+)?$/.exec(
    textAt(node, "meta", "profile", 0) ?? "",
  )!
  const rules = profiles[name]!
  const [information, header] = [categoriesAt(node, "supportingInfo"), categoriesAt(node, "adjudication")]
  const found: (string | false)[] = [
    version === undefined && "meta.profile without a version",
    textAt(node, "use") !== "claim" && "use",
    rules.needsDiagnosis && itemsAt(node, "diagnosis").length === 0 && "diagnosis",
    !textAt(node, "provider", "reference")?.startsWith(`${rules.provider}/`) && "provider",
    new Set(information).size !== information.length && "supportingInfo twice",
    header.includes("submitted") && "amounts of the claim and of its lines",
    ...rules.information.map((category) => !information.includes(category) && `supportingInfo:${category}`),
    ...rules.header.map((category) => !header.includes(category) && `adjudication:${category}`),
    ...itemsAt(node, "careTeam").map((one) => !isOneOf(at(one, "role")!, rules.roles) && "careTeam.role"),
    ...bindings.map(
      ([path, allowed]) => valuesAt(node, path).some((concept) => !isOneOf(concept, allowed)) && path.join("."),
    ),
    ...[...everyValue(node)].map(
      (value) =>
        ((value.kind === "array" && value.items.length === 0 && "an empty list") ||
          (value.kind === "string" && value.text === "" && "an empty text")) as string | false,
    ),
    ...itemsAt(node, "item").flatMap((item) => ofLine(item, rules)),
  ]
  return [...new Set(found.filter((one) => one !== false))]
}

const base: ExplanationOptions = {
  ...{ plan, ...determined(visit), statement: "5a".repeat(32), patient: "pairwise-1", coverage: "cover-1" },
  insurer: { id: "mutual", name: "Sample Mutual" },
  provider: { id: "clinic", name: "Eye Clinic" },
  practitioner: { id: "oph-1", name: "Dr. Amara Osei" },
  created: day,
  payment: { day: day + 1, trace: "ab".repeat(25) },
}

function explained(changes: Partial<Claim>, line: Partial<Claim["lines"][number]>, rest: object = {}): JsonSpan {
  const claim = { ...base.claim, ...changes, lines: base.claim.lines.map((one) => ({ ...one, ...line })) }
  const node = readJson(explanationBytes(explanationOfBenefit({ ...base, claim, ...rest })))
  assert.ok(!isRefusal(node))
  return node
}

const diagnoses = ["H3531", "E119"]
const stay = { kind: "institutional", inpatient: true, admitted: day - 2, discharged: day, billType: "111" } as const
const complete: readonly [Partial<Claim>, Partial<Claim["lines"][number]>, object?][] = [
  [{}, { diagnoses }],
  [{}, { diagnoses, code: "92014", codeSystem: "HC" }, { replaces: "6b".repeat(32), replacedBy: "7c".repeat(32) }],
  [stay, { diagnoses, code: "", revenue: "0120", to: day + 1 }],
  [
    { kind: "institutional", billType: "131" },
    { diagnoses, revenue: "0510", to: day + 3 },
  ],
  [{ kind: "dental" }, { code: "D2392", codeSystem: "AD", tooth: "14", surfaces: ["M", "O"] }],
  [{ kind: "dental" }, { code: "D0120", surfaces: ["M"] }],
]

test("an explanation keeps the rules of the CARIN profile that it names, for each kind of claim", () => {
  for (const [changes, line, rest] of complete) assert.deepEqual(violations(explained(changes, line, rest)), [])
})

test("what a claim did not carry is missing and nothing else", () => {
  assert.deepEqual(violations(explained({}, { place: undefined })), ["diagnosis", "item.location"])
  assert.deepEqual(violations(explained({ kind: "institutional", inpatient: true }, {})), [
    "diagnosis",
    "supportingInfo:admissionperiod",
    "item.revenue",
  ])
  const medicine = explained({ kind: "drug" }, { code: "any", drug: "00002751001", supply: 30, to: day + 2 })
  assert.deepEqual(
    violations(medicine),
    ["dawcode", "refillnum", "refillsauthorized"].map((one) => `supportingInfo:${one}`),
  )
})

test("a claim of which nothing cites a clause has no empty lists; ids that FHIR has not are no references", () => {
  const lines = base.leg.lines.map((line) => ({
    ...({ ...line, status: "pended", allowed: 0n, benefit: 0n, patient: 0n, adjustments: [], tier: "" } as const),
    shown: { step: "", clause: "", kind: "" },
  }))
  const node = explained(
    {},
    { diagnoses },
    {
      leg: { ...base.leg, lines },
      patient: "A 1/2",
      practitioner: { id: "", name: "" },
    },
  )
  assert.deepEqual(violations(node), [])
  assert.equal(at(node, "processNote"), undefined)
  assert.equal(at(node, "patient", "reference"), undefined)
  assert.equal(textAt(node, "patient", "identifier", "value"), "A 1/2")
  assert.equal(textAt(node, "careTeam", 0, "provider", "type"), "Practitioner")
})

test("every reason of a line has its amount, code, clause and group, under CARIN's category or ours", () => {
  const node = explained({}, { diagnoses })
  for (const [index, line] of base.leg.lines.entries()) {
    const rows = itemsAt(node, "item", index, "adjudication").filter((row) => at(row, "extension") !== undefined)
    const reasons = line.adjustments.filter((one) => one.amount !== 0n)
    assert.ok(reasons.length > 0)
    assert.deepEqual(
      rows.map((row) => [
        textAt(row, "reason", "coding", 0, "code"),
        textAt(row, "extension", 0, "extension", 3, "valueString"),
        textAt(row, "extension", 1, "valueCoding", "code"),
      ]),
      reasons.map(({ carc, clause, group }) => [carc, clause, group]),
    )
  }
})

test("a service is named in the code system of its field; a plan's own code stands beside the words", () => {
  const named = (changes: Partial<Claim>, line: Partial<Claim["lines"][number]>) => {
    const product = at(explained(changes, line), "item", 0, "productOrService")
    const own = textAt(product, "extension", 0, "valueCoding", "code")
    return [textAt(product, "coding", 0, "system"), own ?? textAt(product, "coding", 0, "code")]
  }
  assert.deepEqual(named({}, { code: "92014", codeSystem: "HC" }), [cpt, "92014"])
  assert.deepEqual(named({}, { code: "J0178", codeSystem: "HC" }), [hcpcs, "J0178"])
  assert.deepEqual(named({ kind: "dental" }, { code: "D2392" }), ["http://www.ada.org/cdt", "D2392"])
  assert.deepEqual(named({ kind: "drug" }, { drug: "00002751001" }), ["http://hl7.org/fhir/sid/ndc", "00002751001"])
  assert.match(named({ kind: "institutional" }, { code: "1AFKS", codeSystem: "HP" })[0]!, /HIPPSCodes$/)
  assert.deepEqual(named({}, { code: "E10" }), [`${hl7}data-absent-reason`, "E10"])
  const modifiers = itemsAt(explained({}, { modifiers: ["25", "LT", "P3", "E1"] }), "item", 0, "modifier")
  assert.deepEqual(
    modifiers.map((one) => textAt(one, "coding", 0, "system")),
    [cpt, hcpcs, cpt, hcpcs],
  )
})

test("a diagnosis is of the code system of its day, with that system's dot, each once", () => {
  const coded = (on: number, codes: string[], changes: Partial<Claim> = {}) =>
    itemsAt(explained(changes, { diagnoses: codes, from: on, to: on }), "diagnosis").map((one) => {
      const coding = at(one, "diagnosisCodeableConcept", "coding", 0)
      return `${textAt(coding, "system")!.replace(/.*\//, "")} ${textAt(coding, "code")}`
    })
  // 2015-10-01 is day 16,709.
  assert.deepEqual(coded(16_708, ["25000", "V7389", "E8495", "496"]), [
    "icd9 250.00",
    "icd9 V73.89",
    "icd9 E849.5",
    "icd9 496",
  ])
  assert.deepEqual(coded(16_709, ["E119", "E11.9", "U071", "I10", "25000"]), [
    "icd-10-cm E11.9",
    "icd-10-cm U07.1",
    "icd-10-cm I10",
  ])
  assert.deepEqual(coded(16_708, ["E119"], { discharged: 16_709 }), ["icd-10-cm E11.9"])
})

test("a payment says whether all, some or none of the lines were denied", () => {
  const denied = (count: number) => {
    const lines = base.leg.lines.map((line, index) => (index < count ? { ...line, status: "denied" as const } : line))
    return textAt(explained({}, {}, { leg: { ...base.leg, lines } }), "payment", "type", "coding", 0, "code")
  }
  assert.deepEqual([denied(0), denied(1), denied(base.leg.lines.length)], ["paid", "partiallypaid", "denied"])
})
