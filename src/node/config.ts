/**
 * What one organization's node is told at start, decoded once into a frozen value and passed on. What consensus must
 * agree on is genesis state and never stands here.
 */
import { refuse } from "../base/refusal.ts"
import type { StateSync, Timeouts } from "../engine/comet/home.ts"
import type { Quotas } from "./quota.ts"

/** The kinds of organization of the ledger, by number. */
export const organizationKinds = {
  provider: 1,
  payer: 2,
  custodian: 3,
  "licence-board": 4,
  arbiter: 5,
  regulator: 6,
  "patient-association": 7,
} as const
export type OrganizationKind = keyof typeof organizationKinds

/** What whoever runs the node may choose; nothing that consensus must agree on. */
export interface EngineSettings {
  readonly stateSync?: StateSync
  /** Blocks to keep; all when left out. */
  readonly keepBlocks?: number
  /** Blocks from one snapshot for newcomers to the next. */
  readonly snapshotEvery?: number
  readonly timeouts?: Partial<Timeouts>
  readonly logLevel?: "error" | "info"
}

export interface NodeConfig {
  /** This organization's own directory; nothing of the product reads another's. */
  readonly directory: string
  /** `[a-z0-9-]{1,40}`, the organization's name in the registry. */
  readonly name: string
  readonly kind: OrganizationKind
  readonly organization: number
  /** Loopback address and port; port 0 lets the system choose. */
  readonly host: string
  readonly port: number
  /** Opens the working data at rest: exactly 32 printable characters, handed over at start, never stored here. */
  readonly startKey: string
  /** Whether this node operates the embedded engine; all others follow it. */
  readonly operator: boolean
  /** Whether it takes part in consensus by a CometBFT of its own, with or without a vote. */
  readonly consensus?: boolean
  /** How its CometBFT runs; the usual when left out. */
  readonly engine?: EngineSettings
  /** Whether a chain in the directory goes on as soon as the node starts, not when the desk says so. */
  readonly resume?: boolean
  /** Whether the chain's clock may be turned by the desk: tests and the demonstration only. */
  readonly turnableClock: boolean
  /** Whether the doors speak TLS 1.3: always, but for tests on loopback that build this value by hand. */
  readonly tls?: boolean
  /** What callers may ask of the doors; the usual quotas when left out. */
  readonly quotas?: Quotas
  /** The name or address by which other organizations reach this machine; `host` when left out. */
  readonly publicHost?: string
  /** Where this node's CometBFT hears others; chosen free once when left out. */
  readonly p2pPort?: number
  /** Loopback port of the metrics, 0 for one that the system chooses; none when undefined. */
  readonly metricsPort?: number | undefined
  /** How much the log says: nothing when left out. */
  readonly logLevel?: LogLevel
  /** What this node bears before it says that it is not ready; the usual when left out. */
  readonly ready?: ReadyLimits
}

/** How much a log says, each with all before it. */
export const logLevels = ["error", "warn", "info", "debug"] as const
export type LogLevel = (typeof logLevels)[number]

export interface ReadyLimits {
  /** Blocks behind the median of the others. */
  readonly lagBlocks: number
  /** Seconds between this machine's clock and the validators' votes. */
  readonly clockSeconds: number
  /** MiB that must be free on the disk of the directory. */
  readonly freeMiB: number
}

/** NaN for whatever is not plain digits. */
const wholeNumber = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : Number.NaN)

export function decodeConfig(fields: Readonly<Record<string, string | boolean | undefined>>): NodeConfig {
  const text = (name: string): string => {
    const value = fields[name]
    if (typeof value !== "string" || value === "") {
      return refuse("config-missing", `Cannot start node: ${name} is not given`, name, `Give --${name}`)
    }
    return value
  }
  const kind = text("kind")
  if (!Object.hasOwn(organizationKinds, kind)) {
    refuse(
      "config-kind",
      `Cannot start node: no such kind of organization`,
      "kind",
      Object.keys(organizationKinds).join(", "),
    )
  }
  const organization = wholeNumber(text("organization"))
  if (!(organization >= 1 && organization <= 65535)) {
    refuse(
      "config-organization",
      "Cannot start node: the organization's number is 1 to 65535",
      "organization",
      "Fix it",
    )
  }
  const port = wholeNumber(String(fields["port"] ?? "0"))
  if (!(port >= 0 && port <= 65535)) {
    refuse("config-port", "Cannot start node: a port is 0 to 65535", "port", "Fix it")
  }
  const name = text("name")
  if (!/^[a-z0-9-]{1,40}$/.test(name)) {
    refuse("config-name", "Cannot start node: a name is 1 to 40 of a-z, 0-9 and -", "name", "Fix it")
  }
  const startKey = text("startKey")
  if (!/^[!-~]{32}$/.test(startKey)) {
    refuse("config-start-key", "Cannot start node: the start key is 32 printable characters", "start key", "Fix it")
  }
  return Object.freeze({
    directory: text("directory"),
    name,
    kind: kind as OrganizationKind,
    organization,
    host: "127.0.0.1",
    port,
    startKey,
    operator: fields["operator"] === true,
    consensus: fields["consensus"] === true,
    resume: fields["resume"] === true,
    turnableClock: fields["turnableClock"] === true,
    tls: fields["tls"] !== false,
  })
}
