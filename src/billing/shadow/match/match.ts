/**
 * Answers to claims: by claim id, then by line control number, then by date, code and charge. An answer that no claim
 * fits opens an account of its own, so that its corrections still find it. Same files, same matches.
 */

import { type AnsweredClaim, type AnsweredLine, isReversal } from "../intake/answered.ts"
import type { SentClaim } from "../intake/sent.ts"
import { type Account, type ClaimRule, isInFiles, type MatchedAnswer, netPaid, openAccount } from "./account.ts"
import { matchLines } from "./match-lines.ts"

const size = (amount: bigint) => (amount < 0n ? -amount : amount)

/**
 * Holds the claims and takes the answers. Claim ids come first for all answers; what is left is then looked for by its
 * lines, among claims that nobody has answered, so that a strong match never has to make room for a weak one.
 */
export class Matcher {
  readonly accounts: Account[]
  readonly #byControl = new Map<string, Account[]>()
  #byLineControl: Map<string, readonly Account[]> | undefined
  #byLine: Map<string, readonly Account[]> | undefined

  constructor(claims: readonly SentClaim[]) {
    this.accounts = claims.map(openAccount)
    for (const account of this.accounts) this.#file(account)
  }

  #file(account: Account): void {
    const { control } = account.claim
    const others = this.#byControl.get(control)
    if (others === undefined) this.#byControl.set(control, [account])
    else others.push(account)
  }

  /** Gives each answer to its claim, or to a new account that stands for the claim nobody gave us. */
  take(answers: readonly AnsweredClaim[]): readonly MatchedAnswer[] {
    const ordered = inOrder(answers)
    const turns = new Map(ordered.map((answer, turn) => [answer, turn]))
    const late: AnsweredClaim[] = []
    const matches: MatchedAnswer[] = []
    for (const answer of ordered) {
      const found = this.#findById(answer)
      if (found === undefined) late.push(answer)
      else matches.push(give(answer, ...found))
    }
    // What a payer once calls by another id it goes on calling so: corrections follow their first answer.
    const calledSo = new Map<string, readonly [Account, ClaimRule]>()
    for (const answer of late) {
      const name = `${answer.control}|${answer.payment.payer.key}`
      const found = this.#findById(answer) ?? calledSo.get(name) ?? this.#findByLines(answer)
      if (found !== undefined) calledSo.set(name, found)
      matches.push(give(answer, ...(found ?? ([this.#unknown(answer), noClaim] as const))))
    }
    if (late.length === 0) return matches
    const turnOf = ({ answer }: MatchedAnswer) => turns.get(answer)!
    for (const { answers: own } of this.accounts) if (own.length > 1) own.sort((a, b) => turnOf(a) - turnOf(b))
    return matches.sort((a, b) => turnOf(a) - turnOf(b))
  }

  #findById(answer: AnsweredClaim): readonly [Account, ClaimRule] | undefined {
    const sameId = (this.#byControl.get(answer.control) ?? []).filter((account) => agreement(account, answer) > 0)
    if (sameId.length === 0) return undefined
    if (sameId.length === 1) return [sameId[0]!, "claim id"]
    return [bestOf(sameId, answer), "claim id; of several, the one that agrees best"]
  }

  #findByLines(answer: AnsweredClaim): readonly [Account, ClaimRule] | undefined {
    const byControl = this.#only(answer, (line) => this.#lineControls().get(line.control))
    if (byControl !== undefined) return [byControl, "line control number"]
    const byLine = this.#only(answer, (line) => this.#lines().get(lineKey(line)))
    return byLine === undefined ? undefined : [byLine, "date, code and charge"]
  }

  /** The one account that most lines point to and nothing speaks against; undefined when that is not one. */
  #only(answer: AnsweredClaim, find: (line: AnsweredLine) => readonly Account[] | undefined): Account | undefined {
    const votes = new Map<Account, number>()
    for (const line of answer.lines) {
      for (const account of find(line) ?? []) votes.set(account, (votes.get(account) ?? 0) + 1)
    }
    const fit = [...votes].filter(([account]) => isLikely(account, answer))
    const most = Math.max(0, ...fit.map(([, count]) => count))
    const best = fit.filter(([, count]) => count === most).map(([account]) => account)
    if (best.length < 2) return best[0]
    const members = best.filter(({ claim }) => answer.member !== "" && claim.member === answer.member)
    // One claim sent more than once is one claim.
    const isOne = new Set(members.map(({ claim }) => claim.control)).size === 1
    return isOne ? bestOf(members, answer) : undefined
  }

  #lineControls(): Map<string, readonly Account[]> {
    this.#byLineControl ??= indexBy(this.accounts, ({ claim }) => claim.lines.map(({ control }) => control))
    return this.#byLineControl
  }

  #lines(): Map<string, readonly Account[]> {
    this.#byLine ??= indexBy(this.accounts, ({ claim }) =>
      claim.lines.map(({ code, from, charge }) => lineKey({ code, from, charge })),
    )
    return this.#byLine
  }

  #unknown(answer: AnsweredClaim): Account {
    const account = openAccount(claimBehind(answer))
    this.accounts.push(account)
    this.#file(account)
    return account
  }
}

