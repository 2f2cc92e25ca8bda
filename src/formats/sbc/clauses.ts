/** The clauses of an encoded design: services that cost the same stand in one clause, with one sentence and one rule. */
import { type Design, medicines, type Service, type ServiceShare, services } from "./design.ts"
import { amountText, percentText } from "./figures.ts"
import { perOf } from "./model.ts"
import type { Limits, Share } from "./phrases.ts"
import { listOf, perText, sentenceCase, sentenceOf } from "./sentences.ts"

export interface Clause {
  readonly number: string
  readonly title: string
  readonly sentence: string
  readonly rule: readonly string[]
  /** The services of the clause where it is about some; a case is written for the first. */
  readonly of: readonly Service[]
  /** The service whose first visits the clause is about. */
  readonly firstOf?: Service | undefined
  /** The service whose copay the clause waives. */
  readonly waived?: Service | undefined
}

export interface NumberText {
  readonly value: string
  readonly assumed: boolean
}

/** Services that cost the same and stand for the same in the tree: medicines apart from the rest, stays by themselves. */
function groupsOf(design: Design): readonly (readonly [readonly Service[], ServiceShare])[] {
  const groups = new Map<string, [Service[], ServiceShare]>()
  for (const service of services) {
    const own = design.shares.get(service)
    if (own === undefined) continue
    const { share } = own
    const key = [
      perOf(service, share.per),
      share.copay,
      share.coinsurance,
      share.deductible,
      share.atMost,
      share.maxDays,
      share.first?.visits,
      share.first?.copay,
      medicines.includes(service),
      share.waivedIfAdmitted,
      own.source,
    ].join(" ")
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [[service], own])
    else known[0].push(service)
  }
  return [...groups.values()]
}

/** Builds the clauses of chapters 2 to 5 and gathers the numbers they name. */
export class Clauses {
  readonly numbers = new Map<string, NumberText>()
  readonly #design: Design
  readonly #firstTier: string
  #countsFirst = false

  constructor(design: Design) {
    this.#design = design
    this.#firstTier = design.second === undefined ? "" : "tiers: [first], "
  }

