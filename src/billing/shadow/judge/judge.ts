/**
 * From accounts to rows of the worklist. Each line of a claim gives at most one row a payer:
 *
 *   no answer → unanswered    taken back → takeback    denied → fixable or final    CARC 18 → duplicate
 *   allowed below what the contract (or, as a hint, the payer's habit) says → underpaid    else no row
 */

import type { SentLine } from "../intake/sent.ts"
import { type Account, isInFiles } from "../match/account.ts"
import { type Decision, decisionsByLine, type Leg, legsOf } from "../match/decisions.ts"
import { type Split, splitOf } from "../match/split.ts"
import type { Deadlines } from "./deadlines.ts"
import { denialReason, remarkWords } from "./denials.ts"
import { type Expectation, expectationOf, type Knowledge } from "./expect.ts"
import { isWorthListing } from "./inferred.ts"
import type { Tally } from "./tally.ts"
import type { WorkRow } from "./work-row.ts"

export interface Court {
  readonly knowledge: Knowledge
  readonly deadlines: Deadlines
  readonly on: number
  readonly tolerance: bigint
  readonly tally: Tally
  /** What is known of a line's first sending, for duplicates; undefined when no file holds it. */
  firstOf(account: Account, line: SentLine | undefined): string | undefined
  /** An authorization number that the files know for a line sent without it. */
  authorizationFor(account: Account, line: SentLine): string | undefined
}

/** What a payer allowed by its own figures; undefined when the files do not tell. */
export interface Priced {
  readonly split: Split
  readonly allowed: bigint | undefined
  /** Paid by payers before this one. */
  readonly earlier: bigint
  /** The most that a later payer has to reach: what the first payer allowed. */
  readonly ceiling: bigint | undefined
}

/** The claim is not to be judged: another one stands for it, or it asks for nothing. */
export function isSettledElsewhere(account: Account): boolean {
  const { claim, replacedBy, voidedBy, repeats, answers } = account
  if (claim.frequency === 8 || claim.isReport || replacedBy !== undefined || voidedBy !== undefined) return true
  return repeats !== undefined && answers.every(({ kind }) => kind === "duplicate")
}

/** The rows of one account, in line order; the claim as a whole comes last. */
export function judge(account: Account, court: Court): readonly WorkRow[] {
  const decisions = decisionsByLine(account)
  const whole = legsOf(decisions.get(-1) ?? [])
  const isAnsweredWhole = whole.some((leg) => leg.decisions.some(({ answer }) => answer.lines.length === 0))
  const rows: WorkRow[] = []
  const isSettled = isSettledElsewhere(account)
  for (const [index, line] of account.claim.lines.entries()) {
    const own = decisions.get(index)
    if (own === undefined) {
      if (!isAnsweredWhole && !isSettled && isInFiles(account)) rows.push(unanswered(account, line, court))
      continue
    }
    for (const row of judgeLegs(account, line, legsOf(own), court, isSettled)) rows.push(row)
  }
  for (const row of judgeLegs(account, undefined, whole, court, isSettled)) rows.push(row)
  return rows
}

function* judgeLegs(
  account: Account,
  line: SentLine | undefined,
  legs: readonly Leg[],
  court: Court,
  isSettled: boolean,
): Generator<WorkRow> {
  for (const [index, leg] of legs.entries()) {
    const duplicate = duplicateRow(account, line, leg, court)
    if (duplicate !== undefined) yield duplicate
    if (isSettled) continue
    const row = judgeLeg(account, line, { leg, before: legs.slice(0, index) }, court)
    if (row !== undefined) yield row
  }
}

