/** Which desks an organization of a kind has, and which letters it reads: the table of contents of a node. */
import { accessLogOperations } from "./access-log-desk.ts"
import { constitutionOperations } from "./constitution-desk.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { exitOperations } from "./exit/exit-desk.ts"
import { ledgerOperations } from "./ledger-desk.ts"
import { agreementOperations, receiveBundles } from "./payer/agreement.ts"
import { clauseOperations } from "./payer/clause-counts.ts"
import { mandateOperations } from "./payer/mandate.ts"
import { memberOperations, receiveMemberLetters } from "./payer/members.ts"
import { receiveProofs, remittanceOperations } from "./payer/remittance.ts"
import { goOnAfterMove } from "./provider/after-move.ts"
import { claimOperations, receiveClaimLetters } from "./provider/claims.ts"
import { paymentOperations } from "./provider/payments.ts"
import { practitionerOperations } from "./provider/practitioners.ts"
import { receptionOperations } from "./provider/reception.ts"
import { historyOperations } from "./provider/record-history.ts"
import { recordingOperations } from "./provider/recording.ts"
import { recordsOperations } from "./provider/records-room.ts"
import { registryOperations } from "./registry-desk.ts"
import { receiveOpenedVisits } from "./regulator/opened-visit.ts"
import { recheckOperations } from "./regulator/recheck.ts"
import { keyOperations } from "./rotation/key-desk.ts"
import { receiveNotices, tellOn } from "./rotation/notices.ts"
import { witnessOperations } from "./witness.ts"

function ofKind(node: NodeContext): Operations {
  switch (node.config.kind) {
    case "provider":
      return {
        ...practitionerOperations(node),
        ...receptionOperations(node),
        ...recordingOperations(node),
        ...historyOperations(node),
        ...recordsOperations(node),
        ...claimOperations(node),
        ...paymentOperations(node),
      }
    case "payer":
      return {
        ...memberOperations(node),
        ...agreementOperations(node),
        ...clauseOperations(node),
        ...remittanceOperations(node),
        ...mandateOperations(node),
      }
    case "regulator":
      return { ...witnessOperations(node), ...recheckOperations(node) }
    case "arbiter":
    case "patient-association":
      return witnessOperations(node)
    default:
      return {}
  }
}

export function operationsOf(node: NodeContext): Operations {
  return {
    ...ledgerOperations(node),
    ...accessLogOperations(node),
    ...registryOperations(node),
    ...constitutionOperations(node),
    ...keyOperations(node),
    ...exitOperations(node),
    ...ofKind(node),
  }
}

/** What an organization takes up again by itself at a start, and when its chain has moved. */
export async function goOn(node: NodeContext): Promise<void> {
  await tellOn(node)
  if (node.config.kind === "provider") await goOnAfterMove(node)
}

export function receiveLetters(node: NodeContext): void {
  receiveNotices(node)
  if (node.config.kind === "provider") receiveClaimLetters(node)
  if (node.config.kind === "payer") {
    receiveMemberLetters(node)
    receiveBundles(node)
    receiveProofs(node)
  }
  if (node.config.kind === "regulator") receiveOpenedVisits(node)
}
