/** The questions at the head of a summary of benefits, each answered from the rules with the clauses that say so. */

import type { EffectOf, Kind } from "../language/effects.ts"
import type { Bucket, Day } from "../parts.ts"
import { type Plan, type Rule, rulesOfKind } from "../plan.ts"
import { numberWords } from "./booklet-words.ts"
import {
  bucketWords,
  type CellShare,
  clausesWords,
  isWide,
  leafWords,
  limitWords,
  type Surveyed,
} from "./summary-shares.ts"

/** Question, answer, clauses. */
export type QuestionRow = readonly [string, string, string]

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const list = (words: readonly string[]) => [...new Set(words)].join(", ")

function inForce<K extends Kind>(plan: Plan, kind: K, day: Day): readonly Rule<EffectOf<K>>[] {
  return rulesOfKind(plan, kind).filter(({ guard }) => guard.from <= day && day < guard.until)
}

function tierWords(rule: Rule, plan: Plan): string {
  const { tiers } = rule.guard
  return tiers === undefined || tiers.size === plan.front.tiers.length ? "" : ` (${[...tiers].join(", ")})`
}

/** Buckets that rules use, each once with the rules, most used first. */
function bucketsOf(rules: readonly Rule[], bucketOf: (rule: Rule) => Bucket | undefined) {
  const found = new Map<Bucket, Rule[]>()
  for (const rule of rules) {
    const bucket = bucketOf(rule)
    if (bucket === undefined) continue
    const known = found.get(bucket)
    if (known === undefined) found.set(bucket, [rule])
    else known.push(rule)
  }
  return [...found].sort(([, a], [, b]) => b.length - a.length)
}

function bucketAnswer(plan: Plan, bucket: Bucket, day: Day, name: boolean): string {
  const family =
    bucket.person === undefined || bucket.family === undefined
      ? ""
      : bucket.familyRule === "embedded"
        ? "; nobody pays more than one person's amount"
        : "; a family has the family's amount alone"
  const tiers = bucket.tiers === undefined ? "" : ` (${bucket.tiers.join(", ")})`
  return `${name ? `${upper(bucketWords(bucket))}: ` : ""}${limitWords(plan, bucket, day)}${family}${tiers}`
}

/** The deductible that most groups of a tier have. */
function mainDeductible(cells: readonly Surveyed[], tier: string): Bucket | undefined {
  const used = new Map<Bucket, number>()
  for (const { share, tier: own } of cells)
    if (own === tier && share.deductible !== undefined)
      used.set(share.deductible, (used.get(share.deductible) ?? 0) + 1)
  return [...used].sort(([, a], [, b]) => b - a)[0]?.[0]
}

function deductibleRows(plan: Plan, day: Day, cells: readonly Surveyed[]): readonly QuestionRow[] {
  const question = "What do you pay first (the deductible)?"
  const byTier = plan.front.tiers.flatMap((tier) => {
    const bucket = mainDeductible(cells, tier)
    return bucket === undefined ? [] : [{ tier, bucket }]
  })
  const main = [...new Set(byTier.map(({ bucket }) => bucket))]
  const stated = inForce(plan, "deductible", day).flatMap(({ effect }) => effect.bucket ?? [])
  const others = [...new Set(stated)].filter((bucket) => !main.includes(bucket))
  if (main.length === 0 && others.length === 0) return [[question, "Nothing: the plan has none.", ""]]
  const answers =
    main.length === 1
      ? [bucketAnswer(plan, main[0]!, day, false)]
      : byTier.map(({ tier, bucket }) => `${upper(tier)}: ${bucketAnswer(plan, bucket, day, false)}`)
  const [best] = plan.front.tiers
  const free = cells.filter(({ share, tier }) => tier === best && share.isCovered && share.deductible === undefined)
  const named = upper(list(free.map(({ leaf }) => leafWords(leaf))))
  return [
    [question, answers.join(". "), main.map(({ clause }) => clause.number).join(", ")],
    [
      "What do we pay before the deductible is met?",
      free.length === 0 ? "Nothing." : `${named}${main.length > 1 ? ` (${best})` : ""}.`,
      clausesWords(free.flatMap(({ share }) => share.rules.filter(({ kind }) => kind !== "coinsurance"))),
    ],
    [
      "Are there other deductibles?",
      others.length === 0 ? "No." : others.map((bucket) => bucketAnswer(plan, bucket, day, true)).join(". "),
      others.map(({ clause }) => clause.number).join(", "),
    ],
  ]
}

/** What a member may still owe once the limit is reached. */
function outsideLimit(plan: Plan, day: Day, counts: readonly string[], cells: readonly Surveyed[]) {
  const rules: Rule[] = []
  const say: string[] = []
  const note = (words: string, found: readonly Rule[]) => {
    if (found.length === 0) return
    say.push(words)
    rules.push(...found)
  }
  const parts = (["copay", "deductible", "coinsurance"] as const).filter((part) => !counts.includes(part))
  if (parts.length > 0) say.push(list(parts))
  const open = cells.filter(({ share, caps }) => share.isCovered && !caps && hasShare(share))
  if (open.length > 0) say.push(`all you pay for ${list(open.map(({ leaf }) => leafWords(leaf)))}`)
  const member = <K extends "ceiling" | "alternate">(kind: K, owes: (effect: EffectOf<K>) => boolean) =>
    inForce(plan, kind, day).filter(({ effect }) => owes(effect))
  note("what is above an allowance", inForce(plan, "allowance", day))
  note("what is beyond a number or a sum", [
    ...inForce(plan, "limit", day),
    ...member("ceiling", ({ excess }) => excess === "member"),
  ])
  note(
    "the part cut for missing permission",
    inForce(plan, "authorize", day).filter(({ effect }) => effect.otherwise === "reduce"),
  )
  note(
    "the difference to a cheaper service",
    member("alternate", ({ owes }) => owes === "member"),
  )
  say.push("care that is not covered")
  return [`${upper(say.join("; "))}.`, clausesWords(rules)] as const
}

