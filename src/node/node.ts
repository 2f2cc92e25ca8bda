/**
 * One organization's node, from its directory to its open door. It starts with its keys and nothing else; once it is
 * given the genesis and the community's addresses it runs the engine, or follows the one that does.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import type { FastifyInstance } from "fastify"
import { fromHex, toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import type { PeerAddress } from "../engine/comet/home.ts"
import { genesisHash } from "../ledger/constitution/genesis.ts"
import { isRejection } from "../ledger/rejection.ts"
import { openTables } from "../ledger/state.ts"
import { ageRecipient } from "../record/age-keys.ts"
import { generateNodeKey } from "../record/bundle-sealing.ts"
import { openVault } from "../record/vault.ts"
import { WorkStore } from "../store/work-store.ts"
import { AccessLog } from "./access-log.ts"
import { LedgerApplication } from "./application.ts"
import { type Founding, type OpenSource, openSource } from "./block-source.ts"
import { type Certificate, certificateOf, proveTransport } from "./certificate.ts"
import { Chain } from "./chain.ts"
import type { NodeConfig } from "./config.ts"
import { consensusAddress } from "./consensus.ts"
import type { NodeContext } from "./context.ts"
import type { Fields, Operations } from "./desk.ts"
import { Directory, type Entry, registryOf } from "./directory.ts"
import { directoryOperations } from "./directory-desk.ts"
import { engineOperations } from "./engine-desk.ts"
import { HeaderWatch, votedHeader } from "./header-watch.ts"
import { KeyRing, usesOf } from "./keys.ts"
import { answerLight } from "./light.ts"
import { showCertificate } from "./listener.ts"
import { type Log, openLog } from "./logging.ts"
import { Mailbox } from "./mailbox.ts"
import { encodeHandovers, type TrustedHeader } from "./newcomer.ts"
import { Observation } from "./observation.ts"
import { goOn, operationsOf, receiveLetters } from "./offices.ts"
import { PlanShelf } from "./plans.ts"
import { registerDoors } from "./register-doors.ts"
import { registrationsOf } from "./registrations.ts"
import { blocksFor, finalityToJson } from "./remote.ts"
import { takeValidatorKey } from "./rotation/validator-key.ts"
import { buildServer, type Doors } from "./server.ts"
import { checkStartKey } from "./start-key.ts"
import { Transport } from "./transport.ts"
import { Work } from "./work.ts"

interface Running {
  readonly context: NodeContext
  readonly operations: Operations
  readonly application: LedgerApplication
  readonly opened: OpenSource
  readonly watch: HeaderWatch
  /** What is taken up again after the chain has moved. */
  readonly goingOn: Promise<void>
}

interface NodeParts {
  readonly store: WorkStore
  readonly work: Work
  readonly keys: KeyRing
  readonly log: Log
}

export class Node {
  readonly config: NodeConfig
  readonly #work: Work
  readonly #store: WorkStore
  readonly #keys: KeyRing
  readonly #directory = new Directory()
  readonly #deskToken = new Uint8Array(randomBytes(32))
  #certificate: Certificate | undefined
  readonly #transport: Transport
  readonly #server: FastifyInstance
  readonly #observation: Observation
  #running: Running | undefined
  #stopping = false

