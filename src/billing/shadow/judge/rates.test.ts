import assert from "node:assert/strict"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { dayNumber } from "../../../base/time.ts"
import { isRefusal, orRefuse } from "../../../formats/answer.ts"
import { splitOf } from "../match/split.ts"
import { csvRow } from "../report/csv.ts"
import { UsualPrices } from "./inferred.ts"
import { allowedBy, type Priced, readRates } from "./rates.ts"

const read = (rows: string) => readRates(toUtf8(`payer,code,modifier,place,from,until,rate,units\n${rows}`))
const priced = (change: Partial<Priced>): Priced => ({
  ...{
    payers: ["HARBORMUTUAL"],
    code: "S0620",
    modifiers: "",
    place: "11",
    on: dayNumber(2026, 4, 14),
    unitsMilli: 1000,
  },
  ...change,
})

test("the closest rate speaks: payer, modifier, place, day", () => {
  const rates = orRefuse(
    read(
      [
        ...["Harbor Mutual,S0620,,,2026-01-01,2026-07-01,120.00,", "Harbor Mutual,S0620,,,2026-07-01,,130.00,"],
        ...["Harbor Mutual,S0620,26,,,,40.00,", "Harbor Mutual,S0620,,22,2026-01-01,2027-01-01,99.00,"],
        ...["*,S0620,,,,,70.00,", "Harbor Mutual,J0178,,,,,9.735,1"],
      ].join("\n"),
    ),
  )
  const rate = (change: Partial<Priced>) => {
    const found = rates.find(priced(change))
    return found === undefined ? undefined : allowedBy(found, 1_000_000n, change.unitsMilli ?? 1000)
  }
  assert.equal(rate({}), 12_000n)
  assert.equal(rate({ on: dayNumber(2026, 6, 30) }), 12_000n)
  assert.equal(rate({ on: dayNumber(2026, 7, 1) }), 13_000n)
  assert.equal(rate({ place: "22" }), 9_900n)
  assert.equal(rate({ modifiers: "26" }), 4_000n)
  // A side or a separate visit does not move the price; a component without a rate of its own has none.
  assert.equal(rate({ modifiers: "25-LT" }), 12_000n)
  assert.equal(rate({ modifiers: "TC" }), undefined)
  assert.equal(rate({ payers: ["ANOTHER"] }), 7_000n)
  assert.equal(rate({ code: "G0117" }), undefined)
  assert.equal(rate({ code: "J0178", unitsMilli: 2500 }), 2_434n, "24.3375 rounds to the cent")
})

test("a rate never allows above the charge, and a rate for the line ignores the units", () => {
  const rates = orRefuse(read("Harbor Mutual,S0620,,,,,120.00,line"))
  const found = rates.find(priced({}))!
  assert.equal(allowedBy(found, 19_000n, 5000), 12_000n)
  assert.equal(allowedBy(found, 11_999n, 1000), 11_999n)
})

test("what is wrong with a rate is refused with its line and column", () => {
  const refused = (rows: string) => {
    const found = read(rows)
    return isRefusal(found) ? found.at : "read"
  }
  assert.equal(refused("H,S0620,,,2026-02-30,,1.00,"), "line 2, column from")
  assert.equal(refused("H,S0620,,,,,ten,"), "line 2, column rate")
  assert.equal(refused("H,S0620,,,,,-1.00,"), "line 2, column rate")
  assert.equal(refused("H,S0620,,,,,1.00,\nH,S0620,,,,,2.00,"), "lines 2 and 3")
  assert.equal(refused("H,S0620,toolong,,,,1.00,"), "line 2, column modifier")
  assert.equal(refused("H,S0620,,,,,1.00,half"), "line 2, column units")
  assert.equal(refused("H,S0620,,,,,1.00,"), "read")
})

test("what is usual needs five prices and says by what it was found", () => {
  const usual = new UsualPrices()
  const key = { payer: "P", code: "S0620", modifiers: "", on: dayNumber(2026, 4, 14) }
  for (const price of [90n, 100n, 100n, 100n]) usual.learn(key, price, 1000)
  assert.equal(usual.find({ ...key, payer: "Q" }), undefined)
  const few = new UsualPrices()
  for (const price of [100n, 100n, 100n, 100n]) few.learn(key, price, 1000)
  assert.equal(few.find(key), undefined)
  usual.learn(key, 200n, 2000)
  assert.deepEqual(usual.find(key), { unitPrice: 100n, n: 5, by: "mode" })
  const spread = new UsualPrices()
  for (const price of [10n, 20n, 30n, 40n, 50n, 60n]) spread.learn(key, price, 1000)
  assert.deepEqual(spread.find(key), { unitPrice: 30n, n: 6, by: "median" })
})

test("a cell that a spreadsheet would run is made text, numbers stay numbers", () => {
  const cells = ["=1+1", "+A1", "-B2", "@x", "-12.50", "12", 'say "no"', "a,b", "two\nlines", "plain"]
  assert.equal(csvRow(cells), `'=1+1,'+A1,'-B2,'@x,-12.50,12,"say ""no""","a,b","two\nlines",plain\r\n`)
})

test("a charge is split into its parts by the payer's own codes", () => {
  const adjustments = [
    ...[
      { group: "CO", carc: "45", amount: 7_000n },
      { group: "PR", carc: "1", amount: 500n },
    ],
    ...[
      { group: "PR", carc: "2", amount: 300n },
      { group: "CO", carc: "253", amount: 90n },
    ],
    ...[
      { group: "OA", carc: "23", amount: 11n },
      { group: "CO", carc: "50", amount: 400n },
    ],
    { group: "PR", carc: "96", amount: 900n },
  ]
  const { main, ...sums } = splitOf(adjustments)
  assert.deepEqual(sums, {
    ...{ contract: 7_000n, share: 800n, programme: 90n, earlier: 11n, denied: 1_300n },
    ...{ priceRule: 0n, capitated: 0n, duplicate: 0n },
  })
  assert.equal(main?.carc, "96", "the largest denied part is the reason printed, not the largest adjustment")
})
