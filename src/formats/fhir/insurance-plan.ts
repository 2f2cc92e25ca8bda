/**
 * A published plan as FHIR R4 InsurancePlan: for directories and shopping tools, never for paying. The resource has no
 * conditions, ages, order of application or accumulators, so it says what holds when nothing special is the case, and
 * each entry names, in an extension, the clauses of the plan that decide.
 */
import { toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { escapeHtml } from "../../base/html.ts"
import { formatDate } from "../../base/time.ts"
import { spanWords } from "../../plan/booklet/booklet-words.ts"
import { survey } from "../../plan/booklet/summary.ts"
import { applying, leafWords, periodWords, type Surveyed } from "../../plan/booklet/summary-shares.ts"
import type { CoinsuranceTerms, CopayTerms } from "../../plan/language/effects.ts"
import type { Bucket, Category, ClaimKind, Day, NamedNumber } from "../../plan/parts.ts"
import { type Plan, type Rule, rulesOfKind, valueOn } from "../../plan/plan.ts"
import { jsonNumber } from "../amount.ts"
import type { CodeableConcept, Extension, Identifier, Period, Quantity, Reference } from "./r4.ts"

interface Limit {
  readonly value?: Quantity
  readonly code?: CodeableConcept
}

interface CoveredBenefit {
  readonly extension?: readonly Extension[]
  readonly type: CodeableConcept
  readonly requirement?: string
  readonly limit?: readonly Limit[]
}

interface Cost {
  readonly extension?: readonly Extension[]
  readonly type: CodeableConcept
  readonly applicability?: CodeableConcept
  readonly qualifiers?: readonly CodeableConcept[]
  readonly value?: Quantity
}

interface SpecificCost {
  readonly category: CodeableConcept
  readonly benefit?: readonly { readonly type: CodeableConcept; readonly cost?: readonly Cost[] }[]
}

/** The elements of R4's InsurancePlan that a published plan fills. */
export interface InsurancePlan {
  readonly resourceType: "InsurancePlan"
  readonly id: string
  readonly text: { readonly status: "generated"; readonly div: string }
  readonly extension: readonly Extension[]
  readonly identifier: readonly Identifier[]
  readonly status: "draft" | "active" | "retired" | "unknown"
  readonly type: readonly CodeableConcept[]
  readonly name: string
  readonly period: Period
  readonly ownedBy: Reference
  readonly coverage?: readonly { readonly type: CodeableConcept; readonly benefit: readonly CoveredBenefit[] }[]
  readonly plan: readonly {
    readonly identifier: readonly Identifier[]
    readonly specificCost?: readonly SpecificCost[]
  }[]
}

const clauseExtension = "urn:countersign:plan-clause"
const digestExtension = "urn:countersign:plan-digest"
const planTypes = "http://terminology.hl7.org/CodeSystem/insurance-plan-type"
const applicabilities = "http://terminology.hl7.org/CodeSystem/applicability"
/** Codes of the directory guide, since R4 names no system for the types of cost. */
const costTypes = "http://hl7.org/fhir/uv/vhdir/CodeSystem/insuranceplan"

const typeOf: Readonly<Record<ClaimKind, string>> = {
  professional: "medical",
  institutional: "medical",
  dental: "dental",
  // R4 writes this one code with a capital letter.
  drug: "Drug",
}

const concept = (system: string, code: string, text?: string): CodeableConcept => ({
  coding: [{ system, code }],
  ...(text === undefined ? {} : { text }),
})
const inWords = (text: string): CodeableConcept => ({ text })

class Export {
  readonly #plan: Plan
  readonly #day: Day

  constructor(plan: Plan, day: Day) {
    this.#plan = plan
    this.#day = day
  }

  group(category: Category): CodeableConcept {
    return concept(
      `urn:countersign:plan:${this.#plan.front.plan}:category`,
      category.name || "all",
      leafWords(category),
    )
  }

  /** The plan's digest and the clauses of the rules. */
  clauses(rules: readonly Rule[]): readonly Extension[] {
    const numbers = new Set([...rules].sort((a, b) => a.index - b.index).map(({ clause }) => clause.number))
    if (numbers.size === 0) return []
    const named = [...numbers].map((number) => ({ url: "clause", valueString: number }))
    return [{ url: clauseExtension, extension: [{ url: "digest", valueString: toHex(this.#plan.digest) }, ...named] }]
  }

  quantity(number: NamedNumber | undefined): Quantity | undefined {
    const value = number === undefined ? undefined : valueOn(number, this.#day)
    if (number === undefined || value === undefined) return undefined
    const { code, exponent } = this.#plan.front.currency
    if (number.unit === "amount")
      return { value: jsonNumber(value, exponent), unit: code, system: "urn:iso:std:iso:4217", code }
    if (number.unit === "percent" || number.unit === "perYear")
      return {
        value: jsonNumber(value, number.unit === "percent" ? 2 : 4),
        unit: "%",
        system: "http://unitsofmeasure.org",
        code: "%",
      }
    return { value: jsonNumber(value, 0), unit: number.unit }
  }

  cost(type: string, rules: readonly Rule[], rest: Omit<Cost, "type" | "extension">): Cost {
    const extension = this.clauses(rules)
    return { ...(extension.length === 0 ? {} : { extension }), type: concept(costTypes, type), ...rest }
  }
}

/** In the plan language the tier `out` is the one outside every network; any other is a network of the plan. */
const applicability = (tier: string): CodeableConcept =>
  concept(applicabilities, /^(out|non)/.test(tier) ? "out-of-network" : "in-network")

const isTold = <T>(value: T | undefined): value is T => value !== undefined

function copayCost(out: Export, terms: CopayTerms, cell: Surveyed): Cost {
  const value = out.quantity(terms.amount)
  const order = terms.order === "after" ? ["after the deductible"] : []
  const words = [cell.tier, `a ${terms.per}`, ...order]
  const rules = cell.share.rules.filter(({ kind }) => kind === "copay")
  return out.cost("copay", rules, {
    applicability: applicability(cell.tier),
    qualifiers: words.map(inWords),
    ...(value === undefined ? {} : { value }),
  })
}

function coinsuranceCosts(out: Export, terms: CoinsuranceTerms | undefined, cell: Surveyed): readonly Cost[] {
  const rules = cell.share.rules.filter(({ kind }) => kind === "coinsurance")
  const after = cell.share.deductible === undefined ? [] : ["after the deductible"]
  const cost = (number: NamedNumber | undefined, words: readonly string[]) => {
    const value = out.quantity(number)
    return out.cost("coinsurance", rules, {
      applicability: applicability(cell.tier),
      qualifiers: [cell.tier, ...words, ...after].map(inWords),
      ...(value === undefined ? {} : { value }),
    })
  }
  if (terms === undefined) return []
  if (terms.bands === undefined) return [cost(terms.member, [])]
  return terms.bands.map(({ upTo, member }) => {
    const to = out.quantity(upTo)
    return cost(member, [to === undefined ? "above" : `to ${to.value} ${to.unit}`])
  })
}

/** A bucket's limits as costs: a person's is `individual` (deductible or individualcap), a family's `family`. */
function bucketCosts(
  out: Export,
  bucket: Bucket,
  types: readonly [string, string],
  cell: Surveyed,
  rules: readonly Rule[],
) {
  const owners = [
    [types[0], bucket.person, "a person"],
    [types[1], bucket.family, "a family"],
  ] as const
  return owners.flatMap(([type, number, owner]) => {
    const value = out.quantity(number)
    if (value === undefined) return []
    const qualifiers = [cell.tier, owner, periodWords(bucket)].map(inWords)
    return [out.cost(type, rules, { applicability: applicability(cell.tier), qualifiers, value })]
  })
}

function costsOf(out: Export, cells: readonly Surveyed[]): readonly Cost[] {
  return cells.flatMap((cell) => {
    const { copay, coinsurance, deductible, isCovered, rules } = cell.share
    if (!isCovered) return []
    const pool = rules.filter(({ kind }) => kind === "deductible")
    return [
      ...(copay === undefined ? [] : [copayCost(out, copay, cell)]),
      ...(deductible === undefined ? [] : bucketCosts(out, deductible, ["deductible", "deductible"], cell, pool)),
      ...coinsuranceCosts(out, coinsurance, cell),
    ]
  })
}

function benefitOf(out: Export, plan: Plan, leaf: Category, cells: readonly Surveyed[]): CoveredBenefit {
  const many = <K extends "limit" | "ceiling" | "authorize" | "refer" | "wait">(kind: K) => [
    ...new Set(cells.flatMap((cell) => applying(plan, kind, cell))),
  ]
  const limited = [...many("limit"), ...many("ceiling")]
  const limits = limited.flatMap(({ effect: { bucket } }) =>
    (["person", "family", "treatment"] as const).flatMap((owner): Limit[] => {
      const value = out.quantity(bucket[owner])
      return value === undefined ? [] : [{ value, code: inWords(`a ${owner} ${periodWords(bucket)}`) }]
    }),
  )
  const gates = [
    ...many("authorize").map(({ clause }) => `permission first (${clause.number})`),
    ...many("refer").map(({ clause }) => `a referral (${clause.number})`),
    ...many("wait").map(({ clause }) => `a waiting time (${clause.number})`),
  ]
  const covers = plan.byLeaf[leaf.index]!.cover
  const extension = out.clauses([...covers, ...limited])
  return {
    ...(extension.length === 0 ? {} : { extension }),
    type: out.group(leaf),
    ...(gates.length === 0 ? {} : { requirement: `Needs ${gates.join(", ")}.` }),
    ...(limits.length === 0 ? {} : { limit: limits }),
  }
}

/** Limits on what the member pays, of all care. */
function capCosts(out: Export, plan: Plan, surveyed: readonly Surveyed[]): readonly Cost[] {
  const caps = rulesOfKind(plan, "outOfPocket")
  const found = caps.flatMap((rule) => {
    const tiers = rule.guard.tiers ?? rule.effect.bucket.tiers ?? plan.front.tiers
    const cells = [...tiers].map((tier) => surveyed.find((cell) => cell.tier === tier)).filter(isTold)
    return cells.flatMap((cell) => bucketCosts(out, rule.effect.bucket, ["individualcap", "familycap"], cell, [rule]))
  })
  const seen = new Set<string>()
  return found.filter((cost) => {
    const mark = JSON.stringify(cost)
    return !seen.has(mark) && seen.add(mark)
  })
}

/** The leaf's cells, those of the first kind of claim on which it is covered. */
function cellsOfLeaf(plan: Plan, surveyed: readonly Surveyed[], leaf: Category): readonly Surveyed[] {
  const of = plan.front.claims.map((claim) => surveyed.filter((cell) => cell.leaf === leaf && cell.claim === claim))
  return of.find((cells) => cells.some(({ share }) => share.isCovered)) ?? []
}

function specificCosts(out: Export, plan: Plan, surveyed: readonly Surveyed[]): readonly SpecificCost[] {
  const groups = new Map<Category, { type: CodeableConcept; cost?: readonly Cost[] }[]>()
  for (const leaf of new Set(surveyed.map((cell) => cell.leaf))) {
    const cells = cellsOfLeaf(plan, surveyed, leaf)
    if (cells.length === 0) continue
    const cost = costsOf(out, cells)
    const category = leaf.path[1] ?? leaf
    const known = groups.get(category) ?? []
    groups.set(category, [...known, { type: out.group(leaf), ...(cost.length === 0 ? {} : { cost }) }])
  }
  const caps = capCosts(out, plan, surveyed)
  const whole =
    caps.length === 0
      ? []
      : [{ category: inWords("all care"), benefit: [{ type: inWords("the most you pay"), cost: caps }] }]
  return [...whole, ...[...groups].map(([category, benefit]) => ({ category: out.group(category), benefit }))]
}

/** The plan as a resource, with the figures of a day inside its own time. */
export function insurancePlan(plan: Plan, day: Day): InsurancePlan {
  const { plan: series, version, title, payer, effective, claims } = plan.front
  const out = new Export(plan, day)
  const surveyed = survey(plan, day)
  const leaves = [...new Set(surveyed.map((cell) => cell.leaf))]
  const benefits = leaves.flatMap((leaf) => {
    const cells = cellsOfLeaf(plan, surveyed, leaf)
    return cells.length === 0 ? [] : [benefitOf(out, plan, leaf, cells)]
  })
  const types = [...new Set(claims.map((kind) => typeOf[kind]))].map((code) => concept(planTypes, code))
  const identifier = [{ system: "urn:countersign:plan", value: `${series}/${version}` }]
  // FHIR's JSON has no empty lists: what is empty is left out.
  const costs = specificCosts(out, plan, surveyed)
  const words = `${title}, ${spanWords(effective.from, effective.until)}`
  return {
    resourceType: "InsurancePlan",
    id: `${series}-${version}`,
    text: {
      status: "generated",
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escapeHtml(words)}. The published plan decides.</p></div>`,
    },
    extension: [{ url: digestExtension, valueString: toHex(plan.digest) }],
    identifier,
    status: "active",
    type: types,
    name: title,
    period: { start: formatDate(effective.from), end: formatDate(effective.until - 1) },
    ownedBy: { identifier: { system: "urn:countersign:payer", value: payer }, display: payer },
    ...(benefits.length === 0 ? {} : { coverage: [{ type: types[0]!, benefit: benefits }] }),
    plan: [{ identifier, ...(costs.length === 0 ? {} : { specificCost: costs }) }],
  }
}

/** The resource as UTF-8 JSON. */
export const insurancePlanBytes = (resource: InsurancePlan): Uint8Array =>
  toUtf8(`${JSON.stringify(resource, undefined, 1)}\n`)
