/** Attacks on money that is held, settled or paid: by the payer, by the clinic, by both one after the other. */
import { fromHex, toHex } from "../../../base/bytes.ts"
import { formatMoney } from "../../../base/money.ts"
import { findVisit, saveVisit } from "../../../node/provider/visit-file.ts"
import { decodeReceipt } from "../../../verify/receipt.ts"
import { roles } from "../../community/setting.ts"
import { type Attacker, type Claimed, legOf, openingOf, stepBelow } from "./attacker.ts"
import { type Attack, attack } from "./family.ts"
import { blocked, NotRun, orNotRun } from "./scene.ts"

const paid = 3

function payment(attacker: Attacker, claimed: Claimed, amount: bigint, by: "clinic" | "payer") {
  const { journey } = claimed
  const body = {
    payer: roles.payer,
    provider: roles.clinic,
    legs: [{ V: journey.visit.V, leg: 0 }],
    amount,
    blinding: openingOf(claimed).blinding,
  }
  return attacker.run("pay/1", body, async (payload) => [
    (await attacker.insider(roles[by])).sign("pay", "paid", payload),
  ])
}

/** Takes its money out of reach: one unit more than is free, with holds outstanding. */
export const withdrawal = attack("withdrawal after the hold", async (attacker) => {
  const { journey } = await attacker.recorded()
  const [payer, bank] = [attacker.node(roles.payer), attacker.node(roles.bank)]
  const before = await attacker.leg(journey)
  const withdraw = async () => {
    const { free, reserved } = await bank.desk<{ free: string; reserved: string }>("account", {
      organization: roles.payer,
    })
    const amount = BigInt(free) + BigInt(reserved)
    const prepared = await payer.desk<object>("prepare-withdrawal", {
      custodian: roles.bank,
      amount,
      reference: "attack",
    })
    await bank.desk("withdraw", prepared)
  }
  return blocked("withdrawal after the hold", [{ expected: "account-short", attempt: withdraw }], async () => {
    const after = await attacker.leg(journey)
    if (after.hold !== before.hold) throw new NotRun("the hold changed")
    return `The payer asked for all it owns, held money included; the visit's hold of ${formatMoney(BigInt(after.hold))} stands.`
  })
})

/** The payer would rather pay one cent less: by itself, and then before its panel. */
export const shortPay = attack("payer short-pays one cent", async (attacker) => {
  const settled = await attacker.settled()
  const { amount } = openingOf(settled)
  const contested = await attacker.claimed()
  await attacker.filed(contested, "both")
  const row = await blocked(
    "payer short-pays one cent",
    [{ expected: "too-early", attempt: () => payment(attacker, settled, amount - 1n, "payer") }],
    () => rulingFor(attacker, contested, amount - 1n),
  )
  await payment(attacker, settled, amount, "clinic")
  return row.result === "blocked" ? { ...row, by: `${row.by}, panel of arbiters` } : row
})

/** The payer contests and pays a cent less at once; its own panel rules for the clinic, which is paid the cent. */
async function rulingFor(attacker: Attacker, contested: Claimed, amount: bigint): Promise<string> {
  const opening = openingOf(contested)
  const evidence = new Uint8Array(32).fill(7)
  const payer = await attacker.insider(roles.payer)
  await attacker.run("contest/1", { ...legOf(contested), amount, evidence }, (payload) => [
    payer.sign("agree", "contested", payload),
  ])
  const ruling = { ...legOf(contested), choice: 0, amount: opening.amount, blinding: opening.blinding }
  await attacker.run("rule/1", ruling, (payload) =>
    Promise.all(
      [roles.regulator, roles.association].map(async (arbiter) => {
        const signed = await attacker.node(arbiter).desk<{ header: string; signature: string }>("rule", { payload })
        return { header: fromHex(signed.header), signature: fromHex(signed.signature) }
      }),
    ),
  )
  const rest = opening.amount - amount
  const body = {
    payer: roles.payer,
    provider: roles.clinic,
    legs: [{ V: contested.journey.visit.V, leg: 0 }],
    amount: rest,
  }
  const clinic = await attacker.insider(roles.clinic)
  // A ruling opens the amount, so nothing blinds the difference any more.
  const blinding = new Uint8Array(32)
  await attacker.run("pay/1", { ...body, blinding }, (payload) => [clinic.sign("pay", "paid", payload)])
  const leg = await attacker.leg(contested.journey)
  if (leg.state !== paid) throw new NotRun("the ruled visit was not paid")
  return `Contested, ${formatMoney(BigInt(leg.contested))} was paid at once; two arbiters ruled for the clinic, ${formatMoney(rest)} followed and the payer bore the fee.`
}

