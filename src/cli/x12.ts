/**
 * `countersign x12 check …`: whether files of X12 are read, and if not, where and why; and the acknowledgements that tell
 * their senders. Shows places and kinds of defects, never a value out of a file.
 */
import { parseArgs } from "node:util"
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { checkFile, type FileReport } from "../formats/x12/check/check-file.ts"
import { type DefectRow, type FileSummary, mainDefect, summaryOf } from "../formats/x12/check/check-summary.ts"
import type { Command, CommandResult } from "./command.ts"
import { filesOf } from "./named-files.ts"
import { readChunks } from "./read-chunks.ts"
import type { Screen } from "./screen.ts"
import { AnswerFolder } from "./x12-answers.ts"

interface CheckedFile extends FileSummary {
  readonly file: string
  /** Acknowledgements written for it. */
  readonly written: readonly string[]
}

interface KindCount {
  readonly kind: string
  readonly files: number
  readonly read: number
  readonly refused: number
}

const usage = "x12 check FILE|DIR … [--out DIR]"
const mostShown = 20
const unknown = "unknown"

/** A file that cannot even be opened is one of the refused; it does not stop the others. */
function unreadable({ code, message, remedy }: Refusal): FileReport {
  const text = message.replace(/^Cannot [a-z]+ file: /, "")
  const place = { level: "interchange", segment: "", line: 1, answer: "" } as const
  return { interchanges: [], findings: [{ code, isRefused: true, message: text, ...place, remedy: `${remedy}.` }] }
}

function reportOf(path: string, keepsClaims: boolean, isAlone: boolean): FileReport {
  try {
    return checkFile(readChunks(path), { keepsClaims })
  } catch (error) {
    if (!(error instanceof Refused) || isAlone) throw error
    return unreadable(error.refusal)
  }
}

function checkAll(paths: readonly string[], out: string | undefined): readonly CheckedFile[] {
  const files = filesOf(paths)
  const folder = out === undefined ? undefined : new AnswerFolder(out, new Date())
  return files.map(({ path, name }) => {
    const report = reportOf(path, folder !== undefined, files.length === 1)
    const written = folder?.write(name.replace(/[\\/]/g, "_"), report) ?? []
    return { file: name, ...summaryOf(report), written }
  })
}

const kindOf = ({ kinds }: FileSummary) => (kinds.length === 0 ? unknown : kinds.join(" "))

function countKinds(files: readonly CheckedFile[]): readonly KindCount[] {
  const kinds = [...new Set(files.map(kindOf))].sort()
  return kinds.map((kind) => {
    const own = files.filter((file) => kindOf(file) === kind)
    const read = own.filter(({ isRead }) => isRead).length
    return { kind, files: own.length, read, refused: own.length - read }
  })
}

/** `line 7 in loop 1000B: NM102 is missing.`: the place without what the sentence names anyway. */
function sentence({ message, at }: DefectRow): string {
  const [name = "", ...rest] = at.split(", ")
  return `${rest.length > 0 && message.includes(name) ? rest.join(", ") : at}: ${message}.`
}

function showDefects(screen: Screen, defects: readonly DefectRow[], more: number): void {
  for (const defect of defects.slice(0, mostShown)) {
    screen.line(`${defect.isRefused ? screen.bad("refused") : "noted  "} ${sentence(defect)}`, 4)
  }
  const left = Math.max(0, defects.length - mostShown) + more
  if (left > 0) screen.quiet(`  and ${left} more; --json names ${defects.length} of them`)
  const remedies = new Set(defects.filter(({ isRefused }) => isRefused).map(({ remedy }) => remedy))
  for (const remedy of remedies) screen.line(`What to do: ${remedy}`)
}

function showFile(screen: Screen, file: CheckedFile): void {
  const { transactions, readTransactions, claims, readClaims, segments, interchanges, groups } = file
  screen.heading(file.file)
  const guides = file.guides.length === 0 ? "" : `, guide ${file.guides.join(", ")}`
  screen.line(`${kindOf(file)}${guides}: ${file.isRead ? screen.good("read") : screen.bad("refused")}`)
  const parts = `interchanges ${interchanges}, groups ${groups}, segments ${segments}`
  const ofClaims = claims === 0 ? "" : `, claims read ${readClaims} of ${claims}`
  screen.line(`${parts}, transactions read ${readTransactions} of ${transactions}${ofClaims}`)
  showDefects(screen, file.defects, file.more)
  if (file.written.length > 0) screen.line(`written: ${file.written.join(", ")}`)
  else if (file.interchanges === 0) screen.line("Neither TA1 nor 999 can answer it: no ISA names a sender.")
}

function showTable(screen: Screen, files: readonly CheckedFile[]): void {
  const rows = files.map((file) => {
    const main = mainDefect(file)
    const count = (read: number, all: number) => (all === 0 ? "" : `${read}/${all}`)
    const parts = [count(file.readTransactions, file.transactions), count(file.readClaims, file.claims)]
    return [
      file.file,
      kindOf(file),
      file.isRead ? "read" : "refused",
      ...parts,
      main === undefined ? "" : sentence(main),
    ]
  })
  screen.table(["file", "kind", "", ">transactions", ">claims", "why refused"], rows)
}

function showKinds(screen: Screen, kinds: readonly KindCount[]): void {
  screen.heading("By kind")
  const sum = (key: "files" | "read" | "refused") => kinds.reduce((total, kind) => total + kind[key], 0)
  const rows = kinds.map(({ kind, files, read, refused }) => [kind, String(files), String(read), String(refused)])
  const all = ["all", ...(["files", "read", "refused"] as const).map((key) => String(sum(key)))]
  screen.table(["kind", ">files", ">read", ">refused"], [...rows, all])
}

function check(args: readonly string[], screen: Screen): CommandResult {
  const options = { out: { type: "string" } } as const
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  if (positionals.length === 0) {
    refuse("arguments", "Cannot check: name files or a folder", "arguments", `countersign ${usage}`)
  }
  const files = checkAll(positionals, values.out)
  if (files.length === 0)
    refuse("file-absent", "Cannot check: the folder holds no file", positionals[0]!, "Check the path")
  const kinds = countKinds(files)
  if (files.length === 1) showFile(screen, files[0]!)
  else {
    showTable(screen, files)
    showKinds(screen, kinds)
    const written = files.reduce((sum, file) => sum + file.written.length, 0)
    if (written > 0) screen.line(`${written} acknowledgements written to ${values.out}`)
  }
  return { value: { files, kinds }, failed: files.some(({ isRead }) => !isRead) }
}

export const x12Command: Command = {
  summary: "Checks X12 files, says what is wrong and where; --out writes TA1, 999, 277CA",
  usage,
  async run(args, screen) {
    const [what, ...rest] = args
    if (what === "check") return check(rest, screen)
    return refuse("arguments", "Cannot run x12: say what to do", "arguments", `countersign ${usage}`)
  },
}
