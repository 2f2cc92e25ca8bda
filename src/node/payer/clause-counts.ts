/**
 * What a plan's clauses did, in public numbers: how many lines each clause decided and how many of them it denied or
 * left pending, over the claims this payer agreed to. No person, no visit, no provider; small numbers are not hidden,
 * so the number of lines stands beside every row.
 */
import { toHex } from "../../base/bytes.ts"
import { decodeLeg, type LineStatus } from "../../plan/leg.ts"
import type { Bundle } from "../../verify/bundle.ts"
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"

/** What an agreed claim adds to the counts. */
export interface DecidedLines {
  readonly plan: Uint8Array
  /** The statement that this one replaced: it counts no more. */
  readonly supersedes: Uint8Array | undefined
  readonly lines: readonly {
    /** The clause that decided the line; empty where no clause did. */
    readonly clause: string
    readonly status: LineStatus
  }[]
}

export interface ClauseCount {
  readonly plan: string
  readonly clause: string
  /** Lines that this clause decided. */
  readonly decided: number
  readonly denied: number
  readonly pended: number
}

export interface ClauseCounts {
  /** Claims and lines that were counted. */
  readonly claims: number
  readonly lines: number
  readonly clauses: readonly ClauseCount[]
}

const collection = "decided-lines"

export function decidedLines(bundle: Bundle, supersedes: Uint8Array | undefined): DecidedLines {
  const leg = decodeLeg(bundle.legs[bundle.own]!.opened!.leg)
  const lines = leg.lines.map(({ shown, status }) => ({ clause: shown.clause, status }))
  return { plan: leg.plan, supersedes, lines }
}

/** Kept before the claim is agreed to: should this node stop in between, the same claim is counted once. */
export function keepDecidedLines(node: NodeContext, statement: Uint8Array, decided: DecidedLines): Promise<void> {
  return node.work.put(collection, toHex(statement), decided)
}

/** By plan, then clause. A replaced claim counts as it now stands. */
export function countClauses(claims: ReadonlyMap<string, DecidedLines>): ClauseCounts {
  const replaced = new Set([...claims.values()].flatMap(({ supersedes }) => supersedes && toHex(supersedes)))
  const standing = [...claims].filter(([statement]) => !replaced.has(statement)).map(([, claim]) => claim)
  const counts = new Map<string, ClauseCount>()
  for (const { plan, lines } of standing) {
    for (const { clause, status } of lines) {
      const id = `${toHex(plan)} ${clause}`
      const { decided, denied, pended } = counts.get(id) ?? { decided: 0, denied: 0, pended: 0 }
      counts.set(id, {
        plan: toHex(plan),
        clause,
        decided: decided + 1,
        denied: denied + (status === "denied" ? 1 : 0),
        pended: pended + (status === "pended" ? 1 : 0),
      })
    }
  }
  const clauses = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
  return { claims: standing.length, lines: standing.reduce((sum, { lines }) => sum + lines.length, 0), clauses }
}

/** Counted once a block at most: the door is public. */
export function clauseOperations(node: NodeContext): Operations {
  let last: (ClauseCounts & { readonly height: number }) | undefined
  return {
    "clause-statistics": async () => {
      const { height } = node.chain
      if (last?.height !== height) last = { height, ...countClauses(new Map(node.work.rows<DecidedLines>(collection))) }
      return last
    },
  }
}
