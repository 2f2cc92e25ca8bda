import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { isRefusal, orRefuse } from "../formats/answer.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { readClaims837 } from "../formats/x12/claim/read-837-claims.ts"
import { readPlan } from "../plan/language/read.ts"
import { decideClaim } from "./decide-claim.ts"
import { readPapers } from "./papers.ts"

const root = new URL("../../", import.meta.url)
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))
const tables = ["eye-full-services", "eye-add-ons"].map((name) => [name, bytesOf(`plans/tables/${name}.csv`)] as const)
const plan = (() => {
  const read = readPlan(bytesOf("plans/eye-full.md"), new Map(tables))
  if ("findings" in read) assert.fail(read.findings[0]?.message)
  return read.plan
})()
const [visit] = orRefuse(readClaims837(bytesOf("examples/eye-claim.837")))

/** One line of another code on the day of the eye visit. */
const claimOf = (code: string, change: Partial<Claim837> = {}): Claim837 => {
  const line = { ...visit!.lines[2]!, code, number: 1, modifiers: code === "S60" ? ["LT"] : [], charge: 150_000n }
  return { ...visit!, lines: [line], total: line.charge, ...change }
}

function decided(claim: Claim837, csv: string, on?: number) {
  const papers = orRefuse(readPapers(toUtf8(csv)))
  const found = orRefuse(decideClaim(plan, claim, { members: undefined, papers, ...(on === undefined ? {} : { on }) }))
  const [line] = found.outcome.leg.lines
  const reason = line!.adjustments.findLast((one) => one.carc !== "45" && !["1", "2", "3"].includes(one.carc))
  return reason === undefined ? line!.status : `${reason.group}-${reason.carc}`
}

test("an authorization that covers the day is good, another day's, another member's or none is not", () => {
  const surgery = claimOf("S60")
  const row = (text: string) => `paper,member,covers,from,until\n${text}\n`
  const member = surgery.subscriber.id
  assert.equal(decided(surgery, "paper\n"), "CO-197")
  assert.equal(decided(surgery, row(`authorization,${member},surgery,2026-04-01,2026-06-30`)), "paid")
  assert.equal(decided(surgery, row(`authorization,somebody-else,surgery,2026-04-01,2026-06-30`)), "CO-197")
  assert.equal(decided(surgery, row(`authorization,${member},surgery,2026-01-01,2026-02-28`)), "CO-302")
})

test("a notice makes an exclusion the member's, on the claim and line it names", () => {
  const tinted = claimOf("K95")
  const row = (text: string) => `paper,claim,line,clause\n${text}\n`
  assert.equal(decided(tinted, "paper\n"), "CO-96")
  assert.equal(decided(tinted, row(`notice,${tinted.control},,3.1`)), "PR-96")
  assert.equal(decided(tinted, row(`notice,${tinted.control},1,3.1`)), "PR-96")
  assert.equal(decided(tinted, row(`notice,${tinted.control},2,3.1`)), "CO-96")
  assert.equal(decided(tinted, row(`notice,another,1,3.1`)), "CO-96")
})

test("silence holds until the wait is over, on the day the paper says; a replacement needs its original's receipt", () => {
  const exam = claimOf("E11")
  const silent = `paper,claim,assurance\nassurance,${exam.control},silent\n`
  assert.equal(decided(exam, silent), "held")
  assert.equal(decided(exam, silent, exam.to + 30), "paid")
  const again = claimOf("E11", { frequency: 7, original: "P1" })
  assert.equal(decided(again, "paper\n"), "pended")
  assert.equal(decided(again, `paper,claim,on\noriginal,${again.control},2026-04-14\n`), "paid")
})

test("a bad paper is refused by line and column, and what stands in it is not repeated", () => {
  const rows: readonly [string, string, string][] = [
    ["member\nA\n", "papers-column", "line 1"],
    ["paper,colour\nnotice,red\n", "papers-column", "line 1"],
    ["paper\nletter\n", "papers-cell", "line 2, column paper"],
    ["paper,member\nauthorization,A\n", "papers-cell", "line 2, column covers"],
    ["paper,claim,clause,answer,by,on\ndecision,C,3.1,maybe,X,2026-04-14\n", "papers-cell", "line 2, column answer"],
    ["paper,claim,clause,answer,by,on\ndecision,C,3.1,yes,X,2026-02-30\n", "papers-cell", "line 2, column on"],
    ["paper,claim,assurance\nassurance,C,sure\n", "papers-cell", "line 2, column assurance"],
    ["paper,claim,clause,line\nnotice,C,3.1,first\n", "papers-cell", "line 2, column line"],
    ["paper,claim\nnotice\n", "papers-csv", "line 2"],
  ]
  for (const [text, code, at] of rows) {
    const answer = readPapers(toUtf8(text))
    assert.ok(isRefusal(answer), text)
    assert.deepEqual([answer.code, answer.at], [code, at], text)
    assert.doesNotMatch(answer.message, /red|maybe|sure|first|letter/)
  }
})