/** The parts of a line's money as one payer decided them. */
export function priceLeg(line: SentLine | undefined, leg: Leg, before: readonly Leg[], rank: number): Priced {
  const split = splitOf(leg.current?.adjustments ?? [])
  const own = leg.net + split.share + split.programme
  if (before.length > 0) {
    const earlier = before.reduce((sum, one) => sum + one.net, 0n)
    const first = before[0]!
    const firstSplit = splitOf(first.current?.adjustments ?? [])
    return { split, allowed: earlier + own, earlier, ceiling: first.net + firstSplit.share + firstSplit.programme }
  }
  if ((leg.rank ?? rank) <= 1) return { split, allowed: own, earlier: 0n, ceiling: undefined }
  const earlier = line?.earlierPaid ?? 0n
  return { split, allowed: leg.current?.allowed, earlier, ceiling: undefined }
}

function judgeLeg(
  account: Account,
  line: SentLine | undefined,
  { leg, before }: { leg: Leg; before: readonly Leg[] },
  court: Court,
): WorkRow | undefined {
  const { current, takenBack } = leg
  const priced = priceLeg(line, leg, before, account.claim.rank)
  const { split } = priced
  const expected = line === undefined ? wholeExpectation(account, leg, court) : expectLine(account, line, leg, court)
  if (takenBack !== undefined) return takebackRow(account, line, leg, takenBack, court)
  if (current === undefined) return undefined
  if (split.share > 0n) {
    court.tally.shareLines++
    court.tally.share += split.share
  }
  if (isPackaged(current, split.main)) return undefined
  const sufficient = expected.by === "contract" && priced.allowed !== undefined && priced.allowed >= expected.allowed
  if (split.denied > court.tolerance && !(sufficient && priced.allowed! > 0n)) {
    return deniedRow(account, line, leg, current, priced, expected, court)
  }
  if (split.duplicate > 0n || split.capitated > 0n) return undefined
  const short = checkAllowed(account, line, leg, current, priced, expected, court)
  return short ?? lowered(account, line, leg, current, priced, court)
}

function expectLine(account: Account, line: SentLine, leg: Leg, court: Court): Expectation {
  return expectationOf(account, line, leg.payer, court.knowledge)
}

/** A claim answered as a whole is expected to be allowed what its lines are, when each of them has a contract rate. */
function wholeExpectation(account: Account, leg: Leg, court: Court): Expectation {
  const isWhole = leg.current !== undefined && leg.current.answer.lines.length === 0
  if (!isWhole) return { by: "nothing", source: "not checkable: an adjustment of the claim as a whole" }
  let allowed = 0n
  for (const line of account.claim.lines) {
    const one = expectLine(account, line, leg, court)
    if (one.by !== "contract") return { by: "nothing", source: "not checkable: not every line has a contract rate" }
    allowed += one.allowed
  }
  if (account.claim.lines.length === 0) return { by: "nothing", source: "not checkable: the claim is not in the files" }
  return { by: "contract", allowed, source: "contract: the rates of all lines" }
}

function baseRow(account: Account, line: SentLine | undefined, leg: Leg | undefined, decision: Decision | undefined) {
  const answer = decision?.answer
  return {
    account,
    line,
    control: account.claim.control,
    payer: leg?.payer ?? account.claim.payer,
    payerControl: answer?.payerControl ?? "",
    lineControl: line?.control || decision?.control || "",
    on: line?.from ?? account.claim.from,
    code: line?.code ?? "",
    charge: line?.charge ?? account.claim.total,
    remarks: decision?.remarks ?? [],
    answer,
    share: 0n,
    allowed: 0n,
  }
}

function unanswered(account: Account, line: SentLine, court: Court): WorkRow {
  const expected = expectationOf(account, line, account.claim.payer, court.knowledge)
  const deadline = court.deadlines.toSend(account)
  const age = court.on - account.claim.to
  const ask = age < 30 ? "Wait until 30 days after the service, then ask" : "Ask"
  const late = deadline < court.on ? "; the time limit has passed: look for proof of receipt" : ""
  return {
    ...baseRow(account, line, undefined, undefined),
    class: "unanswered",
    expected: expected.by === "nothing" ? undefined : expected.allowed,
    by: expected.by,
    source: expected.by === "nothing" ? expected.source : `${expected.source}, before cost share`,
    paid: 0n,
    adjustment: undefined,
    remedy: undefined,
    deadline,
    action: `${ask} the payer for the claim's status${late}`,
  }
}

