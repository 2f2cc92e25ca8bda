/**
 * One patient's way through a visit: her wallet on one side, the clinic's desk on the other. Everything the wallet gets
 * it checks itself; everything it signs it signs with the visit's one-time key.
 */
import { randomBytes } from "node:crypto"
import { assert } from "../../base/assert.ts"
import { fromHex, toHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { type Refusal, Refused, refuse } from "../../base/refusal.ts"
import { formatDate, monthOfDay } from "../../base/time.ts"
import { eventTimeOf } from "../../formats/fhir/event-time.ts"
import { isRejection } from "../../ledger/rejection.ts"
import { lineToJson } from "../../node/provider/lines.ts"
import type { Circumstances } from "../../node/provider/visit-file.ts"
import type { ClaimLine, Member } from "../../plan/claim.ts"
import type { Leg } from "../../plan/leg.ts"
import { categories } from "../../record/entry.ts"
import { anchorOfGenesis } from "../../verify/genesis-anchor.ts"
import type { TrustAnchor } from "../../verify/trust.ts"
import { bodyOf, drain, post, writeLetter } from "../../wallet/post.ts"
import { type Review, review } from "../../wallet/review.ts"
import { Wallet, type WalletVisit } from "../../wallet/wallet.ts"
import { type DeskClient, fetchPinned } from "../community/desk-client.ts"
import { leapClock, roles, type Setting } from "../community/setting.ts"
import type { BucketLeft, RecordEntry, RecordFact } from "./visit-case.ts"

export interface Priced {
  readonly plan: string
  readonly patient: string
  readonly charge: string
  readonly explanation: readonly string[]
  readonly lines: readonly PricedLine[]
  readonly determination?: string
  readonly statement?: string
}
export interface PricedLine {
  readonly number: number
  readonly status: string
  readonly allowed: string
  readonly benefit: string
  readonly patient: string
  readonly adjustments: readonly {
    readonly group: string
    readonly carc: string
    readonly amount: string
    readonly clause: string
  }[]
}

export interface Enrolment {
  readonly plan: Uint8Array
  readonly facts: Member
  readonly left: readonly BucketLeft[]
  readonly cap: bigint
  readonly day: number
}

export interface VisitStatus {
  readonly settled: boolean
  readonly latestSettled?: string
  readonly refused?: Refusal
  readonly receipt?: string
  readonly heldLines: readonly number[]
  readonly determination?: string
  readonly statement?: string
  readonly plan?: string
  readonly patient?: string
}

const patienceMs = 60_000
/** Hour of the last day of service at which its claim is written. */
const claimHour = 18

/** Asks; undefined where the node is away just now, for whoever asks again anyway. */
async function whileDown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Fault && error.retryable) return undefined
    throw error
  }
}

function anchorOf({ genesis }: Setting): TrustAnchor {
  const anchor = anchorOfGenesis(genesis)
  assert(!isRejection(anchor), "a community runs from a genesis that reads")
  return anchor
}

export class Journey {
  readonly setting: Setting
  readonly wallet: Wallet
  readonly provider: number
  #visit: WalletVisit | undefined

  constructor(setting: Setting, provider: number = roles.clinic, wallet?: Wallet) {
    this.setting = setting
    this.provider = provider
    const settings = { chainId: setting.chainId, mailboxHost: roles.association, anchor: anchorOf(setting) }
    this.wallet = wallet ?? new Wallet(new Uint8Array(randomBytes(32)), settings)
  }

  /** The same patient and visit at the same nodes' new addresses, or on the chain that carries this one on. */
  at(setting: Setting): Journey {
    const moved = new Journey(setting, this.provider, this.wallet)
    if (setting.chainId !== this.wallet.settings.chainId) this.wallet.moveTo(anchorOf(setting))
    moved.#visit = this.#visit
    return moved
  }

  get visit(): WalletVisit {
    return (
      this.#visit ?? refuse("no-visit", "Cannot go on: no visit address was shown", "visit", "Show one at the desk")
    )
  }

