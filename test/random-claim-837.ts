import fc from "fast-check"
import type { Claim837, Line837, OtherPayer837, Party837 } from "../src/formats/x12/claim/claim-837.ts"
import { noParty } from "../src/formats/x12/claim/read-837-parties.ts"

const letters = fc.constantFrom(..."ABCXYZ0159")

const code = (most: number) => fc.string({ unit: letters, minLength: 1, maxLength: most })

const word = fc.constantFrom("SMITH", "O'HARA", "EYE CLINIC", "VEGA-RUIZ", "ST. ANNE")

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const money = fc.bigInt({ min: 0n, max: 10n ** 9n })

const signedMoney = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n })

const days = fc.integer({ min: 0, max: 25_000 })

const party: fc.Arbitrary<Party837> = fc
  .record({
    isPerson: fc.boolean(),
    last: word,
    first: fc.oneof(word, fc.constant("")),
    id: code(12),
    street: fc.array(word, { maxLength: 2 }),
    city: fc.constantFrom([], ["MIAMI", "FL", "33111"]),
    taxonomy: maybe(code(10)),
    references: fc.array(fc.record({ qualifier: fc.constantFrom("EI", "G2", "0B"), value: code(10) }), {
      maxLength: 2,
    }),
    suffix: maybe(fc.constant("JR")),
  })
  .map(({ suffix, ...rest }) => ({
    ...noParty,
    ...{ ...rest, qualifier: "XX", middle: "" },
    ...(suffix === undefined ? {} : { suffix }),
  }))

const adjustment = fc.record({
  group: fc.constantFrom("CO", "PR", "OA", "PI"),
  carc: fc.constantFrom("1", "2", "3", "45", "97"),
  amount: signedMoney,
  unitsMilli: maybe(fc.bigInt({ min: -9000n, max: 9000n })),
})

const adjustments = fc.array(adjustment, { maxLength: 9 })

const otherPayer: fc.Arbitrary<OtherPayer837> = fc
  .record({
    rank: fc.integer({ min: 1, max: 11 }),
    relation: fc.constantFrom("18", "01"),
    group: code(8),
    filing: fc.constantFrom("MB", "CI", "16"),
    payer: party.map((one) => ({ ...one, isPerson: false, taxonomy: undefined, references: [] })),
    subscriber: party.map((one) => ({ ...one, taxonomy: undefined })),
    paid: maybe(money),
    left: maybe(money),
    on: maybe(days),
    adjustments,
    control: maybe(code(12)),
  })
  .map((one) => ({ ...one, further: [["OI", "", "", "Y", "", "", "Y"]] as const }))

interface Drawn {
  readonly kind: Claim837["kind"]
  readonly diagnoses: readonly string[]
  readonly payers: readonly OtherPayer837[]
}

function lineArbitrary(number: number, { kind, diagnoses, payers }: Drawn): fc.Arbitrary<Line837> {
  const answer = fc
    .record({
      payer: fc.constantFrom("P9", ...payers.map((payer) => payer.payer.id)),
      ...{ paid: signedMoney, code: code(5), unitsMilli: fc.bigInt({ min: 1n, max: 99_000n }), adjustments },
      ...{ on: maybe(days), left: maybe(money) },
    })
    .map(({ left, ...rest }) => ({ ...rest, codeSystem: "HC", ...(left === undefined ? {} : { left }) }))
  const teeth = fc.array(
    fc.record({ tooth: code(2), surfaces: fc.array(fc.constantFrom("M", "O", "D"), { maxLength: 3 }) }),
    { maxLength: 3 },
  )
  return fc
    .record({
      ...{ code: code(5), charge: money, unitsMilli: fc.integer({ min: 1, max: 99_999 }) },
      modifiers: fc.uniqueArray(fc.constantFrom("25", "50", "LT", "RT", "59", "JW"), { maxLength: 4 }),
      from: days,
      length: fc.constantFrom(0, 0, 5),
      pointed: diagnoses.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...diagnoses), { maxLength: 4 }),
      ...{ drug: maybe(code(11)), control: maybe(code(20)), authorization: maybe(code(10)), rendering: maybe(party) },
      teeth: kind === "dental" ? teeth : fc.constant([]),
      revenue: fc.constantFrom("0120", "0450", "0636", "0360"),
      answers: fc.array(answer, { maxLength: 2 }),
      place: fc.constantFrom("11", "22"),
      isEmergency: fc.boolean(),
      uncovered: maybe(money),
      others: fc.array(party, { maxLength: 2 }),
    })
    .map(({ length, pointed, revenue, isEmergency, uncovered, others, ...rest }) => ({
      ...{ number, codeSystem: kind === "dental" ? "AD" : "HC", unit: "UN" },
      ...rest,
      to: rest.from + length,
      place: kind === "institutional" ? "11" : rest.place,
      revenue: kind === "institutional" ? revenue : undefined,
      diagnoses: kind === "institutional" ? diagnoses : pointed,
      ...(isEmergency && kind === "professional" ? { emergency: true as const } : {}),
      ...(uncovered !== undefined && kind === "institutional" ? { uncovered } : {}),
      ...(others.length === 0 ? {} : { parties: others.map((one) => ({ role: "DK", party: one })) }),
      further: [
        ["DTP", "471", "D8", "20260401"],
        ["NTE", "ADD", "AS ASKED"],
      ] as const,
    }))
}

