/**
 * The configuration file of an organization's node, `countersign.yaml` in its directory: YAML with comments. The same
 * settings write the file of a new directory and read it back; a name that is not among them is refused with its line,
 * so that a misspelt setting is no silent default. What consensus must agree on is in the genesis, no secret stands here.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { refuse } from "../base/refusal.ts"
import { lanTimeouts, type Timeouts } from "../engine/comet/home.ts"
import { logLevels, type NodeConfig, type OrganizationKind, organizationKinds } from "./config.ts"
import { type Quotas, type Rates, usualQuotas } from "./quota.ts"
import { readSettings, type Section } from "./settings.ts"

export const configFileName = "countersign.yaml"

const MiB = 1024 * 1024
/** What a configuration file says; `organization` is absent until the founders or the members have given a number. */
export type FileConfig = Omit<NodeConfig, "startKey" | "organization" | "operator" | "turnableClock"> & {
  readonly organization: number | undefined
  readonly publicHost: string
  readonly publicPort: number
}

const host = /^[A-Za-z0-9.:-]{1,253}$/
const port = { least: 0, most: 65_535 }
/** Heights, counts and sizes that a machine can have. */
const many = { least: 0, most: 1_000_000_000 }

type Caller = "member" | "stranger" | "strangers"

/** Bursts keep their length: as many seconds' worth as usual. */
function ratesOf(section: Section, caller: Caller): Rates {
  const usual = usualQuotas[caller]
  const count = { usual: usual.requests.perSecond, least: 1, most: 1_000_000 }
  const perSecond = section.integer(`${caller}PerSecond`, count)
  const volume = { usual: usual.bytes.perSecond / MiB, least: 1, most: 100_000 }
  const bytes = section.integer(`${caller}MiBPerSecond`, volume) * MiB
  const rate = { perSecond, burst: perSecond * (usual.requests.burst / usual.requests.perSecond) }
  return {
    requests: rate,
    transactions: rate,
    mail: rate,
    bytes: { perSecond: bytes, burst: Math.max(usual.bytes.burst, 2 * bytes) },
  }
}

function quotasOf(section: Section): Quotas {
  const { heldBytes, loopback } = usualQuotas
  return {
    member: ratesOf(section, "member"),
    loopback,
    stranger: ratesOf(section, "stranger"),
    strangers: ratesOf(section, "strangers"),
    heldBytes,
  }
}

function timeoutsOf(section: Section): Timeouts {
  const read = Object.entries(lanTimeouts).map(([name, usual]) => {
    return [name, section.integer(name, { usual, least: 0, most: 600_000 })] as const
  })
  return Object.fromEntries(read) as unknown as Timeouts
}

function consensusOf(section: Section) {
  const keepBlocks = section.integer("keepBlocks", { usual: 0, ...many })
  const snapshotEvery = section.integer("snapshotEvery", { usual: 1000, ...many })
  return {
    consensus: section.flag("takePart", false),
    p2pPort: section.integer("port", { usual: 7401, ...port }),
    engine: {
      keepBlocks,
      snapshotEvery,
      logLevel: section.word("logLevel", "error", ["error", "info"]),
      timeouts: timeoutsOf(section.section("timeouts")),
    },
  }
}

function settingsOf(top: Section, directory: string): FileConfig {
  const kinds = Object.keys(organizationKinds) as OrganizationKind[]
  const number = top.integer("organization", { usual: 0, ...port })
  const doors = top.section("doors")
  const own = doors.text("host", host, "127.0.0.1")
  const doorPort = doors.integer("port", { usual: 7400, ...port })
  const publicPort = doors.integer("publicPort", { usual: 0, ...port })
  const metrics = top.section("metrics")
  const metricsPort = metrics.integer("port", { usual: 9464, ...port })
  const ready = top.section("ready")
  return {
    directory,
    name: top.text("name", /^[a-z0-9-]{1,40}$/, undefined),
    kind: top.word("kind", undefined, kinds),
    organization: number === 0 ? undefined : number,
    host: own,
    port: doorPort,
    publicHost: doors.text("publicHost", host, own),
    publicPort: publicPort === 0 ? doorPort : publicPort,
    tls: true,
    resume: true,
    ...consensusOf(top.section("consensus")),
    quotas: quotasOf(top.section("quotas")),
    logLevel: top.section("log").word("level", "info", logLevels),
    metricsPort: metrics.flag("on", false) ? metricsPort : undefined,
    ready: {
      lagBlocks: ready.integer("lagBlocks", { usual: 10, least: 1, most: 1_000_000 }),
      clockSeconds: ready.integer("clockSeconds", { usual: 10, least: 1, most: 3600 }),
      freeMiB: ready.integer("freeMiB", { usual: 1024, ...many }),
    },
  }
}

/** The settings of a file's text. @throws Refused `config-file` with line and column of the first that is wrong. */
export function readConfig(text: string, directory: string): FileConfig {
  return Object.freeze(readSettings(text, "configuration", (top) => settingsOf(top, directory)))
}

/** @throws Refused when the directory has no configuration, or it does not read. */
export function readConfigFile(directory: string): FileConfig {
  const path = join(directory, configFileName)
  if (!existsSync(path))
    refuse("config-absent", "Cannot read configuration: the directory has none", path, "Run countersign init first")
  return readConfig(readFileSync(path, "utf8"), directory)
}

/** The node's whole configuration. @throws Refused while the organization has no number yet. */
export function nodeConfig(file: FileConfig, startKey: string, operator: boolean): NodeConfig {
  const { organization, publicPort: _, ...settings } = file
  if (organization === undefined)
    return refuse(
      "config-organization",
      "Cannot start node: the organization has no number yet",
      "organization",
      "Run countersign join with the number that founders or members gave it",
    )
  return Object.freeze({ ...settings, organization, startKey, operator, turnableClock: false })
}
