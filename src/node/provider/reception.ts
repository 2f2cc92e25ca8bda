/**
 * The clinic's front desk: takes the visit address, quotes, and holds the money. The quote is the output of the same
 * function that will settle, on the snapshot the voucher stands on.
 */
import { toUtf8 } from "#crypto"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { EncodingError } from "../../base/cbor.ts"
import { decodeEnvelope, encodeEnvelope } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { decodeAs } from "../../base/schema.ts"
import { decodePayload, Refused as LedgerRefused, voucherBody, voucherType } from "../../ledger/envelopes.ts"
import { decodeTerms, termsDigest } from "../../ledger/terms.ts"
import {
  type AddressContent,
  addressContent,
  addressInfo,
  type VisitAddress,
  visitAddress,
} from "../../record/visit-address.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { openForNode } from "../open-sealed.ts"
import { payloadOf, readPayload, sameBytes } from "../payload.ts"
import { circumstancesOf, linesOf } from "./lines.ts"
import { describe, priceVisit } from "./pricing.ts"
import { findVisit, saveVisit, type VisitFile } from "./visit-file.ts"

export function mustFind(node: NodeContext, fields: Fields): VisitFile {
  const file = findVisit(node.work, fields.bytes("visit", 32))
  return (
    file ?? refuse("visit-unknown", "Cannot go on: no such visit at this desk", "visit", "Take the visit address first")
  )
}

/** Opens a visit address that was shown at this desk. */
async function openVisit(node: NodeContext, fields: Fields): Promise<unknown> {
  const address = readAddress(fields)
  if (address.provider !== node.config.organization) {
    refuse(
      "address-not-mine",
      "Cannot take visit address: it is for another provider",
      "address",
      "Show one for this desk",
    )
  }
  const opened = await openForNode(node.keys, toUtf8(addressInfo), address.sealed)
  if (opened === undefined) {
    return refuse(
      "address-closed",
      "Cannot take visit address: it is not sealed to this provider",
      "address",
      "Show one for this desk",
    )
  }
  refuseUnderWay(node, address.visit)
  const { content, payer } = readOpened(address, opened)
  const file: VisitFile = {
    visit: address.visit,
    address: content,
    voucher: address.voucher,
    practitioner: fields.bytes("practitioner", 32),
    payer,
    ...(fields.has("circumstances") ? { circumstances: circumstancesOf(fields.object("circumstances")) } : {}),
    planned: [],
    quote: undefined,
    held: undefined,
    planDigest: content.terms === undefined ? undefined : decodeTerms(content.terms).plan,
    entries: [],
    recordRoot: undefined,
    facts: [],
    lines: [],
    heldLines: [],
    statements: [],
    settled: undefined,
    paid: undefined,
  }
  await saveVisit(node.work, file)
  return { visit: toHex(address.visit), payer }
}

const badAddress = (): never =>
  refuse("address-bad", "Cannot take visit address: it is not one that reads", "address", "Show a fresh address")

function readAddress(fields: Fields): VisitAddress {
  const bytes = fields.bytes("address")
  try {
    return decodeAs(visitAddress, bytes)
  } catch (error) {
    if (error instanceof EncodingError) return badAddress()
    throw error
  }
}

function readOpened(address: VisitAddress, opened: Uint8Array): { content: AddressContent; payer: number } {
  try {
    const content = decodeAs(addressContent, opened)
    const payer = address.voucher === undefined ? 0 : checkVoucher(address.visit, address.voucher, content.terms)
    return { content, payer }
  } catch (error) {
    if (error instanceof EncodingError || error instanceof LedgerRefused) return badAddress()
    throw error
  }
}

/** An address shown once more must not wipe out what stands on it. */
function refuseUnderWay(node: NodeContext, visit: Uint8Array): void {
  const known = findVisit(node.work, visit)
  if (known === undefined) return
  const { held, entries, statements } = known
  if (held !== undefined || entries.length > 0 || statements.length > 0)
    refuse("visit-open", "Cannot take visit address: its visit is under way here", "address", "Go on with the visit")
}

/** The voucher must be for this very key and hide these very terms. Gives the payer's number. */
function checkVoucher(visit: Uint8Array, voucher: Uint8Array, terms: Uint8Array | undefined): number {
  const { body } = decodePayload(voucherType, voucherBody, decodeEnvelope(voucher, 1).payload)
  const opens = terms !== undefined && equalBytes(termsDigest(decodeTerms(terms)), body.terms)
  if (!opens || !equalBytes(body.V, visit)) {
    refuse(
      "voucher-false",
      "Cannot take visit address: its voucher is for another key or hides other terms",
      "voucher",
      "Show a fresh address",
    )
  }
  return body.payer
}

async function quote(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const planned = linesOf(fields)
  const priced = await priceVisit(node, file, planned, "quote")
  await saveVisit(node.work, {
    ...file,
    planned,
    quote: { plan: priced.leg.totals.benefit, patient: priced.leg.totals.patient },
  })
  return describe(priced)
}

/** First half of `hold`: the payload, for V to sign beside this desk. */
async function prepareHold(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  if (file.voucher === undefined)
    return refuse("no-cover", "Cannot hold: the visit has no voucher", "visit", "Bill the patient")
  const amount = fields.amount("amount")
  const payload = payloadOf(
    "hold/1",
    node.chain.hour + 12,
    file.visit,
    node.config.organization,
    amount,
    file.voucher,
    undefined,
  )
  return { payload: toHex(payload) }
}

/** Second half: with V's signature the ledger moves the money, now or never. */
async function hold(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const payload = fields.bytes("payload")
  const [visit, provider] = readPayload(payload, "hold/1")
  if (!sameBytes(visit, file.visit) || provider !== node.config.organization) {
    refuse("payload-other", "Cannot hold: the payload is for another visit", "payload", "Prepare the hold first")
  }
  const mine = node.keys.sign("hold", "held", node.chain.chainId, payload)
  const theirs = { header: fields.bytes("header"), signature: fields.bytes("signature", 64) }
  const transaction = encodeEnvelope(payload, [mine, theirs])
  const finality = await node.chain.submit(transaction, "hold")
  const row = node.chain.tables().visits.get({ V: file.visit, provider: node.config.organization })
  const leg = row?.legs.length ?? 1
  const held = row?.legs[leg - 1]?.held ?? 0n
  await saveVisit(node.work, { ...mustFind(node, fields), held: { amount: held, leg: leg - 1 } })
  return { height: finality.height, held, bytes: transaction.length }
}

export function receptionOperations(node: NodeContext): Operations {
  return {
    "open-visit": (fields) => openVisit(node, fields),
    quote: (fields) => quote(node, fields),
    "prepare-hold": (fields) => prepareHold(node, fields),
    hold: (fields) => hold(node, fields),
  }
}
