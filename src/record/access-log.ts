/**
 * Who looked: one line for every read of a sealed blob, chained to the ledger by `anchor-log`. Each hour's lines form a
 * page; the page's root is anchored. Lines are salted, so a page can give its leaves to a patient association for safe
 * keeping and tell it nothing; with the leaves a checker names the very line that is missing or altered, without them
 * the hour.
 */
import { mapKey } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { merkleRoot } from "../base/merkle.ts"
import { b32, bytes, type Decoded, decodeAs, encodeAs, list, struct, uint } from "../base/schema.ts"

/** What one read leaves behind. */
export const access = struct({
  /** Counts the organization's reads from 0 without a gap. */
  sequence: uint(),
  /** Seconds since 1970, by the organization's clock. */
  time: uint(),
  /** Whoever read, UTF-8: a practitioner id, a desk, a grant's handle. */
  who: bytes(1, 200),
  /** Digest of the sealed blob. */
  digest: b32,
  /** UTF-8. */
  purpose: bytes(0, 200),
})
export type Access = Decoded<typeof access>

/** A line as the organization keeps it. */
export const logLine = struct({ salt: b32, line: bytes(1, 1024) })
export type LogLine = Decoded<typeof logLine>

/** The lines of one hour, and the leaves they had when the hour's root was anchored. */
export const logPage = struct({ hour: uint(), lines: list(logLine, 0, 2 ** 20), leaves: list(b32, 0, 2 ** 20) })
export type LogPage = Decoded<typeof logPage>

/** What `anchor-log` put on the ledger, oldest first. */
export interface AnchoredRoot {
  readonly hour: number
  readonly root: Uint8Array
}

export function makeLine(entry: Access, salt: Uint8Array): LogLine {
  return { salt, line: encodeAs(access, entry) }
}

/** @throws EncodingError for a line that is not one. */
export function readLine({ line }: LogLine): Access {
  return decodeAs(access, line)
}

const leafOf = ({ salt, line }: LogLine): Uint8Array => digest("log", salt, line)

/** Closes an hour. The root goes into `anchor-log`, the page into the store. */
export function closePage(hour: number, lines: readonly LogLine[]): { page: LogPage; root: Uint8Array } {
  for (const { salt } of lines) assert(salt.length === 32, "a salt is 32 bytes")
  const leaves = lines.map(leafOf)
  return { page: { hour, lines, leaves }, root: merkleRoot(leaves) }
}

/** The first thing wrong with a log. */
export interface LogFinding {
  readonly hour: number
  /** Index of the line in its page; undefined where only the hour can be named. */
  readonly line: number | undefined
  readonly problem: "missing" | "altered" | "added"
}

/** Names the first line that differs from the leaves, and how: gone, changed, or put in between. */
function compareLines({ hour, lines, leaves }: LogPage): LogFinding | undefined {
  const have = lines.map((line) => mapKey(leafOf(line)))
  const expected = leaves.map(mapKey)
  const length = Math.max(have.length, expected.length)
  for (let line = 0; line < length; line++) {
    const found = have[line]
    const due = expected[line]
    if (found === due) continue
    const foundIsKnown = found === undefined || expected.includes(found)
    if (due !== undefined && !have.includes(due)) return { hour, line, problem: foundIsKnown ? "missing" : "altered" }
    return { hour, line, problem: foundIsKnown ? "altered" : "added" }
  }
  return undefined
}

function checkPage(page: LogPage, root: Uint8Array): LogFinding | undefined {
  if (equalBytes(merkleRoot(page.lines.map(leafOf)), root)) return undefined
  if (equalBytes(merkleRoot(page.leaves), root)) return compareLines(page)
  // The leaves do not make the root either, so there is nothing to tell one line from another by.
  return { hour: page.hour, line: undefined, problem: "altered" }
}

/** The count of the line, or undefined where the line is not one. */
function sequenceOf(line: LogLine): number | undefined {
  try {
    return readLine(line).sequence
  } catch {
    return undefined
  }
}

/**
 * Holds a log against what is anchored. Undefined when every anchored line is there as it was and their count has no
 * gap (a line left out before its hour was anchored leaves one); else the first finding. Pages of hours that are not
 * anchored, such as the running one, say nothing and are passed over.
 */
export function verifyAccessLog(pages: readonly LogPage[], anchored: readonly AnchoredRoot[]): LogFinding | undefined {
  const byHour = new Map(pages.map((page) => [page.hour, page]))
  let next: number | undefined
  for (const { hour, root } of anchored) {
    const page = byHour.get(hour)
    if (page === undefined) return { hour, line: undefined, problem: "missing" }
    const finding = checkPage(page, root)
    if (finding !== undefined) return finding
    for (let line = 0; line < page.lines.length; line++) {
      const sequence = sequenceOf(page.lines[line]!)
      if (sequence === undefined) return { hour, line, problem: "altered" }
      if (next !== undefined && sequence !== next) return { hour, line, problem: "missing" }
      next = sequence + 1
    }
  }
  return undefined
}
