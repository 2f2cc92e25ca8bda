/**
 * What a stopped node's people ask the members of a chain that they join: the hour, and the header at the height of
 * their trust hash. One member alone could tell any story, so two must say the same.
 */
import { equalBytes } from "../base/bytes.ts"
import { finalBlockCodec } from "../base/chain/block.ts"
import { headerHash } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { decodeAs, list } from "../base/schema.ts"
import { parseSignedHeader } from "../engine/comet/rpc-answers.ts"
import type { Entry } from "../node/directory.ts"
import type { Invitation } from "../node/invitation.ts"
import type { TrustedHeader } from "../node/newcomer.ts"
import { type Ask, Transport } from "../node/transport.ts"

const askMs = 10_000
const blocksCodec = list(finalBlockCodec, 0, 256)

/** Undefined where the member does not answer, or answers something else. */
async function askMember<T>(
  transport: Transport,
  { url, transport: pin }: Entry,
  { path, read, ...ask }: Ask & { readonly path: string; readonly read: (bytes: Uint8Array) => T },
): Promise<T | undefined> {
  try {
    const { status, bytes } = await transport.request(url + path, { ...ask, pin, signal: AbortSignal.timeout(askMs) })
    return status === 200 ? read(bytes) : undefined
  } catch {
    // Whatever is wrong with one member's answer, it is no answer.
    return undefined
  }
}

const json = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown>

/** From a member in consensus, or else from its blocks: a follower has no CometBFT to ask. */
async function hashAt(transport: Transport, entry: Entry, height: number): Promise<Uint8Array | undefined> {
  const question = { jsonrpc: "2.0", id: 1, method: "commit", params: { height: String(height) } }
  const shown = await askMember(transport, entry, {
    path: "/chain/light",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(question),
    read: (bytes) => headerHash(parseSignedHeader(json(bytes)["result"]).header),
  })
  if (shown !== undefined) return shown
  return askMember(transport, entry, {
    path: `/chain/blocks?from=${height}&wait=0`,
    read: (bytes) => {
      const header = decodeAs(blocksCodec, bytes).find((block) => block.header.height === height)?.header
      return header && headerHash(header)
    },
  })
}

/**
 * Compares a trust hash with what the members serve.
 * @throws Refused when one of them serves another header there; Fault when fewer than two (of two or more) answer.
 */
export async function checkTrust({ organizations }: Invitation, { height, hash }: TrustedHeader): Promise<void> {
  const transport = new Transport()
  try {
    const shown = await Promise.all(
      organizations.map(async (entry) => [entry.organization, await hashAt(transport, entry, height)] as const),
    )
    const answers = shown.flatMap(([organization, found]) => (found === undefined ? [] : [{ organization, found }]))
    for (const { organization, found } of answers)
      if (!equalBytes(found, hash))
        refuse(
          "trust-differs",
          `Cannot join: organization ${organization} has another header at height ${height}`,
          "trust",
          "Do not go on: ask who told you the hash, and that organization",
        )
    if (answers.length < Math.min(2, organizations.length))
      throw new Fault("Cannot check trust hash: fewer than two members answer", { retryable: true })
  } finally {
    transport.close()
  }
}

/** The block hour, by the median of the members that answer. @throws Fault where none does. */
export async function askMembersHour({ organizations }: Invitation): Promise<number> {
  const transport = new Transport()
  try {
    const read = (bytes: Uint8Array) => Number(json(bytes)["hour"])
    const asked = await Promise.all(
      organizations.map((entry) => askMember(transport, entry, { path: "/health", read })),
    )
    const hours = asked.filter((hour): hour is number => Number.isSafeInteger(hour) && hour! > 0).sort((a, b) => a - b)
    const hour = hours[Math.floor(hours.length / 2)]
    if (hour === undefined) throw new Fault("Cannot tell the hour: no member answers", { retryable: true })
    return hour
  } finally {
    transport.close()
  }
}
