import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import x12 from "node-x12"
import { placeOf, type X12Finding } from "./finding.ts"
import { pullTransactions } from "./pull.ts"
import { RefusedTransactions, TransactionSplitter } from "./transaction-splitter.ts"
import { X12Stream } from "./transactions.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const isAbsent = !existsSync(folder)
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
}

const samples = (): readonly Sample[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort()
    .map((path) => ({ name: path, bytes: new Uint8Array(readFileSync(path)) }))

interface Heard {
  readonly segments: string[]
  readonly findings: X12Finding[]
  readonly events: string[]
}

function hear(chunks: readonly Uint8Array[]): Heard {
  const heard: Heard = { segments: [], findings: [], events: [] }
  const stream = new X12Stream({
    interchange: (header) => heard.events.push(`interchange ${header.control}`),
    group: (header) => heard.events.push(`group ${header.control}`),
    transaction: (header) => heard.events.push(`transaction ${header.set} ${header.control} ${header.guide}`),
    segment: ({ tag, elements, line }, position) => {
      heard.segments.push(`${line} ${position} ${[tag, ...elements].join("*")}`)
    },
    finding: (finding) => {
      heard.findings.push(finding)
      heard.events.push(`${finding.code} ${placeOf(finding)}`)
    },
    answer: (segment) => heard.events.push(segment.tag),
    transactionEnd: (header) => heard.events.push(`end ${header.ordinal}`),
    groupEnd: (header, said) => heard.events.push(`groupEnd ${header.control} ${said}`),
    interchangeEnd: (header) => heard.events.push(`interchangeEnd ${header.control}`),
  })
  for (const chunk of chunks) stream.push(chunk)
  stream.end()
  return heard
}

const cut = (bytes: Uint8Array, sizes: readonly number[]) => {
  const chunks: Uint8Array[] = []
  for (let from = 0, i = 0; from < bytes.length; from += sizes[i % sizes.length]!, i++) {
    chunks.push(bytes.slice(from, from + sizes[i % sizes.length]!))
  }
  return chunks
}

test("a file says the same in one chunk and in chunks of any size", { skip: isAbsent && "../shared is absent" }, () => {
  const files = samples().filter(({ bytes }) => bytes.length < 20_000)
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      ({ bytes }, sizes) => {
        assert.deepEqual(hear(cut(bytes, sizes)), hear([bytes]))
      },
    ),
    { numRuns: 150 },
  )
})

test("node-x12 splits every sample into the same segments and finds the same wrong counts and numbers", (t) => {
  if (isAbsent) return t.skip("../shared is absent")
  let compared = 0
  for (const { name, bytes } of samples()) {
    const text = Buffer.from(bytes)
      .toString("utf8")
      .replace(/^\uFEFF/, "")
    const heard = hear([bytes])
    const several = text.split("ISA*").length > 2
    if (heard.segments.length === 0 || several) continue
    const parser = new x12.X12Parser(false)
    const parsed = parser.parse(text) as x12.X12Interchange
    const theirs = parsed.functionalGroups.flatMap((group) =>
      group.transactions.flatMap((one) => [one.header, ...one.segments, one.trailer]),
    )
    const plain = (text: string) => text.replace(/\s*$/, "")
    assert.deepEqual(
      heard.segments.map((text) => plain(text.replace(/^\d+ \d+ /, ""))),
      theirs.map((one) => plain([one.tag, ...one.elements.map(({ value }) => value)].join("*"))),
      name,
    )
    const ours = heard.findings.filter(({ code }) => code === "x12-count" || code === "x12-control-number")
    const wrong = ours.filter(({ isRefused, answer }) => isRefused && answer !== "25")
    assert.equal(wrong.length, parser.diagnostics.length, `${name} ${JSON.stringify(parser.diagnostics)}`)
    compared++
  }
  t.diagnostic(`${compared} files compared`)
  assert.ok(compared >= 85, String(compared))
})

const isa = (control: string, separators = "*^:~") => {
  const [e, r, c, s] = [...separators]
  const fields = ["ISA", "00", " ".repeat(10), "00", " ".repeat(10), "ZZ", "A".padEnd(15), "ZZ", "B".padEnd(15)]
  return [...fields, "260414", "1200", r, "00501", control, "0", "T", c].join(e) + s
}
const transaction = (control: string) => `ST*835*${control}~BPR*I*1*C*CHK~SE*3*${control}~`
const group = (control: string, body: string, count: number) =>
  `GS*HP*A*B*20260414*1200*${control}*X*005010X221A1~${body}GE*${count}*${control}~`
