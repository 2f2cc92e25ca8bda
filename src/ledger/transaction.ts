/**
 * The frame every transaction type stands in. A type has five parts in fixed order, and refusals follow that order:
 *
 *   body (decode) ─▶ load (what must exist) ─▶ authorize (who) ─▶ check (may it be) ─▶ apply (total, cannot fail)
 *
 * Only `apply` writes, so a refused transaction changes nothing. Before `load`, the frame asks what every type is
 * asked: applied before? expired? frozen?
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { type Meaning, meanings, type Signature } from "../base/envelope.ts"
import type { StructCodec } from "../base/schema.ts"
import type { NestedEnvelope } from "./envelopes.ts"
import { limits } from "./limits.ts"
import { type ParameterName, parameters } from "./parameters.ts"
import { isRejection, type Rejection, type RejectionCode, reject } from "./rejection.ts"
import type { Tables } from "./state.ts"

/** What holds for a whole block. */
export interface BlockContext {
  readonly chainId: string
  /** Of the chain whose state this one carries on. */
  readonly former?: string | undefined
  /** The version of the rules that this block follows. */
  readonly protocol: number
  readonly height: number
  /** Block hour: expiry of envelopes, keys, licences. */
  readonly hour: number
  /** Running hour, lost time taken off: every deadline. */
  readonly running: number
  readonly tables: Tables
  readonly parameter: (name: ParameterName) => number
}

/** What one transaction's parts are handed: the block, and the transaction as decoded. */
export interface Context<B> extends BlockContext {
  readonly id: Uint8Array
  /** The chain that the transaction was signed for: the former one, perhaps, of a statement. */
  readonly signedFor: string
  readonly expiry: number
  readonly payload: Uint8Array
  readonly body: B
  /** In envelope order; their meanings are those of the type. */
  readonly signatures: readonly Signature[]
}

/** One place of a type's signatures: a meaning once, perhaps, or any number of times. */
export type Place = Meaning | { readonly perhaps: Meaning } | { readonly many: Meaning }

export interface Definition<B, L> {
  /** Name and version, as the payload says it. */
  readonly type: string
  readonly body: StructCodec<B>
  /** Which meanings in which order; a function where the body decides. */
  readonly meanings: readonly Place[] | ((body: B, given: readonly Meaning[]) => boolean)
  /** The envelopes inside the body; their signatures are checked with the transaction's own. */
  readonly nested?: (body: B) => readonly NestedEnvelope<unknown>[]
  /** What the codec of the body cannot see and state is not needed for. */
  readonly wellFormed?: (body: B, expiry: number) => Rejection | undefined
  /** A statement expires at a month's first hour and may lie a year ahead. */
  readonly statement?: true
  /** The first protocol version that knows the type; 1 unless told. */
  readonly since?: number
  /** The protocol version that ends it. Blocks before that keep it, so it stays in the catalogue. */
  readonly until?: number
  /** Passes while a freeze is on: a freeze stops money, not care. */
  readonly duringFreeze?: true
  /**
   * Where an earlier run is found: `"applied"` keeps the id until it expires; a function gives the id that the type's
   * own key stands under, undefined if none. `taken` refuses the same key with another id; `"free"` leaves that to the
   * parts.
   */
  readonly key: "applied" | ((context: Context<B>) => Uint8Array | undefined)
  readonly taken?: RejectionCode & ("voucher-used" | "wrong-stage")
  readonly load: (context: Context<B>) => L | Rejection
  readonly authorize: (context: Context<B>, loaded: L) => Rejection | undefined
  readonly check: (context: Context<B>, loaded: L) => Rejection | undefined
  readonly apply: (context: Context<B>, loaded: L) => void
}

/** A decided transaction: refused, applied before, or ready to be applied by the thunk. */
export type Decision = Rejection | "applied-before" | (() => void)

/** A type with its body's type forgotten: what registries and blocks work with. */
export interface TransactionType {
  readonly type: string
  readonly since: number
  readonly until: number
  readonly statement: boolean
  readonly body: StructCodec<unknown>
  readonly nested: (body: unknown) => readonly NestedEnvelope<unknown>[]
  readonly wellFormed: (body: unknown, expiry: number, given: readonly Meaning[]) => Rejection | undefined
  readonly decide: (context: Context<unknown>) => Decision
}

