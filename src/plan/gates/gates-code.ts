/**
 * Gate C1: is the code valid on its day, and does it fit the person, the place, the marks and the diagnosis? Days are
 * decided by the tables alone; what fits whom is said by a clause (`age`) or by a table's columns.
 */
import { matching, stuck } from "../adjudicate/choose.ts"
import { type LineState, pend, type Run, refuse } from "../adjudicate/state.ts"
import { ageOn } from "../language/when.ts"
import type { NamedNumber } from "../parts.ts"
import { leafOf, type Rule, rowOn, setHolds, valueOn } from "../plan.ts"
import { billedCode, type CodeFacts, codeFactsOf, factsOfRow, type GateIndex, undotted } from "./gates-tables.ts"

/** C1 for one line, in the order code, marks, diagnoses, person, place. */
export function checkCode(run: Run, state: LineState, index: GateIndex): void {
  checkDays(run, state, index)
  if (run.member.born !== undefined && state.line.from < run.member.born)
    refuse(run, state, "C1", undefined, { group: "CO", carc: "14" })
  const found = index.codes.length === 0 ? undefined : codeFactsOf(index, billedCode(state.line), state.line.from)
  if (found !== undefined) {
    const { facts, rule } = found
    const { validFrom, validUntil } = facts
    const day = state.line.from
    if ((validFrom !== undefined && day < validFrom) || (validUntil !== undefined && day >= validUntil))
      refuse(run, state, "C1", rule, { group: "CO", carc: "181" })
    checkMarks(run, state, facts, rule)
  }
  if (index.modifiers !== undefined || index.diagnoses !== undefined) checkValid(run, state, index)
  checkAge(run, state)
  if (found === undefined) return
  checkPerson(run, state, found.facts, found.rule, { age: "6", sex: "7" })
  checkPlace(run, state, found.facts, found.rule)
}

/** A code that the plan's tables have on other days, or that its set of all codes has not, was not valid on this one. */
function checkDays(run: Run, state: LineState, index: GateIndex): void {
  const code = billedCode(state.line)
  const invalid = (rule: Rule | undefined) => refuse(run, state, "C1", rule, { group: "CO", carc: "181" })
  if (state.leaf === undefined && run.plan.leaves.has(code)) {
    if (leafOf(run.plan, code, state.line.from) === "no-row") invalid(undefined)
  } else if (index.procedures !== undefined && code !== "") {
    const { set, rule } = index.procedures
    const holds = setHolds(set, code, state.line.from)
    if (holds === undefined) pend(run, state, "C1", rule, "no-table", set.name)
    else if (!holds) invalid(rule)
  }
}

/** Modifiers and diagnoses against the sets of those in force, and diagnoses against the person. */
function checkValid(run: Run, state: LineState, index: GateIndex): void {
  const { line } = state
  for (const [valid, codes, carc] of [
    [index.modifiers, line.modifiers, "182"],
    [index.diagnoses, line.diagnoses, "146"],
  ] as const) {
    if (valid === undefined) continue
    const { set, rule } = valid
    for (const code of codes) {
      const holds = setHolds(set, code, line.from) === false ? setHolds(set, undotted(code), line.from) : true
      if (setHolds(set, code, line.from) === undefined) {
        pend(run, state, "C1", rule, "no-table", set.name)
        break
      }
      if (holds === true) continue
      refuse(run, state, "C1", rule, { group: "CO", carc })
      break
    }
  }
  if (index.diagnosisFacts === undefined) return
  const { table, rule } = index.diagnosisFacts
  for (const code of line.diagnoses) {
    const dotted = rowOn(table, code, line.from)
    const row = dotted === undefined ? rowOn(table, undotted(code), line.from) : dotted
    if (row === undefined || row === "no-table") continue
    checkPerson(run, state, factsOfRow(row, table.name), rule, { age: "9", sex: "10" })
  }
}

/** C1: ages and sex that a clause asks for. */
function checkAge(run: Run, state: LineState): void {
  const rules = matching(run, state, "C1", "age")
  if (rules === stuck) return
  for (const rule of rules) {
    const yearsOf = (number: NamedNumber | undefined) => {
      const value = number && valueOn(number, state.line.from)
      return value === undefined ? undefined : Number(value)
    }
    const { from, to, sex } = rule.effect
    const span = { ageFrom: yearsOf(from), ageTo: yearsOf(to), sex }
    const gap = [from, to].find((number) => number !== undefined && yearsOf(number) === undefined)
    if (gap === undefined) checkPerson(run, state, span, rule, { age: "6", sex: "7" })
    else pend(run, state, "C1", rule, "missing-fact", gap.name)
  }
}

/** Whom a code or a diagnosis fits: years half-open, and a sex. */
function checkPerson(
  run: Run,
  state: LineState,
  fits: Pick<CodeFacts, "ageFrom" | "ageTo" | "sex">,
  rule: Rule,
  carcs: { readonly age: string; readonly sex: string },
): void {
  const { born, sex } = run.member
  if (fits.ageFrom !== undefined || fits.ageTo !== undefined) {
    const years = born === undefined ? undefined : ageOn(born, state.line.from)
    if (years === undefined) pend(run, state, "C1", rule, "missing-fact", "born")
    else if (years < (fits.ageFrom ?? 0) || years >= (fits.ageTo ?? 1000))
      refuse(run, state, "C1", rule, { group: "CO", carc: carcs.age })
  }
  if (fits.sex === undefined) return
  if (sex === undefined) pend(run, state, "C1", rule, "missing-fact", "sex")
  else if (sex !== fits.sex) refuse(run, state, "C1", rule, { group: "CO", carc: carcs.sex })
}

const holdsAny = (list: readonly string[], wanted: readonly string[]) => list.some((item) => wanted.includes(item))

/** Modifiers and diagnoses that the code's row takes. */
function checkMarks(run: Run, state: LineState, facts: CodeFacts, rule: Rule): void {
  const { modifiers, diagnoses } = state.line
  const { modifiers: taken, needsModifier, diagnoses: beginnings } = facts
  const misfits = taken !== undefined && modifiers.some((modifier) => !taken.includes(modifier))
  const lacks = needsModifier !== undefined && !holdsAny(modifiers, needsModifier)
  if (misfits || lacks) refuse(run, state, "C1", rule, { group: "CO", carc: "4" })
  if (beginnings === undefined || diagnoses.length === 0) return
  if (!diagnoses.some((code) => beginnings.some((beginning) => undotted(code).startsWith(beginning))))
    refuse(run, state, "C1", rule, { group: "CO", carc: "11" })
}

/** Place, bill type, revenue code, tooth; what is absent was already missing at step A2. */
function checkPlace(run: Run, state: LineState, facts: CodeFacts, rule: Rule): void {
  const { place, revenue, tooth, surfaces } = state.line
  const { billType } = run.claim
  const not = (carc: string, ...rarc: readonly string[]) => refuse(run, state, "C1", rule, { group: "CO", carc, rarc })
  if (facts.places !== undefined && place !== undefined && !facts.places.includes(place)) not("5")
  const bill = billType?.replace(/^0/, "")
  if (facts.billTypes !== undefined && bill !== undefined && !facts.billTypes.some((type) => bill.startsWith(type)))
    not("5")
  if (facts.revenues !== undefined && revenue !== undefined && !facts.revenues.includes(revenue)) not("199")
  if (facts.teeth !== undefined && tooth !== undefined && !facts.teeth.includes(tooth)) not("16", "N37")
  if (facts.surfaces !== undefined && surfaces.length > 0 && surfaces.length !== facts.surfaces) not("16", "N75")
}
