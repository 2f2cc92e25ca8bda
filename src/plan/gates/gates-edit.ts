/** Gates C3 to C5: the days after a surgery, add-ons, units beyond the most, and what is thrown away of a vial. */
import { matching, stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, refuse } from "../adjudicate/state.ts"
import type { Row, TableSeries } from "../parts.ts"
import { editionOn, rowOn, valueOn } from "../plan.ts"
import { counts } from "./gates-bundle.ts"
import { billedCode, factsOfRow, primariesOf } from "./gates-tables.ts"

const hasAny = (state: LineState, modifiers: readonly string[]) =>
  state.line.modifiers.some((modifier) => modifiers.includes(modifier))

/** A row of a table on the line's first day; pends the line when no edition is in force. */
function rowFor(
  run: Run,
  state: LineState,
  step: string,
  rule: RuleOf<"addOn" | "units" | "wastage">,
  table: TableSeries,
  key: string,
): Row | undefined | typeof stuck {
  const row = rowOn(table, key, state.line.from)
  if (row === undefined) return undefined
  if (row === "no-table") {
    pend(run, state, step, rule, "no-table", table.name)
    return stuck
  }
  const { wrong, validFrom, validUntil } = factsOfRow(row, table.name)
  const day = state.line.from
  if (wrong !== undefined) {
    pend(run, state, step, rule, "no-table", `${table.name} ${wrong}`)
    return stuck
  }
  const isValid = (validFrom === undefined || day >= validFrom) && (validUntil === undefined || day < validUntil)
  return isValid ? row : undefined
}

