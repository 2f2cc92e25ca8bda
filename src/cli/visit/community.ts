/**
 * Seven organizations on this machine: each a process of its own, started like anybody would start a node, with its own
 * directory and its own start key. This file starts them, talks to their desks and ends only what it started.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Fault } from "../../base/fault.ts"
import { toJson } from "../../base/json.ts"
import { type Refusal, Refused } from "../../base/refusal.ts"
import type { OrganizationKind } from "../../node/config.ts"
import { compileOnce } from "./warm-start.ts"

export interface MemberOrganization {
  readonly number: number
  readonly name: string
  readonly title: string
  readonly kind: OrganizationKind
  readonly group: number
}

/** The community of the story. The custodian operates the ledger: it neither treats, pays nor is paid for care. */
export const organizations: readonly MemberOrganization[] = [
  { number: 1, name: "lakeside-eye", title: "Lakeside Eye Clinic", kind: "provider", group: 1 },
  { number: 2, name: "county-hospital", title: "County Hospital", kind: "provider", group: 2 },
  { number: 3, name: "sample-mutual", title: "Sample Mutual", kind: "payer", group: 3 },
  { number: 4, name: "harbor-bank", title: "Harbor Custodian Bank", kind: "custodian", group: 4 },
  { number: 5, name: "state-board", title: "State Licence Board", kind: "licence-board", group: 5 },
  { number: 6, name: "health-regulator", title: "Health Regulator", kind: "regulator", group: 6 },
  { number: 7, name: "patient-union", title: "Patient Association", kind: "patient-association", group: 7 },
]
export const operatorNumber = 4

interface ReadyLine {
  readonly url: string
  readonly desk: string
}

/** A running node, as its own people see it: its address and its desk. */
export class NodeProcess {
  readonly member: MemberOrganization
  readonly directory: string
  readonly url: string
  readonly #desk: string
  readonly #child: ChildProcess

  private constructor(member: MemberOrganization, directory: string, ready: ReadyLine, child: ChildProcess) {
    this.member = member
    this.directory = directory
    this.url = ready.url
    this.#desk = ready.desk
    this.#child = child
  }

  /** @param environment - added to this process's own. */
  static start(
    member: MemberOrganization,
    directory: string,
    startKey: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<NodeProcess> {
    const main = fileURLToPath(new URL("../main.ts", import.meta.url)).replace(
      /\.ts$/,
      import.meta.url.endsWith(".ts") ? ".ts" : ".js",
    )
    const flags = [
      "--dir",
      directory,
      "--name",
      member.name,
      "--kind",
      member.kind,
      "--organization",
      String(member.number),
    ]
    if (member.number === operatorNumber) flags.push("--operator")
    const child = spawn(
      process.execPath,
      [...process.execArgv, main, "node", ...flags, "--turnable-clock", "--start-key-from-stdin"],
      {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...environment },
      },
    )
    child.stdin!.end(`${startKey}\n`)
    return new Promise((resolve, reject) => {
      child.once("exit", (code) =>
        reject(new Fault(`Cannot start ${member.name}: its process ended with ${code}`, { retryable: true })),
      )
      createInterface({ input: child.stdout! }).once("line", (line) => {
        resolve(new NodeProcess(member, directory, JSON.parse(line) as ReadyLine, child))
      })
    })
  }

  get processId(): number {
    return this.#child.pid!
  }

  /** One desk operation. A refusal of the node is thrown as ours; anything else is an outage. */
  async desk<T>(operation: string, body: unknown = {}): Promise<T> {
    const response = await fetch(`${this.url}/desk/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#desk}` },
      body: toJson(body, 0),
    })
    const value = (await response.json()) as T & Refusal
    if (response.ok) return value
    if (response.status === 503) throw new Fault(value.message, { retryable: true })
    throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.url}${path}`)).json()) as T
  }

  /** Asks the process to end and waits until it has. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve())
      this.#child.kill(signal)
    })
  }
}

/** All seven, started together; start keys live only here and in each process's memory. */
export class Community {
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
        NodeProcess.start(member, join(this.directory, member.name), this.#startKeys.get(member.number)!, environment),
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
