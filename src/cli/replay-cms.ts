/** What `countersign replay` does with claims as CMS filed them: reads them, derives a plan from them, compares with it. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { refuse } from "../base/refusal.ts"
import type { MemberList } from "../billing/members.ts"
import { AgainstFiling, type Difference, differences, type FilingFigures } from "../billing/replay/against-filing.ts"
import { decideCms } from "../billing/replay/cms-claims.ts"
import type { Replay } from "../billing/replay/replay.ts"
import type { FileProblem } from "../billing/shadow/intake/file-transactions.ts"
import { isRefusal, orRefuse } from "../formats/answer.ts"
import type { CmsPerson } from "../formats/cms/cms-claim.ts"
import { deriveCmsPlan } from "../formats/cms/derive.ts"
import { type CmsFile, readCmsFile } from "../formats/cms/read-claims.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Plan } from "../plan/plan.ts"
import { mostInputBytes } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"
import type { Screen } from "./screen.ts"

/** A CMS table is read whole: its rows of one claim may stand anywhere. */
export class CmsPieces {
  readonly #pieces: Uint8Array[] = []
  #size = 0

  push(piece: Uint8Array): void {
    this.#size += piece.length
    if (this.#size > mostInputBytes)
      refuse("file-too-large", `Cannot read file: over ${mostInputBytes} bytes`, "file", "Split it between two claims")
    this.#pieces.push(piece)
  }

  /** @throws Refused when the table is none. */
  end(standIn: boolean): CmsFile {
    return orRefuse(readCmsFile(new Uint8Array(Buffer.concat(this.#pieces)), { standIn }))
  }
}

export const cmsProblems = (file: number, { problems }: CmsFile): readonly FileProblem[] =>
  problems.map((refusal) => ({ file, refusal, what: "claim", isNote: false }))

/** The derived plan, written into a folder with its tables, where it can be read and replayed like any other. */
export function derivePlanInto(folder: string, files: readonly CmsFile[]): Plan {
  const claims = files.flatMap((file) => file.claims.flatMap((claim) => (isRefusal(claim) ? [] : [claim])))
  const { name, bytes, tables } = deriveCmsPlan(claims)
  const read = readPlan(bytes, new Map(tables.map((table) => [table.name, table.bytes])))
  assert("plan" in read, "a derived plan reads")
  makeFolder(join(folder, "tables"))
  writeFileSync(join(folder, `${name}.md`), bytes)
  for (const table of tables) writeFileSync(join(folder, "tables", `${table.name}.csv`), table.bytes)
  return read.plan
}

/** Decides every claim of the files and counts it; people of any file serve the claims of all. */
export function replayCms(
  plan: Plan,
  files: readonly CmsFile[],
  members: MemberList | undefined,
  replay: Replay,
): FilingFigures {
  const people = new Map<string, CmsPerson>(files.flatMap((file) => [...file.people]))
  const against = new AgainstFiling()
  for (const { claims } of files) {
    for (const claim of claims) {
      const decided = isRefusal(claim) ? claim : decideCms(plan, claim, people, members)
      replay.add(decided)
      if (!isRefusal(decided)) against.add(decided)
    }
  }
  return against.figures()
}

export function sayFiling(screen: Screen, figures: FilingFigures): void {
  const { compared, allowedSame, paidSame, paidSameOfNothing, differ, filedUnbalanced } = figures
  screen.heading("Beside what CMS filed")
  screen.line(
    `${compared} of ${figures.lines} lines are filed with what was allowed and what was paid. Ours to the cent: allowed ${allowedSame}, allowed and paid ${paidSame} (${paidSameOfNothing} of them with no charge at all).`,
  )
  const rows = Object.entries(differ).filter(([, lines]) => lines > 0)
  if (rows.length > 0) {
    const cells = rows.map(([why, lines]) => [String(lines), differences[why as Difference]])
    screen.table([">lines", "that differ, by the first reason that explains it"], cells)
  }
  screen.line(
    `As filed, ${filedUnbalanced} of the compared lines do not add up (allowed is not paid and what others pay), and the lines of ${figures.claimsBalanced} of ${figures.claimsWithCharge} claims come to the claim's charge.`,
  )
}
