/**
 * An insider of one organization: has its disk and its start key, and so its keys and its working data, while its node
 * runs. What the organization's own software would refuse to do, an insider does by hand.
 */
import { join } from "node:path"
import { toHex } from "../../../base/bytes.ts"
import { encodeEnvelope, type Meaning } from "../../../base/envelope.ts"
import { encodeAs, type StructCodec } from "../../../base/schema.ts"
import { encodePayload, mailBody, mailType } from "../../../ledger/envelopes.ts"
import type { NodeContext } from "../../../node/context.ts"
import { Directory } from "../../../node/directory.ts"
import { KeyRing, type KeySignature, type KeyUse, signWith } from "../../../node/keys.ts"
import { PlanShelf } from "../../../node/plans.ts"
import { Work } from "../../../node/work.ts"
import { mailInfo, sealBundle, sealFor } from "../../../record/bundle-sealing.ts"
import { type LetterBody, type LetterKind, letter, letterBodies } from "../../../record/letter.ts"
import { WorkStore } from "../../../store/work-store.ts"
import { post } from "../../../wallet/post.ts"
import { type DeskClient, fetchPinned } from "../../community/desk-client.ts"
import type { Setting } from "../../community/setting.ts"
import { NotRun } from "./scene.ts"

export class Insider {
  readonly node: DeskClient
  readonly work: Work
  readonly keys: KeyRing
  readonly #setting: Setting
  readonly #store: WorkStore

  private constructor(setting: Setting, node: DeskClient, store: WorkStore, opened: { work: Work; keys: KeyRing }) {
    this.#setting = setting
    this.node = node
    this.#store = store
    this.work = opened.work
    this.keys = opened.keys
  }

  static async open(setting: Setting, organization: number): Promise<Insider> {
    const node = setting.community.node(organization)
    const startKey = setting.community.startKeyOf(organization)
    if (startKey === undefined) throw new NotRun("nobody here holds this organization's start key")
    const store = new WorkStore(join(node.directory, "work"), startKey)
    const work = new Work(store, startKey)
    return new Insider(setting, node, store, { work, keys: await KeyRing.open(work, node.member.kind) })
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  sign(use: KeyUse, meaning: Meaning, payload: Uint8Array): KeySignature {
    return this.keys.sign(use, meaning, this.#setting.chainId, payload)
  }

  /** The desk key of a practitioner, as it lies in the clinic's working data. */
  signAs(practitioner: Uint8Array, meaning: Meaning, payload: Uint8Array): KeySignature {
    const seed = this.work.get<Uint8Array>("desk-keys", toHex(practitioner))
    return signWith(seed!, meaning, this.#setting.chainId, payload)
  }

  /** Writes a letter in the organization's name and posts it, past its node. */
  async send<K extends LetterKind>(to: number, kind: K, body: LetterBody<K>, thread: Uint8Array): Promise<void> {
    const reader = this.#setting.organizations.get(to)!
    const codec = letterBodies[kind] as unknown as StructCodec<LetterBody<K>>
    const sender = this.node.member.number
    const content = encodeAs(letter, { kind, sender, thread, answerTo: undefined, body: encodeAs(codec, body) })
    const sealed = await sealFor(reader.sealingKey, mailInfo, content)
    const { hour } = await this.node.get<{ hour: number }>("/health")
    const payload = encodePayload(mailType, hour + 24, mailBody, { to, sealed })
    const { url, pin } = this.#setting.community.node(to)
    await post(url, encodeEnvelope(payload, [this.sign("operate", "mailed", payload)]), fetchPinned(pin))
  }

  /** Puts a bundle before the payer as the answer for a statement. */
  async showPayer(payer: number, statement: Uint8Array, bundle: Uint8Array, thread: Uint8Array): Promise<void> {
    const sealed = await sealBundle(this.#setting.organizations.get(payer)!.sealingKey, statement, bundle)
    await this.send(payer, "bundle", { statement, sealed, registers: undefined }, thread)
  }

  /** What the node's own pricing and stating read: with it the insider builds papers as the clinic's software would. */
  async context(): Promise<NodeContext> {
    const { hour, seconds } = await this.node.desk<{ hour: number; seconds: number }>("clock")
    const { number, name } = this.node.member
    const { chainId } = this.#setting
    const chain = { chainId, names: { chainId }, hour, seconds, day: Math.floor(seconds / 86400) }
    const plans = new PlanShelf(this.work, new Directory())
    return {
      config: { organization: number, name },
      chain,
      work: this.work,
      keys: this.keys,
      plans,
    } as unknown as NodeContext
  }
}
