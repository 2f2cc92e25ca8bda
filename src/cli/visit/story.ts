/**
 * The story of one visit, in ten steps, told while it really happens: every line on the screen is what a running node,
 * a wallet or a verifier answered just then. One path for the standing example, a FHIR bundle and an 837.
 */
import { toUtf8 } from "#crypto"
import { fromHex, toHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { formatMoney } from "../../base/money.ts"
import { Refused } from "../../base/refusal.ts"
import { formatDate, monthOfDay } from "../../base/time.ts"
import { isRefusal } from "../../formats/answer.ts"
import { balance835 } from "../../formats/x12/remittance/balance-835.ts"
import { decodeReceipt } from "../../verify/receipt.ts"
import type { Review } from "../../wallet/review.ts"
import { organizations } from "../community/organizations.ts"
import {
  anchorOf,
  caughtUp,
  deposit,
  engagePractitioner,
  type Practitioner,
  publishPlan,
  roles,
  type Setting,
} from "../community/setting.ts"
import type { Screen } from "../screen.ts"
import { type MorningVisit, morningHold } from "./eye-visit.ts"
import type { OutFolder } from "./files.ts"
import { Journey, type Priced } from "./journey.ts"
import { showPriced } from "./money-table.ts"
import type { VisitCase } from "./visit-case.ts"

export const payerDeposit = 10_000_000n

/** What the story has so far: handed from step to step, and on to the attacks. */
export interface Tale {
  readonly screen: Screen
  readonly out: OutFolder
  readonly visit: VisitCase
  readonly morning: readonly MorningVisit[]
  readonly setting: Setting
  readonly practitioner: Practitioner
  readonly plan: Uint8Array
  readonly journey: Journey
  readonly timings: Record<string, number>
  /** Bytes of the hold as it stands on the ledger. */
  holdBytes: number
}

export interface Money {
  readonly plan: string
  readonly patient: string
}

const dollars = (amount: string | bigint) => formatMoney(BigInt(amount))
const sinceStart = () => Math.round(performance.now())

/** Before step 1: the community stands, the practitioner is enrolled, the plan is published, the money is there. */
export async function setTheScene(
  screen: Screen,
  out: OutFolder,
  setting: Setting,
  visit: VisitCase,
  morning: readonly MorningVisit[],
): Promise<Tale> {
  const timings: Record<string, number> = {}
  const { community } = setting
  timings["communityMs"] = sinceStart()
  screen.heading("Seven organizations, each with its own process, keys and directory")
  screen.table(
    ["organization", "part", "address"],
    community.nodes.map((node) => [
      node.member.title,
      node.member.kind + (community.turnable && node.member.number === roles.bank ? ", operates the ledger" : ""),
      node.url,
    ]),
  )
  const practitioner = await engagePractitioner(setting, roles.clinic, visit.practitioner.licence)
  const plan = await publishPlan(setting, visit.plan)
  const journey = new Journey(setting)
  return { screen, out, visit, morning, setting, practitioner, plan, journey, timings, holdBytes: 0 }
}

/** 1. The plan and the patient's place in it. */
export async function coverStep({ screen, visit, journey, plan, setting }: Tale): Promise<void> {
  screen.heading(`1. ${visit.patient} has a published plan`)
  await journey.enrol({ plan, facts: visit.member, left: visit.left, cap: visit.hold, day: visit.serviceDay })
  screen.line(
    `Plan ${visit.plan.name}, published with the approval of ${organizations[5]!.title} and ${organizations[6]!.title}.`,
  )
  screen.quiet(`plan ${toHex(plan).slice(0, 32)}…  chain ${setting.chainId}`)
  for (const { bucket, left } of visit.left) screen.line(`Left of "${bucket}": ${dollars(left)}`)
  screen.line(
    "Her wallet took three cover vouchers from the payer by sealed letter; each works once, for one fresh key.",
  )
}

/** 2. The quote: the same function that will settle. */
export async function quoteStep({ screen, visit, journey, practitioner, out }: Tale): Promise<Priced> {
  screen.heading(`2. Quote, before the visit of ${formatDate(visit.serviceDay)}`)
  await journey.arrive(practitioner.id, visit.circumstances)
  screen.line(
    "At the desk she shows a visit address: a one-time key, its voucher, and what it hides sealed to this clinic.",
  )
  const quote = await journey.quote(visit.lines)
  showPriced(screen, quote, visit.lines, visit.labels)
  for (const sentence of quote.explanation.filter((text) => text.includes("because"))) screen.line(sentence)
  out.json("quote.json", quote)
  return quote
}

/** 3. The hold: refused while the account is short, else set aside for good. */
export async function holdStep(tale: Tale): Promise<void> {
  const { screen, visit, journey, setting } = tale
  screen.heading(`3. Hold of ${dollars(visit.hold)}`)
  await refusedWhileShort(tale)
  await deposit(setting, roles.payer, payerDeposit > visit.hold ? payerDeposit : 10n * visit.hold)
  const before = await accountOf(setting, roles.payer)
  const { height, bytes } = await journey.hold(visit.hold)
  tale.holdBytes = bytes
  await caughtUp(setting.community)
  const after = await accountOf(setting, roles.payer)
  screen.line(
    `The payer had ${dollars(before.free)} free; now ${dollars(after.free)} free and ${dollars(after.reserved)} set aside (block ${height}).`,
  )
  screen.line(
    "From here no withdrawal, plan change or suspension of the payer can touch it. An account that is short is refused now, never later.",
  )
}

/** The payer has deposited nothing yet: the ledger must say no. */
async function refusedWhileShort({ screen, visit, journey, setting }: Tale): Promise<void> {
  const { free } = await accountOf(setting, roles.payer)
  if (BigInt(free ?? 0) >= visit.hold)
    return screen.line("The payer has money from an earlier telling. It deposits more, and:")
  try {
    await journey.hold(visit.hold)
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.code !== "account-short") throw error
    screen.line(`Before the bank has booked a deposit: refused, ${error.refusal.code}. Then the payer deposits, and:`)
    return
  }
  throw new Fault("Cannot go on: a hold was taken from an empty account")
}

