/**
 * Goal: no history of transactions makes or loses money. Method: random histories of everything a visit can go
 * through, most steps legal, many not; after each, the whole state is scanned and compared with a naive second count
 * that knows every opened amount.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../base/bytes.ts"
import { addScalars, commitAmount, negateScalar, subtract, zeroScalar } from "../privacy/amounts.ts"
import { arbiter, by, clinic, custodian, hospital, payer, regulator, secondPayer, seedOf } from "./example-chain.ts"
import { scanInvariants } from "./invariants.ts"
import { type Leg, legStates } from "./rows.ts"
import { openTables } from "./state.ts"
import {
  agreedBy,
  blindingOf,
  type Draft,
  factsDraft,
  type Handle,
  handle,
  holdDraft,
  idOf,
  legDraft,
  patient,
  paymentDraft,
  performed,
  signedBy,
  statementDraft,
  voucherFor,
  World,
} from "./visit/world.ts"

interface Opened {
  readonly amount: bigint
  readonly blinding: Uint8Array
}

/** What one draw of a step may turn into; each kind of step reads what it needs. */
interface Step {
  readonly kind: string
  readonly visit: number
  readonly leg: number
  readonly amount: bigint
  readonly hours: number
  readonly choice: number
}

const kinds = [
  "hold",
  "pass",
  "pass",
  "statement",
  "settle",
  "settle",
  "deliver",
  "elapse",
  "contest",
  "rule",
  "pay",
  "refund",
]
const rare = ["top-up", "cancel", "expire", "void", "ruled-refund", "ruled-refund", "deposit", "withdraw", "pass"]
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...kinds) }, fc.constantFrom(...rare)),
  visit: fc.integer({ min: 0, max: 2 }),
  leg: fc.integer({ min: 0, max: 2 }),
  amount: fc.oneof(fc.constantFrom(0n, 500_00n, 1_000_00n), fc.bigInt({ min: 0n, max: 1_200_00n })),
  hours: fc.constantFrom(1, 200, 340, 800),
  choice: fc.integer({ min: 0, max: 2 }),
})

const payers = [payer, secondPayer, custodian]

class History {
  readonly world = new World({ deposit: 20_000_00n })
  readonly visits: readonly Handle[] = [handle("a"), handle("b"), handle("c", hospital)]
  /** Every point that was ever owed or paid, with what opens it. */
  readonly #known = new Map<string, Opened>([["", { amount: 0n, blinding: zeroScalar }]])
  readonly #drafts = new Map<string, Draft>()
  #outside = 60_000_00n
  #lostByProviders = 0n
  #count = 0
  readonly outcomes = new Map<string, number>()

  /** Money at every payer, and a hold of the first on every visit. */
  constructor() {
    this.world.deposit(secondPayer, 20_000_00n)
    this.world.deposit(custodian, 20_000_00n)
    for (const visit of this.visits) this.world.must(holdDraft(visit, { voucher: voucherFor(visit) }))
  }

