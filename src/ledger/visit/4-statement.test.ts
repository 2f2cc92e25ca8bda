import { test } from "node:test"
import {
  by,
  chainId,
  clinic,
  custodian,
  firstHour,
  hospital,
  keyOf,
  orgSeed,
  payer,
  secondPayer,
  seedOf,
} from "../example-chain.ts"
import {
  agreedBy,
  assertOutcomes,
  type Draft,
  disputedScene,
  factsDraft,
  filedScene,
  handle,
  heldScene,
  holdDraft,
  legDraft,
  paidScene,
  patient,
  performed,
  type Scene,
  type StatementOptions,
  settledScene,
  signedBy,
  statementDraft,
  voucherFor,
  type World,
} from "./world.ts"

const visit = handle("one")

const guardian = seedOf("guardian")

const biller = by(clinic, "bill", "billed")

const countersigned = patient(visit, "countersigned")

const withAll = [performed(), countersigned, agreedBy(payer)]

/** A later statement of the same visit, over the same leg unless told. */
function later({ voucher, statement }: Scene, options: StatementOptions & { amount?: bigint } = {}) {
  const amount = options.amount ?? 1_204_63n
  const legs = [{ voucher, amount, label: `later ${amount}` }]
  return statementDraft(visit, { supersedes: statement, legs, label: "later", ...options })
}

/** Two legs: the payer's and the second payer's. */
function twoLegs(world: World) {
  world.deposit(secondPayer, 10_000_00n)
  const scene = heldScene({ world })
  const second = voucherFor(visit, { payer: secondPayer, cap: 500_00n })
  world.must(holdDraft(visit, { voucher: second, amount: 500_00n }))
  const legs = [
    { voucher: scene.voucher, amount: 1_000_00n },
    { voucher: second.id(chainId), amount: 337_98n },
  ]
  return { scene, legs, draft: statementDraft(visit, { legs }) }
}

function custodianScene(world: World, signed: boolean): Scene {
  world.deposit(custodian, 10_000_00n)
  const scene = heldScene({ world, payer: custodian, signed })
  // The facts bear the patient's signature, the statement need not.
  world.must(signedBy(factsDraft(visit), performed(), countersigned))
  return scene
}

test("visit-statement: who may sign, one row an outcome", () => {
  const settle =
    (...orders: Parameters<typeof signedBy>[1][]) =>
    (world: World) =>
      signedBy(heldScene({ world }).filed, ...orders)
  assertOutcomes([
    { it: "settled at once", code: "applied", draft: settle(...withAll) },
    {
      it: "settled by the biller on recorded facts",
      code: "applied",
      draft(world) {
        world.must(signedBy(factsDraft(visit), performed(), countersigned))
        return signedBy(heldScene({ world }).filed, biller, agreedBy(payer))
      },
    },
    { it: "of a record without a payer", code: "applied", draft: () => statementDraft(visit) },
    {
      it: "with the signatures in another order",
      code: "bad-envelope",
      draft: settle(performed(), agreedBy(payer), countersigned),
    },
    {
      it: "performed with a wrong role",
      code: "signer-wrong-role",
      draft: settle(by(clinic, "bill", "performed"), agreedBy(payer)),
    },
    {
      it: "performed by another provider's",
      code: "signer-not-party",
      draft: settle(performed(hospital), agreedBy(payer)),
    },
    { it: "billed with a wrong role", code: "signer-wrong-role", draft: settle(by(clinic, "hold", "billed")) },
    {
      it: "countersigned by another V",
      code: "signer-not-party",
      draft: settle(performed(), patient(handle("two"), "countersigned")),
    },
    {
      it: "attested by nobody",
      code: "signer-unknown",
      draft: settle(performed(), { seed: guardian, meaning: "attested" }),
    },
    { it: "billed on facts not recorded", code: "facts-unknown", draft: settle(biller) },
    {
      it: "agreed by nobody",
      code: "signer-unknown",
      draft: settle(performed(), countersigned, { seed: guardian, meaning: "agreed" }),
    },
    {
      it: "agreed with an ended key",
      code: "signer-inactive",
      draft(world) {
        const { filed } = heldScene({ world })
        world.set("keys", { key: keyOf(orgSeed(payer, "agree")) }, { until: firstHour })
        return signedBy(filed, ...withAll)
      },
    },
    {
      it: "agreed with a wrong role",
      code: "signer-wrong-role",
      draft: settle(performed(), countersigned, by(payer, "pay", "agreed")),
    },
    {
      it: "agreed by a payer of no leg",
      code: "signer-not-party",
      draft: settle(performed(), countersigned, agreedBy(secondPayer)),
    },
    {
      it: "agreed in another order than the legs",
      code: "signer-not-party",
      draft(world) {
        const { draft } = twoLegs(world)
        return signedBy(draft, performed(), countersigned, agreedBy(secondPayer), agreedBy(payer))
      },
    },
    {
      it: "agreed, nobody on the patient's side signed",
      code: "patient-side-unsigned",
      draft: settle(performed(), agreedBy(payer)),
    },
    {
      it: "agreed, attested by the provider's own",
      code: "patient-side-unsigned",
      draft: settle(performed(), by(clinic, "perform", "attested"), agreedBy(payer)),
    },
    {
      it: "agreed, attested",
      code: "applied",
      draft: settle(performed(), by(hospital, "perform", "attested"), agreedBy(payer)),
    },
    {
      it: "agreed after silence that was long enough",
      code: "applied",
      draft(world) {
        const { filed } = filedScene({ world, signed: false })
        world.pass(720)
        return signedBy(filed, performed(), agreedBy(payer))
      },
    },
    {
      it: "agreed an hour too early",
      code: "patient-side-unsigned",
      draft(world) {
        const { filed } = filedScene({ world, signed: false })
        world.pass(719)
        return signedBy(filed, performed(), agreedBy(payer))
      },
    },
    {
      it: "a custodian agreed, V has signed the facts only",
      code: "patient-side-unsigned",
      draft: (world) => signedBy(custodianScene(world, false).filed, performed(), agreedBy(custodian)),
    },
    {
      it: "a custodian agreed, V has signed",
      code: "applied",
      draft: (world) => signedBy(custodianScene(world, true).filed, performed(), countersigned, agreedBy(custodian)),
    },
    {
      it: "a custodian agreed later, V has signed before",
      code: "applied",
      draft(world) {
        const { filed } = custodianScene(world, true)
        world.must(filed)
        return signedBy(filed, performed(), agreedBy(custodian))
      },
    },
  ])
})

