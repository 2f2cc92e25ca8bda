/** Sentences of encoded plans: services in plain words, and what a member pays for them. */
import type { Service } from "./design.ts"
import type { Per, Share } from "./phrases.ts"

const words: Readonly<Record<Service, string>> = {
  primary: "primary care",
  specialist: "specialists",
  mental: "mental health care",
  therapy: "therapy",
  "walk-in": "walk-in clinics",
  er: "the emergency room",
  ambulance: "ambulances",
  facility: "other facility services",
  equipment: "equipment",
  xray: "x-rays",
  imaging: "scans",
  lab: "lab tests",
  inpatient: "hospital stays",
  outpatient: "surgery without a stay",
  generic: "generic medicine",
  preferred: "preferred brand medicine",
  "other-brand": "other brand medicine",
  specialty: "specialty medicine",
}

/** `primary care, specialists and x-rays`. */
export const listOf = (names: readonly Service[]): string => {
  const said = names.map((name) => words[name])
  return said.length === 1 ? said[0]! : `${said.slice(0, -1).join(", ")} and ${said.at(-1)}`
}

/** What a copay is asked for. */
export const perText: Readonly<Record<Per, string>> = {
  visit: "a visit",
  day: "a day",
  stay: "a stay",
  service: "a service",
  prescription: "a prescription",
}

/** With a capital at its head. */
export const sentenceCase = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

/** `For x-rays you pay {xray-copay} a service. No deductible applies.` */
export function sentenceOf(list: string, deductible: Share["deductible"], asked: readonly string[]): string {
  const what = asked.length === 0 ? "nothing" : asked.join(" and ")
  if (deductible === "none") return `For ${list} you pay ${what}. No deductible applies.`
  if (deductible === "before") return `For ${list} you pay ${what}. What is left counts to the deductible.`
  return `For ${list} you first meet the deductible. Then you pay ${what}.`
}
