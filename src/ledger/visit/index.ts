/** Every transaction type of a visit, in the order of its stages. */
import type { TransactionType } from "../transaction.ts"
import { cancel, expire, hold, topUp, voidVoucher } from "./1-hold.ts"
import { factsStatement } from "./2-record.ts"
import { visitStatement } from "./4-settle.ts"
import { contest, deliver, elapse, rule } from "./5-dispute.ts"
import { pay, refund, voidStatement } from "./6-payment.ts"

export const visitTransactions: readonly TransactionType[] = [
  voidVoucher,
  hold,
  topUp,
  cancel,
  expire,
  factsStatement,
  visitStatement,
  deliver,
  elapse,
  contest,
  rule,
  pay,
  refund,
  voidStatement,
]
