/**
 * Visits as signed transactions of the network's own organizations, whose keys the runner has read: `hold`, `settle`
 * and, of some, `pay`. Beside each stands what it says to the naive second implementation (`auditor.ts`).
 */
import { publicKeyOf, sha256, toUtf8 } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import { encode } from "../../src/base/cbor.ts"
import { keyId } from "../../src/base/envelope.ts"
import { decodeAs } from "../../src/base/schema.ts"
import { firstHourOfMonth, monthOfHour } from "../../src/base/time.ts"
import { type TypeName, transactionPayload } from "../../src/ledger/bodies.ts"
import {
  decodePayload,
  encodePayload,
  monthExpiry,
  type SigningOrder,
  signPayload,
  transactionId,
  voucherBody,
  voucherEnvelope,
  voucherType,
} from "../../src/ledger/envelopes.ts"
import { roles } from "../../src/ledger/roles.ts"
import { openEnd } from "../../src/ledger/rows.ts"
import { factsBody, factsStatementType } from "../../src/ledger/visit/2-record.ts"
import type { KeyRing, KeyUse } from "../../src/node/keys.ts"
import { commitAmount, scalarFromUniform } from "../../src/privacy/amounts.ts"
import type { Event, Opening } from "../auditor.ts"
import type { Random } from "./random.ts"

export const clinic = 1
/** An insurer, and a custodian from whose account a patient pays. */
export const payers = [3, 4] as const
const custodian = 4
const board = 5

/** A signed transaction, and what it says in plain words; undefined where the second implementation has no word. */
export interface Prepared {
  readonly type: TypeName
  readonly id: string
  readonly bytes: Uint8Array
  readonly event: Event | { readonly do: "deposit"; readonly org: number; readonly amount: bigint } | undefined
}

export interface PreparedVisit {
  /** To be sent one after the other. */
  readonly steps: readonly Prepared[]
}

interface Drafted {
  readonly expiry: number
  readonly body: unknown
  readonly orders: readonly SigningOrder[]
  readonly event?: (id: string) => Prepared["event"]
}

export class Scribe {
  readonly #chainId: string
  readonly #rings: ReadonlyMap<number, KeyRing>
  readonly #random: Random
  readonly #person: Uint8Array
  readonly #desk: Uint8Array
  readonly #hour = () => Math.floor(Date.now() / 3_600_000)

  constructor(chainId: string, rings: ReadonlyMap<number, KeyRing>, random: Random) {
    this.#chainId = chainId
    this.#rings = rings
    this.#random = random
    this.#person = random.bytes(32)
    this.#desk = random.bytes(32)
  }

