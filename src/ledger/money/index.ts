/** Money in and out of the ledger. */
import type { TransactionType } from "../transaction.ts"
import { deposit, withdraw } from "./custody.ts"

export const moneyTransactions: readonly TransactionType[] = [deposit, withdraw]