export interface AccountRow {
  readonly free: string
  readonly reserved: string
}
export function accountOf({ community }: Setting, organization: number): Promise<AccountRow> {
  return community.node(roles.regulator).desk("account", { organization })
}

/** 4. The record: sealed entries, facts in plain words. */
export async function recordStep({ screen, visit, journey }: Tale): Promise<readonly string[]> {
  screen.heading("4. The record, sealed; the facts, in plain words")
  const { entries, files } = await journey.record(visit.entries, visit.facts)
  const size = visit.entries.reduce((sum, { bytes }) => sum + bytes.length, 0)
  screen.line(
    `${entries} entries, ${size} bytes as received: ${[...new Set(visit.entries.map(({ title }) => title))].slice(0, 8).join(", ")}.`,
  )
  screen.line(
    "Each sealed to the patient, to whoever she grants its category, and to the clinic; the ledger gets one salted root.",
  )
  for (const [i, { sentence }] of visit.facts.slice(0, 8).entries()) screen.line(`${i + 1}. ${sentence}`)
  if (visit.facts.length > 8) screen.quiet(`… and ${visit.facts.length - 8} more facts`)
  return files
}

export interface Claimed {
  readonly claim: Priced
  readonly review: Review
}

/** 5. A line that did not happen goes back to its author; the rest goes on. */
export async function claimStep({ screen, visit, journey }: Tale): Promise<Claimed> {
  const { extra } = visit
  if (extra === undefined) {
    screen.heading("5. The claim")
    const claim = await journey.claim(visit.lines)
    const review = await journey.review()
    screen.line(`${review.lines.length} lines, each citing a fact. The patient reads the facts and denies none.`)
    return { claim, review }
  }
  screen.heading(`5. The biller adds "${extra.label}" for ${dollars(extra.line.charge)}`)
  const { fact } = await journey.addFact(extra.fact)
  await journey.claim([...visit.lines, { ...extra.line, facts: [fact] }])
  const first = await journey.review()
  screen.line(`The wallet opens the bundle and shows: "${extra.fact.sentence}" The patient says: this did not happen.`)
  await journey.deny(first, [fact])
  const review = await journey.review()
  const status = await journey.status()
  const claim = {
    ...first,
    plan: status.plan!,
    patient: status.patient!,
    determination: status.determination!,
  } as unknown as Priced
  screen.line(
    `Line ${status.heldLines.join(", ")} went back to its author; the other ${review.lines.length} were determined anew and go on.`,
  )
  return { claim, review }
}

export interface Determinations {
  readonly provider: string
  readonly payer: string
  readonly wallet: string
}

