/**
 * Documentation: seals every entry for the patient, for whoever is granted its category, and for the practice itself;
 * keeps the facts in plain words. Clear bytes pass through and are not kept.
 */
import { randomBytes } from "node:crypto"
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { ageRecipient } from "../../record/age-keys.ts"
import { recordRoot } from "../../record/digest-tree.ts"
import { type Category, type Entry, isCategory, isMediaType } from "../../record/entry.ts"
import { isSentence } from "../../record/facts.ts"
import { sealEntry } from "../../record/sealing.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { mustFind } from "./reception.ts"
import { type FileFact, type SealedEntry, saveVisit, type VisitFile } from "./visit-file.ts"

const fresh = () => new Uint8Array(randomBytes(32))

function entryOf(fields: Fields): Entry {
  const [mediaType, category] = [fields.text("mediaType"), fields.text("category")]
  if (!isMediaType(mediaType))
    refuse("media-type", "Cannot record entry: not a media type", "mediaType", "As application/pdf")
  if (!isCategory(category))
    return refuse("category", "Cannot record entry: no such category", "category", "One of the closed list")
  return { bytes: fields.bytes("bytes"), mediaType, category, salt: fresh() }
}

async function seal(node: NodeContext, file: VisitFile, entry: Entry): Promise<SealedEntry> {
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
  const { mediaType, category, salt, bytes } = entry
  return { file: await node.vault.put(sealed), mediaType, category, salt, content: sha256(bytes) }
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

async function record(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const entries = fields.objects("entries").map(entryOf)
  const facts = fields.objects("facts").map((fact) => factOf(fact, file, entries.length))
  const sealed = await Promise.all(entries.map((entry) => seal(node, file, entry)))
  const root = recordRoot(entries)
  await saveVisit(node.work, { ...file, entries: sealed, recordRoot: root, facts })
  return {
    recordRoot: toHex(root),
    entries: sealed.length,
    facts: facts.length,
    files: sealed.map(({ file: name }) => toHex(name)),
  }
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
