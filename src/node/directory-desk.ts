/** The desk of the directory: where the other organizations are, as this node's own people have been told. */
import type { PeerAddress } from "../engine/comet/home.ts"
import { transportProofBytes } from "./certificate.ts"
import type { Fields, Operations } from "./desk.ts"
import type { Directory, Entry } from "./directory.ts"
import type { Work } from "./work.ts"

function consensusOf(entry: Fields): PeerAddress {
  return { id: entry.text("id"), host: entry.text("host"), port: entry.integer("port", { least: 1, most: 65_535 }) }
}

function entryOf(entry: Fields): Entry {
  return {
    organization: entry.organization("organization"),
    name: entry.text("name"),
    kind: entry.text("kind"),
    url: entry.text("url"),
    sealingKey: entry.bytes("sealingKey"),
    transport: entry.has("transport") ? entry.bytes("transport", 32) : undefined,
    transportProof: entry.has("transportProof") ? entry.bytes("transportProof", transportProofBytes) : undefined,
    consensus: entry.has("consensus") ? consensusOf(entry.object("consensus")) : undefined,
  }
}

/** Before the founding, too: a node finds the others before it has a chain. */
export function directoryOperations(directory: Directory, work: Work): Operations {
  const list = async (entries: readonly Entry[]) => {
    directory.set(entries)
    await work.put("directory", "entries", entries)
    return {}
  }
  return {
    "list-organizations": (fields) => list(fields.objects("organizations").map(entryOf)),
    /** One more, or another address of one that is listed. */
    "list-organization": async (fields) => {
      const entry = entryOf(fields)
      return list([...directory.all().filter(({ organization }) => organization !== entry.organization), entry])
    },
  }
}
