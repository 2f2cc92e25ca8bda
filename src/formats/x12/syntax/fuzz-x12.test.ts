/** Real files, spoiled from a seed: whatever comes, there are findings and answers, never an error of ours or a hang. */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { isRefusal } from "../../answer.ts"
import { envelopeBack, groupsToAnswer, needsTa1, write999, writeTa1 } from "../acknowledge/acknowledge.ts"
import { readAcknowledgements } from "../acknowledge/read-acknowledgements.ts"
import { write277ca } from "../acknowledge/write-277ca.ts"
import { checkFile } from "../check/check-file.ts"
import { summaryOf } from "../check/check-summary.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const isLong = process.env["COUNTERSIGN_LONG"] === "1"
const runs = isLong ? 20_000 : 250
const seed = Number(process.env["COUNTERSIGN_SEED"] ?? 5)

/** Small files keep the runs many; all kinds are among them. */
const samples = (): readonly Buffer[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`))
    .filter((bytes) => bytes.length < 9000)

type Spoil = (bytes: Buffer) => Buffer

const at = (bytes: Buffer, share: number) => Math.floor(share * bytes.length)
const pieces = (bytes: Buffer) => bytes.toString("latin1").split("~")
const joined = (parts: readonly string[]) => Buffer.from(parts.join("~"), "latin1")
const share = fc.double({ min: 0, max: 0.999, noNaN: true })
const pick = (parts: readonly string[], where: number) => Math.floor(where * parts.length)

const spoils: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(share, fc.nat(255)).map(([where, byte]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[at(copy, where)] = byte
    return copy
  }),
  share.map((where) => (bytes: Buffer) => bytes.subarray(0, at(bytes, where))),
  share.map((where) => (bytes: Buffer) => bytes.subarray(at(bytes, where))),
  fc.tuple(fc.constantFrom(..."*:^~"), fc.constantFrom(..."*:^~|>\n\u001d A1")).map(([from, to]) => (bytes: Buffer) => {
    return Buffer.from(bytes.toString("latin1").replaceAll(from, to), "latin1")
  }),
  fc.tuple(share, share).map(([a, b]) => (bytes: Buffer) => {
    const parts = pieces(bytes)
    const [i, k] = [pick(parts, a), pick(parts, b)]
    ;[parts[i], parts[k]] = [parts[k]!, parts[i]!]
    return joined(parts)
  }),
  fc.tuple(share, fc.constantFrom(0, 2, 3, 1500)).map(([where, times]) => (bytes: Buffer) => {
    const parts = pieces(bytes)
    const i = pick(parts, where)
    // A huge element many times over would be the test's own end.
    const often = parts[i]!.length > 5000 ? Math.min(times, 3) : times
    return joined([...parts.slice(0, i), ...Array.from({ length: often }, () => parts[i]!), ...parts.slice(i + 1)])
  }),
  fc.tuple(share, fc.constantFrom("9", "-1", "99999999999", "", "x")).map(([where, count]) => (bytes: Buffer) => {
    const parts = pieces(bytes)
    const ends = parts.flatMap((part, i) => (/^\s*(SE|GE|IEA|HL|LX|ST|GS)\*/.test(part) ? [i] : []))
    const i = ends[pick(ends.map(String), where)]
    if (i !== undefined) parts[i] = parts[i]!.replace(/\*[^*]*/, `*${count}`)
    return joined(parts)
  }),
  fc
    .tuple(share, fc.constantFrom(300, 20_000, 1_200_000), fc.constantFrom(..."9A:*\u00d1^"))
    .map(([where, length, of]) => (bytes: Buffer) => {
      const i = at(bytes, where)
      return Buffer.concat([bytes.subarray(0, i), Buffer.from(of.repeat(length)), bytes.subarray(i)])
    }),
  fc.tuple(share, share).map(([a, b]) => (bytes: Buffer) => {
    return Buffer.concat([bytes.subarray(0, at(bytes, a)), bytes.subarray(at(bytes, b))])
  }),
)

/** Checks, answers, and reads the answers back. Gives whether anything was found wrong. */
function live(bytes: Uint8Array): boolean {
  const report = checkFile([bytes], { keepsClaims: true })
  const summary = summaryOf(report)
  for (const { at: place, message, remedy } of summary.defects)
    assert.ok(place !== "" && message !== "" && remedy !== "")
  for (const interchange of report.interchanges) {
    const envelope = envelopeBack(interchange.header, { control: 9, day: 20_000, minute: 61 })
    const groups = groupsToAnswer(interchange)
    const answers = [
      ...(needsTa1(interchange) ? [writeTa1([interchange], envelope)] : []),
      ...(groups.length > 0 ? [write999(groups, envelope)] : []),
    ]
    for (const { answered } of interchange.groups.flatMap((group) => group.transactions)) {
      if (answered !== undefined) answers.push(write277ca({ reference: "9", received: 20_000, ...answered }, envelope))
    }
    for (const one of answers) {
      const wrong = summaryOf(checkFile([one])).defects.filter(({ isRefused }) => isRefused)
      assert.deepEqual(wrong, [], Buffer.from(one).toString())
      assert.ok(!isRefusal(readAcknowledgements(one)))
    }
  }
  return !summary.isRead
}

/** Milliseconds that this thread has worked. */
function busy(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

test(`${runs} spoiled files: findings and well-formed answers, nothing else`, (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const files = samples()
  let [refused, slowest] = [0, 0]
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(spoils, { minLength: 1, maxLength: 4 }), (file, changes) => {
      const bytes = changes.reduce((whole, change) => change(whole), file)
      const started = busy()
      if (live(new Uint8Array(bytes))) refused++
      slowest = Math.max(slowest, busy() - started)
    }),
    { seed, numRuns: runs },
  )
  t.diagnostic(`${refused} of ${runs} refused, the slowest took ${Math.round(slowest)} ms`)
  assert.ok(refused > runs / 2)
  assert.ok(slowest < 5000, `${slowest} ms`)
})

test("bytes that are no X12 at all are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.ok(live(bytes))
    }),
    { seed, numRuns: isLong ? 50_000 : 500 },
  )
})
