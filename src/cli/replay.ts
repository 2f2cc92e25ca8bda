/**
 * `countersign replay PLAN FILE …`: the payer's twin of shadow mode. Its own claims (837, or CMS's claim tables) under a
 * published plan: dollars by clause, the touchless rate, what the rest waits for, and what a claim costs.
 */
import { basename } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../base/money.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { type MemberList, readMembers } from "../billing/members.ts"
import { assumedCost, type ClaimCost, type CostAssumptions, costOfClaim } from "../billing/replay/cost.ts"
import { openReplayFile, type ReplayFile } from "../billing/replay/intake.ts"
import { Replay, type ReplayFigures } from "../billing/replay/replay.ts"
import type { FileProblem } from "../billing/shadow/intake/file-transactions.ts"
import { scaledInteger } from "../formats/amount.ts"
import { orRefuse } from "../formats/answer.ts"
import type { CmsFile } from "../formats/cms/read-claims.ts"
import { isRif } from "../formats/cms/rif.ts"
import type { Plan } from "../plan/plan.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { readPieces } from "./input-stream.ts"
import { mustReadPlan } from "./plan/files.ts"
import { CmsPieces, cmsProblems, derivePlanInto, replayCms, sayFiling } from "./replay-cms.ts"
import type { Screen } from "./screen.ts"

const usage =
  "replay PLAN FILE … | replay --derive DIR FILE … [--members CSV] [--stand-in] [--minutes-per-touch N] [--hourly-cost 45.00] [--machine-cost 0.01]"
const mostShown = 15

interface Given {
  /** Undefined: it will be derived from the claims. */
  readonly plan: Plan | undefined
  readonly members: MemberList | undefined
  readonly standIn: boolean
}

/** One file: CMS tables are gathered, the claims of an 837 decided as they come. */
async function readOne(file: number, path: string, { plan, members, standIn }: Given, replay: Replay | undefined) {
  let intake: ReplayFile | CmsPieces | undefined
  const open837 = () => {
    if (plan !== undefined) return openReplayFile(file, plan, members)
    return refuse("derive-837", "Cannot derive a plan: this is no CMS table of claims or people", "file", "Name a plan")
  }
  for await (const piece of readPieces(path)) {
    intake ??= isRif(piece) ? new CmsPieces() : open837()
    intake.push(piece)
  }
  if (intake instanceof CmsPieces) {
    const table = intake.end(standIn)
    return { table, problems: cmsProblems(file, table) }
  }
  const { values, problems } = (intake ?? open837()).end()
  for (const claims of values) for (const claim of claims) replay?.add(claim)
  return { table: undefined, problems }
}

async function readAll(files: readonly string[], given: Given, replay: Replay | undefined) {
  const tables: CmsFile[] = []
  const problems: FileProblem[] = []
  for (const [index, path] of files.entries()) {
    try {
      const read = await readOne(index + 1, path, given, replay)
      if (read.table !== undefined) tables.push(read.table)
      problems.push(...read.problems)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const refusal = { ...error.refusal, at: "file" }
      problems.push({ file: index + 1, refusal, what: "interchange or group", isNote: false })
    }
  }
  return { tables, problems }
}

/** `973 of 1,000 (97.3 %)`. */
function share(part: number, whole: number): string {
  const tenths = whole === 0 ? 0 : Math.floor((part * 1000) / whole)
  return `${part} of ${whole} (${Math.floor(tenths / 10)}.${tenths % 10} %)`
}

/** Hundredths, as `0.27`. */
const perClaim = (touches: number, claims: number) =>
  formatMoney(BigInt(claims === 0 ? 0 : Math.round((touches * 100) / claims)))

function say(screen: Screen, plan: Plan, figures: ReplayFigures): void {
  screen.heading(`${plan.front.title}: ${figures.claims} claims, ${figures.lines} lines`)
  const rows = figures.clauses.map((one) => [
    ...[one.clause, one.title, String(one.lines), formatMoney(one.plan), formatMoney(one.patient)],
    ...[formatMoney(one.provider), formatMoney(one.other)],
  ])
  screen.table(["clause", "", ">lines", ">plan pays", ">patient", ">provider gives up", ">other"], rows)
  const { charge, plan: pays, patient, provider, open } = figures
  screen.line(
    `Charged ${formatMoney(charge)}: plan ${formatMoney(pays)}, patient ${formatMoney(patient)}, provider and others ${formatMoney(provider)}, not decided ${formatMoney(open)}`,
  )
  screen.line(`Touchless: ${share(figures.touchless, figures.claims)} claims with no line that waits`)
  screen.line(
    `Human touches a claim: ${perClaim(figures.touches, figures.claims)} (lines that wait and claims refused, over all claims)`,
  )
  const { sentBack, byStatus } = figures
  const counts = Object.entries(byStatus).filter(([, lines]) => lines > 0)
  if (counts.length > 0) screen.line(`Lines: ${counts.map(([status, lines]) => `${lines} ${status}`).join(", ")}`)
  if (sentBack.lines > 0)
    screen.line(
      `Sent back: ${sentBack.lines} lines of ${sentBack.claims} claims lack what a claim has to carry. No touch here, one at the provider: ${share(figures.touchlessBothSides, figures.claims)} claims need neither`,
    )
  if (figures.waiting.length > 0) {
    const waits = figures.waiting.slice(0, mostShown)
    const cells = waits.map((one) => [one.clause, one.code, one.missing, String(one.lines), String(one.claims)])
    screen.table(["waits by clause", "because", "for", ">lines", ">claims"], cells)
  }
  for (const { code, message, claims } of figures.refusals)
    screen.line(`${claims} claims refused: ${message} (${code})`)
  screen.quiet("Each claim is decided by itself: what one uses of a deductible is not carried to the next.")
}

