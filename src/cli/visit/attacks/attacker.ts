/**
 * Whoever attacks: one enrolled patient with a stack of vouchers, insiders of any organization, and visits brought as
 * far as an attack needs them. Everything goes through the running nodes' desks, mailboxes and the ledger.
 */
import { fromHex, toHex } from "../../../base/bytes.ts"
import { encodeEnvelope } from "../../../base/envelope.ts"
import { monthOfDay } from "../../../base/time.ts"
import { transactionPayload } from "../../../ledger/bodies.ts"
import { addSignatures, signOne } from "../../../ledger/envelopes.ts"
import { isOnLadder } from "../../../ledger/limits.ts"
import type { KeySignature } from "../../../node/keys.ts"
import type { ClaimLine } from "../../../plan/claim.ts"
import { sealBundle } from "../../../record/bundle-sealing.ts"
import type { Review } from "../../../wallet/review.ts"
import type { Wallet } from "../../../wallet/wallet.ts"
import { operatorNumber } from "../../community/organizations.ts"
import { deposit, engagePractitioner, type Practitioner, roles } from "../../community/setting.ts"
import { type Enrolment, Journey, type Priced } from "../journey.ts"
import type { RecordFact } from "../visit-case.ts"
import { Insider } from "./insider.ts"
import { type AttackScene, NotRun } from "./scene.ts"
import type { Window } from "./window.ts"

/** A visit of the attackers as far as the clinic's statement. */
export interface Claimed {
  readonly journey: Journey
  readonly review: Review
  readonly priced: Priced
}

export interface VisitOptions {
  readonly provider?: number
  readonly practitioner?: Practitioner
  readonly lines?: readonly ClaimLine[]
  readonly facts?: readonly RecordFact[]
  /** Minor units, a step of the ladder, or what it is for the benefit quoted; 0n leaves the hold out. */
  readonly hold?: bigint | ((benefit: bigint) => bigint)
  readonly wallet?: Wallet
}

/** A leg as a desk shows it: amounts are decimal strings. */
export interface ShownLeg {
  readonly held: string
  readonly hold: string
  readonly state: number
  readonly deadline: number
  readonly contested: string
}
export interface ShownVisit {
  readonly legs?: readonly ShownLeg[]
}

const vouchers = 26

export class Attacker {
  readonly scene: AttackScene
  readonly window: Window
  readonly #insiders = new Map<number, Promise<Insider>>()
  readonly #wallet: Promise<Wallet>
  #expiry = 0
  #colleague: Promise<Practitioner> | undefined
  #phantom: Promise<Claimed> | undefined
  #elsewhere: Promise<Claimed> | undefined

  constructor(scene: AttackScene, window: Window) {
    this.scene = scene
    this.window = window
    this.#wallet = this.#enrol()
  }

  get setting() {
    return this.scene.setting
  }

  get chainId(): string {
    return this.setting.chainId
  }

  node(organization: number) {
    return this.setting.community.node(organization)
  }

