/**
 * The standard visit as two signed transactions: `hold` (desk, patient, and the payer's voucher inside) and `settle`
 * (practitioner, patient, payer). Visit n of a seed is the same on every run.
 */
import sodium from "sodium-native"
import { publicKeyOf, sha256, sha512, toUtf8 } from "#crypto"
import { encode } from "../src/base/cbor.ts"
import { keyId } from "../src/base/envelope.ts"
import { decodeAs } from "../src/base/schema.ts"
import { firstHourOfMonth, monthOfHour } from "../src/base/time.ts"
import { transactionPayload } from "../src/ledger/bodies.ts"
import {
  decodePayload,
  encodePayload,
  monthExpiry,
  type Signer,
  signPayload,
  voucherBody,
  voucherEnvelope,
  voucherType,
} from "../src/ledger/envelopes.ts"
import { chainId, firstHour, orgSeed } from "../src/ledger/example-chain.ts"
import { factsBody, factsStatementType } from "../src/ledger/visit/2-record.ts"
import { commitAmount, scalarFromUniform } from "../src/privacy/amounts.ts"
import { custodian, firstPayer, payers, practitionerSeed, practitionersEach, providers } from "./community.ts"

const held = 2_000_00n
const planPays = 1_337_98n
/** Money of each payer: enough for any number of visits that a run can have. */
const deposit = 10n ** 13n
/** Blinded points are made once and taken in turn: making one takes longer than all else of a visit. */
const distinctPoints = 512

export interface SignedVisit {
  readonly hold: Uint8Array
  readonly settle: Uint8Array
}

/** A signer whose key pair is derived once, not at every signature. */
function signerOf(seed: Uint8Array): Signer & { readonly publicKey: Uint8Array } {
  const publicKey = Buffer.alloc(32)
  const secretKey = Buffer.alloc(64)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return {
    publicKey: new Uint8Array(publicKey),
    sign(message) {
      const signature = Buffer.alloc(64)
      sodium.crypto_sign_detached(signature, message, secretKey)
      return new Uint8Array(signature)
    },
  }
}

const known = new Map<string, Signer>()
function standing(name: string, seed: () => Uint8Array): Signer {
  let signer = known.get(name)
  if (signer === undefined) {
    signer = signerOf(seed())
    known.set(name, signer)
  }
  return signer
}
const organization = (org: number, role: "hold" | "voucher" | "agree") =>
  standing(`${role} ${org}`, () => orgSeed(org, role))
const practitioner = (org: number, n: number) => standing(`perform ${org} ${n}`, () => practitionerSeed(org, n))

const points = new Map<number, Uint8Array>()
function pointFor(n: number): Uint8Array {
  const index = n % distinctPoints
  let point = points.get(index)
  if (point === undefined) {
    point = commitAmount(planPays, scalarFromUniform(sha512(toUtf8(`blinding ${index}`))))
    if (point === undefined) throw new RangeError("Cannot make visit: a blinded commitment is the identity")
    points.set(index, point)
  }
  return point
}

/**
 * The `n`th visit of a seed: who takes part is drawn, the amounts are those of the standard visit.
 *
 * @param hour - hours since 1970 in which it is held; what is signed expires by it.
 */
export function signVisit(seed: number, n: number, hour = firstHour): SignedVisit {
  const label = `visit ${n} of ${seed}`
  const root = sha256(toUtf8(label))
  const draw = new DataView(root.buffer)
  const provider = 1 + (draw.getUint32(0) % providers)
  const payer = firstPayer + (draw.getUint32(4) % payers)
  const doctor = draw.getUint32(8) % practitionersEach
  const patient = signerOf(sha256(toUtf8(`V of ${label}`)))
  const V = patient.publicKey
  const month = monthOfHour(hour)

  const promise = { V, payer, cap: held, month, terms: root }
  const vouchered = signPayload(
    chainId,
    encodePayload(voucherType, firstHourOfMonth(month + 6), voucherBody, promise),
    [{ signer: organization(payer, "voucher"), meaning: "vouchered" }],
  )
  const voucher = decodeAs(voucherEnvelope, encode(vouchered))
  const holdBody = { V, provider, amount: held, voucher, delegation: undefined }
  const hold = signPayload(chainId, transactionPayload("hold/1", hour + 24, holdBody), [
    { signer: organization(provider, "hold"), meaning: "held" },
    { signer: patient, meaning: "held" },
  ])

  const expiry = monthExpiry(hour)
  const recorded = { V, provider, supersedes: undefined, recordRoot: root, factsRoot: root, ceiling: root }
  const facts = encodePayload(factsStatementType, expiry, factsBody, { ...recorded, delegation: undefined })
  const statement = {
    facts: decodePayload(factsStatementType, factsBody, facts),
    supersedes: undefined,
    claim: root,
    determination: root,
    trace: root,
    legs: [{ voucher: voucher.id(chainId), commitment: pointFor(n) }],
  }
  const settle = signPayload(chainId, transactionPayload("visit-statement/1", expiry, statement), [
    { signer: practitioner(provider, doctor), meaning: "performed" },
    { signer: patient, meaning: "countersigned" },
    { signer: organization(payer, "agree"), meaning: "agreed" },
  ])
  return { hold, settle }
}

/** What puts money into every payer's account, in an hour since 1970. */
export function signDeposits(hour = firstHour): readonly Uint8Array[] {
  const signer = { seed: orgSeed(custodian, "custody") }
  return Array.from({ length: payers }, (_, i) => {
    const org = firstPayer + i
    const body = { custodian, org, amount: deposit, reference: sha256(toUtf8(`deposit ${org}`)) }
    return signPayload(chainId, transactionPayload("deposit/1", hour + 24, body), [{ signer, meaning: "deposited" }])
  })
}

/** What a stored load must begin with to be of this code: the digest of the first visit's bytes. */
export function loadDigest(seed: number): Uint8Array {
  const { hold, settle } = signVisit(seed, 0)
  return sha256(Buffer.concat([hold, settle, keyId(publicKeyOf(orgSeed(custodian, "custody")))]))
}
