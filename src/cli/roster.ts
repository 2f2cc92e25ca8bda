/**
 * `countersign roster`: a licence board's practitioners or a payer's members, from a file to the ledger and the books,
 * through the desk of the running node. All lines are read before anything is done; each is then done by itself, and a
 * line that is done already is left as it is, so that the same file may be given again after whatever went wrong.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { toJson } from "../base/json.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { practitionerId } from "../node/registry-desk.ts"
import {
  BadLines,
  type LicenceLine,
  type LicenceStatus,
  licenceStatuses,
  type MemberLine,
  readRoster,
} from "../node/roster.ts"
import { parseCsv } from "../plan/language/tables.ts"
import type { Command } from "./command.ts"
import type { DeskClient } from "./community/desk-client.ts"
import { openDesk } from "./desk.ts"
import { readInputFile } from "./input-file.ts"
import type { PendingEnrolment, SignedEnrolment } from "./practitioner.ts"
import type { Screen } from "./screen.ts"

type Outcome = "enrolled" | "status-set" | "unchanged" | "later" | "awaits-signature" | "refused" | "member-enrolled"

export interface LineReport {
  readonly line: number
  readonly outcome: Outcome
  /** Of the refusal, where there is one. */
  readonly code?: string
  readonly remedy?: string
}

interface Enrolled {
  readonly key: string
  readonly history: readonly { readonly status: number }[]
}

interface Board {
  readonly desk: DeskClient
  /** Day of the chain. */
  readonly day: number
  readonly signed: ReadonlyMap<string, SignedEnrolment>
  readonly pending: PendingEnrolment[]
}

const dayOf = (hour: number) => Math.floor(hour / 24)

/** The row of a licence; undefined when the ledger has none. */
async function rowOf({ desk }: Board, licence: string): Promise<Enrolled | undefined> {
  const id = toHex(practitionerId(desk.member.number, licence))
  const { rows } = await desk.get<{ rows?: readonly Enrolled[] }>(`/registers/practitioners?id=${id}`)
  if (rows === undefined) throw new Fault("Cannot read register: the node has not gone on with its chain")
  return rows[0]
}

async function setStatus({ desk }: Board, licence: string, status: LicenceStatus): Promise<void> {
  const practitioner = toHex(practitionerId(desk.member.number, licence))
  await desk.desk("set-licence-status", { practitioner, status: licenceStatuses.indexOf(status) })
}

/** A licence that the ledger does not have under this key: the practitioner signs before the board can. */
async function enrol(board: Board, { licence, key, status }: LicenceLine): Promise<Outcome> {
  const { desk, signed, pending } = board
  const given = signed.get(`${licence} ${key}`)
  if (given === undefined) {
    const { payload } = await desk.desk<{ payload: string }>("prepare-enrolment", { licence, key })
    pending.push({ licence, key, payload })
    return "awaits-signature"
  }
  const { payload, header, signature } = given
  await desk.desk("enrol", { payload, header, signature })
  if (status === "suspended") await setStatus(board, licence, status)
  return "enrolled"
}

async function doLicence(board: Board, line: LicenceLine): Promise<Outcome> {
  const { licence, key, status, from } = line
  if (from !== undefined && from > board.day) return "later"
  const row = await rowOf(board, licence)
  if (row === undefined || row.key !== key)
    return status === "ended" && row === undefined ? "unchanged" : enrol(board, line)
  const now = licenceStatuses[row.history.at(-1)?.status ?? 0]
  if (now === status) return "unchanged"
  await setStatus(board, licence, status)
  return "status-set"
}

/** A refused line stops no other; an outage stops all, and the file is given again when it is over. */
async function doLine(line: number, act: () => Promise<Outcome>): Promise<LineReport> {
  try {
    return { line, outcome: await act() }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { code, remedy } = error.refusal
    return { line, outcome: "refused", code, remedy }
  }
}

function readSigned(paths: readonly string[]): ReadonlyMap<string, SignedEnrolment> {
  const lists = paths.map((path) => {
    try {
      const list = JSON.parse(new TextDecoder().decode(readInputFile(path))) as readonly SignedEnrolment[]
      return list.map((one) => [`${one.licence} ${one.key}`, one] as const)
    } catch (error) {
      if (error instanceof Refused) throw error
      const remedy = "Ask the practitioner for it again"
      return refuse("roster-signatures", "Cannot read signatures: not the file of a practitioner", path, remedy)
    }
  })
  return new Map(lists.flat())
}

