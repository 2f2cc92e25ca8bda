/**
 * Three-valued formulas over finitely many variables, and the search for an assignment that makes one true. A variable
 * that has no value yet makes a formula open; what a condition would fail on makes it fail, and then no line is meant.
 */

/** What a formula comes to: one of these, or `firstOpen` + the index of a variable that has to be chosen first. */
export const no = 0
export const yes = 1
export const fails = 2
export const firstOpen = 3

/** Chosen values by variable: the place in the variable's domain, or -1. */
export type Choices = Int32Array
export type Formula = (choices: Choices) => number

export const never: Formula = () => no
export const always: Formula = () => yes
export const failing: Formula = () => fails
export const constant = (value: boolean): Formula => (value ? always : never)

export function not(part: Formula): Formula {
  return (choices) => {
    const value = part(choices)
    return value === no ? yes : value === yes ? no : value
  }
}

/** As `&&` and `||` run: the right side is not reached, and cannot fail, once the left one decides. */
export function inOrder(left: Formula, right: Formula, decides: typeof no | typeof yes): Formula {
  return (choices) => {
    const value = left(choices)
    if (value === decides || value === fails) return value
    const other = right(choices)
    if (value < firstOpen) return other
    return other === decides ? decides : value
  }
}

function joined(parts: readonly Formula[], decides: typeof no | typeof yes): Formula {
  const otherwise = decides === no ? yes : no
  const [first, ...rest] = parts
  if (first === undefined) return constant(otherwise === yes)
  if (rest.length === 0) return first
  return (choices) => {
    let open = otherwise as number
    for (const part of parts) {
      const value = part(choices)
      if (value === decides || value === fails) return value
      if (value >= firstOpen && open < firstOpen) open = value
    }
    return open
  }
}

export const all = (parts: readonly Formula[]): Formula => joined(parts, no)
export const any = (parts: readonly Formula[]): Formula => joined(parts, yes)

/** Work left for the searches of one check, in steps that each cost about the same. */
export class Effort {
  left: number

  constructor(most: number) {
    this.left = most
  }

  get isSpent(): boolean {
    return this.left < 0
  }

  spend(steps: number): void {
    this.left -= steps
  }
}

/** Nodes that one search may visit. */
export const mostNodes = 1_000_000

/** `gave-up`: too many nodes. `spent`: nothing is left for any search of the check. */
export type Outcome = "none" | "found" | "gave-up" | "spent"

/**
 * Tries assignments until `accept` takes one that makes the formula true: `found`. `none` is a proof that there is none
 * that `accept` takes. Variables that do not matter for it are left at -1. `sizes` are those of the domains, `cost` is
 * what looking at the formula once costs.
 */
export function search(
  formula: Formula,
  sizes: readonly number[],
  cost: number,
  effort: Effort,
  accept: (choices: Choices) => boolean,
): Outcome {
  const choices: Choices = new Int32Array(sizes.length).fill(-1)
  let nodes = 0
  const visit = (): Outcome => {
    effort.spend(cost)
    if (effort.isSpent) return "spent"
    if (++nodes > mostNodes) return "gave-up"
    const value = formula(choices)
    if (value === yes) return accept(choices) ? "found" : "none"
    if (value < firstOpen) return "none"
    const variable = value - firstOpen
    for (let i = 0; i < sizes[variable]!; i++) {
      choices[variable] = i
      const outcome = visit()
      if (outcome !== "none") return outcome
    }
    choices[variable] = -1
    return "none"
  }
  return visit()
}
