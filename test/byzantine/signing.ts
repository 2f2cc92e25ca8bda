/** Transactions of the example community, signed for the present hour: a chain on CometBFT takes the real clock's time. */
import { randomBytes } from "node:crypto"
import { by, custodian, type Order, payer } from "../../src/ledger/example-chain.ts"
import { type PresignedVisit, presignVisit, signDraft } from "../../src/ledger/visit/drafts.ts"

export const thisHour = (): number => Math.floor(Date.now() / 3_600_000)

export function signed(type: string, body: object, orders: readonly Order[], chain?: string): Uint8Array {
  return signDraft({ type, body, orders, expiry: thisHour() + 12 }, chain)
}

const custodianSigns = [by(custodian, "custody", "deposited")]

/** Money for an organization; each call another transaction. `orders` and `chain` as the custodian's on this chain. */
export function signedDeposit(
  org: number = payer,
  { orders = custodianSigns, chain }: { readonly orders?: readonly Order[]; readonly chain?: string } = {},
): Uint8Array {
  const reference = new Uint8Array(randomBytes(32))
  return signed("deposit/1", { custodian, org, amount: 100_000_00n, reference }, orders, chain)
}

let visits = 0

/** A visit that nobody has heard of yet, as `hold` and `settle`. */
export function signedVisit(from: number = payer): PresignedVisit {
  return presignVisit(`byzantine visit ${visits++}`, { hour: thisHour(), payer: from })
}
