/**
 * The loops of a transaction as a table of text, and its reading. A line beginning with `+` opens a loop: its number in
 * the guide, how often, and what it is; deeper lines are in it. Other lines are segments, in order: tag (or tags), the
 * codes that its qualifier may have, and how often.
 *
 *   + 2010AA !1 billing provider       must be there, once
 *     NM1[85] !                        must be there; its first element is 85
 *     REF *16                          at most sixteen times
 *     HL[3=20|22] !                    its third element is 20 or 22
 *     SVC ! {3}                        here its third element must be there
 *
 * The first segment of a loop opens it. Neighbours of the same tag stand in any order.
 */
import { assert } from "../../../base/assert.ts"

export interface SegmentRule {
  readonly kind: "segment"
  readonly tags: readonly string[]
  readonly qualifier: number
  readonly codes: ReadonlySet<string> | undefined
  readonly isNeeded: boolean
  readonly most: number
  /** Elements that must be there in this place. */
  readonly needs: readonly number[]
}

export interface LoopRule {
  readonly kind: "loop"
  readonly id: string
  readonly name: string
  readonly isNeeded: boolean
  readonly most: number
  readonly items: readonly (SegmentRule | LoopRule)[]
  /** For each item the first of the neighbours that begin with the same tag: they stand in any order. */
  readonly runs: readonly number[]
}

/** The segment that an item begins with. */
export function opener(item: SegmentRule | LoopRule): SegmentRule {
  let rule = item
  while (rule.kind === "loop") rule = rule.items[0]!
  return rule
}

/** Shifts a piece of a table to the right, for loops that stand under several others. */
export const indent = (text: string, by: number): string =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => " ".repeat(by) + line)
    .join("\n")

const segmentLine = /^([A-Z0-9|]+)(?:\[(?:(\d+)=)?([A-Z0-9|]+)\])?(?: (!)?(?:\*(\d*))?)?(?: \{([\d,]+)\})?$/
const loopLine = /^\+ (\S+) (!)?(\d+|\*) (.+)$/

function segmentRule(text: string): SegmentRule {
  const match = segmentLine.exec(text)
  assert(match !== null, "the table of loops is well formed")
  const [whole, tags = "", qualifier = "1", codes, needed, most = "1", needs] = match
  return {
    kind: "segment",
    tags: tags.split("|"),
    qualifier: Number(qualifier),
    codes: codes === undefined ? undefined : new Set(codes.split("|")),
    isNeeded: needed === "!",
    most: most === "" && whole.includes("*") ? Number.POSITIVE_INFINITY : Number(most),
    needs: needs === undefined ? [] : needs.split(",").map(Number),
  }
}

function loopRule(head: Omit<LoopRule, "kind" | "items" | "runs">, lines: readonly string[]): LoopRule {
  const items: (SegmentRule | LoopRule)[] = []
  const depth = lines[0]!.search(/\S/)
  for (let i = 0; i < lines.length; ) {
    const text = lines[i]!.trim()
    let next = i + 1
    while (next < lines.length && lines[next]!.search(/\S/) > depth) next++
    const loop = loopLine.exec(text)
    if (loop === null) items.push(segmentRule(text))
    else {
      const [, id = "", needed, most = "", name = ""] = loop
      const often = most === "*" ? Number.POSITIVE_INFINITY : Number(most)
      items.push(loopRule({ id, name, isNeeded: needed === "!", most: often }, lines.slice(i + 1, next)))
    }
    i = next
  }
  const runs: number[] = []
  items.forEach((item, i) => {
    const before = items[i - 1]
    runs.push(before !== undefined && opener(before).tags[0] === opener(item).tags[0] ? runs[i - 1]! : i)
  })
  return { kind: "loop", ...head, items, runs }
}

/** The whole transaction as one loop, from ST to SE. */
export function parseTable(text: string): LoopRule {
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  return loopRule({ id: "", name: "transaction", isNeeded: true, most: 1 }, lines)
}

/** The tags that a transaction has anywhere. */
export function tagsOf(loop: LoopRule, into = new Set<string>()): ReadonlySet<string> {
  for (const item of loop.items) {
    if (item.kind === "loop") tagsOf(item, into)
    else for (const tag of item.tags) into.add(tag)
  }
  return into
}
