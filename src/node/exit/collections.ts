/**
 * Which of a node's working data leave with an exit bundle. The list is closed: a collection that is not in it stays,
 * and the bundle says so by name, so that nothing new leaves, or is forgotten, unseen.
 */
import type { VisitFile } from "../provider/visit-file.ts"

/** In clear, one file each: the organization's own books and letters. */
export const leaving = [
  "visits",
  "visit-of-statement",
  "members",
  "member-of-key",
  "agreed",
  "decided-lines",
  "opened-visits",
  "delivered",
  "anchored",
  "inbox",
  "outbox",
  "waiting",
  "keys-former",
  "key-drills",
  "resealed",
  "two-histories",
] as const

/** In a form of their own: plans, papers, the access log, the genesis, addresses. */
export const inOtherForm = [
  "plans",
  "remittances",
  "documents",
  "access-log",
  "access-pages",
  "founding",
  "directory",
] as const

/** Keys, and what only the running node needs. */
export const staying = [
  "seeds",
  "seeds-next",
  "seeds-former",
  "desk-keys",
  "desk-keys-prepared",
  "desk-keys-next",
  "consensus",
  "mail-seen",
  "moved-to",
  "validator-change",
  "key-notices",
  "keys-taken",
  "keys-told",
  "keys-by",
  "keys-ahead",
] as const

/**
 * What of a value leaves. The keys with which a patient lets a category of her record be opened stay: the sealed files
 * beside them open with the organization's own identity, for which a passphrase is asked.
 */
export function leavingValue(collection: string, value: unknown): unknown {
  if (collection !== "visits") return value
  const { address, ...file } = value as VisitFile
  const { categoryKeys, ...rest } = address
  return { ...file, address: { ...rest, categories: categoryKeys.map(({ category, id }) => ({ category, id })) } }
}

/** Collections of which this version does not know whether they may leave. */
export function unknownOf(collections: readonly string[]): readonly string[] {
  const known: readonly string[] = [...leaving, ...inOtherForm, ...staying]
  return collections.filter((name) => !known.includes(name))
}
