/**
 * Who may connect to this node's CometBFT: keys that the ledger lists, without any role, for an organization that is
 * neither suspended nor removed. A key of that kind signs no transaction; it opens the network and nothing else.
 */
import { toHex } from "../base/bytes.ts"
import { validatorAddress } from "../base/chain/validators.ts"
import { nodeId } from "../engine/comet/home.ts"
import { openTables } from "../ledger/state.ts"
import type { LedgerApplication } from "./application.ts"

const active = 0

export class Membership {
  readonly #application: LedgerApplication
  #height = -1
  #ids: ReadonlySet<string> = new Set()

  constructor(application: LedgerApplication) {
    this.#application = application
  }

  /** @param id - 40 hex digits, as a peer's key hashes. */
  mayConnect(id: string): boolean {
    const { height } = this.#application
    if (height !== this.#height) {
      this.#ids = this.#read()
      this.#height = height
    }
    return this.#ids.has(id)
  }

  /** Whose validator key hashes to an address; undefined when it has none any more. */
  organizationOf(address: Uint8Array): number | undefined {
    for (const [{ key }, { org }] of openTables(this.#application.state).validators.rows())
      if (toHex(validatorAddress(key.subarray(1))) === toHex(address)) return org
    return undefined
  }

  #read(): ReadonlySet<string> {
    const { keys, organizations } = openTables(this.#application.state)
    const hour = Math.floor((this.#application.lastTime?.seconds ?? 0) / 3600)
    const ids = new Set<string>()
    for (const [{ key }, { org, roles, practitioner, from, until }] of keys.rows()) {
      if (org === 0 || roles !== 0 || practitioner !== undefined) continue
      // Before the first block there is no hour yet: a founder's key is good.
      const live = hour === 0 || (from <= hour && hour < until)
      if (live && organizations.get({ org })?.status === active) ids.add(nodeId(key.subarray(1)))
    }
    return ids
  }
}
