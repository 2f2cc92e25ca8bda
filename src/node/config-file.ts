/**
 * The configuration file of an organization's node, `countersign.yaml` in its directory: YAML with comments. The same
 * settings write the file of a new directory and read it back; a name that is not among them is refused with its line,
 * so that a misspelt setting is no silent default. What consensus must agree on is in the genesis, no secret stands here.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from "yaml"
import { refuse } from "../base/refusal.ts"
import { type Timeouts, usualTimeouts } from "../engine/comet/home.ts"
import { type NodeConfig, type OrganizationKind, organizationKinds } from "./config.ts"
import { type Quotas, type Rates, usualQuotas } from "./quota.ts"

export const configFileName = "countersign.yaml"

const MiB = 1024 * 1024
export const logLevels = ["error", "warn", "info", "debug"] as const
export type LogLevel = (typeof logLevels)[number]

/** What a configuration file says; `organization` is absent until the founders or the members have given a number. */
export type FileConfig = Omit<NodeConfig, "startKey" | "organization" | "operator" | "turnableClock"> & {
  readonly organization: number | undefined
  readonly publicHost: string
  readonly publicPort: number
}

interface Scalar {
  /** Undefined where the file does not have the setting. */
  readonly value: unknown
  readonly at: string
}

/** Reads one section; what is never asked for is refused at the end. */
class Section {
  readonly #map: YAMLMap | undefined
  readonly #path: string
  readonly #place: (node: unknown) => string
  readonly #asked = new Set<string>()
  readonly #within: Section[] = []

  constructor(map: YAMLMap | undefined, path: string, place: (node: unknown) => string) {
    this.#map = map
    this.#path = path
    this.#place = place
  }

  #item(name: string) {
    this.#asked.add(name)
    return this.#map?.items.find(({ key }) => isScalar(key) && key.value === name)
  }

  #scalar(name: string): Scalar {
    const item = this.#item(name)
    const at = item === undefined ? this.#path + name : `${this.#path}${name}, ${this.#place(item.key)}`
    const { value } = item ?? {}
    if (value === undefined || value === null) return { value: undefined, at }
    if (isScalar(value)) return { value: value.value ?? undefined, at }
    return refuse("config-file", "Cannot read configuration: one value is expected", at, "Write name: value")
  }

  section(name: string): Section {
    const value = this.#item(name)?.value
    const path = `${this.#path}${name}.`
    if (value !== undefined && value !== null && !isMap(value) && !(isScalar(value) && value.value === null))
      refuse("config-file", "Cannot read configuration: a section is expected", path, "Indent its settings below it")
    const made = new Section(isMap(value) ? value : undefined, path, this.#place)
    this.#within.push(made)
    return made
  }

  integer(name: string, { usual, least, most }: { usual: number; least: number; most: number }): number {
    const { value, at } = this.#scalar(name)
    if (value === undefined) return usual
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value
    return refuse("config-file", "Cannot read configuration: the number is out of range", at, `${least} to ${most}`)
  }

  flag(name: string, usual: boolean): boolean {
    const { value, at } = this.#scalar(name)
    if (value === undefined) return usual
    return typeof value === "boolean"
      ? value
      : refuse("config-file", "Cannot read configuration: true or false is expected", at, "Fix the setting")
  }

  word<T extends string>(name: string, usual: T | undefined, words: readonly T[]): T {
    const { value, at } = this.#scalar(name)
    const found = value === undefined ? usual : words.find((word) => word === value)
    return (
      found ??
      refuse("config-file", "Cannot read configuration: no such word", at, `One of ${words.join(", ")}`)
    )
  }

  text(name: string, form: RegExp, usual: string | undefined): string {
    const { value, at } = this.#scalar(name)
    const found = value === undefined ? usual : value
    if (typeof found === "string" && form.test(found)) return found
    return refuse("config-file", "Cannot read configuration: the text has another form", at, `As ${form.source}`)
  }

  /** @throws Refused when the file has a name that nobody has asked for. */
  end(): void {
    for (const { key } of this.#map?.items ?? []) {
      const name = isScalar(key) ? String(key.value) : "?"
      if (this.#asked.has(name)) continue
      const at = `${this.#place(key)}`
      const remedy = `Settings here: ${[...this.#asked].join(", ")}`
      refuse("config-file", "Cannot read configuration: no such setting", at, remedy)
    }
    for (const section of this.#within) section.end()
  }
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
  const read = Object.entries(usualTimeouts).map(([name, usual]) => {
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
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const [error] = document.errors
  if (error !== undefined)
    refuse("config-file", "Cannot read configuration: it is not YAML", place(error.pos[0]), "Fix the line")
  if (!isMap(document.contents))
    return refuse("config-file", "Cannot read configuration: it has no settings", configFileName, "Run countersign init")
  const top = new Section(document.contents, "", (node) => {
    const [offset] = (node as { range?: readonly [number, number, number] }).range ?? [0]
    return place(offset)
  })
  const settings = settingsOf(top, directory)
  top.end()
  return Object.freeze(settings)
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
