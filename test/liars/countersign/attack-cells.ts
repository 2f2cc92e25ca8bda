/** The cells that the product's own attacks fill: it tells these lies to itself in `visit`, and here. */
import type { AttackRow } from "../../../src/cli/visit/attacks/index.ts"
import { atOnce, type Cell, must, NotTold, none, notCaught, nothingWritten, prevented } from "../lies.ts"

const twoEnvelopes = "the two signed snapshots, together"
const bySearch = "the search, by whoever has the disks or the ledger"

/** Lie → attacks; the first of them gives the words. */
const filledBy: Readonly<Record<string, readonly string[]>> = {
  "line-later": ["line added after signing"],
  "edit-record": ["entry edited"],
  "back-date-cover": ["back-dated visit"],
  "bill-again": ["claim replayed"],
  suspended: ["suspended licence"],
  "claim-silence": ["silence claimed without delivery"],
  "take-more": ["forged payment sum", "amount above its hold"],
  "delete-access": ["deleted access-log line"],
  "short-pay": ["payer short-pays one cent"],
  withdraw: ["withdrawal after the hold"],
  "change-plan": ["plan swapped after the visit"],
  "two-stories": ["two snapshots with one number"],
  "refund-twice": ["refund taken twice"],
  "reuse-promise": ["voucher used twice"],
  "limit-twice": ["same limit used by two visits"],
  "doctor-and-patient": ["doctor and patient colluding"],
  demographics: ["stolen demographics"],
  disk: ["planted canaries on the disks"],
  "wrong-keys": ["unknown key", "expired key", "key of the wrong role"],
  receipt: ["receipt with one byte flipped"],
}

/** What the attack itself does not say. */
const words: Readonly<Record<string, Partial<Cell>>> = {
  "short-pay": { note: "By itself it cannot; if it contests, its panel rules and it bears the fee." },
  "delete-access": {
    when: "at the next check of the log",
    evidence: "the root that the clinic anchored on the ledger, and the lines that are left",
    note: "The check runs where the log is; a copy of the sealed files leaves no line.",
  },
  "two-stories": { when: "when the wallet opens the second", evidence: twoEnvelopes },
  receipt: { by: "verifier", when: "at the check", evidence: "the check itself, by anybody" },
  disk: { by: "encryption", when: "always", evidence: bySearch },
  "doctor-and-patient": { note: "All signatures are good; auditors and statistics must find it." },
}

function cellOf(id: string, rows: readonly AttackRow[]): Cell {
  const failed = rows.find(({ result }) => result === "not-run")
  if (failed !== undefined) throw new NotTold(`Cannot tell the lie: ${failed.name}: ${failed.by} ${failed.detail}`)
  const over = words[id] ?? {}
  const by = [...new Set(rows.flatMap((row) => row.by.split(", ")))].join(", ")
  if (rows.some((row) => row.result === "missed" || (row.result === "measured" && isSeen(row))))
    return notCaught(over.note ?? rows[0]!.detail)
  const verdict = rows.some(({ result }) => result === "detected") ? ("caught" as const) : ("prevented" as const)
  return { verdict, by, when: atOnce, evidence: verdict === "prevented" ? nothingWritten : none, ...over }
}

/** A measurement that found something. */
const isSeen = ({ by }: AttackRow) => !/ 0$/.test(by)

export function attackCells(rows: readonly AttackRow[]): ReadonlyMap<string, Cell> {
  const row = (name: string) =>
    must(
      rows.find((one) => one.name === name),
      `no attack ${name}`,
    )
  const cells = new Map(Object.entries(filledBy).map(([id, names]) => [id, cellOf(id, names.map(row))]))
  const silent = cellOf("refuse-to-sign", [row("silence on both sides")])
  // What stops the clinic from collecting without her is what lets her lie.
  const unpaid = "Without her signature silence pays nothing; the clinic is not paid unless the payer contests."
  cells.set("refuse-to-sign", silent.verdict === "prevented" ? notCaught(unpaid) : prevented("ledger"))
  return cells
}
