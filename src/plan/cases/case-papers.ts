/**
 * Papers that a row of a `.cases` table may bring beside its facts, in the same cell: `earlier 150.00 120.00 30.00` (what
 * the payers before allowed, paid and left of a line; once a line, in order), `authorized T20`, `referred primary`,
 * `noticed 2.4` (the member signed the notice of a clause), `decided 3.2 yes` (who has to decide said that it applies).
 */
import type { InputValues, PriorLine } from "../input.ts"
import type { Day } from "../parts.ts"

export interface CasePapers {
  readonly earlier: readonly { readonly allowed: bigint; readonly paid: bigint; readonly left: bigint }[]
  /** A code or a category, in force on the day of the case. */
  readonly authorized: readonly string[]
  /** The specialty that refers, for one visit. */
  readonly referred: readonly string[]
  /** Clauses. */
  readonly noticed: readonly string[]
  readonly decided: readonly { readonly clause: string; readonly applies: boolean }[]
}

export const noPapers: CasePapers = { earlier: [], authorized: [], referred: [], noticed: [], decided: [] }

const names = ["earlier", "authorized", "referred", "noticed", "decided"] as const
export type PaperName = (typeof names)[number]

export const isPaper = (word: string): word is PaperName => (names as readonly string[]).includes(word)

/** How each paper is written, for whoever got it wrong. */
export const paperForm: Readonly<Record<PaperName, string>> = {
  earlier: "earlier 150.00 120.00 30.00",
  authorized: "authorized CODE",
  referred: "referred SPECIALTY",
  noticed: "noticed 2.4",
  decided: "decided 3.2 yes",
}

/** The papers with one more; undefined when its words are not those of its form. `money` reads an amount. */
export function withPaper(
  papers: CasePapers,
  name: PaperName,
  words: readonly string[],
  money: (text: string) => bigint | undefined,
): CasePapers | undefined {
  const [first, second, third, ...more] = words
  if (first === undefined || more.length > 0) return undefined
  if (name === "earlier") {
    const [allowed, paid, left] = [first, second, third].map((text) => (text === undefined ? undefined : money(text)))
    if (allowed === undefined || paid === undefined || left === undefined) return undefined
    return { ...papers, earlier: [...papers.earlier, { allowed, paid, left }] }
  }
  if (name === "decided") {
    if ((second !== "yes" && second !== "no") || third !== undefined) return undefined
    return { ...papers, decided: [...papers.decided, { clause: first, applies: second === "yes" }] }
  }
  return second === undefined ? { ...papers, [name]: [...papers[name], first] } : undefined
}

/** What is left to the patient stands under coinsurance, the commonest of its codes. */
function priorLine({ allowed, paid, left }: CasePapers["earlier"][number], number: number): PriorLine {
  return { number, allowed, paid, left, reasons: left > 0n ? [{ carc: "2", amount: left }] : [] }
}

/** The papers as parts of an input for a claim of so many lines. */
export function inputPapers(papers: CasePapers, lines: number, day: Day): Partial<InputValues> {
  const numbers = Array.from({ length: lines }, (_, index) => index + 1)
  const { earlier } = papers
  return {
    ...(earlier.length > 0 && {
      legs: [{ payer: "earlier", on: day, lines: earlier.map((line, index) => priorLine(line, index + 1)) }],
    }),
    authorizations: papers.authorized.map((covers) => ({
      covers,
      from: day,
      until: day + 365,
      provider: undefined,
      unitsMilli: 999_000,
    })),
    referrals: papers.referred.map((from) => ({ from, to: undefined, visits: 1, used: 0 })),
    notices: papers.noticed.flatMap((clause) => numbers.map((line) => ({ clause, line }))),
    decisions: papers.decided.flatMap(({ clause, applies }) =>
      numbers.map((line) => ({
        clause,
        line,
        answer: applies ? (1 as const) : (0 as const),
        by: "who decides",
        on: day,
        evidence: undefined,
      })),
    ),
  }
}
