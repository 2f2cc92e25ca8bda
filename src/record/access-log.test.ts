import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { treeRoot } from "../base/tree.ts"
import {
  type AnchoredRoot,
  closePage,
  type LogLine,
  type LogPage,
  makeLine,
  readLine,
  verifyAccessLog,
} from "./access-log.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)
let salts = 0
const freshSalt = () => {
  const salt = new Uint8Array(32)
  new DataView(salt.buffer).setUint32(0, ++salts)
  return salt
}

/** A log of so many reads in each hour, and what the ledger holds of it. */
function logOf(readsByHour: readonly number[]): { pages: LogPage[]; anchored: AnchoredRoot[] } {
  let sequence = 0
  const closed = readsByHour.map((reads, hour) => {
    const lines = Array.from({ length: reads }, () => {
      const entry = {
        sequence: sequence++,
        time: hour * 3600,
        who: utf8("dr-1"),
        digest: freshSalt(),
        purpose: utf8("care"),
      }
      return makeLine(entry, freshSalt())
    })
    return { hour, ...closePage(hour, lines) }
  })
  return { pages: closed.map(({ page }) => page), anchored: closed.map(({ hour, root }) => ({ hour, root })) }
}

const logs = fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }).filter((reads) => reads.some((n) => n > 0))
/** A log and one line of it. */
const logAndLine = fc.tuple(logs, fc.nat()).map(([reads, which]) => {
  const log = logOf(reads)
  const places = log.pages.flatMap(({ lines }, hour) => lines.map((_, line) => ({ hour, line })))
  return { ...log, ...places[which % places.length]! }
})
const withLines = (pages: readonly LogPage[], hour: number, lines: readonly LogLine[]) =>
  pages.map((page) => (page.hour === hour ? { ...page, lines } : page))

test("an untouched log passes, its roots are the protocol's, and its lines read back", () => {
  fc.assert(
    fc.property(logs, (reads) => {
      const { pages, anchored } = logOf(reads)
      assert.equal(verifyAccessLog(pages, anchored), undefined)
      pages.forEach(({ lines }, hour) => {
        const leaves = lines.map(({ salt, line }) => [salt, line])
        assert.deepEqual(anchored[hour]!.root, treeRoot("log", leaves))
      })
      const sequences = pages.flatMap(({ lines }) => lines.map((line) => readLine(line).sequence))
      assert.deepEqual(sequences, [...sequences.keys()])
    }),
  )
})

test("a deleted line is named", () => {
  fc.assert(
    fc.property(logAndLine, fc.integer({ min: 1, max: 3 }), ({ pages, anchored, hour, line }, count) => {
      const lines = pages[hour]!.lines.toSpliced(line, count)
      const finding = verifyAccessLog(withLines(pages, hour, lines), anchored)
      assert.deepEqual(finding, { hour, line, problem: "missing" })
    }),
  )
})

test("an altered line is named, whether text or salt was changed", () => {
  fc.assert(
    fc.property(logAndLine, fc.boolean(), fc.nat(), ({ pages, anchored, hour, line }, text, at) => {
      const old = pages[hour]!.lines[line]!
      const flip = (bytes: Uint8Array) => bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ 1)
      const changed = text ? { ...old, line: flip(old.line) } : { ...old, salt: flip(old.salt) }
      const finding = verifyAccessLog(withLines(pages, hour, pages[hour]!.lines.with(line, changed)), anchored)
      assert.deepEqual(finding, { hour, line, problem: "altered" })
    }),
  )
})

test("an added line is named, and lines that changed places are altered", () => {
  const { pages, anchored } = logOf([3, 2])
  const lines = pages[0]!.lines
  for (let line = 0; line <= lines.length; line++) {
    const more = lines.toSpliced(line, 0, logOf([1]).pages[0]!.lines[0]!)
    assert.deepEqual(verifyAccessLog(withLines(pages, 0, more), anchored), { hour: 0, line, problem: "added" })
  }
  const swapped = [lines[0]!, lines[2]!, lines[1]!]
  assert.deepEqual(verifyAccessLog(withLines(pages, 0, swapped), anchored), { hour: 0, line: 1, problem: "altered" })
})

test("a page that is gone, or whose leaves were rewritten too, is named by its hour", () => {
  const { pages, anchored } = logOf([2, 3, 2])
  assert.deepEqual(verifyAccessLog(pages.toSpliced(1, 1), anchored), { hour: 1, line: undefined, problem: "missing" })
  const { page } = closePage(1, pages[1]!.lines.slice(1))
  const finding = verifyAccessLog(pages.with(1, page), anchored)
  assert.deepEqual(finding, { hour: 1, line: undefined, problem: "altered" })
  // Leaves are a convenience: without them whole lines still pass.
  assert.equal(verifyAccessLog(pages.with(1, { ...pages[1]!, leaves: [] }), anchored), undefined)
})

test("a line left out before its hour was anchored leaves a gap in the count", () => {
  const { pages } = logOf([3, 3])
  for (const [hour, line, found] of [
    [0, 1, { hour: 0, line: 1 }],
    [0, 2, { hour: 1, line: 0 }],
    [1, 0, { hour: 1, line: 0 }],
  ] as const) {
    const closed = pages.map((page) =>
      closePage(page.hour, page.hour === hour ? page.lines.toSpliced(line, 1) : page.lines),
    )
    const anchored = closed.map(({ page, root }) => ({ hour: page.hour, root }))
    const finding = verifyAccessLog(
      closed.map(({ page }) => page),
      anchored,
    )
    assert.deepEqual(finding, { ...found, problem: "missing" })
  }
})
