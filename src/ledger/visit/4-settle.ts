/**
 * Stage 4: the payers agree. The visit statement is itself the transaction, and its signatures name the operation:
 *
 *   no payer ─▶ countersign     every payer ─▶ settle     some ─▶ agree     over settled legs ─▶ replace
 *
 *   held, disputed ──agreed──▶ settled        settled, paid ──agreed, with a new commitment──▶ settled
 *
 * One transaction does whatever is missing: it records the facts, files the claim, settles what is agreed. No account
 * changes: settled money still stands behind its leg.
 */
import { assert } from "../../base/assert.ts"
import { equalBytes } from "../../base/bytes.ts"
import { EncodingError } from "../../base/cbor.ts"
import { b32, type Codec, type Decoded, list, opt, struct } from "../../base/schema.ts"
import { isFirstHourOfMonth } from "../../base/time.ts"
import { decodePayload } from "../envelopes.ts"
import { limits } from "../limits.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { kinds } from "../roles.ts"
import { assurances, type Leg, legStates, operations, type VisitRow } from "../rows.ts"
import { checkSigner, organizationOf } from "../signer.ts"
import { type Context, defineTransaction, fits, type Place, signaturesOf } from "../transaction.ts"
import { type FactsPayload, factsBody, factsStatementType, recordFacts } from "./2-record.ts"
import { type Filed, fileClaim } from "./3-countersign.ts"
import { indexDelegate } from "./parties.ts"
import { post } from "./postings.ts"
import { addsStanding, authorizeStatement, type Signed, type Standing } from "./standing.ts"
import { earlier, factsOf, inSet, isInForce, isOpen, legBit, type VisitName, visitOf, withTransition } from "./visit.ts"

/** The facts statement's payload bytes, decoded; its expiry is not looked at again. */
const factsPayload: Codec<FactsPayload> = {
  read(reader) {
    const facts = decodePayload(factsStatementType, factsBody, reader.byteString())
    if (!isFirstHourOfMonth(facts.expiry)) throw new EncodingError("Cannot read facts: no month's first hour")
    return facts
  },
  write: (writer, { payload }) => writer.byteString(payload),
}

export const visitStatementType = "visit-statement/1"
export const visitBody = struct({
  facts: factsPayload,
  /** The visit statement that this one takes the place of. */
  supersedes: opt(b32),
  /** Salted commitments to the claim, its determination and the root of the determination's trace. */
  claim: b32,
  determination: b32,
  trace: b32,
  /** In the order of the visit's legs. */
  legs: list(struct({ voucher: b32, commitment: b32 }), 0, limits.legs),
})
export type VisitBody = Decoded<typeof visitBody>

const statementForms: readonly (readonly Place[])[] = (["performed", "billed"] as const).flatMap((first) => [
  [first, { many: "agreed" }],
  [first, "countersigned", { many: "agreed" }],
  [first, "attested", { many: "agreed" }],
])

const statementOperations = [operations.countersign, operations.settle, operations.agree, operations.replace] as const

interface VisitLoaded {
  readonly name: VisitName
  readonly visit: VisitRow | undefined
  /** What the parts before have found: who stands behind the statement, and what there is to write. */
  standing?: Standing
  next?: VisitRow
}

function signedOf({ body, tables }: Context<VisitBody>): Signed {
  const { V, provider, delegation } = body.facts.body
  return { name: { V, provider }, visit: visitOf(tables, { V, provider }), delegation }
}

/** The organizations that sign “agreed”, as far as their keys are known: whether they may is checked later. */
function agreeingPayers(context: Context<VisitBody>): ReadonlySet<number> {
  const payers = signaturesOf(context, "agreed").map(({ key }) => context.tables.keys.get({ key })?.org ?? 0)
  return new Set(payers)
}

/** The named legs of the payers that sign. */
function agreedLegs(context: Context<VisitBody>, visit: VisitRow | undefined): number {
  const payers = agreeingPayers(context)
  let set = 0
  if (visit === undefined || payers.size === 0) return set
  for (const { voucher } of context.body.legs) {
    const index = visit.legs.findIndex((leg) => equalBytes(leg.voucher, voucher))
    if (index >= 0 && payers.has(visit.legs[index]!.payer)) set |= legBit(index)
  }
  return set
}

/** Files the claim, and settles the legs whose payers have signed. */
export const visitStatement = defineTransaction<VisitBody, VisitLoaded>({
  type: visitStatementType,
  body: visitBody,
  meanings: (_, given) => statementForms.some((form) => fits(form, given)),
  nested: ({ facts }) => (facts.body.delegation === undefined ? [] : [facts.body.delegation]),
  statement: true,

  key(context) {
    const signed = signedOf(context)
    const { visit } = signed
    const legs = agreedLegs(context, visit)
    const found = statementOperations
      .map((operation) => earlier(visit, { operation, key: context.id, legs }))
      .find((id) => id !== undefined)
    const repeated = found === undefined || !addsStanding(context, signed, factsIdOf(context, visit))
    return repeated ? found : undefined
  },

  load(context) {
    const { name, visit } = signedOf(context)
    return { name, visit }
  },

  authorize(context, loaded) {
    const standing = authorizeStatement(context, signedOf(context))
    if (isRejection(standing)) return standing
    loaded.standing = standing
    return undefined
  },

  check(context, loaded) {
    assert(loaded.standing !== undefined, "what is checked was authorized")
    const next = runSteps(context, loaded.standing)
    if (isRejection(next)) return next
    loaded.next = next
    return undefined
  },

  apply(context, { name, visit, next }) {
    assert(next !== undefined, "what is applied was checked")
    const { tables, body } = context
    tables.visits.put(name, next)
    indexDelegate(context, body.facts.body.delegation)
    next.legs.forEach((after, i) => {
      const before = visit?.legs[i]
      assert(before !== undefined && before.hold === after.hold, "a statement moves no money")
      if (isOpen(before) !== isOpen(after))
        post(tables, { payer: after.payer, provider: name.provider, changes: [{ before, after }] })
    })
  },
})

