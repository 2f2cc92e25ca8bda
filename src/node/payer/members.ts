/**
 * Members, snapshots and vouchers: the payer's promises. A voucher works once, tells the ledger nothing, and carries
 * its own part of every counted limit, so that two visits at once can never use the same unit of cover.
 */
import { randomBytes } from "node:crypto"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { decodeEnvelope, keyId } from "../../base/envelope.ts"
import { maximum } from "../../base/money.ts"
import { refuse } from "../../base/refusal.ts"
import { firstHourOfMonth, parseDate } from "../../base/time.ts"
import { encodePayload, transactionId, voucherBody, voucherType } from "../../ledger/envelopes.ts"
import { isOnLadder } from "../../ledger/limits.ts"
import { legStates, voucherStates } from "../../ledger/rows.ts"
import { encodeTerms, holders, type Terms, termsDigest } from "../../ledger/terms.ts"
import { type Member, plainMember } from "../../plan/claim.ts"
import type { Bucket } from "../../plan/parts.ts"
import { type Plan, rulesOfKind, valueOn } from "../../plan/plan.ts"
import { startOfPeriod } from "../../plan/share/room.ts"
import { encodeSnapshot, firstSnapshot, type Snapshot, snapshotDigest } from "../../plan/snapshot.ts"
import type { LetterBody } from "../../record/letter.ts"
import { organizationKinds } from "../config.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { envelopeOf } from "../payload.ts"
import { findMember, type IssuedVoucher, type MemberFile, memberOfVisit, saveMember } from "./member-file.ts"

const fresh = () => new Uint8Array(randomBytes(32))
/** Months that a voucher stays good after its month of service, for claims that come late. */
const voucherMonths = 3
const coverWithoutEnd = 73_000

function dayField(fields: Fields, name: string): number | undefined {
  if (!fields.has(name)) return undefined
  const day = parseDate(fields.text(name))
  return day ?? refuse("date", "Cannot read request: a date that exists is expected", name, "As 2026-04-14")
}

function memberOf(fields: Fields): Member {
  return {
    ...plainMember,
    born: dayField(fields, "born"),
    sex: fields.has("sex") ? fields.code("sex") : undefined,
    coverFrom: dayField(fields, "coverFrom"),
    coverTo: dayField(fields, "coverTo"),
    enrolled: dayField(fields, "enrolled"),
  }
}

/** A member's place in a bucket, from what is left of it on the day she is enrolled here. */
function openingRows(
  plan: Plan,
  facts: Member,
  left: readonly Fields[],
  day: number,
): Pick<Snapshot, "buckets" | "counts"> {
  const buckets: Snapshot["buckets"][number][] = []
  const counts: Snapshot["counts"][number][] = []
  for (const fields of left) {
    const bucket = plan.buckets.find(({ name }) => name === fields.text("bucket"))
    const number = bucket?.person
    const limit = number && valueOn(number, day)
    if (bucket === undefined || limit === undefined) {
      return refuse(
        "bucket",
        "Cannot enrol member: the plan has no such bucket of a person",
        "left.bucket",
        "Name one of the plan",
      )
    }
    const start = startOfPeriod(bucket, day, { coverFrom: facts.coverFrom, admitted: undefined })
    if (typeof start !== "number")
      return refuse("bucket", `Cannot enrol member: ${start.missing} is missing`, "left.bucket", "Give it")
    const met = maximum(0n, limit - fields.amount("left"))
    const row = { clause: bucket.clause.number, owner: "person", periodStart: start }
    if (bucket.measure === "count") counts.push({ ...row, used: met, allotted: 0n })
    else buckets.push({ ...row, met, limit })
  }
  const byClause = (a: { clause: string }, b: { clause: string }) =>
    a.clause < b.clause ? -1 : a.clause > b.clause ? 1 : 0
  return { buckets: buckets.sort(byClause), counts: counts.sort(byClause) }
}

/** Signs a snapshot's payload as counted. */
export function signSnapshot(node: NodeContext, value: Snapshot): MemberFile["snapshots"][number] {
  const payload = encodeSnapshot(value)
  const envelope = envelopeOf(payload, node.keys.sign("voucher", "counted", node.chain.chainId, payload))
  return { envelope, digest: snapshotDigest(payload), value }
}

async function enrol(node: NodeContext, fields: Fields): Promise<unknown> {
  const cap = fields.amount("cap")
  if (!isOnLadder(cap))
    refuse(
      "not-on-ladder",
      "Cannot enrol member: the cap is no step of the ladder",
      "cap",
      "1, 2 or 5 times a power of ten",
    )
  const plan = await node.plans.get(fields.bytes("plan", 32), node.config.organization)
  const facts = memberOf(fields.object("facts"))
  const { from, until } = plan.front.effective
  const first = firstSnapshot({
    payer: node.config.name,
    member: fresh(),
    plan: plan.digest,
    period: { from, to: until - 1 },
    facts,
    expiry: until * 24,
  })
  const opening = openingRows(plan, facts, fields.objects("left"), node.chain.day)
  const file: MemberFile = {
    enrolment: fresh(),
    plan: plan.digest,
    facts,
    cap,
    snapshots: [signSnapshot(node, { ...first, ...opening })],
    vouchers: [],
    mailbox: undefined,
  }
  await saveMember(node.work, file)
  return { enrolment: toHex(file.enrolment) }
}

/**
 * Whether a voucher's allotment is still given out. It returns when the voucher is void on the ledger, or has expired
 * with no leg standing on it; once a snapshot counts the visit, what it used stands there.
 */
