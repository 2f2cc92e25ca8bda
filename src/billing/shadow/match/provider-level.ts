/**
 * Amounts at provider level (PLB): each is tied to a claim by its reference or by its amount, or marked untied with the
 * reason. An amount above zero reduces the payment.
 */
import type { ProviderLevel835 } from "../../../formats/x12/remittance/remittance-835.ts"
import { type AnsweredClaim, isReversal, type Payment } from "../intake/answered.ts"
import { type Account, netPaid } from "./account.ts"

export interface ProviderAmount extends ProviderLevel835 {
  readonly payment: Payment
}

export interface TiedAmount {
  readonly item: ProviderAmount
  readonly words: string
  /** By what it is tied; undefined: untied. */
  readonly tie: string | undefined
  /** Why nothing could tie it; empty when it is tied. */
  readonly untied: string
  readonly answer: AnsweredClaim | undefined
  readonly account: Account | undefined
  /** Money was taken for a claim of which no file holds a reversal: the worklist shows it. */
  readonly isTakeback: boolean
}

const words: Readonly<Record<string, string>> = {
  "50": "late charge for filing",
  "51": "interest penalty",
  "72": "money the practice gave back, as agreed",
  "90": "early payment allowance",
  AH: "origination fee",
  AM: "applied to what the practice borrowed",
  AP: "an advance is paid back",
  B2: "rebate",
  B3: "allowance recovered",
  BD: "bad debt adjustment",
  BN: "bonus",
  C5: "temporary allowance",
  CR: "capitation interest",
  CS: "adjustment of the provider's account",
  CT: "capitation payment",
  CV: "capital passed through",
  CW: "anaesthetist's cost passed through",
  DM: "medical education passed through",
  E3: "withheld",
  FB: "balance carried forward to or from another payment",
  FC: "fund allocation",
  GO: "graduate medical education passed through",
  HM: "haemophilia clotting factor supplement",
  IP: "incentive payment",
  IR: "withheld for the tax office",
  IS: "interim settlement",
  J1: "not reimbursed",
  L3: "penalty",
  L6: "interest for late payment",
  LE: "levy by an authority",
  LS: "lump sum",
  OA: "organ acquisition passed through",
  OB: "affiliate's offset",
  PI: "periodic interim payment",
  PL: "final settlement",
  RA: "retro-activity adjustment",
  RE: "return on equity",
  SL: "student loan repayment",
  TL: "third-party liability",
  WO: "overpayment taken back",
  WU: "overpayment of a claim taken back that was not named before",
}
/** Amounts that belong to a contract, an authority or a period, never to one claim. */
const ofNoClaim: ReadonlySet<string> = new Set("BN CR CT CV CW DM E3 GO HM IP IR IS LE LS OA PI PL RE SL".split(" "))
const recoveries: ReadonlySet<string> = new Set(["WO", "WU", "B3"])

const size = (amount: bigint) => (amount < 0n ? -amount : amount)

interface Place {
  readonly account: Account
  readonly answer: AnsweredClaim
}

/** Ties all amounts of all remittances. */
export function tieAmounts(items: readonly ProviderAmount[], accounts: readonly Account[]): readonly TiedAmount[] {
  const byReference = new Map<string, Place>()
  const reversals: Place[] = []
  const withInterest = new Map<Payment, Place[]>()
  const wanted = new Set(items.flatMap(referencesOf))
  for (const account of accounts) {
    for (const { answer } of account.answers) {
      const place = { account, answer }
      for (const name of [answer.payerControl, answer.control])
        if (wanted.has(name) && !byReference.has(name)) byReference.set(name, place)
      if (isReversal(answer)) reversals.push(place)
      if (answer.interest !== 0n) withInterest.set(answer.payment, [...(withInterest.get(answer.payment) ?? []), place])
    }
  }
  return items.map((item) => tieOne(item, items, { byReference, reversals, withInterest }))
}

interface Indexes {
  readonly byReference: ReadonlyMap<string, Place>
  readonly reversals: readonly Place[]
  readonly withInterest: ReadonlyMap<Payment, readonly Place[]>
}

/** The reference itself and its words: payers put claim number, date and account into one element. */
function referencesOf({ reference }: ProviderAmount): readonly string[] {
  const parts = reference.split(/[^A-Za-z0-9-]+/).filter((part) => part.length > 3)
  return [...new Set([reference.trim(), ...parts])].filter((part) => part !== "")
}

function tieOne(item: ProviderAmount, all: readonly ProviderAmount[], indexes: Indexes): TiedAmount {
  const meaning = words[item.code] ?? "no words here for this code"
  const plain = { item, words: meaning, answer: undefined, account: undefined, isTakeback: false }
  const tied = (by: string, place: Place): TiedAmount => ({
    ...{ item, words: meaning, tie: by, untied: "", ...place },
    isTakeback: isTakeback(item, place),
  })
  for (const reference of referencesOf(item)) {
    const place = indexes.byReference.get(reference)
    if (place !== undefined) return tied("reference", place)
  }
  if (item.code === "L6") {
    const tie = tieInterest(item, indexes, tied)
    return tie ?? { ...plain, tie: undefined, untied: "no claim of this payment shows this interest (AMT*I)" }
  }
  if (ofNoClaim.has(item.code)) return { ...plain, tie: undefined, untied: "of its kind it belongs to no single claim" }
  const reversal = reversalOf(item, indexes.reversals)
  if (reversal !== undefined) return tied("amount of a reversal", reversal)
  const other = all.find(
    (one) => one !== item && one.amount === -item.amount && one.reference === item.reference && isSamePayer(one, item),
  )
  if (other !== undefined) {
    return { ...plain, tie: `the opposite amount in the payment ${other.payment.trace}`, untied: "" }
  }
  const untied = "no claim bears its reference, and no single reversal its amount"
  return { ...plain, tie: undefined, untied, isTakeback: recoveries.has(item.code) && item.amount > 0n }
}

const isSamePayer = (a: ProviderAmount, b: ProviderAmount) => a.payment.payer.key === b.payment.payer.key

function tieInterest(
  item: ProviderAmount,
  { withInterest }: Indexes,
  tied: (by: string, place: Place) => TiedAmount,
): TiedAmount | undefined {
  const places = withInterest.get(item.payment) ?? []
  const same = places.filter(({ answer }) => answer.interest === -item.amount)
  if (same.length === 1) return tied("amount of the claim's interest", same[0]!)
  const total = places.reduce((sum, { answer }) => sum + answer.interest, 0n)
  if (places.length > 0 && total === -item.amount) return tied(`interest of ${places.length} claims`, places[0]!)
  return undefined
}

/** One reversal of this amount in the same payment, else one from the same payer. */
function reversalOf(item: ProviderAmount, reversals: readonly Place[]): Place | undefined {
  const same = reversals.filter(({ answer }) => size(answer.paid) === size(item.amount))
  const inPayment = same.filter(({ answer }) => answer.payment === item.payment)
  if (inPayment.length > 0) return inPayment.length === 1 ? inPayment[0] : undefined
  const ofPayer = same.filter(({ answer }) => answer.payment.payer.key === item.payment.payer.key)
  return ofPayer.length === 1 ? ofPayer[0] : undefined
}

/** Money taken for a claim that the files still show as paid. */
function isTakeback(item: ProviderAmount, { account }: Place): boolean {
  if (!recoveries.has(item.code) || item.amount <= 0n) return false
  const isReversed = account.answers.some(({ kind }) => kind === "reversal")
  return !isReversed && netPaid(account) > 0n
}
