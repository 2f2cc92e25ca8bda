/**
 * The clinic's bookkeeping: turns settled visits with one payer into one payment that reveals only the sum, replaces a
 * claim after an audit, and pays back the difference.
 */
import { compareBytes, equalBytes, toHex } from "../../base/bytes.ts"
import type { Value } from "../../base/cbor.ts"
import { refuse } from "../../base/refusal.ts"
import { decodeTransaction } from "../../ledger/decode.ts"
import { isRejection } from "../../ledger/rejection.ts"
import { decodeClaim } from "../../plan/claim.ts"
import { determinationDigest } from "../../plan/leg.ts"
import { addScalars, negateScalar } from "../../privacy/amounts.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { envelopeOf, payloadOf } from "../payload.ts"
import { addSignature, askPayer, askWallet } from "./claims.ts"
import { describe, priceVisit } from "./pricing.ts"
import { mustFind } from "./reception.ts"
import { buildStatement } from "./statement.ts"
import { allVisits, type FiledStatement, saveVisit, type VisitFile } from "./visit-file.ts"

/** A payment over fewer visits than this reveals more than a sum should. */
const fewestForPrivacy = 8
const mostLegs = 256

function statementOf(file: VisitFile, id: Uint8Array): FiledStatement {
  const found = file.statements.find((statement) => toHex(statement.id) === toHex(id))
  return (
    found ??
    refuse("no-statement", "Cannot find statement: not one of this visit", "statement", "Name one of this visit")
  )
}

/** The statement by which a settled visit's money stands now. */
function inForce(file: VisitFile): FiledStatement {
  const newest = file.latest ?? file.settled
  if (newest === undefined)
    return refuse("not-settled", "Cannot go on: the visit is not settled", "visit", "Settle it first")
  return statementOf(file, newest.statement)
}

/** Settled and not yet paid, with one payer, in the ledger's order of legs. */
function payable(node: NodeContext, payer: number): readonly VisitFile[] {
  return allVisits(node.work)
    .filter((file) => file.payer === payer && file.settled !== undefined && file.paid === undefined)
    .sort((a, b) => compareBytes(a.visit, b.visit))
    .slice(0, mostLegs)
}

function legsOf(files: readonly VisitFile[]): Value {
  return files.map((file) => [file.visit, file.held?.leg ?? 0])
}

async function pay(node: NodeContext, fields: Fields): Promise<unknown> {
  const payer = fields.organization("payer")
  const files = payable(node, payer)
  if (files.length === 0)
    refuse("nothing-settled", "Cannot pay: no settled visit waits for payment", "payer", "Settle one first")
  if (files.length < fewestForPrivacy && !fields.flag("few")) {
    refuse(
      "few-visits",
      `Cannot pay: ${files.length} visits would show too much of each`,
      "payer",
      `Wait for ${fewestForPrivacy}, or say few`,
    )
  }
  const openings = files.map((file) => inForce(file).opening)
  const total = openings.reduce((sum, { amount }) => sum + amount, 0n)
  const blinding = addScalars(...openings.map((opening) => opening.blinding))
  const payload = payloadOf(
    "pay/1",
    node.chain.hour + 12,
    payer,
    node.config.organization,
    legsOf(files),
    total,
    blinding,
  )
  const transaction = envelopeOf(payload, node.keys.sign("pay", "paid", node.chain.chainId, payload))
  const before = node.chain.tables().accounts.get({ org: payer })?.free ?? 0n
  const { height } = await node.chain.submit(transaction, "pay")
  for (const file of files) await saveVisit(node.work, { ...file, paid: transaction, paidFor: inForce(file).id })
  const receipt = await node.chain.receipt(transaction)
  await node.mail.send(payer, "proof", { receipt }, files[0]!.visit)
  const held = files.reduce((sum, file) => sum + (file.held?.amount ?? 0n), 0n)
  return {
    sum: total,
    visits: files.length,
    held,
    back: held - total,
    height,
    before,
    trace: idOf(node, transaction),
    receipt,
  }
}