/**
 * The id of the statement's facts: the one under which the visit lists them, on a chain that has moved perhaps that of
 * the chain before; facts that are not listed have the one of the chain that the statement is signed for.
 */
function factsIdOf(context: Context<VisitBody>, visit: VisitRow | undefined): Uint8Array {
  const { facts } = context.body
  const { signedFor, chainId, former } = context
  if (visit !== undefined && former !== undefined)
    for (const name of [chainId, former]) if (factsOf(visit, facts.id(name)) !== undefined) return facts.id(name)
  return facts.id(signedFor)
}

/** Facts, file, agreed: each step on the outcome of the one before. */
function runSteps(context: Context<VisitBody>, standing: Standing): VisitRow | Rejection {
  const { body, id } = context
  const signed = signedOf(context)
  const { name, visit } = signed
  const facts = factsIdOf(context, visit)
  const agreeing = signaturesOf(context, "agreed").length > 0
  const recorded = recordFacts(context, { ...signed, body: body.facts.body, id: facts, standing, agreed: agreeing })
  if (isRejection(recorded)) return recorded
  const agreed = agreedLegs(context, visit)
  const { supersedes, legs } = body
  const filed = fileClaim(recorded, { name, id, facts, supersedes, legs, agreed, own: standing.own })
  if (isRejection(filed)) return filed
  const refused = refuseAgreed(context, filed, { name, facts })
  if (refused !== undefined) return refused
  const operation = operationOf(recorded, filed, agreed)
  return withTransition(settleLegs(context, filed, agreed), { operation, key: id, legs: agreed, transaction: id })
}

/** Each payer signs once, in the order of its first leg; and the patient's side stands behind what it agrees to. */
function refuseAgreed(
  context: Context<VisitBody>,
  { visit, statement, fresh }: Filed,
  { name, facts }: { name: VisitName; facts: Uint8Array },
): Rejection | undefined {
  const payers = [...new Set(statement.legs.map(({ leg }) => visit.legs[leg]!.payer))]
  let from = 0
  for (const { key } of signaturesOf(context, "agreed")) {
    const row = checkSigner(context, key, { role: "agree" })
    if (isRejection(row)) return row
    const position = payers.indexOf(row.org, from)
    if (position < 0) return reject("signer-not-party", { key })
    from = position + 1
    if (isSilent(context, visit, facts)) return reject("patient-side-unsigned", name)
    if (statement.own === 1 || organizationOf(context.tables, row.org).kind !== kinds.custodian) continue
    const moved = statement.legs.some(({ leg }) => {
      const { payer, state } = visit.legs[leg]!
      return payer === row.org && (inSet(fresh, leg) || state === legStates.held || state === legStates.disputed)
    })
    if (moved) return reject("patient-side-unsigned", name)
  }
  return undefined
}

/** Nobody on the patient's side signed, and it is not yet silent for long enough to count. */
function isSilent({ running, parameter }: Context<VisitBody>, visit: VisitRow, id: Uint8Array): boolean {
  const facts = factsOf(visit, id)
  assert(facts !== undefined, "a filed statement stands on listed facts")
  return facts.assurance === assurances.silent && running < facts.recorded + parameter("silentHours")
}

function operationOf(before: VisitRow, { visit, statement }: Filed, agreed: number): number {
  const superseded = isInForce(before, statement.id) ? undefined : before.statement
  const over = superseded?.legs.some(({ leg }) => {
    const { state } = visit.legs[leg]!
    return state === legStates.settled || state === legStates.paid
  })
  if (statement.legs.length === 0) return operations.countersign
  if (over === true) return operations.replace
  if (agreed === 0) return operations.countersign
  return statement.legs.every(({ leg }) => inSet(agreed, leg)) ? operations.settle : operations.agree
}

/** A settled or paid leg is touched only by the transaction that makes its commitment new: old signatures undo nothing. */
function settleLegs({ running }: Context<VisitBody>, { visit, statement, fresh }: Filed, agreed: number): VisitRow {
  const legs = visit.legs.map((leg, i): Leg => {
    const claimed = statement.legs.find((named) => named.leg === i)
    if (claimed === undefined || !inSet(agreed, i)) return leg
    const owed = claimed.amount
    if (leg.state === legStates.held || leg.state === legStates.disputed)
      return { ...leg, owed, settled: running, deadline: 0, state: legStates.settled }
    return inSet(fresh, i) ? { ...leg, owed, state: legStates.settled } : leg
  })
  return { ...visit, legs }
}