const noClaim = "no claim in the files"

function give(answer: AnsweredClaim, account: Account, rule: ClaimRule): MatchedAnswer {
  const lines = matchLines(account.claim.lines, answer.lines)
  const kind = isReversal(answer) ? "reversal" : isDuplicate(answer) ? "duplicate" : "answer"
  const matched: MatchedAnswer = { answer, rule: isInFiles(account) ? rule : noClaim, kind, lines }
  account.answers.push(matched)
  return matched
}

/**
 * Lines alone are weak evidence: many patients have one service on one day, and many senders number lines from 1. So the
 * total or the member has to be the same, the member never another, and the claim not answered by this payer before.
 */
function isLikely(account: Account, answer: AnsweredClaim): boolean {
  const { claim, answers } = account
  if (!isInFiles(account) || agreement(account, answer) === 0) return false
  const isMember = answer.member !== "" && answer.member === claim.member
  if (!isMember && answer.member !== "" && claim.member !== "") return false
  if (!isMember && size(answer.charge) !== claim.total) return false
  if (isReversal(answer) || isDuplicate(answer)) return true
  const { key } = answer.payment.payer
  return answers.every((one) => one.kind !== "answer" || one.answer.payment.payer.key !== key)
}

function lineKey({ code, from, charge }: { code: string; from: number | undefined; charge: bigint }): string {
  return code === "" || from === undefined ? "" : `${from}|${code}|${size(charge)}`
}

function indexBy(accounts: readonly Account[], keys: (account: Account) => readonly string[]) {
  const index = new Map<string, Account[]>()
  for (const account of accounts) {
    for (const key of new Set(keys(account))) {
      if (key === "") continue
      const others = index.get(key)
      if (others === undefined) index.set(key, [account])
      else others.push(account)
    }
  }
  return index
}

function isDuplicate(answer: AnsweredClaim): boolean {
  if (answer.paid !== 0n) return false
  const all = [...answer.adjustments, ...answer.lines.flatMap((line) => line.adjustments)]
  const real = all.filter(({ amount }) => amount !== 0n)
  return real.length > 0 && real.every(({ carc }) => carc === "18")
}

/** How much speaks for a claim: charge, then days, then member, then payer. 0: claim ids are used again for others. */
function agreement(account: Account, answer: AnsweredClaim): number {
  const { claim } = account
  const charge = size(answer.charge) === claim.total
  const from = answer.from ?? answer.lines.find((line) => line.from !== undefined)?.from
  const days = from !== undefined && from >= claim.from && from <= claim.to
  const codes = answer.lines.some(({ code, submitted }) =>
    claim.lines.some((line) => line.code !== "" && (line.code === code || line.code === submitted)),
  )
  const member = answer.member !== "" && answer.member === claim.member
  const { tokens } = answer.payment.payer
  const payer = claim.payer.tokens.some((token) => tokens.includes(token))
  if (!charge && !days && !codes) return 0
  return (charge ? 16 : 0) + (days ? 8 : 0) + (codes ? 4 : 0) + (member ? 2 : 0) + (payer ? 1 : 0)
}

/** Several claims of one id, such as a claim and its replacement: the payer's word, else the order of time, decides. */
function bestOf(accounts: readonly Account[], answer: AnsweredClaim): Account {
  const most = Math.max(...accounts.map((account) => agreement(account, answer)))
  const best = accounts.filter((account) => agreement(account, answer) === most)
  if (isReversal(answer)) return best.findLast((account) => netPaid(account) === -answer.paid) ?? best[0]!
  if (isDuplicate(answer)) return best.at(-1)!
  const open = best.filter(({ answers }) => answers.every(({ kind }) => kind === "duplicate"))
  const left = open.length > 0 ? open : best
  // CLP09 repeats the frequency of the claim that is answered; payers that always say 1 mislead no open claim.
  return left.find(({ claim }) => answer.frequency === String(claim.frequency)) ?? (open[0] || best.at(-1)!)
}

