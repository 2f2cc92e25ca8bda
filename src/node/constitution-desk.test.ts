/** The desk of the constitution over the example chain: what it reads, signs and shows; the rules are the ledger's. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { fromHex, toHex } from "../base/bytes.ts"
import { toJson } from "../base/json.ts"
import { Refused, refuse } from "../base/refusal.ts"
import { actionNumbers } from "../ledger/constitution/action.ts"
import { Assembly, everyAction, freshKey } from "../ledger/constitution/assembly.ts"
import { association, chainId, clinic, orgSeed, payer, regulator } from "../ledger/example-chain.ts"
import { rejections } from "../ledger/rejection.ts"
import type { Role } from "../ledger/roles.ts"
import { constitutionOperations } from "./constitution-desk.ts"
import { ruledActions } from "./constitution-words.ts"
import type { NodeContext } from "./context.ts"
import { Fields } from "./desk.ts"
import { type KeySignature, signWith } from "./keys.ts"

/** As much of an organization's node as the desk asks for. */
function nodeOf(chain: Assembly, organization: number): NodeContext {
  return {
    config: { organization },
    keys: {
      sign: (use: Role, meaning: "proposed" | "balloted", id: string, payload: Uint8Array): KeySignature =>
        signWith(orgSeed(organization, use), meaning, id, payload),
    },
    chain: {
      chainId,
      get hour() {
        return chain.hour
      },
      get runningHour() {
        return Math.floor((chain.seconds - chain.tables.clock.get({ zero: 0 })!.lost) / 3600)
      },
      tables: () => chain.tables,
      submit: async (bytes: Uint8Array) => {
        const outcome = chain.outcome(bytes)
        if (outcome in rejections) refuse(outcome, "Cannot apply transaction: refused", "transaction", "fix")
        return { height: chain.height }
      },
    },
  } as unknown as NodeContext
}

interface Answered {
  readonly proposal: string
  readonly enacted: boolean
}
interface Shown {
  readonly proposal: string
  readonly action: string
  readonly words: string
  readonly proposer: { readonly name: string }
  readonly ballots: readonly { readonly organization: number; readonly vote: string; readonly counts: boolean }[]
  readonly voted: string
  readonly needs: readonly { readonly kinds: readonly string[]; readonly given: number; readonly wanted: number }[]
  readonly hoursLeft: number
}

/** Asks a desk as the door does: JSON in, JSON out. */
async function ask<T>(chain: Assembly, organization: number, operation: string, body: object = {}): Promise<T> {
  const answer = await constitutionOperations(nodeOf(chain, organization))[operation]!(
    new Fields(JSON.parse(toJson(body))),
  )
  return JSON.parse(toJson(answer)) as T
}
async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked
    return "answered"
  } catch (error) {
    assert.ok(error instanceof Refused, `${error}`)
    return error.refusal.code
  }
}
const openOf = async (chain: Assembly, organization: number) =>
  (await ask<{ proposals: readonly Shown[] }>(chain, organization, "proposals")).proposals

test("one proposes, another reads and votes, and it is enacted", async () => {
  const chain = new Assembly()
  const body = { action: "set-parameter", fields: { parameter: "holdHours", value: 24 } }
  const { proposal, enacted } = await ask<Answered>(chain, regulator, "propose", body)
  assert.equal(enacted, false)
  const [shown, ...others] = await openOf(chain, association)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [shown!.proposal, shown!.words, shown!.proposer.name, shown!.voted, shown!.hoursLeft],
    [proposal, "Set holdHours to 24, now 2160", "regulator (6)", "not yet", 73],
  )
  assert.deepEqual(
    shown!.needs.map(({ kinds, given, wanted }) => [kinds, given, wanted]),
    [
      [["regulator"], 1, 1],
      [["patient-association"], 0, 1],
    ],
  )
  assert.equal((await ask<Answered>(chain, clinic, "ballot", { proposal, vote: "no" })).enacted, false)
  const [after] = await openOf(chain, clinic)
  assert.equal(after!.voted, "no")
  assert.deepEqual(
    after!.ballots.map(({ organization, vote }) => [organization, vote]),
    [
      [regulator, "yes"],
      [clinic, "no"],
    ],
  )
  assert.equal((await ask<Answered>(chain, association, "ballot", { proposal, vote: "yes" })).enacted, true)
  assert.deepEqual(await openOf(chain, clinic), [])
  assert.equal(chain.tables.parameters.get({ number: 1 })?.value, 24)
})

const key = toHex(freshKey("an admin's key"))
const rule = { proposers: ["provider", "payer"], needs: [{ kinds: ["payer"], count: 2, percent: 50 }], hours: 9 }
/** One request for each action, and how it reads. */
const requests: readonly (readonly [action: string, fields: object, words: RegExp])[] = [
  ["admit", { name: "newcomer", kind: "provider", key }, /^Admit newcomer as organization 10, a provider of group 10/],
  ["admit-board", { name: "second-board", key, group: 5 }, /^Admit second-board .* a licence-board of group 5/],
  ["set-status", { organization: 2, status: "suspended" }, /^Make hospital \(2\) suspended, now active$/],
  ["set-validator", { organization: 2, key, power: 10 }, /^Give validator [0-9a-f]{66} of hospital \(2\) power 10$/],
  ["set-parameter", { parameter: "panelFee", value: 0 }, /^Set panelFee to 0, now 5000$/],
  [
    "set-rule",
    { action: "publish-plan", ...rule },
    /publish-plan: proposed by provider or payer; needs 2 of payer and 50 % of those active; open for 9 hours$/,
  ],
  ["set-panel", { payer, panel: [7, 6] }, /^Set the panel of payer \(3\): association \(7\) and regulator \(6\)$/],
  ["replace-admin", { organization: 2, key }, /^End every key of hospital \(2\) and give it admin key/],
  ["schedule-upgrade", { protocol: 2, height: 9000 }, /^Upgrade to protocol 2 at height 9000$/],
  ["freeze", { hours: 24 }, /^Freeze all money for 24 hours$/],
]