function isOut({ chain }: NodeContext, { V, id, expiry, counted }: IssuedVoucher): boolean {
  if (counted) return false
  const tables = chain.tables()
  if (chain.hour < expiry) return tables.vouchers.get({ expiry, id })?.state !== voucherStates.void
  const providers = [...tables.organizations.rows()].filter(([, { kind }]) => kind === organizationKinds.provider)
  return providers.some(([{ org }]) =>
    tables.visits
      .get({ V, provider: org })
      ?.legs.some(({ voucher, state }) => equalBytes(voucher, id) && state !== legStates.released),
  )
}

/** What is left of a counted limit after what is used and what is out in unused vouchers. */
function unallotted(node: NodeContext, file: MemberFile, bucket: Bucket): number {
  const snapshot = file.snapshots.at(-1)!.value
  const clause = bucket.clause.number
  const limit = bucket.person === undefined ? 0n : (valueOn(bucket.person, node.chain.day) ?? 0n)
  const counted = snapshot.counts.find((row) => row.clause === clause)?.used ?? 0n
  const spent = snapshot.buckets.find((row) => row.clause === clause)?.met ?? 0n
  const out = file.vouchers
    .filter((issued) => isOut(node, issued))
    .flatMap(({ allotments }) => allotments)
    .filter((part) => part.clause === clause)
  return Number(maximum(0n, limit - counted - spent - BigInt(out.reduce((sum, part) => sum + part.quantity, 0))))
}

/** One unit of a count, or an even share of a sum, for the next of `vouchersLeft` vouchers. */
function allotmentsFor(node: NodeContext, plan: Plan, file: MemberFile, vouchersLeft: number) {
  const buckets = [...rulesOfKind(plan, "limit"), ...rulesOfKind(plan, "ceiling")].map(({ effect }) => effect.bucket)
  return buckets.map((bucket) => {
    const left = unallotted(node, file, bucket)
    const quantity = bucket.measure === "count" ? Math.min(1, left) : Math.floor(left / vouchersLeft)
    return { clause: bucket.clause.number, quantity }
  })
}

function issueOne(
  node: NodeContext,
  file: MemberFile,
  V: Uint8Array,
  month: number,
  allotments: IssuedVoucher["allotments"],
) {
  const { chainId } = node.chain
  const terms: Terms = {
    salt: fresh(),
    plan: file.plan,
    snapshot: file.snapshots.at(-1)!.digest,
    holder: holders.patient,
    coverFrom: file.facts.coverFrom ?? 0,
    coverTo: file.facts.coverTo ?? coverWithoutEnd,
    allotments,
  }
  const body = { V, payer: node.config.organization, cap: file.cap, month, terms: termsDigest(terms) }
  const expiry = firstHourOfMonth(month + voucherMonths)
  const payload = encodePayload(voucherType, expiry, voucherBody, body)
  const envelope = envelopeOf(payload, node.keys.sign("voucher", "vouchered", chainId, payload))
  return {
    issued: { V, id: transactionId(chainId, payload), allotments, expiry, counted: false },
    sent: { envelope, terms: encodeTerms(terms) },
  }
}

/** The snapshots a wallet has not seen, so that it can add up each step; only the newest for one that knows none. */
function snapshotsSince(node: NodeContext, file: MemberFile, known: Uint8Array | undefined): readonly Uint8Array[] {
  const seen = file.snapshots.findIndex(({ digest }) => known !== undefined && equalBytes(digest, known))
  const from = known === undefined ? file.snapshots.length - 1 : Math.min(seen + 1, file.snapshots.length - 1)
  const now = keyId(node.keys.publicKey("voucher"))
  // A payer signs all of a letter with one key: what an earlier one signed is signed anew, the same to the byte inside.
  return file.snapshots.slice(from).map(({ envelope, value }) => {
    const [signature] = decodeEnvelope(envelope, 1).signatures
    return equalBytes(signature!.key, now) ? envelope : signSnapshot(node, value).envelope
  })
}

/** Answers a wallet: one voucher for each of its fresh keys, all standing on the newest snapshot. */
async function issue(
  node: NodeContext,
  file: MemberFile,
  request: LetterBody<"voucher-request">,
): Promise<LetterBody<"vouchers">> {
  const plan = await node.plans.get(file.plan, node.config.organization)
  const sent: LetterBody<"vouchers">["vouchers"][number][] = []
  let current = file
  for (const [i, V] of request.keys.entries()) {
    const allotments = allotmentsFor(node, plan, current, request.keys.length - i)
    const made = issueOne(node, current, V, request.month, allotments)
    current = { ...current, vouchers: [...current.vouchers, made.issued] }
    sent.push(made.sent)
  }
  await saveMember(node.work, current)
  return { snapshots: snapshotsSince(node, current, request.known), vouchers: sent }
}

export function receiveMemberLetters(node: NodeContext): void {
  node.mail.on("voucher-request", async ({ answerTo, thread }, request) => {
    const file = findMember(node.work, request.enrolment)
    // A name, a birth date and a member number are not asked for, and would not help.
    if (file === undefined || answerTo === undefined) return
    // A key is one visit's: one that was vouchered before, to whomever, is not vouchered again.
    const names = new Set(request.keys.map(toHex))
    if (names.size < request.keys.length || request.keys.some((V) => memberOfVisit(node.work, V) !== undefined)) return
    const stack = await issue(node, { ...file, mailbox: answerTo }, request)
    await node.mail.send(answerTo, "vouchers", stack, thread)
  })
}

export function memberOperations(node: NodeContext): Operations {
  return { "enrol-member": (fields) => enrol(node, fields) }
}
