/**
 * One item of a record: original bytes as received (a FHIR resource, a PDF, an image, an HL7 message), never parsed and
 * written again. Its leaf in the record's tree hides everything, also equal bytes of two patients, behind its salt.
 */
import { sha256 } from "#crypto"
import { EncodingError, type Value } from "../base/cbor.ts"
import { b32, type Codec, type Decoded, struct } from "../base/schema.ts"

/** Every entry is in one of these, and each is locked with its own key: sharing labs shares no other. */
export const categories = [
  "general",
  "labs",
  "imaging",
  "medication",
  "mental-health",
  "reproductive",
  "genetics",
  "substance-use",
  "hiv",
  "notes",
  "billing",
  "administrative",
] as const
export type Category = (typeof categories)[number]

/** What law and patients treat apart: granted by name only, never as part of “everything”. */
export const sensitiveCategories: readonly Category[] = [
  "mental-health",
  "reproductive",
  "genetics",
  "substance-use",
  "hiv",
]

export function isCategory(name: string): name is Category {
  return (categories as readonly string[]).includes(name)
}

/** Limits of an entry and of a record. */
export const maxEntryLength = 64 * 1024 * 1024
export const maxEntries = 4096
const mediaTypeForm = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}(; ?[a-z]+=[a-z0-9.-]+)*$/i

export interface Entry {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly category: Category
  /** 32 fresh bytes: without them the leaf cannot be compared with a guess. */
  readonly salt: Uint8Array
}

function checked<T extends string>(isGood: (value: string) => value is T, what: string): Codec<T> {
  return {
    read(reader) {
      const value = reader.text()
      if (!isGood(value)) throw new EncodingError(`Cannot read CBOR: ${what}`)
      return value
    },
    write: (writer, value) => writer.text(value),
  }
}

export function isMediaType(value: string): value is string {
  return value.length <= 127 && mediaTypeForm.test(value)
}

export const category: Codec<Category> = checked(isCategory, "a category that is not on the list")

/** What stands beside the bytes inside a seal. */
export const entryLabel = struct({
  mediaType: checked(isMediaType, "a media type of another form"),
  category,
  salt: b32,
})
export type EntryLabel = Decoded<typeof entryLabel>

/** What an entry's leaf is made of, without its bytes. */
export interface EntryDigest {
  readonly salt: Uint8Array
  readonly mediaType: string
  readonly category: string
  /** SHA-256 of the bytes as received. */
  readonly content: Uint8Array
}

export function digestOf({ bytes, mediaType, category, salt }: Entry): EntryDigest {
  return { salt, mediaType, category, content: sha256(bytes) }
}

/** The leaf's values in order: salt, media type, category, SHA-256 of the bytes. */
export function digestLeaf({ salt, mediaType, category, content }: EntryDigest): readonly Value[] {
  return [salt, mediaType, category, content]
}

export function entryLeaf(entry: Entry): readonly Value[] {
  return digestLeaf(digestOf(entry))
}
