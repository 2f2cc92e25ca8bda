/**
 * The desk of the constitution, which every organization has: put an action to the vote, vote, see what is open and
 * what it still needs, read the rules. Proposals and ballots are signed with the voting key.
 */
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { transactionPayload } from "../ledger/bodies.ts"
import {
  type Action,
  type ActionFields,
  type ActionName,
  actionNumbers,
  mostRuleHours,
} from "../ledger/constitution/action.ts"
import { nextNumber } from "../ledger/constitution/membership.ts"
import { isOpen } from "../ledger/constitution/proposals.ts"
import { countBallots } from "../ledger/constitution/tally.ts"
import { transactionId } from "../ledger/envelopes.ts"
import { limits } from "../ledger/limits.ts"
import { parameters } from "../ledger/parameters.ts"
import { kinds } from "../ledger/roles.ts"
import type { RowOf } from "../ledger/rows.ts"
import { organizationKinds } from "./config.ts"
import {
  actionWords,
  countWords,
  kindsOf,
  organizationName,
  parameterNames,
  ruledActions,
  ruleWords,
  statuses,
} from "./constitution-words.ts"
import type { NodeContext } from "./context.ts"
import type { Fields, Operations } from "./desk.ts"
import { envelopeOf } from "./payload.ts"

/** A word of a closed list, as its place in it. */
function wordOf(fields: Fields, name: string, words: readonly string[]): number {
  const place = words.indexOf(fields.text(name))
  if (place >= 0) return place
  return refuse("field", `Cannot read request: a word of the list is expected`, name, `Give ${words.join(", ")}`)
}

const kindNames = Object.keys(organizationKinds)
const kindOf = (name: string) => organizationKinds[name as keyof typeof organizationKinds]

/** A list of kinds by name, as a set. */
function kindSetOf(fields: Fields, name: string): number {
  return fields.codes(name).reduce((set, kind) => {
    if (!kindNames.includes(kind))
      refuse("field", "Cannot read request: a kind of organization is expected", name, `Give ${kindNames.join(", ")}`)
    return set | (1 << kindOf(kind))
  }, 0)
}

function nameOf(fields: Fields): string {
  const name = fields.text("name")
  if (/^[a-z0-9-]{1,40}$/.test(name)) return name
  return refuse("field", "Cannot read request: a name is expected", "name", "Give 1 to 40 of a to z, 0 to 9 and -")
}

type Readers = { readonly [N in ActionName]: (fields: Fields, node: NodeContext) => ActionFields<N> }

/** Number and group follow from the order of admission unless they are given. */
function admission(fields: Fields, { chain }: NodeContext, kind: number): ActionFields<"admit"> {
  const org = fields.has("organization") ? fields.organization("organization") : nextNumber(chain.tables())
  const group = fields.has("group") ? fields.integer("group") : org
  return { org, name: nameOf(fields), kind, group, key: fields.bytes("key", 33) }
}

const readers: Readers = {
  admit: (fields, node) => {
    const admitted = kindNames.filter((kind) => kind !== "licence-board")
    return admission(fields, node, kindOf(admitted[wordOf(fields, "kind", admitted)]!))
  },
  "admit-board": (fields, node) => admission(fields, node, kinds.licenceBoard),
  "set-status": (fields) => ({
    org: fields.organization("organization"),
    status: wordOf(fields, "status", statuses),
  }),
  "set-validator": (fields) => ({
    org: fields.organization("organization"),
    key: fields.bytes("key", 33),
    power: fields.integer("power", { most: 1000 }),
  }),
  "set-parameter": (fields) => {
    const names = Object.keys(parameters) as (keyof typeof parameters)[]
    return { number: parameters[names[wordOf(fields, "parameter", names)]!].number, value: fields.integer("value") }
  },
  "set-rule": (fields) => {
    const needs = fields.objects("needs").map((need) => ({
      kinds: kindSetOf(need, "kinds"),
      count: need.integer("count", { most: 65_535 }),
      percent: need.integer("percent", { most: 100 }),
    }))
    if (needs.length < 1 || needs.length > 8)
      refuse("field", "Cannot read request: 1 to 8 needs are expected", "needs", "Fix the list")
    const hours = fields.integer("hours", { most: mostRuleHours })
    const rule = { proposers: kindSetOf(fields, "proposers"), needs, hours }
    return { action: wordOf(fields, "action", ruledActions) + 1, rule }
  },
  "set-panel": (fields) => {
    const panel = fields.integers("panel", { least: 1, most: 65_535, length: limits.panel })
    if (panel.length === 0 || new Set(panel).size !== panel.length)
      refuse("field", "Cannot read request: 1 to 5 different members are expected", "panel", "Fix the list")
    return { payer: fields.organization("payer"), panel }
  },
  "replace-admin": (fields) => ({ org: fields.organization("organization"), key: fields.bytes("key", 33) }),
  "schedule-upgrade": (fields) => ({ protocol: fields.integer("protocol"), height: fields.integer("height") }),
  freeze: (fields) => ({ hours: fields.integer("hours", { least: 1, most: limits.freezeHours }) }),
}

