/** Attacks on who somebody is: what a name, a birth date and a member number are worth, and what a voucher is. */
import { randomBytes } from "node:crypto"
import { publicKeyOf, toUtf8 } from "#crypto"
import { fromHex, toHex } from "../../../base/bytes.ts"
import { digest } from "../../../base/digest.ts"
import { encodeAs } from "../../../base/schema.ts"
import { firstHourOfMonth, formatDate, monthOfDay } from "../../../base/time.ts"
import {
  encodePayload,
  readNested,
  signOne,
  signPayload,
  voucherBody,
  voucherEnvelope,
  voucherType,
} from "../../../ledger/envelopes.ts"
import { isRejection } from "../../../ledger/rejection.ts"
import { type KeySignature, signWith } from "../../../node/keys.ts"
import { sealFor } from "../../../record/bundle-sealing.ts"
import { addressContent, addressInfo, visitAddress } from "../../../record/visit-address.ts"
import { drain, post, writeLetter } from "../../../wallet/post.ts"
import { Wallet } from "../../../wallet/wallet.ts"
import { fetchPinned } from "../../community/desk-client.ts"
import { roles } from "../../community/setting.ts"
import { Journey } from "../journey.ts"
import type { Attacker } from "./attacker.ts"
import { type Attack, attack } from "./family.ts"
import { blocked, NotRun } from "./scene.ts"

const random = () => new Uint8Array(randomBytes(32))

/** A wallet of the thief's own, with no cover. */
function thiefsWallet({ chainId }: Attacker): Wallet {
  return new Wallet(random(), { chainId, mailboxHost: roles.association })
}

/** The hospital's desk is shown an address of the thief's own; there is nobody who would pay for it. */
async function holdWithoutVoucher(attacker: Attacker): Promise<void> {
  const hospital = attacker.setting.organizations.get(roles.hospital)!
  const mailbox = await thiefsWallet(attacker).newMailbox()
  const content = {
    terms: undefined,
    snapshot: undefined,
    mailbox: mailbox.address,
    recipient: "age1",
    categoryKeys: [],
  }
  const sealed = await sealFor(hospital.sealingKey, toUtf8(addressInfo), encodeAs(addressContent, content))
  const visit = publicKeyOf(random())
  const address = encodeAs(visitAddress, { visit, provider: roles.hospital, voucher: undefined, sealed })
  const desk = attacker.node(roles.hospital)
  await desk.desk("open-visit", { address: toHex(address), practitioner: toHex(attacker.scene.practitioner.id) })
  await desk.desk("prepare-hold", { visit: toHex(visit), amount: attacker.hold })
}

/**
 * A letter to the payer that knows everything about the patient but her secret. The payer reads letters in order of
 * arrival: once it has answered a later, honest letter, the thief's has been read, too.
 */
async function vouchersAskedFor(attacker: Attacker): Promise<number> {
  const { scene, setting, chainId } = attacker
  const { member, patient, serviceDay } = scene.told
  const thief = thiefsWallet(attacker)
  const guess = digest(
    "enrolment",
    toUtf8(patient),
    toUtf8(member.born === undefined ? "" : formatDate(member.born)),
    toUtf8("member 1002-44-871"),
  )
  thief.addCover(roles.payer, guess)
  const mailbox = await thief.newMailbox()
  const payer = setting.organizations.get(roles.payer)!
  const hour = await attacker.hour()
  const request = thief.voucherRequest(roles.payer, monthOfDay(serviceDay), 1)
  await post(
    payer.url,
    await writeLetter(payer, "voucher-request", request, { chainId, hour, thread: random(), from: mailbox }),
    fetchPinned(payer.transport),
  )
  await new Journey(setting).enrol(attacker.enrolment())
  const { url, transport } = setting.organizations.get(roles.association)!
  return (await drain(mailbox, url, { chainId, hour }, fetchPinned(transport))).length
}

/** A voucher that the thief signs, held for by a hospital that helps. */
async function holdWithOwnVoucher(attacker: Attacker): Promise<void> {
  const { chainId, scene } = attacker
  const [visitSeed, signer] = [random(), { seed: random() }]
  const V = publicKeyOf(visitSeed)
  const month = monthOfDay(scene.told.serviceDay)
  const body = { V, payer: roles.payer, cap: attacker.hold, month, terms: random() }
  const payload = encodePayload(voucherType, firstHourOfMonth(month + 3), voucherBody, body)
  const voucher = readNested(voucherEnvelope, signPayload(chainId, payload, [{ signer, meaning: "vouchered" }]))
  if (isRejection(voucher)) throw new NotRun(voucher.message)
  const hospital = await attacker.insider(roles.hospital)
  const amount = attacker.hold
  await attacker.run("hold/1", { V, provider: roles.hospital, amount, voucher, delegation: undefined }, (hold) => [
    hospital.sign("hold", "held", hold),
    signOne(chainId, hold, { signer: { seed: visitSeed }, meaning: "held" }),
  ])
}