/** The transaction's id: a payment's trace number. */
function idOf(node: NodeContext, transaction: Uint8Array): string {
  const decoded = decodeTransaction(node.chain.chainId, transaction)
  return isRejection(decoded) ? "" : toHex(decoded.id)
}

/** An audit's correction: the lines named leave the claim; the rest is determined anew on the old snapshot. */
async function replace(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const old = inForce(file)
  const remove = fields.integers("remove")
  const before = decodeClaim(old.claim)
  const lines = before.lines.filter((line) => !remove.includes(line.number))
  if (lines.length === 0)
    refuse("nothing-left", "Cannot replace claim: no line would be left", "remove", "Void the claim instead")
  const options = { frequency: 7, original: toHex(old.id), originalReceived: before.received } as const
  const priced = await priceVisit(node, file, lines, "claim", options)
  const unsigned = buildStatement(node, old.facts, priced, { voucher: file.voucher!, supersedes: old.id })
  const statement = { ...unsigned, factsSignatures: old.factsSignatures }
  const saved = { ...file, lines, statements: [...file.statements, statement] }
  await saveVisit(node.work, saved)
  const billed = node.keys.sign("bill", "billed", node.chain.chainId, statement.payload)
  const signed = await addSignature(node, saved, statement.id, { meaning: "billed", ...billed })
  await askPayer(node, signed.file, signed.statement)
  await askWallet(node, signed.file, signed.statement)
  return {
    ...(describe(priced) as object),
    statement: statement.id,
    recovered: old.plan - statement.plan,
    determination: determinationDigest(statement.determination),
  }
}

/** Pays back what a replaced claim was paid too much. */
async function refund(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  if (file.paidFor === undefined)
    return refuse("not-paid", "Cannot refund: the visit is not paid", "visit", "Pay it first")
  const [old, now] = [statementOf(file, file.paidFor), inForce(file)]
  if (equalBytes(old.id, now.id))
    refuse(
      "nothing-replaced",
      "Cannot refund: nothing was replaced since the payment",
      "visit",
      "Replace the claim first",
    )
  const amount = old.opening.amount - now.opening.amount
  const blinding = addScalars(old.opening.blinding, negateScalar(now.opening.blinding))
  const payload = payloadOf(
    "refund/1",
    node.chain.hour + 12,
    file.payer,
    node.config.organization,
    legsOf([file]),
    amount,
    blinding,
  )
  const transaction = envelopeOf(payload, node.keys.sign("pay", "refunded", node.chain.chainId, payload))
  const { height } = await node.chain.submit(transaction, "refund")
  await saveVisit(node.work, { ...mustFind(node, fields), paidFor: now.id })
  return { amount, height, trace: idOf(node, transaction), transaction }
}

/** The patient's own share, taken at the desk: a signed receipt for her. */
async function collect(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const amount = fields.amount("amount")
  const { chainId, hour } = node.chain
  const payload = payloadOf("desk-receipt/1", hour, file.visit, node.config.organization, amount, node.chain.seconds)
  return { amount, receipt: toHex(envelopeOf(payload, node.keys.sign("pay", "paid", chainId, payload))) }
}

async function cancel(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const { held } = file
  if (held === undefined) return refuse("not-held", "Cannot cancel: nothing is held", "visit", "Hold first")
  const payload = payloadOf("cancel/1", node.chain.hour + 12, file.visit, node.config.organization, held.leg)
  const transaction = envelopeOf(payload, node.keys.sign("hold", "cancelled", node.chain.chainId, payload))
  const { height } = await node.chain.submit(transaction, "cancel")
  await saveVisit(node.work, { ...mustFind(node, fields), held: undefined })
  return { height }
}

export function paymentOperations(node: NodeContext): Operations {
  return {
    pay: (fields) => pay(node, fields),
    replace: (fields) => replace(node, fields),
    refund: (fields) => refund(node, fields),
    collect: (fields) => collect(node, fields),
    cancel: (fields) => cancel(node, fields),
  }
}
