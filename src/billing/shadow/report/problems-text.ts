/** `problems.txt`: what could not be read, with file, segment, element and reason; never what an element held. */
import type { FileProblem } from "../intake/file-transactions.ts"

/** The page in pieces; `files` are the names as given, by file number from 1. */
export function* problemsText(problems: readonly FileProblem[], files: readonly string[]): Generator<string> {
  if (problems.length === 0) {
    yield "Every file was read whole.\n"
    return
  }
  const refused = problems.filter(({ isNote }) => !isNote).length
  yield `${refused} refused, ${problems.length - refused} left out as already counted. Everything else was read and counted.\n`
  let file = 0
  for (const problem of [...problems].sort((a, b) => a.file - b.file)) {
    if (problem.file !== file) yield `\nFile ${problem.file}: ${files[problem.file - 1] ?? ""}\n`
    file = problem.file
    const { code, message, at, remedy } = problem.refusal
    yield `  ${at}: ${message} (${code}; left out: ${problem.what}). ${remedy}\n`
  }
}
