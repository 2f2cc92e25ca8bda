/** How the community changes itself: proposals and ballots over a closed set of actions. */
import type { TransactionType } from "../transaction.ts"
import { ballot, propose } from "./proposals.ts"

export const constitutionTransactions: readonly TransactionType[] = [propose, ballot]