function takebackRow(
  account: Account,
  line: SentLine | undefined,
  leg: Leg,
  reversal: Decision,
  court: Court,
): WorkRow {
  const before = leg.current
  return {
    ...baseRow(account, line, leg, reversal),
    class: "takeback",
    expected: before === undefined ? -reversal.paid : before.paid,
    by: "answer",
    source: before === undefined ? "amount reversed" : "payment that was reversed",
    paid: before === undefined ? 0n : leg.net,
    adjustment: splitOf(reversal.adjustments).main,
    remedy: undefined,
    deadline: court.deadlines.toContest(account, reversal.answer, court.on),
    action: "Ask the payer why it took the payment back; contest it if the service was paid rightly",
  }
}

/** A line of a stay that is paid by its DRG in one sum, which stands on another line: nothing was denied. */
const isPackaged = ({ answer }: Decision, main: Priced["split"]["main"]) =>
  answer.isByDrg && answer.paid > 0n && main?.carc === "97" && main.group === "CO"

/** What the payer should have paid: what it should have allowed less cost share, programmes and earlier payers. */
function dueOf(expected: Expectation, { split, earlier, ceiling }: Priced): bigint | undefined {
  if (expected.by === "nothing") return undefined
  const allowed = ceiling !== undefined && ceiling < expected.allowed ? ceiling : expected.allowed
  return allowed - split.share - split.programme - earlier
}

function deniedRow(
  account: Account,
  line: SentLine | undefined,
  leg: Leg,
  current: Decision,
  priced: Priced,
  expected: Expectation,
  court: Court,
): WorkRow {
  const { carc } = priced.split.main!
  const reason = denialReason(carc)
  const inTime = carc === "29" && isReceivedInTime(account, current, court)
  const isAuthorized = carc === "197" && line !== undefined && account.claim.authorization === ""
  const number = isAuthorized ? court.authorizationFor(account, line) : undefined
  const remedy = inTime ? "appeal" : number !== undefined ? "fix" : reason.remedy
  const named = remarkWords(current.remarks)
  const action = inTime ? "The payer's own day of receipt is inside the time limit: appeal with it" : reason.action
  const since = leg.previous === undefined ? "" : " (paid before and reversed)"
  return {
    ...baseRow(account, line, leg, current),
    class: remedy === "fix" ? "fixable denial" : "final denial",
    expected: dueOf(expected, priced),
    by: expected.by,
    source: expected.by === "nothing" ? expected.source : `${expected.source}, cost share not checkable`,
    paid: leg.net,
    adjustment: priced.split.main,
    remedy,
    share: priced.split.share,
    deadline: remedy === "final" ? undefined : court.deadlines.toContest(account, current.answer, court.on),
    action: `${action}${named === "" ? "" : `: ${named}`}${since}`,
  }
}

function isReceivedInTime(account: Account, { answer }: Decision, { deadlines }: Court): boolean {
  const { received } = answer
  return received !== undefined && deadlines.isTimelyKnown(account) && received <= deadlines.toSend(account)
}

function duplicateRow(account: Account, line: SentLine | undefined, leg: Leg, court: Court): WorkRow | undefined {
  const isLineOf = ({ kind, adjustments }: Decision) => kind !== "reversal" && splitOf(adjustments).duplicate > 0n
  const found = leg.decisions.findLast(isLineOf)
  if (found === undefined) return undefined
  const first = court.firstOf(account, line)
  const action =
    first === undefined
      ? "No first sending is in these files: ask the payer for its number; if there was none, contest this"
      : `${first}; nothing to send again. If it was a second service, send it with the modifier that says so`
  return {
    ...baseRow(account, line, leg, found),
    class: "duplicate",
    expected: 0n,
    by: "answer",
    source: "a duplicate is paid once",
    paid: 0n,
    adjustment: found.adjustments.find(({ carc }) => carc === "18"),
    remedy: undefined,
    deadline: first === undefined ? court.deadlines.toContest(account, found.answer, court.on) : undefined,
    action,
  }
}

