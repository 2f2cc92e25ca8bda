/** One organization's node as a process of its own, started as anybody would start one, and ended by who started it. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { fromHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { DeskClient } from "./desk-client.ts"
import type { MemberOrganization } from "./organizations.ts"

interface ReadyLine {
  readonly url: string
  readonly desk: string
  readonly pin?: string
}

export interface NodeStart {
  readonly member: MemberOrganization
  readonly directory: string
  /** Opens the directory; goes to the process on its standard input. */
  readonly startKey: string
  /** Further flags of `countersign node`. */
  readonly flags: readonly string[]
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>
  /** Called when the process has ended, asked or not. */
  readonly onExit?: (code: number | null) => void
}

function mainFile(): string {
  const file = fileURLToPath(new URL("../main.ts", import.meta.url))
  return import.meta.url.endsWith(".ts") ? file : file.replace(/\.ts$/, ".js")
}

export class NodeProcess extends DeskClient {
  readonly #child: ChildProcess

  private constructor({ member, directory }: NodeStart, { url, desk, pin }: ReadyLine, child: ChildProcess) {
    const address = { url, desk, pin: pin === undefined ? undefined : fromHex(pin) }
    super(member, directory, () => address)
    this.#child = child
    this.#address = address
  }

  readonly #address: { readonly url: string; readonly desk: string; readonly pin: Uint8Array | undefined }

  /** What opens this run's desk, for whoever is handed it. */
  get address() {
    return this.#address
  }

  /** @throws Fault when the process ends before it is ready. */
  static start(start: NodeStart): Promise<NodeProcess> {
    const { member, directory, startKey, flags, environment = {}, onExit } = start
    const named = ["--dir", directory, "--name", member.name, "--kind", member.kind, "--organization"]
    const child = spawn(
      process.execPath,
      [...process.execArgv, mainFile(), "node", ...named, String(member.number), ...flags, "--start-key-from-stdin"],
      { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...environment } },
    )
    child.stdin!.on("error", () => undefined)
    child.stdin!.end(`${startKey}\n`)
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => {
        reject(new Fault(`Cannot start ${member.name}: its process ended with ${code}`, { retryable: true }))
        onExit?.(code)
      })
      createInterface({ input: child.stdout! }).once("line", (line) => {
        resolve(new NodeProcess(start, JSON.parse(line) as ReadyLine, child))
      })
    })
  }

  get processId(): number {
    return this.#child.pid!
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Asks the process to end and waits until it has. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.ended) return Promise.resolve()
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve())
      this.#child.kill(signal)
    })
  }
}
