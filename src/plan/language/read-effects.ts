/** Reads one effect of each kind from its fields. What a field means is said beside its type in `effects.ts`. */

import type { Bucket, Duration } from "../parts.ts"
import type { Definition } from "./define.ts"
import type { Readers } from "./effect-readers.ts"
import type { CoinsuranceTerms, CopayTerms, DuplicateField, Effect, Kind, Part } from "./effects.ts"
import { Fields } from "./fields.ts"
import type { Place } from "./finding.ts"
import type { Names } from "./names.ts"
import { readPayerEffect } from "./read-payer-effects.ts"
import type { YamlNode } from "./yaml.ts"

const parts: readonly Part[] = ["copay", "deductible", "coinsurance"]
const duplicateFields: readonly DuplicateField[] = [
  "provider",
  "from",
  "to",
  "code",
  "modifiers",
  "units",
  "charge",
  "place",
  "tooth",
]

const isNone = (node: YamlNode) => node.type === "text" && node.text === "none"

/** A list that names something, each once. */
function distinct<T>(values: readonly T[], fields: Fields, name: string): readonly T[] {
  if (values.length > 0 && new Set(values).size === values.length) return values
  return fields.wrong(fields.need(name), `${name} names nothing, or something twice.`, "Name each once.")
}

export function copayTerms(node: YamlNode, names: Names): CopayTerms | undefined {
  if (isNone(node)) return undefined
  const fields = new Fields(node, "copay", names.report)
  fields.node("on")
  fields.node("codes")
  const terms: CopayTerms = {
    amount: names.number(fields, "amount", "amount"),
    per: fields.choice("per", ["visit", "day", "service", "stay", "prescription"] as const),
    order: fields.choice("order", ["before", "after"] as const, "before"),
    maxDays: names.optionalNumber(fields, "maxDays", "count"),
    bucket: fields.has("bucket") ? names.bucket(fields, "bucket", "count") : undefined,
  }
  fields.done()
  return terms
}

export function deductibleBucket(node: YamlNode, names: Names): Bucket | undefined {
  return isNone(node) ? undefined : names.bucketOf(node, "share")
}

export function coinsuranceTerms(node: YamlNode, names: Names): CoinsuranceTerms | undefined {
  if (isNone(node)) return undefined
  const fields = new Fields(node, "coinsurance", names.report)
  fields.node("on")
  fields.node("codes")
  if (fields.has("member") === fields.has("bands")) {
    fields.wrong(fields.at, "Coinsurance has a share “member” or “bands”, one of the two.", "Keep one.")
  }
  const terms: CoinsuranceTerms = {
    member: names.optionalNumber(fields, "member", "percent"),
    atLeast: names.optionalNumber(fields, "atLeast", "amount"),
    atMost: names.optionalNumber(fields, "atMost", "amount"),
    per: fields.has("per") ? fields.choice("per", ["service", "prescription", "day", "visit"] as const) : undefined,
    bands: fields.has("bands") ? readBands(fields, names) : undefined,
    bucket: fields.has("bucket") ? names.bucket(fields, "bucket", "allowed") : undefined,
  }
  checkBandBucket(terms, fields)
  fields.done()
  return terms
}

/** The bucket of bands is full where the last band begins: from there on nothing more has to be known. */
function checkBandBucket({ bands, bucket }: CoinsuranceTerms, fields: Fields): void {
  if (bucket === undefined) return
  if (bands === undefined)
    fields.wrong(fields.keyOf("bucket"), "Only bands of coinsurance are kept in a bucket.", "Take the bucket out.")
  const edge = bands?.at(-2)?.upTo
  const limits = [bucket.person, bucket.family, bucket.treatment, bucket.condition].filter((each) => each !== undefined)
  if (limits.length === 1 && limits[0] === edge && bucket.grow === undefined) return
  const message = `Bucket ${bucket.name} keeps these bands, but its limit is not where the last of them begins.`
  fields.report.stop("bucket-mixed", fields.keyOf("bucket"), message, "Give it one limit: the number before “above”.")
}

function readBands(fields: Fields, names: Names): NonNullable<CoinsuranceTerms["bands"]> {
  const items = fields.items("bands")
  return items.map((item, index) => {
    const [upTo, member] = item.type === "list" ? item.items : []
    if (upTo === undefined || member === undefined) {
      return fields.wrong(item, "A band is [up to, percent].", "Write [first-band, ten], the last with “above”.")
    }
    const last = upTo.type === "text" && upTo.text === "above"
    if (last !== (index === items.length - 1)) fields.wrong(upTo, "“above” stands in the last band.", "Put it there.")
    return {
      upTo: last ? undefined : names.numberOf(upTo, "amount"),
      member: names.numberOf(member, "percent"),
    }
  })
}

function windowOf(fields: Fields, names: Names): Duration {
  const name = fields.choice("window", ["claim", "correction", "lookBack", "answer"] as const)
  return names.front.windows[name]
}

