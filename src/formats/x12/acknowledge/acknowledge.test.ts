import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { dayNumber } from "../../../base/time.ts"
import { isRefusal, orRefuse } from "../../answer.ts"
import { checkFile, type InterchangeReport } from "../check/check-file.ts"
import { summaryOf } from "../check/check-summary.ts"
import { envelopeBack, groupsToAnswer, needsTa1, write999, writeTa1 } from "./acknowledge.ts"
import { answerText } from "./acknowledge-words.ts"
import { categoryText, isAcceptedCategory, statusOf } from "./claim-status.ts"
import { readAcknowledgements } from "./read-acknowledgements.ts"
import { type AnsweredClaim, write277ca } from "./write-277ca.ts"

const shared = new URL("../../../../../shared/data/", import.meta.url)
const folder = new URL("x12/", shared)
const isAbsent = !existsSync(folder)
const open = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const read = (name: string) => orRefuse(readAcknowledgements(open(name)))
const day = dayNumber(2026, 4, 15)
const stamp = { control: 77, day, minute: 600 }

test("the samples of others: TA1, 999 and 277CA say what they say", { skip: isAbsent && "../shared is absent" }, () => {
  const ta1 = read("TA1/x12parser-Acknowledgments-TechnicalAcknowledgment_Sample1.txt")
  assert.deepEqual(
    ta1.interchanges.map(({ control, answer, code }) => `${control} ${answer} ${code}`),
    ["659 A 000", "660 A 000"],
  )
  const [accepted] = read("999/imsweb-837_5010-x12_999_accepted.txt").groups
  assert.deepEqual([accepted?.answer, accepted?.control, accepted?.accepted], ["A", "17456", 1])
  const [partly] = read("999/x12parser-999-DHS_Wisconsin_Sample.txt").groups
  assert.deepEqual([partly?.answer, partly?.said, partly?.received, partly?.accepted], ["P", 3, 3, 1])
  assert.deepEqual(
    partly?.transactions.map(({ control, answer, codes }) => `${control} ${answer} ${codes}`),
    ["0001 A ", "002 R 5", "0003 R 5"],
  )
  const [, second, third] = partly!.transactions
  assert.deepEqual(second?.defects, [
    {
      ...{ segment: "CLM", position: 22, loop: "", code: "8", units: [{ name: "CLM01", value: "123456789" }] },
      elements: [{ element: 2, part: undefined, reference: "782", code: "1" }],
    },
  ])
  assert.deepEqual(third?.defects[0]?.units, [{ name: "CLM01", value: "987654321" }])
  assert.equal(answerText("segment", third!.defects[0]!.code), "a segment that must be there is missing")
  const claims = [
    "imsweb-277_5010-x12_277CA_accepted",
    "imsweb-277_5010-x12_277CA_rejected",
    "x12parser-5010-FromAlexbrodsky",
  ]
  assert.deepEqual(
    claims
      .flatMap((name) => read(`277/${name}.txt`).claims)
      .map(({ control, isAccepted, statuses, amount, payerControl }) => {
        const said = statuses.map(({ category, status, entity }) => `${category}:${status}:${entity}`)
        return `${control} ${isAccepted} ${said} ${amount} ${payerControl}`
      }),
    [
      "5781 true A2:20:undefined 12500 1107000000014420",
      "3920394930203 false A7:562:85 19914 1107000000001120",
      "3920394930203 false A7:562:85 19914 1107000000001120",
    ],
  )
  assert.ok(isRefusal(readAcknowledgements(open("277/lfh-demo-file-demo.277"))))
})

/** Every acknowledgement that a checked file gets, as bytes. */
function answersTo(interchange: InterchangeReport): { ta1?: Uint8Array; answered?: Uint8Array; claims: Uint8Array[] } {
  const envelope = envelopeBack(interchange.header, stamp)
  const groups = groupsToAnswer(interchange)
  const claims = interchange.groups.flatMap((group) => group.transactions).flatMap(({ answered }) => answered ?? [])
  return {
    ...(needsTa1(interchange) ? { ta1: writeTa1([interchange], envelope) } : {}),
    ...(groups.length > 0 ? { answered: write999(groups, envelope) } : {}),
    claims: claims.map((one) => write277ca({ reference: "77", received: day, ...one }, envelope)),
  }
}

