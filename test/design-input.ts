/** A drawn design's claims as the adjudicator's input: the history as a snapshot, the earlier payer's answer as a leg. */
import type { AdjudicationInput } from "../src/plan/input.ts"
import type { Plan } from "../src/plan/plan.ts"
import type { Snapshot } from "../src/plan/snapshot.ts"
import type { DesignHistory } from "./naive-design.ts"
import { inputFor, visitDay, year } from "./plan-text.ts"
import { type Design, type DesignClaim, illnesses, type Next } from "./random-design.ts"
import type { WrittenDesign } from "./write-design.ts"

/** What earlier visits met, never above the limits. */
export function randomHistory(design: Design, next: Next): DesignHistory {
  const upTo = (limit: bigint | undefined) =>
    limit === undefined || next(3) === 0 ? 0n : BigInt(next(Number(limit) + 1))
  const ceilings = new Map<string, bigint>()
  design.ceilings.forEach(({ owner, limit }, index) => {
    const names = owner === "condition" ? Object.values(illnesses) : owner === "treatment" ? ["T1", "T2"] : [""]
    for (const name of names) ceilings.set(`${index} ${owner}${name === "" ? "" : ` ${name}`}`, upTo(limit))
  })
  const { coinsurance, deductible, most, copay } = design
  return {
    deductible: { person: upTo(deductible?.person), family: upTo(deductible?.family) },
    drugs: upTo(design.drugDeductible),
    most: { person: upTo(most?.person), family: upTo(most?.family) },
    band: coinsurance !== undefined && "edge" in coinsurance && coinsurance.isKept ? upTo(coinsurance.edge) : 0n,
    free: Number(upTo(BigInt(design.first ?? 0))),
    copayDays: copay?.per === "day" ? Number(upTo(BigInt(copay.days ?? 0))) : 0,
    glasses: upTo(design.allowance?.sum),
    ceilings,
  }
}

function snapshotParts({ clauseOf }: WrittenDesign, history: DesignHistory): Partial<Snapshot> {
  const buckets: Snapshot["buckets"][number][] = []
  const counts: Snapshot["counts"][number][] = []
  const add = (role: string, owner: string, met: bigint) => {
    const clause = clauseOf.get(role)
    if (clause !== undefined && met > 0n) buckets.push({ clause, owner, periodStart: year, met, limit: 10n ** 9n })
  }
  const count = (role: string, used: number) => {
    const clause = clauseOf.get(role)
    if (clause === undefined || used === 0) return
    counts.push({ clause, owner: "person", periodStart: year, used: BigInt(used), allotted: 0n })
  }
  for (const owner of ["person", "family"] as const) {
    add("deductible", owner, history.deductible[owner])
    add("most", owner, history.most[owner])
  }
  add("drugs", "person", history.drugs)
  add("coinsurance", "person", history.band)
  count("first", history.free)
  count("days", history.copayDays)
  for (const [key, met] of history.ceilings) {
    const [index, ...owner] = key.split(" ")
    add(`ceiling ${index}`, owner.join(" "), met)
  }
  const glasses = clauseOf.get("allowance")
  const seen = { owner: "person", day: visitDay - 300, provider: "elsewhere", statement: new Uint8Array(32) }
  const events =
    glasses === undefined || history.glasses === 0n ? [] : [{ clause: glasses, ...seen, quantity: history.glasses }]
  return { buckets, counts, events }
}

export function designInput(
  plan: Plan,
  written: WrittenDesign,
  claim: DesignClaim,
  history: DesignHistory,
): AdjudicationInput {
  const { prior } = claim
  const legs = [
    {
      payer: "first",
      on: visitDay,
      lines: (prior ?? []).map(({ allowed, paid, left }, i) => ({
        ...{ number: i + 1, allowed, paid, left },
        reasons: left === 0n ? [] : [{ carc: "2", amount: left }],
      })),
    },
  ]
  const received = visitDay + 40
  return inputFor(plan, {
    lines: claim.lines.map((line) => ({ ...line, modifiers: [...line.modifiers], diagnoses: [...line.diagnoses] })),
    claim: { drg: "470", treatment: claim.treatment, received },
    member: { selfOnly: claim.selfOnly, rank: prior === undefined ? 1 : 2 },
    snapshot: snapshotParts(written, history),
    values: { on: received, ...(prior === undefined ? {} : { legs }) },
  })
}
