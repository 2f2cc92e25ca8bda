/**
 * A second adjudicator for designs drawn at random, written from the language page and sharing no code with the first:
 * fractions, one plain pass a step, no clauses, no trace. Where the two differ one of them has misread the page.
 */
import { fraction, least, notBelowZero, priceAll, put, rankAll, round, share, times, type Work } from "./naive-price.ts"
import { type Ceiling, type Design, type DesignClaim, type DesignLine, illnesses, services } from "./random-design.ts"

/** What was met and counted in 2026 before the claim, by owner where there are several. */
export interface DesignHistory {
  deductible: { person: bigint; family: bigint }
  drugs: bigint
  most: { person: bigint; family: bigint }
  band: bigint
  free: number
  copayDays: number
  glasses: bigint
  ceilings: Map<string, bigint>
}

export interface NaiveOutcome {
  readonly benefit: bigint
  readonly patient: bigint
  readonly codes: Readonly<Record<string, bigint>>
}

interface Parts {
  copay: bigint
  deductible: bigint
  coinsurance: bigint
  usesFirst: boolean
  usesDays: number
  /** Coinsurance before the visit's least and most. */
  before: bigint
  bandBase: bigint
  own: bigint
  capped: boolean
}

/** Everything that moves while the claim's lines are determined one after another. */
interface Running {
  readonly history: DesignHistory
  readonly copaid: Set<number>
  readonly visitCoinsurance: Map<number, { taken: bigint; before: bigint }>
}

interface Context {
  readonly design: Design
  readonly claim: DesignClaim
  readonly running: Running
}

const roomOf = (
  limit: { person: bigint; family: bigint | undefined; rule?: "embedded" | "aggregate" },
  met: { person: bigint; family: bigint },
  selfOnly: boolean,
): bigint => {
  const person = notBelowZero(limit.person - met.person)
  if (limit.family === undefined || selfOnly) return person
  const family = notBelowZero(limit.family - met.family)
  return limit.rule === "aggregate" ? family : least(person, family)
}

function copayDue({ design, running }: Context, work: Work): { due: bigint; days: number } {
  const { copay } = design
  if (copay === undefined) return { due: 0n, days: 0 }
  const { from, to } = work.line
  if (copay.per !== "service" && running.copaid.has(from)) return { due: 0n, days: 0 }
  if (copay.per !== "day") return { due: copay.amount, days: 0 }
  const stay = to - from + 1
  const days = copay.days === undefined ? stay : Math.min(stay, Math.max(0, copay.days - running.history.copayDays))
  return { due: copay.amount * BigInt(days), days }
}

function deductibleRoom({ design, claim, running }: Context, work: Work): bigint {
  const { history } = running
  if (work.category === "medicine" && design.drugDeductible !== undefined)
    return notBelowZero(design.drugDeductible - history.drugs)
  return design.deductible === undefined ? 0n : roomOf(design.deductible, history.deductible, claim.selfOnly)
}

function coinsuranceOf(
  { design, running }: Context,
  work: Work,
  left: bigint,
): { due: bigint; before: bigint; bandBase: bigint } {
  const { coinsurance, rounding } = design
  if (coinsurance === undefined) return { due: 0n, before: 0n, bandBase: 0n }
  if ("edge" in coinsurance) {
    const start = coinsurance.isKept ? running.history.band : 0n
    const low = least(left, notBelowZero(coinsurance.edge - start))
    const sum = times(fraction(low * coinsurance.low + (left - low) * coinsurance.high), fraction(1n, 10_000n))
    return { due: round(sum, rounding), before: 0n, bandBase: coinsurance.isKept ? low : 0n }
  }
  const { member, atLeast, atMost, per } = coinsurance
  const before = round(times(fraction(left), share(member)), rounding)
  const clamp = (value: bigint) => {
    const raised = atLeast !== undefined && value < atLeast ? atLeast : value
    return atMost !== undefined && raised > atMost ? atMost : raised
  }
  if (per === "service") return { due: clamp(before), before, bandBase: 0n }
  const visit = running.visitCoinsurance.get(work.line.from) ?? { taken: 0n, before: 0n }
  return { due: notBelowZero(clamp(visit.before + before) - visit.taken), before, bandBase: 0n }
}

