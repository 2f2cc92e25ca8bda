/**
 * Sealing entries. A sealed entry is an age v1 file with three readers: the patient (post-quantum hybrid recipient),
 * whoever holds the category key, and the practice, which by law keeps its own notes. Inside, content is padded:
 *
 *   bytes ‖ label (CBOR: media type, category, salt) ‖ u32 length of the label ‖ 80 ‖ 00 … up to a size step
 *
 * Bytes come first, so that even the plain age tool gives something most viewers open; `exportEntry` gives exactly the
 * bytes. age names no sender, so a sealed entry counts only where its digest is under a signed record root.
 */
import { Decrypter, Encrypter, type Identity } from "age-encryption"
import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import type { CategoryKey } from "../privacy/keys.ts"
import { CategoryIdentity, CategoryRecipient } from "./category-stanza.ts"
import { type Entry, entryLabel, maxEntryLength } from "./entry.ts"
import { entrySize, pad, unpad } from "./size-steps.ts"

export interface EntryReaders {
  /** age recipient, `age1pq1…`: the patient's, of this relationship. */
  readonly patient: string
  /** age recipient of the practice that writes. */
  readonly practice: string
  /** The key of the entry's own category. */
  readonly categoryKey: CategoryKey
}

const lengthOfLength = 4

function lengthBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(lengthOfLength)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

function toContent(entry: Entry): Uint8Array {
  const label = encodeAs(entryLabel, entry)
  return concat(entry.bytes, label, lengthBytes(label.length))
}

/** @throws EncodingError, RangeError for content that no sealing wrote. */
function fromContent(content: Uint8Array): Entry {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const labelEnd = content.length - lengthOfLength
  const labelStart = labelEnd - view.getUint32(labelEnd)
  if (labelStart < 0) throw new RangeError("Cannot read entry: its label is longer than itself")
  return { ...decodeAs(entryLabel, content.subarray(labelStart, labelEnd)), bytes: content.subarray(0, labelStart) }
}

/** @throws Error when a recipient is not an age recipient. */
export async function sealEntry(entry: Entry, readers: EntryReaders): Promise<Uint8Array> {
  assert(entry.bytes.length <= maxEntryLength, "an entry is at most 64 MiB")
  assert(entry.category === readers.categoryKey.category, "an entry is sealed under the key of its category")
  const encrypter = new Encrypter()
  encrypter.addRecipient(readers.patient)
  encrypter.addRecipient(readers.practice)
  encrypter.addRecipient(new CategoryRecipient(readers.categoryKey))
  return encrypter.encrypt(pad(toContent(entry), entrySize))
}

async function open(sealed: Uint8Array, identity: string | Identity): Promise<Entry | undefined> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  try {
    const content = unpad(await decrypter.decrypt(sealed))
    return content && fromContent(content)
  } catch {
    // Another's file, a flipped byte, content of another form: the reader learns only that it does not open.
    return undefined
  }
}

/** The entry, for the patient or the practice; undefined where it does not open with this `AGE-SECRET-KEY-PQ-1…`. */
export function openEntryWithIdentity(sealed: Uint8Array, identity: string): Promise<Entry | undefined> {
  return open(sealed, identity)
}

/** The entry, for whoever was granted its category and epoch; undefined where it does not open with this key. */
export async function openEntryWithCategoryKey(
  sealed: Uint8Array,
  categoryKey: CategoryKey,
): Promise<Entry | undefined> {
  const entry = await open(sealed, new CategoryIdentity(categoryKey))
  // Whoever sealed it under another category's key would widen a grant.
  return entry?.category === categoryKey.category ? entry : undefined
}

/** An age file of the original bytes alone, not padded: for the patient to take away and open with any age tool. */
export async function exportEntry(entry: Entry, recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return encrypter.encrypt(entry.bytes)
}
