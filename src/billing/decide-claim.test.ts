import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import { toUtf8 } from "#crypto"
import { escapeHtml } from "../base/html.ts"
import { isRefusal, orRefuse } from "../formats/answer.ts"
import { derivePlan } from "../formats/derive-plan.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { readClaims837, readEachClaim837 } from "../formats/x12/claim/read-837-claims.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Plan } from "../plan/plan.ts"
import { decideClaim, snapshotAfter } from "./decide-claim.ts"
import { type Eob, eobOf } from "./eob.ts"
import { eobPage } from "./eob-page.ts"
import { eobText } from "./eob-text.ts"
import { readMembers } from "./members.ts"

const root = new URL("../../", import.meta.url)
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))

function planOf(bytes: Uint8Array, tables: ReadonlyMap<string, Uint8Array>): Plan {
  const read = readPlan(bytes, tables)
  if ("findings" in read) assert.fail(read.findings.map((one) => one.message).join("; "))
  return read.plan
}

const plan = planOf(
  bytesOf("plans/eye-sample.md"),
  new Map([["eye-services", bytesOf("plans/tables/eye-services.csv")]]),
)
const sent = orRefuse(readClaims837(bytesOf("examples/eye-claim.837")))[0]!
const id = sent.subscriber.id
const list = (rows: string) => readMembers(toUtf8(rows), plan)

function explained(claim: Claim837, rows?: string): Eob {
  const members = rows === undefined ? undefined : orRefuse(list(rows))
  const { input, outcome } = orRefuse(decideClaim(plan, claim, { members }))
  return eobOf({
    ...{ plan, claim: input.claim.value, outcome, snapshot: input.snapshot.value },
    ...{ control: claim.control, provider: input.provider.value.provider },
  })
}

test("the eye visit's claim comes to the published figures with what the list says is met", () => {
  const rows = `member,coverFrom,buckets\n${id},2025-01-01,"left deductible 120.00, most-you-pay 412.60"\n`
  const eob = explained(sent, rows)
  assert.deepEqual([eob.benefit, eob.patient], [133_798n, 41_260n])
  const deductible = eob.limits.find((one) => one.clause === "5.2")!
  assert.deepEqual([deductible.used, deductible.limit, deductible.whose], [24_000n, 24_000n, "you"])
  assert.equal(eob.beside, 123_442n)
  assert.match(eobText(eob), /Nobody may ask you for the other 1,234\.42\./)
  const fresh = explained(sent)
  assert.deepEqual([fresh.benefit, fresh.patient], [120_513n, 54_545n])
})

test("a claim in another currency than the plan's, or a plan without cents, is refused", () => {
  const euros = decideClaim(plan, { ...sent, currency: "EUR" }, { members: undefined })
  assert.ok(isRefusal(euros) && euros.code === "x12-currency")
  const shillings = { ...plan, front: { ...plan.front, currency: { code: "UGX", exponent: 0 } } }
  for (const currency of ["USD", "UGX"]) {
    const found = decideClaim(shillings, { ...sent, currency }, { members: undefined })
    assert.ok(isRefusal(found) && found.code === "x12-currency", currency)
  }
})

test("a quote uses nothing of a limit, a claim does", () => {
  const asked: Claim837 = { ...sent, furtherClaim: ["", "", "", "", "", "", "", "PB"] }
  const used = (claim: Claim837) => {
    const decided = orRefuse(decideClaim(plan, claim, { members: undefined }))
    return [decided.input.claim.value.use, snapshotAfter(decided).buckets.length]
  }
  assert.deepEqual(used(asked), ["quote", 0])
  assert.deepEqual(used(sent), ["claim", 2])
})

test("a patient who is not in the list is not ours, and owes what the clause says with advice", () => {
  const eob = explained(sent, "member\nsomebody-else\n")
  assert.equal(eob.benefit, 0n)
  for (const line of eob.lines) {
    assert.ok(line.sentences.some((sentence) => /-31\)$/.test(sentence)))
    assert.ok(line.advice !== undefined)
  }
})

