/**
 * What the baseline's server checks before it takes a row. Members run the same checks over the rows that concern
 * them before they act on one: a careful payer does not believe the server.
 */
import { bodyAs, type Draft, type Kind, type Line, type Role, type Row, type Terms, writers } from "./row.ts"

export interface KeyHolder {
  /** An organization's name, or a person's pseudonym. */
  readonly holder: string
  readonly role: Role
  /** Hours, the second exclusive. */
  readonly from: number
  readonly until: number
}

/** What the checks read: the rows, the keys, the clock. */
export interface View {
  readonly seconds: number
  holderOf(key: string): Promise<KeyHolder | undefined>
  row(seq: number): Promise<Row | undefined>
  rowsOf(kind: Kind): Promise<readonly Row[]>
}

export interface Allowed {
  /** Names that may stand once in the whole database. */
  readonly once: readonly string[]
  /** Names that may stand so many times. */
  readonly counted: readonly (readonly [name: string, most: number])[]
}
export type Answer = Allowed | { readonly code: string }

const fine: Allowed = { once: [], counted: [] }
const no = (code: string): Answer => ({ code })
const dayOf = (view: View) => Math.floor(view.seconds / 86_400)

interface Case<K extends Kind> {
  readonly body: ReturnType<typeof bodyAs<K>>
  readonly author: KeyHolder
  readonly view: View
}
type Rule<K extends Kind> = (asked: Case<K>) => Promise<Answer> | Answer

async function rowAs<K extends Kind>(view: View, seq: number, kind: K) {
  const row = await view.row(seq)
  if (row?.kind !== kind) return undefined
  const holder = await view.holderOf(row.author)
  return holder && { ...bodyAs(row, kind), by: holder.holder }
}

async function isLicensed(view: View, practitioner: string, day: number): Promise<boolean> {
  const entries = (await view.rowsOf("roster")).map((row) => bodyAs(row, "roster"))
  return entries.filter((entry) => entry.practitioner === practitioner && entry.from <= day).at(-1)?.active ?? false
}

/** What a claim's lines are paid under a schedule; undefined when a code is not in it. */
export function priceOf(codes: Readonly<Record<string, Terms>>, lines: readonly Line[]) {
  let [plan, patient] = [0, 0]
  for (const { code } of lines) {
    const terms = codes[code]
    if (terms === undefined) return undefined
    const paid = Math.floor((terms.allowed * terms.percent) / 100)
    plan += paid
    patient += terms.allowed - paid
  }
  return { plan, patient }
}

/** The visit of a claim: who was here, under whose promise, by which schedule. */
async function visitOf(view: View, claim: { readonly checkin: number }) {
  const checkin = await rowAs(view, claim.checkin, "checkin")
  const eligibility = checkin && (await rowAs(view, checkin.eligibility, "eligibility"))
  const schedule = eligibility && (await rowAs(view, eligibility.schedule, "schedule"))
  return checkin && eligibility && schedule && { checkin, eligibility, schedule }
}

async function checkClaim({ body, author, view }: Case<"claim">): Promise<Answer> {
  const visit = await visitOf(view, body)
  const record = await rowAs(view, body.record, "record")
  if (visit === undefined || record === undefined || record.checkin !== body.checkin) return no("row-unknown")
  if (visit.checkin.provider !== author.holder) return no("not-yours")
  if (body.day !== visit.checkin.day) return no("day-differs")
  if (!(await isLicensed(view, record.by, body.day))) return no("licence-not-active")
  if (body.lines.some(({ fact }) => record.facts[fact] === undefined)) return no("line-without-fact")
  const price = priceOf(visit.schedule.codes, body.lines)
  if (price?.plan !== body.plan || price.patient !== body.patient) return no("amount-differs")
  return fine
}

