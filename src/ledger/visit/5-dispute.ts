/**
 * Stage 5: silence and disagreement. A window runs from an independent delivery; after it the provider's amount stands
 * if the patient's side has signed. A payer that contests pays its own amount at once; a panel decides on the rest.
 *
 *   held ──deliver──▶ held, deadline set ──elapse──▶ settled
 *   held ──contest──▶ disputed ──rule for C──▶ settled      ──rule for C′──▶ paid      ──elapse──▶ settled
 */
import { assert } from "../../base/assert.ts"
import { amount, b32, type Decoded, org, scalar, struct, uint } from "../../base/schema.ts"
import { commitmentOf as openedAmount, opensTo } from "../../privacy/amounts.ts"
import { limits } from "../limits.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { kinds } from "../roles.ts"
import { assurances, type Leg, legStates, operations, type VisitRow } from "../rows.ts"
import { checkSigner, isIndependent, organizationOf, refuseSigner } from "../signer.ts"
import type { Tables } from "../state.ts"
import { type Context, defineTransaction, signatureOf, signaturesOf } from "../transaction.ts"
import { isMajority, panelOf, refuseRuling, refuseSubmitter } from "./parties.ts"
import { accountOf, post, transfer } from "./postings.ts"
import {
  commitmentInForce,
  earlier,
  factsOf,
  type LoadedLeg,
  legBit,
  loadLeg,
  visitOf,
  withLeg,
  withTransition,
} from "./visit.ts"

const legIndex = uint(0, limits.legs - 1)
const legOf = { V: b32, provider: org, leg: legIndex, statement: b32 }

interface LegOfStatement {
  readonly V: Uint8Array
  readonly provider: number
  readonly leg: number
  readonly statement: Uint8Array
}

/** Where a transaction on one leg of one statement finds that it ran before. */
function before({ tables, body }: Context<LegOfStatement>, operation: number): Uint8Array | undefined {
  return earlier(visitOf(tables, body), { operation, key: body.statement, legs: legBit(body.leg) })
}

function refuseStatement({ body }: Context<LegOfStatement>, { visit, index }: LoadedLeg): Rejection | undefined {
  if (commitmentInForce(visit, body.statement, index) !== undefined) return undefined
  return reject("statement-unknown", { id: body.statement })
}

/** Writes a leg that stage 5 has moved, with its transition and its money. */
function move(
  { tables, body, id }: Context<LegOfStatement>,
  { name, visit, index, leg }: LoadedLeg,
  { after, operation, toProvider = 0n }: { after: Leg; operation: number; toProvider?: bigint },
): void {
  const transition = { operation, key: body.statement, legs: legBit(index), transaction: id }
  tables.visits.put(name, withTransition(withLeg(visit, index, after), transition))
  post(tables, { payer: leg.payer, provider: name.provider, changes: [{ before: leg, after }], toProvider })
}

export const deliverBody = struct({ ...legOf, bundle: b32 })

/** An independent organization says: the sealed bundle with this digest is at the payer's disposal. */
export const deliver = defineTransaction({
  type: "deliver/1",
  body: deliverBody,
  meanings: ["delivered"],
  key: (context) => before(context, operations.deliver),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),

  authorize(context, { name, leg }) {
    const row = checkSigner(context, signatureOf(context, "delivered").key, { role: "witness", active: true })
    if (isRejection(row)) return row
    const parties = [name.provider, leg.payer]
    const independent = parties.every((party) => isIndependent(context.tables, row.org, party))
    return independent ? undefined : reject("not-independent", { org: row.org })
  },

  check(context, loaded) {
    const refused = refuseStatement(context, loaded)
    if (refused !== undefined) return refused
    const { state, deadline } = loaded.leg
    if (state !== legStates.held) return reject("wrong-stage", { what: "a leg that is not held" })
    return deadline === 0 ? undefined : reject("wrong-stage", { what: "a leg that is delivered" })
  },

  apply(context, loaded) {
    const { running, parameter, body } = context
    const { leg } = loaded
    const deadline = running + 1 + parameter("agreeHours")
    const expires = Math.max(leg.expires, deadline + parameter("graceHours"))
    move(context, loaded, { after: { ...leg, deadline, expires, bundle: body.bundle }, operation: operations.deliver })
  },
})

