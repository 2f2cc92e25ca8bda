import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { toHex } from "../../base/bytes.ts"
import { planOfText, publishedPlans } from "../../plan/check/published-plans.test.ts"
import type { Plan } from "../../plan/plan.ts"
import { numberOn } from "../../plan/plan.ts"
import { minorUnits } from "../amount.ts"
import { isRefusal } from "../answer.ts"
import { insurancePlan, insurancePlanBytes } from "./insurance-plan.ts"
import { itemsAt, textAt } from "./json-path.ts"
import { type JsonSpan, readJson } from "./json-spans.ts"

/** R4's definition of InsurancePlan (4.0.1): path, least and most, type. Types with a table of their own are checked too. */
const definition: Readonly<Record<string, Readonly<Record<string, readonly [number, number, string]>>>> = {
  InsurancePlan: {
    resourceType: [1, 1, "text"],
    id: [0, 1, "id"],
    text: [0, 1, "Narrative"],
    extension: [0, 99, "Extension"],
    identifier: [0, 99, "Identifier"],
    status: [0, 1, "status"],
    type: [0, 99, "CodeableConcept"],
    name: [0, 1, "text"],
    period: [0, 1, "Period"],
    ownedBy: [0, 1, "Reference"],
    coverage: [0, 99, "Coverage"],
    plan: [0, 99, "Plan"],
  },
  Coverage: { type: [1, 1, "CodeableConcept"], benefit: [1, 99, "CoverageBenefit"] },
  CoverageBenefit: {
    extension: [0, 99, "Extension"],
    type: [1, 1, "CodeableConcept"],
    requirement: [0, 1, "text"],
    limit: [0, 99, "Limit"],
  },
  Limit: { value: [0, 1, "Quantity"], code: [0, 1, "CodeableConcept"] },
  Plan: { identifier: [0, 99, "Identifier"], specificCost: [0, 99, "SpecificCost"] },
  SpecificCost: { category: [1, 1, "CodeableConcept"], benefit: [0, 99, "Benefit"] },
  Benefit: { type: [1, 1, "CodeableConcept"], cost: [0, 999, "Cost"] },
  Cost: {
    extension: [0, 99, "Extension"],
    type: [1, 1, "CodeableConcept"],
    applicability: [0, 1, "Applicability"],
    qualifiers: [0, 99, "CodeableConcept"],
    value: [0, 1, "Quantity"],
  },
  Narrative: { status: [1, 1, "text"], div: [1, 1, "text"] },
  Extension: {
    url: [1, 1, "text"],
    extension: [0, 99, "Extension"],
    valueString: [0, 1, "text"],
    valueInteger: [0, 1, "number"],
  },
  Identifier: { system: [0, 1, "text"], value: [0, 1, "text"] },
  CodeableConcept: { coding: [0, 99, "Coding"], text: [0, 1, "text"] },
  Applicability: { coding: [1, 1, "ApplicabilityCoding"] },
  Coding: { system: [0, 1, "text"], code: [0, 1, "text"], display: [0, 1, "text"] },
  ApplicabilityCoding: { system: [1, 1, "applicability system"], code: [1, 1, "applicability"] },
  Period: { start: [0, 1, "date"], end: [0, 1, "date"] },
  Reference: { reference: [0, 1, "text"], identifier: [0, 1, "Identifier"], display: [0, 1, "text"] },
  Quantity: { value: [0, 1, "number"], unit: [0, 1, "text"], system: [0, 1, "text"], code: [0, 1, "text"] },
}
const primitives: Readonly<Record<string, RegExp>> = {
  text: /^[\s\S]+$/,
  id: /^[A-Za-z0-9.-]{1,64}$/,
  status: /^(draft|active|retired|unknown)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  applicability: /^(in-network|out-of-network|other)$/,
  "applicability system": /^http:\/\/terminology\.hl7\.org\/CodeSystem\/applicability$/,
}

function checkValue(node: JsonSpan, type: string, path: string): void {
  const elements = definition[type]
  if (elements === undefined) {
    if (type === "number") assert.equal(node.kind, "number", path)
    else {
      assert.ok(node.kind === "string", path)
      assert.match(node.text, primitives[type]!, path)
    }
    return
  }
  assert.ok(node.kind === "object", path)
  for (const name of node.members.keys()) assert.ok(Object.hasOwn(elements, name), `${path}.${name} is not of R4`)
  for (const [name, [least, most, of]] of Object.entries(elements)) {
    const value = node.members.get(name)
    const many = most > 1 || (type === "Applicability" && name === "coding")
    if (value === undefined) {
      assert.equal(least, 0, `${path}.${name} is required`)
      continue
    }
    assert.equal(value.kind === "array", many, `${path}.${name} is ${many ? "a list" : "one value"}`)
    const values = value.kind === "array" ? value.items : [value]
    assert.ok(values.length >= Math.max(1, least) && values.length <= most, `${path}.${name}: how many`)
    for (const [index, item] of values.entries()) checkValue(item, of, `${path}.${name}[${index}]`)
  }
}