/** What an answer lets us know of a claim that no file holds. */
function claimBehind(answer: AnsweredClaim): SentClaim {
  const days = answer.lines.flatMap((line) => (line.from === undefined ? [] : [line.from]))
  const from = answer.from ?? (days.length === 0 ? 0 : Math.min(...days))
  return {
    place: { file: 0, transaction: 0, ordinal: 0 },
    sent: undefined,
    control: answer.control,
    kind: "professional",
    frequency: 1,
    isReport: false,
    original: "",
    total: size(answer.charge),
    payer: answer.payment.payer,
    rank: 1,
    member: answer.member,
    born: undefined,
    patientPaid: 0n,
    authorization: "",
    from,
    to: Math.max(from, answer.to ?? from, ...days),
    lines: answer.lines.map((line, index) => ({
      number: index + 1,
      code: line.submitted === "" ? line.code : line.submitted,
      modifiers: line.modifiers,
      charge: size(line.charge),
      unitsMilli: Number(size(line.unitsMilli)),
      place: "",
      from: line.from ?? from,
      to: line.from ?? from,
      control: line.control,
      earlierPaid: undefined,
      planned: undefined,
    })),
  }
}

/** Answers in the order of their money: by day, then as filed; within one payment reversals before corrections. */
function inOrder(answers: readonly AnsweredClaim[]): readonly AnsweredClaim[] {
  const last = 10 ** 9
  const turn = (answer: AnsweredClaim) => (isReversal(answer) ? 0 : 1)
  return [...answers].sort(
    (a, b) =>
      (a.payment.day ?? last) - (b.payment.day ?? last) ||
      a.payment.file - b.payment.file ||
      a.payment.at - b.payment.at ||
      turn(a) - turn(b) ||
      a.at - b.at,
  )
}

/** Replacements, voids and repeated sendings: which account stands for which. Run when all answers are in. */
export function chainAccounts(accounts: readonly Account[]): void {
  const byPayerControl = new Map<string, Account>()
  const byControl = new Map<string, Account[]>()
  for (const account of accounts) {
    for (const { answer } of account.answers) {
      if (answer.payerControl !== "" && !byPayerControl.has(answer.payerControl))
        byPayerControl.set(answer.payerControl, account)
    }
  }
  for (const account of accounts) {
    const { claim } = account
    const earlier = byControl.get(claim.control) ?? []
    byControl.set(claim.control, [...earlier, account])
    if (!isInFiles(account)) continue
    const changes = claim.frequency === 7 || claim.frequency === 8
    if (changes) {
      const named = claim.original === "" ? undefined : byPayerControl.get(claim.original)
      const target = named !== undefined && named !== account ? named : earlier.findLast(isSamePatient(claim))
      if (target === undefined) continue
      if (claim.frequency === 7) target.replacedBy = account
      else target.voidedBy = account
      continue
    }
    account.repeats = earlier.find((other) => isRepeat(other.claim, claim))
    if (account.repeats !== undefined) continue
    const corrected = earlier.findLast((other) => isSentAgain(other.claim, claim))
    if (corrected !== undefined) corrected.replacedBy = account
  }
}

/** Sent once more under its id as if it were new, with something changed: it stands for the first. */
function isSentAgain(a: SentClaim, b: SentClaim): boolean {
  const sameClaim = a.place.file > 0 && a.kind === b.kind && a.member === b.member && a.payer.key === b.payer.key
  if (!sameClaim || a.rank !== b.rank || a.from !== b.from || a.to !== b.to) return false
  return a.lines.some(({ code }) => b.lines.some((line) => line.code === code))
}

const isSamePatient = (claim: SentClaim) => (other: Account) =>
  other.claim.member === claim.member && other.claim.payer.key === claim.payer.key

function isRepeat(a: SentClaim, b: SentClaim): boolean {
  return (
    a.place.file > 0 &&
    a.frequency === b.frequency &&
    a.member === b.member &&
    a.payer.key === b.payer.key &&
    a.total === b.total &&
    a.from === b.from &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, index) => line.code === b.lines[index]!.code && line.charge === b.lines[index]!.charge)
  )
}
