/** A row of the baseline: what each kind says, who may write it, and the bytes that its author signs and the log holds. */
import { fromUtf8, publicKeyOf, sha256, sign, toUtf8, verifySignature } from "#crypto"
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts"

/** Amounts are whole cents, days and hours count from 1970, keys are hex, rows name one another by number. */
export interface Bodies {
  /** A published fee schedule: what each code is paid, by version. */
  readonly schedule: {
    readonly version: string
    readonly from: number
    readonly codes: Readonly<Record<string, Terms>>
  }
  readonly roster: { readonly practitioner: string; readonly active: boolean; readonly from: number }
  /** The payer's promise: this patient is covered in this month under this schedule. */
  readonly eligibility: {
    readonly patient: string
    readonly month: number
    readonly number: number
    readonly schedule: number
  }
  /** The patient is here: she signs with the key in her application. */
  readonly checkin: { readonly eligibility: number; readonly provider: string; readonly day: number }
  readonly record: { readonly checkin: number; readonly facts: readonly string[] }
  readonly claim: {
    readonly checkin: number
    readonly record: number
    readonly day: number
    readonly lines: readonly Line[]
    readonly plan: number
    readonly patient: number
  }
  /** The patient's counter-signature under one claim. */
  readonly confirmation: { readonly claim: number }
  readonly denial: { readonly claim: number; readonly lines: readonly number[] }
  readonly adjudication: { readonly claim: number; readonly plan: number }
  /** The payer says that it paid from its bank account. */
  readonly remittance: { readonly adjudication: number; readonly paid: number; readonly reference: string }
  readonly refund: { readonly claim: number; readonly amount: number; readonly reference: string }
  readonly accumulator: { readonly patient: string; readonly sequence: number; readonly left: number }
  readonly access: { readonly row: number; readonly who: string; readonly purpose: string }
}
export type Kind = keyof Bodies

export interface Terms {
  readonly allowed: number
  /** Of `allowed`, what the plan pays: 0 to 100. */
  readonly percent: number
  /** How many a patient has a year; any number when absent. */
  readonly perYear?: number
}

export interface Line {
  readonly code: string
  /** Index into the facts of the record. */
  readonly fact: number
}

export type Role = "plan" | "pay" | "bill" | "board" | "practitioner" | "patient" | "service"

/** The role whose keys may write a kind. */
export const writers: Readonly<Record<Kind, Role>> = {
  schedule: "plan",
  roster: "board",
  eligibility: "plan",
  checkin: "patient",
  record: "practitioner",
  claim: "bill",
  confirmation: "patient",
  denial: "patient",
  adjudication: "pay",
  remittance: "pay",
  refund: "bill",
  accumulator: "plan",
  access: "service",
}

/** What an author hands in. */
export interface Draft {
  readonly kind: Kind
  readonly body: Uint8Array
  readonly author: string
  readonly signature: Uint8Array
}
export interface Row extends Draft {
  readonly seq: number
}

const signedBytes = ({ kind, body, author }: Omit<Draft, "signature">) =>
  concat(toUtf8(`row/1 ${kind} `), fromHex(author), body)

export function signRow<K extends Kind>(seed: Uint8Array, kind: K, body: Bodies[K]): Draft {
  const draft = { kind, body: toUtf8(JSON.stringify(body)), author: toHex(publicKeyOf(seed)) }
  return { ...draft, signature: sign(seed, signedBytes(draft)) }
}

export function isSigned(draft: Draft): boolean {
  return verifySignature(fromHex(draft.author), signedBytes(draft), draft.signature)
}

/** What the log holds of a row: a digest of all of it, its place included, and nothing to read. */
export function leafOf(row: Row): Uint8Array {
  return sha256(concat(toUtf8(`${row.seq} `), signedBytes(row), row.signature))
}

/** @throws Error when the row is of another kind. */
export function bodyAs<K extends Kind>(row: Pick<Row, "kind" | "body">, kind: K): Bodies[K] {
  if (row.kind !== kind) throw new Error(`The row is no ${kind}`)
  return JSON.parse(fromUtf8(row.body) ?? "") as Bodies[K]
}