  /** What must be on the ledger before the first visit, to be sent one after the other. */
  beginning(deposit: bigint): readonly Prepared[] {
    const hour = this.#hour()
    const practitioner = sha256(toUtf8("the practitioner of the visits"))
    const person = { seed: this.#person }
    const desk = { seed: this.#desk }
    const from = hour - 1
    const enrolled = {
      board,
      practitioner,
      key: keyId(publicKeyOf(this.#person)),
      credential: practitioner,
      from: hour,
    }
    const registered = { org: clinic, key: keyId(publicKeyOf(this.#desk)), roles: roles.perform, practitioner, from }
    return [
      this.#prepare("enrol-practitioner/1", {
        expiry: hour + 12,
        body: enrolled,
        orders: [this.#by(board, "enrol", "enrolled"), { signer: person, meaning: "possessed" }],
      }),
      this.#prepare("register-key/1", {
        expiry: hour + 12,
        body: { ...registered, from: hour, until: openEnd },
        orders: [
          this.#by(clinic, "admin", "registered"),
          { signer: desk, meaning: "possessed" },
          { signer: person, meaning: "engaged" },
        ],
      }),
      ...payers.map((org) =>
        this.#prepare("deposit/1", {
          expiry: hour + 12,
          body: { custodian, org, amount: deposit, reference: this.#random.bytes(32) },
          orders: [this.#by(custodian, "custody", "deposited")],
          event: () => ({ do: "deposit", org, amount: deposit }),
        }),
      ),
    ]
  }

  /** One more visit of a patient whom nobody has seen before. Two of three are paid, too. */
  visit(): PreparedVisit {
    const seed = this.#random.bytes(32)
    const patient: Patient = { seed, V: publicKeyOf(seed), payer: this.#random.pick(payers) }
    const held = this.#random.pick([1_000_00n, 2_000_00n, 500_00n])
    const owed = (held * BigInt(this.#random.whole(1, 100))) / 100n
    const opening = { amount: owed, blinding: scalarFromUniform(this.#random.bytes(64)) }
    const { hold, voucher } = this.#hold(patient, held)
    const settle = this.#settle(patient, voucher, opening)
    return { steps: [hold, settle, ...(this.#random.next() < 2 / 3 ? [this.#pay(patient, opening)] : [])] }
  }

  #by(org: number, use: KeyUse, meaning: SigningOrder["meaning"]): SigningOrder {
    return { signer: { seed: this.#rings.get(org)!.seed(use) }, meaning }
  }

  #prepare(type: TypeName, { expiry, body, orders, event }: Drafted): Prepared {
    const payload = transactionPayload(type, expiry, body as never)
    const id = toHex(transactionId(this.#chainId, payload))
    return { type, id, bytes: signPayload(this.#chainId, payload, orders), event: event?.(id) }
  }

  #hold({ seed, V, payer }: Patient, amount: bigint) {
    const hour = this.#hour()
    const month = monthOfHour(hour)
    const until = firstHourOfMonth(month + 6)
    const promise = { V, payer, cap: amount, month, terms: sha256(V) }
    const payload = encodePayload(voucherType, until, voucherBody, promise)
    const signed = signPayload(this.#chainId, payload, [this.#by(payer, "voucher", "vouchered")])
    const voucher = decodeAs(voucherEnvelope, encode(signed))
    const id = voucher.id(this.#chainId)
    const named = { visit: toHex(V), payer, amount, voucher: toHex(id), cap: amount }
    const hold = this.#prepare("hold/1", {
      expiry: hour + 12,
      body: { V, provider: clinic, amount, voucher, delegation: undefined },
      orders: [this.#by(clinic, "hold", "held"), { signer: { seed }, meaning: "held" }],
      event: () => ({ do: "hold", ...named, signed: true, hour, until }),
    })
    return { hold, voucher: id }
  }

  #settle({ seed, V, payer }: Patient, voucher: Uint8Array, { amount, blinding }: Opened): Prepared {
    const expiry = monthExpiry(this.#hour())
    const root = sha256(voucher)
    const recorded = { V, provider: clinic, supersedes: undefined, recordRoot: root, factsRoot: root, ceiling: root }
    const facts = encodePayload(factsStatementType, expiry, factsBody, { ...recorded, delegation: undefined })
    const commitment = commitAmount(amount, blinding)
    const opening: Opening = { a: amount, r: numberOf(blinding) }
    return this.#prepare("visit-statement/1", {
      expiry,
      body: {
        facts: decodePayload(factsStatementType, factsBody, facts),
        supersedes: undefined,
        claim: root,
        determination: root,
        trace: root,
        legs: [{ voucher, commitment }],
      },
      orders: [
        { signer: { seed: this.#desk }, meaning: "performed" },
        { signer: { seed }, meaning: "countersigned" },
        this.#by(payer, "agree", "agreed"),
      ],
      event: (id) => ({
        do: "statement",
        visit: toHex(V),
        id,
        facts: { id: toHex(transactionId(this.#chainId, facts)) },
        legs: [{ voucher: toHex(voucher), opening }],
        side: 0,
        agreed: [payer],
      }),
    })
  }

  #pay({ V, payer }: Patient, { amount, blinding }: Opened): Prepared {
    return this.#prepare("pay/1", {
      expiry: this.#hour() + 12,
      body: { payer, provider: clinic, legs: [{ V, leg: 0 }], amount, blinding },
      orders: [this.#by(clinic, "pay", "paid")],
      event: () => ({
        do: "pay",
        payer,
        legs: [{ visit: toHex(V), leg: 0 }],
        opening: { a: amount, r: numberOf(blinding) },
      }),
    })
  }
}

interface Patient {
  readonly seed: Uint8Array
  readonly V: Uint8Array
  readonly payer: number
}
interface Opened {
  readonly amount: bigint
  readonly blinding: Uint8Array
}

function numberOf(scalar: Uint8Array): bigint {
  return scalar.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
