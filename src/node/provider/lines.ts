/** Claim lines, and what a claim says of the whole visit, as the desk sends them: JSON fields in, our values out. */
import { refuse } from "../../base/refusal.ts"
import { formatDate, parseDate } from "../../base/time.ts"
import { type ClaimLine, plainLine } from "../../plan/claim.ts"
import type { Fields } from "../desk.ts"
import type { Circumstances } from "./visit-file.ts"

const mostLines = 999

function dayOf(fields: Fields, name: string): number {
  const day = parseDate(fields.text(name))
  return (
    day ?? refuse("date", "Cannot read request: a date that exists is expected, as 2026-04-14", name, "Fix the field")
  )
}

const optionalCode = (fields: Fields, name: string) => (fields.has(name) ? fields.code(name) : undefined)
const codes = (fields: Fields, name: string, most: number) => (fields.has(name) ? fields.codes(name, { most }) : [])

/** The lines of a claim: at least one. */
export function linesOf(fields: Fields): readonly ClaimLine[] {
  const lines = fields.objects("lines")
  if (lines.length < 1 || lines.length > mostLines)
    refuse("field", `Cannot read request: 1 to ${mostLines} lines are expected`, "lines", "Fix the field")
  return lines.map(lineOf)
}

/** `unitsMilli` are thousandths of a unit, `charge` minor units as a decimal string. */
function lineOf(fields: Fields): ClaimLine {
  const from = dayOf(fields, "from")
  return {
    ...plainLine(
      fields.integer("number", { least: 1, most: 65_535 }),
      fields.code("code"),
      fields.amount("charge"),
      from,
    ),
    codeSystem: optionalCode(fields, "codeSystem"),
    modifiers: codes(fields, "modifiers", 8),
    unitsMilli: fields.integer("unitsMilli", { most: 10 ** 12 }),
    to: fields.has("to") ? dayOf(fields, "to") : from,
    place: optionalCode(fields, "place"),
    diagnoses: codes(fields, "diagnoses", 12),
    drug: optionalCode(fields, "drug"),
    facts: fields.has("facts") ? fields.integers("facts", { most: 65_535, length: 256 }) : [],
  }
}

export function lineToJson(line: ClaimLine): unknown {
  const { number, code, codeSystem, modifiers, unitsMilli, charge, from, to, place, diagnoses, drug, facts } = line
  return {
    number,
    code,
    codeSystem,
    modifiers,
    unitsMilli,
    charge: charge.toString(),
    from: formatDate(from),
    to: formatDate(to),
    place,
    diagnoses,
    drug,
    facts,
  }
}

const kinds = ["professional", "institutional", "dental", "drug"] as const

/** Each field may be left out. */
export function circumstancesOf(fields: Fields): Circumstances {
  const name = fields.has("kind") ? fields.text("kind") : "professional"
  const kind = kinds.find((one) => one === name)
  if (kind === undefined) return refuse("field", "Cannot read request: no such kind of claim", "kind", kinds.join(", "))
  return {
    kind,
    inpatient: fields.flag("inpatient"),
    emergency: fields.flag("emergency"),
    accident: fields.flag("accident"),
    workRelated: fields.flag("workRelated"),
  }
}
