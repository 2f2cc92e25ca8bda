/** Gate C2: may this provider be paid for the service, in which tier of the network, and on whose referral? */
import { matching, stuck, winner } from "../adjudicate/choose.ts"
import { LineFacts } from "../adjudicate/facts.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse } from "../adjudicate/state.ts"
import type { Row } from "../parts.ts"
import { type Rule, rowOn, valueOn } from "../plan.ts"
import { billedCode, type CodeFacts, codeFactsOf, factsOfRow, type GateIndex } from "./gates-tables.ts"

/** C2 for one line: the provider's number, an emergency, the tier, what the tables say of the provider, the referral. */
export function checkProvider(run: Run, state: LineState, index: GateIndex): void {
  const { provider } = run.provider
  if (provider === "") refuse(run, state, "C2", undefined, { group: "CO", carc: "206" })
  else if (index.hasDirectory && /^\d{10}$/.test(provider) && !isNationalNumber(provider))
    refuse(run, state, "C2", undefined, { group: "CO", carc: "207" })
  findEmergency(run, state)
  findTier(run, state)
  if (run.plan.networks.length > 0) checkListed(run, state)
  const found = index.codes.length === 0 ? undefined : codeFactsOf(index, billedCode(state.line), state.line.from)
  if (found !== undefined) checkFits(run, state, found.facts, found.rule)
  checkReferral(run, state)
}

/** National provider numbers: ten digits whose last one checks the others, after the prefix 80840, by ISO/IEC 7812. */
function isNationalNumber(digits: string): boolean {
  let sum = 24
  for (let i = 0; i < 10; i++) {
    const digit = digits.charCodeAt(i) - 48
    const doubled = i % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** C2: the gates that an emergency opens, and the tier it is paid as. */
function findEmergency(run: Run, state: LineState): void {
  const rules = matching(run, state, "C2", "emergency")
  if (rules === stuck || rules.length === 0) return
  const lifts = new Set<string>()
  for (const rule of rules) {
    for (const gate of rule.effect.lifts) lifts.add(gate)
    if (rule.effect.payAs !== undefined && rule.effect.lifts.includes("network")) setTier(state, rule.effect.payAs)
    const at = { line: state.line.number, step: "C2", formula: "clause" } as const
    if (run.trace !== undefined) record(run.trace, rule, at, [], [["lifts", rule.effect.lifts.join(" ")]])
  }
  state.lifts = lifts
}

function setTier(state: LineState, tier: string): void {
  state.tier = tier
  if (state.facts instanceof LineFacts) state.facts.tier = tier
}

/** C2: the network tier, from the clauses, the provider tables, or because there is only one. */
function findTier(run: Run, state: LineState): void {
  if (state.tier !== undefined) return
  const rule = winner(run, state, "C2", "network")
  if (rule === stuck) return
  if (rule !== undefined) {
    if (rule.effect.tier === "notCovered") refuse(run, state, "C2", rule, { group: "CO", carc: "242" })
    else setTier(state, rule.effect.tier)
  } else {
    const tier = tierByTable(run, state)
    if (tier !== undefined) setTier(state, tier)
    else if (run.plan.front.tiers.length === 1) setTier(state, run.plan.front.tiers[0]!)
    else pend(run, state, "C2", undefined, "missing-fact", "tier")
  }
  if (run.trace === undefined || state.tier === undefined) return
  const at = { line: state.line.number, step: "C2", formula: "tier" } as const
  record(run.trace, rule, at, [["provider", run.provider.provider]], [["tier", state.tier]])
}

/** The rows of the provider tables that speak of this provider. */
function rowOfProvider(run: Run, state: LineState, at: number): Row | undefined {
  const { table, by } = run.plan.networks[at]!
  const key = by === "provider" ? run.provider.provider : run.provider.contract
  const row = key === undefined ? undefined : rowOn(table, key, state.line.from)
  return row === "no-table" ? undefined : row
}

function tierByTable(run: Run, state: LineState): string | undefined {
  for (let at = 0; at < run.plan.networks.length; at++) {
    const tier = rowOfProvider(run, state, at)?.cells["tier"]
    if (tier !== undefined && run.plan.front.tiers.includes(tier)) return tier
  }
  return undefined
}

/** C2: the days on which a listed provider may be paid, whether at all, and whether it is the one the list means. */
function checkListed(run: Run, state: LineState): void {
  const { networks } = run.plan
  for (let at = 0; at < networks.length; at++) {
    const row = rowOfProvider(run, state, at)
    if (row === undefined) continue
    const facts = factsOfRow(row, networks[at]!.table.name)
    const { validFrom, validUntil, eligible, specialty } = facts
    const not = (carc: string) => refuse(run, state, "C2", undefined, { group: "CO", carc })
    if (facts.wrong !== undefined) pend(run, state, "C2", undefined, "no-table", `${facts.table} ${facts.wrong}`)
    const day = state.line.from
    if ((validFrom !== undefined && day < validFrom) || (validUntil !== undefined && day >= validUntil)) not("B7")
    if (specialty !== undefined && run.provider.specialty !== undefined && run.provider.specialty !== specialty)
      not("208")
    if (eligible === "no") not("299")
  }
}

/** C2: the specialty, the kind and the level of provider that a code's row asks for. */
function checkFits(run: Run, state: LineState, facts: CodeFacts, rule: Rule): void {
  const { specialty, kind, level } = run.provider
  for (const [wanted, given, carc, fact] of [
    [facts.specialties, specialty, "8", "specialty"],
    [facts.providerKinds, kind, "170", "providerKind"],
    [facts.levels, level, "185", "level"],
  ] as const) {
    if (wanted === undefined) continue
    if (given === undefined) pend(run, state, "C2", rule, "missing-fact", fact)
    else if (!wanted.includes(given)) refuse(run, state, "C2", rule, { group: "CO", carc })
  }
}

/** C2: a referral where a clause asks for one, for no more visits than it and the clause allow. */
function checkReferral(run: Run, state: LineState): void {
  const rules = matching(run, state, "C2", "refer")
  if (rules === stuck || state.lifts.has("refer")) return
  for (const rule of rules) {
    const { from, visits } = rule.effect
    const most = visits && valueOn(visits, state.line.from)
    if (visits !== undefined && most === undefined) {
      pend(run, state, "C2", rule, "missing-fact", visits.name)
      continue
    }
    const fits = run.input.referrals.value.filter(
      (referral) => referral.from === from && (referral.to === undefined || referral.to === run.provider.provider),
    )
    if (fits.length === 0) {
      refuse(run, state, "C2", rule, { group: "CO", carc: "288" })
      continue
    }
    const needed = BigInt(visitsBefore(run, state, rule))
    const left = (referral: (typeof fits)[number]) => {
      const allowed = most === undefined || BigInt(referral.visits) < most ? BigInt(referral.visits) : most
      return allowed - BigInt(referral.used)
    }
    if (fits.every((referral) => left(referral) <= needed)) refuse(run, state, "C2", rule, { group: "CO", carc: "287" })
  }
}

/** Days of the claim, before this line, on which the same clause already used the referral: a visit is a day. */
function visitsBefore(run: Run, state: LineState, rule: RuleOf<"refer">): number {
  const days: number[] = []
  for (const other of run.lines) {
    if (other === state) break
    const reached = other.leaf === undefined || rule.guard.reach[other.leaf.index] !== 0
    const counts = other.status !== "denied" && reached && other.line.from !== state.line.from
    if (counts && !days.includes(other.line.from)) days.push(other.line.from)
  }
  return days.length
}
