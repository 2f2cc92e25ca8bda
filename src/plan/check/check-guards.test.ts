/** Findings that guards, dates and tables alone give: one mistake a row, `«` where the finding has to point. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  type Change,
  change,
  clause,
  find,
  kinds,
  network,
  numbers,
  placeOfMark,
  sample,
  twoTiers,
  whenClause,
} from "../../../test/marked-plan.ts"

interface Row {
  readonly code: string
  readonly clause: string
  readonly says: RegExp
  readonly changes: readonly Change[]
  /** Findings of other codes that the same mistake brings. */
  readonly also?: readonly string[]
}

const rows: readonly Row[] = [
  // missing-fact
  {
    code: "missing-fact",
    clause: "6.1",
    says: /professional carries revenue: a line E10/,
    changes: [clause('{ when: «revenue == "0300", waive: { parts: [copay] } }')],
  },
  {
    code: "missing-fact",
    clause: "6.1",
    says: /carries supply/,
    changes: [clause("{ when: accident || «supply > 30, waive: { parts: [copay] } }")],
  },
  {
    code: "missing-fact",
    clause: "6.1",
    says: /kind institutional carries place/,
    changes: [kinds("professional", "institutional"), clause('{ when: «place == "11", waive: { parts: [copay] } }')],
  },
  {
    code: "missing-fact",
    clause: "6.1",
    says: /carries admitted/,
    changes: [whenClause("has(discharged) && days(«admitted, from) > 2")],
  },
  {
    code: "missing-fact",
    clause: "6.1",
    says: /carries contract/,
    changes: [whenClause('(!has(contract)) && «contract == "C1"')],
    also: ["dead"],
  },
  {
    code: "missing-fact",
    clause: "6.1",
    says: /before the tier is known/,
    changes: [clause('{ when: «tier == "in", emergency: { lifts: [wait] } }')],
  },
  // unbounded
  {
    code: "unbounded",
    clause: "5.3",
    says: /5\.3\/coinsurance asks for medicine/,
    changes: [
      ["deductible: deductible,", "deductible: none,"],
      ["coinsurance: { member: your-part }", "«coinsurance: { member: your-part }"],
      ["    bucket: { name: most-you-pay", "    for: [exam, test, procedure]\n    bucket: { name: most-you-pay"],
    ],
    also: ["bucket-idle"],
  },
  {
    code: "unbounded",
    clause: "5.1",
    says: /5\.1\/copay asks for exam counts/,
    changes: [
      ["copay: { amount: exam-copay", "«copay: { amount: exam-copay"],
      ["counts: [copay, deductible, coinsurance]", "counts: [deductible, coinsurance]"],
    ],
  },
  {
    code: "unbounded",
    clause: "5.2",
    says: /5\.2\/deductible asks for test counts/,
    changes: [
      ["deductible: deductible,", "«deductible: deductible,"],
      ["outOfPocket: { bucket", "outOfPocket: { on: [exam, procedure, medicine], bucket"],
    ],
    also: ["unbounded"],
  },
  // codes-invalid
  {
    code: "codes-invalid",
    clause: "6.1",
    says: /Reason 999/,
    changes: [clause('{ when: accident, exclude: { notice: none, codes: { group: CO, carc: «"999" } } }')],
  },
  {
    code: "codes-invalid",
    clause: "6.1",
    says: /Remark N999/,
    changes: [clause('{ when: accident, exclude: { notice: none, codes: { group: CO, carc: "96", rarc: «N999 } } }')],
  },
  {
    code: "codes-invalid",
    clause: "6.1",
    says: /Reason 1 does not stand with group CO/,
    changes: [clause('{ when: accident, exclude: { notice: none, codes: { group: «CO, carc: "1" } } }')],
  },
  // cap-order
  {
    code: "cap-order",
    clause: "5.4",
    says: /2026-07-01 one person/,
    changes: [
      [
        "    bucket: { name: most-you-pay, measure: share, person: most",
        "    «bucket: { name: most-you-pay, measure: share, person: most, family: most-fam",
      ],
      numbers("most-fam: [[9000.00 USD, 2026-01-01, design], [2400.00 USD, 2026-07-01, design]]"),
    ],
  },
  {
    code: "cap-order",
    clause: "5.4",
    says: /most it may grow to/,
    changes: [
      [
        "    bucket: { name: most-you-pay, measure: share, person: most",
        "    «bucket: { name: most-you-pay, measure: share, person: most, family: most-fam, grow: { each: ded, above: four, atMost: most }",
      ],
      numbers("most-fam: 9000.00 USD, four: 4 members"),
    ],
  },
  {
    code: "cap-order",
    clause: "5.4",
    says: /below the deductible deductible on 2026-07-01/,
    changes: [
      ["    bucket: { name: most-you-pay", "    «bucket: { name: most-you-pay"],
      ["ded: 240.00 USD", "ded: [[240.00 USD, 2026-01-01, design], [2600.00 USD, 2026-07-01, design]]"],
    ],
  },
  {
    code: "cap-order",
    clause: "5.4",
    says: /below the deductible/,
    changes: [
      [
        "    bucket: { name: most-you-pay, measure: share, person: most",
        "    «bucket: { name: most-you-pay, measure: share, family: most",
      ],
      ["measure: share, person: ded", "measure: share, family: ded-fam"],
      numbers("ded-fam: 2600.00 USD"),
    ],
  },
  {
    code: "cap-order",
    clause: "5.3",
    says: /coinsurance of tier in is above that of tier out in 6\.1/,
    changes: [
      twoTiers,
      network,
      numbers("less: 10 %"),
      [
        "    { for: [test, procedure, medicine], coinsurance",
        "    { tiers: [in], for: [test, procedure, medicine], «coinsurance",
      ],
      clause("{ tiers: [out], for: [test, procedure, medicine], coinsurance: { member: less } }"),
    ],
  },
  // bucket-mixed
  {
    code: "bucket-mixed",
    clause: "5.2",
    says: /the professional claims|have none/,
    changes: [
      kinds("professional", "dental"),
      ["periods: {", "periods: { one-stay: stay,"],
      ["deductible: deductible,", "«deductible: deductible,"],
      ["person: ded, period: year", "person: ded, period: one-stay"],
    ],
  },
  {
    code: "bucket-mixed",
    clause: "5.2",
    says: /also reads it in out/,
    changes: [
      twoTiers,
      network,
      ["deductible: deductible,", "«deductible: deductible,"],
      ["person: ded, period: year", "person: ded, tiers: [in], period: year"],
    ],
  },
  {
    code: "bucket-mixed",
    clause: "5.4",
    says: /aggregate without/,
    changes: [
      [
        "    bucket: { name: most-you-pay, measure: share,",
        "    «bucket: { name: most-you-pay, measure: share, familyRule: aggregate,",
      ],
    ],
  },
  // uncovered
  {
    code: "uncovered",
    clause: "2.1",
    says: /covers contacts, frames, and no clause says what is allowed/,
    changes: [
      ["{ cover: yes, allow: { schedule", "{ «cover: yes, allow: { on: [exam, test, procedure, medicine], schedule"],
    ],
  },
  {
    code: "uncovered",
    clause: "2.1",
    says: /covers .*exam.* in tier out, and no clause says what is allowed/,
    changes: [
      twoTiers,
      network,
      ["{ cover: yes, allow: { schedule: eye-services, lesser: yes } }", "{ «cover: yes }"],
      clause("{ tiers: [in], allow: { schedule: eye-services, lesser: yes } }"),
    ],
  },
  {
    code: "uncovered",
    clause: "2.1",
    says: /from 2026-07-01, and no clause says what is allowed/,
    changes: [
      ["{ cover: yes, allow: { schedule: eye-services, lesser: yes } }", "{ «cover: yes }"],
      clause("{ until: 2026-07-01, allow: { schedule: eye-services, lesser: yes } }"),
    ],
  },
  {
    code: "uncovered",
    clause: "2.1",
    says: /covers exam, and no clause says what the member pays/,
    changes: [
      ["{ cover: yes,", "{ «cover: yes,"],
      [
        "{ for: [exam], copay: { amount: exam-copay, per: visit }, deductible: none, coinsurance: none }",
        "{ for: [exam], refer: { from: doctor } }",
      ],
    ],
  },
  // conflict
  {
    code: "conflict",
    clause: "6.1",
    says: /^A member with E10 \(exam\) on 1 January 2026 would owe two different copays: 30\.00 by 5\.1 and 0\.00 by 6\.1\.$/,
    changes: [clause("{ for: [exam], «copay: none }")],
  },
  {
    code: "conflict",
    clause: "6.1",
    says: /T20 \(test\) on 1 July 2026 would owe two different deductibles: 41\.27 by 5\.2 and 0\.00 by 6\.1/,
    changes: [clause("{ for: [test], from: 2026-07-01, «deductible: none }")],
  },
  {
    code: "conflict",
    clause: "7.2",
    says: /two timely rules/,
    changes: [
      [
        "duplicate: { same: [provider, from, code, modifiers, units, charge] } }",
        "duplicate: { same: [provider, from, code, modifiers, units, charge] } }\n### 7.2 Again\nThis says it again.\n\n    { «timely: { window: answer, from: service } }",
      ],
    ],
  },
  // dead
  {
    code: "dead",
    clause: "6.1",
    says: /dates lie outside/,
    changes: [clause("{ from: 2028-01-01, until: 2029-01-01, «waive: { parts: [copay] } }")],
    also: [],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /no code of the plan's tables/,
    changes: [clause("{ for: [], «waive: { parts: [copay] } }")],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /no code of the plan's tables/,
    changes: [clause("{ for: [exam], «waive: { on: [test], parts: [copay] } }")],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /takes no claim/,
    changes: [clause("{ claims: [dental], «waive: { parts: [copay] } }")],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /lists no tier/,
    changes: [clause("{ tiers: [], «waive: { parts: [copay] } }")],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /tier that is not known yet/,
    changes: [clause("{ tiers: [in], «emergency: { lifts: [wait] } }")],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /true for no code/,
    changes: [clause('{ when: «code == "E99" && units > 1, waive: { parts: [copay] } }')],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /true for no code/,
    changes: [clause('for: [exam]\n    when: «startsWith(code, "T")\n    waive: { parts: [copay] }')],
  },
  {
    code: "dead",
    clause: "6.1",
    says: /true for no code/,
    changes: [clause('{ when: «kind == "dental", waive: { parts: [copay] } }')],
  },
  // shadowed
  {
    code: "shadowed",
    clause: "5.1",
    says: /5\.1\/copay never wins: 6\.1\/copay/,
    changes: [
      ["{ for: [exam], copay", "{ for: [exam], «copay"],
      clause("{ for: [exam], exceptionTo: 5.1, copay: none }"),
    ],
  },
  {
    code: "shadowed",
    clause: "6.1",
    says: /6\.1\/deductible never wins: 5\./,
    changes: [clause("{ «deductible: none }")],
  },
  {
    code: "shadowed",
    clause: "6.1",
    says: /6\.1\/waive never wins: 6\.2\/waive/,
    changes: [
      clause(
        "{ for: [exam], «waive: { parts: [copay] } }\n### 6.2 Two\nThis says yet more.\n\n    { exceptionTo: 6.1, waive: { parts: [deductible] } }",
      ),
    ],
  },
  {
    code: "shadowed",
    clause: "6.1",
    says: /6\.1\/cover never wins: 6\.2\/exclude/,
    changes: [
      clause(
        "{ for: [frames], «cover: yes }\n### 6.2 Two\nThis says yet more.\n\n    { for: [frames], exclude: { notice: none } }",
      ),
    ],
  },
]

for (const { code, clause: number, says, changes, also = [] } of rows) {
  test(`${code}: ${says.source.slice(0, 60)}`, () => {
    const marked = change(sample, ...changes)
    const findings = find(marked)
    const found = findings.filter((finding) => finding.code === code && finding.clause === number)
    assert.equal(found.length, 1, JSON.stringify(findings))
    assert.deepEqual([found[0]!.line, found[0]!.column], placeOfMark(marked))
    assert.match(found[0]!.message, says)
    assert.ok(found[0]!.message.endsWith(".") && found[0]!.remedy.endsWith("."), "both are sentences")
    const others = findings.filter((finding) => finding !== found[0]).map((finding) => finding.code)
    assert.deepEqual(
      others.filter((other) => !also.includes(other)),
      [],
      "one mistake, one finding",
    )
  })
}
