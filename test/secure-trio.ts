/**
 * A clinic, a payer (who operates the ledger) and a custodian as nodes of one process, speaking TLS to one another and
 * to their own people. Their keys are at hand, so that a test can show what certificate it likes.
 */
import { join } from "node:path"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { toJson } from "../src/base/json.ts"
import { type Refusal, Refused } from "../src/base/refusal.ts"
import { type Certificate, certificateOf } from "../src/node/certificate.ts"
import type { NodeConfig, OrganizationKind } from "../src/node/config.ts"
import { foundCommunity } from "../src/node/founding.ts"
import { KeyRing } from "../src/node/keys.ts"
import { Node } from "../src/node/node.ts"
import type { Quotas } from "../src/node/quota.ts"
import { type Answer, type Ask, Transport } from "../src/node/transport.ts"
import { Work } from "../src/node/work.ts"
import { WorkStore } from "../src/store/work-store.ts"

export const startKey = "t".repeat(32)
export const chainId = "secure-trio"
export const members = [
  { number: 1, name: "clinic", kind: "provider" },
  { number: 2, name: "payer", kind: "payer" },
  { number: 3, name: "bank", kind: "custodian" },
] as const
export const operatorNumber = 2

export interface Identity {
  readonly organization: number
  readonly keys: Readonly<Record<string, string>>
  readonly sealingKey: string
  readonly transport: string
  readonly transportProof: string
}

export class SecureNode {
  readonly number: number
  readonly name: string
  readonly kind: OrganizationKind
  readonly directory: string
  readonly keys: KeyRing
  readonly node: Node
  /** What this organization's node shows. */
  readonly certificate: Certificate
  readonly #client = new Transport()

  private constructor(member: (typeof members)[number], opened: { directory: string; keys: KeyRing; node: Node }) {
    this.number = member.number
    this.name = member.name
    this.kind = member.kind
    this.directory = opened.directory
    this.keys = opened.keys
    this.node = opened.node
    this.certificate = certificateOf(opened.keys.seed("transport"))
  }

  static async start(member: (typeof members)[number], directory: string, quotas?: Quotas): Promise<SecureNode> {
    const config: NodeConfig = {
      directory,
      name: member.name,
      kind: member.kind,
      organization: member.number,
      host: "127.0.0.1",
      port: 0,
      startKey,
      operator: member.number === operatorNumber,
      turnableClock: true,
      tls: true,
      ...(quotas && { quotas }),
    }
    // All that lies in the directory is of the node's own making: it starts once, and its keys are read when it rests.
    await (await Node.start(config)).stop()
    const store = new WorkStore(join(directory, "work"), startKey)
    const keys = await KeyRing.open(new Work(store, startKey), member.kind)
    await store.close()
    return new SecureNode(member, { directory, keys, node: await Node.start(config) })
  }

  get url(): string {
    return this.node.url
  }

  /** Asks this node, as whoever the transport shows; as its own people by default. */
  ask(path: string, ask: Ask = {}, by: Transport = this.#client): Promise<Answer> {
    return by.request(this.url + path, { pin: this.certificate.pin, ...ask })
  }

  async get<T>(path: string): Promise<T> {
    return json<T>(await this.ask(path))
  }

  async desk<T>(operation: string, body: unknown = {}): Promise<T> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.node.deskToken}` }
    const answer = await this.ask(`/desk/${operation}`, { method: "POST", headers, body: toJson(body, 0) })
    const value = json<T & Refusal>(answer)
    if (answer.status < 300) return value
    throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
  }

  async stop(): Promise<void> {
    this.#client.close()
    await this.node.stop()
  }
}

export function json<T>({ bytes }: Answer): T {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as T
}

export interface Trio {
  readonly clinic: SecureNode
  readonly payer: SecureNode
  readonly bank: SecureNode
  readonly nodes: readonly SecureNode[]
  /** The directory's entries, as `list-organizations` takes them. */
  readonly listed: readonly Readonly<Record<string, unknown>>[]
  stop(): Promise<void>
}

/** Three nodes, founded and caught up. */
export async function openTrio(directory: string, quotas?: Quotas): Promise<Trio> {
  const nodes: SecureNode[] = []
  for (const member of members) nodes.push(await SecureNode.start(member, join(directory, member.name), quotas))
  const stop = async () => {
    for (const node of nodes.toReversed()) await node.stop()
  }
  try {
    return { ...(await foundTrio(nodes)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function foundTrio(nodes: readonly SecureNode[]): Promise<Omit<Trio, "stop">> {
  const [clinic, payer, bank] = nodes as readonly SecureNode[] as readonly [SecureNode, SecureNode, SecureNode]
  const identities = await Promise.all(nodes.map((node) => node.get<Identity>("/identity")))
  const listed = identities.map(({ organization, sealingKey, transport, transportProof }, i) => {
    const { name, kind, url } = nodes[i]!
    return { organization, name, kind, url, sealingKey, transport, transportProof }
  })
  await Promise.all(nodes.map((node) => node.desk("list-organizations", { organizations: listed })))
  const founders = identities.map(({ organization, keys }, i) => {
    const entries = Object.entries(keys).map(([use, key]) => [use, fromHex(key)] as const)
    const { name, kind } = nodes[i]!
    return { number: organization, name, kind, group: organization, keys: Object.fromEntries(entries) }
  })
  const start = 1_776_000_000
  const terms = { chainId, currency: "usd", validators: [operatorNumber], k: 8, startHour: Math.floor(start / 3600) }
  const body = { genesis: toHex(foundCommunity(founders, terms)), start, operator: operatorNumber }
  await payer.desk("found", body)
  await Promise.all(nodes.map((node) => node.desk("found", body)))
  await caughtUp(nodes)
  return { clinic, payer, bank, nodes, listed }
}

/** Waits until every node has the operator's last block. */
export async function caughtUp(nodes: readonly SecureNode[]): Promise<void> {
  const head = async (node: SecureNode) => (await node.get<{ height: number }>("/health")).height
  const operator = nodes.find(({ number }) => number === operatorNumber)!
  for (let tries = 0; tries < 1000; tries++) {
    const target = await head(operator)
    if (target > 0 && (await Promise.all(nodes.map(head))).every((height) => height >= target)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error("a node does not follow the operator")
}