function shareOut(context: Context, work: Work, base: bigint, capitated: boolean): Parts {
  const { design, claim, running } = context
  const parts: Parts = {
    ...{ copay: 0n, deductible: 0n, coinsurance: 0n, usesFirst: false, usesDays: 0 },
    ...{ before: 0n, bandBase: 0n, own: 0n, capped: false },
  }
  const isFirst = work.category === "exam" && design.first !== undefined && running.history.free < design.first
  parts.usesFirst = isFirst
  const { due, days } = isFirst ? { due: 0n, days: 0 } : copayDue(context, work)
  const keepsCopay = !capitated || design.capitated!.copay
  const room = isFirst || capitated ? 0n : deductibleRoom(context, work)
  if (design.copay?.order === "after") {
    parts.deductible = least(base, room)
    if (keepsCopay) parts.copay = least(base - parts.deductible, due)
  } else {
    if (keepsCopay) parts.copay = least(base, due)
    parts.deductible = least(base - parts.copay, room)
  }
  parts.usesDays = parts.copay > 0n ? days : 0
  if (!isFirst && !capitated) {
    const left = base - parts.copay - parts.deductible
    const { due: coin, before, bandBase } = coinsuranceOf(context, work, left)
    parts.coinsurance = least(coin, left)
    parts.before = before
    parts.bandBase = bandBase
  }
  if (design.most !== undefined) {
    const limit = roomOf({ ...design.most, rule: "embedded" }, running.history.most, claim.selfOnly)
    const counted = design.most.counts.reduce((sum, part) => sum + parts[part], 0n)
    let over = notBelowZero(counted - limit)
    for (const part of ["coinsurance", "deductible", "copay"] as const) {
      if (!design.most.counts.includes(part)) continue
      const cut = least(over, parts[part])
      parts[part] -= cut
      over -= cut
    }
  }
  parts.own = base - parts.copay - parts.deductible - parts.coinsurance
  return parts
}

function ceilingKey({ owner }: Ceiling, index: number, claim: DesignClaim, line: DesignLine): string {
  const name = owner === "condition" ? illnesses[line.diagnoses[0]!] : owner === "treatment" ? claim.treatment : ""
  return `${index} ${owner}${name === "" ? "" : ` ${name}`}`
}

const ceilingsOf = (design: Design, work: Work) =>
  design.ceilings
    .map((ceiling, index) => ({ ceiling, index }))
    .filter(({ ceiling }) => ceiling.category === undefined || ceiling.category === work.category)

/** The plan's part under its ceilings, and what each cuts. */
function underCeilings({ design, claim, running }: Context, work: Work, own: bigint) {
  let left = own
  const cuts: { code: string; cut: bigint }[] = []
  for (const { ceiling, index } of ceilingsOf(design, work)) {
    const met = running.history.ceilings.get(ceilingKey(ceiling, index, claim, work.line)) ?? 0n
    const cut = notBelowZero(left - notBelowZero(ceiling.limit - met))
    cuts.push({ code: ceiling.excess === "member" ? "PR-119" : "CO-119", cut })
    left -= cut
  }
  return { left, cuts }
}