/** More than the hold: wallet and payer see it before they sign, the ledger when silence would pay it. */
export const aboveHold = attack("amount above its hold", async (attacker) => {
  const hold = (benefit: bigint) => stepBelow(benefit)
  const asked = await attacker.claimed({ hold })
  const askPayer = async () => {
    await attacker.blindlySigned(asked)
    await asked.journey.settled(asked.review.statement)
  }
  const silent = await attacker.claimed({ hold })
  const benefit = BigInt(silent.priced.plan)
  await attacker.filed(silent, "both")
  await attacker.delivered(silent)
  const elapse = async () => {
    const { deadline } = await attacker.leg(silent.journey)
    await attacker.window.until(deadline)
    await attacker.elapsed(silent)
  }
  return blocked(
    "amount above its hold",
    [
      { who: "payer", expected: "above-hold", attempt: askPayer },
      { expected: "above-hold", attempt: elapse },
      { who: "wallet", expected: "above-hold", attempt: () => asked.journey.countersign(asked.review) },
    ],
    () =>
      `${formatMoney(benefit)} was claimed with ${formatMoney(hold(benefit))} held: from the payer, from its silence, and with her signature.`,
  )
})

/** One visit that never was, from its claim to its refund: what each side tries with its money on the way. */
export const paymentTricks: Attack = {
  names: ["doctor and patient colluding", "forged payment sum", "claim replayed", "refund taken twice"],
  async run(attacker) {
    const phantom = await attacker.phantom()
    const { amount } = openingOf(phantom)
    const more = { expected: "bad-opening", attempt: () => payment(attacker, phantom, amount + 1n, "clinic") }
    const less = { expected: "bad-opening", attempt: () => payment(attacker, phantom, amount - 1n, "clinic") }
    const forged = await blocked(
      "forged payment sum",
      [more, less],
      () => `${formatMoney(amount)} was settled; a cent more and a cent less were asked for.`,
    )
    // A forged sum that was taken has paid the leg already.
    if (forged.result !== "missed") {
      const transaction = await payment(attacker, phantom, amount, "clinic")
      const { work } = await attacker.insider(roles.clinic)
      const { statement } = phantom.review
      // The insider paid past the clinic's desk: its books are told, for the refund that follows.
      await saveVisit(work, { ...findVisit(work, phantom.journey.visit.V)!, paid: transaction, paidFor: statement })
    }
    const { state } = await attacker.leg(phantom.journey)
    const colluding = {
      name: "doctor and patient colluding",
      result: state === paid ? ("missed" as const) : ("blocked" as const),
      by: state === paid ? "nobody" : "ledger",
      detail: `A visit that never was, signed by both, settled and was paid ${formatMoney(amount)}; auditors and statistics must find it.`,
    }
    return [
      colluding,
      forged,
      await orNotRun("claim replayed", () => replayed(attacker, phantom)),
      await orNotRun("refund taken twice", () => refundTwice(attacker, phantom)),
    ]
  },
}

/** The same transaction, the same claim under new salts, the same leg paid again. */
async function replayed(attacker: Attacker, settled: Claimed) {
  const { journey, priced } = settled
  const { receipt } = await journey.status()
  const before = await attacker.shown(journey)
  // Applied before: the ledger answers as the first time and does nothing.
  await attacker.submit(decodeReceipt(fromHex(receipt!)).transaction)
  const same = JSON.stringify(await attacker.shown(journey)) === JSON.stringify(before)
  const again = async () => {
    await journey.claim(attacker.scene.told.lines)
    const review = await journey.review()
    await attacker.filed({ journey, priced, review }, "both")
  }
  const row = await blocked(
    "claim replayed",
    [
      { expected: "statement-superseded", attempt: again },
      { expected: "wrong-stage", attempt: () => payment(attacker, settled, openingOf(settled).amount, "clinic") },
    ],
    () =>
      `The same bytes again changed nothing in visit ${toHex(journey.visit.V).slice(0, 12)}; claimed anew and paid again it was refused.`,
  )
  return same ? row : { ...row, result: "missed" as const, by: "nobody" }
}

/** The clinic replaces its claim and refunds the difference; the payer would like it once more. */
async function refundTwice(attacker: Attacker, settled: Claimed) {
  const name = "refund taken twice"
  const { journey } = settled
  const clinic = attacker.node(roles.clinic)
  const visit = toHex(journey.visit.V)
  const { statement } = await clinic.desk<{ statement: string }>("replace", { visit, remove: [1] })
  await journey.settled(fromHex(statement))
  const { amount, transaction } = await clinic.desk<{ amount: string; transaction: string }>("refund", { visit })
  const before = JSON.stringify(await attacker.shown(journey))
  await attacker.submit(fromHex(transaction))
  const same = JSON.stringify(await attacker.shown(journey)) === before
  const body = {
    payer: roles.payer,
    provider: roles.clinic,
    legs: [{ V: journey.visit.V, leg: 0 }],
    amount: BigInt(amount),
  }
  const insider = await attacker.insider(roles.clinic)
  const again = () =>
    attacker.run("refund/1", { ...body, blinding: openingOf(settled).blinding }, (payload) => [
      insider.sign("pay", "refunded", payload),
    ])
  const row = await blocked(
    name,
    [{ expected: "wrong-stage", attempt: again }],
    () => `${formatMoney(BigInt(amount))} was refunded once; the same bytes again moved nothing.`,
  )
  return same ? row : { ...row, result: "missed" as const, by: "nobody" }
}
