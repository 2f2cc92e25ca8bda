/** The baseline's people and one honest visit: clinic, hospital, payer, board, patient, an operator, and banks outside. */
import { randomBytes } from "node:crypto"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../../src/base/bytes.ts"
import { Member } from "./member.ts"
import type { Cluster } from "./postgres.ts"
import { type Bodies, type Kind, type Role, signRow } from "./row.ts"
import { priceOf } from "./rules.ts"
import { type Secrets, Service } from "./service.ts"

export const day = 20_557 // 2026-04-14
export const codes = {
  E10: { allowed: 13_335, percent: 80 },
  L10: { allowed: 5_000, percent: 80, perYear: 1 },
  T20: { allowed: 4_127, percent: 80 },
  S30: { allowed: 11_219, percent: 80 },
} as const
export const facts = ["The eyes were examined.", "Both eyes were scanned."]
export const lines = [
  { code: "E10", fact: 0 },
  { code: "T20", fact: 1 },
]
/** What an operator or a thief looks for. */
export const canary = facts[1]!

const people: Readonly<Record<string, readonly [holder: string, role: Role]>> = {
  payerPlan: ["payer", "plan"],
  payerPay: ["payer", "pay"],
  clinic: ["clinic", "bill"],
  hospital: ["hospital", "bill"],
  doctor: ["doctor", "practitioner"],
  colleague: ["colleague", "practitioner"],
  board: ["board", "board"],
  patient: ["patient-1", "patient"],
}
export type Person = "payerPlan" | "payerPay" | "clinic" | "hospital" | "doctor" | "colleague" | "board" | "patient"

export interface Visit {
  readonly checkin: number
  readonly record: number
  readonly claim: number
}

const random = () => new Uint8Array(randomBytes(32))

export class BaselineScene {
  readonly cluster: Cluster
  readonly secrets: Secrets = { seed: random(), dataKey: random() }
  readonly seeds: Readonly<Record<string, Uint8Array>>
  /** Everybody's own clock, in seconds; the operator's runs beside it. */
  readonly clock = { seconds: day * 86_400 + 9 * 3600, operatorAhead: 0 }
  /** The payer's own bank account: no part of the database. */
  readonly bank = { payer: 10_000_000, clinic: 0 }
  #service: Service | undefined
  #members: Readonly<Record<"payer" | "clinic" | "hospital" | "patient", Member>> | undefined
  #schedule = 0
  #number = 0
  #copies = 0

  private constructor(cluster: Cluster) {
    this.cluster = cluster
    this.seeds = Object.fromEntries(Object.keys(people).map((name) => [name, random()]))
  }

  static async open(cluster: Cluster): Promise<BaselineScene> {
    const scene = new BaselineScene(cluster)
    await cluster.create("main")
    const service = await Service.create(await cluster.connect("main"), scene.secrets, scene.operatorClock)
    scene.#service = service
    for (const [name, [holder, role]] of Object.entries(people))
      await service.enrol(publicKeyOf(scene.seeds[name]!), holder, role)
    const member = (name: string) => new Member(name, service, () => scene.clock.seconds)
    scene.#members = {
      payer: member("payer"),
      clinic: member("clinic"),
      hospital: member("hospital"),
      patient: member("patient"),
    }
    for (const practitioner of ["doctor", "colleague"])
      await scene.write("board", "roster", { practitioner, active: true, from: day })
    scene.#schedule = await scene.write("payerPlan", "schedule", { version: "2026", from: day, codes })
    for (const one of Object.values(scene.#members)) await one.look()
    return scene
  }

  readonly operatorClock = () => this.clock.seconds + this.clock.operatorAhead

  get service(): Service {
    return this.#service!
  }
  get members() {
    return this.#members!
  }
  get schedule(): number {
    return this.#schedule
  }

  key(person: Person): string {
    return toHex(publicKeyOf(this.seeds[person]!))
  }

  /** @throws NotTaken with the server's code. */
  write<K extends Kind>(person: Person, kind: K, body: Bodies[K], service = this.service): Promise<number> {
    return service.append(signRow(this.seeds[person]!, kind, body))
  }

  promise(): Promise<number> {
    const today = new Date(this.clock.seconds * 1000)
    const month = today.getUTCFullYear() * 12 + today.getUTCMonth()
    const body = { patient: "patient-1", month, number: this.#number++, schedule: this.#schedule }
    return this.write("payerPlan", "eligibility", body)
  }

  async arrive(provider: Person = "clinic"): Promise<number> {
    const today = Math.floor(this.clock.seconds / 86_400)
    return this.write("patient", "checkin", { eligibility: await this.promise(), provider, day: today })
  }

  /** A visit as far as the provider's claim. */
  async claimed(over: Partial<Bodies["claim"]> = {}, practitioner: Person = "doctor"): Promise<Visit> {
    const checkin = await this.arrive()
    const record = await this.write(practitioner, "record", { checkin, facts })
    const claim = await this.claim({ checkin, record, ...over })
    return { checkin, record, claim }
  }

  claim(over: Partial<Bodies["claim"]> & { readonly checkin: number; readonly record: number }): Promise<number> {
    const price = priceOf(codes, over.lines ?? lines)!
    const today = Math.floor(this.clock.seconds / 86_400)
    return this.write("clinic", "claim", { day: today, lines, ...price, ...over })
  }

  async confirmed(over: Partial<Bodies["claim"]> = {}): Promise<Visit> {
    const visit = await this.claimed(over)
    await this.write("patient", "confirmation", { claim: visit.claim })
    return visit
  }

  async adjudicated(): Promise<{ readonly visit: Visit; readonly plan: number; readonly row: number }> {
    const visit = await this.confirmed()
    const { plan } = priceOf(codes, lines)!
    return { visit, plan, row: await this.write("payerPay", "adjudication", { claim: visit.claim, plan }) }
  }

  /** The next day: what may be billed once a day may be billed again. */
  nextDay(): void {
    this.clock.seconds += 86_400
  }

  /** The same database again, for an administrator who lies. Give it back with `discard`. */
  async copy(): Promise<Service> {
    const name = `copy_${this.#copies++}`
    // A template may have no session but the one that copies.
    await this.service.client.end()
    await this.cluster.create(name, "main")
    this.service.client = await this.cluster.connect("main")
    return new Service(await this.cluster.connect(name), this.secrets, this.operatorClock)
  }

  async discard(copy: Service): Promise<void> {
    const { database } = copy.client
    await copy.client.end()
    await this.cluster.drop(database!)
  }

  async close(): Promise<void> {
    await this.service.client.end()
  }
}