async function doLicences(
  desk: DeskClient,
  lines: readonly LicenceLine[],
  { out, signatures }: { readonly out: string | undefined; readonly signatures: readonly string[] },
): Promise<readonly LineReport[]> {
  const { hour } = await desk.desk<{ hour: number }>("clock")
  const board: Board = { desk, day: dayOf(hour), signed: readSigned(signatures), pending: [] }
  const reports: LineReport[] = []
  for (const line of lines) reports.push(await doLine(line.line, () => doLicence(board, line)))
  if (board.pending.length > 0 && out !== undefined) writeFileSync(out, `${toJson(board.pending)}\n`, { mode: 0o600 })
  return reports
}

/** Members that the output already has a code for. */
function knownMembers(out: string): ReadonlySet<string> {
  if (!existsSync(out)) return new Set()
  const text = readFileSync(out, "utf8")
  // A line that a crash cut off counts as none: its member is enrolled anew, and the lost code opens nothing.
  const rows = parseCsv(text.slice(0, text.lastIndexOf("\n") + 1)) ?? []
  return new Set(rows.slice(1).map(([member = ""]) => member))
}

/** Each code is on disk before the next member is enrolled. */
async function doMembers(desk: DeskClient, lines: readonly MemberLine[], out: string): Promise<readonly LineReport[]> {
  const known = knownMembers(out)
  const file = openSync(out, "a", 0o600)
  try {
    const write = (text: string) => {
      writeSync(file, text)
      fsyncSync(file)
    }
    if (readFileSync(out, "utf8") === "") write("member,enrolment\n")
    else if (!readFileSync(out, "utf8").endsWith("\n")) write("\n")
    const reports: LineReport[] = []
    for (const { line, member, plan, cap, facts, left } of lines) {
      const act = async (): Promise<Outcome> => {
        if (known.has(member)) return "unchanged"
        const { enrolment } = await desk.desk<{ enrolment: string }>("enrol-member", { plan, cap, facts, left })
        write(`${member},${enrolment}\n`)
        return "member-enrolled"
      }
      reports.push(await doLine(line, act))
    }
    return reports
  } finally {
    closeSync(file)
  }
}

function show(screen: Screen, reports: readonly LineReport[]): void {
  const counts = new Map<Outcome, number>()
  for (const { outcome } of reports) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  screen.say([...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ") || "no lines")
  for (const { line, outcome, code, remedy } of reports)
    if (outcome === "refused") screen.line(`line ${line}: ${screen.bad("refused")}, ${code}: ${remedy}`)
}

function wantKind(desk: DeskClient, kind: string): void {
  if (desk.member.kind === kind) return
  refuse("roster-kind", `Cannot load roster: this node is no ${kind}'s`, desk.member.name, `Name a ${kind}'s directory`)
}

export const rosterCommand: Command = {
  summary: "Loads a licence board's practitioners or a payer's members",
  usage: "roster DIR FILE.csv [--out FILE] [--signatures FILE …]",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: "string" }, signatures: { type: "string", multiple: true } },
    })
    const [place, path] = positionals
    if (place === undefined || path === undefined)
      return refuse(
        "arguments",
        "Cannot load roster: an argument is missing",
        "arguments",
        `countersign ${rosterCommand.usage}`,
      )
    let reports: readonly LineReport[]
    try {
      const roster = readRoster(new TextDecoder().decode(readInputFile(path)), path)
      const desk = openDesk(place)
      wantKind(desk, roster.of === "licences" ? "licence-board" : "payer")
      if (roster.of === "licences")
        reports = await doLicences(desk, roster.lines, { out: values.out, signatures: values.signatures ?? [] })
      else if (values.out !== undefined) reports = await doMembers(desk, roster.lines, values.out)
      else return refuse("arguments", "Cannot load roster: codes need a file of their own", "out", "Give --out FILE")
    } catch (error) {
      if (!(error instanceof BadLines)) throw error
      for (const { at, message, remedy } of error.lines) screen.line(`${at}: ${message}. ${remedy}`)
      throw error
    }
    show(screen, reports)
    const awaits = reports.filter(({ outcome }) => outcome === "awaits-signature").length
    if (awaits > 0 && values.out !== undefined)
      screen.line(`${values.out}: for the practitioners to sign within 12 hours, with countersign practitioner`)
    return { value: { lines: reports, out: values.out }, failed: reports.some(({ outcome }) => outcome === "refused") }
  },
}
