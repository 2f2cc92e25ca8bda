/** Which corrected claims and letters a run makes, under which names; the rows' next actions point to them. */
import type { Claim837, Party837 } from "../../../formats/x12/claim/claim-837.ts"
import type { ShadowFindings } from "../books.ts"
import type { SentPlace } from "../intake/sent.ts"
import { type Fix, type FixSources, fixOf } from "../judge/fixes.ts"
import type { KnownFacts } from "../judge/known.ts"
import { paidPlaces } from "../judge/known.ts"
import { isProven, type WorkRow } from "../judge/work-row.ts"
import { type Account, isInFiles } from "../match/account.ts"
import { denialLetter, type Letter, underpaymentLetter } from "./letters.ts"

export interface CorrectedClaim extends Fix {
  /** File name inside `corrected/`. */
  readonly name: string
}

export interface NamedLetter extends Letter {
  /** File name inside `letters/`, without its ending. */
  readonly name: string
}

interface Task {
  readonly account: Account
  readonly fixable: readonly WorkRow[]
  readonly appealable: readonly WorkRow[]
}

const placeKey = ({ file, transaction, ordinal }: SentPlace) => `${file}.${transaction}.${ordinal}`
/** A claim id as part of a file name. */
const fileWord = (text: string) => text.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 30)

/** Plans the papers first; then each wanted claim, read again, gives its own. */
export class Papers {
  readonly #findings: ShadowFindings
  readonly #sources: FixSources
  readonly #tasks = new Map<string, Task>()
  readonly #underpaid = new Map<string, WorkRow[]>()
  /** The practice of each underpaid payer's first claim: it signs the letter. */
  readonly #senders = new Map<string, Party837>()
  readonly #senderPlaces = new Map<string, string>()
  #made = 0

  constructor(findings: ShadowFindings, known: KnownFacts) {
    this.#findings = findings
    const { accounts, options } = findings
    const replaced = new Map(accounts.flatMap((one) => (one.replacedBy === undefined ? [] : [[one.replacedBy, one]])))
    this.#sources = {
      known,
      rates: options.rates,
      isPaid: paidPlaces(accounts),
      replacedControl: (account) =>
        replaced.get(account)?.answers.findLast(({ answer }) => answer.payerControl !== "")?.answer.payerControl,
    }
    const byAccount = new Map<Account, WorkRow[]>()
    for (const row of findings.rows) {
      if (row.account === undefined || !isInFiles(row.account)) continue
      const own = byAccount.get(row.account)
      if (own === undefined) byAccount.set(row.account, [row])
      else own.push(row)
      if (isProven(row)) this.#addUnderpaid(row, row.account)
    }
    for (const [account, rows] of byAccount) this.#addTask(account, rows)
  }

  #addUnderpaid(row: WorkRow, account: Account): void {
    const { key } = row.payer
    const own = this.#underpaid.get(key)
    if (own !== undefined) own.push(row)
    else {
      this.#underpaid.set(key, [row])
      this.#senderPlaces.set(placeKey(account.claim.place), key)
    }
  }

  #addTask(account: Account, rows: readonly WorkRow[]): void {
    const fixable = rows.filter((row) => row.class === "fixable denial")
    const appealable = rows.filter((row) => row.class === "final denial" && row.remedy === "appeal")
    if (fixable.length + appealable.length > 0)
      this.#tasks.set(placeKey(account.claim.place), { account, fixable, appealable })
  }

  /** The claims to read again. */
  *wanted(): Generator<SentPlace> {
    for (const { account } of this.#tasks.values()) yield account.claim.place
    for (const rows of this.#underpaid.values()) yield rows[0]!.account!.claim.place
  }

  /** What one wanted claim gives. */
  take(claim: Claim837, place: SentPlace): { corrected: CorrectedClaim | undefined; letter: NamedLetter | undefined } {
    const key = placeKey(place)
    const payer = this.#senderPlaces.get(key)
    if (payer !== undefined) this.#senders.set(payer, claim.billing)
    const task = this.#tasks.get(key)
    if (task === undefined) return { corrected: undefined, letter: undefined }
    return { corrected: this.#correct(task, claim), letter: this.#appeal(task, claim) }
  }

  #name(kind: string, claim: Claim837): string {
    this.#made++
    return `${kind}-${String(this.#made).padStart(5, "0")}-${fileWord(claim.control)}`
  }

  #correct({ account, fixable }: Task, claim: Claim837): CorrectedClaim | undefined {
    const fix = fixOf(account, claim, fixable, this.#sources)
    if (fix === undefined) return undefined
    const name = `${this.#name("claim", claim)}.837`
    for (const row of fixable)
      row.action = `Check and send corrected/${name}: ${fix.changes.join("; ")}${fix.claim.frequency === 7 ? "" : " (a new claim, as MA130 asks)"}`
    return { ...fix, name }
  }

  #appeal({ appealable }: Task, claim: Claim837): NamedLetter | undefined {
    const [first] = appealable
    if (first?.answer === undefined) return undefined
    // A claim denied by two payers has one letter, to the one that answered last.
    const payer = appealable.at(-1)!.payer
    const rows = appealable.filter((row) => row.payer === payer && row.answer !== undefined)
    const name = this.#name("denial", claim)
    for (const row of rows) row.action += `; letters/${name}.txt`
    return { ...denialLetter(rows, claim, this.#findings.on), name }
  }

  /** The letters about underpayments, one a payer, when all wanted claims were taken. */
  *underpayments(): Generator<NamedLetter> {
    let number = 0
    for (const [payer, rows] of this.#underpaid) {
      const practice = this.#senders.get(payer)
      if (practice === undefined) continue
      number++
      const name = `underpaid-${String(number).padStart(2, "0")}-${fileWord(payer.toLowerCase())}`
      for (const row of rows) row.action += `: letters/${name}.txt`
      yield { ...underpaymentLetter(rows, practice, this.#findings.on), name }
    }
  }
}