/** Silence does not count here: nobody on the patient's side has signed the facts, or a custodian's own statement. */
function isUnsigned(tables: Tables, visit: VisitRow, leg: Leg): boolean {
  const { statement } = visit
  assert(statement !== undefined, "a statement in force was found")
  const facts = factsOf(visit, statement.facts)
  assert(facts !== undefined, "a filed statement stands on listed facts")
  if (facts.assurance === assurances.silent) return true
  return statement.own === 0 && organizationOf(tables, leg.payer).kind === kinds.custodian
}

interface Opening extends LegOfStatement {
  readonly amount: bigint
  readonly blinding: Uint8Array
}

/** The provider's commitment opens to an amount that this leg's own money covers. */
function refuseOpening({ body }: Context<Opening>, { visit, index, leg }: LoadedLeg): Rejection | undefined {
  const commitment = commitmentInForce(visit, body.statement, index)
  if (!opensTo(commitment, body.amount, body.blinding)) return reject("bad-opening", { amount: body.amount })
  if (body.amount > leg.held) return reject("above-hold", { amount: body.amount, most: leg.held })
  return body.amount < leg.contested ? reject("bad-amount", { amount: body.amount }) : undefined
}

function settled(leg: Leg, opened: bigint, running: number): Leg {
  return { ...leg, owed: openedAmount(opened), settled: running, deadline: 0, state: legStates.settled }
}

const openingBody = struct({ ...legOf, amount, blinding: scalar })
export const elapseBody = openingBody

/** The payer, or its panel, was silent until the deadline: the provider's amount stands, opened alone. */
export const elapse = defineTransaction({
  type: "elapse/1",
  body: elapseBody,
  meanings: ["submitted"],
  key: (context) => before(context, operations.elapse),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),
  authorize: (context) => refuseSubmitter(context, signatureOf(context, "submitted")),

  check(context, loaded) {
    const { running, tables } = context
    const { name, visit, index, leg } = loaded
    const refused = refuseStatement(context, loaded)
    if (refused !== undefined) return refused
    if (leg.state !== legStates.held && leg.state !== legStates.disputed)
      return reject("wrong-stage", { what: "a leg that is neither held nor disputed" })
    if (leg.deadline === 0) return reject("not-delivered", { ...name, leg: index })
    if (running < leg.deadline) return reject("too-early", { hour: running, until: leg.deadline })
    if (isUnsigned(tables, visit, leg)) return reject("patient-side-unsigned", name)
    return refuseOpening(context, loaded)
  },

  apply(context, loaded) {
    const after = settled(loaded.leg, context.body.amount, context.running)
    move(context, loaded, { after, operation: operations.elapse })
  },
})

export const contestBody = struct({
  ...legOf,
  /** What the payer's own determination pays, at once. */
  amount,
  /** Commitment to what the arbiters will be shown. */
  evidence: b32,
})

/** The payer disagrees, pays its own amount at once, and leaves the rest to its panel. */
export const contest = defineTransaction({
  type: "contest/1",
  body: contestBody,
  meanings: ["contested"],
  key: (context) => before(context, operations.contest),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),
  authorize: (context, { leg }) =>
    refuseSigner(context, signatureOf(context, "contested").key, { role: "agree", org: leg.payer }),

  check(context, loaded) {
    const { running, tables, body } = context
    const { name, leg } = loaded
    if (organizationOf(tables, leg.payer).kind === kinds.custodian)
      return reject("organization-wrong-kind", { org: leg.payer })
    const refused = refuseStatement(context, loaded)
    if (refused !== undefined) return refused
    if (leg.state !== legStates.held) return reject("wrong-stage", { what: "a leg that is not held" })
    if (leg.deadline !== 0 && running >= leg.deadline) return reject("too-late", { hour: running, until: leg.deadline })
    if (panelOf(tables, leg.payer, name.provider).length === 0) return reject("no-panel", { org: leg.payer })
    return body.amount > leg.hold ? reject("above-hold", { amount: body.amount, most: leg.hold }) : undefined
  },

  apply(context, loaded) {
    const { running, parameter, body } = context
    const { leg } = loaded
    const point = openedAmount(body.amount)
    const deadline = running + 1 + parameter("ruleHours")
    const after: Leg = {
      ...leg,
      hold: leg.hold - body.amount,
      contested: body.amount,
      owed: point,
      paid: point,
      state: legStates.disputed,
      deadline,
      expires: deadline + parameter("graceHours"),
    }
    move(context, loaded, { after, operation: operations.contest, toProvider: body.amount })
  },
})

