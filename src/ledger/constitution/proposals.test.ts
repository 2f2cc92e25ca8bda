import assert from "node:assert/strict"
import { test } from "node:test"
import { encode } from "../../base/cbor.ts"
import { encodeEnvelope } from "../../base/envelope.ts"
import { decodeTransaction } from "../decode.ts"
import { signOne } from "../envelopes.ts"
import {
  arbiter,
  association,
  board,
  by,
  chainId,
  clinic,
  hospital,
  keyOf,
  type Order,
  orgSeed,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../example-chain.ts"
import { isRejection } from "../rejection.ts"
import { kindSet } from "../roles.ts"
import type { Action } from "./action.ts"
import { Assembly, act, everyAction, need } from "./assembly.ts"
import { countBallots } from "./tally.ts"

const parameter = (value: number) => act("set-parameter", { number: 1, value })
const good = parameter(24)
const holdHours = (chain: Assembly) => chain.tables.parameters.get({ number: 1 })?.value
const suspend = (chain: Assembly, org: number, status = 1) => chain.set("organizations", { org }, { status })

test("propose: one row an outcome, in the order of refusal", () => {
  const full = (chain: Assembly) => {
    for (let i = 0; i < 8; i++) assert.equal(chain.propose(clinic, parameter(100 + i)).code, "applied")
  }
  const onlyPayers = (chain: Assembly) => chain.rule("set-parameter", { proposers: kindSet("payer") })
  const rows: readonly {
    it: string
    scene?: (chain: Assembly) => void
    action?: Action
    order?: Order
    code: string
  }[] = [
    { it: "puts an action to the vote", code: "applied" },
    { it: "by a stranger", order: { seed: seedOf("stranger"), meaning: "proposed" }, code: "signer-unknown" },
    {
      it: "by a key that has ended",
      scene: (chain) => chain.set("keys", { key: keyOf(orgSeed(clinic, "vote")) }, { until: chain.hour }),
      code: "signer-inactive",
    },
    { it: "by an admin", order: by(clinic, "admin", "proposed"), code: "signer-wrong-role" },
    { it: "by a suspended organization", scene: (chain) => suspend(chain, clinic), code: "organization-suspended" },
    { it: "by a removed one", scene: (chain) => suspend(chain, clinic, 2), code: "organization-suspended" },
    { it: "by a kind that may not", scene: onlyPayers, code: "organization-wrong-kind" },
    {
      it: "by a kind that may not, of nonsense",
      scene: onlyPayers,
      action: parameter(1),
      code: "organization-wrong-kind",
    },
    {
      it: "with eight open, by a kind that may not",
      scene: (chain) => {
        full(chain)
        onlyPayers(chain)
      },
      code: "organization-wrong-kind",
    },
    { it: "with eight open", scene: full, code: "limit-reached" },
    { it: "with eight open, of nonsense", scene: full, action: parameter(1), code: "limit-reached" },
    { it: "of what its own checks refuse", action: parameter(23), code: "parameter-out-of-range" },
  ]
  for (const { it, scene, action = good, order, code } of rows) {
    const chain = new Assembly()
    scene?.(chain)
    assert.equal(chain.propose(clinic, action, order && { order }).code, code, it)
  }
})

test("an action without a rule is nobody's to propose", () => {
  const chain = new Assembly()
  const { tables } = chain
  tables.rules.remove({ action: 5 })
  tables.flush()
  assert.equal(chain.propose(regulator, good).code, "organization-wrong-kind")
})

test("ballot: one row an outcome, in the order of refusal", () => {
  const rows: readonly {
    it: string
    scene?: (chain: Assembly, id: Uint8Array) => void
    proposal?: Uint8Array
    vote?: number
    order?: Order
    code: string
  }[] = [
    { it: "votes", code: "applied" },
    { it: "votes against", vote: 0, code: "applied" },
    {
      it: "on nothing, by a stranger",
      proposal: seedOf("none"),
      order: { seed: seedOf("s"), meaning: "balloted" },
      code: "proposal-unknown",
    },
    { it: "on an expired one", scene: (chain) => chain.pass(73), code: "proposal-unknown" },
    { it: "in its last hour", scene: (chain) => chain.pass(72), code: "applied" },
    { it: "by a stranger", order: { seed: seedOf("s"), meaning: "balloted" }, code: "signer-unknown" },
    { it: "by a witness", order: by(association, "witness", "balloted"), code: "signer-wrong-role" },
    {
      it: "by a suspended organization",
      scene: (chain) => suspend(chain, association),
      code: "organization-suspended",
    },
    { it: "by the proposer again", order: by(regulator, "vote", "balloted"), code: "ballot-cast" },
    {
      it: "by one that voted against",
      scene: (chain, id) => assert.equal(chain.vote(association, id, 0), "applied"),
      code: "ballot-cast",
    },
    {
      it: "on an enacted one",
      scene: (chain, id) => assert.equal(chain.vote(association, id), "applied"),
      order: by(clinic, "vote", "balloted"),
      code: "proposal-unknown",
    },
  ]
  for (const { it, scene, proposal, vote, order, code } of rows) {
    const chain = new Assembly()
    const { id } = chain.propose(regulator, good)
    scene?.(chain, id)
    assert.equal(chain.vote(association, proposal ?? id, vote, order), code, it)
  }
})

test("the ballot that meets the last need enacts the action and drops the proposal", () => {
  const chain = new Assembly()
  const { id } = chain.propose(regulator, good)
  assert.deepEqual(chain.proposal(id)?.ballots, [{ org: regulator, vote: 1 }])
  assert.equal(chain.proposal(id)?.until, chain.hour + 1 + 72)
  assert.equal(chain.vote(clinic, id), "applied")
  assert.equal(holdHours(chain), 2160)
  const last = chain.transaction("ballot/1", { proposal: id, vote: 1 }, [by(association, "vote", "balloted")])
  assert.equal(chain.outcome(last), "applied")
  assert.deepEqual([holdHours(chain), chain.proposal(id)], [24, undefined])
  // The sender that lost the answer is told "done", though the proposal is gone.
  assert.equal(chain.outcome(last), "repeated")
})

test("the action's own checks are asked again when it would be enacted; the refused ballot is not cast", () => {
  const chain = new Assembly()
  const admit = (key: string) => act("admit", { org: 10, name: "new", kind: 1, group: 10, key: keyOf(seedOf(key)) })
  const [one, other] = [chain.propose(regulator, admit("a")).id, chain.propose(regulator, admit("b")).id]
  assert.equal(chain.vote(association, one), "applied")
  assert.equal(chain.vote(clinic, other), "applied", "no need is met by it, so nothing is asked")
  assert.equal(chain.vote(association, other), "out-of-order")
  assert.deepEqual(
    chain.proposal(other)?.ballots.map(({ org }) => org),
    [regulator, clinic],
  )
})

test("two that vote alike are two voters; each of them, sent again, is told done", () => {
  const chain = new Assembly()
  const { id } = chain.propose(payer, good)
  const [one, other] = [clinic, hospital].map((org) =>
    chain.transaction("ballot/1", { proposal: id, vote: 1 }, [by(org, "vote", "balloted")]),
  )
  for (const bytes of [one!, other!]) assert.equal(chain.outcome(bytes), "applied")
  for (const bytes of [one!, other!]) assert.equal(chain.outcome(bytes), "repeated")
  assert.deepEqual(
    chain.proposal(id)?.ballots.map(({ org }) => org),
    [payer, clinic, hospital],
  )
  const later = chain.transaction(
    "ballot/1",
    { proposal: id, vote: 1 },
    [by(clinic, "vote", "balloted")],
    chain.hour + 9,
  )
  assert.equal(chain.outcome(later), "ballot-cast")
})

test("an equal proposal of the same hour is the same proposal, whoever sends it", () => {
  const chain = new Assembly()
  const { id } = chain.propose(payer, good)
  assert.deepEqual(chain.propose(clinic, good), { code: "repeated", id })
  assert.deepEqual(chain.proposal(id)?.ballots, [{ org: payer, vote: 1 }])
  assert.equal(chain.vote(clinic, id), "applied")
})

test("a rule that one could meet would be met by proposing", () => {
  const chain = new Assembly()
  chain.rule("set-parameter", { needs: [need(["regulator"], 1)] })
  const { code, id } = chain.propose(regulator, good)
  assert.deepEqual([code, chain.proposal(id), holdHours(chain)], ["applied", undefined, 24])
})

test("a lone organization gets nowhere with any of the ten actions", (t) => {
  for (const action of everyAction(0)) {
    const chain = new Assembly()
    const before = chain.settled()
    for (const org of [clinic, payer, 4, board, regulator, association, arbiter]) {
      // Equal proposals of one hour are one: each is given an hour of its own.
      const expiry = chain.hour + org
      const { code, id } = chain.propose(org, action, { expiry })
      assert.equal(code, "applied", `${action.name} by ${org}`)
      for (const vote of [1, 0]) assert.equal(chain.vote(org, id, vote), "ballot-cast", `${action.name} by ${org}`)
      assert.equal(chain.propose(org, action, { expiry }).code, "repeated")
      assert.notEqual(chain.proposal(id), undefined)
    }
    assert.deepEqual(chain.settled(), before, `${action.name}: nothing but proposals`)
    chain.rule(action.name, { proposers: kindSet("licenceBoard") })
    const { code } = chain.propose(regulator, action, { expiry: chain.hour + 10 })
    assert.equal(code, "organization-wrong-kind")
    t.diagnostic(
      `${action.name}: alone it stays a proposal, a second ballot is ballot-cast; of a kind that may not: ${code}`,
    )
  }
})

test("two kinds are needed: any number of one kind is not enough", () => {
  const chain = new Assembly()
  chain.rule("set-parameter", { needs: [need(["provider"], 1), need(["payer"], 1)] })
  const { id } = chain.propose(clinic, good)
  for (const org of [hospital, regulator, association, arbiter, board]) assert.equal(chain.vote(org, id), "applied")
  assert.equal(holdHours(chain), 2160)
  assert.equal(chain.vote(secondPayer, id), "applied")
  assert.equal(holdHours(chain), 24)
})

test("a percentage is of the kind's active organizations and rounds up; count and percent must both be met", () => {
  const rows: readonly (readonly [count: number, percent: number, wanted: number])[] = [
    [1, 0, 1],
    [0, 1, 1],
    [1, 50, 2],
    [1, 33, 1],
    [1, 34, 2],
    [1, 66, 2],
    [1, 67, 3],
    [1, 100, 3],
    [2, 10, 2],
    [4, 10, 4],
  ]
  for (const [count, percent, wanted] of rows) {
    const chain = new Assembly()
    // Three of these kinds: both payers and the regulator.
    chain.rule("set-parameter", { needs: [need(["payer", "regulator"], count, percent), need(["provider"], 1)] })
    const { id } = chain.propose(clinic, good)
    const met = [payer, secondPayer, regulator].findIndex((org) => {
      assert.equal(chain.vote(org, id), "applied")
      return chain.proposal(id) === undefined
    })
    assert.equal(met === -1 ? 4 : met + 1, wanted, `${count} and ${percent} %`)
  }
})

test("a suspended organization's ballot does not count, nor is it among those to be asked", () => {
  const chain = new Assembly()
  chain.rule("set-parameter", { needs: [need(["payer"], 1, 100), need(["provider"], 1)] })
  const { id } = chain.propose(payer, good)
  suspend(chain, payer)
  const [payers] = countBallots(chain.tables, 5, chain.proposal(id)!.ballots)
  assert.deepEqual([payers?.given, payers?.wanted], [0, 1])
  assert.equal(chain.vote(clinic, id), "applied")
  assert.equal(holdHours(chain), 2160, "suspended between its ballot and the count")
  assert.equal(chain.vote(secondPayer, id), "applied")
  assert.equal(holdHours(chain), 24, "the other is all of the active payers")
})

test("suspended and back again, a ballot counts as it was cast", () => {
  const chain = new Assembly()
  const { id } = chain.propose(regulator, good)
  suspend(chain, regulator)
  assert.equal(chain.vote(association, id), "applied")
  assert.equal(holdHours(chain), 2160)
  suspend(chain, regulator, 0)
  assert.equal(chain.vote(clinic, id, 0), "applied")
  assert.equal(holdHours(chain), 24, "whoever votes next lets the count be made, whatever the vote")
})

test("a vote against is never one for", () => {
  const chain = new Assembly()
  const { id } = chain.propose(regulator, good)
  for (const org of [association, clinic, payer]) assert.equal(chain.vote(org, id, 0), "applied")
  assert.notEqual(chain.proposal(id), undefined)
})

test("expired proposals leave with the next proposal or ballot, and make room for others", () => {
  const chain = new Assembly()
  const ids = Array.from({ length: 8 }, (_, i) => chain.propose(clinic, parameter(100 + i)).id)
  assert.equal(chain.propose(clinic, good).code, "limit-reached")
  chain.pass(72)
  assert.equal(chain.propose(clinic, good).code, "limit-reached")
  chain.pass(1)
  assert.equal(chain.vote(payer, ids[0]!), "proposal-unknown")
  assert.equal([...chain.tables.proposals.rows()].length, 8, "a refused transaction removes nothing")
  assert.equal(chain.propose(clinic, good).code, "applied")
  assert.equal([...chain.tables.proposals.rows()].length, 1)
})

test("a freeze turns the running hour back, and no expired proposal opens again by it", () => {
  const chain = new Assembly()
  const { id } = chain.propose(clinic, good)
  chain.pass(72)
  const freeze = chain.propose(regulator, act("freeze", { hours: 72 })).id
  chain.pass(1)
  assert.equal(chain.vote(association, freeze), "applied")
  assert.equal(chain.proposal(id), undefined)
  assert.equal(chain.vote(payer, id), "proposal-unknown")
})

test("an open proposal is extended by a freeze, and decided while it is on", () => {
  const chain = new Assembly()
  const { id } = chain.propose(regulator, good)
  chain.enact(act("freeze", { hours: 24 }))
  chain.pass(23)
  assert.equal(chain.propose(clinic, parameter(25)).code, "applied")
  chain.pass(72)
  assert.equal(chain.vote(association, id), "applied")
  assert.equal(holdHours(chain), 24)
})

test("an action is one of ten, in its own fields: what is not is no transaction", () => {
  const key = keyOf(seedOf("k"))
  const rows: readonly (readonly [it: string, action: Parameters<typeof encode>[0], code: string])[] = [
    ["good", [5, 1, 24], "good"],
    ["numbered zero", [0, 1, 24], "bad-encoding"],
    ["of plans, which are published by co-signature", [11, 1, 24], "bad-encoding"],
    ["a field short", [5, 1], "bad-encoding"],
    ["a field long", [5, 1, 24, 0], "bad-encoding"],
    ["a board admitted as any other", [1, 10, "b", 4, 10, key], "bad-encoding"],
    ["any other admitted as a board", [2, 10, "b", 1, 10, key], "bad-encoding"],
    ["a status beyond removed", [3, 2, 3], "bad-encoding"],
    ["a power above 1,000", [4, 2, key, 1001], "bad-encoding"],
    [
      "a rule for what is no action",
      [
        6,
        13,
        [
          254,
          [
            [2, 1, 0],
            [4, 1, 0],
          ],
          9,
        ],
      ],
      "bad-encoding",
    ],
    ["a rule without needs", [6, 5, [254, [], 9]], "bad-encoding"],
    [
      "a rule whose proposals outlive the year",
      [
        6,
        5,
        [
          254,
          [
            [2, 1, 0],
            [4, 1, 0],
          ],
          8785,
        ],
      ],
      "bad-encoding",
    ],
    ["a panel of nobody", [7, 3, []], "bad-encoding"],
    ["a panel of six", [7, 3, [1, 2, 3, 4, 5, 6]], "bad-encoding"],
    ["a panel with a member twice", [7, 3, [6, 7, 6]], "bad-encoding"],
    ["a freeze of no time", [10, 0], "bad-encoding"],
    ["a freeze of more than three days", [10, 73], "bad-encoding"],
  ]
  for (const [it, action, code] of rows) {
    const payload = encode(["propose/1", 9, action])
    const order = { signer: { seed: seedOf("anybody") }, meaning: "proposed" as const }
    const decoded = decodeTransaction(chainId, encodeEnvelope(payload, [signOne(chainId, payload, order)]))
    assert.equal(isRejection(decoded) ? decoded.code : "good", code, it)
  }
})
