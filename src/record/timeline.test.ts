/**
 * Goal: late and corrected entries stand where they happened, and every past view comes back. Method: a fixed history,
 * then random ones against a naive filter and the platform's own reading of dates.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  asOf,
  type DatedEntry,
  inTime,
  parseEventTime,
  type RecordedFacts,
  statementAsOf,
  timeline,
} from "./timeline.ts"

const day = 86_400
const april = Date.UTC(2026, 3, 1) / 1000

function statement(n: number, entries: number, recorded: number): RecordedFacts {
  const id = (label: number) => new Uint8Array(32).fill(label)
  return {
    facts: id(n),
    supersedes: n === 1 ? undefined : id(n - 1),
    recordRoot: id(100 + n),
    entries,
    height: n * 10,
    recorded,
  }
}

// Two entries on the day; three days later an offline clinic's visit of before comes in, and a correction.
const entries: readonly DatedEntry[] = [
  { at: "2026-04-14T09:20:00-04:00" },
  { at: "2026-04-14T13:10:00Z" },
  { at: "2026-04-12" },
  { corrects: 0 },
  {},
]
const statements = [statement(1, 2, april + 14 * day), statement(2, 4, april + 17 * day)]
const places = (rows: readonly { readonly entry: number }[]) => rows.map(({ entry }) => entry)

test("late entries sort to where they happened and show when they arrived", () => {
  const rows = timeline(inTime(entries, statements))
  assert.deepEqual(places(rows), [2, 1, 3, 4])
  assert.deepEqual(
    rows.map(({ recorded, daysLate }) => [recorded, daysLate]),
    [
      [april + 17 * day, 6],
      [april + 14 * day, 1],
      [april + 17 * day, 4],
      [undefined, 0],
    ],
  )
})

test("the default view shows corrections in their place; the audit view shows both and names the correction", () => {
  const known = inTime(entries, statements)
  assert.ok(!places(timeline(known)).includes(0))
  const audit = timeline(known, { audit: true })
  assert.deepEqual(places(audit), [2, 1, 0, 3, 4])
  assert.deepEqual(
    audit.map(({ correctedBy }) => correctedBy),
    [undefined, undefined, 3, undefined, undefined],
  )
})

test("a past instant shows what was recorded by then, uncorrected, under the record root of then", () => {
  const known = inTime(entries, statements)
  const before = april + 16 * day
  assert.deepEqual(places(timeline(asOf(known, before))), [1, 0])
  assert.equal(statementAsOf(statements, before), statements[0])
  assert.equal(statementAsOf(statements, april + 17 * day), statements[1])
  assert.equal(statementAsOf(statements, april), undefined)
  assert.deepEqual(asOf(known, april), [])
})

const history = fc
  .array(
    fc.record({
      at: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      corrects: fc.option(fc.nat(), { nil: undefined }),
      arrives: fc.nat(9),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) => {
    const dated = drawn.map(({ at, corrects }, i): DatedEntry => {
      const when = at === undefined ? {} : { at: new Date((april + at * 3600) * 1000).toISOString() }
      return corrects === undefined || i === 0 ? when : { ...when, corrects: corrects % i }
    })
    let recorded = april
    return { dated, listed: drawn.map(({ arrives }, i) => statement(i + 1, i + 1, (recorded += arrives * 3600))) }
  })

test("property: a view of the past is the view that stood then", () => {
  fc.assert(
    fc.property(history, fc.integer({ min: -1, max: 110 }), fc.boolean(), ({ dated, listed }, hours, audit) => {
      const instant = april + hours * 3600
      const count = listed.filter(({ recorded }) => recorded <= instant).length
      const then = inTime(dated.slice(0, count), listed.slice(0, count))
      const rebuilt = timeline(asOf(inTime(dated, listed), instant), { audit })
      assert.deepEqual(rebuilt, timeline(then, { audit }))
      assert.equal(statementAsOf(listed, instant)?.entries ?? 0, count)
      if (audit) assert.equal(rebuilt.length, count)
    }),
  )
})

test("property: own event times never fall along the timeline", () => {
  fc.assert(
    fc.property(history, ({ dated, listed }) => {
      const own = timeline(inTime(dated, listed), { audit: true }).flatMap(({ content }) => content.at ?? [])
      assert.deepEqual(own, [...own].sort())
    }),
  )
})

test("event times read as the platform reads them; what is none is refused", () => {
  const between = { min: new Date("1900-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }
  fc.assert(
    fc.property(fc.date(between), (date) => {
      const ms = date.getTime()
      const read = parseEventTime(date.toISOString())!
      assert.equal(read.seconds * 1000 + read.nanos / 1e6, ms)
      assert.equal(parseEventTime(date.toISOString().slice(0, 10))!.seconds, Math.floor(ms / (day * 1000)) * day)
    }),
  )
  const seconds = (text: string) => parseEventTime(text)?.seconds
  assert.equal(seconds("2026-04-14T09:10:00-04:00"), Date.UTC(2026, 3, 14, 13, 10) / 1000)
  assert.equal(seconds("2026"), Date.UTC(2026, 0, 1) / 1000)
  assert.equal(seconds("2026-04"), april)
  const wrong = [
    "",
    "2026-02-29",
    "2026-13",
    "14.04.2026",
    "2026-04-14T09:10",
    "2026-04-14T09:10:00",
    "2026-04-14T25:00:00Z",
  ]
  for (const text of [...wrong, "2026-04-14T09:10:00+15:00", " 2026", "2026-4-1"])
    assert.equal(seconds(text), undefined, text)
})
