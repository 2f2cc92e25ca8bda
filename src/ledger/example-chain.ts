/**
 * A small chain for tests of the rules: nine organizations with a key for every role, a practitioner, and a clock that
 * is turned by hand. Every seed follows from a name, so every run is the same.
 */
import { publicKeyOf, sha256, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { keyId, type Meaning } from "../base/envelope.ts"
import { applyBlock, type BlockResult, type TransactionResult } from "./block.ts"
import { transactionTypes } from "./catalogue.ts"
import { applyGenesis, encodeGenesis, type GenesisRows } from "./constitution/genesis.ts"
import { type DecodedTransaction, decodeTransaction, verifyAll } from "./decode.ts"
import { encodePayload, signPayload } from "./envelopes.ts"

import { MemoryState } from "./memory-state.ts"
import { parameters } from "./parameters.ts"
import { isRejection, type Rejection } from "./rejection.ts"
import { kindSet, kinds, type Role, roles, rolesOfKind } from "./roles.ts"
import { type KeyRow, openEnd } from "./rows.ts"

export const chainId = "example-chain"
/** 2026-04-01T00Z, the first hour of a month. */
export const firstHour = 493_056

export const clinic = 1
export const hospital = 2
export const payer = 3
export const custodian = 4
export const board = 5
export const regulator = 6
export const association = 7
export const arbiter = 8
export const secondPayer = 9

const organizations = [
  { name: "clinic", kind: kinds.provider },
  { name: "hospital", kind: kinds.provider },
  { name: "payer", kind: kinds.payer },
  { name: "custodian", kind: kinds.custodian },
  { name: "board", kind: kinds.licenceBoard },
  { name: "regulator", kind: kinds.regulator },
  { name: "association", kind: kinds.patientAssociation },
  { name: "arbiter", kind: kinds.arbiter },
  { name: "second-payer", kind: kinds.payer },
] as const

export function seedOf(label: string): Uint8Array {
  return sha256(toUtf8(label))
}

/** The seed of an organization's key for a role. */
export function orgSeed(org: number, role: Role): Uint8Array {
  return seedOf(`organization ${org}, ${role}`)
}

/** 33 bytes of the public key of a seed. */
export function keyOf(seed: Uint8Array): Uint8Array {
  return keyId(publicKeyOf(seed))
}

/** A practitioner who works at the clinic, and one at the hospital; each has an own key beside the desk's. */
export const practitioner = seedOf("practitioner")
export const hospitalPractitioner = seedOf("hospital practitioner")
export const ownSeed = seedOf("practitioner's own key")
export const hospitalOwnSeed = seedOf("hospital practitioner's own key")

function organizationKeys(): (readonly [{ key: Uint8Array }, KeyRow])[] {
  const rows: (readonly [{ key: Uint8Array }, KeyRow])[] = []
  organizations.forEach(({ kind }, i) => {
    const org = i + 1
    for (const [role, bit] of Object.entries(roles) as [Role, number][]) {
      if ((rolesOfKind(kind) & bit) === 0) continue
      const bound = org === clinic ? practitioner : hospitalPractitioner
      rows.push([
        { key: keyOf(orgSeed(org, role)) },
        { org, roles: bit, practitioner: role === "perform" ? bound : undefined, from: 0, until: openEnd },
      ])
    }
  })
  for (const [seed, id] of [
    [ownSeed, practitioner],
    [hospitalOwnSeed, hospitalPractitioner],
  ] as const)
    rows.push([{ key: keyOf(seed) }, { org: 0, roles: 0, practitioner: id, from: 0, until: openEnd }])
  return rows
}

function practitionerRow(seed: Uint8Array) {
  return {
    board,
    key: keyOf(seed),
    credential: seedOf("credential"),
    history: [{ status: 0, from: 0 }],
    glass: { day: 0, count: 0 },
  }
}

/** The rows of the example's genesis; a test changes what it needs. */
export function exampleGenesis(): GenesisRows {
  const needs = [
    { kinds: kindSet("regulator"), count: 1, percent: 0 },
    { kinds: kindSet("patientAssociation"), count: 1, percent: 50 },
  ]
  const zero = { zero: 0 }
  return {
    chain: [[zero, { chainId, protocol: 1, currency: "usd", k: 18, pinned: undefined }]],
    parameters: Object.values(parameters).map(({ number, initial }) => [{ number }, { value: initial }] as const),
    rules: Array.from({ length: 12 }, (_, i) => [{ action: i + 1 }, { proposers: 254, needs, hours: 72 }] as const),
    clock: [[zero, { lost: 0, frozenUntil: 0, upgrade: undefined }]],
    organizations: organizations.map(
      ({ name, kind }, i) =>
        [
          { org: i + 1 },
          { name, kind, group: i + 1, status: 0, panel: kind === kinds.payer ? [arbiter, regulator] : [] },
        ] as const,
    ),
    validators: [[{ key: keyOf(seedOf("validator")) }, { org: payer, power: 10 }]],
    keys: organizationKeys(),
    practitioners: [
      [{ practitioner }, practitionerRow(ownSeed)],
      [{ practitioner: hospitalPractitioner }, practitionerRow(hospitalOwnSeed)],
    ],
    accounts: organizations.map((_, i) => [{ org: i + 1 }, { free: 0n, reserved: 0n, paid: 0n, open: 0 }] as const),
  }
}

export interface Order {
  readonly seed: Uint8Array
  readonly meaning: Meaning
}

/** An order to sign with an organization's key for a role. */
export function by(org: number, role: Role, meaning: Meaning): Order {
  return { seed: orgSeed(org, role), meaning }
}

export class ExampleChain {
  readonly state = new MemoryState()
  seconds = firstHour * 3600
  height = 0

  constructor(genesis: GenesisRows = exampleGenesis()) {
    const applied = applyGenesis(this.state, encodeGenesis(genesis))
    assert(!isRejection(applied), isRejection(applied) ? applied.message : "a genesis is accepted")
  }

  get hour(): number {
    return Math.floor(this.seconds / 3600)
  }

  /** Turns the clock by whole hours. None of them counts as lost. */
  pass(hours: number): void {
    this.seconds += hours * 3600
  }

  /** A signed transaction of a type; expires within the day unless told. */
  transaction(type: string, body: object, orders: readonly Order[], expiry = this.hour + 24): Uint8Array {
    const codec = transactionTypes.get(type)
    assert(codec !== undefined, "a type to build is in the catalogue")
    const payload = encodePayload(type, expiry, codec.body, body)
    return signPayload(
      chainId,
      payload,
      orders.map(({ seed, meaning }) => ({ signer: { seed }, meaning })),
    )
  }

  decode(bytes: Uint8Array): DecodedTransaction | Rejection {
    const decoded = decodeTransaction(chainId, bytes)
    return isRejection(decoded) ? decoded : (verifyAll(decoded) ?? decoded)
  }

  block(transactions: readonly DecodedTransaction[]): BlockResult {
    this.height++
    // The example's clock jumps; without the header before, no jump counts as lost time.
    return applyBlock(this.state, { height: this.height, seconds: this.seconds }, [transactions])
  }

  /** Runs one transaction in a block of its own; a refusal leaves every row as it was. */
  submit(bytes: Uint8Array): TransactionResult | Rejection {
    const decoded = this.decode(bytes)
    if (isRejection(decoded)) return decoded
    const before = this.state.dump()
    const [[result] = []] = this.block([decoded]).results
    assert(result !== undefined, "every transaction has a result")
    if (result.number !== 0 || result.repeated === true) {
      const after = this.state.dump()
      assert(
        before.length === after.length &&
          before.every(([table, key, value], i) => {
            const now = after[i]!
            return table === now[0] && equalBytes(key, now[1]) && equalBytes(value, now[2])
          }),
        "a refused or repeated transaction changes nothing",
      )
    }
    return result
  }

  /** As `submit`, said in one word: `applied`, `repeated`, or the code of the refusal. */
  outcome(bytes: Uint8Array): string {
    const result = this.submit(bytes)
    if (isRejection(result)) return result.code
    if (result.rejection !== undefined) return result.rejection.code
    return result.repeated === true ? "repeated" : "applied"
  }

  run(type: string, body: object, orders: readonly Order[], expiry?: number): string {
    return this.outcome(this.transaction(type, body, orders, expiry))
  }
}
