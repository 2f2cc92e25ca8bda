/**
 * Loaded into a node with `--import`, before its own code: this node lies about its state. At the k-th block with
 * transactions (`COUNTERSIGN_TEST_ALTER_AT`) it gives one organization money that nobody deposited.
 */
import { isMainThread } from "node:worker_threads"
import { openTables } from "../../src/ledger/state.ts"
import { LedgerApplication } from "../../src/node/application.ts"

const favoured = 2
const wanted = process.env["COUNTERSIGN_TEST_ALTER_AT"]

if (isMainThread && wanted !== undefined) {
  const execute = LedgerApplication.prototype.execute
  let left = Number(wanted)
  LedgerApplication.prototype.execute = function (block) {
    if (block.batches.length > 0 && --left === 0) {
      const tables = openTables(this.state)
      const account = tables.accounts.get({ org: favoured })!
      tables.accounts.put({ org: favoured }, { ...account, free: account.free + 1_000_00n })
      tables.flush()
    }
    return execute.call(this, block)
  }
}
