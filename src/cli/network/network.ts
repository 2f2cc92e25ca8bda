/**
 * A consortium on this machine: seven organizations, each with its own process, directory and keys; the first of them
 * run a validator each, the others follow. A process that dies is started again, on the disk that it left.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { fromHex, toHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import type { PeerAddress } from "../../engine/comet/home.ts"
import { freePorts } from "../../engine/comet/ports.ts"
import { foundCommunity } from "../../node/founding.ts"
import { startKeyFrom } from "../../node/start-key.ts"
import { NodeProcess } from "../community/node-process.ts"
import { type MemberOrganization, organizations } from "../community/organizations.ts"
import { compileOnce } from "../community/warm-start.ts"

export interface NetworkOptions {
  readonly directory: string
  /** 4 to 7: the first so many organizations run validators. */
  readonly validators: number
  /** Opens every directory; without one each organization gets a random start key that dies with this process. */
  readonly passphrase?: string | undefined
  /** Told when a process has died, with its exit code where it had one, and when it is up again. */
  readonly onChange?: (member: MemberOrganization, what: "died" | "up", code?: number | null) => void
  /** Further flags of every node. */
  readonly flags?: readonly string[]
  /** Before an organization's first start here, while no process has its directory open. */
  readonly prepare?: (member: MemberOrganization, at: { directory: string; startKey: string }) => Promise<void>
  /** Where one organization's CometBFT finds another's; the address that the other gives when left out. */
  readonly peerAddress?: (from: number, to: number, address: PeerAddress) => PeerAddress
  /** Added to the environment of an organization's process, asked at each start. */
  readonly environmentOf?: (organization: number) => Readonly<Record<string, string>>
}

interface Identity {
  readonly organization: number
  readonly keys: Readonly<Record<string, string>>
  readonly sealingKey: string
  readonly transport: string
  readonly transportProof: string
  readonly consensus?: PeerAddress
}

interface Health {
  readonly ready: boolean
  readonly height: number
}

const restartMs = 300
const readyMs = 90_000

export class Network {
  readonly directory: string
  readonly members = organizations
  readonly #options: NetworkOptions
  readonly #startKeys = new Map<number, string>()
  readonly #ports = new Map<number, number>()
  readonly #nodes = new Map<number, NodeProcess>()
  readonly #held = new Set<number>()
  #environment: Readonly<Record<string, string>> = {}
  #stopping = false
  genesis: Uint8Array = new Uint8Array()
  chainId = ""
  /** Seconds since 1970: the first block's time. */
  begun = 0

  constructor(options: NetworkOptions) {
    this.directory = options.directory
    this.#options = options
  }