export function defineTransaction<B, L>(definition: Definition<B, L>): TransactionType {
  const { type, body, nested } = definition
  return {
    type,
    since: definition.since ?? 1,
    until: definition.until ?? Number.MAX_SAFE_INTEGER,
    statement: definition.statement === true,
    body: body as unknown as StructCodec<unknown>,
    nested: (value) => nested?.(value as B) ?? [],
    wellFormed: (value, expiry, given) =>
      checkMeanings(definition, value as B, given) ?? definition.wellFormed?.(value as B, expiry),
    decide: (context) => decide(definition, context as Context<B>),
  }
}

function checkMeanings<B, L>({ type, meanings: wanted }: Definition<B, L>, body: B, given: readonly Meaning[]) {
  const good = typeof wanted === "function" ? wanted(body, given) : fits(wanted, given)
  return good ? undefined : reject("bad-envelope", { what: `${type} is not signed by ${given.join(", ")}` })
}

/** Whether meanings stand in these places, each place as often as it allows. */
export function fits(places: readonly Place[], given: readonly Meaning[]): boolean {
  let at = 0
  for (const place of places) {
    if (typeof place === "string") {
      if (given[at++] !== place) return false
    } else if ("perhaps" in place) {
      if (given[at] === place.perhaps) at++
    } else {
      while (given[at] === place.many) at++
    }
  }
  return at === given.length
}

function decide<B, L>(definition: Definition<B, L>, context: Context<B>): Decision {
  const before = appliedBefore(definition, context)
  if (before !== undefined) return before
  const untimely = checkTime(definition, context)
  if (untimely !== undefined) return untimely
  const loaded = definition.load(context)
  if (isRejection(loaded)) return loaded
  const refused = definition.authorize(context, loaded) ?? definition.check(context, loaded)
  if (refused !== undefined) return refused
  return () => {
    definition.apply(context, loaded)
    if (definition.key === "applied") {
      context.tables.applied.put({ expiry: context.expiry, id: context.id }, { result: 0 })
    }
  }
}

function appliedBefore<B, L>(
  definition: Definition<B, L>,
  context: Context<B>,
): Rejection | "applied-before" | undefined {
  if (definition.key === "applied") {
    const row = context.tables.applied.get({ expiry: context.expiry, id: context.id })
    return row === undefined ? undefined : "applied-before"
  }
  const previous = definition.key(context)
  if (previous === undefined) return undefined
  if (equalBytes(previous, context.id)) return "applied-before"
  return definition.taken === "voucher-used"
    ? reject("voucher-used", { id: previous })
    : reject("wrong-stage", { what: "the object that another transaction has moved" })
}

function checkTime<B, L>(definition: Definition<B, L>, { hour, expiry, tables }: Context<B>): Rejection | undefined {
  if (hour >= expiry) return reject("expired", { hour, until: expiry })
  const ahead = definition.statement === true ? limits.statementHours : limits.transactionHours
  if (expiry - hour > ahead) return reject("expiry-too-far", { hour, until: expiry })
  if (definition.duringFreeze !== true) {
    const { frozenUntil } = clockOf(tables)
    if (hour < frozenUntil) return reject("frozen", { until: frozenUntil })
  }
  return undefined
}

export function clockOf(tables: Tables) {
  const clock = tables.clock.get({ zero: 0 })
  assert(clock !== undefined, "the genesis state holds the clock")
  return clock
}

/** Reads parameters of a state; a genesis holds them all. */
export function parameterReader(tables: Tables): (name: ParameterName) => number {
  return (name) => {
    const row = tables.parameters.get({ number: parameters[name].number })
    assert(row !== undefined, "the genesis state holds every parameter")
    return row.value
  }
}

const meaningNames = new Map<number, Meaning>(
  Object.entries(meanings).map(([meaning, number]) => [number, meaning as Meaning]),
)
export function meaningName(meaning: number): Meaning | undefined {
  return meaningNames.get(meaning)
}

/** The signatures of one meaning, in envelope order. */
export function signaturesOf(context: Context<unknown>, meaning: Meaning): readonly Signature[] {
  return context.signatures.filter((signature) => signature.meaning === meanings[meaning])
}

/** The one signature of a meaning that the type demands. */
export function signatureOf(context: Context<unknown>, meaning: Meaning): Signature {
  const [signature] = signaturesOf(context, meaning)
  assert(signature !== undefined, "a meaning the type demands is there")
  return signature
}
