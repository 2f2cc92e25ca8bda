/**
 * The regulator's one command: every settled visit of a period that was opened under mandate is checked again, and what
 * was not opened is counted against the ledger's own number.
 *
 *   the state, in one turn ──▶ settled legs, registers, sums ──▶ each opened bundle, run again ──▶ report
 */
import { setImmediate as turn } from "node:timers/promises"
import { toHex } from "../../base/bytes.ts"
import { headerHash } from "../../base/chain/header.ts"
import { encodeAs } from "../../base/schema.ts"
import { formatDate } from "../../base/time.ts"
import { type ParameterName, parameters } from "../../ledger/parameters.ts"
import { kinds } from "../../ledger/roles.ts"
import { legStates, operations, schemas } from "../../ledger/rows.ts"
import type { Tables } from "../../ledger/state.ts"
import type { RegisterView } from "../../verify/register-view.ts"
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"
import { registersOf } from "../registers.ts"
import { type Balances, balancesOf } from "./balances.ts"
import { checkDeadlines, type DeadlineCheck, type LedgerClock } from "./deadlines.ts"
import { openedVisit } from "./opened-visit.ts"
import { ledgerFindings, type RecheckedVisit, recheckVisit } from "./recheck-visit.ts"
import { type Differing, type LegName, neverChecked, type PayerShare, type RecheckReport } from "./report.ts"
import { type Period, periodOf, type SettledLeg, settledLegs } from "./settled-legs.ts"

/** Everything that is taken from the state, of one moment. */
interface Reading {
  readonly legs: readonly SettledLeg[]
  readonly atCustodians: number
  readonly names: ReadonlyMap<number, string>
  readonly registers: RegisterView
  readonly balances: Balances
  readonly clock: LedgerClock
  readonly checkedAt: RecheckReport["checkedAt"]
}

function parameterOf(tables: Tables, name: ParameterName): number {
  const { number, initial } = parameters[name]
  return tables.parameters.get({ number })?.value ?? initial
}

/** Reads the state in one turn, and asks in the same turn for the header that its app hash will stand in. */
async function readLedger(node: NodeContext, period: Period): Promise<Reading> {
  const tables = node.chain.tables()
  const organizations = new Map([...tables.organizations.rows()].map(([{ org }, row]) => [org, row]))
  const settled = settledLegs(tables, period)
  const legs = settled.filter(({ leg }) => organizations.get(leg.payer)?.kind === kinds.payer)
  const registers = registersOf(node)
  const balances = balancesOf(tables)
  const lost = tables.clock.get({ zero: 0 })?.lost ?? 0
  const hours = {
    agreeHours: parameterOf(tables, "agreeHours"),
    ruleHours: parameterOf(tables, "ruleHours"),
    payerPayHours: parameterOf(tables, "payerPayHours"),
  }
  const proven = node.chain.source.prove("clock", encodeAs(schemas.clock.key, { zero: 0 }))
  const { header } = (await proven).block
  const { height, appHash } = header
  const { seconds } = header.time
  const before = node.chain.source.block(height - 1)?.header.time.seconds ?? seconds
  const running = Math.floor((before - lost) / 3600)
  return {
    legs,
    atCustodians: settled.length - legs.length,
    names: new Map([...organizations].map(([org, { name }]) => [org, name])),
    registers,
    balances,
    clock: { height: height - 1, lost, running, ...hours },
    checkedAt: { height, headerHash: toHex(headerHash(header)), appHash: toHex(appHash), seconds },
  }
}

function nameOf({ V, provider, leg, index }: SettledLeg): LegName {
  return { visit: toHex(V), provider, payer: leg.payer, leg: index }
}

/** What was opened of each leg, checked; undefined where nothing was. Other work of the node gets its turn between. */
async function recheckAll(node: NodeContext, { legs, registers }: Reading): Promise<(RecheckedVisit | undefined)[]> {
  const checked: (RecheckedVisit | undefined)[] = []
  for (const entry of legs) {
    const { statement } = entry.visit
    const opened = statement && openedVisit(node.work, statement.id, entry.leg.voucher)
    checked.push(opened && recheckVisit(entry, opened, registers))
    await turn()
  }
  return checked
}

