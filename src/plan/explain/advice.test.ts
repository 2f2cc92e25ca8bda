import { equal, match } from "node:assert/strict"
import { test } from "node:test"
import type { Adjustment, LegLine, LineStatus } from "../leg.ts"
import { adviceOn } from "./advice.ts"

const shown = { step: "", clause: "", kind: "" }
const adjusted = (group: Adjustment["group"], carc: string): Adjustment => ({
  ...{ group, carc, rarc: [], amount: 100n, clause: "2.1", kind: "cover" },
})
const line = (status: LineStatus, ...adjustments: readonly Adjustment[]): LegLine => ({
  ...{ number: 1, status, category: "", tier: "", allowed: 0n, adjustments, benefit: 0n, patient: 0n, shown },
})
const advice = (one: LegLine, ...codes: readonly string[]) =>
  adviceOn(
    one,
    codes.map((code) => ({ line: 1, step: "", clause: "", code, missing: "" })),
  )

test("each way in which a line is not simply paid has its own advice, and a paid line has none", () => {
  equal(advice(line("paid", adjusted("CO", "45"), adjusted("PR", "1"), adjusted("PR", "2"))), undefined)
  match(advice(line("held"))!, /^Look whether the visit took place/)
  match(advice(line("pended"), "missing-fact")!, /^You need do nothing yet/)
  match(advice(line("pended"), "prior-missing")!, /^Send us what your other plan has said/)
  match(advice(line("denied", adjusted("CO", "45"), adjusted("PR", "119")))!, /^Ask us on which day/)
  match(advice(line("denied", adjusted("CO", "29")))!, /^You owe nothing for it\..*show this page\.$/)
  match(advice(line("denied", adjusted("CO", "16")))!, /Your clinic can put the claim right/)
  match(advice(line("denied", adjusted("CO", "22")))!, /^Tell your clinic which plan pays first/)
  match(advice(line("denied", adjusted("PR", "999")))!, /^If you think this is wrong/)
  match(advice(line("paid", adjusted("PR", "1"), adjusted("PR", "119")))!, /^Ask us on which day/)
  equal(advice(line("encounter", adjusted("CO", "24"))), undefined)
})
