/** A chain that moves in the middle of its visits: what was signed for it, what is worth nothing, and that nothing counts twice. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { sha256 } from "#crypto"
import { encode } from "../../base/cbor.ts"
import { dataHash, makeHeader, resultsHash } from "../../base/chain/header.ts"
import { encodeEnvelope, type Meaning } from "../../base/envelope.ts"
import { decodeAs } from "../../base/schema.ts"
import { applyBlock } from "../block.ts"
import { transactionTypes } from "../catalogue.ts"
import { decodeTransaction, verifyAll } from "../decode.ts"
import { encodePayload, signOne, signPayload, transactionId, voucherEnvelope } from "../envelopes.ts"
import { by, clinic, hospital, keyOf, type Order, chainId as oldId, payer, seedOf } from "../example-chain.ts"
import { scanInvariants } from "../invariants.ts"
import { MemoryState } from "../memory-state.ts"
import { isRejection } from "../rejection.ts"
import { assurances, legStates, type RowOf, type VisitRow } from "../rows.ts"
import { openTables } from "../state.ts"
import {
  agreedBy,
  type Draft,
  delegationFor,
  factsDraft,
  type Handle,
  handle,
  heldScene,
  holdDraft,
  idOf,
  patient,
  performed,
  settledScene,
  signedBy,
  statementDraft,
  voucherFor,
  World,
} from "../visit/world.ts"
import { applyGenesis } from "./genesis.ts"
import { successorGenesis } from "./successor.ts"

const newId = "the-consortium"
const validatorSeeds = [1, 2, 3, 4].map((n) => seedOf(`validator of ${n}`))
const validators = validatorSeeds.map((seed, i) => [{ key: keyOf(seed) }, { org: i + 1, power: 10 }] as const)
const appHash = sha256(Uint8Array.of(1))

function headerAt(seconds: number, height = 40) {
  const [publicKey] = validatorSeeds.map((seed) => keyOf(seed).subarray(1))
  const set = [{ publicKey: publicKey!, power: 1 }]
  return makeHeader({
    chainId: oldId,
    protocol: 1,
    height,
    time: { seconds, nanos: 0 },
    last: undefined,
    dataHash: dataHash([]),
    validators: set,
    nextValidators: set,
    appHash,
    lastResultsHash: resultsHash([]),
    proposer: publicKey!,
  })
}

function signFor(chain: string, draft: Draft, hour: number): Uint8Array {
  const { type, body, orders, expiry = hour + 24 } = draft
  const payload = encodePayload(type, expiry, transactionTypes.get(type)!.body, body)
  return signPayload(
    chain,
    payload,
    orders.map(({ seed, meaning }) => ({ signer: { seed }, meaning })),
  )
}

/** The chain that carries a world's state on. */
class Moved {
  readonly state = new MemoryState()
  readonly world: World
  seconds: number
  #height = 0

  constructor(world: World, gapSeconds = 3600) {
    this.world = world
    this.seconds = world.seconds + gapSeconds
    const lastHeader = headerAt(world.seconds)
    const bytes = successorGenesis({ state: world.state, appHash }, { chainId: newId, lastHeader, validators })
    assert.ok(!isRejection(bytes), isRejection(bytes) ? bytes.message : "")
    const genesis = applyGenesis(this.state, bytes)
    assert.ok(!isRejection(genesis))
  }

  get hour(): number {
    return Math.floor(this.seconds / 3600)
  }

