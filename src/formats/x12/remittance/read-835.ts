/** The remittances of an 835, 4010A1 and 5010, as values: whole files, and one transaction (one payment) at a time. */
import { refuse } from "../../../base/refusal.ts"
import { type Answer, answer } from "../../answer.ts"
import { ElementValues } from "../syntax/element-values.ts"
import { element, placeIn, readInterchanges, type X12Interchange, type X12Segment } from "../syntax/syntax.ts"
import { type ClaimReading, openClaim, openLine, readIntoClaim } from "./read-835-claim.ts"
import type { ProviderLevel835, Reference835, Remittance835, RemittanceClaim835 } from "./remittance-835.ts"

const values: ElementValues = new ElementValues("835")

/** What the reader needs of a transaction. Segments may come from a stream; the first is ST, the last SE. */
export interface Transaction835 {
  readonly set: string
  readonly control: string
  readonly guide: string
  readonly segments: Iterable<X12Segment>
}

/** All remittances of a file; the first that cannot be read refuses the file. */
export function readRemittances835(bytes: Uint8Array): Answer<readonly Remittance835[]> {
  return answer(() => {
    const all = readInterchanges(bytes).flatMap((interchange) =>
      interchange.transactions.map((transaction) => read(transaction, interchange)),
    )
    if (all.length === 0) refuseOther("ST")
    return all
  })
}

/** The remittance of one transaction, or its refusal. */
export function remittanceOf835(
  transaction: Transaction835,
  interchange: Pick<X12Interchange, "control" | "component">,
): Answer<Remittance835> {
  return answer(() => read(transaction, interchange))
}

function refuseOther(place: string): never {
  const what = "Cannot read the file: a transaction in it is not an 835"
  return refuse("x12-not-835", what, place, "Send a remittance (835).")
}

/** What is known so far of the transaction being read. */
interface Reading {
  header: X12Segment | undefined
  bpr: X12Segment | undefined
  trn: X12Segment | undefined
  produced: X12Segment | undefined
  /** N1 of the payer and the payee, and the REF segments of each. */
  payer: X12Segment | undefined
  payee: X12Segment | undefined
  readonly payerReferences: Reference835[]
  readonly payeeReferences: Reference835[]
  references: Reference835[] | undefined
  claim: ClaimReading | undefined
  readonly claims: RemittanceClaim835[]
  readonly providerLevel: ProviderLevel835[]
}

/** @throws Refused for the first thing that cannot be read. */
function read(
  { set, control, guide, segments }: Transaction835,
  interchange: Pick<X12Interchange, "control" | "component">,
): Remittance835 {
  const reading: Reading = {
    ...{ header: undefined, bpr: undefined, trn: undefined, produced: undefined, payer: undefined, payee: undefined },
    ...{ payerReferences: [], payeeReferences: [], references: undefined, claim: undefined },
    ...{ claims: [], providerLevel: [] },
  }
  const split = (text: string) => (text.includes(interchange.component) ? text.split(interchange.component) : [text])
  for (const segment of segments) {
    if (reading.header === undefined) {
      reading.header = segment
      if (set !== "835") refuseOther(placeIn(segment, 1))
    } else readSegment(reading, segment, split)
  }
  if (reading.header === undefined) refuseOther("ST")
  closeClaim(reading)
  return finished(reading, { guide, interchangeControl: interchange.control, transactionControl: control })
}

function readSegment(reading: Reading, segment: X12Segment, split: (text: string) => readonly string[]): void {
  switch (segment.tag) {
    case "CLP":
      closeClaim(reading)
      reading.claim = openClaim(segment)
      return
    case "SVC":
      if (reading.claim === undefined) refuseOrphan(segment)
      openLine(reading.claim, segment, split)
      return
    case "LX":
    case "SE":
      closeClaim(reading)
      return
    case "PLB":
      closeClaim(reading)
      reading.providerLevel.push(...providerLevelOf(segment, split))
      return
  }
  if (reading.claim !== undefined) readIntoClaim(reading.claim, segment)
  else if (segment.tag === "CAS") refuseOrphan(segment)
  else readHeader(reading, segment)
}

function refuseOrphan(segment: X12Segment): never {
  const what = `Cannot read the 835: a ${segment.tag} segment stands outside its loop`
  return refuse("x12-order", what, placeIn(segment), "Ask the sender for a corrected file.")
}

function closeClaim(reading: Reading): void {
  if (reading.claim !== undefined) reading.claims.push(reading.claim.finished())
  reading.claim = undefined
}

function readHeader(reading: Reading, segment: X12Segment): void {
  const qualifier = element(segment, 1)
  if (segment.tag === "BPR") reading.bpr ??= segment
  else if (segment.tag === "TRN") reading.trn ??= segment
  else if (segment.tag === "DTM" && qualifier === "405") reading.produced ??= segment
  else if (segment.tag === "N1") {
    reading.references = qualifier === "PR" ? reading.payerReferences : reading.payeeReferences
    if (qualifier === "PR") reading.payer ??= segment
    if (qualifier === "PE") reading.payee ??= segment
  } else if (segment.tag === "REF") reading.references?.push({ qualifier, value: element(segment, 2) })
}

/** PLB03 and PLB04 are reason and amount; five more pairs may follow. */
function providerLevelOf(plb: X12Segment, split: (text: string) => readonly string[]): readonly ProviderLevel835[] {
  const rows: ProviderLevel835[] = []
  for (let number = 3; number < 14; number += 2) {
    const amount = values.amount(plb, number + 1)
    const [code = "", reference = ""] = split(element(plb, number))
    if (code === "" && amount === undefined) continue
    if (code === "") values.bad(plb, number, "a provider-level adjustment has no reason")
    if (amount === undefined) values.bad(plb, number + 1, "a provider-level adjustment has no amount")
    rows.push({ at: plb.line, provider: element(plb, 1), code, reference, amount })
  }
  return rows
}

function finished(
  reading: Reading,
  numbers: Pick<Remittance835, "guide" | "interchangeControl" | "transactionControl">,
): Remittance835 {
  const { header, payer, payee, payerReferences, payeeReferences, produced, claims, providerLevel } = reading
  const bpr = values.need(reading.bpr, "BPR (payment)", header!)
  const trn = values.need(reading.trn, "TRN (trace number)", bpr)
  const day = element(bpr, 16)
  const own = payerReferences.find(({ qualifier }) => qualifier === "2U")
  return {
    ...numbers,
    at: header!.line,
    paymentAt: bpr.line,
    paid: values.amount(bpr, 2) ?? 0n,
    isDebit: element(bpr, 3) === "D",
    method: element(bpr, 4),
    day: day === "" ? undefined : values.day(day, bpr, 16),
    trace: element(trn, 2),
    originator: element(trn, 3),
    produced: produced && values.day(element(produced, 2), produced, 2),
    payer: { name: element(payer, 2), id: element(payer, 4) || (own?.value ?? "") },
    payee: {
      name: element(payee, 2),
      qualifier: element(payee, 3),
      id: element(payee, 4),
      ...(payeeReferences.length === 0 ? {} : { references: payeeReferences }),
    },
    claims,
    providerLevel,
  }
}
