/**
 * What a payer opens to a regulator under mandate, and how the regulator's node keeps it: the bundle that the payer
 * agreed to, less the parts that speak of people. The sentences of fact leave it (they are free text, and the run of a
 * plan reads codes, never sentences), and the practitioner's credential (it may hold a name). Both sides take them
 * out: the payer before it seals, the regulator before it stores.
 *
 * What is left and could point to a person: the member's handle with this payer (random, the same in all her visits
 * there), what the plan may read of her (birth date, sex, relation, dates of cover, flags), diagnosis and procedure
 * codes with days and charges, papers with the codes in them, the provider's name in the registry, and the public id
 * of whoever performed.
 */
import { toUtf8 } from "#crypto"
import { concat, toHex } from "../../base/bytes.ts"
import { EncodingError } from "../../base/cbor.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { type ChainNames, chainOf, chainOfId } from "../../ledger/chain-names.ts"
import { decodePayload, Refused, voucherBody, voucherType } from "../../ledger/envelopes.ts"
import { sealFor } from "../../record/bundle-sealing.ts"
import { bundleSize } from "../../record/size-steps.ts"
import { type Bundle, decodeBundle, encodeBundle } from "../../verify/bundle.ts"
import type { NodeContext } from "../context.ts"
import { openForNode } from "../open-sealed.ts"
import type { Work } from "../work.ts"

const collection = "opened-visits"

/** An opened visit does not open as a bundle for a payer, nor as another statement's. */
function openedInfo(statement: Uint8Array): Uint8Array {
  return concat(toUtf8("countersign/1/opened-visit"), statement)
}

/** The bundle without its sentences of fact and without the practitioner's credential. */
export function withoutPeople(bundle: Bundle): Bundle {
  return { ...bundle, facts: [], credential: undefined }
}

/** Sealed to a regulator's node key, and to nobody else; what speaks of people is taken out first. */
export function sealOpenedVisit(publicKey: Uint8Array, statement: Uint8Array, bundle: Bundle): Promise<Uint8Array> {
  return sealFor(publicKey, openedInfo(statement), encodeBundle(withoutPeople(bundle)), bundleSize)
}

export interface OpenedVisit {
  readonly payer: number
  readonly statement: Uint8Array
  /** Voucher id: it names the leg. */
  readonly voucher: Uint8Array
  readonly bundle: Uint8Array
}

/**
 * Bytes from a payer; undefined unless they are a bundle of this statement. Statement and voucher each have the id of
 * the chain that they were signed for: this one, or the one whose state it carries on.
 */
function readOpened(names: ChainNames, statement: Uint8Array, bytes: Uint8Array): OpenedVisit | undefined {
  try {
    const bundle = decodeBundle(bytes)
    const envelope = decodeEnvelope(bundle.voucher)
    const voucher = decodePayload(voucherType, voucherBody, envelope.payload)
    if (chainOfId(names, statement, decodeEnvelope(bundle.visitStatement).payload) === undefined) return undefined
    const kept = encodeBundle(withoutPeople(bundle))
    const id = voucher.id(chainOf(names, envelope) ?? bundle.chainId)
    return { payer: voucher.body.payer, statement, voucher: id, bundle: kept }
  } catch (error) {
    if (error instanceof EncodingError || error instanceof Refused) return undefined
    throw error
  }
}

function idOf(statement: Uint8Array, voucher: Uint8Array): string {
  return `${toHex(statement)}-${toHex(voucher)}`
}

/** Keeps what payers open. A visit is opened by the payer of its leg or not at all; opened again, the newest counts. */
export function receiveOpenedVisits(node: NodeContext): void {
  node.mail.on("bundle", async ({ sender }, { statement, sealed }) => {
    const bytes = await openForNode(node.keys, openedInfo(statement), sealed)
    const opened = bytes && readOpened(node.chain.names, statement, bytes)
    if (opened === undefined || opened.payer !== sender) return
    await node.work.put(collection, idOf(statement, opened.voucher), opened)
  })
}

/** What was opened of a leg under this statement. */
export function openedVisit(work: Work, statement: Uint8Array, voucher: Uint8Array): OpenedVisit | undefined {
  return work.get<OpenedVisit>(collection, idOf(statement, voucher))
}
