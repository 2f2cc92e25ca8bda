/** Upgrades and freezes: one row an outcome, then what a freeze stops, what it lets pass, and that it ends. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { applyBlock } from "../block.ts"
import { association, by, clinic, regulator } from "../example-chain.ts"
import { isRejection } from "../rejection.ts"
import { deliveredScene, factsDraft, handle, holdDraft, legDraft } from "../visit/world.ts"
import { Assembly, act, assertActions } from "./assembly.ts"

test("schedule-upgrade: not under 1,000 blocks ahead, counted anew when it is enacted", () => {
  const at = (height: number) => act("schedule-upgrade", { protocol: 2, height })
  const chain = new Assembly()
  // The proposal's own block is the next one.
  assert.equal(chain.propose(regulator, at(chain.height + 1 + 999)).code, "too-early")
  const next = chain.height + 1
  const { code, id } = chain.propose(regulator, at(next + 1000))
  assert.equal(code, "applied")
  assert.equal(chain.vote(association, id), "too-early")
  chain.enact(at(chain.height + 2000))
  assert.deepEqual(chain.tables.clock.get({ zero: 0 })?.upgrade, { protocol: 2, height: chain.height - 2 + 2000 })
})

const freeze = (hours: number) => act("freeze", { hours })

test("freeze: not while one is on, nor within 72 hours of its end", () => {
  assertActions([
    { it: "the first", action: freeze(72), code: "applied" },
    { it: "while one is on", scene: (chain) => chain.enact(freeze(2)), action: freeze(1), code: "too-early" },
    {
      it: "71 hours after",
      scene: (chain) => {
        chain.enact(freeze(2))
        chain.pass(2 + 71)
      },
      action: freeze(1),
      code: "too-early",
    },
    {
      it: "72 hours after",
      scene: (chain) => {
        chain.enact(freeze(2))
        chain.pass(2 + 72)
      },
      action: freeze(1),
      code: "applied",
    },
  ])
  const chain = new Assembly()
  const second = chain.propose(clinic, freeze(5)).id
  chain.enact(freeze(2))
  assert.equal(chain.vote(regulator, second), "applied")
  assert.equal(chain.vote(association, second), "too-early", "asked again at enactment")
})

test("a freeze stops a hold and lets care pass, extends every deadline, and ends by itself", () => {
  const world = new Assembly()
  const { visit, statement, amount, blinding } = deliveredScene({ world })
  const elapse = legDraft("elapse/1", visit, { statement, amount, blinding })
  world.pass(300)
  world.enact(freeze(48))
  const { frozenUntil, lost } = world.tables.clock.get({ zero: 0 })!
  assert.deepEqual([frozenUntil, lost], [world.hour + 48, 48 * 3600])
  assert.equal(world.do(holdDraft(handle("b"))), "frozen")
  assert.equal(world.do(factsDraft(handle("c"))), "applied")
  world.pass(47)
  assert.equal(world.do(holdDraft(handle("b"))), "frozen")
  world.pass(1)
  assert.equal(world.do(holdDraft(handle("b"))), "applied")
  // 336 hours and the one begun were set; 348 have passed, 48 of them frozen.
  assert.equal(world.do(elapse), "too-early")
  world.pass(36)
  assert.equal(world.do(elapse), "too-early")
  world.pass(1)
  assert.equal(world.do(elapse), "applied")
})

test("a freeze holds within its own block: for money, and for every deadline set after it", () => {
  const world = new Assembly()
  const { id: proposal } = world.propose(regulator, freeze(24))
  const running = world.hour
  const order = by(association, "vote", "balloted")
  const transactions = [
    world.transaction("ballot/1", { proposal, vote: 1 }, [order]),
    world.sign(holdDraft(handle("b"))),
    world.sign(factsDraft(handle("c"))),
  ].map((bytes) => {
    const decoded = world.decode(bytes)
    assert.ok(!isRejection(decoded))
    return decoded
  })
  const { results } = applyBlock(world.state, { height: world.height + 1, seconds: world.seconds }, [transactions])
  assert.deepEqual(
    results[0]!.map(({ number }) => number),
    [0, 8, 0],
  )
  assert.equal(world.visit(handle("c")).facts[0]!.recorded, running - 24)
})