const whole = (control: string, body: string, groups = 1) => `${isa(control)}${body}IEA*${groups}*${control}~`
const good = (control: string) => whole(control, group("1", transaction("0001") + transaction("0002"), 2))

test("one fault, one finding with its place and the code of its acknowledgement", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    [whole("000000001", group("1", "ST*835*0001~BPR*I~SE*9*0001~", 1)), "x12-count 4", "SE01, line 1"],
    [whole("000000001", group("1", "ST*835*0001~BPR*I~SE*3*0002~", 1)), "x12-control-number 3", "SE02, line 1"],
    [
      whole("000000001", group("1", transaction("0001") + transaction("0001"), 2)),
      "x12-control-number 23",
      "ST02, line 1",
    ],
    [whole("000000001", group("1", transaction("0001"), 2)), "x12-count 5", "GE01, line 1"],
    [whole("000000001", group("1", "ST*835*0001~BPR*I~", 1)), "x12-structure 2", "SE, line 1"],
    [whole("000000001", group("1", transaction("0001"), 1).replace("GE*1*1~", "")), "x12-structure 3", "GE, line 1"],
    [whole("000000001", group("1", "", 0), 2), "x12-count 021", "IEA01, line 1"],
    [`${isa("000000001")}IEA*0*000000002~`, "x12-control-number 001", "IEA02, line 1"],
    [isa("00000000A") + "IEA*0*00000000A~", "x12-envelope-element 018", "ISA13, line 1"],
    [`\n\n${good("000000001").replaceAll("~", "~\n")}BAD TEXT`, "x12-no-isa 022", "ISA, line 13"],
    [whole("000000001", `REF*1*2~${group("1", "", 0)}`), "x12-structure 022", "REF, line 1"],
    [whole("000000001", group("1", "ST*835*0001~BPR*\u00d1~bpr*1~SE*4*0001~", 1)), "x12-structure 1", "line 1"],
    [whole("000000001", group("1", "ST*835*0001~~SE*3*0001~", 1)), "x12-structure 1", "line 1"],
    [good("000000001").toLowerCase(), "x12-no-isa 022", "ISA, line 1"],
    [good("000000001").slice(0, 130), "x12-truncated 023", "IEA, line 1"],
    [good("000000001").replace("*00*", "*00  *"), "x12-isa-layout 010", "ISA01, line 1"],
    ["", "x12-no-isa 022", "ISA, line 1"],
  ]
  for (const [text, code, at] of rows) {
    const [first, ...more] = hear([utf8(text)]).findings
    assert.equal(first && `${first.code} ${first.answer} ${placeOf(first)}`, `${code} ${at}`)
    if (first?.code !== "x12-truncated") assert.deepEqual(more, [])
  }
})

test("bytes that are no UTF-8 refuse their transaction, not its neighbours", () => {
  const bytes = utf8(whole("000000001", group("1", transaction("0001") + transaction("0002"), 2)))
  bytes[Buffer.from(bytes).indexOf("CHK")] = 0xd1
  const splitter = new TransactionSplitter()
  const [first, second, ...more] = [...splitter.push(bytes), ...splitter.end()]
  assert.deepEqual(
    first?.findings.map(({ code, element }) => `${code} ${element}`),
    ["x12-encoding 4"],
  )
  assert.deepEqual(second?.findings, [])
  assert.equal(more.length, 0)
})

test("a torn tag is not repeated in a finding", () => {
  const bytes = utf8(whole("000000001", group("1", "ST*835*0001~DOE:JANE?*1~SE*3*0001~", 1)))
  bytes[Buffer.from(bytes).indexOf("?")] = 0xd1
  const { findings } = hear([bytes])
  assert.deepEqual(findings.map(placeOf), ["line 1", "line 1"])
  assert.doesNotMatch(JSON.stringify(findings), /DOE/)
})

