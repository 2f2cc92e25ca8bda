/** The door of the ledger's rules: decode, apply a block, refuse in one vocabulary. Pure, synchronous, deterministic. */

export { decodeBatch, encodeBatch, sizeInBatch } from "./batch.ts"
export {
  applyBlock,
  type BlockClock,
  type BlockResult,
  checkTransaction,
  openBlock,
  type TransactionResult,
  type ValidatorUpdate,
} from "./block.ts"
export { type BodyOf, bodies, type TypeName, transactionPayload } from "./bodies.ts"
export { transactionTypes } from "./catalogue.ts"
export { type ChainNames, chainOf } from "./chain-names.ts"
export { type Action, type ActionFields, type ActionName, actionNumbers } from "./constitution/action.ts"
export {
  applyGenesis,
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  type GenesisRows,
  genesisHash,
} from "./constitution/genesis.ts"
export { type CarriedState, type SuccessorTerms, successorGenesis } from "./constitution/successor.ts"
export { type DecodedTransaction, decodeTransaction, type SignatureJob, verifyAll } from "./decode.ts"
export * from "./envelopes.ts"
export { scanInvariants } from "./invariants.ts"
export { isOnLadder, limits } from "./limits.ts"
export { MemoryState } from "./memory-state.ts"
export { type ParameterName, parameterInBounds, parameters } from "./parameters.ts"
export { newestProtocol, protocolAt } from "./protocol.ts"
export { isRejection, Rejection, type RejectionCode, type Remedy, reject, rejections } from "./rejection.ts"
export * from "./roles.ts"
export * from "./rows.ts"
export { type Change, openTables, type Table, type Tables } from "./state.ts"
export {
  type BlockContext,
  type Context,
  type Decision,
  type Definition,
  defineTransaction,
  type Place,
  type TransactionType,
} from "./transaction.ts"
export { type FactsBody, factsBody, factsStatementType } from "./visit/2-record.ts"
export { type VisitBody, visitBody, visitStatementType } from "./visit/4-settle.ts"
