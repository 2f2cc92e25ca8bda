/** Why a receipt, or a proof of registers, is not good: a code that programs can tell apart, and a sentence for people. */
const sentences = {
  truncated: "The bytes end too soon: a part of the file is missing",
  "bad-encoding": "The bytes are not a file of this kind in its one canonical form",
  "other-chain": "It belongs to another chain than the one you trust",
  "transaction-malformed": "The transaction inside is not one that the ledger could have taken",
  "signature-forged": "A signature on the transaction is not good",
  "transaction-swapped": "The row that is proven does not show this transaction",
  "state-forged": "A row is not part of the state that the header commits to",
  "header-forged": "The header was not made by the validators it names",
  "commit-forged": "The votes are not for this header",
  "too-little-power": "No more than two thirds of the validators voted for this header",
  "validators-unknown":
    "Trust does not reach the validators that signed: they are not those of the genesis or their heirs",
  "handover-forged": "A change of validators is not signed by the set before it",
  "other-history": "It does not lead to the checkpoint that you trust",
} as const

export type FailureCode = keyof typeof sentences

export interface Failure {
  readonly code: FailureCode
  readonly message: string
}

export function fail(code: FailureCode): Failure {
  return { code, message: sentences[code] }
}
