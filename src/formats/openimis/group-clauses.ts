/** The clauses of groups of services: the member's part by age and kind of visit, waiting, counts, patients, places. */
import { decimalText } from "../amount.ts"
import { type Age, ages, type Group, type Limitation, type Terms, type Visit, visits } from "./terms.ts"

export interface SchemeClause {
  readonly title: string
  readonly sentence: string
  /** Lines after the first carry their own indentation. */
  readonly rule: string
}

/** Numbers of a plan in the order in which clauses ask for them. */
export class SchemeNumbers {
  readonly #values = new Map<string, string>()

  get empty(): boolean {
    return this.#values.size === 0
  }

  get text(): string {
    return [...this.#values].map(([name, value]) => `  ${name}: ${value}`).join(",\n")
  }

  #add(name: string, value: string): string {
    this.#values.set(name, value)
    return name
  }

  amount(name: string, hundredths: bigint): string {
    return this.#add(name, `${decimalText(hundredths)} XTS`)
  }

  part(name: string, points: bigint): string {
    return this.#add(name, `${decimalText(points).replace(/\.?0+$/, "")} %`)
  }

  count(name: string, count: bigint, unit: string): string {
    return this.#add(name, `${count} ${unit}`)
  }
}

/** openIMIS calls a person an adult from eighteen years on. */
const adultAge = 18n

const ofAge: Readonly<Record<Age, string>> = {
  adult: '(!has(born) || age(born, from) >= number("adult-age"))',
  child: 'has(born) && age(born, from) < number("adult-age")',
}
const ofVisit: Readonly<Record<Visit, string>> = {
  normal: '(!has(visitType) || visitType != "referral" && visitType != "emergency")',
  referral: 'has(visitType) && visitType == "referral"',
  emergency: 'has(visitType) && visitType == "emergency"',
}
const ageWords: Readonly<Record<Age, string>> = { adult: "Grown-ups", child: "Children below {adult-age}" }
const visitWords: Readonly<Record<Visit, string>> = {
  normal: "whom nobody sent and who could wait",
  referral: "when another provider sent them",
  emergency: "when they could not wait",
}

const plain = (category: string) => category.replaceAll("-", " ")
const same = (a: Limitation | undefined, b: Limitation | undefined) => a?.kind === b?.kind && a?.value === b?.value

/** What a limitation does to a line: undefined when the scheme pays all of it. */
function effectOf(limitation: Limitation, name: string, table: string, numbers: SchemeNumbers) {
  if (limitation.kind === "part") {
    if (limitation.value >= 10_000n) return undefined
    const part = numbers.part(`${name}-part`, 10_000n - limitation.value)
    return { words: `pay {${part}} of the rate`, rule: `coinsurance: { member: ${part} }` }
  }
  const most = numbers.amount(`${name}-at-most`, limitation.value)
  return {
    words: `have a line priced at no more than {${most}}`,
    rule: `allow: { schedule: ${table}, lesser: yes, atMost: ${most} }`,
  }
}

function limitationClauses(
  { name, category, terms }: Group,
  table: string,
  numbers: SchemeNumbers,
): readonly SchemeClause[] {
  const first = terms.limits.get("adult normal")
  const everywhere = [...terms.limits.values()].every((each) => same(each, first)) && terms.limits.size === 6
  if (everywhere && first !== undefined) {
    const effect = effectOf(first, name, table, numbers)
    if (effect === undefined) return []
    return [
      {
        title: `Your part of ${plain(name)}`,
        sentence: `For ${plain(category)} you ${effect.words}.`,
        rule: `for: [${name}]\n    ${effect.rule}`,
      },
    ]
  }
  return ages.flatMap((age) =>
    visits.flatMap((visit): readonly SchemeClause[] => {
      const limitation = terms.limits.get(`${age} ${visit}`)
      const effect = limitation && effectOf(limitation, `${name}-${age}-${visit}`, table, numbers)
      if (effect === undefined) return []
      numbers.count("adult-age", adultAge, "years")
      return [
        {
          title: `${plain(name)}, ${age}, ${visit}`,
          sentence: `${ageWords[age]} ${visitWords[visit]} ${effect.words} for ${plain(category)}.`,
          rule: `for: [${name}]\n    when: ${ofAge[age]} && ${ofVisit[visit]}\n    ${effect.rule}`,
        },
      ]
    }),
  )
}

