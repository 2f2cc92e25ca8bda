/**
 * The tree of categories and the one leaf of every code. Clauses define them by a table's columns or by a named set; a
 * code in two branches, or in a category that is divided further, is refused: a line is in exactly one leaf.
 */

import type { Category, CodeSet, Day, TableSeries } from "../parts.ts"
import type { Place, Report } from "./finding.ts"

interface Span {
  readonly from: Day
  readonly until: Day
}
interface Claimed extends Span {
  readonly code: string
  readonly category: string
}

export interface CategoryTree {
  /** By index. */
  readonly categories: readonly Category[]
  readonly leaves: ReadonlyMap<string, readonly { readonly from: Day; readonly until: Day; readonly leaf: Category }[]>
  readonly leavesOn: readonly Span[]
}

/** Gathers definitions clause by clause, then builds the tree once. */
export class CategoryBuilder {
  readonly #parents = new Map<string, string>()
  readonly #places = new Map<string, Place>()
  readonly #claimed: Claimed[] = []
  readonly #sources: (readonly Span[])[] = []
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  /** Declares a category; `under` is empty for one that hangs from the root. */
  declare(name: string, under: string, at: Place): void {
    const known = this.#parents.get(name)
    if (known !== undefined && known !== under) {
      const message = `Category “${name}” lies under “${known}” and under “${under}”.`
      this.#report.stop("uncovered", at, message, "Put it in one place of the tree.")
    }
    this.#parents.set(name, under)
    if (!this.#places.has(name)) this.#places.set(name, at)
  }

  addTable(table: TableSeries, at: Place): void {
    this.#sources.push(table.editions)
    for (const edition of table.editions) {
      for (const row of edition.rows.values()) {
        const category = row.cells["category"] ?? ""
        if (category === "") {
          this.#report.stop("uncovered", at, `Code ${row.key} of ${table.name} has no category.`, "Give it one.")
        }
        this.declare(category, row.cells["under"] ?? "", at)
        this.#claimed.push({ from: edition.from, until: edition.until, code: row.key, category })
      }
    }
  }

  addSet(set: CodeSet, category: string): void {
    this.#sources.push(set.editions)
    for (const { from, until, codes } of set.editions) {
      for (const code of codes) this.#claimed.push({ from, until, code, category })
    }
  }

  build(): CategoryTree {
    const categories = this.#tree()
    const byName = new Map(categories.map((category) => [category.name, category]))
    const byCode = new Map<string, Claimed[]>()
    for (const claim of this.#claimed) {
      const list = byCode.get(claim.code)
      if (list === undefined) byCode.set(claim.code, [claim])
      else list.push(claim)
    }
    const leaves = new Map<string, { from: Day; until: Day; leaf: Category }[]>()
    for (const [code, claims] of byCode) leaves.set(code, this.#leavesOf(code, claims, byName))
    return { categories, leaves, leavesOn: this.#covered() }
  }

  #tree(): readonly Category[] {
    const parents = new Set(this.#parents.values())
    const root: Category = { index: 0, name: "", depth: 0, isLeaf: this.#parents.size === 0, path: [] }
    ;(root.path as Category[]).push(root)
    const built = new Map<string, Category>([["", root]])
    const order: Category[] = [root]
    const make = (name: string, trail: ReadonlySet<string>): Category => {
      const known = built.get(name)
      if (known !== undefined) return known
      const at = this.#places.get(name) ?? { line: 1, column: 1 }
      const under = this.#parents.get(name)
      if (trail.has(name))
        return this.#report.stop("cycle", at, `Category “${name}” lies under itself.`, "Correct under.")
      if (trail.size > 16) return this.#report.stop("limits", at, "The tree of categories is too deep.", "Flatten it.")
      const parent = under === undefined ? root : make(under, new Set([...trail, name]))
      const path: Category[] = [...parent.path]
      const category = { index: order.length, name, depth: parent.depth + 1, isLeaf: !parents.has(name), path }
      path.push(category)
      order.push(category)
      built.set(name, category)
      return category
    }
    for (const name of this.#parents.keys()) make(name, new Set())
    return order
  }

  /** The deepest category of a code in each stretch of days in which nothing changes. */
  #leavesOf(code: string, claims: readonly Claimed[], byName: ReadonlyMap<string, Category>) {
    const spans: { from: Day; until: Day; leaf: Category }[] = []
    const cuts = [...new Set(claims.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b)
    for (const [i, from] of cuts.entries()) {
      const until = cuts[i + 1]
      if (until === undefined) break
      const held = claims.filter((claim) => claim.from <= from && claim.until >= until)
      const found = held.map((claim) => byName.get(claim.category)!)
      const leaf = found.reduce<Category | undefined>(
        (a, b) => (a === undefined || b.depth > a.depth ? b : a),
        undefined,
      )
      if (leaf === undefined) continue
      this.#checkLeaf(code, leaf, found)
      const last = spans.at(-1)
      if (last !== undefined && last.leaf === leaf && last.until === from) last.until = until
      else spans.push({ from, until, leaf })
    }
    return spans
  }

  #checkLeaf(code: string, leaf: Category, found: readonly Category[]): void {
    const at = this.#places.get(leaf.name) ?? { line: 1, column: 1 }
    const other = found.find((category) => leaf.path[category.depth] !== category)
    if (other !== undefined) {
      const message = `Code ${code} is in two categories, “${leaf.name}” and “${other.name}”.`
      this.#report.add("uncovered", at, message, "List each code once.")
    } else if (!leaf.isLeaf) {
      const message = `Code ${code} is in “${leaf.name}”, which is divided further, and in none of its parts.`
      this.#report.add("uncovered", at, message, "Put the code in one of the parts.")
    }
  }

  /** The days on which every source has an edition. */
  #covered(): readonly Span[] {
    const cuts = [...new Set(this.#sources.flat().flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b)
    const spans: Span[] = []
    for (const [i, from] of cuts.entries()) {
      const until = cuts[i + 1]
      if (until === undefined) break
      const holds = (source: readonly Span[]) => source.some((span) => span.from <= from && span.until >= until)
      if (this.#sources.every(holds)) spans.push({ from, until })
    }
    return spans
  }
}
