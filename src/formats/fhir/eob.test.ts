import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import type { NamedNumber } from "../../plan/parts.ts"
import { minorUnits } from "../amount.ts"
import { isRefusal } from "../answer.ts"
import { day, determined, plan, visit } from "../eye-claim.test.ts"
import { numberInWords } from "./clause-notes.ts"
import { explanationBytes, explanationOfBenefit } from "./eob.ts"
import { at, itemsAt, textAt } from "./json-path.ts"
import { type JsonSpan, readJson } from "./json-spans.ts"

const options = {
  ...{ plan, ...determined(visit), statement: "5a".repeat(32), patient: "pairwise-1", coverage: "cover-1" },
  insurer: { id: "mutual", name: "Sample Mutual" },
  provider: { id: "clinic", name: "Eye Clinic" },
  practitioner: { id: "oph-1", name: "Dr. Amara Osei" },
  created: day,
  payment: { day: day + 1, trace: "ab".repeat(25) },
}

function parsed(changes: object = {}): JsonSpan {
  const node = readJson(explanationBytes(explanationOfBenefit({ ...options, ...changes })))
  assert.ok(!isRefusal(node))
  return node
}

/** Amounts by category code, in minor units, from the text of the JSON numbers. */
function amounts(rows: readonly JsonSpan[]): Record<string, bigint> {
  const named = rows.map((row) => [
    textAt(row, "category", "coding", 0, "code")!,
    minorUnits(textAt(row, "amount", "value")!)!,
  ])
  return Object.fromEntries(named) as Record<string, bigint>
}

test("totals are the determination's; the amounts of each line and of the whole balance", () => {
  const node = parsed()
  const total = amounts(itemsAt(node, "total"))
  assert.deepEqual(total, {
    submitted: 298_500n,
    eligible: 175_058n,
    discount: 123_442n,
    noncovered: 0n,
    priorpayerpaid: 0n,
    deductible: 24_000n,
    copay: 3_000n,
    coinsurance: 27_545n,
    memberliability: 54_545n,
    benefit: 120_513n,
    paidtoprovider: 120_513n,
  })
  for (const rows of [
    itemsAt(node, "total"),
    ...itemsAt(node, "item").map((item) => itemsAt(item, "adjudication").slice(0, 11)),
  ]) {
    const { submitted = 0n, eligible = 0n, discount = 0n, memberliability = 0n, benefit = 0n, ...rest } = amounts(rows)
    assert.equal(submitted, eligible + discount + rest["noncovered"]!)
    assert.equal(eligible, memberliability + benefit)
    assert.equal(memberliability, rest["deductible"]! + rest["copay"]! + rest["coinsurance"]!)
  }
  assert.equal(textAt(node, "payment", "amount", "value"), "1205.13")
  assert.equal(textAt(node, "outcome"), "complete")
})

test("each reason has its code and its clause, and its note quotes the member's sentence with the numbers of the day", () => {
  const node = parsed()
  const exam = itemsAt(node, "item")[0]!
  const reasons = itemsAt(exam, "adjudication").filter((row) => textAt(row, "reason", "text") !== undefined)
  assert.deepEqual(
    reasons.map((row) => [
      textAt(row, "reason", "coding", 0, "code"),
      textAt(row, "extension", 0, "extension", 3, "valueString"),
    ]),
    [
      ["45", "2.1"],
      ["3", "5.1"],
    ],
  )
  const notes = itemsAt(node, "processNote")
  const cited = itemsAt(exam, "noteNumber").map((number) => number.kind === "number" && Number(number.text))
  const texts = notes
    .filter((note) => cited.includes(Number(textAt(note, "number"))))
    .map((note) => textAt(note, "text"))
  assert.ok(texts.includes("5.1 Eye exam: You pay 30.00 USD for an exam, and nothing else for it."))
  assert.equal(new Set(notes.map((note) => textAt(note, "number"))).size, notes.length)
})

test("a number is quoted as it stood on the day, in its own unit", () => {
  const dated = [
    { from: 100, value: 3000n, source: "s" },
    { from: 200, value: 462_500n, source: "s" },
  ]
  const say = (unit: NamedNumber["unit"], on: number) =>
    numberInWords(plan, { name: "n", unit, values: dated, line: 1, column: 1 }, on)
  assert.deepEqual(
    [say("amount", 150), say("amount", 200), say("percent", 150), say("perYear", 200), say("months", 150)],
    ["30.00 USD", "4,625.00 USD", "30 %", "46.25 %/year", "3000 months"],
  )
})

