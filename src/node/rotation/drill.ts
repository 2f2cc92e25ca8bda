/**
 * The key-compromise drill: every key of an organization gets a successor, the lost ones end as of this block hour, the
 * clinic's notes are sealed for the new records key, and everybody who has to know is told. One call does it all; one
 * that was stopped anywhere, or that waits for others' votes, is called again and goes on.
 *
 *   admin ─▶ all others on the ledger ─▶ revoke the lost ones ─▶ sealing, records, transport ─▶ tell ─▶ revoke operate
 *
 * The key that signs mail ends last: until the others have this node's word under the new one, it is how they know it.
 */
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { Fault } from "../../base/fault.ts"
import { Refused } from "../../base/refusal.ts"
import type { NodeContext } from "../context.ts"
import { privateUses } from "../keys.ts"
import type { Work } from "../work.ts"
import { type DrillRow, type DrillUse, stepsOf, wordOf } from "./drill-steps.ts"
import { foreignKeys } from "./ledger-keys.ts"
import { nextNotice, tellOrganizations, tellPatients, untold } from "./notices.ts"
import { resealRecords } from "./reseal.ts"

interface StoredDrill {
  readonly order: number
  /** Of the notice by which the others hear of it. */
  readonly notice: number
  /** Uses whose old keys end at once. */
  readonly compromised: readonly string[]
  readonly rows: readonly DrillRow[]
  /** Entries in the vault that were sealed anew. */
  readonly resealed: number
  /** Mailboxes of patients that a notice went to. */
  readonly patients: number
  readonly finished: boolean
}

export interface DrillReport extends StoredDrill {
  /** Organizations that have taken the new keys over, and those that have not answered yet. */
  readonly told: readonly number[]
  readonly untold: readonly number[]
  /** Keys in force for this organization on the ledger that this node never had, in hex. */
  readonly foreign: readonly string[]
}

export interface DrillOrder {
  readonly compromised: readonly DrillUse[]
  /** Milliseconds for which the others' answers are waited for. */
  readonly patienceMs: number
  /** Begins anew, whatever of the last drill is left. */
  readonly anew?: boolean
}

const drills = "key-drills"
const idOf = (order: number) => String(order).padStart(9, "0")

/** The newest drill, finished or not. */
export function lastDrill(work: Work): StoredDrill | undefined {
  return work.rows<StoredDrill>(drills).at(-1)?.[1]
}

class Drill {
  readonly #work: Work
  stored: StoredDrill

  constructor(work: Work, stored: StoredDrill) {
    this.#work = work
    this.stored = stored
  }

  async keep(change: Partial<StoredDrill>): Promise<void> {
    this.stored = { ...this.stored, ...change }
    await this.#work.put(drills, idOf(this.stored.order), this.stored)
  }

  row(use: string): DrillRow | undefined {
    return this.stored.rows.find((row) => row.use === use)
  }

  async put(row: DrillRow): Promise<void> {
    const place = this.stored.rows.findIndex(({ use }) => use === row.use)
    const { rows } = this.stored
    await this.keep({ rows: place < 0 ? [...rows, row] : rows.with(place, row) })
  }
}

async function begin({ work }: NodeContext, { compromised, anew }: DrillOrder): Promise<Drill> {
  const last = lastDrill(work)
  if (last === undefined || last.finished || anew === true) {
    const order = (last?.order ?? 0) + 1
    const notice = await nextNotice(work)
    const drill = new Drill(work, { order, notice, compromised, rows: [], resealed: 0, patients: 0, finished: false })
    await drill.keep({})
    return drill
  }
  // What turns out to be lost while the drill runs is ended, too.
  const known: readonly string[] = last.compromised
  const isNew = ({ use }: DrillRow) =>
    use !== "validator" && compromised.includes(wordOf(use)) && !known.includes(wordOf(use))
  const drill = new Drill(work, last)
  const rows = last.rows.map((row) => (isNew(row) ? { ...row, state: "waits" as const } : row))
  await drill.keep({ compromised: [...new Set([...known, ...compromised])], rows })
  return drill
}

const isPrivate = (use: string) => privateUses.some((name) => name === use)

function hasNewMailKey({ keys }: NodeContext, drill: Drill): boolean {
  return drill.row("operate")?.next === toHex(keyId(keys.publicKey("operate")))
}

/** What the ledger refuses, or nobody can be asked for now, leaves its row waiting; the others go on. */
async function attempt(drill: Drill, use: string, step: (row: DrillRow) => Promise<DrillRow>): Promise<void> {
  const row = drill.row(use)
  if (row === undefined || row.state === "done") return
  try {
    await drill.put(await step(row))
  } catch (error) {
    if (error instanceof Refused) {
      const { code, remedy } = error.refusal
      await drill.put({ ...row, note: `${code}: ${remedy}` })
    } else if (error instanceof Fault && error.retryable) await drill.put({ ...row, note: `outage: ${error.message}` })
    else throw error
  }
}

/**
 * Runs the drill as far as it goes now.
 *
 * @throws Fault where a sealed entry does not open, or a disk refuses; what was done stays, and the next call goes on.
 */
export async function runDrill(node: NodeContext, order: DrillOrder): Promise<DrillReport> {
  const drill = await begin(node, order)
  const steps = stepsOf(node, (use) => drill.stored.compromised.includes(use))
  for (const { use, change, names } of steps) {
    // Names of old and new are on disk before anything changes, so that a run that goes on knows what was changed.
    if (drill.row(use) === undefined) await drill.put({ use, ...(await names()), state: "waits" })
    // The others believe new addresses under a new key for mail alone: before it, these would only cut the node off.
    if (isPrivate(use) && !hasNewMailKey(node, drill)) continue
    await attempt(drill, use, change)
  }
  await node.mail.signAnew()
  const resealed = await resealRecords(node)
  await drill.keep({ resealed: drill.stored.resealed + resealed })
  const patienceMs = hasNewMailKey(node, drill) ? order.patienceMs : 0
  let open = await tellOrganizations(node, drill.stored.notice, patienceMs)
  await drill.keep({ patients: drill.stored.patients + (await tellPatients(node, drill.stored.order)) })
  for (const { use, end } of steps) {
    if (end === undefined || drill.row(use)?.state === "done") continue
    await attempt(drill, use, end)
    // Whoever has the old key could still have spoken after the first notice; now nobody listens to it.
    await drill.keep({ notice: await nextNotice(node.work) })
    open = await tellOrganizations(node, drill.stored.notice, order.patienceMs)
  }
  await drill.keep({ finished: open.length === 0 && drill.stored.rows.every(({ state }) => state === "done") })
  return reportOf(node, drill.stored)
}

export function reportOf(node: NodeContext, stored: StoredDrill): DrillReport {
  const open = untold(node, stored.notice)
  const others = node.directory.all().map(({ organization }) => organization)
  const told = others.filter((number) => number !== node.config.organization && !open.includes(number))
  return { ...stored, told, untold: open, foreign: foreignKeys(node).map(toHex) }
}
