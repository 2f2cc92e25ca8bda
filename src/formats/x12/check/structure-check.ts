/**
 * A transaction against its guide, segment by segment as it comes: order, loops, what is missing, what is there too often,
 * and each segment's elements. Holds a place in the table of loops, not the transaction.
 */
import { correctedFile, type X12Finding } from "../syntax/finding.ts"
import { element, elementName, type X12Segment } from "../syntax/segment.ts"
import type { TransactionHeader } from "../syntax/transactions.ts"
import { elementsOf, otherSegments } from "./structure-elements.ts"
import { guideOf } from "./structure-guides.ts"
import { type LoopRule, opener, type SegmentRule, tagsOf } from "./structure-table.ts"
import { checkSegment } from "./structure-values.ts"

interface Frame {
  readonly loop: LoopRule
  readonly counts: number[]
  /** The item matched last. */
  index: number
  /** Items before this one have been looked at for what is missing. */
  checked: number
}

const open = (loop: LoopRule): Frame => ({ loop, counts: loop.items.map(() => 0), index: 0, checked: 0 })

/** A segment without its qualifier is told of by its elements; it stands for the first of its tag. */
function isMatch(rule: SegmentRule, segment: X12Segment): boolean {
  if (!rule.tags.includes(segment.tag)) return false
  if (rule.codes === undefined) return true
  const qualifier = element(segment, rule.qualifier)
  return qualifier === "" || rule.codes.has(qualifier)
}

/**
 * The item at or after the place of the frame that begins with the segment; -1 where none does. What opens a loop opens
 * another one the next time, so it is looked for outside.
 */
function ahead({ loop, index }: Frame, segment: X12Segment): number {
  for (let i = loop.id === "" ? loop.runs[index]! : Math.max(loop.runs[index]!, 1); i < loop.items.length; i++)
    if (isMatch(opener(loop.items[i]!), segment)) return i
  return -1
}

const knownTags = new Map<LoopRule, ReadonlySet<string>>()
function tagsIn(guide: LoopRule): ReadonlySet<string> {
  const tags = knownTags.get(guide) ?? tagsOf(guide)
  knownTags.set(guide, tags)
  return tags
}

export class StructureCheck {
  readonly #header: TransactionHeader
  readonly #guide: LoopRule | undefined
  readonly #tell: (finding: X12Finding) => void
  readonly #stack: Frame[] = []
  #levels = 0

  /** `tell` is given each finding as it is made. */
  constructor(header: TransactionHeader, tell: (finding: X12Finding) => void) {
    this.#header = header
    this.#guide = guideOf(header.set)
    this.#tell = tell
    if (this.#guide !== undefined) this.#stack.push(open(this.#guide))
  }

  /** The loop that the last segment is in: `2010AA`; empty outside any. */
  get loop(): string {
    return this.#stack.at(-1)?.loop.id ?? ""
  }

  segment(segment: X12Segment, position: number): void {
    if (this.#guide === undefined) {
      if (position === 1) this.#unsupported(segment)
      return
    }
    // The envelope has told of what has no tag or no elements.
    if (segment.elements.length === 0 || !/^[A-Z][A-Z0-9]{1,2}$/.test(segment.tag)) return
    const rule = this.#place(segment, position)
    let defects = 0
    checkSegment(segment, rule?.needs ?? [], this.#header.group.interchange.separators, (defect) => {
      defects++
      const { code, answer, element: number, part, reference, says } = defect
      const name = elementName(segment.tag, number) + (part === undefined ? "" : `-${part}`)
      const place = { segment: segment.tag, element: number, part, line: segment.line, position, reference }
      const base = { level: "element", isRefused: true, loop: this.#loopId(), remedy: correctedFile } as const
      this.#tell({ ...base, code, message: `${name} ${says}`, ...place, answer })
    })
    if (rule === undefined && defects === 0) this.#unexpected(segment, position)
    if (segment.tag === "HL") this.#level(segment, position)
    if (segment.tag === "SE") this.#stack.length = 1
  }

  #loopId(): string | undefined {
    return this.loop === "" ? undefined : this.loop
  }

  #segmentFinding(code: string, answer: string, message: string, segment: X12Segment, position: number): void {
    const place = { segment: segment.tag, line: segment.line, position, loop: this.#loopId() }
    this.#tell({ code, level: "segment", isRefused: true, message, ...place, answer, remedy: correctedFile })
  }