function checkAllowed(
  account: Account,
  line: SentLine | undefined,
  leg: Leg,
  current: Decision,
  priced: Priced,
  expected: Expectation,
  court: Court,
): WorkRow | undefined {
  const { tally } = court
  const { allowed, split, ceiling } = priced
  const reason = whyNot(account, line, leg, current, priced, expected)
  if (reason !== undefined || expected.by === "nothing" || allowed === undefined) {
    if (line !== undefined) tally.cannot(reason ?? "the payer does not say what it allowed")
    return undefined
  }
  const wanted = ceiling !== undefined && ceiling < expected.allowed ? ceiling : expected.allowed
  if (expected.by === "contract") tally.byContract++
  else tally.byInference++
  if (expected.by === "contract" && allowed > wanted + court.tolerance) {
    tally.overLines++
    tally.over += allowed - wanted
  }
  if (allowed + court.tolerance >= wanted) return undefined
  if (expected.by === "inferred" && !isWorthListing(expected.usual, wanted, allowed)) return undefined
  const changed = current.changedTo !== ""
  return {
    ...baseRow(account, line, leg, current),
    class: "underpaid",
    expected: wanted - allowed + leg.net,
    // A payer that changed the code disputes what was done: a rate proves nothing about that.
    by: changed ? "inferred" : expected.by,
    source: changed ? `${expected.source} of the code sent; the payer paid ${current.changedTo}` : expected.source,
    paid: leg.net,
    adjustment: split.main,
    remedy: "appeal",
    share: split.share,
    allowed,
    deadline: court.deadlines.toContest(account, current.answer, court.on),
    action: changed
      ? "Contest the changed code with the record of the visit"
      : expected.by === "contract"
        ? "Ask for the contract rate"
        : "Look up the contract: the payer usually allows more",
  }
}

/** Why a rate, even a known one, says nothing about this answer. */
function whyNot(
  account: Account,
  line: SentLine | undefined,
  leg: Leg,
  current: Decision,
  { split, allowed }: Priced,
  expected: Expectation,
): string | undefined {
  if (expected.by === "nothing") return expected.source.replace("not checkable: ", "")
  if (split.priceRule !== 0n) return "several procedures or a prompt-pay discount moved the price"
  if (line !== undefined && current.charge !== line.charge) return "the payer answered another charge"
  if (line !== undefined && current.answer.adjustments.some(({ amount }) => amount !== 0n))
    return "the payer adjusted the claim as a whole"
  if (allowed === undefined) return "a later payer's answer without the earlier ones"
  const isLater = (leg.rank ?? account.claim.rank) > 1
  return isLater && expected.by === "inferred" ? "a later payer's price is not inferred" : undefined
}

/** A correction that allows less than the answer it reversed: money went back, and no contract says whether rightly. */
function lowered(
  account: Account,
  line: SentLine | undefined,
  leg: Leg,
  current: Decision,
  { split }: Priced,
  court: Court,
): WorkRow | undefined {
  const { previous } = leg
  if (previous === undefined) return undefined
  const before = previous.paid + splitOf(previous.adjustments).share
  if (before <= leg.net + split.share + court.tolerance || previous.paid <= leg.net) return undefined
  return {
    ...baseRow(account, line, leg, current),
    class: "takeback",
    expected: previous.paid,
    by: "answer",
    source: "payment before the correction",
    paid: leg.net,
    adjustment: split.main,
    remedy: undefined,
    share: split.share,
    deadline: court.deadlines.toContest(account, current.answer, court.on),
    action: "Compare the correction with the first answer; contest it if the service did not change",
  }
}
