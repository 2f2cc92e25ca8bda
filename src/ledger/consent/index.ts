/** What patients and keepers of records put on the ledger about access: anchors of access logs. */
import type { TransactionType } from "../transaction.ts"
import { anchorLog, countedAnchor } from "./anchor-log.ts"

export const consentTransactions: readonly TransactionType[] = [anchorLog, countedAnchor]
