/**
 * What we answer a sender: TA1 for an interchange, 999 (005010X231A1) for a group. Each says what was taken and what not,
 * and places every defect at its segment and element. A bad value is never repeated: it may be a person's.
 */
import { toUtf8 } from "#crypto"
import { type Envelope, envelopAnswers, envelopGroup, freeText, type OutSegment } from "../syntax/envelope.ts"
import { isPartyQualifier } from "../syntax/envelope-rules.ts"
import type { X12Finding } from "../syntax/finding.ts"
import type { GroupHeader, InterchangeHeader, TransactionHeader } from "../syntax/transactions.ts"

/** The claim, payment or inquiry that a defect stands in, by the sender's own number: `CLM01` and its value. */
export interface BusinessUnit {
  readonly name: string
  readonly value: string
}

export interface TransactionVerdict {
  readonly header: TransactionHeader
  readonly findings: readonly { readonly finding: X12Finding; readonly unit: BusinessUnit | undefined }[]
}

export interface GroupVerdict {
  readonly header: GroupHeader
  /** GE01; undefined where there is none. */
  readonly said: number | undefined
  readonly findings: readonly X12Finding[]
  readonly transactions: readonly TransactionVerdict[]
}

export interface InterchangeVerdict {
  readonly header: InterchangeHeader
  readonly findings: readonly X12Finding[]
  readonly groups: readonly GroupVerdict[]
}

const isRefused = (findings: readonly X12Finding[]) => findings.some((finding) => finding.isRefused)
/** A accepted, E accepted though something is odd, R rejected. */
const letterOf = (findings: readonly X12Finding[]) => (isRefused(findings) ? "R" : findings.length > 0 ? "E" : "A")
const mostFindings = 200

/** The envelope that goes back to whom an interchange came from. */
export function envelopeBack(
  { sender, receiver, isTest }: InterchangeHeader,
  stamp: Pick<Envelope, "control" | "day" | "minute">,
): Envelope {
  const id = (text: string) => freeText(text, 15) || "UNKNOWN"
  const qualifier = (text: string) => (isPartyQualifier(text) ? text : "ZZ")
  return {
    ...{ sender: id(receiver.id), senderQualifier: qualifier(receiver.qualifier) },
    ...{ receiver: id(sender.id), receiverQualifier: qualifier(sender.qualifier) },
    ...stamp,
    isTest,
  }
}

/** A TA1 goes out for what is refused or odd, and for what asks for one. */
export function needsTa1({ header, findings }: InterchangeVerdict): boolean {
  return header.wantsAnswer || findings.length > 0
}

/** The TA1 segment. An interchange is refused for its first refused finding. */
export function ta1Segment({ header, findings }: InterchangeVerdict): OutSegment {
  const first = findings.find((finding) => finding.isRefused) ?? findings[0]
  const control = freeText(header.control, 9).padStart(9, "0")
  return [
    "TA1",
    control,
    freeText(header.date, 6),
    freeText(header.time, 4),
    letterOf(findings),
    first?.answer ?? "000",
  ]
}

/** One file with a TA1 for each interchange, ASCII. */
export function writeTa1(verdicts: readonly InterchangeVerdict[], envelope: Envelope): Uint8Array {
  return toUtf8(envelopAnswers(envelope, verdicts.map(ta1Segment)))
}

/** A 999 answers groups of an interchange that is not refused as a whole, except groups of acknowledgements. */
export function groupsToAnswer({ findings, groups }: InterchangeVerdict): readonly GroupVerdict[] {
  return isRefused(findings) ? [] : groups.filter(({ header }) => header.functional !== "FA")
}

/** One file with a 999 for each group, ASCII. */
export function write999(groups: readonly GroupVerdict[], envelope: Envelope): Uint8Array {
  const kind = { set: "999", group: "FA", guide: "005010X231A1" }
  return toUtf8(envelopGroup(envelope, kind, groups.map(groupBody)))
}

/** The different codes of one level, at most five. */
function answers(findings: readonly X12Finding[], level: X12Finding["level"]): readonly string[] {
  const codes = findings.filter((finding) => finding.level === level).map(({ answer }) => answer)
  return [...new Set(codes)].slice(0, 5)
}

function groupBody({ header, said, findings, transactions }: GroupVerdict): readonly OutSegment[] {
  const isRefusedGroup = isRefused(findings)
  const verdicts = transactions.map((one) => letterOf(one.findings.map(({ finding }) => finding)))
  const accepted = isRefusedGroup ? 0 : verdicts.filter((letter) => letter !== "R").length
  const count = transactions.length
  const isPart = accepted > 0 && accepted < count
  const isOdd = findings.length > 0 || verdicts.includes("E")
  const letter = isRefusedGroup || (accepted === 0 && count > 0) ? "R" : isPart ? "P" : isOdd ? "E" : "A"
  const numbers = [said ?? count, count, accepted].map((number) => String(Math.min(number, 999_999)))
  return [
    ["AK1", freeText(header.functional, 2), freeText(header.control, 9), freeText(header.version, 12)],
    ...transactions.flatMap(transactionBody),
    ["AK9", letter, ...numbers, ...answers(findings, "group")],
  ]
}

/** What is no transaction set is not repeated. */
const setOf = ({ set }: TransactionHeader) => (/^\d{3}$/.test(set) ? set : "000")

function transactionBody({ header, findings }: TransactionVerdict): readonly OutSegment[] {
  const all = findings.map(({ finding }) => finding)
  const letter = letterOf(all)
  const inside = findings.filter(({ finding }) => finding.level === "segment" || finding.level === "element")
  const own = answers(all, "transaction")
  const codes = inside.length > 0 ? [...new Set([...own, "5"])].slice(0, 5) : own
  return [
    ["AK2", setOf(header), freeText(header.control, 9) || "0000", freeText(header.guide, 35)],
    ...segmentLoops(inside.slice(0, mostFindings)),
    ["IK5", letter, ...codes],
  ]
}

/** One IK3 for each segment that has a defect, its elements beneath it. */
function segmentLoops(findings: TransactionVerdict["findings"]): readonly OutSegment[] {
  const out: OutSegment[] = []
  let last = ""
  for (const { finding, unit } of findings) {
    const { level, segment, position = 1, loop = "", answer } = finding
    const own = level === "element" ? "8" : answer
    const key = `${segment}*${position}*${own}`
    if (key !== last || level === "segment") {
      // IK303 has room for four characters; the letters of 2010AA fall off, as everybody writes it.
      out.push(["IK3", segment === "" ? "ZZZ" : segment, String(position), loop.slice(0, 4), own])
      if (unit !== undefined) out.push(["CTX", [unit.name, freeText(unit.value, 35)]])
    }
    last = key
    if (level === "element") out.push(elementSegment(finding))
  }
  return out
}

function elementSegment({ element = 1, part, reference = "", answer }: X12Finding): OutSegment {
  const place = part === undefined ? String(element) : [String(element), String(part)]
  return ["IK4", place, /^\d+$/.test(reference) ? reference : "", answer]
}