test("every sample gets its answers, and each answer is read back as what was meant", (t) => {
  if (isAbsent) return t.skip("../shared is absent")
  const counts = { ta1: 0, refusedInterchanges: 0, accepted: 0, refused: 0, claims: 0 }
  for (const kind of readdirSync(folder).filter((name) => !name.includes("."))) {
    for (const name of readdirSync(new URL(`${kind}/`, folder))) {
      for (const interchange of checkFile([open(`${kind}/${name}`)], { keepsClaims: true }).interchanges) {
        const { ta1, answered, claims } = answersTo(interchange)
        for (const bytes of [ta1, answered, ...claims]) {
          if (bytes !== undefined) assert.deepEqual(summaryOf(checkFile([bytes])).defects, [], name)
        }
        if (ta1 !== undefined) {
          counts.ta1++
          const [back] = orRefuse(readAcknowledgements(ta1)).interchanges
          const isRefused = interchange.findings.some((finding) => finding.isRefused)
          assert.equal(back?.answer === "R", isRefused, name)
          if (isRefused) counts.refusedInterchanges++
        }
        if (answered !== undefined) compare(interchange, answered, counts)
        for (const bytes of claims) counts.claims += orRefuse(readAcknowledgements(bytes)).claims.length
      }
    }
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.accepted > 50 && counts.refused > 50 && counts.refusedInterchanges >= 4 && counts.claims >= 23)
})

function compare(
  interchange: InterchangeReport,
  answered: Uint8Array,
  counts: { accepted: number; refused: number },
): void {
  const back = orRefuse(readAcknowledgements(answered)).groups
  const groups = groupsToAnswer(interchange)
  assert.equal(back.length, groups.length)
  back.forEach((group, i) => {
    assert.equal(group.control, groups[i]!.header.control)
    group.transactions.forEach((one, k) => {
      const { header, findings } = groups[i]!.transactions[k]!
      const isRefused = findings.some(({ finding }) => finding.isRefused)
      assert.equal(one.control, header.control)
      assert.equal(one.answer === "R", isRefused)
      counts[isRefused ? "refused" : "accepted"]++
      const places = findings.flatMap(({ finding }) => (finding.level === "element" ? [finding] : []))
      assert.deepEqual(
        one.defects.flatMap((defect) =>
          defect.elements.map(
            (element) => `${defect.segment} ${defect.position} ${element.element} ${element.part} ${element.code}`,
          ),
        ),
        places.map(
          (finding) => `${finding.segment} ${finding.position} ${finding.element} ${finding.part} ${finding.answer}`,
        ),
      )
    })
  })
}

test("a 999 places the missing NM102 and CLM05 of the public broken sample", {
  skip: isAbsent && "../shared is absent",
}, () => {
  const report = checkFile([open("837P/imsweb-837_5010-x12_missing_elements.txt")])
  const text = Buffer.from(answersTo(report.interchanges[0]!).answered!).toString()
  const lines = text.split("~\n")
  assert.deepEqual(lines.slice(3, 7), [
    "AK1*HC*1*005010X222A1",
    "AK2*837*987654*005010X222A1",
    "IK3*NM1*5*1000*8",
    "IK4*2*1065*1",
  ])
  assert.ok(text.includes("IK3*CLM*29*2300*8~\nCTX*CLM01:A37YH667~\nIK4*5**1~"))
  assert.match(text, /IK5\*R\*4\*5~\nAK9\*R\*1\*1\*0~/)
  assert.doesNotMatch(text, /DOE|123456~/)
})

const party = (last: string, id: string) => ({ isPerson: false, last, first: "", qualifier: "XX", id })
const claims: readonly AnsweredClaim[] = [
  ["C1", { category: "A2", status: "20" }],
  ["C2*~", { category: "A7", status: "562", entity: "85" }],
  ["C3", { category: "A8", status: "400" }],
].map(([control, answer], i) => ({
  control: control as string,
  ...(i === 0 ? { payerControl: "P1" } : {}),
  amount: 10_050n * BigInt(i + 1),
  answer: answer as AnsweredClaim["answer"],
  provider: party("Clinic", i === 2 ? "1234567893" : "1999999984"),
  patient: { ...party("Núñez", "M1"), isPerson: true, first: "Ana", qualifier: "MI" },
  from: day - 3,
  to: day - i,
}))