  #unsupported(st: X12Segment): void {
    const message = "ST01 names a transaction set that we do not read"
    const place = { segment: "ST", element: 1, line: st.line, position: 1, answer: "1" }
    const remedy = "Send claims (837), payments (835) or one of the sets in the manual."
    this.#tell({ code: "x12-set", level: "transaction", isRefused: true, message, ...place, remedy })
  }

  /** Finds the segment's place in the guide and goes there. Undefined when it has none from here on. */
  #place(segment: X12Segment, position: number): SegmentRule | undefined {
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const frame = this.#stack[depth]!
      const i = ahead(frame, segment)
      if (i < 0) continue
      while (this.#stack.length > depth + 1) {
        const left = this.#stack.at(-1)!
        this.#missing(left, left.loop.items.length, segment, position)
        this.#stack.pop()
      }
      this.#missing(frame, frame.loop.runs[i]!, segment, position)
      return this.#accept(frame, i, segment, position)
    }
    return this.#behind(segment, position)
  }

  /** Tells what should have come before item `to`, once. */
  #missing(frame: Frame, to: number, segment: X12Segment, position: number): void {
    for (let i = frame.checked; i < to; i++) {
      const item = frame.loop.items[i]!
      if (!item.isNeeded || frame.counts[i]! > 0) continue
      const first = opener(item)
      const code = first.codes?.size === 1 ? `*${[...first.codes][0]}` : ""
      const at = first.qualifier === 1 ? code : ""
      const place = { segment: first.tags[0]!, line: segment.line, position }
      const base = { level: "segment", isRefused: true, remedy: correctedFile } as const
      if (item.kind === "loop") {
        const message = `loop ${item.id} (${item.name}, ${first.tags[0]}${at}) is missing before this line`
        this.#tell({ ...base, code: "x12-missing-segment", message, ...place, loop: item.id, answer: "I7" })
      } else {
        const message = `the ${first.tags.join(" or ")}${at} segment is missing before this line`
        const loop = frame.loop.id === "" ? undefined : frame.loop.id
        this.#tell({ ...base, code: "x12-missing-segment", message, ...place, loop, answer: "3" })
      }
    }
    frame.checked = Math.max(frame.checked, to)
  }

  #accept(frame: Frame, i: number, segment: X12Segment, position: number): SegmentRule {
    const item = frame.loop.items[i]!
    frame.index = i
    frame.counts[i] = frame.counts[i]! + 1
    if (frame.counts[i] === item.most + 1) {
      const what = item.kind === "loop" ? `loop ${item.id} (${item.name})` : `the ${segment.tag} segment`
      const message = `${what} is there more than ${item.most} ${item.most === 1 ? "time" : "times"}`
      this.#segmentFinding("x12-repeat", item.kind === "loop" ? "4" : "5", message, segment, position)
    }
    if (item.kind === "segment") return item
    const inner = open(item)
    this.#stack.push(inner)
    return this.#accept(inner, 0, segment, position)
  }

  /** A segment that belongs to an open loop but further ahead in it. It is checked; the place stays. */
  #behind(segment: X12Segment, position: number): SegmentRule | undefined {
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const { loop } = this.#stack[depth]!
      const item = loop.items.find((one, i) => (i > 0 || depth === 0) && isMatch(opener(one), segment))
      if (item === undefined) continue
      const message = `the ${segment.tag} segment has to come earlier in its loop`
      this.#segmentFinding("x12-order", "7", message, segment, position)
      return opener(item)
    }
    return undefined
  }

  #unexpected(segment: X12Segment, position: number): void {
    const isKnown = elementsOf(segment.tag) !== undefined || otherSegments.has(segment.tag)
    const isOurs = tagsIn(this.#guide!).has(segment.tag)
    const answer = isOurs ? "2" : isKnown ? "6" : "1"
    const what = isOurs
      ? `the ${segment.tag} segment is not expected here`
      : isKnown
        ? `the ${segment.tag} segment does not belong to a ${this.#header.set}`
        : "the segment is unknown to X12's health care transactions"
    const shown = isKnown ? segment : { ...segment, tag: "" }
    this.#segmentFinding("x12-unexpected", answer, what, shown, position)
  }

  /** HL01 counts up by one from 1; HL02 names an earlier level. */
  #level(hl: X12Segment, position: number): void {
    this.#levels++
    const [number, parent] = [element(hl, 1), element(hl, 2)]
    const tell = (at: number, message: string) => {
      const place = { segment: "HL", element: at, line: hl.line, position, loop: this.#loopId() }
      const base = { level: "element", isRefused: true, remedy: correctedFile } as const
      this.#tell({ ...base, code: "x12-level", message, ...place, reference: at === 1 ? "628" : "734", answer: "7" })
    }
    if (number !== "" && Number(number) !== this.#levels)
      tell(1, `HL01 is not ${this.#levels}, the level's number in order`)
    if (parent !== "" && !(Number(parent) >= 1 && Number(parent) < this.#levels)) tell(2, "HL02 names no earlier level")
  }
}
