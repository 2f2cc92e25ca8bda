/** Every transaction type of the catalogue, run by the rules themselves: its row shows it afterwards, and not before. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { transactionTypes } from "../ledger/catalogue.ts"
import { type DecodedTransaction, decodeTransaction } from "../ledger/decode.ts"
import {
  arbiter,
  association,
  board,
  by,
  chainId,
  clinic,
  custodian,
  keyOf,
  type Order,
  orgSeed,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { roles } from "../ledger/roles.ts"
import { openEnd } from "../ledger/rows.ts"
import {
  agreedBy,
  blindingName,
  blindingOf,
  type Draft,
  deliveredScene,
  disputedScene,
  factsDraft,
  filedScene,
  handle,
  heldScene,
  holdDraft,
  idOf,
  legDraft,
  paidScene,
  patient,
  payDraft,
  paymentDraft,
  performed,
  settledScene,
  signedBy,
  statementDraft,
  voucherFor,
  World,
} from "../ledger/visit/world.ts"
import { addScalars, negateScalar, zeroScalar } from "../privacy/amounts.ts"

import { placementOf } from "./placement.ts"

interface Scenario {
  readonly world: World
  readonly draft: Draft
}
const visit = handle("placement")
const fresh = seedOf("a fresh key")
const possessed: Order = { seed: fresh, meaning: "possessed" }
const admin = by(clinic, "admin", "registered")
const approvals = [by(regulator, "vote", "approved"), by(association, "vote", "approved")]
const published = by(payer, "vote", "published")
const plan = seedOf("plan bytes")

function simple(type: string, body: object, orders: readonly Order[], world = new World()): Scenario {
  return { world, draft: { type, body, orders } }
}
function publication(world: World) {
  return { plan, payer, series: "eye", version: 1, from: world.hour, until: world.hour + 8760 }
}

/** A visit with two payers' legs, of which one agrees. */
function twoLegs(): Scenario {
  const world = new World()
  world.deposit(secondPayer, 10_000_00n)
  const vouchers = [voucherFor(visit), voucherFor(visit, { payer: secondPayer, label: "second" })]
  for (const voucher of vouchers) world.must(holdDraft(visit, { voucher }))
  const legs = vouchers.map((voucher) => ({ voucher: voucher.id(chainId), amount: 100_00n }))
  return {
    world,
    draft: signedBy(statementDraft(visit, { legs }), performed(), patient(visit, "countersigned"), agreedBy(payer)),
  }
}

/** A paid visit whose claim is replaced by a smaller one. */
function replaced() {
  const scene = paidScene()
  const legs = [{ voucher: scene.voucher, amount: 1_204_63n, label: "smaller" }]
  const draft = statementDraft(scene.visit, { supersedes: scene.statement, label: "smaller", legs })
  return { scene, draft: signedBy(draft, performed(), agreedBy(payer)) }
}

function refunded(): Scenario {
  const { scene, draft } = replaced()
  scene.world.must(draft)
  const blinding = addScalars(blindingOf(blindingName(scene.voucher)), negateScalar(blindingOf("smaller")))
  return { world: scene.world, draft: paymentDraft("refund/1", [scene.visit], { amount: 133_35n, blinding }) }
}

function ruledRefund(): Scenario {
  const { world, visit: paid } = paidScene()
  const draft = paymentDraft("refund/1", [paid], { amount: 10_00n, blinding: zeroScalar })
  return { world, draft: signedBy(draft, by(regulator, "witness", "ruled"), by(arbiter, "witness", "ruled")) }
}

function recorded(...more: readonly Order[]): Scenario {
  return { world: new World(), draft: signedBy(factsDraft(visit), performed(), ...more) }
}

function amended(): Scenario {
  const { world, draft } = recorded()
  world.must(draft)
  return { world, draft: factsDraft(visit, { supersedes: idOf(draft), label: "amended" }) }
}

function afterHours<S extends { world: World }>(scene: S, hours: number): S {
  scene.world.pass(hours)
  return scene
}

