/** Goal: the public counts are those of the determinations. Method: a fixed set, then a count by hand over random ones. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { countClauses, type DecidedLines } from "./clause-counts.ts"

const plan = new Uint8Array(32).fill(7)
const id = (n: number) => n.toString(16).padStart(64, "0")
const bytesOf = (n: number) => Uint8Array.from(Buffer.from(id(n), "hex"))

test("lines count at the clause that decided them; a replaced claim counts as it now stands", () => {
  const claims = new Map<string, DecidedLines>([
    [
      id(1),
      {
        plan,
        supersedes: undefined,
        lines: [
          { clause: "5.2", status: "paid" },
          { clause: "4.1", status: "denied" },
        ],
      },
    ],
    [id(2), { plan, supersedes: undefined, lines: [{ clause: "4.1", status: "pended" }] }],
    [id(3), { plan, supersedes: bytesOf(1), lines: [{ clause: "5.2", status: "paid" }] }],
  ])
  const row = { plan: Buffer.from(plan).toString("hex"), decided: 1, denied: 0 }
  assert.deepEqual(countClauses(claims), {
    claims: 2,
    lines: 2,
    clauses: [
      { ...row, clause: "4.1", pended: 1 },
      { ...row, clause: "5.2", pended: 0 },
    ],
  })
  assert.deepEqual(countClauses(new Map()), { claims: 0, lines: 0, clauses: [] })
})

test("property: every line is counted once, and nobody is in the answer", () => {
  const status = fc.constantFrom("pended", "paid", "denied", "held", "encounter")
  const line = fc.record({ clause: fc.constantFrom("", "1", "5.2", "12.10"), status })
  const lines = fc.array(fc.array(line, { minLength: 1, maxLength: 5 }), { maxLength: 8 })
  fc.assert(
    fc.property(lines, (all) => {
      const claims = new Map(
        all.map((each, n) => [id(n), { plan, supersedes: undefined, lines: each } as DecidedLines]),
      )
      const { clauses, ...total } = countClauses(claims)
      const flat = all.flat()
      assert.deepEqual(total, { claims: all.length, lines: flat.length })
      for (const { clause, decided, denied, pended } of clauses) {
        const here = flat.filter((one) => one.clause === clause)
        const of = (wanted: string) => here.filter((one) => one.status === wanted).length
        assert.deepEqual([decided, denied, pended], [here.length, of("denied"), of("pended")])
      }
      assert.equal(
        clauses.reduce((sum, { decided }) => sum + decided, 0),
        flat.length,
      )
      for (const row of clauses) assert.deepEqual(Object.keys(row), ["plan", "clause", "decided", "denied", "pended"])
    }),
  )
})