test("a 277CA carries each claim's answer there and back, and its totals", () => {
  const setting = {
    reference: "R1",
    batch: "B1",
    received: day,
    payer: party("Payer", "P9"),
    submitter: party("Sub", "S9"),
  }
  const bytes = write277ca({ ...setting, claims }, { sender: "P", receiver: "C", ...stamp })
  const text = Buffer.from(bytes).toString()
  assert.deepEqual(summaryOf(checkFile([bytes])).defects, [])
  assert.match(text, /STC\*A1:19\*20260415\*WQ\*603.00~\nQTY\*90\*1~\nQTY\*AA\*2~\nAMT\*YU\*100.50~\nAMT\*YY\*502.50~/)
  assert.match(text, /NM1\*QC\*1\*Nunez\*Ana\*{4}MI\*M1~/)
  const back = orRefuse(readAcknowledgements(bytes)).claims
  assert.deepEqual(
    back.map(({ control, amount, isAccepted, statuses, payerControl, day: on }) => [
      control,
      amount,
      isAccepted,
      statuses[0],
      payerControl,
      on,
    ]),
    [
      ["C1", 10_050n, true, { category: "A2", status: "20", entity: undefined }, "P1", day],
      ["C2", 20_100n, false, { category: "A7", status: "562", entity: "85" }, undefined, day],
      ["C3", 30_150n, false, { category: "A8", status: "400", entity: undefined }, undefined, day],
    ],
  )
})

test("a claim with several statuses is accepted only when all of them accept it", () => {
  const bytes = write277ca(
    {
      reference: "R1",
      batch: "B1",
      received: day,
      payer: party("P", "P9"),
      submitter: party("S", "S9"),
      claims: claims.slice(0, 1),
    },
    { sender: "P", receiver: "C", ...stamp },
  )
  const text = Buffer.from(bytes).toString()
  const more = text
    .replace(/(STC\*A2[^~]*~\n)/, "$1STC*A7:562:85*20260415*U*1~\n")
    .replace(/SE\*(\d+)/, (_, n) => `SE*${Number(n) + 1}`)
  const [claim] = orRefuse(readAcknowledgements(new Uint8Array(Buffer.from(more)))).claims
  assert.deepEqual([claim?.isAccepted, claim?.statuses.length, claim?.amount], [false, 2, 10_050n])
})

test("every status that we can give is one of the published codes", (t) => {
  const file = new URL("codes/pyx12-codes.xml", shared)
  if (!existsSync(file)) return t.skip("../shared is absent")
  const xml = readFileSync(file, "utf8")
  const codesOf = (id: string) => {
    const part = xml.slice(xml.indexOf(`<id>${id}</id>`))
    return new Set(
      [...part.slice(0, part.indexOf("</codeset>")).matchAll(/<code>([^<]+)<\/code>/g)].map((match) => match[1]),
    )
  }
  const [categories, statuses] = [codesOf("claim_status_cat"), codesOf("claim_status")]
  const places =
    "CLM02 CLM05 DMG02 DTP03 HI01-2 NM109 REF02 SBR01 SV1 SV101 SV102 SV104 SV107 SV201 SV203 SV302 LX01 QQ".split(" ")
  for (const code of ["x12-claim-total", "x12-element", "x12-missing-segment"]) {
    for (const place of places) {
      const { category, status } = statusOf({ code, message: "", at: `${place}, line 4`, remedy: "" })
      assert.ok(categories.has(category) && statuses.has(status), `${place} ${category} ${status}`)
      assert.ok(!isAcceptedCategory(category))
    }
  }
  assert.equal(statusOf({ code: "x12-element", message: "", at: "SV102, line 4", remedy: "" }).status, "583")
  assert.equal(
    statusOf({ code: "x12-missing-segment", message: "", at: "after CLM, line 4", remedy: "" }).category,
    "A6",
  )
  for (const category of ["A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"]) {
    assert.ok(categories.has(category))
    assert.doesNotMatch(categoryText(category), /do not know/)
  }
})
