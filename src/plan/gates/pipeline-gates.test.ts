/**
 * Steps A2 to D3 of the pipeline, one row an outcome, in the order of the source. One plan holds every gate: a group of
 * services for each clause, a code for each column. A row says what is sent and what becomes of each line.
 */
import { deepEqual, equal, ok } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  answer,
  codes,
  day,
  decision,
  dental,
  determined,
  event,
  gapped,
  hospital,
  line,
  milli,
  on,
  one,
  permit,
  referral,
  type Sent,
  secondary,
  stay,
  told,
  twoTiers,
  uncovered,
  year,
} from "../../../test/gates-plan.ts"
import { reasonText, remarkText } from "../explain/reasons.ts"

type Row = readonly [step: string, what: string, sent: Sent, told: string]

const rows: readonly Row[] = [
  // A2: claim data
  ["A2", "all that is needed is there", one("PLAIN"), "paid 100"],
  ["A2", "no procedure", one(""), "denied CO-16 M51, A2"],
  ["A2", "a stay's line with its revenue code alone", { ...one("", { revenue: "0120" }), claim: stay }, "paid 100"],
  ["A2", "neither procedure nor revenue code", { ...one(""), claim: hospital }, "denied CO-16 M50, A2"],
  ["A2", "no units", one("PLAIN", { unitsMilli: 0 }), "denied CO-16 M53, A2"],
  ["A2", "an end before the beginning", one("PLAIN", { to: day - 1 }), "denied CO-16 M52, A2"],
  ["A2", "a charge beyond all sums", one("PLAIN", { charge: 10n ** 12n + 1n }), "pended overflow charge, A2"],
  ["A2", "no diagnosis", one("NEEDY", { place: "11" }), "denied CO-16 M76, A2 1.1"],
  ["A2", "no place", one("NEEDY", { diagnoses: ["H401"] }), "denied CO-16 M77, A2 1.1"],
  ["A2", "no charge", one("NEEDY", { diagnoses: ["H401"], place: "11", charge: 0n }), "denied , A2 1.1"],
  ["A2", "no principal diagnosis", { ...one("NEEDY"), claim: hospital }, "denied CO-16 MA63, A2 1.1"],
  [
    ...(["A2", "no revenue code"] as const),
    { ...one("NEEDY", { diagnoses: ["H401"] }), claim: hospital },
    "denied CO-16 M50, A2 1.1",
  ],
  [
    ...(["A2", "no bill type"] as const),
    { ...one("NEEDY", { diagnoses: ["H401"], revenue: "0120" }), claim: hospital },
    "denied CO-16 MA30, A2 1.1",
  ],
  [
    ...(["A2", "a stay without its group"] as const),
    { ...one("NEEDY", { diagnoses: ["H401"], revenue: "0120" }), claim: { ...stay, billType: "111" } },
    "denied CO-16 N208, A2 1.1",
  ],
  ["A2", "no tooth", { ...one("MOLAR"), claim: dental }, "denied CO-16 N37, A2 1.1"],
  ["A2", "no surfaces", { ...one("FILLING", { tooth: "3" }), claim: dental }, "denied CO-16 N75, A2 1.1"],
  ["A2", "a table that cannot be read", one("BLUR"), "pended no-table services age-from, A2 1.1"],
  [
    ...(["A2", "a stay without its first day"] as const),
    { ...one("PLAIN"), claim: { ...hospital, inpatient: true } },
    "denied CO-16 MA40 MA130, A2",
  ],
  [
    ...(["A2", "a stay that ends before it begins"] as const),
    { ...one("PLAIN"), claim: { ...stay, discharged: day - 2 } },
    "denied CO-16 N318 MA130, A2",
  ],
  ["A2", "a day before the plan", one("PLAIN", { from: year - 1 }), "pended no-table plan, A2"],
  [
    ...(["A2", "a stay that began under another version"] as const),
    { ...one("PLAIN"), claim: { ...stay, admitted: year - 1 } },
    "pended no-table plan, A2",
  ],

  // A3: counter-signature
  ["A3", "a proxy signed", { ...one("PLAIN"), assurance: { tier: "proxy", allotments: [] } }, "paid 100"],
  [
    ...(["A3", "nobody who may sign did"] as const),
    { ...one("PLAIN"), assurance: { tier: "attested", allotments: [] } },
    "denied CO-16 MA75, A3 1.6",
  ],
  ["A3", "silence", { ...one("PLAIN"), assurance: { tier: "silent", allotments: [] } }, "held A3 1.6"],
  [
    ...(["A3", "silence until the wait is over"] as const),
    { ...one("PLAIN"), assurance: { tier: "silent", allotments: [] }, on: day + 35 },
    "paid 100",
  ],
  [
    ...(["A3", "silence about a large claim"] as const),
    { ...one("PLAIN", { charge: 20_000n }), assurance: { tier: "silent", allotments: [] }, on: day + 35 },
    "held A3 1.6",
  ],

  // B1: eligibility on each day of service
  ["B1", "before the cover", { ...one("PLAIN"), member: { coverFrom: day + 1 } }, "denied PR-26, B1"],
  ["B1", "after the cover", { ...one("PLAIN"), member: { coverTo: day - 1 } }, "denied PR-27, B1"],
  [
    ...(["B1", "days on both sides of the first"] as const),
    { ...one("PLAIN", { to: day + 1 }), member: { coverFrom: day + 1 } },
    "denied CO-239 N61, B1",
  ],
  [
    ...(["B1", "days on both sides of the last"] as const),
    { ...one("PLAIN", { to: day + 2 }), member: { coverTo: day } },
    "denied CO-239 N61, B1",
  ],
  ["B1", "a cover taken back", { ...one("PLAIN"), member: { coverTo: year - 1 } }, "denied PR-31, B1"],
  [
    ...(["B1", "a child under the cover of one"] as const),
    { ...one("PLAIN"), member: { selfOnly: true, relation: "child" } },
    "denied PR-32, B1",
  ],
  ["B1", "the one herself", { ...one("PLAIN"), member: { selfOnly: true, relation: "self" } }, "paid 100"],
  ["B1", "a lapse", { ...one("PLAIN"), member: { flags: ["lapsed"] } }, "denied PR-200, B1"],
  ["B1", "requirements not met", { ...one("PLAIN"), member: { flags: ["ineligible"] } }, "denied PR-177, B1"],

  // B2: right payer
  [
    "B2",
    "a kind of claim the plan does not take",
    { ...one("PLAIN"), claim: { kind: "drug" } },
    "denied CO-109 N418, B2",
  ],
  ["B2", "hurt at work", { ...one("PLAIN"), claim: { workRelated: true } }, "denied CO-19, B2"],
  [
    ...(["B2", "hurt by someone with liability cover"] as const),
    { ...one("PLAIN"), claim: { accident: true }, member: { otherCover: ["liability"] } },
    "denied CO-20, B2",
  ],
  [
    ...(["B2", "hurt on the road"] as const),
    { ...one("PLAIN"), claim: { accident: true }, member: { otherCover: ["auto"] } },
    "denied CO-21, B2",
  ],
  [
    ...(["B2", "another payer is first, and has not answered"] as const),
    { ...one("PLAIN"), member: secondary },
    "denied CO-22 MA04, B2",
  ],
  [
    "B2",
    "another payer is first, nobody knows which",
    { ...one("PLAIN"), member: { rank: 2 } },
    "denied CO-22 MA92, B2",
  ],
  [
    ...(["B2", "one of two earlier payers has answered"] as const),
    { ...one("PLAIN"), member: { rank: 3, otherCover: ["group", "state"] }, legs: answer(3_000n) },
    "denied PR-22 N4 OA-23, B2",
  ],
  [
    ...(["B2", "the order of payers puts another first"] as const),
    { ...one("SHARED"), member: { otherCover: ["group"] } },
    "denied CO-22 MA04, B2 1.11",
  ],
  ["B2", "it puts the other after", { ...one("SHARED"), member: { otherCover: ["state"] } }, "paid 100"],
  [
    ...(["B2", "it does not know the other"] as const),
    { ...one("SHARED"), member: { otherCover: ["church"] } },
    "pended missing-fact relation, B2 1.11",
  ],
  [
    ...(["B2", "the first payer's answer is there"] as const),
    { ...one("SHARED"), member: secondary, legs: answer(3_000n) },
    "paid 70",
  ],

  // B3: timely filing
  ["B3", "on the last day", { ...one("PLAIN"), claim: { received: day + 90 } }, "paid 100"],
  ["B3", "a day late", { ...one("PLAIN"), claim: { received: day + 91 } }, "denied CO-29, B3 1.7"],
  ["B3", "from the discharge", { ...one("PLAIN"), claim: { ...stay, received: day + 91 } }, "paid 100"],
  ["B3", "a day late after it", { ...one("PLAIN"), claim: { ...stay, received: day + 92 } }, "denied CO-29, B3 1.8"],
  [
    ...(["B3", "nobody says when the stay ended"] as const),
    { ...one("PLAIN"), claim: { ...stay, discharged: undefined } },
    "pended missing-fact discharged, B3 1.8",
  ],
  ["B3", "no stay, so from the service", { ...one("PLAIN"), claim: { ...hospital, received: day + 90 } }, "paid 100"],
  [
    ...(["B3", "from the earlier payer's answer"] as const),
    { ...one("SHARED"), claim: { ...dental, received: day + 91 }, member: secondary, legs: answer(3_000n, day + 1) },
    "paid 70",
  ],
  [
    ...(["B3", "a replacement inside the correction window"] as const),
    { ...one("PLAIN"), claim: { frequency: 7, original: "s", originalReceived: day + 90, received: day + 120 } },
    "paid 100",
  ],
  [
    ...(["B3", "a replacement after it"] as const),
    { ...one("PLAIN"), claim: { frequency: 7, original: "s", originalReceived: day, received: day + 31 } },
    "denied CO-29, B3 1.7",
  ],
  [
    ...(["B3", "a replacement of a claim that was late"] as const),
    { ...one("PLAIN"), claim: { frequency: 7, original: "s", originalReceived: day + 91, received: day + 92 } },
    "denied CO-29, B3 1.7",
  ],
  [
    ...(["B3", "a replacement of a claim that nobody received"] as const),
    { ...one("PLAIN"), claim: { frequency: 7, original: "s" } },
    "pended missing-fact originalReceived, B3 1.7",
  ],

  // B4: duplicates
  [
    ...(["B4", "one fact on two lines"] as const),
    { lines: [line("PLAIN", { facts: [1] }), line("PLAIN", { facts: [1] })] },
    "paid 100 | denied OA-18, B4 1.10",
  ],
  ["B4", "two facts", { lines: [line("PLAIN", { facts: [1] }), line("PLAIN", { facts: [2] })] }, "paid 100 | paid 100"],
  [
    ...(["B4", "one fact at two charges"] as const),
    { lines: [line("PLAIN", { facts: [1] }), line("PLAIN", { facts: [1], charge: 1n })] },
    "paid 100 | pended possible-duplicate line 1, B4 1.10",
  ],
  [
    ...(["B4", "decided that it is none"] as const),
    {
      lines: [line("PLAIN", { facts: [1] }), line("PLAIN", { facts: [1], charge: 9_000n })],
      decisions: decision("1.10", 2, 0),
    },
    "paid 100 | paid 90",
  ],
  [
    ...(["B4", "decided that it is one"] as const),
    {
      lines: [line("PLAIN", { facts: [1] }), line("PLAIN", { facts: [1], charge: 9_000n })],
      decisions: decision("1.10", 2, 1),
    },
    "paid 100 | denied OA-18, B4 1.10",
  ],
  [
    ...(["B4", "counted in the snapshot"] as const),
    { ...one("PLAIN"), events: [event("1.10", `line clinic|${day}|PLAIN||1000|10000|`, day)] },
    "denied OA-18, B4 1.10",
  ],
  [
    ...(["B4", "perhaps counted in the snapshot"] as const),
    { ...one("PLAIN"), events: [event("1.10", `line clinic|${day}|PLAIN||1000|9999|`, day)] },
    "pended possible-duplicate statement 07070707, B4 1.10",
  ],
  [
    ...(["B4", "a copy that an earlier payer passed on"] as const),
    {
      ...one("SHARED"),
      ...{ member: secondary, legs: answer(3_000n) },
      events: [event("1.10", `line clinic|${day}|SHARED||1000|10000|`, day)],
    },
    "denied PR-18 N522 OA-23, B4 1.10",
  ],
  [
    ...(["B4", "a replacement of what another claim was paid for"] as const),
    {
      ...one("PLAIN"),
      claim: { frequency: 7, original: "s", originalReceived: day },
      events: [event("1.10", `line clinic|${day}|PLAIN||1000|10000|`, day)],
    },
    "denied OA-B13, B4 1.10",
  ],

  // B5: replace and void
  ["B5", "a replacement of nothing", { ...one("PLAIN"), claim: { frequency: 7 } }, "denied CO-16 M47, B5"],
  ["B5", "a void of nothing", { ...one("PLAIN"), claim: { frequency: 8 } }, "denied CO-16 M47, B5"],
  [
    ...(["B5", "a replacement of what was denied"] as const),
    { ...one("PLAIN"), claim: { frequency: 7, original: "s", originalReceived: day }, decisions: decision("B5", 0, 0) },
    "denied CO-16 N142, B5",
  ],
  [
    ...(["B5", "a void pays nothing, however late it comes"] as const),
    {
      ...one("PLAIN"),
      claim: { frequency: 8, original: "s", received: day + 300 },
      events: [event("1.10", `line clinic|${day}|PLAIN||1000|10000|`, day)],
    },
    "denied CO-125 MA67, B5",
  ],
  [
    ...(["B5", "a void is judged by nothing else"] as const),
    { ...one("ASKED"), claim: { frequency: 8, original: "s" }, member: { coverFrom: day + 1 } },
    "denied CO-125 MA67, B5",
  ],
  ["B5", "a frequency of hospitals", { ...one("PLAIN"), claim: { frequency: 3 } }, "denied CO-16 N34 MA130, B5"],
  ["B5", "an interim bill", { ...one("PLAIN"), claim: { ...stay, frequency: 3, billType: "0113" } }, "paid 100"],
  [
    ...(["B5", "a bill type that ends otherwise"] as const),
    { ...one("PLAIN"), claim: { ...stay, billType: "0114" } },
    "denied CO-16 MA30 MA130, B5",
  ],

  // C1: code validity
  ["C1", "a code of the old table, in its days", one("OLD"), "paid 100"],
  [
    ...(["C1", "and after them"] as const),
    { ...one("OLD", { from: day + 30, to: day + 30 }), claim: { received: day + 30 } },
    "denied CO-181, C1",
  ],
  ["C1", "a code whose row ended", one("ENDED"), "denied CO-181, C1 1.1"],
  ["C1", "a code that is not among those in force", one("UNLISTED"), "denied CO-181, C1 1.2"],
  ["C1", "a modifier not in force", one("PLAIN", { modifiers: ["ZZ"] }), "denied CO-182, C1 1.3"],
  ["C1", "a diagnosis not in force", one("PLAIN", { diagnoses: ["H99"] }), "denied CO-146, C1 1.4"],
  ["C1", "a diagnosis with its dot", one("PLAIN", { diagnoses: ["H40.1"] }), "paid 100"],
  ["C1", "a modifier the code does not take", one("BARE", { modifiers: ["25"] }), "denied CO-4, C1 1.1"],
  ["C1", "a modifier that is missing", one("SIDED"), "denied CO-4, C1 1.1"],
  ["C1", "a diagnosis that does not fit", one("EYES", { diagnoses: ["Z000"] }), "denied CO-11, C1 1.1"],
  ["C1", "a diagnosis of the other age", one("PLAIN", { diagnoses: ["Z001"] }), "denied CO-9, C1 1.4"],
  ["C1", "a diagnosis of the other sex", one("PLAIN", { diagnoses: ["N400"] }), "denied CO-10, C1 1.4"],
  ["C1", "too young, by the row", { ...one("GROWN"), member: { born: day - 6000 } }, "denied CO-6, C1 1.1"],
  ["C1", "the other sex, by the row", { ...one("FEMALE"), member: { sex: "M" } }, "denied CO-7, C1 1.1"],
  [
    ...(["C1", "no birth date"] as const),
    { ...one("GROWN"), member: { born: undefined } },
    "pended missing-fact born, C1 1.1",
  ],
  ["C1", "the other sex, by a set's row", { ...one("SALVE"), member: { sex: "M" } }, "denied CO-7, C1 1.39"],
  ["C1", "no sex", { ...one("FEMALE"), member: { sex: undefined } }, "pended missing-fact sex, C1 1.1"],
  ["C1", "too young, by a clause", { ...one("ADULT"), member: { born: on("2008-06-11") } }, "denied CO-6, C1 1.12"],
  ["C1", "just old enough", { ...one("ADULT"), member: { born: on("2008-06-10") } }, "paid 100"],
  ["C1", "too old, by a clause", { ...one("ADULT"), member: { born: on("1961-06-10") } }, "denied CO-6, C1 1.12"],
  ["C1", "the other sex, by a clause", { ...one("ADULT"), member: { sex: "M" } }, "denied CO-7, C1 1.12"],
  ["C1", "a place that does not fit", one("OFFICE", { place: "21" }), "denied CO-5, C1 1.1"],
  [
    ...(["C1", "a bill type that does not fit"] as const),
    { ...one("OPEN"), claim: { ...stay, billType: "111" } },
    "denied CO-5, C1 1.1",
  ],
  ["C1", "a bill type that fits", { ...one("OPEN"), claim: { ...hospital, billType: "0131" } }, "paid 100"],
  [
    ...(["C1", "a revenue code that does not fit"] as const),
    { ...one("ROOM", { revenue: "0120" }), claim: hospital },
    "denied CO-199, C1 1.1",
  ],
  ["C1", "a tooth that does not fit", { ...one("MOLAR", { tooth: "8" }), claim: dental }, "denied CO-16 N37, C1 1.1"],
  [
    ...(["C1", "surfaces that do not fit"] as const),
    { ...one("FILLING", { tooth: "3", surfaces: ["M"] }), claim: dental },
    "denied CO-16 N75, C1 1.1",
  ],
  ["C1", "surfaces that fit", { ...one("FILLING", { tooth: "3", surfaces: ["M", "O"] }), claim: dental }, "paid 100"],
  ["C1", "before the birth", { ...one("PLAIN"), member: { born: day + 1 } }, "denied CO-14, C1"],

  // C2: provider, network, referral
  ["C2", "no provider", { ...one("PLAIN"), provider: { provider: "" } }, "denied CO-206, C2"],
  ["C2", "no true number", { ...one("PLAIN"), provider: { provider: "1234567890" } }, "denied CO-207, C2"],
  ["C2", "a true number", { ...one("PLAIN"), provider: { provider: "1234567893" } }, "paid 100"],
  [
    ...(["C2", "another specialty than listed"] as const),
    { ...one("PLAIN"), provider: { provider: "heart", specialty: "dentistry" } },
    "denied CO-208, C2",
  ],
  ["C2", "no longer listed on the day", { ...one("PLAIN"), provider: { provider: "gone" } }, "denied CO-B7, C2"],
  ["C2", "may not be paid", { ...one("PLAIN"), provider: { provider: "closed" } }, "denied CO-299, C2"],
  ["C2", "not of the field", { ...one("HEART"), provider: { specialty: "dentistry" } }, "denied CO-8, C2 1.1"],
  ["C2", "nobody says of which field", one("HEART"), "pended missing-fact specialty, C2 1.1"],
  ["C2", "not of the kind", { ...one("THERAPY"), provider: { kind: "clinic" } }, "denied CO-170, C2 1.1"],
  ["C2", "not of the level", { ...one("SURGERY"), provider: { level: "dispensary" } }, "denied CO-185, C2 1.1"],
  ["C2", "outside the network", one("OUTSIDE"), "denied CO-242, C2 1.13"],
  ["C2", "but an emergency", { ...one("OUTSIDE"), claim: { emergency: true } }, "paid 100"],
  ["C2", "two tiers and nobody says which", { ...one("PLAIN"), plan: twoTiers }, "pended missing-fact tier, C2"],
  ["C2", "no referral", one("REFERRED"), "denied CO-288, C2 1.14"],
  ["C2", "a referral", { ...one("REFERRED"), referrals: referral(5, 1) }, "paid 100"],
  ["C2", "a referral used up", { ...one("REFERRED"), referrals: referral(1, 1) }, "denied CO-287, C2 1.14"],
  [
    "C2",
    "more visits than the clause allows",
    { ...one("REFERRED"), referrals: referral(5, 2) },
    "denied CO-287, C2 1.14",
  ],
  [
    ...(["C2", "two days on one visit"] as const),
    {
      lines: [line("REFERRED"), line("REFERRED", { from: day + 1, to: day + 1 })],
      referrals: referral(5, 1),
    },
    "paid 100 | denied CO-287, C2 1.14",
  ],

  // C3: pairs
  [
    "C3",
    "an exam on a procedure's day",
    { lines: [line("EXAM"), line("CUT")] },
    "denied CO-97 N19, C3 1.16 | paid 100",
  ],
  ["C3", "marked as separate", { lines: [line("EXAM", { modifiers: ["25"] }), line("CUT")] }, "paid 100 | paid 100"],
  [
    ...(["C3", "on one tooth"] as const),
    { lines: [line("BUILDUP", { tooth: "3" }), line("CROWN", { tooth: "3" })], claim: dental },
    "denied CO-97 N19, C3 1.17 | paid 100",
  ],
  [
    ...(["C3", "on two teeth"] as const),
    { lines: [line("BUILDUP", { tooth: "3" }), line("CROWN", { tooth: "4" })], claim: dental },
    "paid 100 | paid 100",
  ],
  [
    ...(["C3", "resting on one fact"] as const),
    { lines: [line("BUILDUP", { facts: [1] }), line("CROWN", { facts: [1] })] },
    "denied CO-97 N19, C3 1.17 | paid 100",
  ],
  [
    ...(["C3", "nobody says whether they are of one line"] as const),
    { lines: [line("BUILDUP"), line("CROWN")] },
    "pended missing-fact facts, C3 1.17 | paid 100",
  ],
  [
    ...(["C3", "in one stay, on another day"] as const),
    { lines: [line("GAUZE"), line("STAY", { from: day - 1, to: day })], claim: stay },
    "denied CO-97 N19, C3 1.18 | paid 100",
  ],
  ["C3", "without a stay", { lines: [line("GAUZE"), line("STAY")], claim: hospital }, "paid 100 | paid 100"],
  ["C3", "indicator 0", { lines: [line("ONE"), line("TWO")] }, "paid 100 | denied CO-236, C3 1.19"],
  [
    ...(["C3", "indicator 0 knows no mark"] as const),
    { lines: [line("ONE"), line("TWO", { modifiers: ["59"] })] },
    "paid 100 | denied CO-236, C3 1.19",
  ],
  ["C3", "indicator 1", { lines: [line("THREE"), line("ONE")] }, "denied CO-236, C3 1.19 | paid 100"],
  [
    ...(["C3", "indicator 1, marked on either"] as const),
    { lines: [line("THREE"), line("ONE", { modifiers: ["59"] })] },
    "paid 100 | paid 100",
  ],
  ["C3", "indicator 9", { lines: [line("ONE"), line("FOUR")] }, "paid 100 | paid 100"],
  ["C3", "a pair no longer in force", { lines: [line("ONE"), line("FIVE")] }, "paid 100 | paid 100"],
  ["C3", "two days", { lines: [line("ONE"), line("TWO", { from: day + 1, to: day + 1 })] }, "paid 100 | paid 100"],
  [
    ...(["C3", "in the days after a surgery"] as const),
    { lines: [line("EXAM", { from: day + 5, to: day + 5 }), line("CUT")] },
    "denied CO-97 M144, C3 1.20 | paid 100",
  ],
  [
    ...(["C3", "in the days after a surgery that another claim was paid for"] as const),
    { ...one("EXAM"), events: [event("1.20", "global", day - 10, 10n)] },
    "denied CO-97 M144, C3 1.20",
  ],

  // C4: add-ons
  ["C4", "without its primary", { lines: [line("ADDED"), line("PLAIN")] }, "denied CO-107 N122, C4 1.21 | paid 100"],
  ["C4", "with its primary", { lines: [line("ADDED"), line("MAIN")] }, "paid 100 | paid 100"],
  ["C4", "one that goes with any service", { lines: [line("ANY"), line("PLAIN")] }, "paid 100 | paid 100"],
  ["C4", "two add-ons alone", { lines: [line("ANY")] }, "denied CO-107 N122, C4 1.21"],

  // C5: units
  ["C5", "as many as the clause allows", one("FEW", milli(3)), "paid 100"],
  ["C5", "more: the whole line", one("FEW", milli(4)), "denied CO-151 N362, C5 1.22"],
  ["C5", "indicator 1, two lines", { lines: [line("MAI1", milli(2)), line("MAI1", milli(2))] }, "paid 100 | paid 100"],
  ["C5", "indicator 1, one line", one("MAI1", milli(3)), "denied CO-151 N362, C5 1.23"],
  [
    ...(["C5", "indicator 2, two lines"] as const),
    { lines: [line("MAI2", milli(2)), line("MAI2", { unitsMilli: 1 })] },
    "denied CO-151 N362, C5 1.23 | denied CO-151 N362, C5 1.23",
  ],
  ["C5", "indicator 2, spread over two days", one("MAI2", { ...milli(4), to: day + 1 }), "paid 100"],
  [
    ...(["C5", "indicator 2, a repeated line is no second one"] as const),
    { lines: [line("MAI2", { ...milli(2), facts: [1] }), line("MAI2", { ...milli(2), facts: [1] })] },
    "paid 100 | denied OA-18, B4 1.10",
  ],
  [
    ...(["C5", "indicator 2 knows no evidence"] as const),
    { ...one("MAI2", milli(3)), decisions: decision("1.23", 1, 1, "ab") },
    "denied CO-151 N362, C5 1.23",
  ],
  ["C5", "indicator 3", one("MAI3", milli(3)), "denied CO-151 N362, C5 1.23"],
  [
    ...(["C5", "indicator 3 with evidence"] as const),
    { ...one("MAI3", milli(3)), decisions: decision("1.23", 1, 1, "ab") },
    "paid 100",
  ],
  [
    ...(["C5", "indicator 3, a word without evidence"] as const),
    { ...one("MAI3", milli(3)), decisions: decision("1.23", 1, 1) },
    "denied CO-151 N362, C5 1.23",
  ],
  ["C5", "an indicator nobody knows", one("MAI4"), "pended no-table most indicator, C5 1.23"],
  [
    ...(["C5", "more than the contract allows"] as const),
    { ...one("MAI1", milli(2)), provider: { contract: "C9" } },
    "denied CO-222, C5 1.23",
  ],
  ["C5", "a vial that says nothing", one("VIAL"), "denied CO-16 N822, C5 1.24"],
  ["C5", "a vial that says both", one("VIAL", { modifiers: ["JW", "JZ"] }), "denied CO-4, C5 1.24"],

  // D1: category
  ["D1", "a code of no group", one("STRANGE"), "denied PR-204, D1"],
  ["D1", "no clause covers it", { ...one("PLAIN"), plan: uncovered }, "denied PR-204, D1"],
  [
    ...(["D1", "a day between two editions of the table"] as const),
    {
      ...one("PLAIN", { from: on("2026-07-02"), to: on("2026-07-02") }),
      claim: { received: on("2026-07-02") },
      plan: gapped,
    },
    "pended no-table category, D1",
  ],
  ["D1", "left out, with no notice asked for", one("UNASKED"), "denied PR-96 N130, D1 1.38"],
  ["D1", "left out", one("NOBODY"), "denied CO-96 N130, D1 1.25"],
  [
    ...(["D1", "left out, and she knew"] as const),
    { ...one("NOBODY"), notices: [{ clause: "1.25", line: 1 }] },
    "denied PR-96 N130, D1 1.25",
  ],
  ["D1", "routine", { ...one("ROUTINE"), notices: [{ clause: "1.26", line: 1 }] }, "denied PR-49, D1 1.26"],
  ["D1", "not needed", one("NEEDLESS"), "denied CO-50, D1 1.27"],
  ["D1", "not proven", one("TRIAL"), "denied CO-55, D1 1.28"],
  ["D1", "not at this place", one("HOME", { place: "12" }), "denied CO-96 N428, D1 1.29"],
  ["D1", "nobody says at which place", one("HOME"), "pended missing-fact place, D1 1.29"],

  // D2: authorization
  ["D2", "one in force", { ...one("ASKED"), authorizations: permit("ASKED") }, "paid 100"],
  ["D2", "none", one("ASKED"), "denied CO-197, D2 1.30"],
  [
    ...(["D2", "for fewer units"] as const),
    { ...one("ASKED", milli(3)), authorizations: permit("ASKED") },
    "denied CO-198 N54, D2 1.30",
  ],
  [
    ...(["D2", "for fewer units than both lines"] as const),
    { lines: [line("ASKED", milli(2)), line("ASKED")], authorizations: permit("ASKED") },
    "paid 100 | denied CO-198 N54, D2 1.30",
  ],
  [
    ...(["D2", "a line that is refused draws no units"] as const),
    {
      lines: [line("ASKED", { ...milli(2), modifiers: ["ZZ"] }), line("ASKED", milli(2))],
      authorizations: permit("ASKED"),
    },
    "denied CO-182, C1 1.3 | paid 100",
  ],
  [
    "D2",
    "for nothing",
    { ...one("ASKED"), authorizations: permit("ASKED", { unitsMilli: 0 }) },
    "denied CO-15, D2 1.30",
  ],
  [
    "D2",
    "for later",
    { ...one("ASKED"), authorizations: permit("ASKED", { from: day + 1 }) },
    "denied CO-15 N54, D2 1.30",
  ],
  ["D2", "for another service", { ...one("ASKED"), authorizations: permit("WAITED") }, "denied CO-284 N54, D2 1.30"],
  [
    ...(["D2", "for another line"] as const),
    { lines: [line("ASKED"), line("PLAIN")], authorizations: permit("PLAIN") },
    "denied CO-197, D2 1.30 | paid 100",
  ],
  [
    ...(["D2", "for another provider"] as const),
    { ...one("ASKED"), authorizations: permit("ASKED", { provider: "elsewhere" }) },
    "denied CO-296 N54, D2 1.30",
  ],
  [
    "D2",
    "no longer",
    { ...one("ASKED"), authorizations: permit("ASKED", { until: day - 1 }) },
    "denied CO-302, D2 1.30",
  ],
  ["D2", "less benefit without one", one("LESS"), "paid 50"],
  ["D2", "all of it with one for the group", { ...one("LESS"), authorizations: permit("less") }, "paid 100"],
  ["D2", "an emergency", { ...one("ASKED"), claim: { emergency: true } }, "paid 100"],

  // D3: limits and waiting
  ["D3", "too early", { ...one("WAITED"), member: { enrolled: day - 89 } }, "denied PR-179, D3 1.32"],
  ["D3", "the wait is over", { ...one("WAITED"), member: { enrolled: day - 90 } }, "paid 100"],
  [
    ...(["D3", "nobody says since when"] as const),
    { ...one("WAITED"), member: { enrolled: undefined } },
    "pended missing-fact enrolled, D3 1.32",
  ],
  [
    "D3",
    "no visit left",
    { ...one("VISITED"), counts: { clause: "1.33", used: 2n, periodStart: year } },
    "denied PR-B1, D3 1.33",
  ],
  [
    ...(["D3", "two lines of the last visit"] as const),
    { lines: [line("VISITED"), line("VISITED")], counts: { clause: "1.33", used: 1n, periodStart: year } },
    "paid 100 | paid 100",
  ],
  [
    "D3",
    "no unit left",
    { ...one("COUNTED"), counts: { clause: "1.34", used: 2n, periodStart: year } },
    "denied PR-119, D3 1.34",
  ],
  ["D3", "some units left", { ...one("COUNTED", milli(4)) }, "paid 50"],
  ["D3", "half a unit", one("COUNTED", { unitsMilli: 500 }), "pended missing-fact units, D3 1.34"],
  [
    "D3",
    "none left in a lifetime",
    { ...one("ONCE"), counts: { clause: "1.35", used: 2n, periodStart: 0 } },
    "denied PR-149, D3 1.35",
  ],
  [
    ...(["D3", "three teeth where two are paid, one of them twice"] as const),
    { lines: ["1", "2", "2", "3"].map((tooth) => line("TOOTH", { tooth })), claim: dental },
    "paid 100 | paid 100 | paid 100 | denied PR-119, D3 1.36",
  ],
  ["D3", "no tooth", { ...one("TOOTH"), claim: dental }, "pended missing-fact tooth, D3 1.36"],
  [
    "D3",
    "four nights where two are paid",
    { ...one("NIGHT", { to: day + 3 }), claim: { ...stay, discharged: day + 3 } },
    "paid 50",
  ],
  ["D3", "no stay to count nights in", { ...one("NIGHT"), claim: hospital }, "pended missing-fact admitted, D3 1.37"],
]

