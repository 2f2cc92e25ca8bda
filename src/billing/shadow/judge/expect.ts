/** What a line should have been allowed: by contract (rates, or a published plan), or by what the payer usually allows. */

import type { PayerName } from "../intake/payer.ts"
import type { SentLine } from "../intake/sent.ts"
import type { Account } from "../match/account.ts"
import { type Inferred, inferredAllowed, type UsualPrices } from "./inferred.ts"
import { allowedBy, type Rates } from "./rates.ts"

export type Expectation =
  | { readonly by: "contract"; readonly allowed: bigint; readonly source: string }
  | { readonly by: "inferred"; readonly allowed: bigint; readonly source: string; readonly usual: Inferred }
  | { readonly by: "nothing"; readonly source: string }

export interface Knowledge {
  readonly rates: Rates | undefined
  readonly usual: UsualPrices
}

/** Contract before inference, and nothing rather than a guess. `payer` is who answered, else whom the claim was sent to. */
export function expectationOf(account: Account, line: SentLine, payer: PayerName, knowledge: Knowledge): Expectation {
  const { rates, usual } = knowledge
  const { code, modifiers, place, unitsMilli, from: on, charge, planned } = line
  const rank1 = account.claim.payer
  const payers =
    payer === rank1 || payer.tokens.length === 0 ? rank1.tokens : [...payer.tokens, ...ownTokens(account, payer)]
  const rate = rates?.find({ payers, code, modifiers, place, on, unitsMilli })
  if (rate !== undefined) {
    return { by: "contract", allowed: allowedBy(rate, charge, unitsMilli), source: `contract: rates line ${rate.line}` }
  }
  if (planned !== undefined && planned.says !== "not-checkable") {
    const what = planned.says === "allows" ? "" : " does not pay it"
    return { by: "contract", allowed: planned.allowed, source: `contract: plan clause ${planned.clause}${what}` }
  }
  const found = usual.find({ payer: payer.key, code, modifiers, on })
  if (found !== undefined) {
    const source = `inferred: ${found.by} of n=${found.n}`
    return { by: "inferred", allowed: inferredAllowed(found, charge, unitsMilli), source, usual: found }
  }
  if (planned !== undefined) return { by: "nothing", source: `not checkable: plan waits for ${planned.reason}` }
  return { by: "nothing", source: `not checkable: no rate for ${code === "" ? "the claim" : "payer, code and day"}` }
}

/** The claim's own names of its payer hold for the first payer's answer alone: a second payer has a contract of its own. */
function ownTokens(account: Account, payer: PayerName): readonly string[] {
  const first = account.answers.find(({ answer }) => answer.status === "1" || answer.status === "19")
  const isFirst = first === undefined || first.answer.payment.payer.key === payer.key
  return isFirst ? account.claim.payer.tokens : []
}