const hasShare = ({ copay, coinsurance, deductible }: CellShare) =>
  copay !== undefined || coinsurance !== undefined || deductible !== undefined

function mostRows(plan: Plan, day: Day, cells: readonly Surveyed[]): readonly QuestionRow[] {
  const caps = inForce(plan, "outOfPocket", day)
  if (caps.length === 0) return [["What is the most you pay in a year?", "There is no limit on what you pay.", ""]]
  const buckets = bucketsOf(caps, ({ effect }) => (effect.kind === "outOfPocket" ? effect.bucket : undefined))
  const answers = buckets.map(
    ([bucket, rules]) => `${bucketAnswer(plan, bucket, day, buckets.length > 1)}${tierWords(rules[0]!, plan)}`,
  )
  const counts = caps.flatMap(({ effect }) => effect.counts)
  const [outside, clauses] = outsideLimit(plan, day, counts, cells)
  return [
    ["What is the most you pay in a year?", answers.join(". "), clausesWords(caps)],
    ["What does not count towards that?", outside, clauses],
  ]
}

/** Whether a rule speaks of every group of services. */
export const isGeneral = (rule: Rule): boolean =>
  (rule.guard.listed === undefined || rule.guard.listed.some(({ index }) => index === 0)) &&
  rule.effect.on === undefined

/** The groups that a wide rule does not reach: ` (not braces)`. */
function savedGroups(plan: Plan, { guard }: Rule): string {
  const saved = plan.categories.filter(({ isLeaf, index }) => isLeaf && index !== 0 && guard.reach[index] === 0)
  return saved.length === 0 ? "" : ` (not ${list(saved.map(leafWords))})`
}

function careRows(plan: Plan, day: Day): readonly QuestionRow[] {
  const { tiers } = plan.front
  const ceilings = inForce(plan, "ceiling", day).filter((rule) => isGeneral(rule) || isWide(plan, rule))
  const refers = inForce(plan, "refer", day)
  const authorizes = inForce(plan, "authorize", day)
  const waits = inForce(plan, "wait", day)
  const lifts = inForce(plan, "emergency", day)
  const groups = (rule: Rule) =>
    isGeneral(rule) ? "all care" : list((rule.effect.on ?? rule.guard.listed ?? []).map(leafWords))
  const asked = (rules: readonly Rule[]) => (rules.length === 0 ? "No." : `Yes, for ${list(rules.map(groups))}.`)
  const rows: QuestionRow[] = [
    [
      "Do you pay less with a provider in the network?",
      tiers.length > 1 ? `Yes. Best first: ${tiers.join(", ")}.` : `The plan has one network: ${tiers.join("")}.`,
      clausesWords(inForce(plan, "network", day)),
    ],
    ["Do you need a referral?", asked(refers), clausesWords(refers)],
    ["Do you need permission first?", asked(authorizes), clausesWords(authorizes)],
  ]
  if (ceilings.length > 0) {
    const most = ceilings.map((rule) => `${limitWords(plan, rule.effect.bucket, day)}${savedGroups(plan, rule)}`)
    rows.push(["What is the most we pay?", `${most.join("; ")}.`, clausesWords(ceilings)])
  }
  if (waits.length > 0) {
    const times = waits.map((rule) => `${groups(rule)}: ${numberWords(plan, rule.effect.lasts, day)}`)
    rows.push(["Is there a waiting time?", `${upper(list(times))}.`, clausesWords(waits)])
  }
  if (lifts.length > 0) {
    const gates = { network: "the network", authorize: "permission", refer: "a referral", wait: "a waiting time" }
    const lifted = list(lifts.flatMap(({ effect }) => effect.lifts.map((gate) => gates[gate])))
    const text = `${lifts.map(({ clause }) => clause.title).join(", ")}: we do not ask for ${lifted}.`
    rows.push(["What if it cannot wait?", text, clausesWords(lifts)])
  }
  return rows
}

const together: Readonly<Record<EffectOf<"cob">["method"], string>> = {
  standard: "we pay what we would pay alone, but never more than it left",
  "carve-out": "we pay what we would pay alone, less what it paid",
  maintenance: "we take what it paid off our price, then pay our share of the rest",
  medicare: "we pay what it left, but never more than we would pay alone",
}

/** What happens beside another payer, where the plan speaks of it. */
function otherPlanRows(plan: Plan, day: Day): readonly QuestionRow[] {
  const rules = inForce(plan, "cob", day)
  if (rules.length === 0) return []
  const methods = list(rules.map(({ effect }) => together[effect.method]))
  return [["What if another plan pays first?", `When it has answered, ${methods}.`, clausesWords(rules)]]
}

/** All questions, in the order in which a federal summary of benefits asks them. */
export function questionRows(plan: Plan, day: Day, cells: readonly Surveyed[]): readonly QuestionRow[] {
  return [
    ...deductibleRows(plan, day, cells),
    ...mostRows(plan, day, cells),
    ...careRows(plan, day),
    ...otherPlanRows(plan, day),
  ]
}
