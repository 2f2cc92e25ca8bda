/**
 * A second, naive implementation of the money and the stages of visits, as judge of the first: plain maps, amounts in
 * clear, no signatures, no bytes, no curve. It was written from the tables of the protocol and shares no code with
 * `src/ledger`. A commitment is its opening (a, r); points add as openings do.
 */

export interface Opening {
  readonly a: bigint
  readonly r: bigint
}

/** L, the order of the group in which blindings add. */
const order = 7237005577332262213973186563042994240857116359379907606001950938285454250989n

export const nothing: Opening = { a: 0n, r: 0n }
export function plus(x: Opening, y: Opening): Opening {
  return { a: x.a + y.a, r: (x.r + y.r) % order }
}
export function minus(x: Opening, y: Opening): Opening {
  return { a: x.a - y.a, r: (x.r - y.r + order) % order }
}
function same(x: Opening, y: Opening): boolean {
  return x.a === y.a && x.r === y.r
}

export interface LegBook {
  readonly voucher: string
  readonly payer: number
  readonly cap: bigint
  held: bigint
  hold: bigint
  state: "held" | "settled" | "paid" | "disputed" | "released"
  owed: Opening
  paid: Opening
  expires: number
  deadline: number
  contested: bigint
  settled: number
  refunded: boolean
}

export interface VisitBook {
  readonly facts: Map<string, { assurance: number; recorded: number }>
  statement: { id: string; facts: string; own: boolean; void: boolean; legs: Map<number, Opening> } | undefined
  readonly legs: LegBook[]
}

export interface AccountBook {
  free: bigint
  reserved: bigint
  paid: bigint
  open: number
}

/** 0 patient, 2 an independent attester, 3 nobody. */
export type Side = 0 | 2 | 3

export interface FactsEvent {
  readonly id: string
  readonly supersedes?: string | undefined
}

export type Event =
  | {
      do: "hold"
      visit: string
      payer: number
      amount: bigint
      voucher: string
      cap: bigint
      signed: boolean
      hour: number
      until: number
    }
  | { do: "top-up"; visit: string; leg: number; amount: bigint; byPayer: boolean }
  | { do: "cancel" | "expire"; visit: string; leg: number }
  | { do: "facts"; visit: string; facts: FactsEvent; side: Side }
  | {
      do: "statement"
      visit: string
      id: string
      facts: FactsEvent
      supersedes?: string | undefined
      legs: readonly { voucher: string; opening: Opening }[]
      side: Side
      agreed: readonly number[]
    }
  | { do: "deliver"; visit: string; leg: number; statement: string }
  | { do: "elapse"; visit: string; leg: number; statement: string; opening: Opening }
  | { do: "contest"; visit: string; leg: number; statement: string; amount: bigint }
  | {
      do: "rule"
      visit: string
      leg: number
      statement: string
      forPayer: boolean
      opening: Opening
      signers: number[]
    }
  | { do: "pay" | "refund"; payer: number; legs: readonly { visit: string; leg: number }[]; opening: Opening }
  | { do: "order"; payer: number; visit: string; leg: number; amount: bigint; signers: number[] }
  | { do: "void"; visit: string; statement: string }

export interface AuditorOptions {
  /** The one provider of these histories. */
  readonly provider: number
  readonly panel: readonly number[]
  readonly custodians: readonly number[]
  readonly hours: {
    readonly hold: number
    readonly agree: number
    readonly rule: number
    readonly silent: number
    readonly grace: number
    readonly lookBack: number
  }
  readonly fee: bigint
}

export class Auditor {
  readonly accounts = new Map<number, AccountBook>()
  readonly visits = new Map<string, VisitBook>()
  readonly #options: AuditorOptions
  readonly #vouchers = new Set<string>()
  readonly #done = new Set<string>()
  now = 0

  constructor(options: AuditorOptions) {
    this.#options = options
  }

  account(org: number): AccountBook {
    let account = this.accounts.get(org)
    if (account === undefined) {
      account = { free: 0n, reserved: 0n, paid: 0n, open: 0 }
      this.accounts.set(org, account)
    }
    return account
  }

