/** Parts that many loops of an 837 share, as segments: texts, parties, adjustments, quantities. */
import { refuse } from "../../../base/refusal.ts"
import { decimalText } from "../../amount.ts"
import { type OutSegment, x12Date } from "../syntax/envelope.ts"
import type { Adjustment837, Party837, Person837 } from "./claim-837.ts"

/** Free text: separators of the file it goes into, and what cannot be printed, become spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes out
export const words = (text: string): string => text.replace(/[*:^~\u0000-\u001f]/g, " ").trim()

/** A code or number, which must not be changed. @throws Refused when it holds a separator. */
export function exact(text: string, tag: string): string {
  if (/^[^*:^~\r\n]*$/.test(text)) return text
  const what = "Cannot write the 837: an element holds a character that separates elements"
  return refuse("x12-separator", what, tag, "Correct the element.")
}

const worded: ReadonlySet<string> = new Set(["NTE", "K3", "PER", "N2", "PWK"])

/** Segments that are only repeated. */
export function keptSegments(further: readonly OutSegment[] | undefined): readonly OutSegment[] {
  return (further ?? []).map(([tag, ...elements]): OutSegment => {
    const text = (part: string) => (worded.has(tag) ? words(part) : exact(part, tag))
    return [tag, ...elements.map((element) => (typeof element === "string" ? text(element) : element.map(text)))]
  })
}

/** PRV01 by NM101. */
const functions: ReadonlyMap<string, string> = new Map([
  ...([
    ["85", "BI"],
    ["87", "PT"],
    ["71", "AT"],
    ["72", "OP"],
    ["DN", "RF"],
  ] as const),
])

const isTold = ([tag]: OutSegment) => tag === "PAT"
/** DTP follows all else of a party's loop; PAT stands at the level, not in the loop. */
const partyFurther = (party: Party837, isDate: boolean) =>
  keptSegments(party.further?.filter((segment) => !isTold(segment) && (segment[0] === "DTP") === isDate))

/** PAT05 and after of a person, as they came. */
export const toldOf = (person: Person837): OutSegment | undefined => keptSegments(person.further?.filter(isTold))[0]

export function taxonomySegment(role: string, party: Party837): readonly OutSegment[] {
  if (party.taxonomy === undefined) return []
  return [["PRV", functions.get(role) ?? "PE", "PXC", exact(party.taxonomy, "PRV")]]
}

export interface PartyExtras {
  /** The billing provider's taxonomy stands before its loop. */
  readonly isTaxonomyApart?: boolean
  /** DMG of a person, DTP of a payer: what stands between its place and its numbers. */
  readonly dates?: readonly OutSegment[]
}

/** NM1 and its loop. */
export function partySegments(role: string, party: Party837, extras: PartyExtras = {}): readonly OutSegment[] {
  const { isPerson, last, first, middle, suffix = "", qualifier, id, street, city, references } = party
  const nm1 = (text: string) => exact(text, `NM1*${role}`)
  const further = partyFurther(party, false)
  const of = (tag: string) => further.filter((segment) => segment[0] === tag)
  return [
    [
      ...(["NM1", role, isPerson ? "1" : "2", words(last), words(first), words(middle), ""] as const),
      ...[words(suffix), nm1(qualifier), nm1(id)],
    ],
    ...(extras.isTaxonomyApart === true ? [] : taxonomySegment(role, party)),
    ...of("N2"),
    ...(street.length === 0 ? [] : [["N3", ...street.map(words)] as OutSegment]),
    ...(city.length === 0 ? [] : [["N4", ...city.map(words)] as OutSegment]),
    ...(extras.dates ?? []),
    ...of("DMG"),
    ...references.map(({ qualifier: kind, value }): OutSegment => ["REF", exact(kind, "REF"), exact(value, "REF")]),
    ...further.filter(([tag]) => tag !== "N2" && tag !== "DMG"),
    ...partyFurther(party, true),
  ]
}

export function personSegments(role: string, person: Person837): readonly OutSegment[] {
  const { born, sex } = person
  const birth: OutSegment = ["DMG", "D8", born === undefined ? "" : x12Date(born), exact(sex ?? "", "DMG")]
  return partySegments(role, person, { dates: born === undefined && sex === undefined ? [] : [birth] })
}

/** Thousandths as a decimal without needless zeros. */
export const thousandths = (value: bigint): string => decimalText(value, 3).replace(/0+$/, "").replace(/\.$/, "")

/** One CAS for each run of one group, six reasons each. */
export function adjustmentSegments(adjustments: readonly Adjustment837[]): readonly OutSegment[] {
  const segments: (readonly [string, ...string[]])[] = []
  let open: { group: string; elements: string[] } | undefined
  for (const { group, carc, amount, unitsMilli } of adjustments) {
    if (open === undefined || open.group !== group || open.elements.length === 18) {
      open = { group, elements: [] }
      segments.push(["CAS", exact(group, "CAS"), ...open.elements])
    }
    const units = unitsMilli === undefined ? "" : thousandths(unitsMilli)
    open.elements.push(exact(carc, "CAS"), decimalText(amount), units)
    segments[segments.length - 1] = ["CAS", exact(group, "CAS"), ...open.elements]
  }
  return segments
}

/** A procedure as a composite: qualifier, code, modifiers, description. */
export function procedureParts(
  codeSystem: string,
  code: string,
  modifiers: readonly string[],
  description = "",
): readonly string[] {
  if (code === "") return []
  const marked = Array.from({ length: 4 }, (_, index) => exact(modifiers[index] ?? "", "modifier"))
  return [exact(codeSystem, "procedure"), exact(code, "procedure"), ...marked, words(description)]
}

/** DTP of one day, or of two. */
export function dateSegment(qualifier: string, from: number, to = from): OutSegment {
  if (from === to) return ["DTP", qualifier, "D8", x12Date(from)]
  return ["DTP", qualifier, "RD8", `${x12Date(from)}-${x12Date(to)}`]
}