test("a quote, a replaced claim and a line that waits say so", () => {
  const quote = parsed({ claim: { ...options.claim, use: "quote" } })
  assert.equal(textAt(quote, "use"), "predetermination")
  assert.equal(at(quote, "meta", "profile"), undefined, "CARIN's profiles are of claims alone")
  const old = parsed({ replacedBy: "6b".repeat(32) })
  assert.equal(textAt(old, "status"), "cancelled")
  assert.equal(textAt(old, "related", 0, "relationship", "coding", 0, "code"), "replacedby")
  const { leg } = options
  const waiting = { status: "pended", allowed: 0n, adjustments: [], benefit: 0n, patient: 0n } as const
  const lines = leg.lines.map((line) => (line.number === 2 ? { ...line, ...waiting } : line))
  const waits = parsed({ leg: { ...leg, lines } })
  assert.equal(textAt(waits, "outcome"), "partial")
  const [charge, ...further] = itemsAt(waits, "item", 1, "adjudication")
  assert.deepEqual(amounts([charge!]), { submitted: 12_500n })
  assert.deepEqual(
    further.map((row) => textAt(row, "category", "coding", 0, "code")),
    ["benefitpaymentstatus"],
  )
  assert.match(textAt(waits, "text", "div")!, /still wait/)
})

/** Paths present in a resource, arrays walked, down to the given depth. */
function paths(node: JsonSpan, depth: number, prefix = ""): Set<string> {
  const found = new Set<string>()
  if (node.kind === "array")
    for (const item of node.items) for (const path of paths(item, depth, prefix)) found.add(path)
  if (node.kind === "object" && depth > 0) {
    for (const [name, value] of node.members) {
      found.add(prefix + name)
      for (const path of paths(value, depth - 1, `${prefix}${name}.`)) found.add(path)
    }
  }
  return found
}

test("what R4 and the CARIN profile require, and what the public CARIN examples all have, is there", (t) => {
  const folder = new URL("../../../../shared/data/fhir-eob-carin/", import.meta.url)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const own = paths(parsed(), 3)
  const names = ["bfd-v2-eobReadCarrier", "bfd-v3-ExplanationOfBenefit-Carrier", "bfd-v3-ExplanationOfBenefit-MCS"]
  const examples = names.map((name) => {
    const node = readJson(new Uint8Array(readFileSync(new URL(`${name}.json`, folder))))
    assert.ok(!isRefusal(node))
    return paths(node, 2)
  })
  const [first, ...others] = examples
  const inAll = [...first!].filter((path) => others.every((other) => other.has(path)))
  // What only a Medicare carrier knows: its contained parties, information codes, diagnoses and extensions.
  const medicare =
    /^(contained|supportingInfo|diagnosis|extension)(\.|$)|^item\.(diagnosisSequence|informationSequence|revenue|category|extension)$|servicedPeriod/
  const missing = inAll.filter((path) => !own.has(path) && !medicare.test(path))
  t.diagnostic(`${inAll.length} paths in all three examples; missing of ours: ${missing.join(", ") || "none"}`)
  assert.deepEqual(missing, [])
  const required = [
    "identifier",
    "status",
    "type",
    "use",
    "patient",
    "billablePeriod",
    "created",
    "insurer",
    "provider",
    "outcome",
  ]
  for (const name of [
    ...required,
    "insurance.focal",
    "insurance.coverage",
    "item.sequence",
    "item.productOrService",
    "meta.profile",
    "payment.amount",
  ]) {
    assert.ok(own.has(name), name)
  }
  const slices = new Set(
    itemsAt(parsed(), "item").flatMap((item) =>
      itemsAt(item, "adjudication").map((row) => textAt(row, "category", "coding", 0, "system")),
    ),
  )
  assert.ok([...slices].every((system) => system?.startsWith("http") || system === "urn:countersign:adjudication"))
  assert.equal(at(parsed(), "insurance", 0, "focal")?.kind, "boolean")
})