export const stolenDemographics = attack("stolen demographics", async (attacker) => {
  let answers = 0
  const row = await blocked(
    "stolen demographics",
    [
      { who: "desk", expected: "no-cover", attempt: () => holdWithoutVoucher(attacker) },
      { expected: "signer-unknown", attempt: () => holdWithOwnVoucher(attacker) },
    ],
    async () => {
      answers = await vouchersAskedFor(attacker)
      return `Asked with name, birth date and member number the payer sent ${answers} vouchers; without one nothing was held.`
    },
  )
  return answers === 0 ? row : { ...row, result: "missed", by: "nobody" }
})

export const voucherTwice = attack("voucher used twice", async (attacker) => {
  const { journey } = await attacker.recorded()
  const { voucher } = journey.visit
  const hospital = new Journey(attacker.setting, roles.hospital, journey.wallet)
  const row = await blocked(
    "voucher used twice",
    [
      {
        expected: "voucher-used",
        attempt: async () => {
          // The wallet forgets that it has shown this one.
          voucher.used = false
          await hospital.arrive(attacker.scene.practitioner.id)
          if (hospital.visit.voucher !== voucher) throw new NotRun("the wallet showed another voucher")
          await hospital.hold(attacker.hold)
        },
      },
    ],
    async () => {
      const { legs } = await attacker.shown(hospital)
      return `Shown at a second desk, voucher ${toHex(voucher.voucher.id(attacker.chainId)).slice(0, 12)} held ${legs?.length ?? 0} legs there.`
    },
  )
  await journey.clinic.desk("cancel", { visit: toHex(journey.visit.V) })
  return row
})

/** Keys that may not sign: nobody's, one for another purpose, and one whose time is over. */
export const wrongKeys: Attack = {
  names: ["unknown key", "key of the wrong role", "expired key"],
  async run(attacker) {
    const { chainId, scene } = attacker
    const journey = new Journey(attacker.setting, roles.clinic, await attacker.wallet())
    await journey.arrive(scene.practitioner.id)
    const clinic = await attacker.insider(roles.clinic)
    const { voucher } = journey.visit.voucher
    const body = { V: journey.visit.V, provider: roles.clinic, amount: attacker.hold, voucher, delegation: undefined }
    const patient = (payload: Uint8Array) =>
      signOne(chainId, payload, { signer: { seed: journey.visit.seed }, meaning: "held" })
    const stranger = { signer: { seed: random() }, meaning: "held" } as const
    const holdBy = (desk: (payload: Uint8Array) => KeySignature) => () =>
      attacker.run("hold/1", body, (payload) => [desk(payload), patient(payload)])
    const unknown = { expected: "signer-unknown", attempt: holdBy((payload) => signOne(chainId, payload, stranger)) }
    const wrong = { expected: "signer-wrong-role", attempt: holdBy((payload) => clinic.sign("bill", "held", payload)) }
    return [
      await blocked("unknown key", [unknown], () => "A hold signed by a key that no organization has registered."),
      await blocked("key of the wrong role", [wrong], () => "A hold signed by the clinic's own key for bills."),
      await expiredKey(attacker),
    ]
  },
}

/** A desk key good for one hour signs facts while it is good; they are brought to the ledger when it is not. */
async function expiredKey(attacker: Attacker) {
  const colleague = await attacker.colleague()
  const clinic = attacker.node(roles.clinic)
  const practitioner = toHex(colleague.id)
  const { payload } = await clinic.desk<{ payload: string }>("prepare-desk-key", { practitioner, hours: 1 })
  const { header, signature } = signWith(colleague.seed, "engaged", attacker.chainId, fromHex(payload))
  await clinic.desk("register-desk-key", { payload, practitioner, header, signature })
  const { review } = await attacker.claimed({ practitioner: colleague, hold: 0n })
  const running = await attacker.running()
  await attacker.window.until(running + 2)
  const attempt = () => attacker.submit(review.bundle.factsStatement)
  return blocked(
    "expired key",
    [{ expected: "signer-inactive", attempt }],
    () => "Facts signed by a desk key whose hour was over.",
  )
}
