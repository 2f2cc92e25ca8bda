/** Who may act: keys, practitioners and their licences, published plans. */
import type { TransactionType } from "../transaction.ts"
import { registerKey, revokeKey, rotateKey } from "./keys.ts"
import { publishPlan, retirePlan } from "./plans.ts"
import { enrolPractitioner, setLicenceStatus } from "./practitioners.ts"

export const registryTransactions: readonly TransactionType[] = [
  registerKey,
  rotateKey,
  revokeKey,
  enrolPractitioner,
  setLicenceStatus,
  publishPlan,
  retirePlan,
]
