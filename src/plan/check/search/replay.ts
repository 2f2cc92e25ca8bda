/** An example as the evaluator's input, with the papers that let it through the gates, and what the evaluator says of it. */
import { maxAmount } from "../../../base/schema.ts"
import { adjudicate, type Outcome } from "../../adjudicate/adjudicate.ts"
import { untouchedSnapshot } from "../../adjudicate/opening-snapshot.ts"
import {
  type Claim,
  type ClaimLine,
  type Member,
  type Provider,
  plainClaim,
  plainLine,
  plainMember,
} from "../../claim.ts"
import { type AdjudicationInput, type InputValues, inputOf, type PriorLeg } from "../../input.ts"
import type { FactName } from "../../language/expression.ts"
import type { AssuranceTier, Category } from "../../parts.ts"
import { type Plan, rulesOfKind } from "../../plan.ts"
import type { Cell } from "../cells.ts"
import type { Example } from "./example.ts"

/** How a line may have to stand so that a rule has its say: alone, with spent counts, as a later payer's, beside another. */
export interface Setting {
  /** Clauses whose buckets have no room left. */
  readonly spent?: readonly string[]
  readonly afterOthers?: boolean
  readonly twice?: boolean
}

const printable = /^[ -~]{0,200}$/
/** Year 1 to 3000. */
const [firstDay, lastDay] = [-719_162n, 376_200n]
const largestCount = 10n ** 12n

function numberOf(example: Example, name: FactName): number | undefined {
  const value = example.numbers.get(name)
  return value === undefined ? undefined : Number(value)
}
const dates: ReadonlySet<FactName> = new Set([
  "from",
  "to",
  "received",
  "clean",
  "admitted",
  "discharged",
  "born",
  "coverFrom",
  "coverTo",
  "enrolled",
])
const longest: Partial<Record<FactName, number>> = {
  modifiers: 8,
  diagnoses: 12,
  surfaces: 8,
  flags: 64,
  otherCover: 9,
}

/** Whether a claim can hold it at all: dates that have a year, counts and texts of a claim's size. */
function fits({ numbers, texts, lists, code }: Example): boolean {
  for (const [name, value] of numbers) {
    const [least, most] = dates.has(name) ? [firstDay, lastDay] : [0n, name === "charge" ? maxAmount : largestCount]
    if (value < least || value > most) return false
  }
  if (![code, ...texts.values()].every((text) => printable.test(text))) return false
  return [...lists].every(([name, list]) => list.length <= longest[name]! && list.every((item) => printable.test(item)))
}

function lineOf(example: Example, number: number): ClaimLine {
  const { code, numbers, texts, lists } = example
  const from = numberOf(example, "from")!
  return {
    ...plainLine(number, code, numbers.get("charge")!, from),
    to: numberOf(example, "to") ?? from,
    codeSystem: texts.get("codeSystem"),
    modifiers: lists.get("modifiers") ?? [],
    unitsMilli: numberOf(example, "unitsMilli") ?? 1000,
    place: texts.get("place"),
    revenue: texts.get("revenue"),
    diagnoses: lists.get("diagnoses") ?? [],
    drug: texts.get("drug"),
    supply: numberOf(example, "supply"),
    drugTier: texts.get("drugTier"),
    tooth: texts.get("tooth"),
    surfaces: lists.get("surfaces") ?? [],
  }
}

function claimOf(example: Example, cell: Cell, lines: readonly ClaimLine[]): Claim {
  const { texts, bools } = example
  const received = numberOf(example, "received") ?? lines[0]!.to
  const frequency = Number(texts.get("frequency") ?? "1")
  return {
    ...plainClaim(lines, received),
    kind: cell.claim,
    frequency,
    original: frequency === 1 ? undefined : "earlier",
    originalReceived: frequency === 1 ? undefined : received,
    clean: numberOf(example, "clean"),
    admitted: numberOf(example, "admitted"),
    discharged: numberOf(example, "discharged"),
    treatment: "shown",
    billType: texts.get("billType"),
    drg: texts.get("drg"),
    inpatient: bools.get("inpatient") === true,
    emergency: bools.get("emergency") === true,
    accident: bools.get("accident") === true,
    workRelated: bools.get("workRelated") === true,
    visitType: texts.get("visitType"),
  }
}

