/**
 * How the community decides: an organization proposes an action, others vote, and the transaction that meets the
 * last need of the rule enacts it.
 *
 *   (none) ──propose──▶ open ──ballot…──▶ enacted, and the proposal gone
 *                         └── its running hour comes ──▶ unknown; removed by the next proposal or ballot applied
 */
import { assert } from "../../base/assert.ts"
import type { Meaning } from "../../base/envelope.ts"
import { b32, struct, uint } from "../../base/schema.ts"
import { limits } from "../limits.ts"
import { type Rejection, reject } from "../rejection.ts"
import { kindInSet } from "../roles.ts"
import type { RowOf } from "../rows.ts"
import { organizationOf, refuseSigner } from "../signer.ts"
import { type BlockContext, type Context, defineTransaction, signatureOf } from "../transaction.ts"
import { actionCodec, actionNumbers } from "./action.ts"
import { enactAction, refuseAction } from "./actions.ts"
import { ballotMark } from "./ballot-mark.ts"
import { isCarried } from "./tally.ts"

type Proposal = RowOf<"proposals">

/** Votes are open before the proposal's hour. */
export function isOpen({ running }: Pick<BlockContext, "running">, { until }: Proposal): boolean {
  return running < until
}

function refuseVoter(context: Context<unknown>, meaning: Meaning): Rejection | undefined {
  return refuseSigner(context, signatureOf(context, meaning).key, { role: "vote", active: true })
}

/** The organization whose voting key signed, once `refuseVoter` let it pass. */
function voterOf(context: Context<unknown>, meaning: Meaning): number {
  const row = context.tables.keys.get({ key: signatureOf(context, meaning).key })
  assert(row !== undefined && row.org > 0, "a voting key is an organization's")
  return row.org
}

function refuseProposer({ tables }: BlockContext, org: number, action: number): Rejection | undefined {
  const proposers = tables.rules.get({ action })?.proposers ?? 0
  return kindInSet(organizationOf(tables, org).kind, proposers) ? undefined : reject("organization-wrong-kind", { org })
}

function refuseMany(context: BlockContext, org: number): Rejection | undefined {
  let open = 0
  for (const [, proposal] of context.tables.proposals.rows())
    if (proposal.org === org && isOpen(context, proposal)) open++
  return open < limits.openProposals
    ? undefined
    : reject("limit-reached", { what: "open proposals", most: limits.openProposals })
}

/**
 * Removes every proposal whose hour has come. A freeze turns the running hour back: were an expired proposal still
 * there when one is enacted, it would open again.
 */
function forgetExpired(context: BlockContext): void {
  const { proposals } = context.tables
  const expired = [...proposals.rows()].filter(([, proposal]) => !isOpen(context, proposal))
  for (const [key] of expired) proposals.remove(key)
}

/** The action's own checks once more, if the ballots now carry it. */
function refuseEnactment(context: BlockContext, { action, ballots }: Proposal): Rejection | undefined {
  const isDue = isCarried(context.tables, actionNumbers[action.name], ballots)
  return isDue ? refuseAction(context, action) : undefined
}

/** Enacts what its ballots carry and drops the proposal; else keeps it as it now stands. */
function conclude(context: BlockContext, id: Uint8Array, proposal: Proposal): void {
  const { action, ballots } = proposal
  const { proposals } = context.tables
  forgetExpired(context)
  if (isCarried(context.tables, actionNumbers[action.name], ballots)) {
    proposals.remove({ id })
    enactAction(context, action)
  } else {
    proposals.put({ id }, proposal)
  }
}

export const proposeBody = struct({ action: actionCodec })

/** An organization puts an action to the vote; its own vote for it is cast with that. */
export const propose = defineTransaction({
  type: "propose/1",
  body: proposeBody,
  meanings: ["proposed"],
  key: "applied",
  duringFreeze: true,

  load: () => ({}),

  authorize: (context) => refuseVoter(context, "proposed"),

  check(context) {
    const { action } = context.body
    const org = voterOf(context, "proposed")
    return (
      refuseProposer(context, org, actionNumbers[action.name]) ??
      refuseMany(context, org) ??
      refuseAction(context, action)
    )
  },

  apply(context) {
    const { id, body, running, tables } = context
    const org = voterOf(context, "proposed")
    const rule = tables.rules.get({ action: actionNumbers[body.action.name] })
    assert(rule !== undefined, "what may be proposed has a rule")
    conclude(context, id, { org, action: body.action, until: running + 1 + rule.hours, ballots: [{ org, vote: 1 }] })
  },
})

export const ballotBody = struct({ proposal: b32, vote: uint(0, 1) })

/** An organization votes on an open proposal, once. */
export const ballot = defineTransaction({
  type: "ballot/1",
  body: ballotBody,
  meanings: ["balloted"],
  // A proposal does not say which transactions voted on it, and is gone once enacted: the mark stays until it expires.
  key: (context) => (context.tables.applied.get(appliedKey(context)) === undefined ? undefined : context.id),
  duringFreeze: true,

  load(context) {
    const { tables, body } = context
    const proposal = tables.proposals.get({ id: body.proposal })
    return proposal !== undefined && isOpen(context, proposal)
      ? { proposal }
      : reject("proposal-unknown", { id: body.proposal })
  },

  authorize: (context) => refuseVoter(context, "balloted"),

  check(context, { proposal }) {
    const org = voterOf(context, "balloted")
    if (proposal.ballots.some((cast) => cast.org === org))
      return reject("ballot-cast", { id: context.body.proposal, org })
    return refuseEnactment(context, withBallot(context, proposal))
  },

  apply(context, { proposal }) {
    conclude(context, context.body.proposal, withBallot(context, proposal))
    context.tables.applied.put(appliedKey(context), { result: 0 })
  },
})

function appliedKey(context: Context<unknown>) {
  return { expiry: context.expiry, id: ballotMark(context.id, signatureOf(context, "balloted").key) }
}

function withBallot(context: Context<{ readonly vote: number }>, proposal: Proposal): Proposal {
  const cast = { org: voterOf(context, "balloted"), vote: context.body.vote }
  return { ...proposal, ballots: [...proposal.ballots, cast] }
}
