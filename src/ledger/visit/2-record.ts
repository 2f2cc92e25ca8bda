/**
 * Stage 2: the practitioner signs what was done. The record works with no payer: a visit may begin here.
 *
 *   (none) ──commit-record──▶ recorded ──amend-record──▶ recorded: facts are added, never taken away
 *
 * A facts statement that the patient's side has signed too is a `countersign`; it records first if need be.
 */
import { assert } from "../../base/assert.ts"
import { equalBytes } from "../../base/bytes.ts"
import { b32, type Decoded, opt, org, struct } from "../../base/schema.ts"
import { delegationEnvelope, type NestedPayload } from "../envelopes.ts"
import { limits } from "../limits.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { kinds, organizationStatus } from "../roles.ts"
import { type FactsRow, operations, type VisitRow } from "../rows.ts"
import { organizationOf } from "../signer.ts"
import { type Context, defineTransaction, fits } from "../transaction.ts"
import { refuseTransition } from "./1-hold.ts"
import { indexDelegate, proxyKept, refuseDelegate, refuseHandle } from "./parties.ts"
import { addsStanding, authorizeStatement, type Signed, type Standing } from "./standing.ts"
import { earlier, factsOf, type VisitName, visitOf, withTransition } from "./visit.ts"

export const factsStatementType = "facts-statement/1"
export const factsBody = struct({
  V: b32,
  provider: org,
  /** The facts statement that this one amends. */
  supersedes: opt(b32),
  /** Roots of the sealed entries and of the plain sentences; the salted ceiling of the patient's share. */
  recordRoot: b32,
  factsRoot: b32,
  ceiling: b32,
  delegation: opt(delegationEnvelope),
})
export type FactsBody = Decoded<typeof factsBody>

export interface Recording extends Signed {
  readonly body: FactsBody
  readonly id: Uint8Array
  readonly standing: Standing
  /** A payer agrees in the same transaction: then no limit of transitions stands in its way. */
  readonly agreed: boolean
}

/** The facts step: the visit with these facts listed, as well signed as they now are. */
export function recordFacts(context: Context<unknown>, recording: Recording): VisitRow | Rejection {
  const { visit, body, id, agreed } = recording
  const listed = visit === undefined ? undefined : factsOf(visit, id)
  const refused =
    (visit === undefined ? refuseNewVisit(context, recording) : undefined) ??
    refuseDelegate(context.tables, body.delegation, recording) ??
    (listed === undefined ? refuseNewFacts(recording) : undefined) ??
    (agreed || visit === undefined ? undefined : refuseTransition(visit))
  if (refused !== undefined) return refused
  return {
    opened: visit?.opened ?? context.hour,
    proxy: proxyKept(visit, body.delegation),
    facts: listed === undefined ? addFacts(recording, context.running) : raiseFacts(visit!.facts, recording),
    statement: visit?.statement,
    legs: visit?.legs ?? [],
    transitions: visit?.transitions ?? [],
  }
}

function refuseNewVisit({ tables }: Context<unknown>, { name, standing }: Recording): Rejection | undefined {
  const { kind, status } = organizationOf(tables, name.provider)
  if (status !== organizationStatus.active) return reject("organization-suspended", { org: name.provider })
  if (kind !== kinds.provider) return reject("organization-wrong-kind", { org: name.provider })
  if (standing.practitioner === undefined) return reject("visit-unknown", name)
  return refuseHandle(tables, name.V)
}

/** The first facts name none before them, later ones do; and a practitioner stands behind all. */
function refuseNewFacts({ visit, body, id, standing }: Recording): Rejection | undefined {
  const { supersedes } = body
  const listed = visit?.facts ?? []
  const follows =
    supersedes === undefined ? listed.length === 0 : listed.some((facts) => equalBytes(facts.id, supersedes))
  if (!follows) return reject("facts-unknown", { id: supersedes ?? id })
  if (standing.practitioner === undefined) return reject("facts-unknown", { id })
  if (listed.length >= limits.factsStatements)
    return reject("limit-reached", { what: "facts statements", most: limits.factsStatements })
  return undefined
}

function addFacts({ visit, id, standing }: Recording, recorded: number): readonly FactsRow[] {
  const { practitioner, assurance } = standing
  assert(practitioner !== undefined, "facts are recorded by a practitioner")
  return [...(visit?.facts ?? []), { id, practitioner, assurance, recorded }]
}

/** The better signature counts; a weaker one takes nothing away. */
function raiseFacts(listed: readonly FactsRow[], { id, standing }: Recording): readonly FactsRow[] {
  return listed.map((facts) =>
    equalBytes(facts.id, id) && standing.assurance < facts.assurance
      ? { ...facts, assurance: standing.assurance }
      : facts,
  )
}

interface FactsLoaded {
  readonly name: VisitName
  readonly visit: VisitRow | undefined
  /** What the parts before have found: who stands behind the facts, and what there is to write. */
  standing?: Standing
  recorded?: VisitRow
}

function signedOf({ body, tables }: Context<FactsBody>): Signed {
  const { V, provider, delegation } = body
  return { name: { V, provider }, visit: visitOf(tables, body), delegation }
}

/** The signatures and the predecessor name the operation. */
function operationOf({ body, signatures }: Context<FactsBody>): number {
  if (body.supersedes !== undefined) return operations.amendRecord
  return signatures.length > 1 ? operations.countersign : operations.commitRecord
}

/** The practitioner's signed facts, perhaps with the patient's side's signature. */
export const factsStatement = defineTransaction<FactsBody, FactsLoaded>({
  type: factsStatementType,
  body: factsBody,
  meanings: (_, given) =>
    fits(["performed"], given) || fits(["performed", "countersigned"], given) || fits(["performed", "attested"], given),
  nested: ({ delegation }) => (delegation === undefined ? [] : [delegation]),
  statement: true,
  duringFreeze: true,

  key(context) {
    const signed = signedOf(context)
    const before = earlier(signed.visit, { operation: operationOf(context), key: context.id })
    return before !== undefined && addsStanding(context, signed, context.id) ? undefined : before
  },

  load({ body, tables }) {
    const { V, provider } = body
    return { name: { V, provider }, visit: visitOf(tables, body) }
  },

  authorize(context, loaded) {
    const standing = authorizeStatement(context, signedOf(context))
    if (isRejection(standing)) return standing
    loaded.standing = standing
    return undefined
  },

  check(context, loaded) {
    const { body, id } = context
    const { standing } = loaded
    assert(standing !== undefined, "what is checked was authorized")
    const recorded = recordFacts(context, { ...signedOf(context), body, id, standing, agreed: false })
    if (isRejection(recorded)) return recorded
    loaded.recorded = recorded
    return undefined
  },

  apply(context, { name, recorded }) {
    assert(recorded !== undefined, "what is applied was checked")
    const { tables, id } = context
    const transition = { operation: operationOf(context), key: id, legs: 0, transaction: id }
    tables.visits.put(name, withTransition(recorded, transition))
    indexDelegate(context, context.body.delegation)
  },
})

/** A facts statement's payload inside a visit statement. */
export type FactsPayload = NestedPayload<FactsBody>
