/**
 * An organization's work store while its node is stopped: what `init` and `join` write and `node` goes on with. The keys
 * are made here on first opening; what leaves is public.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import { ageRecipient } from "../record/age-keys.ts"
import { generateNodeKey } from "../record/bundle-sealing.ts"
import { WorkStore } from "../store/work-store.ts"
import type { Founding } from "./block-source.ts"
import { certificateOf, proveTransport } from "./certificate.ts"
import type { FileConfig } from "./config-file.ts"
import { consensusAddress } from "./consensus.ts"
import { Directory, type Entry } from "./directory.ts"
import type { Identity } from "./invitation.ts"
import { KeyRing, usesOf } from "./keys.ts"
import { checkStartKey } from "./start-key.ts"
import { Work } from "./work.ts"

export interface OpenOrganization {
  readonly keys: KeyRing
  readonly work: Work
}

/**
 * Opens the store of a stopped node, does something with it, and closes it.
 * @throws Refused when the start key is another; Fault when the directory does not open.
 */
export async function withOrganization<T>(
  { directory, kind }: Pick<FileConfig, "directory" | "kind">,
  startKey: string,
  act: (opened: OpenOrganization) => Promise<T>,
): Promise<T> {
  checkStartKey(directory, startKey)
  process.umask(0o077)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const store = new WorkStore(join(directory, "work"), startKey)
  try {
    const work = new Work(store, startKey)
    return await act({ work, keys: await KeyRing.open(work, kind) })
  } finally {
    await store.close()
  }
}

const inUrl = (host: string) => (host.includes(":") ? `[${host}]` : host)

/** What this organization tells the others of itself: public values only. */
export async function identityOf({ keys, work }: OpenOrganization, config: FileConfig): Promise<Identity> {
  const { name, kind, organization, publicHost, publicPort, p2pPort } = config
  if (publicPort === 0)
    refuse("config-port", "Cannot say where the doors are: no port is set", "doors.publicPort", "Set a port")
  const { pin } = certificateOf(keys.seed("transport"))
  if (p2pPort) await work.put("consensus", "port", p2pPort)
  const { publicKey } = await generateNodeKey(keys.seed("sealing"))
  return {
    name,
    kind,
    ...(organization === undefined ? {} : { organization }),
    url: `https://${inUrl(publicHost)}:${publicPort}`,
    keys: Object.fromEntries(usesOf(kind).map((use) => [use, keys.publicKey(use)])),
    sealingKey: publicKey,
    recipient: await ageRecipient(keys.seed("records")),
    transport: pin,
    ...(organization === undefined ? {} : { transportProof: proveTransport(keys.seed("operate"), organization, pin) }),
    ...(config.consensus === true ? { consensus: await consensusAddress(work, keys, publicHost) } : {}),
  }
}

/** The chain that this directory belongs to; undefined before `join`. */
export function foundingOf({ work }: OpenOrganization): Founding | undefined {
  return work.get<Founding>("founding", "genesis")
}

/**
 * Writes what the node goes on with: its chain's beginning, and where the others are.
 * @throws Refused `founded` when the directory belongs to another chain.
 */
export async function settle(opened: OpenOrganization, founding: Founding, entries: readonly Entry[]): Promise<void> {
  const known = foundingOf(opened)
  if (known !== undefined && toHex(known.genesis) !== toHex(founding.genesis))
    refuse(
      "founded",
      "Cannot join: this directory belongs to another chain",
      "genesis",
      "Start with an empty directory",
    )
  // Also checks that every entry vouches for its own key.
  new Directory().set(entries)
  await opened.work.put("directory", "entries", entries)
  await opened.work.put("founding", "genesis", { ...known, ...founding })
}
