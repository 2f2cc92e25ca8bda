/**
 * `countersign shadow FILE … --out DIR`: one practice alone. Reads its claims (837) and remittances (835), needs no
 * network and no partner, and writes what is left to do. The files are read twice: for the books, and then, only the
 * claims that need it, for corrections and letters.
 */
import { basename, resolve, sep } from "node:path"
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { formatMoney } from "../base/money.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { formatDate, parseDate } from "../base/time.ts"
import { Books, type ShadowFindings } from "../billing/shadow/books.ts"
import { openIntake } from "../billing/shadow/intake/intake.ts"
import { Payers } from "../billing/shadow/intake/payer.ts"
import { openReread, wantedByFile } from "../billing/shadow/intake/reread.ts"
import { Texts } from "../billing/shadow/intake/texts.ts"
import { planKey, plannedLines } from "../billing/shadow/judge/planned.ts"
import { readRates } from "../billing/shadow/judge/rates.ts"
import { plainOptions, type ShadowOptions } from "../billing/shadow/options.ts"
import { balanceText } from "../billing/shadow/report/balance-text.ts"
import { type Figures, figuresOf } from "../billing/shadow/report/figures.ts"
import { Papers } from "../billing/shadow/report/papers.ts"
import { problemsText } from "../billing/shadow/report/problems-text.ts"
import { summaryPage } from "../billing/shadow/report/summary.ts"
import { claimFiles, matchesCsv, worklistCsv } from "../billing/shadow/report/worklist.ts"
import { minorUnits } from "../formats/amount.ts"
import { orRefuse } from "../formats/answer.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { write837 } from "../formats/x12/claim/write-837.ts"
import type { Command } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { readPieces } from "./input-stream.ts"
import { filesOf } from "./named-files.ts"
import { mustReadPlan } from "./plan/files.ts"
import { PrivateFolder } from "./private-folder.ts"
import type { Screen } from "./screen.ts"

const usage =
  "shadow FILE|DIR … --out DIR [--rates CSV] [--plan FILE] [--plan-payer NAME] [--on DATE] [--timely DAYS] [--appeal DAYS] [--tolerance AMOUNT] [--control NUMBER] [--force]"

const layout = {
  marker: ".countersign-shadow",
  entries: [...["worklist.csv", "matches.csv", "balance.txt", "problems.txt", "summary.html", "corrected", "letters"]],
} as const

/** Every file named; of a folder all but the rates and what an earlier run wrote into it. */
function claimsAndPayments(named: readonly string[], out: string, rates: string | undefined): readonly string[] {
  const ours = `${resolve(out)}${sep}`
  const isOther = (path: string) => path.startsWith(ours) || (rates !== undefined && path === resolve(rates))
  const files = filesOf(named).flatMap(({ path }) => (named.includes(path) || !isOther(resolve(path)) ? [path] : []))
  return files.length > 0
    ? files
    : refuse("file-absent", "Cannot run shadow: the folder holds no file", named[0]!, "Check the path")
}

interface Run {
  readonly files: readonly string[]
  readonly out: PrivateFolder
  readonly options: ShadowOptions
  /** ISA13 of the first corrected claim. */
  readonly control: number
}

function daysIn(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,4}$/.test(text)) return Number(text)
  return refuse("arguments", `Cannot use --${name}: it is no number of days`, `--${name}`, "Write such as 180")
}

