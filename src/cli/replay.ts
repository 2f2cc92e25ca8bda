/**
 * `countersign replay PLAN FILE …`: the payer's twin of shadow mode. Its own claims (837) under a published plan: dollars
 * by clause, the touchless rate, and what the rest waits for.
 */
import { basename } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../base/money.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { type MemberList, readMembers } from "../billing/members.ts"
import { openReplayFile } from "../billing/replay/intake.ts"
import { Replay, type ReplayFigures } from "../billing/replay/replay.ts"
import type { FileProblem } from "../billing/shadow/file-transactions.ts"
import { orRefuse } from "../formats/answer.ts"
import type { Plan } from "../plan/plan.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { readPieces } from "./input-stream.ts"
import { mustReadPlan } from "./plan/files.ts"
import type { Screen } from "./screen.ts"

const usage = "replay PLAN FILE … [--members CSV]"
const mostShown = 15

async function readAll(files: readonly string[], plan: Plan, members: MemberList | undefined) {
  const replay = new Replay(plan)
  const problems: FileProblem[] = []
  for (const [index, path] of files.entries()) {
    const intake = openReplayFile(index + 1, plan, members)
    try {
      for await (const piece of readPieces(path)) intake.push(piece)
      const { values, problems: own } = intake.end()
      for (const claims of values) for (const claim of claims) replay.add(claim)
      problems.push(...own)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const refusal = { ...error.refusal, at: "file" }
      problems.push({ file: index + 1, refusal, what: "interchange or group", isNote: false })
    }
  }
  return { figures: replay.figures(), problems }
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
  if (figures.waiting.length > 0) {
    const waits = figures.waiting.slice(0, mostShown)
    const cells = waits.map((one) => [one.clause, one.code, one.missing, String(one.lines), String(one.claims)])
    screen.table(["waits by clause", "because", "for", ">lines", ">claims"], cells)
  }
  for (const { code, message, claims } of figures.refusals)
    screen.line(`${claims} claims refused: ${message} (${code})`)
  screen.quiet("Each claim is decided by itself: what one uses of a deductible is not carried to the next.")
}

export const replayCommand: Command = {
  summary: "A payer's own claims under a published plan: dollars by clause, touchless rate, what the rest waits for",
  usage,
  async run(args, screen) {
    const options = { members: { type: "string" } } as const
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [path, ...files] = positionals
    if (path === undefined || files.length === 0)
      return refuse("arguments", "Cannot replay: a plan and files are expected", "arguments", `countersign ${usage}`)
    const { plan } = mustReadPlan(path)
    if (plan.front.currency.exponent !== 2)
      refuse("plan-currency", "Cannot use the plan: its currency has no cents, X12 amounts do", path, "Use another")
    const members =
      values.members === undefined ? undefined : orRefuse(readMembers(readInputFile(values.members), plan))
    const { figures, problems } = await readAll(files, plan, members)
    say(screen, plan, figures)
    const named = problems.map(({ file, refusal, what }) => ({ file: basename(files[file - 1]!), what, ...refusal }))
    for (const { file, at, message, what } of named.slice(0, mostShown))
      screen.line(screen.bad(`${file}, ${at}: ${message} (left out: ${what})`))
    if (named.length > mostShown) screen.line(`and ${named.length - mostShown} more (--json has all)`)
    return {
      value: { series: plan.front.plan, version: plan.front.version, ...figures, problems: named },
      failed: problems.length > 0 || figures.refusals.length > 0,
    }
  },
}