const readers: Readers<(typeof memberKinds)[number]> = {
  exclude: (fields) => ({ notice: fields.choice("notice", ["none", "required"] as const) }),
  network: (fields, names) => {
    const node = fields.need("tier")
    const excluded = node.type === "text" && node.text === "notCovered"
    return { tier: excluded ? "notCovered" : names.tierOf(node) }
  },
  assurance: (fields) => {
    fields.choice("table", ["front"] as const)
    return {}
  },
  timely: (fields, names) => ({
    window: windowOf(fields, names),
    correction: names.front.windows.correction,
    from: fields.choice("from", ["service", "discharge", "priorPayer"] as const),
  }),
  duplicate: (fields) => ({
    same: distinct(fields.choices("same", duplicateFields), fields, "same"),
    possible: fields.has("possible") ? fields.choices("possible", duplicateFields) : undefined,
  }),
  age: (fields, names) => ({
    from: names.optionalNumber(fields, "from", "count"),
    to: names.optionalNumber(fields, "to", "count"),
    sex: fields.optionalText("sex"),
  }),
  wait: (fields, names) => ({
    lasts: names.number(fields, "for", "duration"),
    from: fields.choice("from", ["enrolled", "coverFrom"] as const),
  }),
  limit: (fields, names) => ({
    bucket: names.bucket(fields, "bucket", "count"),
    per: fields.choice("per", ["visit", "unit", "day", "item", "tooth"] as const),
  }),
  allowance: (fields, names) => ({
    bucket: names.bucket(fields, "bucket", "allowed"),
    overage: names.number(fields, "overage", "percent"),
  }),
  first: (fields, names) => {
    const share = fields.map("share")
    const first = {
      bucket: names.bucket(fields, "bucket", "count"),
      copay: copayTerms(share.need("copay"), names),
      deductible: deductibleBucket(share.need("deductible"), names),
      coinsurance: coinsuranceTerms(share.need("coinsurance"), names),
    }
    share.done()
    return first
  },
  waive: (fields) => ({ parts: distinct(fields.choices("parts", parts), fields, "parts") }),
  outOfPocket: (fields, names) => ({
    bucket: names.bucket(fields, "bucket", "share"),
    counts: distinct(fields.choices("counts", parts), fields, "counts"),
  }),
  ceiling: (fields, names) => ({
    bucket: names.bucket(fields, "bucket", "benefit"),
    excess: fields.choice("excess", ["member", "provider"] as const),
  }),
  emergency: (fields, names) => ({
    lifts: distinct(fields.choices("lifts", ["network", "authorize", "refer", "wait"] as const), fields, "lifts"),
    payAs: fields.has("payAs") ? names.tier(fields, "payAs") : undefined,
  }),
}

const memberKinds = [
  "exclude",
  "network",
  "assurance",
  "timely",
  "duplicate",
  "age",
  "wait",
  "limit",
  "allowance",
  "first",
  "waive",
  "outOfPocket",
  "ceiling",
  "emergency",
] as const satisfies readonly Kind[]

const isMemberKind = (kind: Kind): kind is (typeof memberKinds)[number] =>
  (memberKinds as readonly Kind[]).includes(kind)

/** Effects whose value is not always a mapping, or was already read in the first pass. */
function readSpecial(kind: Kind, node: YamlNode, names: Names, first: FirstPass): object | undefined {
  switch (kind) {
    case "define":
      return first.definition
    case "bucket":
      return { bucket: first.bucket }
    case "cover":
      if (node.type === "text" && node.text === "yes") return {}
      return names.report.stop("syntax", node, "cover says yes, or is left out.", "Write cover: yes.")
    case "copay":
      return { terms: copayTerms(node, names) }
    case "deductible":
      return { bucket: deductibleBucket(node, names) }
    case "coinsurance":
      return { terms: coinsuranceTerms(node, names) }
    default:
      return undefined
  }
}

/** What the first pass made of a clause's `define` and `bucket`. */
export interface FirstPass {
  readonly definition: Definition | undefined
  readonly bucket: Bucket | undefined
}

const groups = ["PR", "CO", "OA", "PI"] as const

function readCodes(fields: Fields): Effect["codes"] {
  if (!fields.has("codes")) return undefined
  const inner = fields.map("codes")
  const place = (name: string): Place => {
    const { line, column } = inner.node(name) ?? inner.at
    return { line, column }
  }
  const codes = {
    group: inner.choice("group", groups),
    carc: inner.text("carc"),
    rarc: inner.optionalText("rarc"),
    places: { group: place("group"), carc: place("carc"), rarc: place("rarc") },
  }
  inner.done()
  return codes
}

/** @throws Stop with a finding at the field that is wrong. */
export function readEffect(kind: Kind, node: YamlNode, names: Names, first: FirstPass): Effect {
  const fields = node.type === "map" ? new Fields(node, kind, names.report) : undefined
  const common = {
    kind,
    on: fields === undefined ? undefined : names.optionalCategories(fields, "on"),
    codes: fields === undefined || kind === "define" ? undefined : readCodes(fields),
  }
  const special = readSpecial(kind, node, names, first)
  if (special !== undefined) return { ...common, ...special } as Effect
  const own = fields ?? new Fields(node, kind, names.report)
  const read = isMemberKind(kind) ? readers[kind](own, names) : readPayerEffect(kind, own, names)
  own.done()
  return { ...common, ...read } as Effect
}