for (const [step, what, sent, expected] of rows) {
  test(`${step}: ${what}`, () => {
    const outcome = determined(sent)
    equal(told(outcome), expected)
    for (const { number, status, shown } of outcome.leg.lines) {
      if (status === "paid") continue
      const formula = status === "denied" ? "refuse" : status === "held" ? "hold" : "pend"
      const found = outcome.trace.some((item) => {
        const same = item.line === number && item.step === shown.step && item.clause === shown.clause
        return same && item.formula === formula
      })
      ok(found, `the trace of line ${number} has its ${formula} at ${shown.step}`)
    }
  })
}

/** The codes of the reference's list, step by step, that a plan without codes of its own gives. */
const reference: Readonly<Record<string, string>> = {
  A2: "16 M51 M50 M52 M53 M76 M77 MA30 MA40 MA63 MA130 N37 N75 N208 N318",
  A3: "16 MA75",
  B1: "26 27 31 32 177 200 239 N61",
  B2: "19 20 21 22 109 MA04 MA92 N4 N418",
  B3: "29",
  B4: "18 B13 N522",
  B5: "16 125 M47 MA30 MA67 MA130 N34 N142",
  C1: "4 5 6 7 9 10 11 14 16 146 181 182 199",
  C2: "8 170 185 206 207 208 242 287 288 299 B7",
  C3: "97 236 M144 N19",
  C4: "107 N122",
  C5: "4 16 151 222 N362 N822",
  D1: "49 50 55 96 204 N130 N428",
  D2: "15 197 198 284 296 302 N54",
  D3: "119 149 179 B1",
}

