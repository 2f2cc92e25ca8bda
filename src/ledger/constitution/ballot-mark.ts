/**
 * Where an applied ballot is found again. Signatures do not enter a transaction's id and a ballot does not name its
 * voter, so two organizations that vote alike send transactions of one id: the voting key tells them apart.
 */
import { digest } from "../../base/digest.ts"

/** What a ballot leaves among the applied ids: digest("ballot", transaction id, voting key). */
export function ballotMark(transaction: Uint8Array, key: Uint8Array): Uint8Array {
  return digest("ballot", transaction, key)
}
