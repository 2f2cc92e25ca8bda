/** A stopped node's parts, opened on its own disk: as much of a node as leaving takes, with no door and no engine. */
import { join } from "node:path"
import { equalBytes } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { refuse } from "../../base/refusal.ts"
import { genesisHash } from "../../ledger/constitution/genesis.ts"
import { isRejection } from "../../ledger/rejection.ts"
import { openVault } from "../../record/vault.ts"
import { AccessLog } from "../access-log.ts"
import { LedgerApplication } from "../application.ts"
import type { Founding } from "../block-source.ts"
import { Chain, type Source } from "../chain.ts"
import type { NodeConfig } from "../config.ts"
import type { OpenOrganization } from "../organization-store.ts"
import type { Leaving } from "./exit-bundle.ts"

const stopped = () => new Fault("Cannot ask the chain: its node is stopped")

/** Rows as the last block left them: its header must commit to them, else nothing can be proven from this disk. */
function storedSource(application: LedgerApplication): Source {
  const last = application.block(application.height)
  if (last === undefined || !equalBytes(last.header.appHash, application.appHash))
    refuse(
      "state-unproven",
      "Cannot leave: no header commits to the state of the last block yet",
      "ledger",
      "Start the node, let it close the empty block that follows, stop it; or ask its running desk for exit-bundle",
    )
  const block = last!
  return {
    trust: application.validators().length > 1 ? "byzantine" : "operator",
    height: application.height,
    block: (height) => application.block(height),
    // biome-ignore lint/correctness/useYield: there is no block to come.
    async *blocks() {
      throw stopped()
    },
    submit: () => Promise.reject(stopped()),
    prove: async (table, key) => ({ ...application.prove(table, key), block }),
    stop: async () => {},
  }
}

/**
 * Opens what lies in a stopped node's directory, does something with it and closes it.
 *
 * @throws Refused `not-founded`, `state-unproven`; Fault where the disk does not read.
 */
export async function withStoredNode<T>(
  config: NodeConfig,
  { work, keys }: OpenOrganization,
  act: (node: Leaving) => Promise<T>,
): Promise<T> {
  const founding = work.get<Founding>("founding", "genesis")
  if (founding === undefined)
    return refuse("not-founded", "Cannot leave: this directory belongs to no chain", config.directory, "Join one first")
  const application = await LedgerApplication.open(join(config.directory, "ledger"), founding.genesis)
  if (isRejection(application)) return refuse(application.code, application.message, "genesis", "Restore the node")
  try {
    const { chainId, genesisValidators } = application.chain
    const anchor = {
      chainId,
      genesis: genesisHash(founding.genesis),
      k: application.k,
      validators: genesisValidators,
      former: application.former,
    }
    const source = storedSource(application)
    const handovers = () => application.handovers()
    const chain = new Chain({ chainId, anchor, state: application.state, source, handovers })
    const log = new AccessLog(work, () => chain.hour)
    const vault = await openVault(join(config.directory, "vault"), (read) => log.record(read))
    return await act({ config, keys, work, vault, log, chain })
  } finally {
    await application.close()
  }
}
