/**
 * Moving a chain, on the stopped operator's own disk: from its store to the genesis of the chain that carries its state
 * on, and to the anchor by which its receipts are judged from then on. Nothing of the old chain is changed.
 */

import { equalBytes } from "../base/bytes.ts"
import { verifyCommit } from "../base/chain/commit.ts"
import type { Header } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { isRejection, type Rejection, type SuccessorTerms, successorGenesis } from "../ledger/index.ts"
import { anchorOfGenesis } from "../verify/genesis-anchor.ts"
import { endedAnchor, type TrustAnchor } from "../verify/trust.ts"
import { LedgerApplication } from "./application.ts"

export interface MovedChain {
  /** The new chain's genesis file. */
  readonly genesis: Uint8Array
  /** The old chain's anchor, which ends at its last header. */
  readonly anchor: TrustAnchor
  /** Every header that is kept, to the last: what a receipt older than the anchor's checkpoint is linked by. */
  readonly headers: readonly Header[]
}

function orRefuse<T extends object>(value: T | Rejection, at: string, remedy: string): T {
  return isRejection(value) ? refuse(value.code, value.message, at, remedy) : value
}

/**
 * The last block, whose header must commit to the state as it stands.
 * @throws Refused where it does not, or there is none; Fault where its votes are not good.
 */
export function lastHeaderOf(application: LedgerApplication): Header {
  const last = application.block(application.height)
  if (last === undefined)
    return refuse("chain-empty", "Cannot move chain: it has no whole last block", "ledger", "Run its node first")
  const { header, commit, validators } = last
  const fault = verifyCommit(header, commit, validators)
  if (fault !== undefined) throw new Fault(`Cannot move chain: the votes for its last header are not good: ${fault}`)
  if (equalBytes(header.appHash, application.appHash)) return header
  const message = `Cannot move chain: no header commits to the state after block ${header.height} yet`
  return refuse(
    "state-unproven",
    message,
    "ledger",
    "Start its node, let it close the empty block that follows, stop it",
  )
}

/**
 * Makes what a new chain begins with.
 *
 * @param directory - the store of the old chain; no node may run on it.
 * @param genesisFile - what the old chain began with.
 * @throws Refused where the chain cannot be moved as it stands, or not on these terms; Fault where it cannot be read.
 */
export async function moveChain(
  directory: string,
  genesisFile: Uint8Array,
  terms: Omit<SuccessorTerms, "lastHeader">,
): Promise<MovedChain> {
  const own = "Give the file that the chain began with"
  const anchor = orRefuse(anchorOfGenesis(genesisFile), "genesis", own)
  const application = orRefuse(await LedgerApplication.open(directory, genesisFile), "genesis", own)
  try {
    const header = lastHeaderOf(application)
    const { state, appHash, height, lowestHeight } = application
    const made = successorGenesis({ state, appHash }, { ...terms, lastHeader: header })
    const genesis = orRefuse(made, "terms", "Choose another chain id, or validators as the constitution wants them")
    const headers: Header[] = []
    for (let at = lowestHeight; at <= height; at++) {
      const block = application.block(at)
      if (block !== undefined) headers.push(block.header)
    }
    return { genesis, anchor: endedAnchor(anchor, header), headers }
  } finally {
    await application.close()
  }
}
