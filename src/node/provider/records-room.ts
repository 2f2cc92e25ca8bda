/** The clinic's own notes: opened with the practice's key, every look on the access log first. */
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"
import { fileNow, openEntry } from "../rotation/reseal.ts"

export function recordsOperations(node: NodeContext): Operations {
  return {
    "read-entry": async (fields) => {
      const reader = { time: node.chain.seconds, who: fields.text("who"), purpose: fields.text("purpose") }
      const sealed = await node.vault.get(fileNow(node.work, fields.bytes("file", 32)), reader)
      if (sealed === undefined)
        return refuse("entry-unknown", "Cannot read entry: not in this vault", "file", "Ask who wrote it")
      const entry = await openEntry(node.keys, sealed)
      if (entry === undefined)
        return refuse("entry-closed", "Cannot read entry: not sealed to this practice", "file", "Ask the patient")
      return { mediaType: entry.mediaType, category: entry.category, bytes: toHex(entry.bytes) }
    },
    /** The sealed file itself, as it stands in the vault: for the patient, who holds a key of her own. */
    "sealed-entry": async (fields) => {
      const reader = { time: node.chain.seconds, who: "patient", purpose: "own record" }
      const sealed = await node.vault.get(fileNow(node.work, fields.bytes("file", 32)), reader)
      return sealed === undefined ? {} : { sealed: toHex(sealed) }
    },
  }
}
