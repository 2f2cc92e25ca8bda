/** The seven organizations with their doors as they are run for real: TLS on every wire, and a clock that may be turned. */
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { Members } from "../../../src/cli/community/community.ts"
import { NodeProcess } from "../../../src/cli/community/node-process.ts"
import { operatorNumber, organizations } from "../../../src/cli/community/organizations.ts"

export class LiarCommunity implements Members {
  readonly turnable = true
  readonly directory: string
  readonly #startKeys = new Map(organizations.map(({ number }) => [number, randomBytes(16).toString("hex")]))
  readonly #nodes = new Map<number, NodeProcess>()

  constructor(directory: string) {
    this.directory = directory
  }

  async start(): Promise<void> {
    const numbers = organizations.map(({ number }) => number)
    const started = await Promise.all(numbers.map((number) => this.startNode(number)))
    for (const node of started) this.#nodes.set(node.member.number, node)
  }

  /** @param directory - another than the organization's own: a second process with the same keys. */
  startNode(number: number, directory?: string): Promise<NodeProcess> {
    const member = organizations.find((one) => one.number === number)!
    return NodeProcess.start({
      member,
      directory: directory ?? join(this.directory, member.name),
      startKey: this.startKeyOf(number),
      flags: ["--turnable-clock", "--tls", ...(number === operatorNumber ? ["--operator"] : [])],
    })
  }

  startKeyOf(number: number): string {
    return this.#startKeys.get(number)!
  }

  node(number: number): NodeProcess {
    return this.#nodes.get(number)!
  }

  get nodes(): readonly NodeProcess[] {
    return [...this.#nodes.values()]
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}