/** 6. Three parties, one determination. */
export async function settleStep(tale: Tale, quote: Priced, { claim, review }: Claimed) {
  const { screen, journey, setting } = tale
  screen.heading("6. Three parties compute the same determination")
  const signed = performance.now()
  await journey.countersign(review)
  const status = await journey.settled(review.statement)
  tale.timings["settledMs"] = sinceStart()
  tale.timings["countersignedToSettledMs"] = Math.round(performance.now() - signed)
  const agreed = await setting.community
    .node(roles.payer)
    .desk<{ determination: string }>("agreed-claim", { statement: review.statement })
  const determinations: Determinations = {
    provider: claim.determination ?? "",
    payer: agreed.determination,
    wallet: toHex(review.verdict.determination ?? new Uint8Array(0)),
  }
  for (const [party, hash] of Object.entries(determinations)) screen.line(`${party.padEnd(9)} ${hash}`)
  const paid: Money = { plan: review.leg.totals.benefit.toString(), patient: review.leg.totals.patient.toString() }
  const same =
    paid.plan === quote.plan && paid.patient === quote.patient && new Set(Object.values(determinations)).size === 1
  const verdict = same ? screen.good("QUOTED = PAID") : screen.bad("QUOTED AND PAID DIFFER")
  screen.line(
    `${verdict}   plan ${dollars(quote.plan)} = ${dollars(paid.plan)}   patient ${dollars(quote.patient)} = ${dollars(paid.patient)}`,
  )
  return { determinations, paid, same, receipt: fromHex(status.receipt!) }
}

/** The other patients of the morning, one after another, while the story goes on. */
export async function settleMorning({ setting, plan, practitioner, visit, morning }: Tale): Promise<number> {
  for (const other of morning) {
    const journey = new Journey(setting)
    const left = [{ bucket: "deductible", left: other.deductibleLeft }]
    await journey.enrol({ plan, facts: visit.member, left, cap: morningHold, day: visit.serviceDay })
    const { entries, facts } = visit
    await journey.run(practitioner.id, { lines: other.lines, entries, facts, hold: morningHold })
  }
  return morning.length
}

interface PaymentAnswer {
  readonly sum: string
  readonly visits: number
  readonly held: string
  readonly back: string
  readonly trace: string
  readonly receipt: string
}

/** 7. One payment over all settled visits; the share at the desk; the papers. */
export async function payStep(tale: Tale, settled: { receipt: Uint8Array; paid: Money }) {
  const { screen, visit, journey, setting, out } = tale
  screen.heading("7. Settled, then paid: one sum over all visits of the morning")
  const payment = await journey.clinic.desk<PaymentAnswer>("pay", {
    payer: roles.payer,
    few: tale.morning.length === 0,
  })
  tale.timings["paidMs"] = sinceStart()
  await caughtUp(setting.community)
  const clinic = await accountOf(setting, roles.clinic)
  screen.line(
    `The ledger shows: ${dollars(payment.sum)} for ${payment.visits === 1 ? "one visit" : `${payment.visits} visits`}, ${dollars(payment.back)} of ${dollars(payment.held)} held goes back to the payer. The clinic has ${dollars(clinic.free)}.`,
  )
  const back = visit.hold - BigInt(settled.paid.plan)
  screen.line(
    `Only the parties can tell: ${dollars(settled.paid.plan)} of it is this visit's, and ${dollars(back)} of her hold went back.`,
  )
  if (payment.visits < 8)
    screen.line("Fewer than eight visits: a real clinic would wait, because the sum shows too much of each.")
  const share = await journey.clinic.desk<{ receipt: string }>("collect", {
    visit: journey.visit.V,
    amount: settled.paid.patient,
  })
  screen.line(`Her own ${dollars(settled.paid.patient)} is taken at the desk, with a signed receipt.`)
  const receipt = out.receipt("receipt", settled.receipt)
  out.receipt("payment-receipt", fromHex(payment.receipt))
  out.write("desk-receipt.cbor", fromHex(share.receipt))
  out.write("genesis.cbor", setting.genesis)
  out.write("anchor.cbor", (await anchorOf(setting)).bytes)
  return { payment, receipt }
}