function readOptions(values: Readonly<Record<string, string | boolean | undefined>>): ShadowOptions {
  const text = (name: string) => (typeof values[name] === "string" ? values[name] : undefined)
  const on = text("on")
  const day = on === undefined ? undefined : parseDate(on)
  if (on !== undefined && day === undefined)
    refuse("arguments", "Cannot use --on: the date does not exist", "--on", "Write it as 2026-04-14")
  const plan = text("plan") === undefined ? undefined : mustReadPlan(text("plan")!).plan
  if (plan !== undefined && plan.front.currency.exponent !== 2)
    refuse("plan-currency", "Cannot use the plan: its currency has no cents, X12 amounts do", "--plan", "Use another")
  const rates = text("rates")
  const tolerance = minorUnits(text("tolerance") ?? "0")
  if (tolerance === undefined || tolerance < 0n)
    return refuse("arguments", "Cannot use --tolerance: it is no amount", "--tolerance", "Write such as 0.05")
  return {
    ...plainOptions,
    rates: rates === undefined ? undefined : orRefuse(readRates(readInputFile(rates))),
    plan,
    planPayer: text("plan-payer") ?? "",
    on: day,
    timely: daysIn(text("timely"), "timely"),
    appeal: daysIn(text("appeal"), "appeal"),
    tolerance,
  }
}

/** Reads every file into the books; a file that cannot be opened is a problem of its own. */
async function readBooks({ files, options }: Run): Promise<Books> {
  const { plan } = options
  const key = plan === undefined ? "" : planKey(plan, options.planPayer)
  const books = new Books(options, ({ claim }) => plan !== undefined && claim.payer.tokens.includes(key))
  const texts = new Texts()
  const payers = new Payers(texts)
  const planned = (claim: Claim837) => {
    if (plan === undefined || !payers.named(claim.payer.last, claim.payer.id).tokens.includes(key)) return []
    return plannedLines(plan, claim)
  }
  for (const [index, path] of files.entries()) {
    const intake = openIntake(index + 1, { texts, payers, known: books.known, planned })
    try {
      for await (const piece of readPieces(path)) intake.push(piece)
      books.add(intake.end())
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const refusal = { ...error.refusal, at: "file" }
      const problem = { file: index + 1, refusal, what: "interchange or group", isNote: false } as const
      books.add({ claims: [], answers: [], payments: [], amounts: [], problems: [problem] })
    }
  }
  return books
}

interface PaperCount {
  corrected: number
  letters: number
}

/** Corrections and letters, claim by claim as the files are read again. */
async function writePapers(run: Run, findings: ShadowFindings, papers: Papers): Promise<PaperCount> {
  const { out, files, control } = run
  const count: PaperCount = { corrected: 0, letters: 0 }
  const writeLetter = (letter: { name: string; text: string; html: string }) => {
    out.write(`letters/${letter.name}.txt`, [letter.text])
    out.write(`letters/${letter.name}.html`, [letter.html])
    count.letters++
  }
  for (const [file, wanted] of [...wantedByFile(papers.wanted())].sort(([a], [b]) => a - b)) {
    const reread = openReread(file, wanted, (claim, place) => {
      const { corrected, letter } = papers.take(claim, place)
      if (corrected !== undefined) {
        const bytes = write837(corrected.claim, envelopeOf(corrected.claim, control + count.corrected, findings.on))
        out.write(`corrected/${corrected.name}`, [bytes])
        count.corrected++
      }
      if (letter !== undefined) writeLetter(letter)
    })
    for await (const piece of readPieces(files[file - 1]!)) reread.push(piece)
    reread.end()
  }
  for (const letter of papers.underpayments()) writeLetter(letter)
  return count
}

/** Sender and receiver as the claim's own file named them (NM1*41, NM1*40). */
function envelopeOf(claim: Claim837, control: number, day: number) {
  const plain = (text: string | undefined, other: string) => (text ?? other).replace(/[^A-Za-z0-9 ]/g, "").slice(0, 15)
  const sender = plain(claim.submitter?.id, claim.billing.id)
  const receiver = plain(claim.receiver?.id, claim.payer.id)
  return { sender, receiver, control, day, minute: 0 }
}