  /** The node that closes the blocks: no other has them sooner. */
  get #newest() {
    return this.node(operatorNumber)
  }

  /** The running hour, by which windows are measured. */
  async running(): Promise<number> {
    return (await this.#newest.desk<{ running: number }>("clock")).running
  }

  enrolment(over: Partial<Enrolment> = {}): Enrolment {
    const { member, serviceDay } = this.scene.told
    return { plan: this.scene.plan.digest, facts: member, left: [], cap: this.hold, day: serviceDay, ...over }
  }

  /** Enough for whatever a visit like the told one may cost. */
  get hold(): bigint {
    return stepFrom(this.scene.told.lines.reduce((sum, { charge }) => sum + charge, 0n))
  }

  async #enrol(): Promise<Wallet> {
    await deposit(this.setting, roles.payer, this.hold * BigInt(vouchers))
    const journey = new Journey(this.setting)
    const enrolment = this.enrolment()
    await journey.enrol(enrolment)
    await journey.fetchVouchers(monthOfDay(enrolment.day), vouchers)
    return journey.wallet
  }

  wallet(): Promise<Wallet> {
    return this.#wallet
  }

  insider(organization: number): Promise<Insider> {
    let insider = this.#insiders.get(organization)
    if (insider === undefined) this.#insiders.set(organization, (insider = Insider.open(this.setting, organization)))
    return insider
  }

  /** A second practitioner, engaged at the hospital. */
  colleague(): Promise<Practitioner> {
    this.#colleague ??= engagePractitioner(this.setting, roles.hospital, "oph-31588")
    return this.#colleague
  }

  /** A visit that never was: practitioner and patient sign it all the same, and it settles. */
  phantom(): Promise<Claimed> {
    this.#phantom ??= this.settled()
    return this.#phantom
  }

  /** The attack patient's visit at the hospital, settled: what another clinic of hers knows. */
  elsewhere(): Promise<Claimed> {
    this.#elsewhere ??= this.colleague().then((practitioner) =>
      this.settled({ provider: roles.hospital, practitioner }),
    )
    return this.#elsewhere
  }

  async close(): Promise<void> {
    for (const insider of await Promise.allSettled(this.#insiders.values())) {
      if (insider.status === "fulfilled") await insider.value.close()
    }
  }

  async hour(): Promise<number> {
    return (await this.#newest.get<{ hour: number }>("/health")).hour
  }

  /** Puts a transaction on the ledger as it is. @throws Refused with the ledger's code. */
  submit(envelope: Uint8Array): Promise<unknown> {
    return this.#newest.desk("submit", { transaction: toHex(envelope) })
  }

  /** Builds a payload, has it signed, and submits it. Each expires at another hour, so that none repeats another. */
  async run<N extends Parameters<typeof transactionPayload>[0]>(
    type: N,
    body: Parameters<typeof transactionPayload<N>>[2],
    sign: (payload: Uint8Array) => readonly KeySignature[] | Promise<readonly KeySignature[]>,
  ): Promise<Uint8Array> {
    const payload = transactionPayload(type, (await this.hour()) + 2 + (this.#expiry++ % 20), body)
    const envelope = encodeEnvelope(payload, await sign(payload))
    await this.submit(envelope)
    return envelope
  }

  shown({ visit, provider }: Journey): Promise<ShownVisit> {
    return this.#newest.desk("visit", { visit: toHex(visit.V), provider })
  }

  async leg(journey: Journey): Promise<ShownLeg> {
    const leg = (await this.shown(journey)).legs?.[0]
    if (leg === undefined) throw new NotRun("the visit has no leg")
    return leg
  }

  /** A visit with money held for it and its facts recorded. */
  async recorded(options: VisitOptions = {}): Promise<{ journey: Journey; quote: Priced; files: readonly string[] }> {
    const { told, practitioner } = this.scene
    const journey = new Journey(this.setting, options.provider ?? roles.clinic, options.wallet ?? (await this.wallet()))
    await journey.arrive((options.practitioner ?? practitioner).id)
    const lines = options.lines ?? told.lines
    const quote = await journey.quote(lines)
    const asked = options.hold ?? this.hold
    const hold = typeof asked === "bigint" ? asked : asked(BigInt(quote.plan))
    if (hold > 0n) await journey.hold(hold)
    const facts = (options.facts ?? told.facts).map(({ sentence }) => ({ sentence, entry: 0 }))
    const { files } = await journey.record(told.entries.slice(0, 1), facts)
    return { journey, quote, files }
  }

  async claimed(options: VisitOptions = {}): Promise<Claimed> {
    const { journey } = await this.recorded(options)
    const priced = await journey.claim(options.lines ?? this.scene.told.lines)
    return { journey, priced, review: await journey.review() }
  }

  /** A wallet that signs whatever it is shown. */
  async blindlySigned({ journey, review }: Claimed): Promise<void> {
    await journey.countersign({ ...review, verdict: { good: true, notChecked: [] } })
  }

  async settled(options: VisitOptions = {}): Promise<Claimed> {
    const claimed = await this.claimed(options)
    await claimed.journey.countersign(claimed.review)
    await claimed.journey.settled(claimed.review.statement)
    return claimed
  }

  /** The statement on the ledger with the practitioner's signature and, if she gives it, the patient's: no payer asked. */
  async filed(claimed: Claimed, signers: "both" | "practitioner"): Promise<void> {
    const { journey, review } = claimed
    const theirs = signOne(this.chainId, review.payload, {
      signer: { seed: journey.visit.seed },
      meaning: "countersigned",
    })
    await this.submit(
      signers === "both" ? addSignatures(review.bundle.visitStatement, [theirs]) : review.bundle.visitStatement,
    )
  }

  /** The regulator keeps the sealed bundle at the payer's disposal and attests it: the payer's window begins. */
  async delivered({ journey, review }: Claimed): Promise<void> {
    const { sealingKey } = this.setting.organizations.get(roles.payer)!
    const sealed = await sealBundle(sealingKey, review.statement, review.bytes)
    const { V, provider, leg, statement } = legOf({ journey, review })
    await this.node(roles.regulator).desk("deliver", { sealed, visit: V, provider, leg, statement })
  }

  /** The clinic claims the payer's silence and opens its amount. @throws Refused with the ledger's code. */
  async elapsed(claimed: Claimed): Promise<void> {
    const { amount, blinding } = openingOf(claimed)
    await this.run("elapse/1", { ...legOf(claimed), amount, blinding }, async (payload) => {
      const clinic = this.node(claimed.journey.provider)
      const { header, signature } = await clinic.desk<{ header: string; signature: string }>("sign-submitted", {
        payload,
      })
      return [{ header: fromHex(header), signature: fromHex(signature) }]
    })
  }

  /** What the payer answers to a bundle put before it: waits for the clinic to learn it. @throws Refused with its code. */
  async payerAnswers({ journey, review }: Claimed, bundle: Uint8Array): Promise<void> {
    const clinic = await this.insider(journey.provider)
    await clinic.showPayer(roles.payer, review.statement, bundle, journey.visit.V)
    await journey.settled(review.statement)
  }
}

export function openingOf({ review }: Pick<Claimed, "review">) {
  const opening = review.bundle.openings.find(({ leg }) => leg === review.bundle.leg)
  if (opening === undefined) throw new NotRun("the bundle opens no amount")
  return opening
}

export function legOf({ journey, review }: Pick<Claimed, "journey" | "review">) {
  return { V: journey.visit.V, provider: journey.provider, leg: 0, statement: review.statement }
}

/** The smallest step of the ladder that is not below an amount. */
function stepFrom(amount: bigint): bigint {
  for (let power = 100n; ; power *= 10n) {
    for (const digit of [1n, 2n, 5n]) if (digit * power >= amount) return digit * power
  }
}

/** The largest step of the ladder below an amount. */
export function stepBelow(amount: bigint): bigint {
  for (let step = amount - 1n; step > 0n; step -= 1n) if (isOnLadder(step)) return step
  throw new NotRun("the amount is below every step")
}
