/** Lies of provider, payer and patient that the product's own attacks do not tell, told to the running nodes. */
import { sha256 } from "#crypto"
import { fromHex, toHex } from "../../../src/base/bytes.ts"
import { caughtUp, deposit, roles } from "../../../src/cli/community/setting.ts"
import { type Attacker, type Claimed, legOf, openingOf } from "../../../src/cli/visit/attacks/attacker.ts"
import { refusalOf } from "../../../src/cli/visit/attacks/scene.ts"
import { Journey } from "../../../src/cli/visit/journey.ts"
import { decodeReceipt } from "../../../src/verify/receipt.ts"
import { verifyReceipt } from "../../../src/verify/verify.ts"
import { reviewOf } from "../../../src/wallet/review.ts"
import { type Cell, must, notCaught, prevented } from "../lies.ts"
import type { LiarCommunity } from "./community.ts"
import type { LiarScene } from "./scene.ts"

export interface Telling {
  readonly scene: LiarScene
  readonly community: LiarCommunity
  readonly attacker: Attacker
}
export type OwnLie = (telling: Telling) => Promise<Cell>

const paid = 3

export const partyLies: Readonly<Record<string, OwnLie>> = {
  async phantom({ scene, attacker }) {
    const extra = must(scene.told.extra, "the told visit has no extra line")
    const { journey } = await attacker.recorded({ facts: [...scene.told.facts, { ...extra.fact, entry: 0 }] })
    const fact = scene.told.facts.length
    await journey.claim([...scene.told.lines, { ...extra.line, facts: [fact] }])
    const first = await journey.review()
    must(
      first.facts.some(({ sentence }) => sentence === extra.fact.sentence),
      "she is not shown the sentence",
    )
    await journey.deny(first, [fact])
    const second = await journey.review()
    const { heldLines } = await journey.status()
    await journey.countersign(second)
    await journey.settled(second.statement)
    const gone = heldLines.includes(extra.line.number) && second.lines.length === scene.told.lines.length
    return gone
      ? prevented("patient, by denying its sentence", { note: "Only if she reads what she signs." })
      : notCaught("The denied line was paid.")
  },

  /** The scan is billed as the dearer injection; every sentence is true. */
  async upcode({ scene, attacker }) {
    const dear = scene.told.lines[2]!
    const lines = [scene.told.lines[0]!, { ...dear, number: 2, facts: scene.told.lines[1]!.facts }]
    const code = await refusalOf(() => attacker.settled({ lines }))
    return code === undefined
      ? notCaught("The plan prices whatever code cites a fact; she sees sentence and money.")
      : prevented(code)
  },

  async "back-date-month"({ scene, attacker }) {
    const today = Math.floor((await attacker.hour()) / 24)
    must(today > scene.told.serviceDay, "the clock still stands on the day of service")
    const code = await refusalOf(() => attacker.settled())
    return code === undefined
      ? notCaught("The hold's hour is on the ledger, and nobody compares the day of service with it.")
      : prevented(code)
  },

  async "bill-two-covers"({ scene, attacker }) {
    const again = new Journey(scene.setting)
    await again.enrol(attacker.enrolment())
    await attacker.settled()
    const code = await refusalOf(() => attacker.settled({ wallet: again.wallet }))
    return code === undefined
      ? notCaught("Two covers share nothing by which a payer could see that they are one person's.")
      : prevented(code)
  },

  /** The voucher's signature and the payer's key are checked from files; a changed voucher is no voucher. */
  async "deny-promise"({ scene }) {
    const { verdict, bytes, statement, bundle } = scene.review
    must(verdict.good && verdict.notChecked.length === 0, "bundle and registers prove it")
    const { chainId } = scene.setting
    const at = Buffer.from(bytes).indexOf(Buffer.from(bundle.voucher))
    must(at >= 0, "the bundle holds the voucher")
    const forged = Uint8Array.from(bytes)
    const last = at + bundle.voucher.length - 1
    forged[last] = forged[last]! ^ 1
    must(!reviewOf(forged, statement, { chainId }).verdict.good, "a voucher with another signature is refused")
    return {
      verdict: "caught",
      by: "whoever holds the bundle",
      when: "when it denies",
      evidence: "the payer's signed voucher, its key proven under a signed header",
    }
  },

  async "no-money"({ scene, attacker }) {
    const [payer, bank] = [attacker.node(roles.payer), attacker.node(roles.bank)]
    const { free } = await bank.desk<{ free: string }>("account", { organization: roles.payer })
    const drawn = { custodian: roles.bank, amount: BigInt(free), reference: "emptied" }
    await bank.desk("withdraw", await payer.desk<object>("prepare-withdrawal", drawn))
    const code = await refusalOf(() => attacker.recorded())
    await deposit(scene.setting, roles.payer, BigInt(free))
    return code === undefined
      ? notCaught("A hold was made of nothing.")
      : prevented(code, { when: "at the hold, before care" })
  },

  async "deny-visit"({ scene }) {
    const { receipt, anchor } = scene
    must(verifyReceipt(receipt, anchor).valid, "the receipt verifies")
    const hers = Buffer.from(scene.main.visit.V)
    must(Buffer.from(decodeReceipt(receipt).transaction).includes(hers), "her key stands under it")
    return {
      verdict: "caught",
      by: "whoever holds the receipt",
      when: "when she denies",
      evidence: "the receipt with her signature, under a signed header",
    }
  },

  async lend({ attacker }) {
    const { journey } = await attacker.settled()
    const { settled } = await journey.status()
    return settled ? notCaught("Who holds the keys is the patient.") : prevented("wallet")
  },

  async "signing-key"({ scene, attacker }) {
    const journey = new Journey(scene.setting, roles.clinic, await attacker.wallet())
    await journey.arrive(scene.practitioner.id)
    const clinic = await attacker.insider(roles.clinic)
    const { voucher } = journey.visit.voucher
    const body = { V: journey.visit.V, provider: roles.clinic, amount: attacker.hold, voucher, delegation: undefined }
    const code = await refusalOf(() =>
      attacker.run("hold/1", body, (payload) => [clinic.sign("hold", "held", payload)]),
    )
    return code === undefined
      ? notCaught("Money was held without her.")
      : prevented(code, { note: "What the stolen key signs in the doctor's name stands until the key is ended." })
  },

  async replay({ scene, attacker }) {
    const shown = async () => JSON.stringify(await attacker.shown(scene.main))
    const before = await shown()
    await attacker.submit(decodeReceipt(scene.receipt).transaction)
    return (await shown()) === before
      ? prevented("ledger: applied before", { note: "It answers as the first time and moves nothing." })
      : notCaught("The same bytes moved something.")
  },
}