function say(screen: Screen, findings: ShadowFindings, figures: Figures, papers: PaperCount): void {
  const { byClass, days } = figures
  // Where nothing could be read, no day was either.
  screen.heading(findings.on === 0 ? "Shadow: nothing could be read" : `Shadow, as of ${formatDate(findings.on)}`)
  screen.line(
    `Matched ${figures.matchedAnswers} of ${figures.answers} answers, ${figures.answeredClaims} of ${figures.claims} claims`,
  )
  screen.line(
    `Underpaid by contract: ${screen.strong(formatMoney(figures.proven))} on ${figures.provenLines === 1 ? "1 line" : `${figures.provenLines} lines`}`,
  )
  const rows = [...byClass].map(([name, one]) => [name, String(one.rows), formatMoney(one.difference)])
  screen.table(["class", ">rows", ">difference"], rows)
  if (days.length > 0) {
    const cash = days.slice(0, 10).map((one) => [one.payer, String(one.claims), String(one.median), String(one.p90)])
    screen.table(["days to cash", ">claims", ">median", ">p90"], cash)
  }
  screen.line(`${papers.corrected} corrected claims, ${papers.letters} letters`)
}

/** What `--json` prints: the figures, no claim's number. */
function jsonValue(run: Run, findings: ShadowFindings, figures: Figures, papers: PaperCount) {
  const { credits, byClass, ...rest } = figures
  return {
    on: formatDate(findings.on),
    out: run.out.path,
    ...rest,
    credits: credits.length,
    byClass: Object.fromEntries(byClass),
    notCheckable: Object.fromEntries(findings.tally.notCheckable),
    costShare: { lines: findings.tally.shareLines, amount: findings.tally.share },
    ...papers,
    problems: findings.problems,
  }
}

async function shadow(run: Run, screen: Screen) {
  const books = await readBooks(run)
  const findings = books.finish()
  const { files, out } = run
  const names = files.map((path) => basename(path))
  const papers = new Papers(findings, books.known)
  const count = await writePapers(run, findings, papers)
  const figures = figuresOf(findings)
  out.write("worklist.csv", worklistCsv(findings.rows))
  out.write("matches.csv", matchesCsv(findings.matches, claimFiles(findings.accounts)))
  out.write("balance.txt", balanceText(findings.payments, findings.amounts, names))
  out.write("problems.txt", problemsText(findings.problems, names))
  out.write("summary.html", [summaryPage(findings, figures, { files: files.length, ...count })])
  say(screen, findings, figures, count)
  const refused = findings.problems.filter(({ isNote }) => !isNote)
  if (refused.length > 0) {
    const inFiles = new Set(refused.map(({ file }) => file)).size
    screen.line(screen.bad(`${refused.length} refused in ${inFiles} of ${files.length} files: see problems.txt`))
  }
  screen.line(`Written to ${out.path}, for its owner's eyes only: begin with summary.html and worklist.csv`)
  return { value: jsonValue(run, findings, figures, count), failed: refused.length > 0 }
}

export const shadowCommand: Command = {
  summary: "One practice alone: its claims against its remittances, what was underpaid and what is left to do",
  usage,
  async run(args, screen) {
    const text = { type: "string" } as const
    const named = { out: text, rates: text, plan: text, "plan-payer": text, on: text, timely: text, appeal: text }
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...named, tolerance: text, control: text, force: { type: "boolean" } },
    })
    const { out, control = "1", force = false } = values
    if (positionals.length === 0 || out === undefined)
      return refuse("arguments", "Cannot run shadow: files and --out are expected", "arguments", `countersign ${usage}`)
    if (!/^[1-9]\d{0,7}$/.test(control))
      return refuse("arguments", "Cannot use --control: it is no control number", "--control", "Write 1 to 99999999")
    // A year of claims is a few hundred megabytes; left alone, the heap grows to three times of it before it is cleared.
    setFlagsFromString("--heap-growing-percent=30")
    const options = readOptions(values)
    const files = claimsAndPayments(positionals, out, values.rates)
    const folder = PrivateFolder.open(out, layout, force)
    return shadow({ files, out: folder, options, control: Number(control) }, screen)
  },
}
