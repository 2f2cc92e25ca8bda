/**
 * The seven organizations of the story as nodes of one process: real stores, real doors, no child processes. Their
 * keys are at hand, so that a test can write what an insider could.
 */
import { join } from "node:path"

import { encodeEnvelope } from "../src/base/envelope.ts"
import { Fault } from "../src/base/fault.ts"
import { toJson } from "../src/base/json.ts"
import { type Refusal, Refused } from "../src/base/refusal.ts"
import { encodeAs, type StructCodec } from "../src/base/schema.ts"
import type { Community } from "../src/cli/community/community.ts"
import { type MemberOrganization, operatorNumber, organizations } from "../src/cli/community/organizations.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import {
  deposit,
  engagePractitioner,
  found,
  type Practitioner,
  publishPlan,
  roles,
  type Setting,
} from "../src/cli/community/setting.ts"
import { eyeVisit, eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { Journey } from "../src/cli/visit/journey.ts"
import type { VisitCase } from "../src/cli/visit/visit-case.ts"
import { encodePayload, mailBody, mailType } from "../src/ledger/envelopes.ts"
import { KeyRing, signWith } from "../src/node/keys.ts"
import { Node } from "../src/node/node.ts"
import { Work } from "../src/node/work.ts"
import { mailInfo, sealFor } from "../src/record/bundle-sealing.ts"
import { type LetterBody, type LetterKind, letter, letterBodies } from "../src/record/letter.ts"
import { WorkStore } from "../src/store/work-store.ts"
import { post } from "../src/wallet/post.ts"

const startKey = "s".repeat(32)

/** What a desk was asked, and answered, as it went over the wire. */
export interface Exchange {
  readonly node: LocalNode
  readonly operation: string
  readonly asked: string
  readonly status: number
  readonly answered: string
}

export class LocalNode {
  readonly member: MemberOrganization
  readonly directory: string
  readonly keys: KeyRing
  #node: Node
  #stopped: Promise<void> | undefined
  listener: ((exchange: Exchange) => void) | undefined

  private constructor(member: MemberOrganization, directory: string, node: Node, keys: KeyRing) {
    this.member = member
    this.directory = directory
    this.#node = node
    this.keys = keys
  }

  static async start(member: MemberOrganization, directory: string): Promise<LocalNode> {
    const store = new WorkStore(join(directory, "work"), startKey)
    const keys = await KeyRing.open(new Work(store, startKey), member.kind)
    await store.close()
    return new LocalNode(member, directory, await LocalNode.#open(member, directory), keys)
  }

  static #open({ name, kind, number }: MemberOrganization, directory: string): Promise<Node> {
    return Node.start({
      directory,
      name,
      kind,
      organization: number,
      host: "127.0.0.1",
      port: 0,
      startKey,
      operator: number === operatorNumber,
      turnableClock: true,
    })
  }

  get url(): string {
    return this.#node.url
  }

  async desk<T>(operation: string, body: unknown = {}): Promise<T> {
    const { status, answered } = await this.ask(operation, toJson(body, 0))
    const value = JSON.parse(answered) as T & Refusal
    if (status < 300) return value
    if (status === 503) throw new Fault(value.message, { retryable: true })
    throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
  }

  async ask(operation: string, asked: string): Promise<Exchange> {
    const response = await fetch(`${this.url}/desk/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#node.deskToken}` },
      body: asked,
    })
    const exchange = { node: this, operation, asked, status: response.status, answered: await response.text() }
    this.listener?.(exchange)
    return exchange
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.url}${path}`)).json()) as T
  }

  /** Once: a node that is stopped already stays so. */
  stop(): Promise<void> {
    this.#stopped ??= this.#node.stop()
    return this.#stopped
  }

  /** The same directory, a new process's worth of memory. `meanwhile` is done while nobody has it open. */
  async restart(meanwhile?: (stopped: { directory: string; startKey: string }) => Promise<unknown>): Promise<void> {
    await this.stop()
    await meanwhile?.({ directory: this.directory, startKey })
    this.#stopped = undefined
    this.#node = await LocalNode.#open(this.member, this.directory)
  }
}

export class LocalCommunity {
  readonly turnable = true
  readonly #nodes: ReadonlyMap<number, LocalNode>

  private constructor(nodes: ReadonlyMap<number, LocalNode>) {
    this.#nodes = nodes
  }

  static async start(directory: string): Promise<LocalCommunity> {
    const started = organizations.map((member) => LocalNode.start(member, join(directory, member.name)))
    return new LocalCommunity(new Map((await Promise.all(started)).map((node) => [node.member.number, node])))
  }

  node(number: number): LocalNode {
    return this.#nodes.get(number)!
  }

  get nodes(): readonly LocalNode[] {
    return [...this.#nodes.values()]
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}

/** The founded scene: a practitioner, the eye plan in force, money in the payer's account. */
export interface Scene {
  readonly community: LocalCommunity
  readonly setting: Setting
  readonly told: VisitCase
  readonly practitioner: Practitioner
  readonly plan: Uint8Array
}

export async function openScene(directory: string): Promise<Scene> {
  const community = await LocalCommunity.start(directory)
  // The story's own scene building: it asks of a community what this one has, too.
  const setting = await found(community as unknown as Community, eyeVisitDay * 86_400 + 8 * 3600)
  const told = eyeVisit(readPlanFiles(join(plansFolder(), "eye-sample.md")))
  const practitioner = await engagePractitioner(setting, roles.clinic, told.practitioner.licence)
  const plan = await publishPlan(setting, told.plan)
  await deposit(setting, roles.payer, 10_000_000n)
  return { community, setting, told, practitioner, plan }
}

export interface Enrolling {
  readonly plan?: Uint8Array
  readonly left?: VisitCase["left"]
}

/** A patient of the payer, with her own wallet and vouchers. */
export async function newPatient({ setting, told, plan }: Scene, enrolling: Enrolling = {}): Promise<Journey> {
  const journey = new Journey(setting)
  const { member: facts, left, hold: cap, serviceDay: day } = told
  await journey.enrol({ plan, facts, left, cap, day, ...enrolling })
  return journey
}

/** A letter in an organization's name, by its key for mail or by another. */
export async function writeAs<K extends LetterKind>(
  { community, setting }: Scene,
  { sender, to, seed }: { readonly sender: number; readonly to: number; readonly seed?: Uint8Array },
  kind: K,
  body: LetterBody<K>,
): Promise<void> {
  const codec = letterBodies[kind] as unknown as StructCodec<LetterBody<K>>
  const thread = new Uint8Array(32)
  const content = encodeAs(letter, { kind, sender, thread, answerTo: undefined, body: encodeAs(codec, body) })
  const sealed = await sealFor(setting.organizations.get(to)!.sealingKey, mailInfo, content)
  const { hour } = await community.node(to).get<{ hour: number }>("/health")
  const payload = encodePayload(mailType, hour + 24, mailBody, { to, sealed })
  const key = seed ?? community.node(sender).keys.seed("operate")
  await post(community.node(to).url, encodeEnvelope(payload, [signWith(key, "mailed", setting.chainId, payload)]))
}

export async function until<T>(what: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    const found = await what()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error("It did not happen in time")
}