test("every action can be asked for by name, and reads in words", async () => {
  assert.deepEqual(
    requests.map(([action]) => action),
    everyAction(0).map(({ name }) => name),
  )
  for (const [action, fields, words] of requests) {
    const chain = new Assembly()
    const { proposal } = await ask<Answered>(chain, regulator, "propose", { action, fields })
    assert.equal(chain.proposal(fromHex(proposal))?.action.name, action)
    const [shown] = await openOf(chain, clinic)
    assert.equal(shown!.action, action)
    assert.match(shown!.words, words)
    assert.equal((await ask<Answered>(chain, association, "ballot", { proposal, vote: "yes" })).enacted, true, action)
  }
})

test("what cannot be encoded is refused at the desk, by its field", async () => {
  const rows: readonly (readonly [action: string, fields: object])[] = [
    ["mint", {}],
    ["admit", { name: "Newcomer", kind: "provider", key }],
    ["admit", { name: "newcomer", kind: "licence-board", key }],
    ["admit", { name: "newcomer", kind: "provider", key: key.slice(2) }],
    ["set-status", { organization: 0, status: "active" }],
    ["set-status", { organization: 1, status: "gone" }],
    ["set-validator", { organization: 2, key, power: 1001 }],
    ["set-parameter", { parameter: "nothing", value: 1 }],
    ["set-rule", { action: "freeze", ...rule, needs: [] }],
    ["set-rule", { action: "freeze", ...rule, proposers: ["everybody"] }],
    ["set-rule", { action: "freeze", ...rule, hours: 9000 }],
    ["set-panel", { payer, panel: [] }],
    ["set-panel", { payer, panel: [6, 6] }],
    ["set-panel", { payer, panel: [1, 2, 3, 4, 5, 6] }],
    ["freeze", { hours: 73 }],
  ]
  for (const [action, fields] of rows)
    assert.equal(await refusal(ask(new Assembly(), regulator, "propose", { action, fields })), "field", action)
  const vote = { proposal: toHex(new Uint8Array(32)), vote: "perhaps" }
  assert.equal(await refusal(ask(new Assembly(), regulator, "ballot", vote)), "field")
})

test("the ledger's refusals come through; an equal proposal of another is one to vote on", async () => {
  const chain = new Assembly()
  const propose = (organization: number) =>
    ask<Answered>(chain, organization, "propose", { action: "freeze", fields: { hours: 2 } })
  const none = { proposal: toHex(new Uint8Array(32)), vote: "yes" }
  assert.equal(await refusal(ask(chain, clinic, "ballot", none)), "proposal-unknown")
  const { proposal } = await propose(regulator)
  assert.equal(await refusal(propose(clinic)), "proposal-open")
  assert.deepEqual((await propose(regulator)).proposal, proposal, "sent again it is the same")
  assert.equal(await refusal(ask(chain, regulator, "ballot", { proposal, vote: "yes" })), "ballot-cast")
  chain.pass(73)
  assert.deepEqual(await openOf(chain, clinic), [])
})

test("what was decided can be decided again in the same hour", async () => {
  const chain = new Assembly()
  const decide = async (status: string) => {
    const body = { action: "set-status", fields: { organization: 2, status } }
    const { proposal } = await ask<Answered>(chain, regulator, "propose", body)
    return (await ask<Answered>(chain, association, "ballot", { proposal, vote: "yes" })).enacted
  }
  for (const status of ["suspended", "active", "suspended"]) assert.equal(await decide(status), true)
  assert.equal(chain.tables.organizations.get({ org: 2 })?.status, 1)
})

test("the constitution reads in words", async () => {
  const { rules, parameters, validators } = await ask<{
    rules: readonly { readonly action: string; readonly words: string }[]
    parameters: readonly { readonly name: string; readonly value: number; readonly most: number }[]
    validators: readonly { readonly name: string; readonly power: number }[]
  }>(new Assembly(), clinic, "constitution")
  assert.deepEqual(
    rules.map(({ action }) => action),
    [...ruledActions],
  )
  assert.equal(
    rules[0]!.words,
    "proposed by any kind; needs 1 of regulator, 1 of patient-association and 50 % of those active; open for 72 hours",
  )
  assert.deepEqual([parameters[0]!.name, parameters[0]!.value, parameters[0]!.most], ["holdHours", 2160, 8784])
  assert.deepEqual(
    validators.map(({ name, power }) => [name, power]),
    [["payer (3)", 10]],
  )
  for (const [name, number] of Object.entries(actionNumbers)) assert.equal(ruledActions[number - 1], name)
})
