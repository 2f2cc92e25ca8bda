/** The cases beside an encoded plan: the federal example and one visit a clause, with the money the small model expects. */
import { decimalText } from "../amount.ts"
import { Clauses } from "./clauses.ts"
import type { Design, Service } from "./design.ts"
import { codes, type ExampleLine } from "./example.ts"
import { fullRooms, modelLine, modelLines, type Parts, perOf } from "./model.ts"

const charge = 20_000n

const codeOf = (service: Service) => codes.find(([, each]) => each === service)![0]
const sumOf = (parts: Parts) => parts.copay + parts.deductible + parts.coinsurance

interface Row {
  readonly name: string
  readonly facts?: string
  readonly buckets?: string
  readonly lines: readonly { readonly code: string; readonly amount: bigint }[]
  readonly patient: bigint
  readonly clauses: string
}

function rowText(date: string, row: Row): string {
  const lines = row.lines.map(({ code, amount }) => `${code} @${decimalText(amount)}`).join("; ")
  const total = row.lines.reduce((sum, { amount }) => sum + amount, 0n)
  const money = `${decimalText(total - row.patient)} | ${decimalText(row.patient)}`
  return `${row.name} | ${date} | ${row.facts ?? ""} | ${row.buckets ?? ""} | ${lines} | ${money} | ${row.clauses}\n`
}

/** A stay is billed by the hospital, with its day of admission. */
function factsOf(design: Design, service: Service, date: string): string {
  const per = perOf(service, design.shares.get(service)?.share.per)
  return per === "stay" ? `selfOnly, kind institutional, admitted ${date}` : "selfOnly"
}

/** With the deductible met, nothing is asked of those who are admitted. */
function admittedRow(design: Design, date: string, service: Service, clause: string, name: string): Row {
  return {
    name,
    facts: `selfOnly, inpatient, admitted ${date}`,
    buckets: design.deductible.person > 0n ? "left deductible 0.00" : "",
    lines: [{ code: codeOf(service), amount: charge }],
    patient: 0n,
    clauses: clause,
  }
}

/** A visit under a clause, on a year that has just begun and with the deductible met. */
function visitRows(design: Design, date: string, service: Service, clause: string, title: string): readonly Row[] {
  const visit = (name: string, buckets: string, change: (rooms: ReturnType<typeof fullRooms>) => void): Row => {
    const rooms = fullRooms(design)
    change(rooms)
    const patient = sumOf(modelLine(design, rooms, service, charge))
    const facts = factsOf(design, service, date)
    return { name, facts, buckets, lines: [{ code: codeOf(service), amount: charge }], patient, clauses: clause }
  }
  const none: string[] = []
  if (design.deductible.person > 0n) none.push("deductible 0.00")
  if (design.drug !== undefined && design.drug.deductible > 0n) none.push("drug-deductible 0.00")
  const hasFirst = design.shares.get(service)?.share.first !== undefined
  if (hasFirst) none.push("first-visits 0")
  const first = visit(`${title}, a new year`, hasFirst ? "left first-visits 0" : "", (rooms) => {
    rooms.first = 0n
  })
  if (none.length === 0) return [first]
  const met = visit(`${title}, deductible met`, `left ${none.join(", ")}`, (rooms) => {
    rooms.medical = 0n
    rooms.drug = 0n
    rooms.first = 0n
  })
  return [first, met]
}

function firstRow(design: Design, service: Service, clause: string, name: string): Row {
  const patient = sumOf(modelLine(design, fullRooms(design), service, charge))
  return { name, facts: "selfOnly", lines: [{ code: codeOf(service), amount: charge }], patient, clauses: clause }
}

function secondRow(design: Design, date: string): string {
  const { second } = design
  if (second === undefined) return ""
  const other: Design = {
    ...design,
    deductible: { person: second.deductible, family: 2n * second.deductible, rule: "embedded" },
    most: { person: second.most, family: 2n * second.most, rule: "embedded" },
    coinsurance: second.coinsurance,
    shares: new Map(),
  }
  const patient = sumOf(modelLine(other, fullRooms(other), "inpatient", 1_000_000n))
  const row: Row = {
    name: "a stay with the second group of providers",
    facts: "contract second",
    lines: [{ code: "INP", amount: 1_000_000n }],
    patient,
    clauses: "2.3 3.2 4.2",
  }
  return rowText(date, row)
}

/** The `.cases` text of a design. Every row's money is the model's, not the engine's. */
export function casesOf(design: Design, example: readonly ExampleLine[]): string {
  const date = `${design.year}-06-10`
  const rows: Row[] = [
    {
      name: "the federal fracture example on one day",
      facts: "selfOnly",
      lines: example,
      patient: sumOf(modelLines(design, example, "one day")),
      clauses: "2.1",
    },
    {
      name: "a claim that comes too late",
      facts: `received ${design.year + 2}-01-01`,
      lines: [{ code: "DME", amount: charge }],
      patient: 0n,
      clauses: "5.1",
    },
  ]
  if (design.most !== undefined)
    rows.push({
      name: "nothing left of the yearly limit",
      buckets: "left most-you-pay 0.00",
      lines: [{ code: "DME", amount: charge }],
      patient: 0n,
      clauses: "4.1",
    })
  for (const chapter of new Clauses(design).chapters()) {
    for (const { of, firstOf, waived, number, title } of chapter.list) {
      if (waived !== undefined) rows.push(admittedRow(design, date, waived, number, title))
      else if (firstOf !== undefined) rows.push(firstRow(design, firstOf, number, title))
      else if (of[0] !== undefined) rows.push(...visitRows(design, date, of[0], number, title))
      else if (title === "Medicine" && !design.shares.has("specialty"))
        rows.push(...visitRows(design, date, "specialty", number, title))
    }
  }
  return rows.map((row) => casesRow(date, row)).join("") + secondRow(design, date)
}

/** A claim that is late is refused whole: the provider bears it. */
function casesRow(date: string, row: Row): string {
  const late = row.facts?.startsWith("received") === true
  const text = rowText(date, row)
  return late ? text.replace(/\| \S+ \| 0\.00 \| 5\.1\n$/, "| 0.00 | 0.00 | 5.1\n") : text
}