  /** Whether the rules take it; then the books have changed. */
  judge(event: Event): boolean {
    switch (event.do) {
      case "hold":
        return this.#hold(event)
      case "top-up":
        return this.#topUp(event)
      case "cancel":
      case "expire":
        return this.#giveUp(event)
      case "facts":
        return this.#facts(event)
      case "statement":
        return this.#statement(event)
      case "deliver":
      case "elapse":
      case "contest":
      case "rule":
        return this.#dispute(event)
      case "pay":
        return this.#pay(event)
      case "refund":
        return this.#refund(event)
      case "order":
        return this.#order(event)
      case "void":
        return this.#void(event)
    }
  }

  #leg(visit: string, leg: number): LegBook | undefined {
    return this.visits.get(visit)?.legs[leg]
  }

  /** Counts the open legs of everybody anew: the slow and plain way. */
  #recount(): void {
    for (const account of this.accounts.values()) account.open = 0
    for (const { legs } of this.visits.values())
      for (const { state, payer } of legs) {
        if (state === "paid" || state === "released") continue
        this.account(payer).open++
        this.account(this.#options.provider).open++
      }
  }

  #backToPayer(leg: LegBook): void {
    this.account(leg.payer).free += leg.hold
    this.account(leg.payer).reserved -= leg.hold
    leg.hold = 0n
  }

  #hold({ visit, payer, amount, voucher, cap, signed, hour, until }: Extract<Event, { do: "hold" }>): boolean {
    const book = this.visits.get(visit)
    const known = book !== undefined && [...book.facts.values()].some(({ assurance }) => assurance < 3)
    if ((!signed && !known) || hour >= until) return false
    if (this.#vouchers.has(voucher) || book?.statement?.void === true || (book?.legs.length ?? 0) >= 8) return false
    if (!/^[125]0{2,}$/.test(String(amount)) || amount > cap || this.account(payer).free < amount) return false
    const row: VisitBook = book ?? { facts: new Map(), statement: undefined, legs: [] }
    this.visits.set(visit, row)
    this.#vouchers.add(voucher)
    this.account(payer).free -= amount
    this.account(payer).reserved += amount
    row.legs.push({
      voucher,
      payer,
      cap,
      held: amount,
      hold: amount,
      state: "held",
      owed: nothing,
      paid: nothing,
      expires: this.now + 1 + this.#options.hours.hold,
      deadline: 0,
      contested: 0n,
      settled: 0,
      refunded: false,
    })
    this.#recount()
    return true
  }

  #topUp({ visit, leg: index, amount, byPayer }: Extract<Event, { do: "top-up" }>): boolean {
    const leg = this.#leg(visit, index)
    if (leg?.state !== "held" || !/^[125]0{2,}$/.test(String(amount)) || amount <= leg.held) return false
    if (!byPayer && amount > leg.cap) return false
    const more = amount - leg.held
    if (this.account(leg.payer).free < more) return false
    this.account(leg.payer).free -= more
    this.account(leg.payer).reserved += more
    leg.held = amount
    leg.hold += more
    return true
  }

  #giveUp({ do: kind, visit, leg: index }: Extract<Event, { do: "cancel" | "expire" }>): boolean {
    const leg = this.#leg(visit, index)
    if (leg === undefined || (leg.state !== "held" && leg.state !== "disputed")) return false
    if (kind === "expire" && this.now < leg.expires) return false
    leg.settled = leg.state === "disputed" ? this.now : leg.settled
    leg.state = leg.state === "disputed" ? "paid" : "released"
    leg.deadline = 0
    this.#backToPayer(leg)
    this.#recount()
    return true
  }

  /** The facts step; undefined where it is refused. */
  #record(visit: string, { id, supersedes }: FactsEvent, side: Side): VisitBook | undefined {
    const book: VisitBook = this.visits.get(visit) ?? { facts: new Map(), statement: undefined, legs: [] }
    const listed = book.facts.get(id)
    if (listed !== undefined) {
      const facts = new Map(book.facts).set(id, { ...listed, assurance: Math.min(listed.assurance, side) })
      return { ...book, facts }
    }
    const follows = supersedes === undefined ? book.facts.size === 0 : book.facts.has(supersedes)
    if (!follows || book.facts.size >= 16) return undefined
    return { ...book, facts: new Map(book.facts).set(id, { assurance: side, recorded: this.now }) }
  }

  #facts({ visit, facts, side }: Extract<Event, { do: "facts" }>): boolean {
    const form = facts.supersedes !== undefined ? "amend" : side === 3 ? "commit" : "countersign"
    const key = `${form} ${facts.id}`
    const before = this.visits.get(visit)?.facts.get(facts.id)
    if (this.#done.has(key) && (before === undefined || side >= before.assurance)) return false
    const next = this.#record(visit, facts, side)
    if (next === undefined) return false
    this.#done.add(key)
    this.visits.set(visit, next)
    return true
  }

  #statement(event: Extract<Event, { do: "statement" }>): boolean {
    const { visit, id, side, agreed } = event
    const old = this.visits.get(visit)
    const named = event.legs.map(({ voucher }) => old?.legs.findIndex((leg) => leg.voucher === voucher) ?? -1)
    const settling = named.filter((i) => i >= 0 && agreed.includes(old!.legs[i]!.payer))
    const key = `statement ${id} ${settling.join()}`
    const listed = old?.facts.get(event.facts.id)
    const adds =
      listed !== undefined &&
      (side < listed.assurance || (side === 0 && old?.statement?.id === id && !old.statement.own))
    if (this.#done.has(key) && !adds) return false
    const book = this.#record(visit, event.facts, side)
    if (book === undefined || book.statement?.void === true) return false
    const fresh = this.#file(book, event, { named, settling })
    if (fresh === undefined || !this.#mayAgree(book, event, { named, fresh })) return false
    if (old?.statement?.id !== id) for (const leg of book.legs) if (leg.state === "held") leg.deadline = 0
    for (const i of settling) this.#settle(book.legs[i]!, book.statement!.legs.get(i)!, fresh.has(i))
    this.#done.add(key)
    this.visits.set(visit, book)
    this.#recount()
    return true
  }

  /** The file step on a fresh copy of the visit's book; the legs whose commitment it made new. */
  #file(
    book: VisitBook,
    { id, facts, supersedes, legs, side }: Extract<Event, { do: "statement" }>,
    { named, settling }: { named: readonly number[]; settling: readonly number[] },
  ): Set<number> | undefined {
    const inForce = book.statement
    if (inForce?.id === id) {
      if (settling.some((i) => book.legs[i]!.state === "released")) return undefined
      book.statement = { ...inForce, own: inForce.own || side === 0 }
      return new Set()
    }
    if (inForce?.id !== supersedes) return undefined
    if (named.some((i, at) => i < 0 || (at > 0 && i <= named[at - 1]!))) return undefined
    if (named.some((i) => ["released", "disputed"].includes(book.legs[i]!.state))) return undefined
    for (const i of inForce?.legs.keys() ?? [])
      if (!named.includes(i) && book.legs[i]!.state !== "released") return undefined
    const fresh = new Set<number>()
    const claimed = new Map<number, Opening>()
    for (const [at, i] of named.entries()) {
      const { opening } = legs[at]!
      const before = inForce?.legs.get(i)
      claimed.set(i, opening)
      if (before === undefined || !same(before, opening)) fresh.add(i)
      const closed = ["settled", "paid"].includes(book.legs[i]!.state)
      if (closed && fresh.has(i) && !settling.includes(i)) return undefined
    }
    book.statement = { id, facts: facts.id, own: side === 0, void: false, legs: claimed }
    return fresh
  }

  #mayAgree(
    book: VisitBook,
    { agreed, facts }: Extract<Event, { do: "statement" }>,
    { named, fresh }: { named: readonly number[]; fresh: ReadonlySet<number> },
  ): boolean {
    const payers = named.map((i) => book.legs[i]!.payer)
    const firsts = [...new Set(payers)].filter((payer) => agreed.includes(payer))
    if (firsts.join() !== agreed.join()) return false
    const { assurance, recorded } = book.facts.get(facts.id)!
    if (agreed.length > 0 && assurance === 3 && this.now < recorded + this.#options.hours.silent) return false
    return !named.some((i) => {
      const { payer, state } = book.legs[i]!
      const moves = fresh.has(i) || state === "held" || state === "disputed"
      return agreed.includes(payer) && this.#options.custodians.includes(payer) && moves && !book.statement!.own
    })
  }

  #settle(leg: LegBook, opening: Opening, fresh: boolean): void {
    if (leg.state === "held" || leg.state === "disputed") {
      leg.settled = this.now
      leg.deadline = 0
    } else if (!fresh) return
    leg.owed = opening
    leg.state = "settled"
  }

  #dispute(event: Extract<Event, { do: "deliver" | "elapse" | "contest" | "rule" }>): boolean {
    const book = this.visits.get(event.visit)
    const leg = book?.legs[event.leg]
    const statement = book?.statement
    if (book === undefined || leg === undefined || statement === undefined) return false
    const claimed = statement.legs.get(event.leg)
    if (statement.id !== event.statement || claimed === undefined) return false
    const custodian = this.#options.custodians.includes(leg.payer)
    const unsigned = book.facts.get(statement.facts)!.assurance === 3 || (custodian && !statement.own)
    const taken =
      event.do === "deliver"
        ? this.#deliver(leg)
        : event.do === "contest"
          ? !custodian && this.#contest(leg, event.amount)
          : event.do === "elapse"
            ? !unsigned && this.#elapse(leg, claimed, event.opening)
            : this.#rule(leg, claimed, { ...event, unsigned })
    this.#recount()
    return taken
  }

  #deliver(leg: LegBook): boolean {
    if (leg.state !== "held" || leg.deadline !== 0) return false
    leg.deadline = this.now + 1 + this.#options.hours.agree
    leg.expires = Math.max(leg.expires, leg.deadline + this.#options.hours.grace)
    return true
  }

  #contest(leg: LegBook, amount: bigint): boolean {
    if (leg.state !== "held" || (leg.deadline !== 0 && this.now >= leg.deadline) || amount > leg.hold) return false
    leg.hold -= amount
    this.account(leg.payer).reserved -= amount
    this.account(leg.payer).paid += amount
    this.account(this.#options.provider).free += amount
    leg.contested = amount
    leg.owed = leg.paid = { a: amount, r: 0n }
    leg.state = "disputed"
    leg.deadline = this.now + 1 + this.#options.hours.rule
    leg.expires = leg.deadline + this.#options.hours.grace
    return true
  }

  #open(leg: LegBook, claimed: Opening, opening: Opening): boolean {
    if (!same(claimed, opening) || opening.a > leg.held || opening.a < leg.contested) return false
    leg.owed = { a: opening.a, r: 0n }
    leg.settled = this.now
    leg.deadline = 0
    leg.state = "settled"
    return true
  }

  #elapse(leg: LegBook, claimed: Opening, opening: Opening): boolean {
    if ((leg.state !== "held" && leg.state !== "disputed") || leg.deadline === 0 || this.now < leg.deadline)
      return false
    return this.#open(leg, claimed, opening)
  }

  #majority(signers: readonly number[]): boolean {
    return signers.length * 2 > this.#options.panel.length
  }

  #rule(
    leg: LegBook,
    claimed: Opening,
    ruling: { forPayer: boolean; opening: Opening; signers: readonly number[]; unsigned: boolean },
  ): boolean {
    const disputed = leg.state === "disputed" && this.now < leg.deadline
    const due = leg.deadline !== 0 && this.now >= leg.deadline && this.now < leg.expires
    if (!disputed && !(leg.state === "held" && due && ruling.unsigned)) return false
    if (!this.#majority(ruling.signers)) return false
    if (!ruling.forPayer && !this.#open(leg, claimed, ruling.opening)) return false
    if (ruling.forPayer) {
      if (!same(ruling.opening, nothing)) return false
      leg.state = "paid"
      leg.settled = this.now
      leg.deadline = 0
      this.#backToPayer(leg)
    }
    if (disputed) this.#fine(ruling.forPayer ? this.#options.provider : leg.payer, ruling.signers)
    return true
  }

  #fine(loser: number, signers: readonly number[]): void {
    const { free } = this.account(loser)
    const fee = free < this.#options.fee ? free : this.#options.fee
    this.account(loser).free -= fee
    const part = fee / BigInt(signers.length)
    for (const org of signers) this.account(org).free += part
    this.account(signers[0]!).free += fee - part * BigInt(signers.length)
  }

  #listed(payer: number, legs: readonly { visit: string; leg: number }[]): LegBook[] | undefined {
    const found = legs.map(({ visit, leg }) => this.#leg(visit, leg))
    if (found.length === 0 || found.some((leg) => leg?.payer !== payer)) return undefined
    return found as LegBook[]
  }

  #pay({ payer, legs, opening }: Extract<Event, { do: "pay" | "refund" }>): boolean {
    const listed = this.#listed(payer, legs)
    if (listed === undefined || listed.some(({ state }) => state !== "settled")) return false
    const due = listed.reduce((sum, { owed, paid }) => plus(sum, minus(owed, paid)), nothing)
    const holds = listed.reduce((sum, { hold }) => sum + hold, 0n)
    if (opening.a < 0n || !same(due, opening) || opening.a > holds) return false
    this.account(this.#options.provider).free += opening.a
    this.account(payer).free += holds - opening.a
    this.account(payer).reserved -= holds
    this.account(payer).paid += opening.a
    for (const leg of listed) Object.assign(leg, { hold: 0n, paid: leg.owed, state: "paid" })
    this.#recount()
    return true
  }

  #refund({ payer, legs, opening }: Extract<Event, { do: "pay" | "refund" }>): boolean {
    const listed = this.#listed(payer, legs)
    if (listed === undefined || listed.some(({ state, hold }) => state !== "settled" || hold > 0n)) return false
    const back = listed.reduce((sum, { owed, paid }) => plus(sum, minus(paid, owed)), nothing)
    if (!same(back, opening) || opening.a <= 0n || this.account(this.#options.provider).free < opening.a) return false
    this.account(this.#options.provider).free -= opening.a
    this.account(payer).free += opening.a
    for (const leg of listed) Object.assign(leg, { paid: leg.owed, state: "paid" })
    this.#recount()
    return true
  }

  #order({ payer, visit, leg: index, amount, signers }: Extract<Event, { do: "order" }>): boolean {
    const [leg] = this.#listed(payer, [{ visit, leg: index }]) ?? []
    if (leg?.state !== "paid" || leg.refunded || this.now >= leg.settled + this.#options.hours.lookBack) return false
    if (!this.#majority(signers) || amount === 0n || amount > leg.held) return false
    if (this.account(this.#options.provider).free < amount) return false
    this.account(this.#options.provider).free -= amount
    this.account(payer).free += amount
    leg.owed = minus(leg.owed, { a: amount, r: 0n })
    leg.paid = minus(leg.paid, { a: amount, r: 0n })
    leg.refunded = true
    return true
  }

  #void({ visit, statement }: Extract<Event, { do: "void" }>): boolean {
    const book = this.visits.get(visit)
    if (book?.statement?.id !== statement || book.statement.void) return false
    if (book.legs.some(({ state }) => state === "disputed")) return false
    book.statement.void = true
    for (const leg of book.legs) {
      this.#backToPayer(leg)
      leg.state = same(leg.paid, nothing) ? "released" : "settled"
      leg.owed = nothing
      leg.deadline = 0
    }
    this.#recount()
    return true
  }
}