test("every step of the reference's list has its rows, and every code of a step is given by one of them", () => {
  const given = new Map<string, Set<string>>()
  for (const [step, , sent] of rows) {
    const of = given.get(step) ?? new Set()
    given.set(step, of)
    for (const { shown, adjustments } of determined(sent).leg.lines) {
      if (shown.step !== step) continue
      for (const { carc, rarc } of adjustments) for (const code of [carc, ...rarc]) of.add(code)
    }
  }
  deepEqual([...given.keys()], Object.keys(reference), "the rows stand in the order of the steps")
  for (const [step, wanted] of Object.entries(reference))
    for (const code of wanted.split(" ")) ok(given.get(step)!.has(code), `${step} gives ${code}`)
})

test("every code that a row shows has plain words", () => {
  for (const [step, what, sent] of rows) {
    for (const { adjustments } of determined(sent).leg.lines) {
      for (const { carc, rarc } of adjustments) {
        ok(reasonText(carc) !== undefined, `${step} ${what}: ${carc}`)
        for (const code of rarc) ok(remarkText(code) !== undefined, `${step} ${what}: ${code}`)
      }
    }
  }
})

test("a line that is not paid moves no bucket, whatever stopped it", () => {
  for (const [step, what, sent] of rows) {
    const { leg } = determined(sent)
    if (leg.lines.some(({ status }) => status === "paid")) continue
    deepEqual(leg.differences, { buckets: [], events: [] }, `${step} ${what}`)
  }
})

