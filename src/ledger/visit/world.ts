/**
 * Visits of the example chain, for tests and measurements: a chain with money in it, scenes of one visit at each of
 * its stages, and table tests of one row an outcome. The drafts that it runs are in `drafts.ts`.
 */
import { assert } from "../../base/assert.ts"
import { by, chainId, clinic, custodian, ExampleChain, exampleGenesis, payer, seedOf } from "../example-chain.ts"
import type { RowOf, VisitRow } from "../rows.ts"
import { openTables } from "../state.ts"
import type { VisitBody } from "./4-settle.ts"
import {
  agreedBy,
  type Draft,
  type Handle,
  handle,
  holdDraft,
  idOf,
  legDraft,
  type PaymentOptions,
  patient,
  paymentDraft,
  performed,
  signedBy,
  statementDraft,
  sumOfBlindings,
  type VoucherOptions,
  voucherFor,
} from "./drafts.ts"

// One door for tests: whoever asks for a world needs drafts to run in it.
export * from "./drafts.ts"

const rows = exampleGenesis()

/** The example chain with money in the payer's account, and a short way to run drafts. */
export class World extends ExampleChain {
  constructor({ deposit = 100_000_00n, genesis = rows } = {}) {
    super(genesis)
    if (deposit > 0n) this.deposit(payer, deposit)
  }

  deposit(org: number, amount: bigint): void {
    const reference = seedOf(`reference ${org} ${this.height}`)
    const outcome = this.run("deposit/1", { custodian, org, amount, reference }, [
      by(custodian, "custody", "deposited"),
    ])
    assert(outcome === "applied", `the deposit is applied, not ${outcome}`)
  }

  sign({ type, body, orders, expiry }: Draft): Uint8Array {
    return this.transaction(type, body, orders, expiry)
  }

  /** `applied`, `repeated`, or the code of the refusal. */
  do(draft: Draft): string {
    return this.outcome(this.sign(draft))
  }

  /** Runs drafts that must all be applied. */
  must(...drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      const outcome = this.do(draft)
      assert(outcome === "applied", `${draft.type} is applied, not ${outcome}`)
    }
  }

  account(org: number): RowOf<"accounts"> {
    const account = openTables(this.state).accounts.get({ org })
    assert(account !== undefined, "every organization of the example has an account")
    return account
  }

  visit({ V, provider }: Pick<Handle, "V" | "provider">): VisitRow {
    const visit = openTables(this.state).visits.get({ V, provider })
    assert(visit !== undefined, "the visit was made")
    return visit
  }

  /** Changes rows behind the rules' back, to set a scene that takes other types to reach. */
  set<N extends "organizations" | "keys" | "practitioners" | "parameters" | "clock">(
    table: N,
    key: object,
    change: Partial<RowOf<N>>,
  ): void {
    const tables = openTables(this.state)
    const rows = tables[table] as unknown as {
      get(key: object): object | undefined
      put(key: object, row: object): void
    }
    rows.put(key, { ...rows.get(key), ...change })
    tables.flush()
  }
}

/** One row of a table test: on a fresh world, the draft has this outcome. A refusal leaves every row as it was. */
export interface Outcome {
  readonly it: string
  readonly code: string
  readonly draft: (world: World) => Draft
}

export function assertOutcomes(outcomes: readonly Outcome[]): void {
  for (const { it, code, draft } of outcomes) {
    const world = new World()
    const outcome = world.do(draft(world))
    assert(outcome === code, `${it}: ${code} is due, not ${outcome}`)
  }
}

/** What a scene of one leg hands to a test. */
export interface Scene {
  readonly world: World
  readonly visit: Handle
  readonly voucher: Uint8Array
  /** The id of the visit statement, and the draft that files it. */
  readonly statement: Uint8Array
  readonly filed: Draft<VisitBody>
  /** Opens the leg's commitment. */
  readonly amount: bigint
  readonly blinding: Uint8Array
}

export interface SceneOptions extends VoucherOptions {
  readonly label?: string
  readonly world?: World
  readonly amount?: bigint
  readonly provider?: number
  /** The patient's side signs the statement; true unless told. */
  readonly signed?: boolean
}

/** A visit with one leg of 2,000.00 held and nothing signed yet. */
export function heldScene(options: SceneOptions = {}): Scene {
  const { world = new World(), label = "one", amount = 1_337_98n, provider = clinic, ...cover } = options
  const visit = handle(label, provider)
  const voucher = voucherFor(visit, cover)
  world.must(holdDraft(visit, { voucher }))
  const id = voucher.id(chainId)
  const draft = statementDraft(visit, { legs: [{ voucher: id, amount }] })
  const signed = options.signed ?? true
  const filed = signed ? signedBy(draft, performed(provider), patient(visit, "countersigned")) : draft
  return { world, visit, voucher: id, statement: idOf(filed), filed, amount, blinding: sumOfBlindings([id]) }
}

/** The same with the claim filed. */
export function filedScene(options: SceneOptions = {}): Scene {
  const scene = heldScene(options)
  scene.world.must(scene.filed)
  return scene
}

/** The same delivered: the payer's window runs. */
export function deliveredScene(options: SceneOptions = {}): Scene {
  const scene = filedScene(options)
  scene.world.must(legDraft("deliver/1", scene.visit, { statement: scene.statement }))
  return scene
}

/** The same, contested by the payer at 1,204.63 before any delivery. */
export function disputedScene(options: SceneOptions & { readonly contested?: bigint } = {}): Scene {
  const scene = filedScene(options)
  const amount = options.contested ?? 1_204_63n
  scene.world.must(legDraft("contest/1", scene.visit, { statement: scene.statement, amount }))
  return scene
}

/** The same, settled with every signature at once. */
export function settledScene(options: SceneOptions = {}): Scene {
  const scene = heldScene(options)
  const { filed } = scene
  scene.world.must(signedBy(filed, ...filed.orders, agreedBy(options.payer ?? payer)))
  return scene
}

/** The same, paid. */
export function paidScene(options: SceneOptions = {}): Scene {
  const scene = settledScene(options)
  scene.world.must(payDraft(scene))
  return scene
}

export function payDraft({ visit, amount, blinding }: Scene, more: Partial<PaymentOptions> = {}): Draft {
  return paymentDraft("pay/1", [visit], { provider: visit.provider, amount, blinding, ...more })
}
