/** Gates C3 to C5: services that belong to another, units beyond the most, and what is thrown away of a vial. */
import { matching, stuck, winner } from "./choose.ts"
import type { Row, TableSeries } from "./parts.ts"
import { isWithin, rowOn, valueOn } from "./plan.ts"
import { type LineState, pend, type RuleOf, type Run, refuse } from "./state.ts"

const hasAny = (state: LineState, modifiers: readonly string[]) =>
  state.line.modifiers.some((modifier) => modifiers.includes(modifier))

/** A row of a table on the line's first day; pends the line when no edition is in force. */
function rowFor(
  run: Run,
  state: LineState,
  step: string,
  rule: RuleOf<"bundle" | "addOn" | "units" | "wastage" | "global">,
  table: TableSeries,
  key: string,
): Row | undefined | typeof stuck {
  const row = rowOn(table, key, state.line.from)
  if (row !== "no-table") return row
  pend(run, state, step, rule, "no-table", table.name)
  return stuck
}

/** C3: a service that is part of another one of the same provider, day or stay. */
export function checkBundle(run: Run, state: LineState): void {
  const rules = matching(run, state, "C3", "bundle")
  if (rules === stuck) return
  for (const rule of rules) {
    const { line, into, within, table } = rule.effect
    if (within === "line") {
      pend(run, state, "C3", rule, "not-run", "bundle within a line")
      continue
    }
    const others = run.lines.filter(
      (other) => other !== state && (within === "stay" || other.line.from === state.line.from),
    )
    if (table !== undefined) checkPairs(run, state, rule, table, others)
    else if (line === undefined || into === undefined || state.leaf === undefined) continue
    else if (isWithin(state.leaf, line) && !hasAny(state, rule.effect.unless)) {
      if (others.some((other) => other.leaf !== undefined && isWithin(other.leaf, into)))
        refuse(run, state, "C3", rule, { group: "CO", carc: "97", rarc: ["N19"] })
    }
  }
}

/** Pairs of an edit table keyed `column-1|column-2`: this line is the second column. */
function checkPairs(
  run: Run,
  state: LineState,
  rule: RuleOf<"bundle">,
  table: TableSeries,
  others: readonly LineState[],
): void {
  for (const other of others) {
    const row = rowFor(run, state, "C3", rule, table, `${other.line.code}|${state.line.code}`)
    if (row === stuck) return
    const indicator = row?.cells["indicator"]
    if (indicator === "0" || (indicator === "1" && !hasAny(state, rule.effect.unless))) {
      refuse(run, state, "C3", rule, { group: "CO", carc: "236" })
      return
    }
  }
}

/** C3: a visit of the same provider in the days after a surgery is in the surgery's allowed amount. */
export function checkGlobal(run: Run, state: LineState): void {
  const rule = winner(run, state, "C3", "global")
  if (rule === stuck || rule === undefined) return
  state.globalRule = rule
  if (hasAny(state, rule.effect.unless)) return
  const day = state.line.from
  const inside = (surgery: number, days: number) => day > surgery && day <= surgery + days
  const refused = () => refuse(run, state, "C3", rule, { group: "CO", carc: "97", rarc: ["M144"] })
  for (const event of run.ledger.eventsOf(rule.clause.number)) {
    const same = event.owner === "global" && event.provider === run.provider.provider
    if (same && inside(event.day, Number(event.quantity))) {
      refused()
      return
    }
  }
  for (const other of run.lines) {
    if (other === state) continue
    const row = rowOn(rule.effect.table, other.line.code, other.line.from)
    if (row === undefined || row === "no-table" || row.global === undefined) continue
    if (inside(other.line.from, row.global)) {
      refused()
      return
    }
  }
}

/** The event by which later claims know that the days after this surgery are paid for. */
export function noteGlobal(run: Run, state: LineState): void {
  const rule = state.globalRule
  if (rule === undefined) return
  const row = rowOn(rule.effect.table, state.line.code, state.line.from)
  if (row === undefined || row === "no-table" || row.global === undefined || row.global === 0) return
  const { provider } = run.provider
  run.ledger.note({
    clause: rule.clause.number,
    owner: "global",
    day: state.line.from,
    provider,
    quantity: BigInt(row.global),
  })
}

/** C4: an add-on needs one of its primary services on the same day; the table's column `primary` lists their codes. */
export function checkAddOn(run: Run, state: LineState): void {
  const rules = matching(run, state, "C4", "addOn")
  if (rules === stuck) return
  for (const rule of rules) {
    const row = rowFor(run, state, "C4", rule, rule.effect.table, state.line.code)
    if (row === stuck || row === undefined) continue
    const primaries = (row.cells["primary"] ?? "").split(" ")
    const present = run.lines.some(
      (other) => other !== state && other.line.from === state.line.from && primaries.includes(other.line.code),
    )
    if (!present) refuse(run, state, "C4", rule, { group: "CO", carc: "107", rarc: ["N122"] })
  }
}

/** C5: more units than a clause or a table (columns `most`, `indicator`) allows: the whole line, not the excess. */
export function checkUnits(run: Run, state: LineState): void {
  const rules = matching(run, state, "C5", "units")
  if (rules === stuck) return
  for (const rule of rules) {
    const { most, table } = rule.effect
    const limit = most !== undefined ? { most: valueOn(most, state.line.from), perDay: false } : undefined
    const row = table === undefined ? undefined : rowFor(run, state, "C5", rule, table, state.line.code)
    if (row === stuck) continue
    const units = limit ?? (row === undefined ? undefined : unitsOfRow(run, state, rule, row))
    if (units === undefined) continue
    if (units.most === undefined) {
      pend(run, state, "C5", rule, "missing-fact", most?.name ?? "most")
      continue
    }
    let used = BigInt(state.line.unitsMilli)
    for (const other of units.perDay ? run.lines : []) {
      if (other === state || other.line.code !== state.line.code || other.line.from !== state.line.from) continue
      used += BigInt(other.line.unitsMilli)
    }
    if (used > units.most * 1000n) refuse(run, state, "C5", rule, { group: "CO", carc: "151", rarc: ["N362"] })
  }
}

/** Indicator 1: by line; 2: by day; 3: by day unless a signed decision lets the evidence stand. */
function unitsOfRow(
  run: Run,
  state: LineState,
  rule: RuleOf<"units">,
  row: Row,
): { most: bigint | undefined; perDay: boolean } | undefined {
  const { most, indicator } = row.cells
  const allowed = run.input.decisions.value.some(
    ({ clause, line, answer }) => clause === rule.clause.number && line === state.line.number && answer === 1,
  )
  if (indicator === "3" && allowed) return undefined
  const known = most !== undefined && /^\d{1,9}$/.test(most)
  return { most: known ? BigInt(most) : undefined, perDay: indicator !== "1" }
}

/** C5: a single-dose medicine says exactly one of "some was thrown away" and "nothing was". */
export function checkWastage(run: Run, state: LineState): void {
  const rule = winner(run, state, "C5", "wastage")
  if (rule === stuck || rule === undefined) return
  const { waste, none, table } = rule.effect
  if (table !== undefined) {
    const row = rowFor(run, state, "C5", rule, table, state.line.code)
    if (row === stuck || row === undefined) return
  }
  const [isWaste, isNone] = [state.line.modifiers.includes(waste), state.line.modifiers.includes(none)]
  if (isWaste && isNone) refuse(run, state, "C5", rule, { group: "CO", carc: "4" })
  else if (!isWaste && !isNone) refuse(run, state, "C5", rule, { group: "CO", carc: "16", rarc: ["N822"] })
}