function exported(plan: Plan): JsonSpan {
  const node = readJson(insurancePlanBytes(insurancePlan(plan, plan.front.effective.from)))
  assert.ok(!isRefusal(node))
  return node
}

test("every published plan's export keeps R4's cardinalities, types and required binding", () => {
  for (const { name, plan } of publishedPlans) {
    const node = exported(plan)
    checkValue(node, "InsurancePlan", name)
    assert.equal(textAt(node, "name"), plan.front.title)
    assert.equal(textAt(node, "extension", 0, "valueString"), toHex(plan.digest))
    assert.ok(itemsAt(node, "plan", 0, "specificCost").length > 0)
  }
})

test("the check itself refuses a resource that R4 would refuse", () => {
  const bad = (from: RegExp, to: string) => {
    const text = new TextDecoder().decode(
      insurancePlanBytes(insurancePlan(publishedPlans[0]!.plan, publishedPlans[0]!.plan.front.effective.from)),
    )
    assert.match(text, from)
    const node = readJson(new TextEncoder().encode(text.replace(from, () => to)))
    assert.ok(!isRefusal(node))
    return () => checkValue(node, "InsurancePlan", "bad")
  }
  assert.throws(bad(/"in-network"/, '"near"'))
  assert.throws(bad(/"status": "active"/, '"status": "on"'))
  assert.throws(bad(/"specificCost"/, '"specificCosts"'))
  assert.throws(bad(/"coverage": \[/, '"coverage": [ {},'))
})

test("a plan that covers nothing yet has no empty lists", () => {
  const { text } = publishedPlans.find(({ name }) => name === "eye-sample")!
  const start = text.indexOf("## 1 Words")
  const front = text.slice(0, start).replace(/^tables: .*\n/m, "")
  const node = exported(planOfText(`${front}## 1 About\n### 1.1 Later\nWe have yet to write this plan.\n`))
  checkValue(node, "InsurancePlan", "empty")
  assert.ok(node.kind === "object" && !node.members.has("coverage"))
})

const sample = publishedPlans.find(({ name }) => name === "eye-sample")!

test("costs are the plan's numbers to the cent, each with its clause", () => {
  const node = exported(sample.plan)
  const costs = itemsAt(node, "plan", 0, "specificCost").flatMap((group) =>
    itemsAt(group, "benefit").flatMap((benefit) =>
      itemsAt(benefit, "cost").map((cost) => ({
        group: textAt(benefit, "type", "text"),
        type: textAt(cost, "type", "coding", 0, "code"),
        value: textAt(cost, "value", "value"),
        unit: textAt(cost, "value", "code"),
        clause: textAt(cost, "extension", 0, "extension", 1, "valueString"),
      })),
    ),
  )
  const of = (group: string) =>
    costs.filter((cost) => cost.group === group).map(({ type, value, unit, clause }) => [type, value, unit, clause])
  assert.deepEqual(of("exam"), [["copay", "30", "USD", "5.1"]])
  assert.deepEqual(of("test"), [
    ["deductible", "240", "USD", "5.2"],
    ["coinsurance", "20", "%", "5.3"],
  ])
  assert.deepEqual(of("the most you pay"), [["individualcap", "2500", "USD", "5.4"]])
  assert.equal(minorUnits(of("exam")[0]![1]!), numberOn(sample.plan, "exam-copay", sample.plan.front.effective.from))
})

test("each type of plan is a code of R4's own list, which writes one of them with a capital letter", () => {
  const listed = [
    "medical",
    "dental",
    "mental",
    "subst-ab",
    "vision",
    "Drug",
    "short-term",
    "long-term",
    "hospice",
    "home",
  ]
  const codes = publishedPlans.flatMap(({ plan }) =>
    itemsAt(exported(plan), "type").map((type) => textAt(type, "coding", 0, "code")!),
  )
  for (const code of codes) assert.ok(listed.includes(code), code)
  assert.ok(codes.includes("Drug"))
})

test("what the official example has is there, and the same plan gives the same bytes", (t) => {
  const again = insurancePlanBytes(insurancePlan(sample.plan, sample.plan.front.effective.from))
  assert.deepEqual(again, insurancePlanBytes(insurancePlan(sample.plan, sample.plan.front.effective.from)))
  const file = new URL("../../../../shared/data/fhir-r4-examples/InsurancePlan-example.json", import.meta.url)
  if (!existsSync(file)) return t.skip("../shared is absent")
  const example = readJson(new Uint8Array(readFileSync(file)))
  assert.ok(!isRefusal(example) && example.kind === "object")
  const own = exported(sample.plan)
  assert.ok(own.kind === "object")
  for (const name of example.members.keys()) assert.ok(own.members.has(name), name)
})
