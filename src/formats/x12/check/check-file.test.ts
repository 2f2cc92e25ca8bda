import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { isRefusal } from "../../answer.ts"
import { readRemittances835 } from "../remittance/read-835.ts"
import { X12Stream } from "../syntax/transactions.ts"
import { checkFile } from "./check-file.ts"
import { mainDefect, summaryOf } from "./check-summary.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const isAbsent = !existsSync(folder)
const kinds = () => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
const samples = () =>
  kinds().flatMap(({ name: kind }) =>
    readdirSync(new URL(`${kind}/`, folder)).map((name) => {
      return { name: `${kind}/${name}`, kind, bytes: new Uint8Array(readFileSync(new URL(`${kind}/${name}`, folder))) }
    }),
  )

test("every public file is read, or refused with segment, element and reason", (t) => {
  if (isAbsent) return t.skip("../shared is absent")
  const counts: Record<string, string> = {}
  const refused: Record<string, number> = {}
  for (const { kind, name, bytes } of samples()) {
    const summary = summaryOf(checkFile([bytes]))
    const main = mainDefect(summary)
    const [files = 0, read = 0] = (counts[kind] ?? "").split(" ").map(Number)
    counts[kind] = `${files + 1} ${read + (summary.isRead ? 1 : 0)}`
    assert.equal(summary.isRead, main === undefined, name)
    if (main === undefined) continue
    t.diagnostic(`${name}: ${main.code} at ${main.at}: ${main.message}`)
    refused[main.code] = (refused[main.code] ?? 0) + 1
    assert.match(main.at, /^[A-Z0-9]{2,3}(\d\d)?(-\d+)?, line \d+( in loop \d{4}[A-F]{0,2})?$/, name)
    assert.ok(main.message.length > 10 && main.remedy.length > 10)
  }
  assert.deepEqual(counts, {
    ...{
      "270": "3 3",
      "271": "12 5",
      "275": "1 0",
      "276": "5 5",
      "277": "4 4",
      "278": "3 2",
      "834": "8 8",
      "835": "6 1",
    },
    ...{ "837D": "3 3", "837I": "14 3", "837P": "30 15", "999": "2 2", TA1: "1 1" },
  })
  t.diagnostic(JSON.stringify(refused))
})

/** The defect that each broken sample is known for; what else is wrong in it may be found, too. */
const known: readonly (readonly [string, string, string])[] = [
  ["837P/imsweb-837_5010-x12_bad_first_line.txt", "x12-isa-layout", "ISA02, line 1"],
  ["837P/imsweb-837_5010-x12_no_isa_line.txt", "x12-no-isa", "ISA, line 1"],
  ["837P/imsweb-837_5010-x12_loop_errors3_missing_loops.txt", "x12-missing-segment", "NM1, line 12 in loop 2010AA"],
  ["837P/imsweb-837_5010-x12_missing_elements.txt", "x12-missing-element", "NM102, line 7 in loop 1000B"],
  ["837P/imsweb-837_5010-x12_missing_elements.txt", "x12-missing-element", "CLM05, line 31 in loop 2300"],
  ["837P/imsweb-837_5010-x12_missing_elements.txt", "x12-count", "SE01, line 36"],
  ["837P/imsweb-837_5010-x12_segments_out_of_order.txt", "x12-order", "N4, line 12 in loop 2010AA"],
  ["837P/imsweb-837_5010-x12_segments_out_of_order.txt", "x12-order", "N3, line 17 in loop 2010AB"],
  ["837P/imsweb-837_5010-x12_multiple_gs.txt", "x12-count", "IEA01, line 110"],
  ["837P/x12parser-5010-MissingEntityCode.txt", "x12-missing-element", "NM101, line 25 in loop 2310"],
  ["837P/x12parser-FromNth-837_DeIdent_02.dat", "x12-masked", "ISA12, line 1"],
  ["837I/x12parser-FromSwreed-Batch1.txt", "x12-masked", "SV202-1, line 42 in loop 2400"],
  ["835/lfh-835_005010X221A1-managed-care.835", "x12-date", "BPR16, line 4"],
  ["835/lfh-835_005010X221A1-secondary-payment.835", "x12-composite", "SVC01-1, line 29 in loop 2110"],
  ["271/imsweb-x270_271-x271.txt", "x12-control-number", "IEA02, line 22"],
  ["275/x12parser-4050-FromImplementationGuide_1.txt", "x12-set", "ST01, line 3"],
]

test("the broken samples are refused for what is broken in them", { skip: isAbsent && "../shared is absent" }, () => {
  for (const [name, code, at] of known) {
    const { defects } = summaryOf(checkFile([new Uint8Array(readFileSync(new URL(name, folder)))]))
    const found = defects.some((defect) => defect.isRefused && defect.code === code && defect.at === at)
    assert.ok(found, `${name} ${code} ${at}`)
  }
})

test("what is checked as read, the reader of remittances reads", { skip: isAbsent && "../shared is absent" }, () => {
  let read = 0
  for (const { kind, name, bytes } of samples().filter((one) => one.kind === "835")) {
    if (!summaryOf(checkFile([bytes])).isRead) continue
    assert.ok(!isRefusal(readRemittances835(bytes)), `${kind} ${name}`)
    read++
  }
  assert.ok(read > 0)
})

test("a report holds no name, id, address, amount or number of a person", {
  skip: isAbsent && "../shared is absent",
}, () => {
  const personal = new Set(["NM1", "N1", "N2", "N3", "N4", "PER", "REF", "DMG", "CLM", "CLP", "TRN", "HI", "AMT"])
  for (const { name, bytes } of samples()) {
    const values = new Set<string>()
    const stream = new X12Stream({
      segment: ({ tag, elements }) => {
        if (personal.has(tag))
          for (const value of elements.slice(1)) if (value.trim().length > 4) values.add(value.trim())
      },
    })
    stream.push(bytes)
    stream.end()
    const { guides, kinds: _, ...shown } = summaryOf(checkFile([bytes]))
    const text = JSON.stringify(shown)
    for (const value of values) assert.ok(!text.includes(value), `${name} shows a value of ${guides}`)
  }
})

test("the check of a file in chunks is the check of the whole", { skip: isAbsent && "../shared is absent" }, () => {
  for (const { name, bytes } of samples().slice(0, 60)) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / 113) }, (_, i) => bytes.slice(i * 113, i * 113 + 113))
    assert.deepEqual(summaryOf(checkFile(chunks)), summaryOf(checkFile([bytes])), name)
  }
})