/** The papers: EOB in words and as FHIR, the 835, the opened bundle. */
export async function papersStep(
  tale: Tale,
  { statement, bytes }: Review,
  payment: PaymentAnswer,
): Promise<{ bundle: string }> {
  const { screen, setting, out } = tale
  const eob = await setting.community
    .node(roles.payer)
    .desk<{ text: string; resource: string }>("explanation", { statement })
  out.write("explanation.txt", `${eob.text}\n`)
  out.write("explanation.json", fromHex(eob.resource))
  const filed = await filedBundle(tale)
  if (filed.registers !== undefined) out.write("registers.cbor", fromHex(filed.registers))
  const bundle = out.write("bundle.cbor", filed.bundle === undefined ? bytes : fromHex(filed.bundle))
  const remittance = await awaitRemittance(tale)
  out.write("remittance.835", remittance)
  const balances = balance835(remittance)
  if (isRefusal(balances)) throw new Refused(balances)
  const faults = balances.flatMap(({ imbalances }) => imbalances)
  screen.line(
    `835 with trace ${payment.trace.slice(0, 12)}…: ${balances[0]?.claims ?? 0} claims, ${balances[0]?.lines ?? 0} lines, paid ${dollars(balances[0]?.paid ?? 0n)}; ${faults.length === 0 ? "balances by all rules" : `${faults.length} rules broken`}.`,
  )
  const counts = await setting.community
    .node(roles.payer)
    .get<{ claims: number; lines: number; clauses: readonly { denied: number }[] }>("/statistics/clauses")
  const denied = counts.clauses.reduce((sum, clause) => sum + clause.denied, 0)
  screen.line(
    `Anybody may ask the payer how often each clause denied: of ${counts.lines} lines of ${counts.claims} claims, ${denied}.`,
  )
  screen.line(`Files in ${out.path}: ${out.names.join(", ")}`)
  return { bundle }
}

/** The clinic's copy has all three signatures; the wallet opened it when there was one. */
function filedBundle({ journey }: Tale): Promise<{ readonly bundle?: string; readonly registers?: string }> {
  return journey.clinic.desk("visit-bundle", { visit: journey.visit.V })
}

async function awaitRemittance({ journey }: Tale): Promise<Uint8Array> {
  for (let tries = 0; tries < 400; tries++) {
    const { documents } = await journey.clinic.desk<{ documents: readonly { name: string; content: string }[] }>(
      "documents",
    )
    const found = documents.find(({ name }) => name.endsWith(".835"))
    if (found !== undefined) return fromHex(found.content)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return toUtf8("")
}

/** Bytes this visit put on the ledger: its hold and its settlement. */
export function ledgerBytes(receipt: Uint8Array, hold: number): number {
  return decodeReceipt(receipt).transaction.length + hold
}

/** The next snapshot has counted the visit; the wallet has added it up again from what it signed. */
export async function countStep({ screen, visit, journey }: Tale, what: string): Promise<void> {
  const before = journey.wallet.cover(roles.payer).snapshots.newest?.value.sequence ?? 0
  for (let tries = 0; tries < 100; tries++) {
    await journey.fetchVouchers(monthOfDay(visit.serviceDay), 1)
    const { sequence, buckets } = journey.wallet.cover(roles.payer).snapshots.newest!.value
    if (sequence === before) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    const met = buckets.map((row) => `${row.clause} ${dollars(row.met)} of ${dollars(row.limit)}`).join(", ")
    screen.line(`Snapshot ${sequence} from the payer ${what}; the wallet added it up again and agrees: ${met}.`)
    return
  }
}

/** 8. An audit: a replacement claim without the exam line. */
export async function auditStep({ screen, journey, visit, out }: Tale, paid: Money): Promise<boolean> {
  const [line] = visit.lines
  if (visit.extra === undefined || line === undefined) return false
  screen.heading(`8. An audit removes line ${line.number} (${visit.labels[0]})`)
  const replaced = await journey.clinic.desk<Priced & { recovered: string; statement: string }>("replace", {
    visit: journey.visit.V,
    remove: [line.number],
  })
  const shown = await journey.review()
  if (shown.verdict.good) journey.noted(shown)
  await journey.settled(fromHex(replaced.statement))
  const refund = await journey.clinic.desk<{ amount: string; transaction: string }>("refund", {
    visit: journey.visit.V,
  })
  screen.line(
    `The plan recovers ${dollars(refund.amount)}: ${dollars(paid.plan)} becomes ${dollars(replaced.plan)}. The patient owed ${dollars(paid.patient)} and still owes ${dollars(replaced.patient)}. The trace says why:`,
  )
  for (const sentence of replaced.explanation.filter((text) => text.includes("because"))) screen.line(sentence)
  out.json("audit.json", replaced)
  return true
}