test("each denied line says what to do, each clause comes before its code, text and page say the same", () => {
  const late = { ...sent, lines: sent.lines.map((line) => ({ ...line, from: line.from + 5, to: line.to + 5 })) }
  const { input, outcome } = orRefuse(decideClaim(plan, late, { members: undefined, received: sent.from + 900 }))
  const eob = eobOf({
    ...{ plan, claim: input.claim.value, outcome, snapshot: input.snapshot.value, control: "<b>&", provider: "1" },
  })
  for (const line of eob.lines) {
    assert.match(line.sentences[0]!, /^7\.1: .*\(CO-29\)$/)
    assert.match(line.advice!, /^You owe nothing/)
  }
  const [asText, asPage] = [eobText(eob), eobPage(eob)]
  assert.ok(asPage.includes("&lt;b&gt;&amp;") && !asPage.includes("<b>&"))
  for (const sentence of eob.lines.flatMap((line) => line.sentences)) {
    assert.ok(asPage.includes(escapeHtml(sentence)))
    assert.ok(asText.replace(/\s+/g, " ").includes(sentence))
  }
})

test("a list is read by line and column, and never repeats what stands in a cell", () => {
  const rows: readonly [string, string, string][] = [
    ["member,colour\nA,red\n", "members-column", "line 1"],
    ["born\n1980-01-01\n", "members-column", "line 1"],
    ["member,born\nA,1980-02-30\n", "members-cell", "line 2, column born"],
    ["member,members\nA,1\nB,100\n", "members-cell", "line 3, column members"],
    ["member,selfOnly\nA,maybe\n", "members-cell", "line 2, column selfOnly"],
    ["member,buckets\nA,left nothing 1.00\n", "members-cell", "line 2, column buckets"],
    ["member,buckets\nA,left deductible 1\n", "members-cell", "line 2, column buckets"],
    ["member,born\nA\n", "members-csv", "line 2"],
    ['member\n"A\n', "members-csv", "line 1"],
  ]
  for (const [text, code, at] of rows) {
    const answer = list(text)
    assert.ok(isRefusal(answer), text)
    assert.deepEqual([answer.code, answer.at], [code, at], text)
    assert.doesNotMatch(answer.message, /maybe|1980|nothing|red/)
  }
})

test("the people of a family share a number and are told apart by birth", () => {
  const family = orRefuse(list("member,born,sex\nA,1980-01-01,F\nA,2010-06-01,M\nB,,\n"))
  assert.equal(family.find("A", 14_761)?.member.sex, "M")
  assert.equal(family.find("A", undefined), undefined)
  assert.equal(family.find("B", 5)?.id, "B")
  assert.equal(family.find("C", undefined), undefined)
})

test("every claim of the public 837s is decided under a plan made from its codes, and balances", (t) => {
  const folder = new URL("../../../shared/data/x12/", import.meta.url)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  let [decided, lines, refused] = [0, 0, 0]
  for (const kind of ["837P", "837I", "837D"]) {
    for (const name of readdirSync(new URL(`${kind}/`, folder))) {
      const raw = readFileSync(new URL(`${kind}/${name}`, folder))
      const answers = readEachClaim837(new Uint8Array(name.endsWith(".gz") ? gunzipSync(raw) : raw))
      if (isRefusal(answers)) continue
      for (const answer of answers) {
        if ("refusal" in answer) continue
        const { claim } = answer
        const priced = claim.lines
          .filter((line) => line.unitsMilli > 0)
          .map(({ code, revenue, charge, unitsMilli }) => ({ code: code || revenue || "none", charge, unitsMilli }))
        if (priced.length === 0) continue
        const derived = derivePlan({
          ...{ title: "For one claim", payer: "mutual", kind: claim.kind, currency: "USD", lines: priced },
          ...{ from: claim.from - 31, until: claim.to + 400 },
        })
        const own = planOf(derived.bytes, new Map(derived.tables.map((table) => [table.name, table.bytes])))
        const found = decideClaim(own, claim, { members: undefined })
        if (isRefusal(found)) refused++
        else {
          decided++
          const { leg } = found.outcome
          lines += leg.lines.length
          const open = leg.lines.filter((line) => line.status === "pended" || line.status === "held")
          const { charge, benefit, byCode } = leg.totals
          assert.equal(
            charge,
            byCode.reduce((sum, one) => sum + one.amount, benefit),
          )
          assert.ok(open.every((line) => leg.findings.some((finding) => finding.line === line.number)))
        }
      }
    }
  }
  t.diagnostic(`${decided} claims with ${lines} lines decided, ${refused} refused`)
  assert.ok(decided >= 27 && lines >= 84)
})
