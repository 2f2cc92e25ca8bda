/**
 * A member of the baseline (an organization, or a patient's application): keeps every signed head that it was given
 * and its own rows with their proofs, looks again each round, and compares heads with other members.
 */
import { verifySignature } from "#crypto"
import { equalBytes } from "../../../src/base/bytes.ts"
import { verifyMerkleProof } from "../../../src/base/merkle.ts"
import { verifyConsistency } from "./consistency.ts"
import { isSigned, leafOf, type Row } from "./row.ts"
import { judge } from "./rules.ts"
import { type Head, headBytes, type Service } from "./service.ts"

/** A row under a head: what a member keeps of what it wrote, and what it is shown later. */
export interface Placed {
  readonly head: Head
  readonly row: Row
  readonly proof: readonly Uint8Array[]
}

export interface Finding {
  readonly code: string
  /** Two rows for one place, each under a signed head. */
  readonly places?: readonly [Placed, Placed]
  /** Two heads of one size, or of sizes between which nothing consistent was shown. */
  readonly heads?: readonly [Head, Head]
}

/** How far the server's clock may be from a member's own. */
const clockToleranceSeconds = 600

export class Member {
  readonly name: string
  readonly #service: Service
  readonly #serviceKey: Uint8Array
  readonly #now: () => number
  readonly kept = new Map<number, Placed>()
  head: Head | undefined

  constructor(name: string, service: Service, now: () => number) {
    this.name = name
    this.#service = service
    this.#serviceKey = service.key
    this.#now = now
  }

  /** Takes its own row's proof home, when the server has taken it. */
  async keep(seq: number): Promise<void> {
    const finding = await this.look()
    const shown = await this.#service.show(seq, this.head!.size)
    if (finding !== undefined || shown === undefined) throw new Error(`Cannot keep row ${seq}: ${finding?.code}`)
    this.kept.set(seq, { head: this.head!, ...shown })
  }

  /** One round: the newest head against the last one, and every own row against what was kept. */
  async look(service: Service = this.#service): Promise<Finding | undefined> {
    const [head, last] = [await service.head(), this.head]
    if (!isHead(this.#serviceKey, head)) return { code: "head-forged" }
    if (Math.abs(head.at - this.#now()) > clockToleranceSeconds) return { code: "clock-differs", heads: [head, head] }
    if (last !== undefined) {
      const before = await this.#rows(service, head)
      if (before !== undefined) return before
      const proof = await service.consistency(last.size, head.size)
      if (!verifyConsistency(last, head, proof)) return { code: "log-not-consistent", heads: [last, head] }
    }
    this.head = head
    return undefined
  }

  async #rows(service: Service, head: Head): Promise<Finding | undefined> {
    for (const [seq, kept] of this.kept) {
      if (head.size <= seq) return { code: "row-missing", heads: [kept.head, head] }
      const shown = await service.show(seq, head.size)
      if (shown === undefined) return { code: "row-missing", heads: [kept.head, head] }
      if (!equalBytes(leafOf(shown.row), leafOf(kept.row)))
        return { code: "row-changed", places: [kept, { head, ...shown }] }
      if (!verifyMerkleProof(head.root, leafOf(shown.row), seq, head.size, shown.proof))
        return { code: "row-not-in-log", heads: [kept.head, head] }
    }
    return undefined
  }

  /** Heads of two members laid side by side. */
  async compare(other: Member): Promise<Finding | undefined> {
    const [older, newer] = [this.head!, other.head!].sort((a, b) => a.size - b.size) as [Head, Head]
    const proof = await this.#service.consistency(older.size, newer.size)
    return verifyConsistency(older, newer, proof) ? undefined : { code: "two-histories", heads: [older, newer] }
  }

  /** Before it acts on a row, a member runs the rules itself. Gives the code of the first that the row breaks. */
  async recheck(seq: number): Promise<string | undefined> {
    const row = await this.#service.view.row(seq)
    if (row === undefined || !isSigned(row)) return "bad-signature"
    const answer = await judge(this.#service.view, row)
    return "code" in answer ? answer.code : undefined
  }
}

export function isHead(serviceKey: Uint8Array, head: Head): boolean {
  return verifySignature(serviceKey, headBytes(head), head.signature)
}

const isPlaced = (serviceKey: Uint8Array, { head, row, proof }: Placed) =>
  isHead(serviceKey, head) && verifyMerkleProof(head.root, leafOf(row), row.seq, head.size, proof)

/**
 * What a stranger can tell from a finding and the operator's public key alone: the operator signed for two rows in one
 * place, or for two logs of one size. Of sizes that differ the stranger must ask the operator, who can stay silent.
 */
export function convinces(serviceKey: Uint8Array, { places, heads }: Finding): boolean {
  if (places !== undefined) {
    const [a, b] = places
    if (!isPlaced(serviceKey, a) || !isPlaced(serviceKey, b)) return false
    return a.row.seq === b.row.seq && !equalBytes(leafOf(a.row), leafOf(b.row))
  }
  if (heads === undefined) return false
  const [a, b] = heads
  return isHead(serviceKey, a) && isHead(serviceKey, b) && a.size === b.size && !equalBytes(a.root, b.root)
}