/** What the claims cost, and that the minutes and costs are assumed. */
function sayCost(screen: Screen, { claims, touches }: ReplayFigures, assumed: CostAssumptions): ClaimCost {
  const cost = costOfClaim(claims, touches, assumed)
  const { minutesPerTouch, hourly, machine } = assumed
  screen.line(
    `Cost a claim: ${formatMoney(cost.perClaim, 4)} (with a touch for each claim ${formatMoney(cost.perClaimByHand, 4)}). Assumed, not measured: ${minutesPerTouch} minutes a touch, ${formatMoney(hourly)} an hour, ${formatMoney(machine, 4)} a claim for the machine.`,
  )
  return cost
}

const options = {
  members: { type: "string" },
  derive: { type: "string" },
  "stand-in": { type: "boolean" },
  "minutes-per-touch": { type: "string" },
  "hourly-cost": { type: "string" },
  "machine-cost": { type: "string" },
} as const

function assumptionsOf(values: Partial<Record<keyof typeof options, string | boolean>>): CostAssumptions {
  const given = (name: keyof typeof options, exponent: number, assumed: bigint) => {
    const text = values[name]
    if (text === undefined) return assumed
    const value = scaledInteger(String(text), exponent)
    if (value !== undefined && value >= 0n && value <= 10n ** 9n) return value
    return refuse("arguments", "Cannot use the number: it is out of range", `--${name}`, "Write it as 45.00")
  }
  return {
    minutesPerTouch: Number(given("minutes-per-touch", 0, BigInt(assumedCost.minutesPerTouch))),
    hourly: given("hourly-cost", 2, assumedCost.hourly),
    machine: given("machine-cost", 4, assumedCost.machine),
  }
}

function planAt(path: string): Plan {
  const { plan } = mustReadPlan(path)
  if (plan.front.currency.exponent !== 2)
    refuse(
      "plan-currency",
      "Cannot use the plan: its currency has no cents, the claims' amounts do",
      path,
      "Use another",
    )
  return plan
}

export const replayCommand: Command = {
  summary: "A payer's own claims under a published plan: dollars by clause, touchless rate, what the rest waits for",
  usage,
  async run(args, screen) {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [path, files] = values.derive === undefined ? [positionals[0], positionals.slice(1)] : ["", positionals]
    if (path === undefined || files.length === 0)
      return refuse("arguments", "Cannot replay: a plan and files are expected", "arguments", `countersign ${usage}`)
    const assumed = assumptionsOf(values)
    const named = values.derive === undefined ? planAt(path) : undefined
    const membersOf = (plan: Plan) =>
      values.members === undefined ? undefined : orRefuse(readMembers(readInputFile(values.members), plan))
    const members = named && membersOf(named)
    const early = named && new Replay(named)
    const standIn = values["stand-in"] ?? false
    const { tables, problems } = await readAll(files, { plan: named, members, standIn }, early)
    const [problem] = problems
    if (named === undefined && tables.length === 0 && problem !== undefined) throw new Refused(problem.refusal)
    const plan = named ?? derivePlanInto(values.derive!, tables)
    const replay = early ?? new Replay(plan)
    const filing = tables.length === 0 ? undefined : replayCms(plan, tables, members ?? membersOf(plan), replay)
    const figures = replay.figures()
    say(screen, plan, figures)
    const cost = { ...sayCost(screen, figures, assumed), ...assumed }
    if (filing !== undefined) sayFiling(screen, filing)
    const left = sayProblems(screen, files, problems)
    return {
      value: { series: plan.front.plan, version: plan.front.version, ...figures, cost, filing, problems: left },
      failed: problems.length > 0 || figures.refusals.length > 0,
    }
  },
}

function sayProblems(screen: Screen, files: readonly string[], problems: readonly FileProblem[]) {
  const named = problems.map(({ file, refusal, what }) => ({ file: basename(files[file - 1]!), what, ...refusal }))
  for (const { file, at, message, what } of named.slice(0, mostShown))
    screen.line(screen.bad(`${file}, ${at}: ${message} (left out: ${what})`))
  if (named.length > mostShown) screen.line(`and ${named.length - mostShown} more (--json has all)`)
  return named
}