  get clinic(): DeskClient {
    return this.setting.community.node(this.provider)
  }

  async #hour(): Promise<number> {
    return (await this.clinic.get<{ hour: number }>("/health")).hour
  }

  #organization(number: number) {
    return this.setting.organizations.get(number)!
  }

  /** The payer takes her in: from then on a secret, not a name, stands for her. */
  async enrol({ plan, facts, left, cap, day }: Enrolment): Promise<void> {
    const dates = { born: facts.born, coverFrom: facts.coverFrom, coverTo: facts.coverTo, enrolled: facts.enrolled }
    const known = Object.entries(dates).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, formatDate(value)]],
    )
    const body = { plan: toHex(plan), cap, left, facts: { ...Object.fromEntries(known), sex: facts.sex } }
    const { enrolment } = await this.setting.community
      .node(roles.payer)
      .desk<{ enrolment: string }>("enrol-member", body)
    this.wallet.addCover(roles.payer, fromHex(enrolment))
    await this.fetchVouchers(monthOfDay(day))
  }

  /** Asks the payer, by sealed letter, for vouchers of a month. */
  async fetchVouchers(month: number, count = 3): Promise<void> {
    const mailbox = await this.wallet.newMailbox()
    const request = this.wallet.voucherRequest(roles.payer, month, count)
    const hour = await this.#hour()
    const thread = new Uint8Array(randomBytes(32))
    const payer = this.#organization(roles.payer)
    const { chainId } = this.setting
    const letter = await writeLetter(payer, "voucher-request", request, { chainId, hour, thread, from: mailbox })
    await post(payer.url, letter, fetchPinned(payer.transport))
    const answer = await this.#await(mailbox, "vouchers")
    this.wallet.acceptVouchers(roles.payer, bodyOf("vouchers", answer))
  }

  async #await(mailbox: WalletVisit["mailbox"], kind: string) {
    const { url, transport } = this.#organization(mailbox.address.host)
    const via = fetchPinned(transport)
    const end = Date.now() + patienceMs
    while (Date.now() < end) {
      const letters = await whileDown(async () => {
        const at = { chainId: this.setting.chainId, hour: await this.#hour() }
        return drain(mailbox, url, at, via)
      })
      // Of two that waited the newer one counts: a statement was corrected, or sent again.
      const found = letters?.findLast((letter) => letter.kind === kind)
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    throw new Fault(`Cannot go on: no ${kind} letter came`, { retryable: true })
  }

  /** Shows a fresh address at the desk. `circumstances` are what the claim will say of the whole visit. */
  async arrive(practitioner: Uint8Array, circumstances?: Circumstances): Promise<void> {
    const shown = await this.wallet.showAddress(this.#organization(this.provider), roles.payer, categories)
    this.#visit = shown.visit
    await this.clinic.desk("open-visit", {
      address: toHex(shown.address),
      practitioner: toHex(practitioner),
      circumstances,
    })
  }

  #name() {
    return { visit: toHex(this.visit.V) }
  }

  quote(lines: readonly ClaimLine[]): Promise<Priced> {
    return this.clinic.desk("quote", { ...this.#name(), lines: lines.map(lineToJson) })
  }

  async hold(amount: bigint): Promise<{ height: number; held: string; bytes: number }> {
    const { payload } = await this.clinic.desk<{ payload: string }>("prepare-hold", { ...this.#name(), amount })
    const { header, signature } = this.wallet.signFor(this.visit, "held", fromHex(payload))
    return this.clinic.desk("hold", { ...this.#name(), payload, header, signature })
  }

  record(
    entries: readonly RecordEntry[],
    facts: readonly RecordFact[],
  ): Promise<{ entries: number; files: readonly string[] }> {
    const dated = entries.map((entry) => ({ ...entry, at: entry.at ?? eventTimeOf(entry.bytes) }))
    return this.clinic.desk("record", { ...this.#name(), entries: dated, facts })
  }

  addFact(fact: RecordFact): Promise<{ fact: number }> {
    return this.clinic.desk("add-fact", { ...this.#name(), ...fact })
  }

  /** A claim is made when the service is over: where it took days, the clock is turned to the last of them first. */
  async claim(lines: readonly ClaimLine[]): Promise<Priced> {
    const lastDay = Math.max(...lines.map(({ to }) => to))
    const hour = await this.#hour()
    if (lastDay * 24 > hour) await leapClock(this.setting, (lastDay * 24 + claimHour - hour) * 3600)
    return this.clinic.desk("claim", { ...this.#name(), lines: lines.map(lineToJson) })
  }

  /** Waits for the clinic's bundle, opens it and re-runs everything. */
  async review(): Promise<Review> {
    const { mailbox } = this.visit
    for (;;) {
      const letter = await this.#await(mailbox, "bundle")
      try {
        return await review(mailbox, bodyOf("bundle", letter), this.wallet.ownKnowledge(roles.payer))
      } catch (error) {
        // A letter from before the chain moved: the clinic sends it once more, proven on this one.
        if (!(error instanceof Refused && error.refusal.code === "registers-former")) throw error
      }
    }
  }

  async #write<K extends "countersignature" | "held-line">(
    kind: K,
    body: Parameters<typeof writeLetter<K>>[2],
  ): Promise<void> {
    const clinic = this.#organization(this.provider)
    const writing = {
      chainId: this.setting.chainId,
      hour: await this.#hour(),
      thread: this.visit.V,
      from: this.visit.mailbox,
    }
    await post(clinic.url, await writeLetter(clinic, kind, body, writing), fetchPinned(clinic.transport))
  }

  /** Takes note of a correction that the clinic showed: the next snapshot will count it. */
  noted(reviewed: Review): void {
    this.wallet.cover(roles.payer).snapshots.note(reviewed)
  }

  /** “This did not happen.” */
  deny({ statement }: Review, facts: readonly number[]): Promise<void> {
    return this.#write("held-line", { statement, facts })
  }

  /** Signs, if the wallet's own run agrees with every part. @throws Refused with the first thing that is wrong. */
  async countersign(reviewed: Review): Promise<void> {
    const { statement, payload, verdict } = reviewed
    if (!verdict.good) {
      const { code, message, at } = verdict.failure!
      throw new Refused({ code, message: `Cannot countersign visit: ${message}`, at, remedy: "Ask the provider" })
    }
    const { header, signature } = this.wallet.signFor(this.visit, "countersigned", payload, verdict.statementChain)
    this.wallet.cover(roles.payer).snapshots.note(reviewed)
    await this.#write("countersignature", { statement, header, signature })
  }

  status(): Promise<VisitStatus> {
    return this.clinic.desk("visit-status", this.#name())
  }

  /** Waits until a statement is settled and its receipt made. @throws Refused with the reason when somebody refused it. */
  async settled(statement: Uint8Array): Promise<VisitStatus> {
    const name = toHex(statement)
    const end = Date.now() + patienceMs
    while (Date.now() < end) {
      const status = await whileDown(() => this.status())
      if (status?.refused !== undefined) throw new Refused(status.refused)
      if (status?.latestSettled === name && status.receipt !== undefined) return status
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    throw new Fault("Cannot go on: the visit did not settle in time", { retryable: true })
  }

  /** The whole way with no words: for visits in the background. */
  async run(
    practitioner: Uint8Array,
    visit: { lines: readonly ClaimLine[]; entries: readonly RecordEntry[]; facts: readonly RecordFact[]; hold: bigint },
  ): Promise<Leg> {
    await this.arrive(practitioner)
    await this.quote(visit.lines)
    await this.hold(visit.hold)
    await this.record(visit.entries, visit.facts)
    await this.claim(visit.lines)
    const reviewed = await this.review()
    await this.countersign(reviewed)
    await this.settled(reviewed.statement)
    return reviewed.leg
  }
}
