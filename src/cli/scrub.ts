/**
 * `countersign scrub FILE.837 …`: looks through claims before they are sent and says what to mend. `--measure` plants known
 * errors in the same files, one at a time, and prints how many are found and how often good claims are spoken of.
 */
import { basename } from "node:path"
import { parseArgs } from "node:util"
import { Refused, refuse } from "../base/refusal.ts"
import { parseDate } from "../base/time.ts"
import { readMembers } from "../billing/members.ts"
import type { ScrubbedClaim, ScrubFinding } from "../billing/scrub/finding.ts"
import { measureScrubber, type ScrubScore } from "../billing/scrub/plant.ts"
import { type ScrubOptions, scrub } from "../billing/scrub/scrub.ts"
import { isRefusal, orRefuse } from "../formats/answer.ts"
import { loadDiagnosisCodes } from "../formats/tables/diagnosis-codes.ts"
import { readEachClaim837 } from "../formats/x12/claim/read-837-claims.ts"
import type { Command } from "./command.ts"
import { readInputFile, readMaybeGzipped } from "./input-file.ts"
import { mustReadPlan } from "./plan/files.ts"
import type { Screen } from "./screen.ts"

const usage = "scrub FILE.837 … [--plan FILE] [--members FILE] [--diagnoses FILE] [--on DATE] [--measure]"

interface ReadClaims {
  readonly claims: readonly ScrubbedClaim[]
  /** Where each claim stands: its file, and its position in there, after the number that findings use. */
  readonly places: readonly string[]
  /** Claims and files that cannot be read at all. */
  readonly unreadable: readonly ScrubFinding[]
}

/** One of several that cannot be read does not stop the others. */
function readFile(path: string, isAlone: boolean): ReturnType<typeof readEachClaim837> {
  try {
    const bytes = readMaybeGzipped(path)
    return isAlone ? orRefuse(readEachClaim837(bytes)) : readEachClaim837(bytes)
  } catch (error) {
    if (!(error instanceof Refused) || isAlone) throw error
    return { ...error.refusal, at: "file" }
  }
}

/** Claims of all files, numbered through; a place names its file where there are several. */
function readClaims(paths: readonly string[]): ReadClaims {
  const claims: ScrubbedClaim[] = []
  const unreadable: ScrubFinding[] = []
  const places: string[] = []
  let position = 0
  const note = (refusal: { code: string; message: string; at: string; remedy: string }) => {
    const { message, at, remedy } = refusal
    const finding = { claim: position, line: undefined, rule: "unreadable", severity: "error" } as const
    unreadable.push({ ...finding, at, says: `${message}.`, fix: remedy })
  }
  for (const path of paths) {
    const answers = readFile(path, paths.length === 1)
    if (isRefusal(answers)) {
      position++
      places.push(basename(path))
      note(answers)
      continue
    }
    for (const [index, answer] of answers.entries()) {
      position++
      places.push(`claim ${position}${paths.length === 1 ? "" : ` (${index + 1} of ${basename(path)})`}`)
      if ("claim" in answer) claims.push({ position, claim: answer.claim })
      else note(answer.refusal)
    }
  }
  return { claims, places, unreadable }
}

function dateOf(text: string | undefined, claims: readonly ScrubbedClaim[]): number {
  const last = claims.reduce((latest, { claim }) => Math.max(latest, claim.to), 0)
  if (text === undefined) return last + 1
  return parseDate(text) ?? refuse("date", "Cannot read the date: it does not exist", "--on", "Write 2026-04-14")
}

function sayFindings(screen: Screen, findings: readonly ScrubFinding[], places: readonly string[]): void {
  for (const { claim, line, severity, at, says, fix } of findings) {
    const where = `${places[claim - 1]}${line === undefined ? "" : `, line ${line}`}`
    screen.say(`${severity === "error" ? screen.bad("error  ") : "warning"}  ${where}  ${at}: ${says}`)
    screen.line(fix, 9)
  }
  const errors = findings.filter((one) => one.severity === "error").length
  const verdict = errors === 0 ? screen.good("May be sent") : screen.bad("Mend first")
  const [claims, warnings] = [places.length, findings.length - errors]
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`
  screen.say(`${verdict}: ${count(claims, "claim")}, ${count(errors, "error")}, ${count(warnings, "warning")}`)
}

function sayScore(screen: Screen, score: ScrubScore): void {
  const share = (found: number, planted: number) => (planted === 0 ? "" : `${Math.floor((100 * found) / planted)} %`)
  const rows = score.slips.map(({ name, planted, found }) => [name, `${planted}`, `${found}`, share(found, planted)])
  const planted = score.slips.reduce((sum, one) => sum + one.planted, 0)
  const found = score.slips.reduce((sum, one) => sum + one.found, 0)
  screen.table(
    ["planted error", ">planted", ">found", ">recall"],
    [...rows, ["all", `${planted}`, `${found}`, share(found, planted)]],
  )
  const { claims, falseErrors, falseWarnings } = score
  screen.say(`On the ${claims} claims as they are: ${falseErrors} errors, ${falseWarnings} warnings`)
}

export const scrubCommand: Command = {
  summary: "Finds what is wrong with claims before they are sent, with the fix",
  usage,
  async run(args, screen) {
    const text = { type: "string" } as const
    const options = { plan: text, members: text, diagnoses: text, on: text, measure: { type: "boolean" } } as const
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    if (positionals.length === 0 || (values.members !== undefined && values.plan === undefined)) {
      const what =
        positionals.length === 0
          ? "Cannot scrub: name a file of claims"
          : "Cannot scrub: a list of members needs a plan"
      return refuse("arguments", what, "arguments", `countersign ${usage}`)
    }
    const { claims, places, unreadable } = readClaims(positionals)
    const plan = values.plan === undefined ? undefined : mustReadPlan(values.plan).plan
    const scrubOptions: ScrubOptions = {
      on: dateOf(values.on, claims),
      ...(plan === undefined ? {} : { plan }),
      ...(plan === undefined || values.members === undefined
        ? {}
        : { members: orRefuse(readMembers(readInputFile(values.members), plan)) }),
      ...(values.diagnoses === undefined
        ? {}
        : {
            diagnoses: new Set(
              orRefuse(loadDiagnosisCodes(readMaybeGzipped(values.diagnoses))).rows.map(([code]) => code!),
            ),
          }),
    }
    if (values.measure === true) {
      const score = measureScrubber(claims, scrubOptions)
      sayScore(screen, score)
      return { value: score }
    }
    const findings = [...unreadable, ...scrub(claims, scrubOptions)].sort((a, b) => a.claim - b.claim)
    sayFindings(screen, findings, places)
    return { value: { places, findings }, failed: findings.some((one) => one.severity === "error") }
  },
}
