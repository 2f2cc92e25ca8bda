/** Writes a drawn design out as a published plan: one clause for each of its parts, every figure a named number. */
import type { PlanText } from "./plan-text.ts"
import { type Design, factors, illnesses, services } from "./random-design.ts"

/** Which clause holds what, for the snapshot's rows. */
export interface WrittenDesign {
  readonly text: PlanText
  readonly clauseOf: ReadonlyMap<string, string>
}

/** Writes a design out, clause by clause; numbers are named as they are needed. */
class Writer {
  readonly clauses: string[] = []
  readonly clauseOf = new Map<string, string>()
  readonly #numbers: string[] = []

  #name(value: string): string {
    const name = `n${this.#numbers.length + 1}`
    this.#numbers.push(`${name}: ${value}`)
    return name
  }

  readonly money = (value: bigint): string => {
    const digits = value.toString().padStart(3, "0")
    return this.#name(`${digits.slice(0, -2)}.${digits.slice(-2)} USD`)
  }
  readonly percent = (value: bigint): string => {
    const digits = value.toString().padStart(3, "0")
    return this.#name(`${digits.slice(0, -2)}.${digits.slice(-2)} %`)
  }
  readonly count = (value: number, unit: string): string => this.#name(`${value} ${unit}`)

  add(role: string, rule: string): void {
    this.clauses.push(rule)
    this.clauseOf.set(role, `2.${this.clauses.length}`)
  }

  get numbers(): string {
    return this.#numbers.join(", ")
  }
}