/** Whose amount a ruling chooses: the provider's C or the payer's C′. */
export const choices = { provider: 0, payer: 1 } as const

export const ruleBody = struct({ ...legOf, choice: uint(0, 1), amount, blinding: scalar })
type RuleBody = Decoded<typeof ruleBody>

/** The payer's independent arbiters choose one of two amounts; a panel of strangers never sees a third. */
export const rule = defineTransaction({
  type: "rule/1",
  body: ruleBody,
  meanings: [{ many: "ruled" }],
  key: (context) => before(context, operations.rule),
  load: ({ tables, body }): LoadedLeg | Rejection => loadLeg(tables, body),
  authorize: (context, { name, leg }) =>
    refuseRuling(context, signaturesOf(context, "ruled"), panelOf(context.tables, leg.payer, name.provider)),

  check(context, loaded) {
    const { tables, body, signatures } = context
    const { name, leg } = loaded
    const refused = refuseStatement(context, loaded) ?? refuseRulingHour(context, loaded)
    if (refused !== undefined) return refused
    if (!isMajority(signatures.length, panelOf(tables, leg.payer, name.provider)))
      return reject("quorum-missing", { given: signatures.length })
    if (body.choice === choices.provider) return refuseOpening(context, loaded)
    const empty = body.amount === 0n && body.blinding.every((byte) => byte === 0)
    return empty ? undefined : reject("bad-amount", { amount: body.amount })
  },

  apply(context, loaded) {
    const { running, body } = context
    const { name, leg } = loaded
    const forProvider = body.choice === choices.provider
    const after: Leg = forProvider
      ? settled(leg, body.amount, running)
      : { ...leg, hold: 0n, state: legStates.paid, settled: running, deadline: 0 }
    move(context, loaded, { after, operation: operations.rule })
    // Where both sides were silent nobody has lost, and nobody pays.
    if (leg.state === legStates.disputed) takeFee(context, forProvider ? leg.payer : name.provider)
  },
})

/** A disputed leg until its deadline; a held one only where both sides were silent: nothing else would end it. */
function refuseRulingHour({ running, tables }: Context<RuleBody>, { visit, leg }: LoadedLeg): Rejection | undefined {
  const { state, deadline, expires } = leg
  if (state === legStates.disputed)
    return running >= deadline ? reject("too-late", { hour: running, until: deadline }) : undefined
  const bothSilent =
    state === legStates.held &&
    deadline !== 0 &&
    running >= deadline &&
    running < expires &&
    isUnsigned(tables, visit, leg)
  return bothSilent ? undefined : reject("wrong-stage", { what: "a leg that no panel may rule on" })
}

/** The loser pays what it can of the fee, in equal parts to those who signed; the first takes what cannot be divided. */
function takeFee(context: Context<RuleBody>, loser: number): void {
  const { tables, parameter } = context
  const signers = signaturesOf(context, "ruled").map(({ key }) => tables.keys.get({ key })!.org)
  const { free } = accountOf(tables, loser)
  const full = BigInt(parameter("panelFee"))
  const fee = free < full ? free : full
  const part = fee / BigInt(signers.length)
  const rest = fee - part * BigInt(signers.length)
  signers.forEach((arbiter, i) => {
    transfer(tables, { from: loser, to: arbiter, amount: i === 0 ? part + rest : part })
  })
}