export const claims: fc.Arbitrary<Claim837> = fc
  .record({
    kind: fc.constantFrom("professional", "institutional", "dental"),
    diagnoses: fc.uniqueArray(code(6), { maxLength: 12 }),
    payers: fc.array(otherPayer, { maxLength: 3 }),
  })
  .chain((drawn) =>
    fc
      .record({
        lines: fc
          .integer({ min: 1, max: 4 })
          .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => lineArbitrary(index + 1, drawn)))),
        ...{
          billing: party,
          payTo: maybe(party),
          rendering: maybe(party),
          referring: maybe(party),
          attending: maybe(party),
        },
        ...{ subscriber: party, patient: maybe(party), payer: party, born: days, sex: fc.constantFrom("F", "M") },
        ...{ control: code(20), frequency: fc.constantFrom(1, 7, 8), rank: fc.integer({ min: 1, max: 11 }) },
        ...{ admitted: maybe(days), drg: maybe(code(3)), authorization: maybe(code(10)), patientPaid: maybe(money) },
        procedures: fc.array(fc.record({ code: code(7), on: maybe(days) }), { maxLength: 14 }),
        isOld: fc.boolean(),
      })
      .map((rest) => claimFrom(drawn, rest)),
  )

type Rest = Pick<
  Claim837,
  "lines" | "billing" | "payTo" | "rendering" | "referring" | "attending" | "payer" | "control" | "frequency" | "rank"
> &
  Pick<Claim837, "admitted" | "drg" | "authorization" | "patientPaid" | "procedures"> & {
    readonly subscriber: Party837
    readonly patient: Party837 | undefined
    readonly born: number
    readonly sex: string
    readonly isOld: boolean
  }

function claimFrom({ kind, diagnoses, payers }: Drawn, rest: Rest): Claim837 {
  const { born, sex, isOld, subscriber, patient, ...kept } = rest
  const isBill = kind === "institutional"
  const person = (party: Party837) => ({ ...party, taxonomy: undefined, born, sex })
  return {
    ...{ ...kept, kind, diagnoses, guide: "", interchangeControl: "", transactionControl: "", at: 0, place: "11" },
    submitter: { ...noParty, last: "CLINIC", qualifier: "46", id: "S1" },
    receiver: { ...noParty, last: "PAYER", qualifier: "46", id: "R1" },
    original: rest.frequency === 1 ? undefined : "OLD",
    total: rest.lines.reduce((sum, line) => sum + line.charge, 0n),
    facility: undefined,
    subscriber: person(subscriber),
    patient: patient && person(patient),
    ...{ relation: patient === undefined ? "18" : "19", group: "G1", planName: "", filing: "CI" },
    payer: { ...rest.payer, taxonomy: undefined },
    otherPayers: payers,
    diagnosisSystem: diagnoses.length === 0 ? "" : isOld ? "BK" : "ABK",
    procedures: isBill ? rest.procedures : [],
    drg: isBill ? rest.drg : undefined,
    ...{ accident: false, workRelated: false, discharged: undefined, referral: undefined },
    emergency: isBill || rest.lines.some((line) => line.emergency === true),
    admission: isBill ? { type: "1", source: "7", status: "01" } : undefined,
    from: Math.min(...rest.lines.map((line) => line.from)),
    to: Math.max(...rest.lines.map((line) => line.to)),
    declarations: ["Y", "A", "Y", "Y"],
    further: [
      ["DTP", "439", "D8", "20260331"],
      ["PWK", "OZ", "BM"],
      ["NTE", "ADD", "A NOTE"],
    ],
  }
}