  #amount(name: string, cents: bigint, assumed = false): string {
    this.numbers.set(name, { value: amountText(cents), assumed })
    return name
  }

  #part(name: string, points: bigint, assumed = false): string {
    this.numbers.set(name, { value: percentText(points), assumed })
    return name
  }

  chapters(): readonly { readonly title: string; readonly list: readonly Clause[] }[] {
    const covered: Clause[] = [
      {
        number: "2.1",
        title: "Everything in the table",
        sentence: "We cover every service in the table at our contract rate.",
        rule: ["{ cover: yes, allow: { schedule: sbc-services, lesser: yes } }"],
        of: [],
      },
    ]
    if (this.#design.second !== undefined) covered.push(...providerClauses)
    const shares: Clause[] = [...this.#defaults()]
    for (const [list, own] of groupsOf(this.#design)) shares.push(...this.#group(list, own, shares.length + 1))
    return [
      { title: "2 Covered", list: covered },
      { title: "3 What you pay", list: shares },
      ...(this.#design.most === undefined
        ? []
        : [{ title: "4 The most you pay", list: this.#caps(this.#design.most) }]),
      { title: "5 Time limits", list: [timeClause] },
    ]
  }

  /** The plan's deductible and part, for the second group of providers and for medicines where they differ. */
  #defaults(): readonly Clause[] {
    const { deductible, coinsurance, second, drug } = this.#design
    const list: Clause[] = [this.#default("3.1", "", deductible, coinsurance, this.#firstTier)]
    if (second !== undefined) {
      const limits = { person: second.deductible, family: 2n * second.deductible, rule: "embedded" as const }
      list.push(this.#default(`3.${list.length + 1}`, "second-", limits, second.coinsurance, "tiers: [second], "))
    }
    if (drug !== undefined) list.push(this.#medicines(`3.${list.length + 1}`, drug))
    return list
  }

  #default(number: string, prefix: string, limits: Limits, coinsurance: bigint, guard: string): Clause {
    const which = prefix === "" ? "" : " With a provider of the second group"
    const [deductible, sentence] =
      limits.person === 0n ? ["deductible: none", "you meet no deductible."] : this.#deductible(prefix, limits)
    const part = coinsurance === 0n ? undefined : this.#part(`${prefix}part`, coinsurance)
    const after = part === undefined ? "Then you pay nothing more." : `Then you pay {${part}} of the allowed amount.`
    const coin = part === undefined ? "coinsurance: none" : `coinsurance: { member: ${part} }`
    return {
      number,
      title: prefix === "" ? "The deductible and your part" : "The second group of providers",
      sentence: `Where no other clause says else,${which.toLowerCase()} ${sentence} ${after}`,
      rule: [`{ ${guard}${coin}, ${deductible} }`],
      of: prefix === "" ? this.#unlisted() : [],
    }
  }

  /** The first service that says nothing else: the default decides it. */
  #unlisted(): readonly Service[] {
    const found = services.find((service) => !this.#design.shares.has(service) && !medicines.includes(service))
    return found === undefined ? [] : [found]
  }

  #deductible(prefix: string, limits: Limits): readonly [string, string] {
    const [name, family] = [`${prefix}ded`, `${prefix}ded-fam`]
    this.#amount(name, limits.person)
    this.#amount(family, limits.family)
    const bucket = `{ name: ${prefix}deductible, measure: share, person: ${name}, family: ${family}, familyRule: ${limits.rule}, period: year }`
    const sentence =
      limits.rule === "embedded"
        ? `each person first pays {${name}} a year, a family at most {${family}}.`
        : `one person covered alone first pays {${name}} a year, a family together {${family}}.`
    return [`deductible: ${prefix}deductible,\n      bucket: ${bucket}`, sentence]
  }

  #medicines(number: string, drug: NonNullable<Design["drug"]>): Clause {
    const part = drug.coinsurance === 0n ? undefined : this.#part("drug-part", drug.coinsurance)
    const coin = part === undefined ? "coinsurance: none" : `coinsurance: { member: ${part} }`
    const then = part === undefined ? "Then you pay nothing more." : `Then you pay {${part}} of the allowed amount.`
    if (drug.deductible === 0n) {
      const sentence = `For medicine you meet no deductible. ${then.replace("Then you", "You")}`
      return { number, title: "Medicine", sentence, rule: [`{ for: [medicine], ${coin}, deductible: none }`], of: [] }
    }
    const name = this.#amount("drug-ded", drug.deductible)
    const bucket = `{ name: drug-deductible, measure: share, person: ${name}, period: year }`
    return {
      number,
      title: "Medicine",
      sentence: `For medicine each person first pays {${name}} a year, apart from the other deductible. ${then}`,
      rule: [`{ for: [medicine], ${coin}, deductible: drug-deductible,`, `  bucket: ${bucket} }`],
      of: [],
    }
  }

  /** One clause for services of one share, and one before it for first visits. */
  #group(list: readonly Service[], { share, source }: ServiceShare, next: number): readonly Clause[] {
    const clauses: Clause[] = []
    const assumed = source === "assumed"
    const guard = medicines.includes(list[0]!) ? "" : this.#firstTier
    const stay = perOf(list[0]!, share.per) === "stay" ? "claims: [institutional], " : ""
    const forList = `for: [${list.join(", ")}], ${stay}${guard}`
    const { effects, sentence } = this.#share(list, share, assumed)
    const title = sentenceCase(listOf(list))
    clauses.push({ number: `3.${next}`, title, sentence, rule: [`{ ${forList}${effects.join(", ")} }`], of: list })
    if (share.first !== undefined) clauses.push(this.#first(list, share.first, forList, next + 1))
    if (share.waivedIfAdmitted) {
      const number = `3.${next + clauses.length}`
      const words = "You do not pay this copay when you are admitted to the hospital."
      const rule = [`{ for: [${list.join(", ")}], when: inpatient, waive: { parts: [copay] } }`]
      clauses.push({ number, title: `${title}, when admitted`, sentence: words, rule, of: [], waived: list[0] })
    }
    return clauses
  }

  #share(list: readonly Service[], share: Share, assumed: boolean) {
    const name = list[0]!
    const per = perOf(name, share.per)
    const effects: string[] = []
    const asked: string[] = []
    if (share.copay !== undefined && share.copay > 0n) {
      const copay = this.#amount(`${name}-copay`, share.copay, assumed)
      const order = share.deductible === "after" ? ", order: after" : ""
      const days = share.maxDays === undefined ? undefined : `${name}-days`
      if (days !== undefined) this.numbers.set(days, { value: `${share.maxDays} days`, assumed })
      const most = days === undefined ? "" : `, maxDays: ${days}`
      effects.push(`copay: { amount: ${copay}, per: ${per}${order}${most} }`)
      asked.push(`{${copay}} ${perText[per]}${days === undefined ? "" : `, for at most {${days}} of a stay`}`)
    }
    if (share.deductible === "none") effects.push("deductible: none")
    if (share.coinsurance === undefined || share.coinsurance === 0n) effects.push("coinsurance: none")
    else {
      const part = this.#part(`${name}-part`, share.coinsurance, assumed)
      const most = share.atMost === undefined ? undefined : this.#amount(`${name}-most`, share.atMost, assumed)
      effects.push(
        `coinsurance: { member: ${part}${most === undefined ? "" : `, atMost: ${most}, per: prescription`} }`,
      )
      asked.push(`{${part}} of the allowed amount${most === undefined ? "" : `, at most {${most}} a prescription`}`)
    }
    return { effects, sentence: sentenceOf(listOf(list), share.deductible, asked) }
  }

  /** First visits at another price. Services that have them share one count. */
  #first(list: readonly Service[], first: NonNullable<Share["first"]>, forList: string, number: number): Clause {
    this.numbers.set("first-visits", { value: `${first.visits} visits`, assumed: false })
    const copay = first.copay === 0n ? undefined : this.#amount(`${list[0]}-first-copay`, first.copay)
    const what = copay === undefined ? "cost you nothing" : `cost you {${copay}} each and no deductible`
    const asked = copay === undefined ? "none" : `{ amount: ${copay}, per: service }`
    const counted = this.#countsFirst ? " They count together with those above." : ""
    const bucket = "bucket: { name: first-visits, measure: count, person: first-visits, period: year }"
    const effect = `first: { bucket: first-visits, share: { copay: ${asked}, deductible: none, coinsurance: none } }`
    const rule = this.#countsFirst ? [`{ ${forList}${effect} }`] : [`{ ${forList}${effect},`, `  ${bucket} }`]
    this.#countsFirst = true
    return {
      number: `3.${number}`,
      title: `Your first visits for ${listOf(list)}`,
      sentence: `Your first {first-visits} of a year for ${listOf(list)} ${what}.${counted}`,
      rule,
      of: [],
      firstOf: list[0],
    }
  }

  #caps(most: Limits): readonly Clause[] {
    const { second } = this.#design
    const list = [this.#cap("4.1", "", most, this.#firstTier)]
    if (second !== undefined) {
      const limits = { person: second.most, family: 2n * second.most, rule: "embedded" as const }
      list.push(this.#cap("4.2", "second-", limits, "tiers: [second], "))
    }
    return list
  }

  #cap(number: string, prefix: string, limits: Limits, guard: string): Clause {
    const [name, family] = [
      this.#amount(`${prefix}most`, limits.person),
      this.#amount(`${prefix}most-fam`, limits.family),
    ]
    const bucket = `{ name: ${prefix}most-you-pay, measure: share, person: ${name}, family: ${family}, familyRule: embedded, period: year }`
    const which = prefix === "" ? "" : " with the second group of providers"
    return {
      number,
      title: prefix === "" ? "Your yearly limit" : "Your yearly limit with the second group",
      sentence: `No year costs one person more than {${name}}${which}, a family no more than {${family}}.`,
      rule: [
        `{ ${guard}outOfPocket: { bucket: ${prefix}most-you-pay, counts: [copay, deductible, coinsurance] },`,
        `  bucket: ${bucket} }`,
      ],
      of: [],
    }
  }
}

/** Two groups of providers, told apart by the contract a provider has. */
const providerClauses: readonly Clause[] = [
  {
    number: "2.2",
    title: "The first group of providers",
    sentence: "Every provider with our contract belongs to the first group, unless the next clause says else.",
    rule: ["network: { tier: first }"],
    of: [],
  },
  {
    number: "2.3",
    title: "The second group of providers",
    sentence: "A provider whose contract is called second belongs to the second group. There you pay more.",
    rule: ["exceptionTo: 2.2", 'when: has(contract) && contract == "second"', "network: { tier: second }"],
    of: [],
  },
]

const timeClause: Clause = {
  number: "5.1",
  title: "When a claim must arrive",
  sentence:
    "Your provider must send the claim inside the claim window. If it is late you owe nothing. No service is paid twice.",
  rule: [
    "{ timely: { window: claim, from: service }, assurance: { table: front },",
    "  duplicate: { same: [provider, from, code, modifiers, units, charge] } }",
  ],
  of: [],
}