/** A value for both ages in one clause, or for each age with one. */
function byAge(
  values: Terms["waits"],
  numbers: SchemeNumbers,
  write: (value: bigint, who: string, name: string, guard: string) => SchemeClause,
): readonly SchemeClause[] {
  if (values.adult !== undefined && values.adult === values.child) return [write(values.adult, "You", "", "")]
  return ages.flatMap((age) => {
    const value = values[age]
    if (value === undefined) return []
    numbers.count("adult-age", adultAge, "years")
    return [write(value, ageWords[age], `-${age}`, `when: ${ofAge[age]}\n    `)]
  })
}

function waitClauses({ name, category, terms }: Group, numbers: SchemeNumbers): readonly SchemeClause[] {
  return byAge(terms.waits, numbers, (months, who, suffix, guard) => {
    const wait = numbers.count(`${name}-wait${suffix}`, months, "months")
    return {
      title: `Waiting for ${plain(name)}${suffix.replace("-", ", ")}`,
      sentence: `${who} must have been covered for {${wait}} before we pay for ${plain(category)}.`,
      rule: `for: [${name}]\n    ${guard}wait: { for: ${wait}, from: coverFrom }`,
    }
  })
}

function countClauses({ name, terms, benefits }: Group, numbers: SchemeNumbers): readonly SchemeClause[] {
  const code = benefits[0]!.code
  return byAge(terms.counts, numbers, (count, who, suffix, guard) => {
    const most = numbers.count(`${name}-units${suffix}`, count, "units")
    const bucket = `${name}-count${suffix}`
    return {
      title: `How much of ${plain(name)}${suffix.replace("-", ", ")}`,
      sentence: `${who} have {${most}} of \`${code}\` paid for in a year of cover. More is not paid.`,
      rule: `for: [${name}]\n    ${guard}limit: { bucket: ${bucket}, per: unit }\n    bucket: { name: ${bucket}, measure: count, person: ${most}, period: cover }`,
    }
  })
}

/** Services for one sex or age, each sort in one clause. */
function patientClauses(groups: readonly Group[], numbers: SchemeNumbers): readonly SchemeClause[] {
  const sorts = [
    ["for women", (terms: Terms) => terms.sex === "F", "sex: F"],
    ["for men", (terms: Terms) => terms.sex === "M", "sex: M"],
    ["for grown-ups", (terms: Terms) => terms.age === "adult", "from: adult-age"],
    ["for children", (terms: Terms) => terms.age === "child", "to: adult-age"],
  ] as const
  return sorts.flatMap(([words, fits, fields]): readonly SchemeClause[] => {
    const names = groups.filter(({ terms }) => fits(terms)).map(({ name }) => name)
    if (names.length === 0) return []
    const bound = fields.includes("age")
      ? ` The line between them is {${numbers.count("adult-age", adultAge, "years")}}.`
      : ""
    return [
      {
        title: `Care ${words}`,
        sentence: `We pay for care of this group ${words} only.${bound} Else nobody owes it to the provider.`,
        rule: `for: [${names.join(", ")}]\n    age: { ${fields} }`,
      },
    ]
  })
}

/** Services that belong inside a stay, or outside one, in one clause each. */
function careClauses(groups: readonly Group[]): readonly SchemeClause[] {
  const named = (care: Terms["care"]) => groups.filter(({ terms }) => terms.care === care).map(({ name }) => name)
  const clauses: SchemeClause[] = []
  const clause = (care: Terms["care"], title: string, sentence: string, when: string) => {
    const names = named(care)
    if (names.length > 0)
      clauses.push({
        title,
        sentence,
        rule: `for: [${names.join(", ")}]\n    when: ${when}\n    exclude: { notice: none }`,
      })
  }
  clause(
    "outpatient",
    "Care outside a stay",
    "We do not pay for care of this group during a hospital stay. You pay it.",
    "inpatient",
  )
  clause(
    "inpatient",
    "Care in a stay",
    "We pay for care of this group during a hospital stay only. Else you pay it.",
    '"!inpatient"',
  )
  return clauses
}

/** All clauses that groups ask for. */
export function groupClauses(groups: readonly Group[], table: string, numbers: SchemeNumbers): readonly SchemeClause[] {
  return [
    ...groups.flatMap((group) => [
      ...limitationClauses(group, table, numbers),
      ...waitClauses(group, numbers),
      ...countClauses(group, numbers),
    ]),
    ...patientClauses(groups, numbers),
    ...careClauses(groups),
  ]
}
