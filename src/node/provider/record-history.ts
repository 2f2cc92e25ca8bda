/**
 * The record after its day: facts put on the ledger with no payer, entries that come late or correct earlier ones, and
 * the timeline that shows when each thing happened and when it was recorded, now or as of any past instant.
 */
import { equalBytes } from "../../base/bytes.ts"
import { encodeEnvelope } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { idsOn } from "../../ledger/chain-names.ts"
import { decodePayload } from "../../ledger/envelopes.ts"
import { type FactsPayload, factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import {
  asOf,
  inTime,
  parseEventTime,
  type RecordedFacts,
  statementAsOf,
  type TimelineRow,
  timeline,
} from "../../record/timeline.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { signWith } from "../keys.ts"
import { deskKey } from "./practitioners.ts"
import { mustFind } from "./reception.ts"
import { describeRecord, withEntries } from "./recording.ts"
import { buildFacts } from "./statement.ts"
import {
  type FiledFacts,
  findVisit,
  latestStatement,
  type SealedEntry,
  saveVisit,
  type VisitFile,
} from "./visit-file.ts"

/** The file with a facts statement that a block has taken; one that was there already changes nothing. */
export function withRecorded(
  node: NodeContext,
  file: VisitFile,
  { facts, height }: { readonly facts: FiledFacts; readonly height: number },
): VisitFile {
  const decoded = decodePayload(factsStatementType, factsBody, facts.payload)
  const { body } = decoded
  const name = nameOnLedger(node, file, decoded)
  const before = file.recorded ?? []
  if (before.some((one) => equalBytes(one.facts, name))) return file
  const { recordRoot, supersedes } = body
  const { entries } = facts
  const recorded = { facts: name, supersedes, recordRoot, entries, height, recorded: node.chain.timeOf(height) }
  return { ...file, recorded: [...before, recorded] }
}

/** The id under which the ledger lists facts: the former chain's, perhaps, of what was signed before the chain moved. */
function nameOnLedger({ chain, config }: NodeContext, { visit }: VisitFile, facts: FactsPayload): Uint8Array {
  const row = chain.tables().visits.get({ V: visit, provider: config.organization })
  const [own, ...others] = idsOn(chain.names, facts)
  return others.find((id) => row?.facts.some((listed) => equalBytes(listed.id, id))) ?? own!
}

/** A claim that waits for signatures names the facts it rests on: no others may come before them. */
function refuseWhileClaimed(file: VisitFile): void {
  if (file.statements.length > 0 && file.settled === undefined)
    refuse(
      "claim-waits",
      "Cannot change record: a claim over it waits for signatures",
      "visit",
      "Settle the claim first",
    )
}

/** The practitioner's facts over all that is recorded, on the ledger; they amend those that are there. */
async function commit(node: NodeContext, file: VisitFile): Promise<unknown> {
  const facts = buildFacts(node, file, latestStatement(file)?.facts.ceiling ?? file.quote?.patient ?? 0n)
  const key = deskKey(node, file.practitioner)
  const transaction = encodeEnvelope(facts.payload, [signWith(key, "performed", node.chain.chainId, facts.payload)])
  const { height } = await node.chain.submit(transaction, "facts")
  const saved = withRecorded(node, findVisit(node.work, file.visit) ?? file, { facts, height })
  await saveVisit(node.work, saved)
  const { recorded, facts: statement, supersedes } = saved.recorded!.at(-1)!
  return { ...describeRecord(saved), statement, supersedes, height, recorded: instantOf(recorded) }
}

/** Puts the facts of a visit on the ledger before, or without, any claim. */
function commitRecord(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  refuseWhileClaimed(file)
  return commit(node, file)
}

/** Adds entries that came late, or that correct earlier ones: nothing is taken away. */
async function amendRecord(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  refuseWhileClaimed(file)
  const grown = await withEntries(node, file, fields)
  // Kept before the ledger has its root: should this node stop in between, commit-record goes on from here.
  await saveVisit(node.work, grown)
  return commit(node, grown)
}

function instantOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z")
}

function describeRow({ entry, content, recorded, correctedBy, daysLate }: TimelineRow<SealedEntry>): unknown {
  const { at, corrects, mediaType, category, file } = content
  const when = recorded === undefined ? undefined : instantOf(recorded)
  return { entry, at, recorded: when, daysLate, mediaType, category, file, corrects, correctedBy }
}

function describeFacts({ recorded, ...rest }: RecordedFacts): unknown {
  return { ...rest, recorded: instantOf(recorded) }
}

/** The visit in clinical order, each entry with both its times; `asOf` shows what was recorded by then. */
function showTimeline(node: NodeContext, fields: Fields): unknown {
  const file = mustFind(node, fields)
  const statements = file.recorded ?? []
  const entries = inTime(file.entries, statements)
  const audit = fields.flag("audit")
  if (!fields.has("asOf")) {
    return { entries: timeline(entries, { audit }).map(describeRow), statements: statements.map(describeFacts) }
  }
  const time = parseEventTime(fields.text("asOf"))
  if (time === undefined)
    return refuse("as-of", "Cannot show timeline: asOf is no date or instant", "asOf", "As 2026-04-14T18:00:00Z")
  const { seconds } = time
  return {
    asOf: instantOf(seconds),
    entries: timeline(asOf(entries, seconds), { audit }).map(describeRow),
    recordRoot: statementAsOf(statements, seconds)?.recordRoot,
    statements: statements.filter(({ recorded }) => recorded <= seconds).map(describeFacts),
  }
}

export function historyOperations(node: NodeContext): Operations {
  return {
    "commit-record": (fields) => commitRecord(node, fields),
    "amend-record": (fields) => amendRecord(node, fields),
    timeline: async (fields) => showTimeline(node, fields),
  }
}