  get validators(): readonly number[] {
    return organizations.slice(0, this.#options.validators).map(({ number }) => number)
  }

  node(number: number): NodeProcess {
    const node = this.#nodes.get(number)
    if (node === undefined) throw new Fault(`Cannot ask organization ${number}: its node is down`, { retryable: true })
    return node
  }

  get nodes(): readonly NodeProcess[] {
    return organizations.flatMap(({ number }) => this.#nodes.get(number) ?? [])
  }

  startKeyOf(number: number): string {
    return this.#startKeys.get(number)!
  }

  directoryOf(number: number): string {
    return join(this.directory, organizations.find((member) => member.number === number)!.name)
  }

  /** Starts everything; a directory that holds a chain goes on with it. Resolves when every node has a block. */
  async start(): Promise<void> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    this.#environment = await compileOnce()
    const ports = await freePorts(organizations.length)
    for (const [i, member] of organizations.entries()) {
      const { number } = member
      const startKey = await this.#startKey(number)
      this.#ports.set(number, ports[i]!)
      this.#startKeys.set(number, startKey)
      await this.#options.prepare?.(member, { directory: this.directoryOf(number), startKey })
    }
    await Promise.all(organizations.map(({ number }) => this.startNode(number)))
    const identities = await this.introduce()
    await this.#found(identities)
    await this.#everyNodeReady()
  }

  /** Starts one organization's process. */
  async startNode(number: number): Promise<void> {
    this.#held.delete(number)
    const member = organizations.find((one) => one.number === number)!
    const node = await NodeProcess.start({
      member,
      directory: this.directoryOf(number),
      startKey: this.startKeyOf(number),
      flags: this.#flagsOf(number),
      environment: { ...this.#environment, ...this.#options.environmentOf?.(number) },
      onExit: (code) => this.#onExit(member, code),
    })
    this.#nodes.set(number, node)
    this.#options.onChange?.(member, "up")
  }

  /** Ends one organization's process and leaves it down until `startNode`. */
  async hold(number: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#held.add(number)
    await this.#nodes.get(number)?.stop(signal)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  /** Tells every node where the others are. */
  async introduce(): Promise<readonly Identity[]> {
    const identities = await Promise.all(this.nodes.map((node) => node.get<Identity>("/identity")))
    const { peerAddress = (_from, _to, address) => address } = this.#options
    const listFor = (from: number) =>
      identities.map(({ organization, sealingKey, transport, transportProof, consensus }) => {
        const { member, url } = this.node(organization)
        const { name, kind } = member
        const address = { organization, name, kind, url, sealingKey, transport, transportProof }
        return consensus === undefined ? address : { ...address, consensus: peerAddress(from, organization, consensus) }
      })
    await Promise.all(
      this.nodes.map((node) => node.desk("list-organizations", { organizations: listFor(node.member.number) })),
    )
    return identities
  }

  async #startKey(number: number): Promise<string> {
    const { passphrase } = this.#options
    if (passphrase === undefined) return randomBytes(16).toString("hex")
    mkdirSync(this.directoryOf(number), { recursive: true, mode: 0o700 })
    return startKeyFrom(passphrase, this.directoryOf(number))
  }

  #flagsOf(number: number): readonly string[] {
    const consensus = this.validators.includes(number) ? ["--consensus"] : []
    const port = ["--port", String(this.#ports.get(number)!)]
    return [...port, "--tls", "--resume", ...consensus, ...(this.#options.flags ?? [])]
  }

  /** The bytes are the same for all; each begins its own copy with them. */
  async #found(identities: readonly Identity[]): Promise<void> {
    const start = Math.floor(Date.now() / 1000)
    const chainId = `countersign-${randomBytes(4).toString("hex")}`
    const founders = identities.map(({ organization, keys }) => {
      const { name, kind, group } = organizations.find(({ number }) => number === organization)!
      const entries = Object.entries(keys).map(([use, key]) => [use, fromHex(key)] as const)
      return { number: organization, name, kind, group, keys: Object.fromEntries(entries) }
    })
    const terms = { chainId, currency: "usd", validators: this.validators, k: 18, startHour: Math.floor(start / 3600) }
    this.genesis = foundCommunity(founders, terms)
    this.chainId = chainId
    this.begun = start
    const body = { genesis: toHex(this.genesis), start, operator: 0 }
    await Promise.all(this.nodes.map((node) => node.desk("found", body)))
  }

  async #everyNodeReady(): Promise<void> {
    const end = Date.now() + readyMs
    while (Date.now() < end) {
      const health = await Promise.all(this.nodes.map((node) => node.get<Health>("/health")))
      if (health.every(({ ready, height }) => ready && height > 0)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Fault("Cannot start network: not every node has a block yet", { retryable: true })
  }

  #onExit(member: MemberOrganization, code: number | null): void {
    const { number } = member
    this.#nodes.delete(number)
    if (this.#stopping) return
    this.#options.onChange?.(member, "died", code)
    if (this.#held.has(number)) return
    setTimeout(() => {
      if (this.#stopping || this.#held.has(number) || this.#nodes.has(number)) return
      // A start that fails exits, and comes back here.
      this.startNode(number).catch(() => undefined)
    }, restartMs)
  }
}