  private constructor(config: NodeConfig, { store, work, keys, log }: NodeParts) {
    this.config = config
    this.#store = store
    this.#work = work
    this.#keys = keys
    this.#certificate = config.tls === true ? certificateOf(keys.seed("transport")) : undefined
    this.#transport = new Transport(this.#certificate)
    this.#observation = new Observation({
      config,
      log,
      others: () => this.#directory.all(),
      request: this.#transport.request,
      letters: (queue) => work.count(queue),
    })
    const { quotas } = config
    this.#server = buildServer(this.#doors(), this.#deskToken, {
      certificate: this.#certificate,
      onOverQuota: (door) => this.#observation.refused(door),
      ...(quotas && { quotas }),
    })
  }

  /**
   * Opens the directory and the door.
   * @param log - standard error when left out, as much as the configuration says.
   * @throws Fault when the directory does not open with this start key.
   */
  static async start(
    config: NodeConfig,
    log: Log = openLog({ level: config.logLevel, name: config.name }),
  ): Promise<Node> {
    checkStartKey(config.directory, config.startKey)
    // Whatever a library makes in the directory is its owner's alone, too.
    process.umask(0o077)
    mkdirSync(config.directory, { recursive: true, mode: 0o700 })
    const store = new WorkStore(join(config.directory, "work"), config.startKey)
    const work = new Work(store, config.startKey)
    log.write("info", "starting", { organization: config.organization, kind: config.kind })
    if (config.p2pPort) await work.put("consensus", "port", config.p2pPort)
    const node = new Node(config, { store, work, keys: await KeyRing.open(work, config.kind), log })
    node.#directory.set(work.get<readonly Entry[]>("directory", "entries") ?? [])
    await node.#server.listen({ host: config.host, port: config.port })
    await node.#observation.start()
    log.write("info", "listening", {
      port: (node.#server.server.address() as AddressInfo).port,
      tls: config.tls === true,
    })
    const founding = work.get<Founding>("founding", "genesis")
    // Its door must not stay open, nor its process up, where the chain cannot go on.
    const goOn = config.resume === true && founding !== undefined ? node.#run(founding) : Promise.resolve()
    await goOn.catch(async (error: unknown) => {
      await node.stop()
      throw error
    })
    return node
  }

  get url(): string {
    const { address, port } = this.#server.server.address() as AddressInfo
    return `${this.#certificate === undefined ? "http" : "https"}://${address}:${port}`
  }

  /** The pin of this node's transport key; undefined when its doors are plain HTTP. */
  get pin(): Uint8Array | undefined {
    return this.#certificate?.pin
  }

  /** Where its metrics are, on loopback; undefined when it serves none. */
  get metricsUrl(): string | undefined {
    return this.#observation.metricsUrl
  }

  /** Opens this node's desk; for whoever started it. */
  get deskToken(): string {
    return toHex(this.#deskToken)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#observation.log.write("info", "stopping")
    await this.#observation.stop()
    const running = this.#running
    running?.context.mail.stop()
    running?.opened.hangUp()
    running?.watch.stop()
    await running?.context.chain.source.stop()
    await this.#server.close()
    this.#transport.close()
    await running?.context.mail.rest()
    await running?.goingOn
    await running?.application.close()
    await this.#store.close()
    this.#observation.log.write("info", "stopped")
  }

  /** Answers as long as the process serves: a store that has failed is no reason to say nothing. */
  #health() {
    const chain = this.#running?.context.chain
    try {
      const { height = 0, hour = 0, chainId } = chain ?? {}
      return { alive: true, ready: chain !== undefined, height, hour, chainId }
    } catch {
      return { alive: true, ready: false, height: 0, hour: 0 }
    }
  }

  /** @throws Fault before the founding, and at a start until the chain goes on: whoever asks tries again. */
  #mustRun(): Running {
    if (this.#running !== undefined) return this.#running
    throw new Fault("Cannot do this yet: the node has not gone on with its chain", { retryable: true })
  }

  #doors(): Doors {
    return {
      identity: () => this.#identity(),
      health: () => this.#health(),
      ready: () => this.#observation.ready(),
      blocks: (from, waitMs) =>
        blocksFor(this.#mustRun().context.chain.source, from, { waitMs, isStopping: () => this.#stopping }),
      submit: async (transaction) => finalityToJson(await this.#mustRun().context.chain.source.submit(transaction)),
      receiveMail: (envelope) => this.#mustRun().context.mail.receive(envelope),
      drainMail: (envelope) => this.#mustRun().context.mail.drain(envelope),
      plan: (digest, table) => {
        if (!/^[0-9a-f]{64}$/.test(digest)) return undefined
        const pack = this.#mustRun().context.plans.pack(fromHex(digest))
        return table === undefined ? pack?.bytes : pack?.tables.find(({ name }) => name === table)?.bytes
      },
      statistics: (name) => this.#running?.operations[`${name}-statistics`],
      register: (name, query) => registerDoors(this.#mustRun().context.chain)(name, query),
      light: (question) => {
        const { consensus } = this.#mustRun().opened
        return consensus && answerLight(consensus.rpc, question)
      },
      header: (height) => votedHeader(this.#mustRun().context.chain, height),
      handovers: () => encodeHandovers(this.#mustRun().application.handovers()),
      operation: (name) => this.#operation(name),
      member: (pin) => this.#directory.member(pin),
    }
  }

  /** Before the founding there are two operations; afterwards those of the organization's kind, too. */
  #operation(name: string) {
    const setup: Operations = {
      found: (fields) => this.#found(fields),
      resume: (fields) => this.#resume(fields),
      ...directoryOperations(this.#directory, this.#work),
      registrations: (fields) => this.#registrations(fields),
    }
    const known = { ...this.#running?.operations, ...setup }
    return Object.hasOwn(known, name) ? known[name] : undefined
  }

  async #identity(): Promise<unknown> {
    const { organization, name, kind } = this.config
    const keys = Object.fromEntries(usesOf(kind).map((use) => [use, toHex(this.#keys.publicKey(use))]))
    const { publicKey } = await generateNodeKey(this.#keys.seed("sealing"))
    return {
      organization,
      name,
      kind,
      keys,
      sealingKey: publicKey,
      recipient: await ageRecipient(this.#keys.seed("records")),
      transport: this.pin,
      transportProof: this.pin && proveTransport(this.#keys.seed("operate"), organization, this.pin),
      consensus: await this.#consensusAddress(),
    }
  }

  /** As others reach it; undefined for a node without consensus. */
  async #consensusAddress(): Promise<PeerAddress | undefined> {
    const { consensus, publicHost, host } = this.config
    return consensus === true ? consensusAddress(this.#work, this.#keys, publicHost ?? host) : undefined
  }

  /** After its admission, before it has a chain: its keys for the registry, for any member to hand in. */
  async #registrations(fields: Fields): Promise<unknown> {
    const { organization, kind } = this.config
    const at = { chainId: fields.text("chainId"), hour: fields.integer("hour"), organization, kind }
    return { transactions: registrationsOf(this.#keys, at) }
  }

  /** Takes the genesis, once; the same bytes again change nothing. */
  async #found(fields: Fields): Promise<unknown> {
    const genesis = fields.bytes("genesis")
    const known = this.#work.get<Founding>("founding", "genesis")
    if (known !== undefined && toHex(known.genesis) !== toHex(genesis)) {
      refuse("founded", "Cannot found: this node belongs to another chain", "genesis", "Start with an empty directory")
    }
    const founding = {
      genesis,
      start: fields.integer("start"),
      operator: fields.integer("operator", { least: 0, most: 65_535 }),
      trusted: fields.has("trusted") ? trustedOf(fields.object("trusted")) : undefined,
    }
    if (known === undefined) await this.#work.put("founding", "genesis", founding)
    this.#observation.log.write("info", "founded", { operator: founding.operator })
    await this.#run(founding)
    return { genesis: genesisHash(genesis) }
  }

  /** Goes on with the chain in this directory. */
  async #resume(_fields: Fields): Promise<unknown> {
    const founding = this.#work.get<Founding>("founding", "genesis")
    if (founding === undefined)
      return refuse("not-founded", "Cannot resume: no chain in this directory", "node", "Found the community first")
    await this.#run(founding)
    return { height: this.#mustRun().context.chain.height }
  }

  async #run(founding: Founding): Promise<void> {
    if (this.#running !== undefined) return
    const application = await LedgerApplication.open(join(this.config.directory, "ledger"), founding.genesis)
    if (isRejection(application)) return refuse(application.code, application.message, "genesis", "Fix the genesis")
    const tables = openTables(application.state)
    await takeValidatorKey(tables, this.config.organization, { work: this.#work, keys: this.#keys })
    this.#observation.timeCommits(application)
    const opened = await openSource(application, founding, {
      config: this.config,
      keys: this.#keys,
      work: this.#work,
      directory: this.#directory,
      transport: this.#transport,
      onHalt: (cause) => {
        this.#observation.halted(cause)
        halt(cause)
      },
      onLog: (line) => this.#observation.log.engine(line),
      onRejectedProposal: (height, reason) => this.#observation.rejectedProposal(height, reason),
    })
    const { chainId, genesisValidators } = application.chain
    const anchor = {
      chainId,
      genesis: genesisHash(founding.genesis),
      k: application.k,
      validators: genesisValidators,
      former: application.former,
    }
    const chain = new Chain({
      chainId,
      anchor,
      state: application.state,
      source: opened.source,
      handovers: () => application.handovers(),
    })
    this.#directory.trust(registryOf(chain, (key, organization) => this.#directory.isAhead(key, organization)))
    const context = await this.#context(chain)
    const watch = this.#watchHeaders(chain)
    const operations = {
      ...operationsOf(context),
      ...engineOperations(application, opened, { turnable: this.config.turnableClock, watch }),
    }
    this.#running = { context, operations, application, opened, watch, goingOn: goOn(context) }
    this.#observation.watch(this.#running)
    receiveLetters(context)
    context.mail.resume()
  }

  #watchHeaders(chain: Chain): HeaderWatch {
    return new HeaderWatch({
      organization: this.config.organization,
      chain,
      directory: this.#directory,
      work: this.#work,
      request: this.#transport.request,
      onFound: ({ height, shownBy, signers }) =>
        this.#observation.log.write("error", "evidence", { height, shownBy, signers: signers.length }),
    })
  }

  #showTransport(): void {
    if (this.#certificate === undefined) return
    this.#certificate = certificateOf(this.#keys.seed("transport"))
    this.#transport.show(this.#certificate)
    showCertificate(this.#server.server, this.#certificate)
  }

  async #context(chain: Chain): Promise<NodeContext> {
    const log = new AccessLog(this.#work, () => chain.hour)
    const vault = await openVault(join(this.config.directory, "vault"), (read) => log.record(read))
    const mail = new Mailbox({
      organization: this.config.organization,
      keys: this.#keys,
      work: this.#work,
      request: this.#transport.request,
      chainId: () => chain.chainId,
      former: () => chain.anchor.former,
      hour: () => chain.hour,
      correspondent: (organization) => this.#directory.find(organization),
      maySend: (key, organization) => chain.isKeyOf(key, organization, "operate"),
    })
    const plans = new PlanShelf(this.#work, this.#directory, this.#transport.request)
    return {
      config: this.config,
      keys: this.#keys,
      work: this.#work,
      vault,
      log,
      chain,
      directory: this.#directory,
      mail,
      plans,
      showTransport: () => this.#showTransport(),
    }
  }
}

function trustedOf(header: Fields): TrustedHeader {
  return { height: header.integer("height", { least: 1 }), hash: header.bytes("hash", 32) }
}

/** An engine that cannot go on ends the process: a node that is up and does not move would only look well. */
function halt(cause: unknown): void {
  process.stderr.write(`node halted: ${cause instanceof Error ? cause.message : "unknown cause"}\n`)
  process.exitCode = 2
  setImmediate(() => process.exit(2))
}