function differingOf(
  legs: readonly SettledLeg[],
  checked: readonly (RecheckedVisit | undefined)[],
): readonly Differing[] {
  return legs.flatMap((entry, i) => {
    const { findings = [], money } = checked[i] ?? {}
    const { committed, recomputed } = money ?? {}
    const id = entry.visit.statement?.id
    return [...findings, ...ledgerFindings(entry)].map((finding) => ({
      ...nameOf(entry),
      statement: id && toHex(id),
      ...finding,
      ...(committed === undefined ? {} : { committed }),
      ...(recomputed === undefined ? {} : { recomputed }),
    }))
  })
}

function payersOf({ legs, names }: Reading, checked: readonly (RecheckedVisit | undefined)[]): readonly PayerShare[] {
  const shares = new Map<number, { -readonly [K in keyof PayerShare]: PayerShare[K] }>()
  for (const [i, entry] of legs.entries()) {
    const { payer } = entry.leg
    const empty = {
      payer,
      name: names.get(payer) ?? "",
      settled: 0,
      opened: 0,
      differing: 0,
      committed: 0n,
      recomputed: 0n,
    }
    const row = shares.get(payer) ?? empty
    shares.set(payer, row)
    row.settled++
    const found = checked[i]
    if (found === undefined) continue
    row.opened++
    if (found.findings.length > 0) row.differing++
    if (found.money?.recomputed === undefined) continue
    row.committed += found.money.committed
    row.recomputed += found.money.recomputed
  }
  return [...shares.values()].sort((a, b) => a.payer - b.payer)
}

function correctionsOf(legs: readonly SettledLeg[]): RecheckReport["corrections"] {
  const moved = ({ visit, index }: SettledLeg, operation: number) =>
    visit.transitions.some((step) => step.operation === operation && (step.legs & (1 << index)) !== 0)
  const open = legs.filter(
    ({ leg }) => leg.state === legStates.settled && leg.paid !== undefined && leg.contested === 0n,
  )
  return {
    replaced: legs.filter((entry) => moved(entry, operations.replace)).length,
    refunded: legs.filter((entry) => moved(entry, operations.refund)).length,
    voided: legs.filter(({ visit }) => visit.statement?.void === 1).length,
    open: open.map(nameOf),
  }
}

function licencesOf(checked: readonly (RecheckedVisit | undefined)[]): RecheckReport["licences"] {
  const visits = new Map<string, number>()
  for (const id of checked.flatMap((one) => one?.unlicensed ?? [])) visits.set(id, (visits.get(id) ?? 0) + 1)
  return [...visits].map(([practitioner, count]) => ({ practitioner, visits: count }))
}

function deadlinesOf({ legs }: Reading, { findings, notDated }: DeadlineCheck): RecheckReport["deadlines"] {
  const found = [...findings].flatMap(([i, ones]) => ones.map((one) => ({ ...nameOf(legs[i]!), ...one })))
  return { checked: legs.length, notDated, findings: found }
}

async function recheck(node: NodeContext, period: Period): Promise<RecheckReport> {
  const reading = await readLedger(node, period)
  const { legs, balances, atCustodians, checkedAt, clock } = reading
  const checked = await recheckAll(node, reading)
  const differing = differingOf(legs, checked)
  const notOpened = legs.filter((_, i) => checked[i] === undefined).map(nameOf)
  const deadlines = deadlinesOf(reading, checkDeadlines(node.chain, legs, clock))
  const found = differing.length + notOpened.length + deadlines.findings.length + balances.findings.length
  return {
    report: "recheck/1",
    chainId: node.chain.chainId,
    regulator: { organization: node.config.organization, name: node.config.name },
    checkedAt,
    period: { from: formatDate(period.from), to: formatDate(period.to), lostSeconds: clock.lost },
    visits: {
      settled: legs.length,
      opened: legs.length - notOpened.length,
      differing: new Set(differing.map(({ visit, provider, leg }) => `${visit} ${provider} ${leg}`)).size,
      atCustodians,
    },
    payers: payersOf(reading, checked),
    notOpened,
    differing,
    deadlines,
    corrections: correctionsOf(legs),
    licences: licencesOf(checked),
    balances,
    notChecked: neverChecked,
    clean: found === 0,
  }
}

/** The regulator's own desk. */
export function recheckOperations(node: NodeContext): Operations {
  return {
    /** Checks again what was settled in a period (`from`, `to`: dates; open where left out). The answer is the report. */
    recheck: async (fields) => {
      // Letters that have arrived are read first: what was opened a moment ago counts.
      await node.mail.idle()
      return recheck(node, periodOf(fields))
    },
  }
}