function postAll({ design, claim, running }: Context, work: Work, posted: Parts, parts: Parts, pay: bigint): void {
  const { history } = running
  const isDrug = work.category === "medicine" && design.drugDeductible !== undefined
  if (isDrug) history.drugs += posted.deductible
  else {
    history.deductible.person += posted.deductible
    history.deductible.family += posted.deductible
  }
  for (const part of design.most?.counts ?? []) {
    history.most.person += posted[part]
    history.most.family += posted[part]
  }
  for (const { ceiling, index } of ceilingsOf(design, work)) {
    const key = ceilingKey(ceiling, index, claim, work.line)
    history.ceilings.set(key, (history.ceilings.get(key) ?? 0n) + pay)
  }
  if (parts.usesFirst) history.free++
  history.band += parts.bandBase
  if (posted.copay > 0n) {
    running.copaid.add(work.line.from)
    history.copayDays += parts.usesDays
  }
  const visit = running.visitCoinsurance.get(work.line.from) ?? { taken: 0n, before: 0n }
  running.visitCoinsurance.set(work.line.from, {
    taken: visit.taken + posted.coinsurance,
    before: visit.before + parts.before,
  })
}

interface Prior {
  readonly allowed: bigint
  readonly paid: bigint
  readonly left: bigint
}

function secondPays(design: Design, work: Work, charge: bigint, prior: Prior, own: bigint): bigint {
  const { paid, left, allowed: before } = prior
  switch (design.cob.method) {
    case "standard":
      return least(own, left, notBelowZero(work.allowed - paid))
    case "carve-out":
      return least(left, notBelowZero(own - paid))
    case "maintenance":
      return least(own, left)
    case "medicare": {
      const higher = work.allowed > before ? work.allowed : before
      return least(own, left, notBelowZero(charge - paid), notBelowZero(higher - paid))
    }
  }
}

function cutParts(parts: Parts, owed: bigint): Parts {
  const copay = least(parts.copay, owed)
  const deductible = least(parts.deductible, owed - copay)
  return { ...parts, copay, deductible, coinsurance: least(parts.coinsurance, owed - copay - deductible) }
}

function takeAllowance({ design, running }: Context, work: Work): bigint {
  const { allowance } = design
  if (allowance === undefined || work.category !== "frames") return work.allowed
  const base = least(work.allowed, notBelowZero(allowance.sum - running.history.glasses))
  const overage = work.allowed - base
  const owed = round(times(fraction(overage), share(allowance.overage)), design.rounding)
  put(work.codes, "PR-119", owed)
  put(work.codes, "CO-45", overage - owed)
  return base
}

/** Nobody owes more than was charged: what cuts leave above it is the provider's. */
function keepWithin(codes: Record<string, bigint>, charge: bigint): void {
  let over = notBelowZero(patientOf(codes) - charge)
  for (const carc of ["119", "169"]) {
    const cut = least(over, codes[`PR-${carc}`] ?? 0n)
    put(codes, `PR-${carc}`, -cut)
    put(codes, `CO-${carc}`, cut)
    over -= cut
  }
}

function patientOf(codes: Readonly<Record<string, bigint>>): bigint {
  let patient = 0n
  for (const [code, amount] of Object.entries(codes)) if (code.startsWith("PR")) patient += amount
  return patient
}

function asPrimary(
  context: Context,
  work: Work,
  base: bigint,
  capitated: boolean,
  rooms: readonly Work[],
): NaiveOutcome {
  const { design } = context
  const { line, codes } = work
  const group = work.packaged || !rooms.includes(work) ? [work] : rooms
  const charge = group.reduce((sum, item) => sum + item.line.charge, 0n)
  const parts = shareOut(context, work, least(base, charge), capitated)
  parts.own += base - least(base, charge)
  const { left: own, cuts } = capitated ? { left: 0n, cuts: [] } : underCeilings(context, work, parts.own)
  put(codes, work.packaged ? "CO-97" : line.charge < work.full ? "CO-94" : "CO-45", line.charge - work.full)
  put(codes, "PR-3", parts.copay)
  put(codes, "PR-1", parts.deductible)
  put(codes, "PR-2", parts.coinsurance)
  for (const { code, cut } of cuts) put(codes, code, cut)
  keepWithin(codes, charge)
  if (capitated) put(codes, "CO-24", base - parts.copay)
  const held = design.withhold === undefined ? 0n : round(times(fraction(own), share(design.withhold)), design.rounding)
  put(codes, "CO-104", held)
  postAll(context, work, parts, parts, own)
  return finish(codes, own - held, base, context, work)
}

