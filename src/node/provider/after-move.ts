/**
 * Once, when this node's chain has moved: claims that wait for a signature are sent again. Letters from before may have
 * expired on the way, and what they proved was proven on a chain whose validators decide nothing any more.
 */
import { Fault } from "../../base/fault.ts"
import { Refused } from "../../base/refusal.ts"
import type { NodeContext } from "../context.ts"
import { askPayer, askWallet } from "./claims.ts"
import { allVisits, latestStatement, type VisitFile } from "./visit-file.ts"

const collection = "moved-to"

async function askAgain(node: NodeContext, file: VisitFile): Promise<void> {
  const statement = latestStatement(file)
  if (statement === undefined || file.settled !== undefined) return
  const countersigned = statement.signatures.some(({ meaning }) => meaning === "countersigned")
  try {
    await (countersigned ? askPayer(node, file, statement) : askWallet(node, file, statement))
  } catch (error) {
    // One that cannot be asked, as a payer without an address, must not keep the others waiting.
    if (!(error instanceof Refused)) throw error
  }
}

/** Does nothing on a chain that carries on no other, or where it was done. Should the node stop, the next start does it. */
export async function goOnAfterMove(node: NodeContext): Promise<void> {
  const { chain, work } = node
  if (chain.anchor.former === undefined || work.has(collection, chain.chainId)) return
  try {
    // Letters are dated by block time: there is none before the first block here.
    for await (const _ of chain.source.blocks(Math.max(1, chain.height))) break
    for (const file of allVisits(work)) await askAgain(node, file)
    await work.put(collection, chain.chainId, chain.height)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}
