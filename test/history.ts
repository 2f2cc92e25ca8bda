/**
 * Random histories of a few visits: each step becomes one signed transaction for the ledger and one plain event for
 * the auditor. Most steps fit the state they meet, as the auditor's books know it; some are wrong on purpose.
 */
import { toHex } from "../src/base/bytes.ts"
import {
  arbiter,
  by,
  chainId,
  clinic,
  custodian,
  hospital,
  payer,
  regulator,
  secondPayer,
} from "../src/ledger/example-chain.ts"
import {
  agreedBy,
  blindingOf,
  type Draft,
  factsDraft,
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
} from "../src/ledger/visit/world.ts"
import { Auditor, type Event, type LegBook, minus, nothing, type Opening, plus, type Side } from "./auditor.ts"

export const stepKinds = [
  "hold",
  "top-up",
  "cancel",
  "expire",
  "facts",
  "statement",
  "again",
  "deliver",
  "elapse",
  "contest",
  "rule",
  "pay",
  "refund",
  "order",
  "void",
  "pass",
] as const

export interface Step {
  readonly kind: (typeof stepKinds)[number]
  readonly visit: number
  readonly pick: number
  /** 0 disturbs one thing of the step. */
  readonly wrong: number
}

const payers = [payer, secondPayer, custodian] as const
const visits = [handle("first"), handle("second"), handle("third")] as const
const ladder = [100_00n, 200_00n, 500_00n, 300_00n, 1_000_00n] as const
const sides: readonly Side[] = [0, 0, 2, 3]
const panel = [regulator, arbiter]

type Pair = readonly [Event, Draft]

interface KnownFacts {
  readonly draft: ReturnType<typeof factsDraft>
  readonly id: string
}
type StatementEvent = Extract<Event, { do: "statement" }>
interface KnownStatement {
  readonly draft: ReturnType<typeof statementDraft>
  readonly event: Omit<StatementEvent, "side" | "agreed">
}

/** The states of a leg in which a step may succeed. */
const fits: Partial<Record<Step["kind"], readonly LegBook["state"][]>> = {
  "top-up": ["held"],
  cancel: ["held", "disputed"],
  expire: ["held", "disputed"],
  deliver: ["held"],
  elapse: ["held", "disputed"],
  contest: ["held"],
  rule: ["disputed", "held"],
  order: ["paid"],
}

const ofStatement: ReadonlySet<Step["kind"]> = new Set(["deliver", "elapse", "contest", "rule"])