function memberOf(example: Example): Member {
  const { texts, bools, lists } = example
  return {
    ...plainMember,
    born: numberOf(example, "born"),
    sex: texts.get("sex"),
    relation: texts.get("relation"),
    coverFrom: numberOf(example, "coverFrom"),
    coverTo: numberOf(example, "coverTo"),
    enrolled: numberOf(example, "enrolled"),
    members: numberOf(example, "members"),
    selfOnly: bools.get("selfOnly") === true,
    flags: lists.get("flags") ?? [],
    rank: numberOf(example, "rank") ?? 1,
    otherCover: lists.get("otherCover") ?? [],
  }
}

function providerOf({ texts }: Example): Provider {
  return {
    provider: texts.get("provider") ?? "provider",
    specialty: texts.get("specialty"),
    kind: texts.get("providerKind"),
    contract: texts.get("contract"),
    level: texts.get("level"),
  }
}

/** Earlier payers who left everything to the patient. */
function legsBefore(count: number, lines: readonly ClaimLine[], on: number): readonly PriorLeg[] {
  const leg = {
    payer: "earlier",
    on,
    lines: lines.map(({ number, charge }) => {
      return { number, allowed: charge, paid: 0n, left: charge, reasons: [{ carc: "1", amount: charge }] }
    }),
  }
  return Array.from({ length: count }, () => leg)
}

/** Everything that a clause may ask for before the line is judged: authorizations, referrals, decisions. */
function papersFor(plan: Plan, example: Example, leaf: Category, lines: readonly ClaimLine[]): Partial<InputValues> {
  const [from, until] = [lines[0]!.from - 400, lines[0]!.to + 400]
  const covers = [
    example.code,
    ...leaf.path.map(({ name }) => name).filter((name) => printable.test(name) && name !== ""),
  ]
  const judged = plan.clauses.filter(({ discretion }) => discretion !== undefined)
  return {
    authorizations: covers.map((name) => ({ covers: name, from, until, provider: undefined, unitsMilli: 10 ** 15 })),
    referrals: rulesOfKind(plan, "refer")
      .filter(({ effect }) => printable.test(effect.from))
      .map(({ effect }) => ({ from: effect.from, to: undefined, visits: 1000, used: 0 })),
    decisions: judged.flatMap(({ number }) =>
      lines.map((line) => {
        const answer = example.decisions.get(number) === true ? 1 : 0
        return { clause: number, line: line.number, answer, by: "decider", on: lines[0]!.to, evidence: undefined }
      }),
    ),
  }
}

/** Undefined when no claim can hold the example. */
export function inputFor(plan: Plan, example: Example, cell: Cell, setting: Setting): AdjudicationInput | undefined {
  if (!fits(example)) return undefined
  const lines = [lineOf(example, 1)]
  if (setting.twice === true) lines.push(lineOf(example, 2))
  const claim = claimOf(example, cell, lines)
  const member = memberOf(example)
  const snapshot = untouchedSnapshot(plan, member)
  const rank = setting.afterOthers === true && member.rank === 1 ? 2 : member.rank
  const tier = (example.texts.get("assurance") ?? "patient") as AssuranceTier
  return inputOf({
    plan,
    claim,
    member: { ...member, rank },
    provider: providerOf(example),
    snapshot,
    legs: legsBefore(rank - 1, lines, claim.received),
    ...papersFor(plan, example, cell.leaf, lines),
    assurance: { tier, allotments: (setting.spent ?? []).map((clause) => ({ clause, most: 0n })) },
    on: claim.received,
  })
}

/** What the evaluator says of the example; undefined when no claim can hold it. */
export function replay(plan: Plan, example: Example, cell: Cell, setting: Setting = {}): Outcome | undefined {
  const input = inputFor(plan, example, cell, setting)
  return input && adjudicate(input)
}
