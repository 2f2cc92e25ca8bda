/**
 * Documentation: seals every entry for the patient, for whoever is granted its category, and for the practice itself;
 * keeps the facts in plain words. Clear bytes pass through and are not kept.
 */
import { randomBytes } from "node:crypto"
import { toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { ageRecipient } from "../../record/age-keys.ts"
import { recordRootOf } from "../../record/digest-tree.ts"
import { type Category, digestOf, type Entry, isCategory, isMediaType } from "../../record/entry.ts"
import { isSentence } from "../../record/facts.ts"
import { sealEntry } from "../../record/sealing.ts"
import { type DatedEntry, parseEventTime } from "../../record/timeline.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { mustFind } from "./reception.ts"
import { type FileFact, type SealedEntry, saveVisit, type VisitFile } from "./visit-file.ts"

const fresh = () => new Uint8Array(randomBytes(32))

interface Received extends DatedEntry {
  readonly entry: Entry
}

/** @param place - the entry's own in the record: it corrects an earlier one only. */
function receivedOf(fields: Fields, place: number): Received {
  const at = fields.has("at") ? fields.text("at") : undefined
  if (at !== undefined && parseEventTime(at) === undefined)
    refuse("event-time", "Cannot record entry: its time is no date or instant", "at", "As 2026-04-14T09:10:00-04:00")
  const corrects = fields.has("corrects") ? fields.integer("corrects") : undefined
  if (corrects !== undefined && corrects >= place)
    refuse("corrects", "Cannot record entry: what it corrects is not before it", "corrects", "Name an earlier entry")
  return {
    entry: entryOf(fields),
    ...(at === undefined ? {} : { at }),
    ...(corrects === undefined ? {} : { corrects }),
  }
}

function entryOf(fields: Fields): Entry {
  const [mediaType, category] = [fields.text("mediaType"), fields.text("category")]
  if (!isMediaType(mediaType))
    refuse("media-type", "Cannot record entry: not a media type", "mediaType", "As application/pdf")
  if (!isCategory(category))
    return refuse("category", "Cannot record entry: no such category", "category", "One of the closed list")
  return { bytes: fields.bytes("bytes"), mediaType, category, salt: fresh() }
}

async function seal(node: NodeContext, file: VisitFile, { entry, ...dated }: Received): Promise<SealedEntry> {
  const key = file.address.categoryKeys.find(({ category }) => category === entry.category)
  if (key === undefined) {
    return refuse(
      "category-key",
      "Cannot record entry: the patient gave no key for its category",
      "category",
      "Ask the patient",
    )
  }
  const sealed = await sealEntry(entry, {
    patient: file.address.recipient,
    practice: await ageRecipient(node.keys.seed("records")),
    categoryKey: { category: key.category as Category, id: key.id, key: key.key },
  })
  return { file: await node.vault.put(sealed), ...digestOf(entry), ...dated }
}

function factOf(fields: Fields, file: VisitFile, entries: number): FileFact {
  const sentence = fields.text("sentence")
  const entry = fields.integer("entry")
  if (!isSentence(sentence))
    refuse("sentence", "Cannot record fact: not one plain line", "sentence", "Use printable text, at most 1,000 bytes")
  if (entry >= entries)
    refuse("fact-entry", "Cannot record fact: it names no entry of this record", "entry", "Tie it to an entry")
  return { sentence: toUtf8(sentence), salt: fresh(), entry, author: file.practitioner }
}

/** The file with these entries and facts after those that are there; its record root is over all of them. */
export async function withEntries(node: NodeContext, file: VisitFile, fields: Fields): Promise<VisitFile> {
  const before = file.entries.length
  const received = fields.objects("entries").map((entry, i) => receivedOf(entry, before + i))
  const facts = fields.objects("facts").map((fact) => factOf(fact, file, before + received.length))
  const entries = [...file.entries, ...(await Promise.all(received.map((one) => seal(node, file, one))))]
  return { ...file, entries, recordRoot: recordRootOf(entries), facts: [...file.facts, ...facts] }
}

export function describeRecord({ recordRoot, entries, facts }: VisitFile): Readonly<Record<string, unknown>> {
  return { recordRoot, entries: entries.length, facts: facts.length, files: entries.map(({ file }) => toHex(file)) }
}

/** The record as it stands before anybody relies on it: recording again replaces it. */
async function record(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  if (file.recorded !== undefined)
    refuse("recorded", "Cannot record anew: the ledger has this record", "visit", "Add to it with amend-record")
  const saved = await withEntries(node, { ...file, entries: [], facts: [] }, fields)
  await saveVisit(node.work, saved)
  return describeRecord(saved)
}

/** A later note of fact, as by a biller: tied to an entry that is there. */
async function addFact(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const fact = factOf(fields, file, file.entries.length)
  await saveVisit(node.work, { ...file, facts: [...file.facts, fact] })
  return { fact: file.facts.length }
}

export function recordingOperations(node: NodeContext): Operations {
  return {
    record: (fields) => record(node, fields),
    "add-fact": (fields) => addFact(node, fields),
  }
}