test("visit-statement: what may be filed, in the order of refusal", () => {
  assertOutcomes([
    {
      it: "on a void statement",
      code: "wrong-stage",
      draft(world) {
        const scene = filedScene({ world })
        world.must(legDraft("void/1", visit, { statement: scene.statement }))
        return later(scene)
      },
    },
    {
      it: "beside the one in force",
      code: "statement-superseded",
      draft: (world) => later(filedScene({ world }), { supersedes: undefined as never }),
    },
    {
      it: "after one that is not in force",
      code: "statement-unknown",
      draft: (world) => later(filedScene({ world }), { supersedes: seedOf("nothing") }),
    },
    {
      it: "first, after one",
      code: "statement-unknown",
      draft: (world) => later(heldScene({ world })),
    },
    {
      it: "over a voucher that is no leg",
      code: "leg-unknown",
      draft: (world) => later(filedScene({ world }), { legs: [{ voucher: seedOf("nothing"), amount: 1n }] }),
    },
    {
      it: "over a leg twice",
      code: "leg-unknown",
      draft(world) {
        const { voucher } = heldScene({ world })
        const leg = { voucher, amount: 1n }
        return statementDraft(visit, { legs: [leg, leg] })
      },
    },
    {
      it: "in another order than the legs",
      code: "leg-unknown",
      draft: (world) => statementDraft(visit, { legs: twoLegs(world).legs.reverse() }),
    },
    {
      it: "over a released leg",
      code: "wrong-stage",
      draft(world) {
        const { filed } = heldScene({ world })
        world.must(legDraft("cancel/1", visit))
        return filed
      },
    },
    {
      it: "over a disputed leg",
      code: "wrong-stage",
      draft: (world) => later(disputedScene({ world })),
    },
    {
      it: "without a leg of the one in force",
      code: "leg-unknown",
      draft: (world) => later(filedScene({ world }), { legs: [] }),
    },
    {
      it: "with a commitment that is the identity",
      code: "bad-point",
      draft: (world) => withCommitment(heldScene({ world }), new Uint8Array(32)),
    },
    {
      it: "with a commitment that is no point",
      code: "bad-point",
      draft: (world) => withCommitment(heldScene({ world }), new Uint8Array(32).fill(0xff)),
    },
    {
      it: "that changes a settled leg without its payer",
      code: "quorum-missing",
      draft: (world) => later(settledScene({ world })),
    },
    {
      it: "that changes a paid leg without its payer",
      code: "quorum-missing",
      draft: (world) => later(paidScene({ world })),
    },
    {
      it: "that changes a paid leg with its payer",
      code: "applied",
      draft: (world) => signedBy(later(paidScene({ world })), performed(), agreedBy(payer)),
    },
    {
      it: "that leaves a settled leg as it is",
      code: "applied",
      draft(world) {
        const scene = settledScene({ world })
        return later(scene, { legs: [{ voucher: scene.voucher, amount: scene.amount }] })
      },
    },
    {
      it: "agreed for a released leg of the one in force",
      code: "wrong-stage",
      draft(world) {
        const { filed } = filedScene({ world })
        world.must(legDraft("cancel/1", visit))
        return signedBy(filed, ...withAll)
      },
    },
    {
      it: "agreed for a disputed leg of the one in force",
      code: "applied",
      draft: (world) => signedBy(disputedScene({ world }).filed, ...withAll),
    },
  ])
})

function withCommitment({ filed }: Scene, commitment: Uint8Array): Draft {
  return { ...filed, body: { ...filed.body, legs: filed.body.legs.map((leg) => ({ ...leg, commitment })) } }
}