function readAction(fields: Fields, node: NodeContext): Action {
  const names = Object.keys(actionNumbers) as ActionName[]
  const name = names[wordOf(fields, "action", names)]!
  return { name, fields: readers[name](fields.object("fields"), node) } as Action
}

/** A payload of its own: what was done and is to be done again within a day needs another expiry, so another id. */
function freshPayload(
  { chain }: NodeContext,
  action: Action,
): { readonly payload: Uint8Array; readonly id: Uint8Array } {
  const tables = chain.tables()
  for (let expiry = chain.hour + 12; expiry <= chain.hour + limits.transactionHours; expiry++) {
    const payload = transactionPayload("propose/1", expiry, { action })
    const id = transactionId(chain.chainId, payload)
    if (tables.applied.get({ expiry, id }) === undefined || tables.proposals.get({ id }) !== undefined)
      return { payload, id }
  }
  return refuse("proposal-again", "Cannot propose: the same was decided many times today", "action", "Wait a day")
}

function voting(node: NodeContext): Operations {
  const { chain, keys, config } = node
  const proposalOf = (id: Uint8Array) => chain.tables().proposals.get({ id })
  return {
    propose: async (fields) => {
      const action = readAction(fields, node)
      const { payload, id } = freshPayload(node, action)
      const equal = proposalOf(id)
      if (equal !== undefined && equal.org !== config.organization)
        refuse("proposal-open", "Cannot propose: the same is open already", "action", `Vote on ${toHex(id)}`)
      const envelope = envelopeOf(payload, keys.sign("vote", "proposed", chain.chainId, payload))
      const { height } = await chain.submit(envelope, "propose")
      return { proposal: toHex(id), height, enacted: proposalOf(id) === undefined }
    },
    ballot: async (fields) => {
      const proposal = fields.bytes("proposal", 32)
      const vote = wordOf(fields, "vote", ["no", "yes"])
      const payload = transactionPayload("ballot/1", chain.hour + 12, { proposal, vote })
      const envelope = envelopeOf(payload, keys.sign("vote", "balloted", chain.chainId, payload))
      const { height } = await chain.submit(envelope, "ballot")
      return { height, enacted: proposalOf(proposal) === undefined }
    },
  }
}

/** A proposal as a voter reads it before voting. */
function describe({ chain, config }: NodeContext, id: Uint8Array, proposal: RowOf<"proposals">) {
  const tables = chain.tables()
  const { org, action, until, ballots } = proposal
  const counts = countBallots(tables, actionNumbers[action.name], ballots)
  const voteOf = (vote: number) => (vote === 1 ? "yes" : "no")
  const mine = ballots.find((cast) => cast.org === config.organization)
  return {
    proposal: toHex(id),
    action: action.name,
    words: actionWords(tables, action),
    fields: action.fields,
    proposer: { organization: org, name: organizationName(tables, org) },
    ballots: ballots.map((cast) => ({
      organization: cast.org,
      name: organizationName(tables, cast.org),
      vote: voteOf(cast.vote),
      counts: tables.organizations.get({ org: cast.org })?.status === 0,
    })),
    voted: mine === undefined ? "not yet" : voteOf(mine.vote),
    needs: counts.map((count) => ({
      kinds: kindsOf(count.need.kinds),
      given: count.given,
      wanted: count.wanted,
      words: countWords(count),
    })),
    until,
    hoursLeft: until - chain.runningHour,
  }
}

function reading(node: NodeContext): Operations {
  const { chain } = node
  return {
    proposals: async () => {
      const open = [...chain.tables().proposals.rows()].filter(([, row]) => isOpen({ running: chain.runningHour }, row))
      return { proposals: open.map(([{ id }, row]) => describe(node, id, row)) }
    },
    constitution: async () => {
      const tables = chain.tables()
      const clock = tables.clock.get({ zero: 0 })
      return {
        rules: [...tables.rules.rows()].map(([{ action }, rule]) => ({
          action: ruledActions[action - 1] ?? `${action}`,
          words: ruleWords(rule),
          proposers: kindsOf(rule.proposers),
          needs: rule.needs.map((need) => ({ ...need, kinds: kindsOf(need.kinds) })),
          hours: rule.hours,
        })),
        parameters: [...tables.parameters.rows()].map(([{ number }, { value }]) => {
          const bounds = Object.values(parameters).find((parameter) => parameter.number === number)
          return { name: parameterNames.get(number), value, least: bounds?.least, most: bounds?.most }
        }),
        validators: [...tables.validators.rows()].map(([{ key }, { org, power }]) => ({
          organization: org,
          name: organizationName(tables, org),
          key: toHex(key),
          power,
        })),
        frozenUntil: clock?.frozenUntil ?? 0,
        upgrade: clock?.upgrade,
      }
    },
  }
}

/** The desk operations of the constitution. */
export function constitutionOperations(node: NodeContext): Operations {
  return { ...voting(node), ...reading(node) }
}