/** The witness attests the delivery; the bundle stays with it, since a running payer's node would answer by itself. */
async function attested(attacker: Attacker, claimed: Claimed): Promise<void> {
  const witness = await attacker.insider(roles.regulator)
  const body = { ...legOf(claimed), bundle: sha256(claimed.review.bytes) }
  await attacker.run("deliver/1", body, (payload) => [witness.sign("witness", "delivered", payload)])
}

/** A visit whose payer will never answer: its window has begun. */
export interface Stalled {
  readonly claimed: Claimed
  readonly deadline: number
  readonly hours: number
}

export async function startStalling({ attacker }: Telling): Promise<Stalled> {
  const claimed = await attacker.claimed()
  await attacker.filed(claimed, "both")
  await attested(attacker, claimed)
  const [{ deadline }, from] = [await attacker.leg(claimed.journey), await attacker.running()]
  return { claimed, deadline, hours: deadline - from }
}

/** The window passes, since the attacks that ran meanwhile have turned the clock, and the clinic is paid. */
export async function stallEnds({ attacker }: Telling, { claimed, deadline, hours }: Stalled): Promise<Cell> {
  if ((await attacker.running()) < deadline) await attacker.window.until(deadline)
  await attacker.elapsed(claimed)
  const clinic = await attacker.insider(roles.clinic)
  const parties = { payer: roles.payer, provider: roles.clinic, legs: [{ V: legOf(claimed).V, leg: 0 }] }
  // What silence opens is opened alone, so nothing blinds the payment any more.
  const body = { ...parties, amount: openingOf(claimed).amount, blinding: new Uint8Array(32) }
  const transaction = await attacker.run("pay/1", body, async (payload) => [clinic.sign("pay", "paid", payload)])
  await caughtUp(attacker.setting.community)
  const asked = { transaction: toHex(transaction) }
  const { receipt } = await attacker.node(roles.clinic).desk<{ receipt: string }>("receipt", asked)
  const valid = verifyReceipt(fromHex(receipt), attacker.scene.anchor).valid
  return valid && (await attacker.leg(claimed.journey)).state === paid
    ? prevented("ledger: elapse", { when: `${hours} hours of block time`, evidence: "the payment's receipt" })
    : notCaught("Nothing was paid.")
}
