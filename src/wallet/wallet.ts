/**
 * The patient's side. One seed; everything else is derived or received. The wallet shows an address, checks a quote,
 * signs a hold, opens the bundle, re-runs everything itself, and signs or says what did not happen. It runs in a
 * browser and in Node: no files, no clock; randomness is asked of the platform's own `crypto`.
 */
import { publicKeyOf, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { type ChainNames, chainOf } from "../ledger/chain-names.ts"
import { readNested, signOne, type Voucher, voucherEnvelope } from "../ledger/envelopes.ts"
import { isRejection } from "../ledger/rejection.ts"
import { decodeTerms, encodeTerms, type Terms, termsDigest } from "../ledger/terms.ts"
import { snapshotDigest } from "../plan/snapshot.ts"
import { categoryKey, recordIdentitySeed, visitSeed } from "../privacy/keys.ts"
import { ageRecipient } from "../record/age-keys.ts"
import { sealFor } from "../record/bundle-sealing.ts"
import type { LetterBody } from "../record/letter.ts"
import { addressContent, addressInfo, visitAddress } from "../record/visit-address.ts"
import type { TrustAnchor } from "../verify/trust.ts"
import { LightAnchor } from "./light-anchor.ts"
import { type Mailbox, type Organization, openMailbox } from "./post.ts"
import type { OwnKnowledge } from "./review.ts"
import { SnapshotChain } from "./snapshot-chain.ts"

export interface HeldVoucher {
  readonly index: number
  readonly envelope: Uint8Array
  readonly voucher: Voucher
  readonly terms: Terms
  used: boolean
}

/** One plan the patient has: who pays, what is met so far, and the vouchers in stock. */
export interface Cover {
  readonly payer: number
  readonly enrolment: Uint8Array
  /** The payer's chain of snapshots, each step added up again here. */
  readonly snapshots: SnapshotChain
  vouchers: HeldVoucher[]
}

/** A visit as the wallet knows it. */
export interface WalletVisit {
  readonly V: Uint8Array
  readonly seed: Uint8Array
  readonly provider: number
  readonly voucher: HeldVoucher
  readonly snapshot: Uint8Array
  readonly mailbox: Mailbox
}

export interface WalletSettings {
  readonly chainId: string
  /** The organization whose node keeps the wallet's mailboxes. */
  readonly mailboxHost: number
  /** Where trust in the ledger begins: from the genesis file, never from a node that asks for a signature. */
  readonly anchor?: TrustAnchor | undefined
}

const vouchersAtOnce = 3

export class Wallet {
  readonly #seed: Uint8Array
  #settings: WalletSettings
  #light: LightAnchor | undefined
  readonly #covers = new Map<number, Cover>()
  #nextVoucher = 1
  #nextMailbox = 1

  constructor(seed: Uint8Array, settings: WalletSettings) {
    this.#seed = seed
    this.#settings = settings
    this.#light = settings.anchor && new LightAnchor(settings.anchor)
  }

  get settings(): WalletSettings {
    return this.#settings
  }

  /** The chain, and the one whose state it carries on: what the payer signed for that one is good until it expires. */
  get #names(): ChainNames {
    return { chainId: this.#settings.chainId, former: this.#settings.anchor?.former }
  }

  /**
   * Goes on with the chain that carries on this wallet's own. Vouchers, snapshots and visits stay as they are.
   * @param anchor - from the new genesis file, which a wallet is given as it was given the first: never by a node that
   *   asks for a signature.
   * @throws Refused when it carries on another chain than this wallet's.
   */
  moveTo(anchor: TrustAnchor): void {
    if (anchor.former !== this.#settings.chainId)
      refuse("successor-other", "Cannot move wallet: it is not the chain after this one", "anchor", "Ask the community")
    this.#settings = { ...this.#settings, chainId: anchor.chainId, anchor }
    this.#light = new LightAnchor(anchor)
  }

  /** What this wallet saw of the ledger, where it has an anchor. */
  get light(): LightAnchor | undefined {
    return this.#light
  }

  addCover(payer: number, enrolment: Uint8Array): void {
    this.#covers.set(payer, { payer, enrolment, snapshots: new SnapshotChain(), vouchers: [] })
  }

  cover(payer: number): Cover {
    const cover = this.#covers.get(payer)
    return cover ?? refuse("cover-unknown", "Cannot use cover: none with this payer", "payer", "Add the plan first")
  }

  /** What this wallet holds a payer's visits against when it reviews them. */
  ownKnowledge(payer: number): OwnKnowledge {
    const { anchor } = this.settings
    return { ...this.#names, anchor, light: this.#light, snapshots: this.cover(payer).snapshots.digests }
  }

  newMailbox(): Promise<Mailbox> {
    return openMailbox(this.#seed, this.#nextMailbox++, this.settings.mailboxHost)
  }

  /** Fresh one-time keys to be vouchered for a month (year × 12 + month − 1). */
  voucherRequest(payer: number, month: number, count = vouchersAtOnce): LetterBody<"voucher-request"> {
    const keys: Uint8Array[] = []
    for (let i = 0; i < count; i++) keys.push(publicKeyOf(visitSeed(this.#seed, payer, this.#nextVoucher++)))
    const { enrolment, snapshots } = this.cover(payer)
    return { enrolment, month, known: snapshots.newest?.digest, keys }
  }

  /**
   * Takes a stack, whole or not at all: every voucher is signed by the payer's one key for a fresh key of ours, its
   * terms open it, and all name the newest snapshot, which follows from those that are here. A stack that came before
   * brings nothing back into stock.
   * @throws Refused with `voucher-false`, `snapshot-false` or `two-snapshots`.
   */
  acceptVouchers(payer: number, stack: LetterBody<"vouchers">): void {
    const cover = this.cover(payer)
    const held = stack.vouchers.map(({ envelope, terms }) => this.#readVoucher(payer, envelope, terms))
    const payerKey = held[0]!.voucher.signatures[0]!.key
    const newest = snapshotDigest(openedPayload(stack.snapshots.at(-1)!))
    const names = new Set(held.map(({ index }) => index))
    const one = held.every(
      ({ voucher, terms }) => equalBytes(voucher.signatures[0]!.key, payerKey) && equalBytes(terms.snapshot, newest),
    )
    if (!one || names.size < held.length) refuseVoucher("the stack is not one")
    cover.snapshots.take(stack.snapshots, { ...this.#names, payerKey })
    // An old stack that comes once more stands on a snapshot that is no longer the newest.
    if (!equalBytes(newest, cover.snapshots.newest!.digest)) return
    const used = cover.vouchers.filter((old) => old.used)
    cover.vouchers = [...used, ...held.filter(({ index }) => !used.some((old) => old.index === index))]
  }

  #readVoucher(payer: number, envelope: Uint8Array, terms: Uint8Array): HeldVoucher {
    const voucher = readNested(voucherEnvelope, envelope)
    if (isRejection(voucher)) return refuseVoucher("not a voucher that reads")
    if (chainOf(this.#names, voucher) === undefined) return refuseVoucher("its signature is not good here")
    const opened = readTerms(terms)
    const index = this.#indexOf(payer, voucher.body.V)
    if (index === undefined || voucher.body.payer !== payer) return refuseVoucher("it is not this wallet's")
    if (opened === undefined || !equalBytes(termsDigest(opened), voucher.body.terms))
      return refuseVoucher("its terms do not open it")
    return { index, envelope, voucher, terms: opened, used: false }
  }

  #indexOf(payer: number, V: Uint8Array): number | undefined {
    for (let index = 1; index < this.#nextVoucher; index++) {
      if (equalBytes(publicKeyOf(visitSeed(this.#seed, payer, index)), V)) return index
    }
    return undefined
  }

  /** The address to show at a desk: uses up one voucher. `categories` are those the visit will write. */
  async showAddress(
    provider: Organization,
    payer: number,
    categories: readonly string[],
  ): Promise<{ readonly address: Uint8Array; readonly visit: WalletVisit }> {
    const cover = this.cover(payer)
    const newest = cover.snapshots.newest?.digest
    const voucher = cover.vouchers.find((held) => !held.used && newest && equalBytes(held.terms.snapshot, newest))
    if (voucher === undefined || cover.snapshots.newest === undefined) {
      return refuse("voucher-none", "Cannot show address: no unused voucher", "cover", "Ask the payer for vouchers")
    }
    voucher.used = true
    const mailbox = await this.newMailbox()
    const content = encodeAs(addressContent, {
      terms: encodeTerms(voucher.terms),
      snapshot: cover.snapshots.newest.envelope,
      mailbox: mailbox.address,
      recipient: await ageRecipient(recordIdentitySeed(this.#seed, provider.number)),
      categoryKeys: categories.map((category) =>
        categoryKey(this.#seed, { category, epoch: 0, relationship: provider.number }),
      ),
    })
    const { V } = voucher.voucher.body
    const sealed = await sealFor(provider.sealingKey, toUtf8(addressInfo), content)
    const address = encodeAs(visitAddress, { visit: V, provider: provider.number, voucher: voucher.envelope, sealed })
    const seed = visitSeed(this.#seed, payer, voucher.index)
    return {
      address,
      visit: { V, seed, provider: provider.number, voucher, snapshot: cover.snapshots.newest.envelope, mailbox },
    }
  }

  /**
   * Signs a payload for one visit with that visit's one-time key.
   * @param chain - the one that the others signed it for: the former, of a statement from before the chain moved.
   */
  signFor(visit: WalletVisit, meaning: "held" | "countersigned", payload: Uint8Array, chain?: string) {
    const { chainId, former } = this.#names
    const name = chain ?? chainId
    assert(name === chainId || name === former, "a wallet signs for its chain, and for the one before it")
    return signOne(name, payload, { signer: { seed: visit.seed }, meaning })
  }

  /** Opens what this visit's provider sealed to the patient. */
  recordIdentity(provider: number): Uint8Array {
    return recordIdentitySeed(this.#seed, provider)
  }
}

function refuseVoucher(why: string): never {
  return refuse("voucher-false", `Cannot take voucher: ${why}`, "vouchers", "Ask the payer again")
}

function readTerms(bytes: Uint8Array): Terms | undefined {
  try {
    return decodeTerms(bytes)
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}

/** The payload of an envelope from outside; empty where it is none. */
function openedPayload(envelope: Uint8Array): Uint8Array {
  try {
    return decodeEnvelope(envelope, 1).payload
  } catch (error) {
    if (error instanceof EncodingError) return new Uint8Array(0)
    throw error
  }
}

/** The address as a provider reads it; here for the wallet's own tests and for showing the QR. */
export function readAddress(bytes: Uint8Array) {
  return decodeAs(visitAddress, bytes)
}
