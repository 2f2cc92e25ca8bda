/**
 * A table of the pipeline's money: a clause or two, a claim, and what comes out of it line by line, as group, reason,
 * remark and amount, with the formulas and clauses that the trace names for it.
 */
import { deepEqual, ok } from "node:assert/strict"
import { test } from "node:test"
import { adjudicate } from "../src/plan/adjudicate/adjudicate.ts"
import { formulas } from "../src/plan/formulas.ts"
import { decodeLeg, encodeLeg } from "../src/plan/leg.ts"
import { inputFor, planOf, type Situation, type TableText, told } from "./plan-text.ts"

export const services = `code,category,rate,bilateral,technical
A,exam,100.00,,
B,test,50.00,2,
C,procedure,200.00,1,
D,procedure,150.00,0,
E,procedure,80.00,3,
M,medicine,731.885,,
F,frames,charge,,
R,room,charge,,
X,filling,40.00,,
Y,crown,90.00,,
S,scan,118.11,,61.95
T,scan,16.34,,16.34
`

export interface Row {
  readonly step: string
  readonly name: string
  /** Clauses 2.3, 2.4, … */
  readonly rules: readonly string[]
  /** In the place of the usual clause 2.2. */
  readonly allow?: string
  readonly numbers?: string
  readonly tables?: Readonly<Record<string, TableText>>
  readonly front?: Readonly<Record<string, string>>
  readonly given: Situation
  /** Every line: status, benefit, adjustments. */
  readonly lines: readonly string[]
  /** Steps that the trace has to hold: line, step, number of the formula, clause. */
  readonly trace: readonly (readonly [line: number, step: string, formula: number, clause: string])[]
  /** What moves in the buckets: clause, owner, change. */
  readonly moves?: readonly (readonly [string, string, bigint])[]
  /** Findings: code and what is missing. */
  readonly findings?: readonly string[]
}

export const row = (step: string, name: string, rest: Omit<Row, "step" | "name">): Row => ({ step, name, ...rest })
export const one = (code: string, charge: bigint, more: Partial<Situation["lines"][number]> = {}): Situation => ({
  lines: [{ code, charge, ...more }],
})
export const two = (a: [string, bigint, ...string[]], b: [string, bigint, ...string[]]): Situation => ({
  lines: [a, b].map(([code, charge, ...modifiers]) => ({ code, charge, modifiers })),
})
export const table = (csv: string, ...key: string[]): TableText => (key.length === 0 ? { csv } : { csv, key })

const numberOf = (name: keyof typeof formulas) => formulas[name][0]

export function testRows(rows: readonly Row[]): void {
  for (const { step, name, rules, allow, numbers, tables, front, given, ...expected } of rows) {
    test(`${step}, ${name}`, () => {
      const plan = planOf({
        clauses: [
          "{ define: { table: services }, cover: yes }",
          allow ?? "{ allow: { schedule: services, lesser: yes } }",
          ...rules,
        ],
        tables: { services: { csv: services }, ...tables },
        ...(numbers === undefined ? {} : { numbers }),
        ...(front === undefined ? {} : { front }),
      })
      const input = inputFor(plan, given)
      const { leg, trace } = adjudicate(input)
      deepEqual(leg.lines.map(told), expected.lines)
      deepEqual(
        leg.findings.map(({ code, missing }) => `${code} ${missing}`),
        expected.findings ?? [],
      )
      for (const [line, at, formula, clause] of expected.trace) {
        const found = trace.some(
          (item) =>
            item.line === line && item.step === at && numberOf(item.formula) === formula && item.clause === clause,
        )
        ok(found, `the trace has formula ${formula} of clause ${clause} at ${at} of line ${line}`)
      }
      if (expected.moves !== undefined)
        deepEqual(
          leg.differences.buckets.map(({ clause, owner, change }) => [clause, owner, change]),
          expected.moves,
        )
      const bytes = encodeLeg(leg)
      deepEqual(decodeLeg(bytes), leg)
      deepEqual(encodeLeg(adjudicate(input, { trace: false }).leg), bytes)
    })
  }
}