/** C3: a visit of the same provider in the days after a surgery is in the surgery's allowed amount. */
export function checkGlobal(run: Run, state: LineState): void {
  const rule = winner(run, state, "C3", "global")
  if (rule === stuck || rule === undefined) return
  state.globalRule = rule
  if (hasAny(state, rule.effect.unless)) return
  const day = state.line.from
  if (editionOn(rule.effect.table, day) === undefined) {
    pend(run, state, "C3", rule, "no-table", rule.effect.table.name)
    return
  }
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
    if (other === state || !counts(other)) continue
    const row = rowOn(rule.effect.table, billedCode(other.line), other.line.from)
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
  const row = rowOn(rule.effect.table, billedCode(state.line), state.line.from)
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

/**
 * C4: an add-on needs one of its primary services on the same day; the table's column `primary` lists their codes. A row
 * that lists none leaves them open: any other service that is no add-on itself will do.
 */
export function checkAddOn(run: Run, state: LineState): void {
  const rules = matching(run, state, "C4", "addOn")
  if (rules === stuck) return
  for (const rule of rules) {
    const { table } = rule.effect
    const row = rowFor(run, state, "C4", rule, table, billedCode(state.line))
    if (row === stuck || row === undefined) continue
    const primaries = primariesOf(row)
    const isPrimary = (code: string) =>
      primaries.length === 0 ? rowOn(table, code, state.line.from) === undefined : primaries.includes(code)
    const present = run.lines.some(
      (other) =>
        other !== state && other.line.from === state.line.from && counts(other) && isPrimary(billedCode(other.line)),
    )
    if (!present) refuse(run, state, "C4", rule, { group: "CO", carc: "107", rarc: ["N122"] })
  }
}

/** The most that a clause or a table allows. */
interface MostUnits {
  readonly most: bigint | undefined
  readonly missing: string
  readonly perDay: boolean
  /** From the row of the provider's contract. */
  readonly byContract: boolean
}

/** C5: more units than a clause or a table (columns `most`, `indicator`) allows: the whole line, not the excess. */
export function checkUnits(run: Run, state: LineState): void {
  const rules = matching(run, state, "C5", "units")
  if (rules === stuck) return
  for (const rule of rules) {
    const { most, table } = rule.effect
    const units =
      table === undefined
        ? { most: most && valueOn(most, state.line.from), missing: most?.name ?? "", perDay: false, byContract: false }
        : unitsOfTable(run, state, rule, table)
    if (units === undefined || units === stuck) continue
    if (units.most === undefined) {
      pend(run, state, "C5", rule, "no-table", units.missing)
      continue
    }
    if (!exceeds(run, state, units.most, units.perDay)) continue
    if (units.byContract) refuse(run, state, "C5", rule, { group: "CO", carc: "222" })
    else refuse(run, state, "C5", rule, { group: "CO", carc: "151", rarc: ["N362"] })
  }
}

/**
 * The row of the code, or of `contract|code` where the table has one for the provider's contract. Indicator 1: by line;
 * 2: by day; 3: by day unless a signed decision, with the digest of its evidence, lets more stand.
 */
function unitsOfTable(
  run: Run,
  state: LineState,
  rule: RuleOf<"units">,
  table: TableSeries,
): MostUnits | undefined | typeof stuck {
  const code = billedCode(state.line)
  const { contract } = run.provider
  const own = contract === undefined ? undefined : rowFor(run, state, "C5", rule, table, `${contract}|${code}`)
  const row = own ?? rowFor(run, state, "C5", rule, table, code)
  if (row === undefined || row === stuck) return row
  const { most, indicator } = row.cells
  const isKnown = most !== undefined && /^\d{1,9}$/.test(most)
  const units = { perDay: indicator !== "1", byContract: own !== undefined }
  if (indicator === "3" && isEvident(run, state, rule)) return undefined
  if (indicator !== "1" && indicator !== "2" && indicator !== "3")
    return { ...units, most: undefined, missing: `${table.name} indicator` }
  return { ...units, most: isKnown ? BigInt(most) : undefined, missing: `${table.name} most` }
}

function isEvident(run: Run, state: LineState, rule: RuleOf<"units">): boolean {
  return run.input.decisions.value.some(
    ({ clause, line, answer, evidence }) =>
      clause === rule.clause.number && line === state.line.number && answer === 1 && evidence !== undefined,
  )
}

const daysOf = ({ line }: LineState) => BigInt(Math.max(1, line.to - line.from + 1))

/** Whether the line's units, or by day those of all lines with its code, are more than the most. */
function exceeds(run: Run, state: LineState, most: bigint, perDay: boolean): boolean {
  const milli = most * 1000n
  const { from, to } = state.line
  if (!perDay) return BigInt(state.line.unitsMilli) > milli
  const code = billedCode(state.line)
  const same = run.lines.filter((other) => other === state || (counts(other) && billedCode(other.line) === code))
  // Most lines stand on a day at which one of them begins. A line's units are spread over its days.
  for (const { line } of same) {
    const day = line.from
    if (day < from || day > Math.max(from, to)) continue
    let [units, days] = [0n, 1n]
    for (const other of same) {
      if (day < other.line.from || day > Math.max(other.line.from, other.line.to)) continue
      units = units * daysOf(other) + BigInt(other.line.unitsMilli) * days
      days *= daysOf(other)
    }
    if (units > milli * days) return true
  }
  return false
}

/** C5: a single-dose medicine says exactly one of "some was thrown away" and "nothing was". */
export function checkWastage(run: Run, state: LineState): void {
  const rule = winner(run, state, "C5", "wastage")
  if (rule === stuck || rule === undefined) return
  const { waste, none, table } = rule.effect
  if (table !== undefined) {
    const row = rowFor(run, state, "C5", rule, table, billedCode(state.line))
    if (row === stuck || row === undefined) return
  }
  const [isWaste, isNone] = [state.line.modifiers.includes(waste), state.line.modifiers.includes(none)]
  if (isWaste && isNone) refuse(run, state, "C5", rule, { group: "CO", carc: "4" })
  else if (!isWaste && !isNone) refuse(run, state, "C5", rule, { group: "CO", carc: "16", rarc: ["N822"] })
}
