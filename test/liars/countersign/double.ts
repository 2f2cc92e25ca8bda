/**
 * A lying operator's means: a second process on a copy of its directory, with its keys, that signs another history;
 * and members' followers that watch either of the two.
 */
import { cpSync, mkdtempSync } from "node:fs"
import { join } from "node:path"
import { equalBytes } from "../../../src/base/bytes.ts"
import { type FinalBlock, finalBlockCodec } from "../../../src/base/chain/block.ts"
import { verifyCommit } from "../../../src/base/chain/commit.ts"
import { headerHash } from "../../../src/base/chain/header.ts"
import { decodeAs, list } from "../../../src/base/schema.ts"
import type { DeskClient } from "../../../src/cli/community/desk-client.ts"
import type { NodeProcess } from "../../../src/cli/community/node-process.ts"
import { operatorNumber } from "../../../src/cli/community/organizations.ts"
import { roles, type Setting } from "../../../src/cli/community/setting.ts"
import { type BlockSource, Follower } from "../../../src/engine/follower.ts"
import { BadBlock } from "../../../src/engine/replay.ts"
import type { DecodedTransaction } from "../../../src/ledger/decode.ts"
import { isRejection } from "../../../src/ledger/rejection.ts"
import { LedgerApplication } from "../../../src/node/application.ts"
import { RemoteSource } from "../../../src/node/remote.ts"
import { Transport } from "../../../src/node/transport.ts"
import type { TrustAnchor } from "../../../src/verify/trust.ts"
import { must } from "../lies.ts"
import type { LiarCommunity } from "./community.ts"

const patienceMs = 20_000

export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    const found = await ask()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`Waited in vain: ${what}`)
}

export const heightOf = async (node: DeskClient) => (await node.get<{ height: number }>("/health")).height

/** A copy of an organization's directory as it lies there; nobody writes while it is made. */
export function copyOf(community: LiarCommunity, organization: number, root: string): string {
  const copy = mkdtempSync(join(root, "copy-"))
  cpSync(community.node(organization).directory, copy, { recursive: true })
  return copy
}

export const copyOperator = (community: LiarCommunity, root: string) => copyOf(community, operatorNumber, root)

interface Identity {
  readonly organization: number
  readonly sealingKey: string
  readonly transport?: string
  readonly transportProof?: string
}

/**
 * Tells a node where the others are.
 * @param ports - organizations that it is to reach through another port of this machine.
 */
export async function listFor(
  community: LiarCommunity,
  node: DeskClient,
  ports: ReadonlyMap<number, number>,
): Promise<void> {
  const identities = await Promise.all(community.nodes.map((one) => one.get<Identity>("/identity")))
  const organizations = identities.map(({ organization, sealingKey, transport, transportProof }) => {
    const { member, url } = community.node(organization)
    const { name, kind } = member
    const reached = through(url, ports.get(organization))
    return { organization, name, kind, url: reached, sealingKey, transport, transportProof }
  })
  await node.desk("list-organizations", { organizations })
}

/** The same address at another port. */
export function through(url: string, port: number | undefined): string {
  return port === undefined ? url : `${new URL(url).protocol}//127.0.0.1:${port}`
}

/** Starts the operator a second time, on a copy. Whoever starts it stops it. */
export async function startDouble(community: LiarCommunity, directory: string): Promise<NodeProcess> {
  const double = await community.startNode(operatorNumber, directory)
  await listFor(community, double, new Map())
  await double.desk("resume")
  return double
}

/** A transaction that only the operator's own organization signs: the smallest history there is. */
export async function book(operator: DeskClient, reference: string): Promise<void> {
  await operator.desk("deposit", { to: roles.hospital, amount: 100n, reference })
}

const blocksCodec = list(finalBlockCodec, 0, 256)

export async function blockAt(node: DeskClient, height: number): Promise<FinalBlock | undefined> {
  return decodeAs(blocksCodec, await node.getBytes(`/chain/blocks?from=${height}&wait=0`))[0]
}

/** Two blocks of one height, each made final by the chain's validators: whoever signed both is a liar, to anybody. */
export function proveTwoHistories(a: FinalBlock, b: FinalBlock, { chainId, validators }: TrustAnchor): boolean {
  if (a.header.height !== b.header.height || equalBytes(headerHash(a.header), headerHash(b.header))) return false
  return [a, b].every(
    ({ header, commit }) => header.chainId === chainId && verifyCommit(header, commit, validators) === undefined,
  )
}

/** A member's own follower: the code of a node, with an eye on what it says when it stops. */
export class Observer {
  readonly #application: LedgerApplication
  readonly #tell: Tell
  #following: { readonly follower: Follower<DecodedTransaction>; readonly source: RemoteSource }
  /** Whom it follows. */
  followed: DeskClient

  private constructor(application: LedgerApplication, followed: DeskClient, tell: Tell) {
    this.#application = application
    this.#tell = tell
    this.followed = followed
    this.#following = this.#follow(followed)
  }

  #follow(followed: DeskClient) {
    const address = () => ({ url: followed.url, transport: followed.pin })
    const source = new RemoteSource("operator", address, new Transport().request)
    const options = { threads: 1, retryMs: 20 }
    return { source, follower: new Follower(this.#application, told(source, this.#tell), options) }
  }

  /** @param tell - what the source makes of a block before it hands it on. */
  static async start(
    { genesis }: Setting,
    { root, followed, tell = (block) => block }: { root: string; followed: DeskClient; tell?: Tell },
  ): Promise<Observer> {
    const application = await LedgerApplication.open(mkdtempSync(join(root, "observer-")), genesis)
    if (isRejection(application)) throw new Error(application.message)
    const observer = new Observer(application, followed, tell)
    await observer.#following.follower.start()
    return observer
  }

  /** Goes on at another address, as when the operator's changes. */
  async turnTo(followed: DeskClient): Promise<void> {
    await this.#rest()
    this.followed = followed
    this.#following = this.#follow(followed)
    await this.#following.follower.start()
  }

  get height(): number {
    return this.#following.follower.height
  }

  reached(height: number): Promise<true> {
    return until(`height ${height}`, () => (this.height >= height ? true : undefined))
  }

  /** The block at which it stopped and why; undefined while all is well. */
  get halted(): BadBlock | undefined {
    const cause = this.#following.follower.halted
    return cause === undefined ? undefined : must(cause instanceof BadBlock && cause, `it halted for ${cause}`)
  }

  async #rest(): Promise<void> {
    this.#following.source.stop()
    await this.#following.follower.stop()
  }

  async stop(): Promise<void> {
    await this.#rest()
    await this.#application.close()
  }
}

export type Tell = (block: FinalBlock) => FinalBlock

function told(source: RemoteSource, tell: Tell): BlockSource {
  return {
    trust: source.trust,
    submit: (transaction) => source.submit(transaction),
    status: () => source.status(),
    async *blocks(from) {
      for await (const block of source.blocks(from)) yield tell(block)
    },
  }
}
