/** One file of claims or remittances: what shadow mode keeps of it. What one claim lacks takes only that claim. */
import { dayNumber } from "../../../base/time.ts"
import { isRefusal } from "../../../formats/answer.ts"
import type { Claim837 } from "../../../formats/x12/claim/claim-837.ts"
import { claimsOf837 } from "../../../formats/x12/claim/read-837-claims.ts"
import { balanceOf } from "../../../formats/x12/remittance/balance-835.ts"
import { remittanceOf835 } from "../../../formats/x12/remittance/read-835.ts"
import type { X12Segment } from "../../../formats/x12/syntax/segment.ts"
import type { TransactionHeader } from "../../../formats/x12/syntax/transactions.ts"
import type { KnownFacts } from "../judge/known.ts"
import type { ProviderAmount } from "../match/provider-level.ts"
import { type AnsweredClaim, answeredClaim, type Payment, paymentOf } from "./answered.ts"
import { type FileProblem, FileTransactions, otherSet, type TellProblem } from "./file-transactions.ts"
import type { Payers } from "./payer.ts"
import { type PlannedLine, type SentClaim, sentClaim } from "./sent.ts"
import type { Texts } from "./texts.ts"

/** One remittance as the balance page shows it. */
export interface BalancedPayment {
  readonly payment: Payment
  readonly claims: number
  readonly lines: number
  readonly claimsPaid: bigint
  readonly providerLevel: bigint
  readonly imbalances: ReturnType<typeof balanceOf>["imbalances"]
}

/** What a file gave, once it has ended. */
export interface FileContent {
  readonly claims: readonly SentClaim[]
  readonly answers: readonly AnsweredClaim[]
  readonly payments: readonly BalancedPayment[]
  readonly amounts: readonly ProviderAmount[]
  readonly problems: readonly FileProblem[]
}

export interface Intake {
  push(chunk: Uint8Array): void
  end(): FileContent
}

export interface IntakeOptions {
  readonly texts: Texts
  readonly payers: Payers
  readonly known: KnownFacts
  /** What the published plan says of each line; empty where it does not speak of the claim. */
  planned(claim: Claim837): readonly (PlannedLine | undefined)[]
}

interface Taken {
  readonly claims: readonly SentClaim[]
  readonly answers: readonly AnsweredClaim[]
  readonly payments: readonly BalancedPayment[]
  readonly amounts: readonly ProviderAmount[]
}

/** Begins to read a file; `file` is its number from 1. */
export function openIntake(file: number, options: IntakeOptions): Intake {
  const transactions = new FileTransactions<Taken>(file, (header, segments, tell) => {
    if (header.set === "837") return takenClaims(header, segments, tell, file, options)
    if (header.set === "835") return takenRemittance(header, segments, tell, file, options)
    tell(otherSet(header, "claims (837) or a remittance (835)"), "transaction")
    return undefined
  })
  return {
    push: (chunk) => transactions.push(chunk),
    end() {
      const { values, problems } = transactions.end()
      return {
        claims: values.flatMap(({ claims }) => claims),
        answers: values.flatMap(({ answers }) => answers),
        payments: values.flatMap(({ payments }) => payments),
        amounts: values.flatMap(({ amounts }) => amounts),
        problems,
      }
    },
  }
}

function takenClaims(
  header: TransactionHeader,
  segments: readonly X12Segment[],
  tell: TellProblem,
  file: number,
  options: IntakeOptions,
): Taken {
  const { control, separators, date } = header.group.interchange
  const claims: SentClaim[] = []
  for (const found of claimsOf837({ ...header, segments }, { control, component: separators.component })) {
    if ("refusal" in found) {
      tell(found.refusal, found.control === undefined ? "transaction" : "claim")
      continue
    }
    const place = { file, transaction: header.ordinal, ordinal: claims.length }
    options.known.learn(found.claim, place)
    const from = { place, sent: dayOfInterchange(date) }
    claims.push(sentClaim(found.claim, from, options, options.planned(found.claim)))
  }
  return { claims, answers: [], payments: [], amounts: [] }
}

/** ISA09 is YYMMDD. */
function dayOfInterchange(date: string): number | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(date)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  return dayNumber(year < 70 ? 2000 + year : 1900 + year, month, day)
}

function takenRemittance(
  header: TransactionHeader,
  segments: readonly X12Segment[],
  tell: TellProblem,
  file: number,
  keep: IntakeOptions,
): Taken | undefined {
  const { control, separators } = header.group.interchange
  const remittance = remittanceOf835({ ...header, segments }, { control, component: separators.component })
  if (isRefusal(remittance)) {
    tell(remittance, "transaction")
    return undefined
  }
  const payment = paymentOf(remittance, file, keep)
  const balance = balanceOf(remittance)
  const balanced: BalancedPayment = {
    payment,
    claims: balance.claims,
    lines: balance.lines,
    claimsPaid: remittance.claims.reduce((sum, { paid }) => sum + paid, 0n),
    providerLevel: remittance.providerLevel.reduce((sum, { amount }) => sum + amount, 0n),
    imbalances: balance.imbalances,
  }
  return {
    claims: [],
    answers: remittance.claims.map((claim) => answeredClaim(claim, payment, keep)),
    payments: [balanced],
    amounts: remittance.providerLevel.map(({ at, provider, code, reference, amount }) => ({
      ...{ at, amount, payment },
      provider: keep.texts.word(provider),
      code: keep.texts.word(code),
      reference: keep.texts.own(reference),
    })),
  }
}
