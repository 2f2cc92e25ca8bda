/** The outcomes of steps A2 to B5: what is asked of a claim as a whole; one row an outcome, in the order of the source. */
import {
  answer,
  day,
  decision,
  dental,
  event,
  hospital,
  line,
  one,
  type Row,
  secondary,
  stay,
  year,
} from "./gates-plan.ts"

export const claimRows: readonly Row[] = [
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
]