test("one bad interchange, group or transaction does not stop the others", () => {
  const torn = good("000000002").slice(0, 200)
  const narrow = good("000000003").replace("*00*", "*0*")
  const other = good("000000004").replaceAll("*", "|").replaceAll("~", "\n").replace("|:\n", "|>\n")
  const text = `${good("000000001")}${torn}\n${narrow}${other}rubbish${good("000000005")}`
  const refused = new RefusedTransactions()
  refused.push(utf8(text))
  refused.end()
  const read: string[] = []
  for (const { header, segments } of pullTransactions([utf8(text)])) {
    if (refused.has(header.ordinal)) continue
    read.push(`${header.group.interchange.control} ${header.control} ${[...segments].length}`)
  }
  assert.deepEqual(
    read,
    ["000000001", "000000004", "000000005"].flatMap((control) => [`${control} 0001 3`, `${control} 0002 3`]),
  )
  assert.deepEqual(
    refused.findings.map(({ code }) => code),
    ["x12-truncated", "x12-structure", "x12-structure", "x12-isa-layout", "x12-no-isa"],
  )
})

test("an interchange with another terminator behind a torn one is found", () => {
  const other = good("000000002").replaceAll("~", "\n")
  for (const end of [180, 200, 210]) {
    const heard = hear([utf8(good("000000001").slice(0, end) + other)])
    assert.ok(heard.events.includes("interchangeEnd 000000002"), String(end))
    assert.deepEqual(heard.findings[0]?.code, "x12-truncated")
  }
  const endless = `${isa("000000001")}GS*${"A".repeat(3_000_000)}`
  const heard = hear(cut(utf8(endless + good("000000002")), [50_000]))
  assert.deepEqual(heard.events.slice(-2), ["groupEnd 1 2", "interchangeEnd 000000002"])
})

test("a segment longer than any window is whole, wherever its chunks end", () => {
  const body = `ST*835*0001~NTE**${"A".repeat(40_000)}~SE*3*0001~`
  const bytes = utf8(whole("000000001", group("1", body, 1)))
  const end = Buffer.from(bytes).indexOf("~SE*")
  for (const at of [end - 1, end, end + 1]) {
    const chunks = [bytes.slice(0, 200), bytes.slice(200, 30_000), bytes.slice(30_000, at), bytes.slice(at)]
    assert.deepEqual(hear(chunks), hear([bytes]))
  }
  assert.equal(hear([bytes]).segments.length, 3)
})

test("transactions are refused with their group and with their interchange", () => {
  const two = transaction("0001") + transaction("0002")
  const rows: readonly (readonly [string, readonly boolean[]])[] = [
    [whole("000000001", group("1", two, 2)), [false, false]],
    [whole("000000001", group("1", two, 2), 9), [true, true]],
    [whole("000000001", group("1", two, 3) + group("2", transaction("0001"), 1), 2), [true, true, false]],
    [whole("000000001", group("1", two.replace("SE*3*0001", "SE*4*0001"), 2)), [true, false]],
  ]
  for (const [text, expected] of rows) {
    const refused = new RefusedTransactions()
    refused.push(utf8(text))
    refused.end()
    assert.deepEqual(
      expected.map((_, ordinal) => refused.has(ordinal)),
      expected,
    )
    assert.equal(refused.count, expected.length)
  }
})

test("line breaks, indents, a byte order mark and every usable separator change nothing but the lines", () => {
  const plain = hear([utf8(good("000000001"))])
  const bare = (heard: Heard) => heard.segments.map((text) => text.replace(/^\d+ /, ""))
  const laid = `\uFEFF${good("000000001").replaceAll("~", "~\r\n   ")}\r\n\u001a`
  assert.deepEqual(bare(hear([utf8(laid)])), bare(plain))
  assert.deepEqual(hear([utf8(laid)]).findings, [])
  for (const separators of ["*^:\n", "|^>~", "\u001d^\u001f\u001c", "*U:~"]) {
    const [e, r, , s] = [...separators]
    const rest = good("000000001").slice(106)
    const text = isa("000000001", separators) + rest.replaceAll("*", e!).replaceAll("~", s!)
    const heard = hear([utf8(text)])
    assert.deepEqual(heard.findings, [], JSON.stringify(separators))
    assert.deepEqual(bare(heard), bare(plain))
    assert.equal(r !== undefined, true)
  }
})

test("a pulled transaction that is not read to its end is passed over", () => {
  const seen: string[] = []
  for (const { header, segments } of pullTransactions(cut(utf8(good("000000001")), [7]))) {
    for (const segment of segments) {
      seen.push(`${header.control} ${segment.tag}`)
      break
    }
  }
  assert.deepEqual(seen, ["0001 ST", "0002 ST"])
})