  #know(opened: Opened): void {
    const point = commitAmount(opened.amount, opened.blinding)
    this.#known.set(point === undefined ? "" : toHex(point), opened)
  }

  #opened(point: Uint8Array | undefined): Opened {
    const opened = this.#known.get(point === undefined ? "" : toHex(point))
    assert.ok(opened, "every point on the ledger was made by this history")
    return opened
  }

  #legs(visit: Handle): readonly Leg[] {
    const { V, provider } = visit
    return openTables(this.world.state).visits.get({ V, provider })?.legs ?? []
  }

  /** A visit statement over every leg not released, each for this amount, in place of the one in force. */
  #statement(visit: Handle, amount: bigint): Draft {
    const { V, provider } = visit
    const row = openTables(this.world.state).visits.get({ V, provider })
    const open = (row?.legs ?? []).filter(({ state }) => state !== legStates.released)
    const label = `${visit.label} ${this.#count}`
    for (const { voucher } of open) this.#know({ amount, blinding: blindingOf(`${label} ${toHex(voucher)}`) })
    const legs = open.map(({ voucher }) => ({ voucher, amount, label: `${label} ${toHex(voucher)}` }))
    const supersedes = row?.statement?.id
    const facts = factsDraft(visit).body
    const draft = statementDraft(visit, { legs, label, facts, ...(supersedes ? { supersedes } : {}) })
    const payersInOrder = [...new Set(open.map((leg) => leg.payer))]
    const orders = [performed(visit.provider), patient(visit, "countersigned")]
    this.#drafts.set(toHex(idOf(draft)), signedBy(draft, ...orders, ...payersInOrder.map(agreedBy)))
    return signedBy(draft, ...orders)
  }

  /** Pays or refunds the difference over some legs of one payer at one provider. */
  #difference(type: "pay/1" | "refund/1", { visit, choice, amount }: Step): Draft {
    const { provider } = this.visits[visit]!
    const settled = this.visits
      .filter((each) => each.provider === provider)
      .flatMap((each) => this.#legs(each).map((row, leg) => ({ V: each.V, leg, row })))
      .filter(({ row }) => row.state === legStates.settled)
    const from = settled[choice % Math.max(1, settled.length)]?.row.payer ?? payer
    const refundable = ({ hold }: Leg) => type === "pay/1" || hold === 0n
    const listed = settled.filter(({ row }) => row.payer === from && refundable(row))
    const chosen = listed.length > 0 ? listed : [{ V: this.visits[visit]!.V, leg: 0, row: undefined }]
    let total = 0n
    let blinding = zeroScalar
    for (const { row } of chosen) {
      const [owed, paid] = [this.#opened(row?.owed), this.#opened(row?.paid)]
      total += owed.amount - paid.amount
      blinding = addScalars(blinding, owed.blinding, negateScalar(paid.blinding))
    }
    const refunding = type === "refund/1"
    const opened = refunding ? -total : total
    // Now and then a sum that the commitments do not open to.
    const claimed = amount === 500_00n ? opened + 1n : opened
    return paymentDraft(type, chosen, {
      payer: from,
      provider,
      amount: claimed < 0n ? -claimed : claimed,
      blinding: refunding ? negateScalar(blinding) : blinding,
    })
  }

  #draft(drawn: Step): Draft {
    const { kind, amount } = drawn
    const visit = this.visits[drawn.visit]!
    const legs = this.#legs(visit)
    // Most often a leg that is there.
    const leg = amount === 0n ? drawn.leg : drawn.leg % Math.max(1, legs.length)
    const choice = drawn.choice % 2
    const row = openTables(this.world.state).visits.get({ V: visit.V, provider: visit.provider })
    const statement = row?.statement?.id ?? seedOf("no statement")
    const claimed = row?.statement?.legs.find((each) => each.leg === leg)?.amount
    switch (kind) {
      case "hold":
        return holdDraft(visit, {
          voucher: voucherFor(visit, { payer: payers[drawn.leg]!, label: `${this.#count}`, cap: 2_000_00n }),
          amount: amount === 0n ? 2_000_00n : 1_000_00n,
        })
      case "statement":
        return this.#statement(visit, amount)
      case "settle":
        return this.#drafts.get(toHex(statement)) ?? this.#statement(visit, amount)
      case "contest":
        this.#know({ amount, blinding: zeroScalar })
        return signedBy(
          legDraft("contest/1", visit, { leg, statement, amount }),
          by(legs[leg]?.payer ?? payer, "agree", "contested"),
        )
      case "elapse":
      case "rule": {
        const opening = this.#opened(claimed)
        this.#know({ amount: opening.amount, blinding: zeroScalar })
        if (kind === "elapse") return legDraft("elapse/1", visit, { leg, statement, ...opening })
        const empty = { amount: 0n, blinding: zeroScalar }
        return legDraft("rule/1", visit, { leg, statement, choice, ...(choice === 0 ? opening : empty) } as object)
      }
      case "deliver":
        return legDraft("deliver/1", visit, { leg, statement })
      case "top-up":
        return legDraft("top-up/1", visit, { leg, amount: 5_000_00n })
      case "cancel":
      case "expire":
        return legDraft(`${kind}/1`, visit, { leg })
      case "void":
        return this.#void(visit, statement)
      case "ruled-refund":
        return this.#ruledRefund(visit, { ...drawn, leg })
      case "pay":
      case "refund":
        return this.#difference(`${kind}/1`, drawn)
      default:
        return this.#custody(kind === "deposit", drawn)
    }
  }

  #void({ V, provider }: Handle, statement: Uint8Array): Draft {
    return { type: "void/1", body: { V, provider, statement }, orders: [by(provider, "bill", "voided")] }
  }

  #ruledRefund(visit: Handle, { leg, amount }: Step): Draft {
    const row = this.#legs(visit)[leg]
    const opened = commitAmount(amount, zeroScalar)
    for (const point of [row?.owed, row?.paid]) {
      const { amount: was, blinding } = this.#opened(point)
      const rest = subtract(point, opened)
      this.#known.set(rest === undefined ? "" : toHex(rest), { amount: was - amount, blinding })
    }
    const options = { payer: row?.payer ?? payer, provider: visit.provider, amount, blinding: zeroScalar }
    const draft = paymentDraft("refund/1", [{ V: visit.V, leg }], options)
    return signedBy(draft, by(regulator, "witness", "ruled"), by(arbiter, "witness", "ruled"))
  }

  #custody(isDeposit: boolean, { amount, choice }: Step): Draft {
    const reference = seedOf(`custody ${this.#count}`)
    const paidOut = by(custodian, "custody", isDeposit ? "deposited" : "paidOut")
    const org = isDeposit ? payers[choice]! : choice === 1 ? clinic : payers[choice]!
    const body = { custodian, org, amount, reference }
    return isDeposit
      ? { type: "deposit/1", body, orders: [paidOut] }
      : { type: "withdraw/1", body, orders: [by(org, "pay", "withdrew"), paidOut] }
  }

  run(drawn: Step): void {
    this.#count++
    if (drawn.kind === "pass") {
      this.world.pass(drawn.hours)
      return
    }
    const draft = this.#draft(drawn)
    const fees = this.#fees()
    const outcome = this.world.do(draft)
    this.outcomes.set(`${draft.type} ${outcome}`, (this.outcomes.get(`${draft.type} ${outcome}`) ?? 0) + 1)
    if (outcome === "applied") {
      const { amount } = drawn
      if (draft.type === "deposit/1") this.#outside += amount
      if (draft.type === "withdraw/1") this.#outside -= amount
      if (draft.type === "withdraw/1" && drawn.choice === 1) this.#lostByProviders += amount
      if (draft.type === "rule/1" && drawn.choice % 2 === 1) this.#lostByProviders += this.#fees() - fees
    }
    this.#countAgain()
  }

  /** What arbiters have earned. */
  #fees(): bigint {
    return [regulator, arbiter].reduce((total, org) => total + this.world.account(org).free, 0n)
  }

  /** The naive second count. */
  #countAgain(): void {
    scanInvariants(this.world.state, this.world.hour)
    const { accounts, visits } = openTables(this.world.state)
    let inside = 0n
    for (const [, { free, reserved }] of accounts.rows()) inside += free + reserved
    assert.equal(inside, this.#outside, "money inside is what came in less what went out")
    let paid = 0n
    for (const [, row] of visits.rows()) for (const leg of row.legs) paid += this.#opened(leg.paid).amount
    const atProviders = this.world.account(clinic).free + this.world.account(hospital).free
    assert.equal(
      atProviders + this.#lostByProviders,
      paid,
      "providers have what legs are paid, less fees and withdrawals",
    )
  }
}

const runs = process.env["COUNTERSIGN_LONG"] === "1" ? 400 : 30

test("no history makes or loses money", () => {
  const outcomes = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 60, size: "max" }), (steps) => {
      const history = new History()
      for (const each of steps) history.run(each)
      for (const [outcome, count] of history.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
    }),
    { numRuns: runs, endOnFailure: true },
  )
  const applied = [...outcomes.keys()].filter((outcome) => outcome.endsWith(" applied"))
  assert.ok(applied.length >= 8, `histories go far: ${applied.join(", ")}`)
})