const scenarios: Readonly<Record<string, () => Scenario>> = {
  "hold/1": () => ({ world: new World(), draft: holdDraft(visit) }),
  "top-up/1": () => {
    const { world, visit: held } = heldScene()
    return { world, draft: legDraft("top-up/1", held, { amount: 5_000_00n }) }
  },
  "cancel/1": () => {
    const { world, visit: held } = heldScene()
    return { world, draft: legDraft("cancel/1", held) }
  },
  "expire/1": () => {
    const { world, visit: held } = afterHours(heldScene(), 2_200)
    return { world, draft: legDraft("expire/1", held) }
  },
  "facts-statement/1 recorded": () => recorded(),
  "facts-statement/1 countersigned": () => recorded(patient(visit, "countersigned")),
  "facts-statement/1 amended": amended,
  "visit-statement/1 filed": () => {
    const { world, filed } = heldScene()
    return { world, draft: filed }
  },
  "visit-statement/1 settled": () => {
    const { world, filed } = heldScene()
    return { world, draft: signedBy(filed, ...filed.orders, agreedBy(payer)) }
  },
  "visit-statement/1 agreed by some": twoLegs,
  "visit-statement/1 replaced": () => {
    const { scene, draft } = replaced()
    return { world: scene.world, draft }
  },
  "deliver/1": () => {
    const { world, visit: filed, statement } = filedScene()
    return { world, draft: legDraft("deliver/1", filed, { statement }) }
  },
  "elapse/1": () => {
    const { world, visit: silent, statement, amount, blinding } = afterHours(deliveredScene(), 340)
    return { world, draft: legDraft("elapse/1", silent, { statement, amount, blinding }) }
  },
  "contest/1": () => {
    const { world, visit: filed, statement } = filedScene()
    return { world, draft: legDraft("contest/1", filed, { statement, amount: 1_204_63n }) }
  },
  "rule/1": () => {
    const { world, visit: disputed, statement, amount, blinding } = disputedScene()
    return { world, draft: legDraft("rule/1", disputed, { statement, amount, blinding }) }
  },
  "void/1": () => {
    const { world, visit: settled, statement } = settledScene()
    const { body, ...draft } = legDraft("void/1", settled, { statement })
    const { leg: _, ...fields } = body as { leg?: number }
    return { world, draft: { ...draft, body: fields } }
  },
  "pay/1": () => {
    const scene = settledScene()
    return { world: scene.world, draft: payDraft(scene) }
  },
  "refund/1": refunded,
  "refund/1 ruled": ruledRefund,
  "void-voucher/1": () => simple("void-voucher/1", { voucher: voucherFor(visit) }, [patient(visit, "voided")]),
  "deposit/1": () =>
    simple("deposit/1", { custodian, org: payer, amount: 5n, reference: fresh }, [
      by(custodian, "custody", "deposited"),
    ]),
  "withdraw/1": () =>
    simple("withdraw/1", { org: payer, custodian, amount: 5n, reference: fresh }, [
      by(payer, "pay", "withdrew"),
      by(custodian, "custody", "paidOut"),
    ]),
  "register-key/1": () =>
    simple(
      "register-key/1",
      { org: clinic, key: keyOf(fresh), roles: roles.hold, practitioner: undefined, from: 0, until: openEnd },
      [admin, possessed],
    ),
  "rotate-key/1": () =>
    simple("rotate-key/1", { old: keyOf(orgSeed(clinic, "hold")), new: keyOf(fresh) }, [admin, possessed]),
  "revoke-key/1": () =>
    simple("revoke-key/1", { key: keyOf(orgSeed(clinic, "hold")) }, [by(clinic, "admin", "revoked")]),
  "enrol-practitioner/1": () => {
    const world = new World()
    const body = { board, practitioner: seedOf("newcomer"), key: keyOf(fresh), credential: fresh, from: world.hour }
    return simple("enrol-practitioner/1", body, [by(board, "enrol", "enrolled"), possessed], world)
  },
  "set-licence-status/1": () => {
    const world = new World()
    const body = { practitioner: seedOf("practitioner"), status: 1, from: world.hour }
    return simple("set-licence-status/1", body, [by(board, "enrol", "enrolled")], world)
  },
  "publish-plan/1": () => {
    const world = new World()
    return simple("publish-plan/1", publication(world), [published, ...approvals], world)
  },
  "retire-plan/1": () => {
    const world = new World()
    world.must({ type: "publish-plan/1", body: publication(world), orders: [published, ...approvals] })
    return simple("retire-plan/1", { plan, until: world.hour + 10 }, [published, ...approvals], world)
  },
  "anchor-log/1": () => {
    const world = new World()
    const body = { org: clinic, hour: world.hour, root: fresh, previous: new Uint8Array(32) }
    return simple("anchor-log/1", body, [by(clinic, "operate", "anchored")], world)
  },
  "anchor-log/2": () => {
    const world = new World()
    world.set("clock", { zero: 0 }, { upgrade: { protocol: 2, height: 1 } })
    const body = { org: clinic, hour: world.hour, root: fresh, previous: new Uint8Array(32), lines: 3 }
    return simple("anchor-log/2", body, [by(clinic, "operate", "anchored")], world)
  },
  "propose/1": () => simple("propose/1", proposal, [by(clinic, "vote", "proposed")]),
  "ballot/1": () => {
    const world = new World()
    const draft = { type: "propose/1", body: proposal, orders: [by(clinic, "vote", "proposed")] }
    world.must(draft)
    const body = { proposal: decodedOf(world, draft).id, vote: 1 }
    // Another's vote of the same id does not show this one's.
    world.must({ type: "ballot/1", body, orders: [by(payer, "vote", "balloted")] })
    return simple("ballot/1", body, [by(board, "vote", "balloted")], world)
  },
}

const proposal = { action: { name: "set-parameter", fields: { number: 1, value: 24 } } }

function decodedOf(world: World, draft: Draft): DecodedTransaction {
  const decoded = decodeTransaction(chainId, world.sign(draft))
  assert.ok(!isRejection(decoded), isRejection(decoded) ? decoded.message : "")
  return decoded
}

function isShown(world: World, transaction: DecodedTransaction): boolean {
  const { table, key, shows } = placementOf(transaction)
  const row = world.state.get(table, key)
  return row !== undefined && shows(row)
}

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`the state shows ${name}`, () => {
    const { world, draft } = scenario()
    const transaction = decodedOf(world, draft)
    assert.equal(isShown(world, transaction), false, "before")
    assert.equal(world.do(draft), "applied")
    assert.equal(isShown(world, transaction), true, "after")
  })
}

test("no type of the catalogue is left out", () => {
  const covered = new Set(Object.keys(scenarios).map((name) => name.split(" ")[0]))
  for (const type of transactionTypes.keys()) assert.ok(covered.has(type), type)
})

test("a settled visit is not shown by the same statement without the payer's signature", () => {
  const { world, filed } = heldScene()
  world.must(signedBy(filed, ...filed.orders, agreedBy(payer)))
  assert.equal(isShown(world, decodedOf(world, filed)), false)
})
