/**
 * The wires between validators: one directed link, over which one organization's CometBFT dials another's, for each
 * ordered pair. A cut link is a black hole, not a refusal: what is sent stays under way, new connections wait, nobody
 * is told.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import type { PeerAddress } from "../../src/engine/comet/home.ts"
import type { LinkOrder } from "./link.ts"

const host = "127.0.0.1"

export class Links {
  readonly #thread: Worker
  readonly #ports: ReadonlyMap<string, number>

  private constructor(thread: Worker, ports: ReadonlyMap<string, number>) {
    this.#thread = thread
    this.#ports = ports
  }

  /** One link for every ordered pair of these organizations. */
  static async open(organizations: readonly number[]): Promise<Links> {
    const pairs = organizations.flatMap((from) => organizations.map((to) => [from, to] as const))
    const names = pairs.filter(([from, to]) => from !== to).map((pair) => pair.join(" "))
    const thread = new Worker(new URL("./link.ts", import.meta.url), { workerData: names })
    const [ports] = (await once(thread, "message")) as [readonly (readonly [string, number])[]]
    return new Links(thread, new Map(ports))
  }

  /** Where `from` shall find `to`: at the link between them, where there is one. */
  addressFor(from: number, to: number, address: PeerAddress): PeerAddress {
    const link = `${from} ${to}`
    const port = this.#ports.get(link)
    if (port === undefined) return address
    this.#tell({ do: "lead", link, target: { host: address.host, port: address.port } })
    return { ...address, host, port }
  }

  /** Nothing goes any more, in either direction, between members of the one group and of the other. */
  part(one: readonly number[], other: readonly number[]): void {
    const links = [...this.#ports.keys()].filter((name) => {
      const [from, to] = name.split(" ").map(Number) as [number, number]
      return (one.includes(from) && other.includes(to)) || (other.includes(from) && one.includes(to))
    })
    this.#tell({ do: "cut", links })
  }

  mend(): void {
    this.#tell({ do: "mend", links: [...this.#ports.keys()] })
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }

  #tell(order: LinkOrder): void {
    this.#thread.postMessage(order)
  }
}
