/**
 * Seven organizations, four of them with a validator, as real processes that the runner may harm: their keys are read
 * before they start, the links between validators are in its hands, and it finds the CometBFT of each.
 */
import { join } from "node:path"
import { fromHex } from "../../src/base/bytes.ts"
import { type MemberOrganization, organizations } from "../../src/cli/community/organizations.ts"
import { Network } from "../../src/cli/network/network.ts"
import { certificateOf } from "../../src/node/certificate.ts"
import { KeyRing } from "../../src/node/keys.ts"
import { Transport } from "../../src/node/transport.ts"
import { Work } from "../../src/node/work.ts"
import { WorkStore } from "../../src/store/work-store.ts"
import { decodeAnchor, type TrustAnchor } from "../../src/verify/trust.ts"
import { Links } from "./links.ts"
import { childrenOf, naming, signal } from "./processes.ts"

export const validators = [1, 2, 3, 4] as const
export const everybody = organizations.map(({ number }) => number)

/** The member in whose name the runner looks at nodes: its quota is its own, whoever else asks too much. */
const asking = 7
/** A node that says nothing of itself for so long counts as away. */
const healthMs = 10_000

/** A node's process has ended. */
export interface Death {
  readonly organization: number
  readonly at: number
  /** Null after a signal. */
  readonly code: number | null
}

export interface ConsortiumOptions {
  /** Called for each organization's directory before anything is in it. */
  readonly makeDirectory?: (organization: number, directory: string) => void
  /** Told of it before its first process starts: whoever is told stops it, come what may. */
  readonly onStarting?: (consortium: Consortium) => void
}

export class Consortium {
  readonly network: Network
  readonly links: Links
  readonly rings: ReadonlyMap<number, KeyRing>
  readonly deaths: Death[] = []
  /** Of each organization's next start. */
  readonly environment = new Map<number, Readonly<Record<string, string>>>()
  readonly #clients = new Map<number, Transport>()
  #anchor: TrustAnchor | undefined

  private constructor(directory: string, links: Links, { makeDirectory }: ConsortiumOptions) {
    const rings = new Map<number, KeyRing>()
    this.links = links
    this.rings = rings
    this.network = new Network({
      directory,
      validators: validators.length,
      prepare: async ({ number, kind }, at) => {
        makeDirectory?.(number, at.directory)
        rings.set(number, await readKeys(at, kind))
      },
      peerAddress: (from, to, address) => links.addressFor(from, to, address),
      environmentOf: (organization) => this.environment.get(organization) ?? {},
      onChange: ({ number }, what, code) => {
        if (what === "died") this.deaths.push({ organization: number, at: performance.now(), code: code ?? null })
      },
    })
  }

  /** Starts everything. @throws Fault when it does not come up. */
  static async start(directory: string, options: ConsortiumOptions = {}): Promise<Consortium> {
    const consortium = new Consortium(directory, await Links.open(validators), options)
    options.onStarting?.(consortium)
    await consortium.network.start()
    const { anchor } = await consortium.network.node(1).desk<{ anchor: string }>("anchor")
    consortium.#anchor = decodeAnchor(fromHex(anchor))
    return consortium
  }

  get anchor(): TrustAnchor {
    return this.#anchor!
  }

  directoryOf(organization: number): string {
    return this.network.directoryOf(organization)
  }

  titleOf(organization: number): string {
    return `${memberOf(organization).title} (${organization})`
  }

  /** Organizations whose node is up. */
  get up(): readonly number[] {
    return this.network.nodes.map(({ member }) => member.number)
  }

  /** The process id of a node; undefined while it is down. */
  nodeOf(organization: number): number | undefined {
    return this.network.nodes.find(({ member }) => member.number === organization)?.processId
  }

  /** The process id of a node's CometBFT; undefined while there is none. */
  engineOf(organization: number): number | undefined {
    const node = this.nodeOf(organization)
    return node === undefined ? undefined : childrenOf(node, "cometbft")[0]
  }

  /** Asks with the certificate of a member. */
  clientOf(organization: number): Transport {
    let client = this.#clients.get(organization)
    if (client === undefined) {
      client = new Transport(certificateOf(this.rings.get(organization)!.seed("transport")))
      this.#clients.set(organization, client)
    }
    return client
  }

  /** Highest height that each node says it has; undefined for one that does not answer. */
  async heights(): Promise<ReadonlyMap<number, number | undefined>> {
    const asked = everybody.map(async (organization) => [organization, await this.#heightOf(organization)] as const)
    return new Map(await Promise.all(asked))
  }

  async #heightOf(organization: number): Promise<number | undefined> {
    if (!this.up.includes(organization)) return undefined
    const health = this.ask(organization, "/health").catch(() => undefined)
    const bytes = await Promise.race([health, sleep(healthMs)])
    if (bytes === undefined) return undefined
    const { ready, height } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { ready: boolean; height: number }
    return ready ? height : undefined
  }

  /** What a node's door gives to a member. @throws Error for any answer but a good one; Fault without one. */
  async ask(organization: number, path: string): Promise<Uint8Array> {
    const { url, pin } = this.network.node(organization)
    const { status, bytes } = await this.clientOf(asking).request(url + path, { pin })
    if (status !== 200) throw new Error(`${this.titleOf(organization)} answers ${path} with ${status}`)
    return bytes
  }

  /** SIGKILL of a node and its CometBFT together. */
  killBoth(organization: number): void {
    const [node, engine] = [this.nodeOf(organization), this.engineOf(organization)]
    signal(node, "SIGKILL")
    signal(engine, "SIGKILL")
  }

  /** As `killBoth`, and it stays down until `network.startNode`. */
  async takeDown(organization: number): Promise<void> {
    const engine = this.engineOf(organization)
    await this.network.hold(organization, "SIGKILL")
    signal(engine, "SIGKILL")
  }

  async stop(): Promise<void> {
    for (const pid of naming(this.network.directory)) signal(pid, "SIGCONT")
    for (const client of this.#clients.values()) client.close()
    this.links.mend()
    await Promise.race([this.network.stop(), sleep(20_000)])
    await this.links.close()
    // Whatever a killed node left behind, or would not end.
    for (const pid of naming(this.network.directory)) signal(pid, "SIGKILL")
  }
}

export function memberOf(organization: number): MemberOrganization {
  return organizations.find(({ number }) => number === organization)!
}

export const sleep = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms))

/** Asks again until it is so. @throws Error when it has not become so in time. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 200 }: { readonly withinMs: number; readonly everyMs?: number },
): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs / 1000} s`)
    await sleep(everyMs)
  }
}

/** Makes what is missing and reads all: the directory is nobody's else at this moment. */
async function readKeys(
  { directory, startKey }: { readonly directory: string; readonly startKey: string },
  kind: MemberOrganization["kind"],
): Promise<KeyRing> {
  const store = new WorkStore(join(directory, "work"), startKey)
  try {
    return await KeyRing.open(new Work(store, startKey), kind)
  } finally {
    await store.close()
  }
}