const joined = (parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(", ")

function writePrice(design: Design, writer: Writer): void {
  const { percent, money } = writer
  const shared = [
    design.percent === undefined ? undefined : `percent: ${percent(design.percent)}`,
    design.hasFactors ? "modifiers: factors" : undefined,
    `lesser: ${design.lesser ? "yes" : "no"}`,
    design.atMost === undefined ? undefined : `atMost: ${money(design.atMost)}`,
  ]
  writer.add("allow", `{ allow: { ${joined(["schedule: services", ...shared])} } }`)
  if (design.caseRate !== undefined)
    writer.add("case", "{ for: [room], allow: { case: cases, level: claim, lesser: yes } }")
  if (design.capitated !== undefined) {
    const { category, copay } = design.capitated
    writer.add("capitate", `{ for: [${category}], capitate: { copay: ${copay ? "yes" : "no"} } }`)
  }
  if (design.bilateral) writer.add("bilateral", "{ bilateral: { table: services } }")
  if (design.multiple !== undefined) {
    const { category, ranks, part, base } = design.multiple
    const fields = [
      part === "technical" ? "table: services" : undefined,
      `ranks: [${ranks.map(percent).join(", ")}]`,
      "beyond: last",
      `part: ${part}`,
      base === undefined ? undefined : `base: ${base}`,
    ]
    writer.add("multiple", `{ for: [${category}], multiple: { ${joined(fields)} } }`)
  }
  if (design.comanage !== undefined) {
    const { surgery, after, before, days } = design.comanage
    const share = (modifier: string, value: bigint) => `{ modifier: "${modifier}", share: ${percent(value)} }`
    writer.add(
      "comanage",
      `{ for: [procedure], comanage: { surgery: ${share("54", surgery)}, after: ${share("55", after)}, before: ${share("56", before)}, days: ${writer.count(days, "days")} } }`,
    )
  }
  if (design.alternate !== undefined)
    writer.add("alternate", `{ for: [crown], alternate: { as: C1, owes: ${design.alternate.owes} } }`)
  if (design.allowance !== undefined) {
    const { sum, overage } = design.allowance
    writer.add(
      "allowance",
      `{ for: [frames], allowance: { bucket: glasses, overage: ${percent(overage)} }, bucket: { name: glasses, measure: allowed, person: ${money(sum)}, period: two-years } }`,
    )
  }
}

function owners(person: bigint | undefined, family: bigint | undefined, rule: string, writer: Writer): string {
  return joined([
    person === undefined ? undefined : `person: ${writer.money(person)}`,
    family === undefined ? undefined : `family: ${writer.money(family)}, familyRule: ${rule}`,
  ])
}

function writeShare(design: Design, writer: Writer): void {
  const { money, percent } = writer
  if (design.copay !== undefined) {
    const { amount: due, per, order, days } = design.copay
    const isDaily = per === "day" && days !== undefined
    const most = isDaily ? writer.count(days, "days") : undefined
    const more = isDaily ? `, maxDays: ${most}, bucket: days` : ""
    writer.add("copay", `{ copay: { amount: ${money(due)}, per: ${per}, order: ${order}${more} } }`)
    if (isDaily) writer.add("days", `{ bucket: { name: days, measure: count, person: ${most}, period: year } }`)
  }
  if (design.deductible !== undefined) {
    const { person, family, rule } = design.deductible
    writer.add(
      "deductible",
      `{ deductible: ded, bucket: { name: ded, measure: share, ${owners(person, family, rule, writer)}, period: year } }`,
    )
  }
  if (design.drugDeductible !== undefined)
    writer.add(
      "drugs",
      `{ for: [medicine], deductible: drugs, bucket: { name: drugs, measure: share, person: ${money(design.drugDeductible)}, period: year } }`,
    )
  const { coinsurance } = design
  if (coinsurance !== undefined && "edge" in coinsurance) {
    const edge = money(coinsurance.edge)
    const bands = `bands: [[${edge}, ${percent(coinsurance.low)}], [above, ${percent(coinsurance.high)}]]`
    const kept = `, bucket: band }, bucket: { name: band, measure: allowed, person: ${edge}, period: year }`
    writer.add("coinsurance", `{ coinsurance: { ${bands}${coinsurance.isKept ? kept : " }"} }`)
  } else if (coinsurance !== undefined) {
    const { member, atLeast, atMost, per } = coinsurance
    const fields = [
      `member: ${percent(member)}`,
      atLeast === undefined ? undefined : `atLeast: ${money(atLeast)}`,
      atMost === undefined ? undefined : `atMost: ${money(atMost)}`,
      `per: ${per}`,
    ]
    writer.add("coinsurance", `{ coinsurance: { ${joined(fields)} } }`)
  }
  if (design.first !== undefined)
    writer.add(
      "first",
      `{ for: [exam], first: { bucket: free, share: { copay: none, deductible: none, coinsurance: none } }, bucket: { name: free, measure: count, person: ${writer.count(design.first, "visits")}, period: year } }`,
    )
  if (design.most !== undefined) {
    const { person, family, counts } = design.most
    writer.add(
      "most",
      `{ outOfPocket: { bucket: most, counts: [${counts.join(", ")}] }, bucket: { name: most, measure: share, ${owners(person, family, "embedded", writer)}, period: year } }`,
    )
  }
}

export function writeDesign(design: Design): WrittenDesign {
  const writer = new Writer()
  writer.add("cover", "{ define: { table: services }, cover: yes }")
  writer.add("illnesses", "{ define: { condition: illnesses } }")
  writePrice(design, writer)
  writeShare(design, writer)
  design.ceilings.forEach(({ owner, limit, excess, category }, i) => {
    const narrow = category === undefined ? "" : `for: [${category}], `
    const bucket = `bucket: { name: sum-${i}, measure: benefit, ${owner}: ${writer.money(limit)}, period: year }`
    writer.add(`ceiling ${i}`, `{ ${narrow}ceiling: { bucket: sum-${i}, excess: ${excess} }, ${bucket} }`)
  })
  writer.add("cob", `{ cob: { method: ${design.cob.method}, posts: ${design.cob.posts} } }`)
  if (design.withhold !== undefined)
    writer.add("withhold", `{ withhold: { percent: ${writer.percent(design.withhold)}, pool: quality } }`)
  const rows = Object.entries(services).map(
    ([code, { category, rate, bilateral, technical }]) =>
      `${code},${category},${rate},${bilateral ?? ""},${technical ?? ""}\n`,
  )
  const csvOf = (head: string, entries: Readonly<Record<string, string>>) =>
    `${head}\n${Object.entries(entries)
      .map(([key, value]) => `${key},${value}\n`)
      .join("")}`
  const tables = {
    services: { csv: `code,category,rate,bilateral,technical\n${rows.join("")}` },
    illnesses: { csv: csvOf("diagnosis,condition", illnesses) },
    factors: { csv: csvOf("modifier,factor", factors) },
    ...(design.caseRate === undefined ? {} : { cases: { csv: csvOf("drg,rate", { "470": design.caseRate }) } }),
  }
  const { clauses, numbers } = writer
  const text = { clauses, tables, front: { rounding: design.rounding }, ...(numbers === "" ? {} : { numbers }) }
  return { text, clauseOf: writer.clauseOf }
}