test("a charge of nothing, where one is needed, leaves a finding, since it can leave no adjustment", () => {
  const { leg } = determined(one("NEEDY", { diagnoses: ["H401"], place: "11", charge: 0n }))
  deepEqual(leg.findings, [{ line: 1, step: "A2", clause: "1.1", code: "missing-fact", missing: "charge" }])
})

test("the earliest reason is shown, and what later gates find is kept in the order of the steps", () => {
  const sent = {
    ...one("WAITED", { modifiers: ["ZZ"] }),
    claim: { received: day + 91 },
    member: { coverFrom: day + 1, enrolled: day },
  }
  const { leg } = determined(sent)
  equal(told({ leg, trace: [] }), "denied PR-26, B1")
  deepEqual(
    leg.findings.map(({ step, clause, missing }) => [step, clause, missing]),
    [
      ["B3", "1.7", "CO-29"],
      ["C1", "1.3", "CO-182"],
      ["D3", "1.32", "PR-179"],
    ],
  )
})

test("all lines pass the claim's own gates before any comes to the others", () => {
  const { trace } = determined({ lines: [line("CUT"), line("EXAM"), line("PLAIN")] })
  const steps = trace.filter(({ step }) => step < "E").map(({ step }) => step[0] === "B")
  equal(steps.lastIndexOf(true) + 1, steps.indexOf(false))
})

