/**
 * A node that joins late: it restores a snapshot that others serve, checked by CometBFT's light client against headers
 * that reach back to a hash its people were told, and then fetches what a snapshot cannot vouch for: how the validators
 * changed since the genesis.
 */
import { join } from "node:path"
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { type ValidatorHandover, validatorHandoverCodec } from "../base/chain/block.ts"
import { verifyCommit } from "../base/chain/commit.ts"
import type { BlockTime } from "../base/chain/header.ts"
import { type Validator, validatorsHash } from "../base/chain/validators.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs, list } from "../base/schema.ts"
import type { StateSync } from "../engine/comet/home.ts"
import { parseSignedHeader } from "../engine/comet/rpc-answers.ts"
import type { ChainIdentity } from "../engine/engine.ts"
import type { LedgerApplication } from "./application.ts"
import type { Entry } from "./directory.ts"
import { LightRelay } from "./light.ts"
import type { Request } from "./transport.ts"

/** A header that the node's people learnt out of band, not older than a week. */
export interface TrustedHeader {
  readonly height: number
  readonly hash: Uint8Array
}

const trustPeriodHours = 168
const mostHandovers = 100_000
const handoversCodec = list(validatorHandoverCodec, 0, mostHandovers)

export const encodeHandovers = (list: readonly ValidatorHandover[]): Uint8Array => encodeAs(handoversCodec, list)

/** Opens a relay to each of two members. @throws Fault where fewer are known: one could tell any story. */
export async function openRelays(
  folder: string,
  members: readonly Entry[],
  request: Request,
): Promise<readonly [LightRelay, LightRelay]> {
  const [first, second] = members
  if (first === undefined || second === undefined)
    throw new Fault("Cannot join by snapshot: the addresses of two members are needed")
  const open = (entry: Entry, name: string) =>
    LightRelay.open(join(folder, name), async (question) => {
      const headers = { "content-type": "application/json" }
      const ask = { method: "POST", headers, body: question, pin: entry.transport } as const
      const { status, bytes } = await request(`${entry.url}/chain/light`, ask)
      if (status === 200) return bytes
      throw new Fault("Cannot ask for headers: the member refused", { retryable: true })
    })
  return [await open(first, "light-1.sock"), await open(second, "light-2.sock")]
}

export function stateSyncFrom(relays: readonly [LightRelay, LightRelay], trusted: TrustedHeader): StateSync {
  const [first, second] = relays
  return {
    rpcServers: [`unix://${first.path}`, `unix://${second.path}`],
    trustHeight: trusted.height,
    trustHash: trusted.hash,
    trustPeriodHours,
  }
}

/** The set after a list of handovers that begins at the genesis; undefined when one of them is not signed by the set before. */
export function followHandovers(
  { chainId, genesisValidators }: Pick<ChainIdentity, "chainId" | "genesisValidators">,
  handovers: readonly ValidatorHandover[],
): readonly Validator[] | undefined {
  let set = genesisValidators
  let height = 0
  for (const { header, commit, validators } of handovers) {
    const follows =
      header.chainId === chainId &&
      header.height > height &&
      equalBytes(header.validatorsHash, validatorsHash(set)) &&
      equalBytes(header.nextValidatorsHash, validatorsHash(validators)) &&
      verifyCommit(header, commit, set) === undefined
    if (!follows) return undefined
    set = validators
    height = header.height
  }
  return set
}

/**
 * When a block was made, by its own header: a snapshot names the time too, but nothing in the state vouches for that.
 * Undefined where no member shows a header that the validators of that height signed.
 */
export async function headerTime(
  chain: ChainIdentity,
  height: number,
  { members, request }: { readonly members: readonly Entry[]; readonly request: Request },
): Promise<BlockTime | undefined> {
  for (const { url, transport: pin } of members) {
    const list = await ask(request, url, pin)
    const set =
      list &&
      followHandovers(
        chain,
        list.filter(({ header }) => header.height < height),
      )
    const signed = set && (await askHeader(request, { url, pin }, height))
    if (set === undefined || signed === undefined) continue
    const { header, commit } = signed
    const good =
      header.chainId === chain.chainId &&
      header.height === height &&
      equalBytes(header.validatorsHash, validatorsHash(set)) &&
      verifyCommit(header, commit, set) === undefined
    if (good) return header.time
  }
  return undefined
}

async function askHeader(
  request: Request,
  { url, pin }: { readonly url: string; readonly pin: Uint8Array | undefined },
  height: number,
) {
  const question = { jsonrpc: "2.0", id: 1, method: "commit", params: { height: String(height) } }
  const headers = { "content-type": "application/json" }
  try {
    const asked = { method: "POST", headers, body: JSON.stringify(question), pin } as const
    const { bytes } = await request(`${url}/chain/light`, asked)
    return parseSignedHeader((JSON.parse(Buffer.from(bytes).toString("utf8")) as { result: unknown }).result)
  } catch (error) {
    if (error instanceof Fault || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether this node can lead from the genesis to the first block it has. True where it has all blocks. */
function isComplete(application: LedgerApplication): boolean {
  const first = application.block(application.lowestHeight)
  if (first === undefined || first.header.height === 1) return true
  return leadsTo(application, application.handovers(), first.header)
}

function leadsTo(
  application: LedgerApplication,
  handovers: readonly ValidatorHandover[],
  header: { readonly height: number; readonly validatorsHash: Uint8Array },
): boolean {
  const before = handovers.filter((one) => one.header.height < header.height)
  const set = followHandovers(application.chain, before)
  return set !== undefined && equalBytes(validatorsHash(set), header.validatorsHash)
}

/**
 * Fetches the missing handovers from whichever member has them all; what does not lead from the genesis to a block of
 * this node's own is not taken. Does nothing where none is missing.
 *
 * @throws Fault `retryable` where nobody gave them, or no block is here yet.
 */
export async function completeHandovers(
  application: LedgerApplication,
  members: readonly Entry[],
  request: Request,
): Promise<void> {
  const first = application.block(application.lowestHeight)
  if (first === undefined) throw new Fault("Cannot complete history: no block is here yet", { retryable: true })
  if (isComplete(application)) return
  for (const { url, transport: pin } of members) {
    const list = await ask(request, url, pin)
    if (list === undefined || !leadsTo(application, list, first.header)) continue
    await application.addHandovers(list.filter(({ header }) => header.height < first.header.height))
    return
  }
  throw new Fault("Cannot complete history: no member gave the changes of validators", { retryable: true })
}

async function ask(
  request: Request,
  url: string,
  pin: Uint8Array | undefined,
): Promise<readonly ValidatorHandover[] | undefined> {
  try {
    const { status, bytes } = await request(`${url}/chain/handovers`, { pin })
    return status === 200 ? decodeAs(handoversCodec, bytes) : undefined
  } catch (error) {
    if (error instanceof EncodingError || error instanceof Fault) return undefined
    throw error
  }
}