function finish(
  codes: Record<string, bigint>,
  benefit: bigint,
  base: bigint,
  { design, running }: Context,
  work: Work,
) {
  if (design.allowance !== undefined && work.category === "frames") running.history.glasses += base
  return { benefit, patient: patientOf(codes), codes }
}

/** Lines that one rate pays for are coordinated as one; what is paid goes to them in order, as they were left. */
function asSecondary(
  context: Context,
  work: Work,
  base: bigint,
  capitated: boolean,
  spread: Map<Work, bigint>,
  rooms: readonly Work[],
): NaiveOutcome {
  const { design, claim } = context
  const priorOf = (item: Work) => claim.prior![claim.lines.indexOf(item.line)]!
  const own = priorOf(work)
  const group = rooms.includes(work) ? rooms : [work]
  const total = group
    .map(priorOf)
    .reduce((a, b) => ({ allowed: a.allowed + b.allowed, paid: a.paid + b.paid, left: a.left + b.left }))
  const codes: Record<string, bigint> = {}
  let shown = { copay: 0n, deductible: 0n, coinsurance: 0n }
  if (!work.packaged) {
    const charge = group.reduce((sum, { line }) => sum + line.charge, 0n)
    const run = (on: bigint) => {
      const parts = shareOut(context, work, least(on, charge), capitated)
      parts.own += on - least(on, charge)
      return { parts, left: capitated ? 0n : underCeilings(context, work, parts.own).left }
    }
    const isMaintenance = design.cob.method === "maintenance"
    const { parts, left } = run(isMaintenance ? least(base, notBelowZero(work.allowed - total.paid)) : base)
    const pay = secondPays(design, work, charge, total, left)
    const owed = cutParts(parts, total.left - pay)
    let rest = pay
    for (const item of group) {
      const part = least(rest, priorOf(item).left)
      spread.set(item, part)
      rest -= part
    }
    shown = cutParts(owed, own.left - spread.get(work)!)
    postAll(context, work, design.cob.posts === "owed" ? owed : parts, parts, pay)
  }
  const pay = spread.get(work)!
  put(codes, "PR-3", shown.copay)
  put(codes, "PR-1", shown.deductible)
  put(codes, "PR-2", own.left - pay - shown.copay - shown.deductible)
  put(codes, "OA-23", work.line.charge - own.left)
  const held = design.withhold === undefined ? 0n : round(times(fraction(pay), share(design.withhold)), design.rounding)
  put(codes, "CO-104", held)
  return finish(codes, pay - held, base, context, work)
}

/** Determines the lines of one claim; `history` is moved by what they post. */
export function naiveDesign(design: Design, claim: DesignClaim, history: DesignHistory): readonly NaiveOutcome[] {
  const works: Work[] = claim.lines.map((line) => ({
    ...{ line, category: services[line.code]!.category, full: 0n, allowed: 0n },
    ...{ price: 0n, packaged: false, inPair: false, firstSide: undefined, care: undefined, codes: {} },
  }))
  priceAll(design, works)
  rankAll(design, works)
  const running: Running = { history, copaid: new Set(), visitCoinsurance: new Map() }
  const context = { design, claim, running }
  const rooms = design.caseRate === undefined ? [] : works.filter(({ category }) => category === "room")
  const spread = new Map<Work, bigint>()
  return works.map((work) => {
    const capitated = design.capitated?.category === work.category
    const base = takeAllowance(context, work)
    return claim.prior === undefined
      ? asPrimary(context, work, base, capitated, rooms)
      : asSecondary(context, work, base, capitated, spread, rooms)
  })
}
