/**
 * Seven organizations on this machine: each a process of its own, started like anybody would start a node, with its own
 * directory and its own start key. This file starts them, talks to their desks and ends only what it started.
 */
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { DeskClient } from "./desk-client.ts"
import { NodeProcess } from "./node-process.ts"
import { operatorNumber, organizations } from "./organizations.ts"
import { compileOnce } from "./warm-start.ts"

/** The running nodes that the story and the attacks work with, whoever started them. */
export interface Members {
  readonly directory: string
  readonly nodes: readonly DeskClient[]
  node(number: number): DeskClient
  /** What opens an organization's directory; undefined where it is not in our hands. */
  startKeyOf(number: number): string | undefined
  /** Whether the chain's clock is ours to turn. */
  readonly turnable: boolean
}

/** All seven, started together; start keys live only here and in each process's memory. */
export class Community implements Members {
  readonly turnable = true
  readonly directory: string
  readonly #startKeys = new Map<number, string>()
  #nodes = new Map<number, NodeProcess>()

  constructor(directory: string) {
    this.directory = directory
    for (const member of organizations) this.#startKeys.set(member.number, randomBytes(16).toString("hex"))
  }

  async start(): Promise<void> {
    const environment = await compileOnce()
    const started = await Promise.all(
      organizations.map((member) =>
        NodeProcess.start({
          member,
          directory: join(this.directory, member.name),
          startKey: this.#startKeys.get(member.number)!,
          flags: ["--turnable-clock", ...(member.number === operatorNumber ? ["--operator"] : [])],
          environment,
        }),
      ),
    )
    this.#nodes = new Map(started.map((node) => [node.member.number, node]))
  }

  /** What opens an organization's directory: in the hands of whoever runs it, and of an insider there. */
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