function numberOf(scalar: Uint8Array): bigint {
  return scalar.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
function scalarOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

export class History {
  readonly world = new World({ deposit: 2_000_00n })
  readonly auditor = new Auditor({
    provider: clinic,
    panel,
    custodians: [custodian],
    hours: { hold: 2160, agree: 336, rule: 720, silent: 720, grace: 720, lookBack: 8760 },
    fee: 5_000n,
  })
  readonly #facts = new Map<string, KnownFacts[]>()
  readonly #statements = new Map<string, KnownStatement[]>()
  #count = 0

  constructor() {
    this.auditor.account(payer).free = 2_000_00n
    for (const org of [secondPayer, custodian]) {
      this.world.deposit(org, 1_000_00n)
      this.auditor.account(org).free = 1_000_00n
    }
    this.auditor.account(clinic)
  }

  static readonly visits = visits

  /** The transaction of a step and its event; undefined where there is nothing to do, or only time has passed. */
  next(step: Step): Pair | undefined {
    this.#count++
    if (step.kind === "pass") {
      this.world.pass(step.pick % 400)
      return undefined
    }
    this.auditor.now = this.world.hour
    const makers: Readonly<Record<Exclude<Step["kind"], "pass">, () => Pair | undefined>> = {
      hold: () => this.#hold(step),
      "top-up": () => this.#topUp(step),
      cancel: () => this.#plain(step, "cancel"),
      expire: () => this.#plain(step, "expire"),
      facts: () => this.#factsStep(step),
      statement: () => this.#statement(step),
      again: () => this.#again(step),
      deliver: () => this.#deliver(step),
      elapse: () => this.#elapse(step),
      contest: () => this.#contest(step),
      rule: () => this.#rule(step),
      pay: () => this.#payment(step, "pay"),
      refund: () => this.#payment(step, "refund"),
      order: () => this.#order(step),
      void: () => this.#void(step),
    }
    return makers[step.kind]()
  }

  #book(step: Step) {
    const visit = visits[step.visit]!
    const name = visit.label
    const book = this.auditor.visits.get(name)
    const legs = book?.legs ?? []
    // Mostly a leg that the step can move: of the third visit's legs a random one would seldom do.
    const fitting = legs
      .map((_, i) => i)
      .filter((i) => fits[step.kind]?.includes(legs[i]!.state))
      .filter((i) => step.wrong === 0 || !ofStatement.has(step.kind) || book?.statement?.legs.has(i))
    const leg = fitting[step.pick % fitting.length] ?? 0
    return { visit, name, book, legs, leg, found: legs[leg] as LegBook | undefined }
  }

  /** The statement in force by id, or another one where the step is wrong. */
  #inForce(step: Step): { id: string; bytes: Uint8Array } | undefined {
    const known = this.#statements.get(visits[step.visit]!.label) ?? []
    const inForce = this.#book(step).book?.statement?.id
    const statement = step.wrong === 0 ? known[0] : known.find(({ event }) => event.id === inForce)
    return statement === undefined ? undefined : { id: statement.event.id, bytes: idOf(statement.draft) }
  }

  #hold(step: Step): Pair {
    const { visit, name } = this.#book(step)
    const from = payers[step.pick % 3]!
    const amount = ladder[step.pick % (step.wrong === 0 ? 5 : 3)]!
    const cap = 500_00n
    const voucher = voucherFor(visit, { payer: from, cap, label: `voucher ${name} ${from} ${step.pick % 7}` })
    const draft = holdDraft(visit, { voucher, amount })
    const signed = step.wrong !== 1
    const id = toHex(voucher.id(chainId))
    return [
      {
        do: "hold",
        visit: name,
        payer: from,
        amount,
        voucher: id,
        cap,
        signed,
        hour: this.world.hour,
        until: voucher.expiry,
      },
      signed ? draft : signedBy<Draft>(draft, by(clinic, "hold", "held")),
    ]
  }

  #topUp(step: Step): Pair {
    const { visit, name, leg, found } = this.#book(step)
    const amount = ladder[step.pick % 5]!
    const byPayer = step.wrong % 2 === 0
    const other = byPayer ? by(found?.payer ?? payer, "agree", "held") : patient(visit, "held")
    const draft = signedBy(legDraft("top-up/1", visit, { leg, amount }), by(clinic, "hold", "held"), other)
    return [{ do: "top-up", visit: name, leg, amount, byPayer }, draft]
  }

  #plain(step: Step, kind: "cancel" | "expire"): Pair {
    const { visit, name, leg, found } = this.#book(step)
    if (kind === "expire" && step.wrong === 5 && found !== undefined && found.expires > this.world.hour)
      this.#waitFor(found.expires)
    return [{ do: kind, visit: name, leg }, legDraft(`${kind}/1`, visit, { leg })]
  }

  #newFacts(step: Step): KnownFacts {
    const { visit, name } = this.#book(step)
    const known = this.#facts.get(name) ?? []
    const again = known[step.pick % 5]
    if (again !== undefined && step.wrong !== 2) return again
    const first = known.find(({ id }) => this.auditor.visits.get(name)?.facts.has(id))
    const supersedes = first === undefined || step.wrong === 0 ? undefined : idOf(first.draft)
    const draft = factsDraft(visit, {
      label: `facts ${this.#count}`,
      ...(supersedes === undefined ? {} : { supersedes }),
    })
    const facts = { draft, id: toHex(idOf(draft)) }
    this.#facts.set(name, [...known, facts])
    return facts
  }

  #factsStep(step: Step): Pair {
    const { visit, name } = this.#book(step)
    const { draft, id } = this.#newFacts(step)
    const side = sides[step.pick % 4]!
    const supersedes = draft.body.supersedes
    const facts = { id, supersedes: supersedes === undefined ? undefined : toHex(supersedes) }
    return [{ do: "facts", visit: name, facts, side }, signedBy(draft, performed(), ...sideOrders(visit, side))]
  }

  #statement(step: Step): Pair {
    const { visit, name, book, legs } = this.#book(step)
    const { draft: facts, id: factsId } = this.#newFacts(step)
    const label = `statement ${this.#count}`
    const keep = step.wrong === 3 ? legs.slice(1) : legs.filter(({ state }) => state !== "released")
    const claimed = keep.map(({ voucher, held }, i) => {
      const blinding = `${label} ${i}`
      const amount = (held * BigInt(step.pick % 11)) / 10n
      return { voucher, amount, label: blinding }
    })
    const inForce = (this.#statements.get(name) ?? []).find(({ event }) => event.id === book?.statement?.id)
    const supersedes = step.wrong === 0 || inForce === undefined ? undefined : idOf(inForce.draft)
    const draft = statementDraft(visit, {
      facts: facts.body,
      label,
      ...(supersedes === undefined ? {} : { supersedes }),
      legs: claimed.map((each) => ({ ...each, voucher: Uint8Array.from(Buffer.from(each.voucher, "hex")) })),
    })
    const before = facts.body.supersedes
    const event: KnownStatement["event"] = {
      do: "statement",
      visit: name,
      id: toHex(idOf(draft)),
      facts: { id: factsId, supersedes: before === undefined ? undefined : toHex(before) },
      supersedes: supersedes === undefined ? undefined : toHex(supersedes),
      legs: claimed.map((each) => ({
        voucher: each.voucher,
        opening: { a: each.amount, r: numberOf(blindingOf(each.label)) },
      })),
    }
    const known = { draft, event }
    this.#statements.set(name, [...(this.#statements.get(name) ?? []), known])
    return this.#signStatement(step, known)
  }

  /** The statement in force once more, with other signatures. */
  #again(step: Step): Pair | undefined {
    const { name, book } = this.#book(step)
    const known = this.#statements.get(name) ?? []
    const chosen = step.wrong === 0 ? known[0] : known.find(({ event }) => event.id === book?.statement?.id)
    return chosen === undefined ? undefined : this.#signStatement(step, chosen)
  }

  #signStatement(step: Step, { draft, event }: KnownStatement): Pair {
    const { visit, legs } = this.#book(step)
    const side = sides[(step.pick >> 2) % 4]!
    const named = event.legs.map(({ voucher }) => legs.find((leg) => leg.voucher === voucher)?.payer ?? payer)
    const all = [...new Set(named)]
    const agreed = step.pick % 4 < 2 ? [] : step.pick % 4 === 2 ? all.slice(0, 1) : all
    const orders = [performed(), ...sideOrders(visit, side), ...agreed.map((org) => agreedBy(org))]
    return [{ ...event, side, agreed }, signedBy(draft, ...orders)]
  }

  #deliver(step: Step): Pair | undefined {
    const { visit, name, leg } = this.#book(step)
    const statement = this.#inForce(step)
    if (statement === undefined) return undefined
    const draft = legDraft("deliver/1", visit, { leg, statement: statement.bytes })
    return [{ do: "deliver", visit: name, leg, statement: statement.id }, draft]
  }

  #opening(step: Step): Opening {
    const { book, leg } = this.#book(step)
    const claimed = book?.statement?.legs.get(leg) ?? nothing
    return step.wrong === 1 ? plus(claimed, { a: 1n, r: 0n }) : claimed
  }

  #elapse(step: Step): Pair | undefined {
    const { visit, name, leg, found } = this.#book(step)
    const statement = this.#inForce(step)
    if (statement === undefined) return undefined
    // Most of the time the window has passed: that is what makes this step worth trying.
    if (step.wrong > 1 && found !== undefined && found.deadline > this.world.hour) this.#waitFor(found.deadline)
    const opening = this.#opening(step)
    const fields = { leg, statement: statement.bytes, amount: opening.a, blinding: scalarOf(opening.r) }
    return [{ do: "elapse", visit: name, leg, statement: statement.id, opening }, legDraft("elapse/1", visit, fields)]
  }

  #waitFor(hour: number): void {
    this.world.pass(hour - this.world.hour)
    this.auditor.now = this.world.hour
  }

  #contest(step: Step): Pair | undefined {
    const { visit, name, leg, found } = this.#book(step)
    const statement = this.#inForce(step)
    if (statement === undefined) return undefined
    const amount = ((found?.hold ?? 0n) * BigInt(step.pick % 11)) / 9n
    const draft = legDraft("contest/1", visit, { leg, statement: statement.bytes, amount })
    return [
      { do: "contest", visit: name, leg, statement: statement.id, amount },
      signedBy(draft, by(found?.payer ?? payer, "agree", "contested")),
    ]
  }

  #rule(step: Step): Pair | undefined {
    const { visit, name, leg, found } = this.#book(step)
    const statement = this.#inForce(step)
    // A custodian has no panel: nobody may sign a ruling on its leg.
    if (statement === undefined || found?.payer === custodian) return undefined
    if (step.wrong === 2 && found !== undefined && found.deadline > this.world.hour) this.#waitFor(found.deadline)
    const forPayer = step.pick % 2 === 1
    const opening = forPayer && step.wrong !== 1 ? nothing : this.#opening(step)
    const signers = step.wrong === 3 ? [regulator] : panel
    const fields = {
      leg,
      statement: statement.bytes,
      choice: forPayer ? 1 : 0,
      amount: opening.a,
      blinding: scalarOf(opening.r),
    }
    return [
      { do: "rule", visit: name, leg, statement: statement.id, forPayer, opening, signers },
      signedBy(legDraft("rule/1", visit, fields), ...signers.map((org) => by(org, "witness", "ruled"))),
    ]
  }

  #payment(step: Step, kind: "pay" | "refund"): Pair | undefined {
    const from = payers[step.pick % 3]!
    const payable = ({ state, hold }: LegBook) => state === "settled" && (kind === "pay" || hold === 0n)
    const all = [...this.auditor.visits].flatMap(([visit, { legs }]) =>
      legs.map((leg, index) => ({ visit, index, leg })).filter(({ leg }) => leg.payer === from && payable(leg)),
    )
    const listed = step.wrong === 2 ? all.slice(0, 1) : all
    if (listed.length === 0) return undefined
    const due = listed.reduce((sum, { leg }) => plus(sum, minus(leg.owed, leg.paid)), nothing)
    const right = kind === "pay" ? due : minus(nothing, due)
    const opening = step.wrong === 0 ? plus(right, { a: 1n, r: 0n }) : right
    if (opening.a < 0n) return undefined
    const names = listed.map(({ visit, index }) => ({ V: visits.find(({ label }) => label === visit)!.V, leg: index }))
    const draft = paymentDraft(`${kind}/1`, names, { payer: from, amount: opening.a, blinding: scalarOf(opening.r) })
    const legs = listed.map(({ visit, index }) => ({ visit, leg: index }))
    return [{ do: kind, payer: from, legs, opening }, draft]
  }

  #order(step: Step): Pair | undefined {
    const { visit, name, leg, found } = this.#book(step)
    if (found === undefined || found.payer === custodian) return undefined
    const amount = (found.held * BigInt(step.pick % 4)) / 20n
    const signers = step.wrong === 0 ? [arbiter] : panel
    const draft = paymentDraft("refund/1", [{ V: visit.V, leg }], {
      payer: found.payer,
      amount,
      blinding: new Uint8Array(32),
    })
    return [
      { do: "order", payer: found.payer, visit: name, leg, amount, signers },
      signedBy(draft, ...signers.map((org) => by(org, "witness", "ruled"))),
    ]
  }

  #void(step: Step): Pair | undefined {
    const { visit, name } = this.#book(step)
    const statement = this.#inForce(step)
    // A void ends a visit: most histories should go on.
    if (statement === undefined || step.wrong > 3) return undefined
    const draft = legDraft("void/1", visit, { statement: statement.bytes })
    return [{ do: "void", visit: name, statement: statement.id }, draft]
  }
}

function sideOrders(visit: (typeof visits)[number], side: Side) {
  if (side === 0) return [patient(visit, "countersigned")]
  return side === 2 ? [by(hospital, "perform", "attested")] : []
}