const anyLine = fc.record({
  // An add-on that goes with any service is changed by any line beside it.
  code: fc.constantFrom(...Object.keys(codes).filter((code) => code !== "ANY")),
  unitsMilli: fc.constantFrom(500, 1000, 2000, 3000),
  modifiers: fc.constantFrom([], ["25"], ["59"], ["LT"], ["JW"]),
  offset: fc.integer({ min: 0, max: 3 }),
  tooth: fc.constantFrom(undefined, "1", "3"),
})
const linesOf = (items: readonly { readonly code: string; readonly offset: number }[]) =>
  items.map(({ offset, ...item }) => ({ ...item, from: day + offset, to: day + offset }))
const dentist = { ...dental, received: day + 9 }

test("a pended line has no money and says what it lacks, and no count is overdrawn", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 6 }), (items) => {
      const { leg } = determined({ lines: linesOf(items), claim: dentist })
      for (const { clause, change } of leg.differences.buckets) ok(change <= 2n, `${clause} ${change}`)
      for (const { status, adjustments, benefit, patient, number } of leg.lines) {
        if (status !== "pended") continue
        deepEqual([adjustments.length, benefit, patient], [0, 0n, 0n])
        ok(leg.findings.some((item) => item.line === number && item.code !== "also-refused"))
      }
    }),
    { numRuns: 150 },
  )
})

test("a line that pends, wherever it stands, leaves all others as they are without it", () => {
  const pending = fc.constantFrom(line("HOME"), line("BLUR"), line("COUNTED", { unitsMilli: 500 }))
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 5 }), fc.nat(5), pending, (items, at, extra) => {
      const lines = linesOf(items)
      const place = Math.min(at, lines.length)
      const without = determined({ lines, claim: dentist }).leg
      const within = determined({ lines: [...lines.slice(0, place), extra, ...lines.slice(place)], claim: dentist }).leg
      equal(within.lines[place]!.status, "pended")
      const others = within.lines.filter((_, i) => i !== place)
      deepEqual(
        others.map((item, i) => ({ ...item, number: i + 1 })),
        without.lines,
      )
      deepEqual(within.differences, without.differences)
    }),
    { numRuns: 150 },
  )
})
