/**
 * The organizations of an embedded community on their own directories after its chain has moved: each a process again,
 * some of them with a CometBFT validator of their own. For tests.
 */
import { join } from "node:path"
import type { Community, Members } from "../src/cli/community/community.ts"
import { NodeProcess } from "../src/cli/community/node-process.ts"
import { organizations } from "../src/cli/community/organizations.ts"
import { freePorts } from "../src/engine/comet/ports.ts"

interface Identity {
  readonly organization: number
  readonly keys: Readonly<Record<string, string>>
}

export class MovedCommunity implements Members {
  readonly turnable = false
  readonly directory: string
  readonly chainId: string
  readonly genesis: Uint8Array
  readonly #before: Community
  readonly #validators: readonly number[]
  readonly #ports = new Map<number, number>()
  readonly #nodes = new Map<number, NodeProcess>()

  constructor(before: Community, chain: { chainId: string; genesis: Uint8Array; validators: readonly number[] }) {
    this.directory = before.directory
    this.chainId = chain.chainId
    this.genesis = chain.genesis
    this.#before = before
    this.#validators = chain.validators
  }

  get nodes(): readonly NodeProcess[] {
    return [...this.#nodes.values()]
  }

  node(number: number): NodeProcess {
    return this.#nodes.get(number)!
  }

  startKeyOf(number: number): string {
    return this.#before.startKeyOf(number)
  }

  directoryOf(number: number): string {
    return join(this.directory, organizations.find((member) => member.number === number)!.name)
  }

  /** Starts all, tells each where the others are, and has each go on. */
  async start(): Promise<void> {
    const ports = await freePorts(organizations.length)
    for (const [i, { number }] of organizations.entries()) this.#ports.set(number, ports[i]!)
    await Promise.all(organizations.map(({ number }) => this.startNode(number)))
    await this.#introduce()
    await Promise.all(this.nodes.map((node) => node.desk("resume")))
  }

  async startNode(number: number, ...flags: readonly string[]): Promise<void> {
    const member = organizations.find((one) => one.number === number)!
    const consensus = this.#validators.includes(number) ? ["--consensus"] : []
    const node = await NodeProcess.start({
      member,
      directory: this.directoryOf(number),
      startKey: this.startKeyOf(number),
      flags: ["--port", String(this.#ports.get(number)!), "--tls", ...consensus, ...flags],
    })
    this.#nodes.set(number, node)
  }

  async #introduce(): Promise<void> {
    const identities = await Promise.all(this.nodes.map((node) => node.get<Identity>("/identity")))
    const list = identities.map((identity) => {
      const { member, url } = this.node(identity.organization)
      return { ...identity, name: member.name, kind: member.kind, url }
    })
    await Promise.all(this.nodes.map((node) => node.desk("list-organizations", { organizations: list })))
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}

/** What `countersign move` reads: one seat each, by the keys that the organizations hold already. */
export async function validatorsOf({ nodes }: Members, seats: readonly number[]): Promise<string> {
  const identities = await Promise.all(nodes.map((node) => node.get<Identity>("/identity")))
  const seated = identities.filter(({ organization }) => seats.includes(organization))
  return JSON.stringify(seated.map(({ organization, keys }) => ({ organization, key: keys["validator"], power: 10 })))
}