/** From here on the claim counts: what may be billed once is taken. */
async function checkConfirmation({ body, author, view }: Case<"confirmation">): Promise<Answer> {
  const claim = await rowAs(view, body.claim, "claim")
  const visit = claim && (await visitOf(view, claim))
  if (claim === undefined || visit === undefined) return no("row-unknown")
  if (visit.eligibility.patient !== author.holder) return no("not-yours")
  const { patient } = visit.eligibility
  const counted = claim.lines.flatMap(({ code }) => {
    const most = visit.schedule.codes[code]?.perYear
    return most === undefined ? [] : [[`limit ${patient} ${code}`, most] as const]
  })
  const once = claim.lines.map(({ code }) => `billed ${patient} ${claim.by} ${claim.day} ${code}`)
  return { once: [`claimed ${claim.checkin}`, ...once], counted }
}

const rules: { readonly [K in Kind]: Rule<K> } = {
  schedule: ({ body, author, view }) =>
    body.from < dayOf(view) ? no("backward") : { ...fine, once: [`schedule ${author.holder} ${body.version}`] },
  roster: ({ body, view }) => (body.from < dayOf(view) ? no("backward") : fine),
  async eligibility({ body, author, view }) {
    const schedule = await rowAs(view, body.schedule, "schedule")
    if (schedule?.by !== author.holder) return no("not-yours")
    return { ...fine, once: [`eligibility ${author.holder} ${body.patient} ${body.number}`] }
  },
  async checkin({ body, author, view }) {
    const promise = await rowAs(view, body.eligibility, "eligibility")
    if (promise === undefined) return no("no-cover")
    if (promise.patient !== author.holder) return no("not-yours")
    const month = new Date(body.day * 86_400_000)
    if (month.getUTCFullYear() * 12 + month.getUTCMonth() !== promise.month) return no("outside-eligibility")
    if (body.day !== dayOf(view)) return no("day-differs")
    return { ...fine, once: [`used ${body.eligibility}`] }
  },
  async record({ body, author, view }) {
    if ((await rowAs(view, body.checkin, "checkin")) === undefined) return no("row-unknown")
    return (await isLicensed(view, author.holder, dayOf(view))) ? fine : no("licence-not-active")
  },
  claim: checkClaim,
  confirmation: checkConfirmation,
  denial: () => fine,
  async adjudication({ body, author, view }) {
    const claim = await rowAs(view, body.claim, "claim")
    const visit = claim && (await visitOf(view, claim))
    if (claim === undefined || visit?.eligibility.by !== author.holder) return no("not-yours")
    const confirmed = (await view.rowsOf("confirmation")).some(
      (row) => bodyAs(row, "confirmation").claim === body.claim,
    )
    if (!confirmed) return no("not-confirmed")
    return body.plan === claim.plan ? { ...fine, once: [`adjudicated ${body.claim}`] } : no("amount-differs")
  },
  async remittance({ body, author, view }) {
    const adjudication = await rowAs(view, body.adjudication, "adjudication")
    if (adjudication?.by !== author.holder) return no("not-yours")
    if (body.paid !== adjudication.plan) return no("amount-differs")
    return { ...fine, once: [`paid ${body.adjudication}`] }
  },
  refund: ({ body }) => ({ ...fine, once: [`refunded ${body.claim}`] }),
  accumulator: ({ body, author }) => ({
    ...fine,
    once: [`accumulator ${author.holder} ${body.patient} ${body.sequence}`],
  }),
  access: () => fine,
}

/** Whether a row may be taken, by everything that stands before it. The signature is checked elsewhere. */
export async function judge(view: View, draft: Draft): Promise<Answer> {
  const author = await view.holderOf(draft.author)
  if (author === undefined) return no("key-unknown")
  if (author.role !== writers[draft.kind]) return no("key-wrong-role")
  const hour = Math.floor(view.seconds / 3600)
  if (hour < author.from || hour >= author.until) return no("key-not-active")
  const rule = rules[draft.kind] as Rule<Kind>
  return rule({ body: bodyAs(draft, draft.kind), author, view })
}
