/** Every transaction type of every protocol version up to the newest, by the name that payloads carry. */
import { consentTransactions } from "./consent/index.ts"
import { constitutionTransactions } from "./constitution/index.ts"
import { moneyTransactions } from "./money/index.ts"
import { registryTransactions } from "./registry/index.ts"
import type { TransactionType } from "./transaction.ts"
import { visitTransactions } from "./visit/index.ts"

/** Old types stay for replay; a changed rule is a new type. */
export const transactionTypes: ReadonlyMap<string, TransactionType> = new Map(
  [
    ...registryTransactions,
    ...moneyTransactions,
    ...visitTransactions,
    ...consentTransactions,
    ...constitutionTransactions,
  ].map((type) => [type.type, type]),
)
