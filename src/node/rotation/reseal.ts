/**
 * The clinic's notes under a new records key. Each sealed file is opened with the key it was sealed to and sealed again
 * for the same patient, under the same category key, and for the new records key: the patient and whoever was granted
 * the category open it as before, the old records key opens it no longer. Its name in the vault is another then; the old
 * name leads to it. What the record root is over, the content and its salt, stays the same.
 */
import { fromHex, toHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { ageIdentity, ageRecipient } from "../../record/age-keys.ts"
import type { Category, Entry } from "../../record/entry.ts"
import { openEntryWithIdentity, sealEntry } from "../../record/sealing.ts"
import type { NodeContext } from "../context.ts"
import type { KeyRing } from "../keys.ts"
import { allVisits, findVisit, type SealedEntry, saveVisit, type VisitFile } from "../provider/visit-file.ts"
import type { Work } from "../work.ts"

/** Old name in the vault → new name. */
const collection = "resealed"

/** The name that a sealed file has now: people may have noted an earlier one. */
export function fileNow(work: Work, file: Uint8Array): Uint8Array {
  let name = file
  for (let next = work.get<Uint8Array>(collection, toHex(name)); next !== undefined; ) {
    name = next
    next = work.get<Uint8Array>(collection, toHex(name))
  }
  return name
}

/** An entry that was sealed to this practice, under whichever records key it had. */
export async function openEntry(keys: KeyRing, sealed: Uint8Array): Promise<Entry | undefined> {
  for (const seed of keys.openers("records")) {
    const entry = await openEntryWithIdentity(sealed, ageIdentity(seed))
    if (entry !== undefined) return entry
  }
  return undefined
}

async function resealOne(node: NodeContext, file: VisitFile, entry: SealedEntry): Promise<SealedEntry | undefined> {
  const { keys, vault, chain, work } = node
  const reader = { time: chain.seconds, who: "this node", purpose: "new records key" }
  const sealed = await vault.get(entry.file, reader)
  if (sealed === undefined) return undefined
  const present = ageIdentity(keys.seed("records"))
  if ((await openEntryWithIdentity(sealed, present)) !== undefined) return undefined
  const opened = await openEntry(keys, sealed)
  const category = file.address.categoryKeys.find((key) => key.category === entry.category)
  if (opened === undefined || category === undefined)
    throw new Fault("Cannot seal an entry anew: it does not open with any records key of this node")
  const practice = await ageRecipient(keys.seed("records"))
  const categoryKey = { category: category.category as Category, id: category.id, key: category.key }
  const name = await vault.put(await sealEntry(opened, { patient: file.address.recipient, practice, categoryKey }))
  await work.put(collection, toHex(entry.file), name)
  return { ...entry, file: name }
}

/**
 * Seals every entry in the vault for the present records key. Stopped in the middle and called again it goes on; until
 * an entry's new file is on disk and named in its visit the old one stays.
 *
 * @returns how many were sealed anew now.
 * @throws Fault where one does not open.
 */
export async function resealRecords(node: NodeContext): Promise<number> {
  let count = 0
  for (const { visit } of allVisits(node.work)) {
    const entries = findVisit(node.work, visit)?.entries.length ?? 0
    for (let i = 0; i < entries; i++) {
      const file = findVisit(node.work, visit)!
      const entry = file.entries[i]
      if (entry === undefined) continue
      const moved = await resealOne(node, file, entry)
      if (moved === undefined) continue
      count++
      // Read again: the desk may have written the visit meanwhile.
      const now = findVisit(node.work, visit)!
      const same = (one: SealedEntry) => toHex(one.file) === toHex(entry.file)
      await saveVisit(node.work, { ...now, entries: now.entries.map((one) => (same(one) ? moved : one)) })
    }
  }
  // Also those that an earlier run was stopped before.
  for (const [old] of node.work.rows(collection)) await node.vault.erase(fromHex(old))
  return count
}