  outcome(bytes: Uint8Array): string {
    const decoded = decodeTransaction({ chainId: newId, former: oldId }, bytes)
    const refused = isRejection(decoded) ? decoded : verifyAll(decoded)
    if (refused !== undefined || isRejection(decoded)) return refused!.code
    const clock = { height: ++this.#height, seconds: this.seconds }
    const [[result] = []] = applyBlock(this.state, clock, [[decoded]]).results
    return result!.rejection?.code ?? (result!.repeated === true ? "repeated" : "applied")
  }

  do(draft: Draft): string {
    return this.outcome(signFor(newId, draft, this.hour))
  }

  visit({ V, provider }: Handle): VisitRow {
    return openTables(this.state).visits.get({ V, provider })!
  }
}

const everyone = (visit: Handle, meaning: Meaning = "countersigned") => [
  performed(visit.provider),
  patient(visit, meaning),
  agreedBy(payer),
]

test("every row is carried on as it was, but those of the chain, its clock and its validators", () => {
  const { world } = settledScene()
  world.set("clock", { zero: 0 }, { lost: 77, upgrade: { protocol: 2, height: 1042 } })
  const { state } = new Moved(world)
  const others = (from: MemoryState) =>
    from.dump().filter(([table]) => !["chain", "clock", "validators"].includes(table))
  assert.deepEqual(others(state), others(world.state))
  const tables = openTables(state)
  const { chainId, pinned, protocol, k } = tables.chain.get({ zero: 0 })!
  assert.deepEqual([chainId, protocol, k, pinned?.chainId, pinned?.height], [newId, 1, 18, oldId, 40])
  // The heights begin again, so the upgrade is as many blocks ahead as it was.
  assert.deepEqual(tables.clock.get({ zero: 0 }), { lost: 77, frozenUntil: 0, upgrade: { protocol: 2, height: 1002 } })
  assert.equal([...tables.validators.rows()].length, 4)
})

test("no transaction of the old chain runs again, and a statement that did gives its first result", () => {
  const world = new World()
  const visit = handle("done")
  const voucher = voucherFor(visit)
  const hold = world.sign(holdDraft(visit, { voucher }))
  const draft = statementDraft(visit, { legs: [{ voucher: voucher.id(oldId), amount: 5_00n }] })
  const settle = world.sign(signedBy(draft, ...everyone(visit)))
  const cancel = world.sign({
    type: "cancel/1",
    body: { V: visit.V, provider: clinic, leg: 0 },
    orders: [by(clinic, "hold", "cancelled")],
  })
  assert.deepEqual(
    [hold, settle].map((bytes) => world.outcome(bytes)),
    ["applied", "applied"],
  )
  const moved = new Moved(world)
  const before = moved.state.dump()
  assert.deepEqual(
    [hold, cancel, settle].map((bytes) => moved.outcome(bytes)),
    ["bad-signature", "bad-signature", "repeated"],
  )
  assert.deepEqual(moved.visit(visit), world.visit(visit))
  assert.equal(moved.state.dump().length, before.length)
})

test("a voucher that was given out before is used once, on whichever chain", () => {
  const world = new World()
  const [used, unused, given] = ["used", "unused", "given up"].map((label) => handle(label)) as [Handle, Handle, Handle]
  const [first, second, third] = [used, unused, given].map((visit) => voucherFor(visit))
  world.must(holdDraft(used, { voucher: first! }))
  const moved = new Moved(world)
  const elsewhere = { ...unused, provider: hospital }
  assert.equal(moved.do(holdDraft(used, { voucher: first! })), "voucher-used", "the old chain used it")
  assert.equal(moved.do(holdDraft({ ...used, provider: hospital }, { voucher: first! })), "voucher-used")
  const hold = signFor(newId, holdDraft(unused, { voucher: second! }), moved.hour)
  assert.deepEqual([moved.outcome(hold), moved.outcome(hold)], ["applied", "repeated"])
  assert.equal(moved.do(holdDraft(elsewhere, { voucher: second! })), "voucher-used")
  const voiding = { type: "void-voucher/1", body: { voucher: third! }, orders: [by(payer, "voucher", "voided")] }
  assert.equal(moved.do(voiding), "applied")
  assert.equal(moved.do(holdDraft(given, { voucher: third! })), "voucher-void")
  const { expiry } = second!
  const row = openTables(moved.state).vouchers.get({ expiry, id: transactionId(oldId, second!.payload) })
  assert.equal(row?.state, 1, "under the id that it has on the chain it was signed for")
  scanInvariants(moved.state, moved.hour)
})

test("a voucher of the new chain, one of a stranger chain, and a delegation of the old one", () => {
  const world = new World()
  const visit = handle("new")
  const delegate = seedOf("delegate")
  const moved = new Moved(world)
  const voucherOf = (chain: string) => {
    const { payload } = voucherFor(visit)
    const order = { signer: { seed: by(payer, "voucher", "vouchered").seed }, meaning: "vouchered" } as const
    return decodeAs(voucherEnvelope, encode(signPayload(chain, payload, [order])))
  }
  assert.equal(moved.do(holdDraft(visit, { voucher: voucherOf("a third chain") })), "bad-signature")
  const draft = holdDraft(visit, { voucher: voucherOf(newId), delegation: delegationFor(visit, delegate) })
  const proxy: Order = { seed: delegate, meaning: "held" }
  assert.equal(moved.do(signedBy(draft, by(clinic, "hold", "held"), proxy)), "applied")
  const [leg] = moved.visit(visit).legs
  assert.deepEqual(leg?.voucher, transactionId(newId, draft.body.voucher.payload))
})

test("a visit that is half done is settled by statements for the old chain or for the new one, never by a mixture", () => {
  const scenes = ["old", "new", "mixed"].map((label) => heldScene({ label }))
  const { world } = scenes[0]!
  for (const { visit } of scenes.slice(1)) world.must(holdDraft(visit))
  const moved = new Moved(world)
  const [old, fresh, mixed] = scenes as [(typeof scenes)[0], (typeof scenes)[0], (typeof scenes)[0]]
  const full = ({ filed, visit }: (typeof scenes)[0]) => signedBy(filed, ...everyone(visit))

  assert.equal(moved.outcome(signFor(oldId, full(old), moved.hour)), "applied")
  assert.deepEqual(moved.visit(old.visit).statement?.id, idOf(old.filed))
  assert.equal(moved.do(full(fresh)), "applied")
  const { statement, facts } = moved.visit(fresh.visit)
  assert.notDeepEqual(statement?.id, idOf(fresh.filed), "an id is over the chain id that was signed")
  assert.deepEqual(statement?.facts, facts[0]?.id)

  const { type, body, expiry } = mixed.filed
  const payload = encodePayload(type, expiry!, transactionTypes.get(type)!.body, body)
  const sign = (chain: string, { seed, meaning }: Order) => signOne(chain, payload, { signer: { seed }, meaning })
  const [p, v, a] = everyone(mixed.visit) as [Order, Order, Order]
  for (const signatures of [
    [sign(oldId, p), sign(oldId, v), sign(newId, a)],
    [sign(newId, p), sign(oldId, v), sign(newId, a)],
    [sign("a third chain", p), sign(oldId, v), sign(oldId, a)],
  ])
    assert.equal(moved.outcome(encodeEnvelope(payload, signatures)), "bad-signature")
  assert.equal(moved.visit(mixed.visit).legs[0]?.state, legStates.held)
  for (const { visit } of [old, fresh]) assert.equal(moved.visit(visit).legs[0]?.state, legStates.settled)
  // The same statement once more, signed for the other chain, is another one: it takes nothing.
  assert.equal(moved.do(full(old)), "statement-superseded")
  assert.equal(moved.outcome(signFor(oldId, full(fresh), moved.hour)), "statement-superseded")
  scanInvariants(moved.state, moved.hour)
})

test("facts that the old chain recorded are the same facts in a statement for the new one", () => {
  const world = new World()
  const visit = handle("recorded")
  world.must(holdDraft(visit))
  const facts = factsDraft(visit)
  world.must(facts)
  const moved = new Moved(world)
  const legs = [{ voucher: voucherFor(visit).id(oldId), amount: 5_00n }]
  const statement = statementDraft(visit, { facts: facts.body, legs })
  const again = signedBy(facts, performed(), patient(visit, "countersigned"))
  assert.equal(moved.do(again), "facts-unknown", "a facts statement for the new chain would be a second first one")
  assert.equal(moved.outcome(signFor(oldId, again, moved.hour)), "applied")
  assert.equal(moved.do(signedBy(statement, ...everyone(visit))), "applied")
  const row = moved.visit(visit)
  assert.deepEqual(
    row.facts.map(({ id, assurance }) => [id, assurance]),
    [[idOf(facts), assurances.patient]],
  )
  assert.deepEqual(row.statement?.facts, idOf(facts))
})

test("deadlines stand still between the last header and the first", () => {
  const { world } = heldScene()
  world.set("clock", { zero: 0 }, { lost: 3600 })
  for (const [gap, lost] of [
    [600, 3600],
    [601, 4201],
    [90 * 86_400, 3600 + 90 * 86_400],
  ] as const) {
    const moved = new Moved(world, gap)
    moved.outcome(signFor(oldId, statementDraft(handle("any")), moved.hour))
    assert.equal(openTables(moved.state).clock.get({ zero: 0 })?.lost, lost)
  }
  const early = new Moved(world, -1)
  assert.throws(() => early.do(holdDraft(handle("any"))), { name: "Defect" }, "no header before the last one")
})

test("what the terms may not be", () => {
  const world = new World()
  const { seconds } = world
  const faultOf = (terms: object, from: Pick<World, "state"> = world) => {
    const all = { chainId: newId, lastHeader: headerAt(seconds), validators, ...terms }
    const genesis = successorGenesis({ state: from.state, appHash }, all)
    return isRejection(genesis) ? genesis.message : "good"
  }
  const seats = (...powers: number[]) => powers.map((power, i) => [validators[i]![0], { org: i + 1, power }])
  const rows: readonly (readonly [terms: object, fault: RegExp])[] = [
    [{}, /^good$/],
    [{ chainId: oldId }, /the same id/],
    [{ chainId: "" }, /1 to 50 bytes/],
    [{ lastHeader: { ...headerAt(seconds), appHash: seedOf("other") } }, /another state/],
    [{ lastHeader: { ...headerAt(seconds), chainId: "another" } }, /another chain/],
    [{ validators: [] }, /1 to 64 validators/],
    [{ validators: seats(10, 10, 10, 0) }, /power/],
    [{ validators: seats(20, 10, 10, 10) }, /a third/],
    [{ validators: [...validators, validators[0]] }, /ascending/],
    [{ validators: [[validators[0]![0], { org: 99, power: 1 }]] }, /organization not removed/],
  ]
  for (const [terms, fault] of rows) assert.match(faultOf(terms), fault)
  const again = { ...headerAt(seconds), chainId: newId }
  assert.match(faultOf({ chainId: "third", lastHeader: again }, new Moved(world)), /carries on example-chain itself/)
})

test("keys that have an end are as good as they were: a genesis that carries on is judged at its own hour", () => {
  const world = new World()
  const admin = { key: keyOf(by(clinic, "admin", "registered").seed) }
  world.set("keys", admin, { until: world.hour + 1 } satisfies Partial<RowOf<"keys">>)
  assert.ok(new Moved(world).state)
  world.set("keys", admin, { until: world.hour })
  assert.throws(() => new Moved(world), /live admin key/)
})

test("on a chain that carries none on, nothing signed for another is looked at twice", () => {
  const { filed, visit, world } = heldScene()
  const bytes = world.sign(signedBy(filed, ...everyone(visit)))
  const alone = decodeTransaction(oldId, bytes)
  const carrying = decodeTransaction({ chainId: newId, former: oldId }, bytes)
  assert.ok(!isRejection(alone) && !isRejection(carrying))
  assert.deepEqual([alone.jobs.length, carrying.jobs.length], [3, 2], "its first was verified to tell the chain")
  assert.deepEqual([alone.id, alone.chainId], [carrying.id, carrying.chainId])
})
