/**
 * The node's log: JSON lines on standard error. It says what happened by a closed list of events, in numbers, codes and
 * ids. No body, token or key is ever handed to it; and what a library or CometBFT has worded is cleaned of whatever could
 * be one, and of addresses: a log is read by people who may not know which clinic talks to whom.
 */
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino"
import type { LogLevel } from "./config.ts"

export type LogEvent =
  | "starting"
  | "listening"
  | "founded"
  | "running"
  | "stopping"
  | "stopped"
  | "halted"
  | "ready"
  | "not-ready"
  | "peers"
  | "proposal-rejected"
  | "evidence"
  | "quota-refused"
  | "mail-waiting"
  | "engine"
  | "engine-started-again"
  | "consensus-failed"

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

const mostCharacters = 300
/** What CometBFT names its peers and validators by: 20 bytes in hex. */
const id = /^[0-9A-Fa-f]{40}$/
const longRun = /[A-Za-z0-9+/_-]{16,}={0,2}/g
const ipv4 = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g
const ipv6 = /\[?\b(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}\]?(?::\d{1,5})?/g
const hostName = /\b(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d{1,5})?\b/g

/** A run that looks like bytes, not like words: digits between letters, or both cases. */
function isBytes(run: string): boolean {
  return /[0-9]/.test(run) && (/[A-Za-z]/.test(run) || run.length >= 24)
}

/** Text without addresses, keys, tokens and bytes; ids of 40 hex digits stay. At most 300 characters. */
export function scrub(text: string): string {
  const clean = text
    .slice(0, 4 * mostCharacters)
    .replace(ipv4, "<address>")
    .replace(ipv6, "<address>")
    .replace(hostName, "<name>")
    .replace(longRun, (run) => (id.test(run) || !isBytes(run) ? run : "<bytes>"))
    .replace(/[^ -~]/g, "?")
  return clean.length <= mostCharacters ? clean : `${clean.slice(0, mostCharacters)}…`
}

export interface EngineLine {
  readonly level: LogLevel
  readonly fields: LogFields
}

const levels: Readonly<Record<string, LogLevel>> = { E: "error", W: "warn", I: "info", D: "debug" }
/** Of a line's `key=value` pairs, those that are about consensus and not about who is where. */
const kept = ["module", "height", "round", "err", "error", "reason"]

/** One line that CometBFT wrote; a line that is not in its log's form (a panic, say) is an error as it stands. */
export function readEngineLine(line: string): EngineLine {
  const [, letter = "", rest = ""] = /^([A-Z])\[[^\]]*\] (.*)$/.exec(line) ?? []
  const level = levels[letter]
  if (level === undefined) return { level: "error", fields: { text: scrub(line) } }
  const pairs = [...rest.matchAll(/(?:^|\s)([a-zA-Z_]+)=("(?:[^"\\]|\\.)*"|\S*)/g)]
  const fields = pairs.flatMap(([, key = "", value = ""]) => {
    return kept.includes(key) ? [[key, scrub(value.replace(/^"|"$/g, ""))] as const] : []
  })
  const text = rest.slice(0, pairs[0]?.index ?? rest.length).trim()
  return { level, fields: { text: scrub(text), ...Object.fromEntries(fields) } }
}

export class Log {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  write(level: LogLevel, event: LogEvent, fields: LogFields = {}): void {
    const clean = Object.entries(fields).map(([key, value]) => {
      return [key, typeof value === "string" ? scrub(value) : value] as const
    })
    this.#logger[level]({ event, ...Object.fromEntries(clean) })
  }

  engine(line: string): void {
    const { level, fields } = readEngineLine(line)
    this.write(level, "engine", fields)
  }
}

export interface LogOptions {
  /** When left out nothing is written, or everything where COUNTERSIGN_DEBUG is set. */
  readonly level?: LogLevel | undefined
  /** The organization's own name, on each line. */
  readonly name: string
  /** Standard error when left out. */
  readonly to?: DestinationStream
}

/** Lines are written at once: what a node said last is what whoever looks after a crash needs. */
export function openLog({ level, name, to }: LogOptions): Log {
  const destination = to ?? pino.destination({ dest: 2, sync: true })
  const debugging = process.env["COUNTERSIGN_DEBUG"] === undefined ? "silent" : "debug"
  const wanted: LevelWithSilent = level ?? debugging
  const formatters = { level: (label: string) => ({ level: label }) }
  return new Log(
    pino({ level: wanted, base: { node: name }, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination),
  )
}
