/**
 * Versions of the rules. A chain has one at a time; a ballot sets the height at which the next begins. The block of that
 * height carries the new version in its header, and its transactions follow it.
 *
 *   1  the first
 *   2  `anchor-log/2` in the place of `anchor-log/1`: each anchor counts the lines of the log so far
 */
import { assert } from "../base/assert.ts"
import type { Tables } from "./state.ts"

/** The newest version that this software knows. It runs every older one as well. */
export const newestProtocol = 2

/**
 * The version of the block at a height, by the state after the block before it. It never falls, whatever a ballot says:
 * what decodes under one version decodes under every later one.
 */
export function protocolAt(tables: Tables, height: number): number {
  const chain = tables.chain.get({ zero: 0 })
  assert(chain !== undefined, "the genesis state names its chain")
  const upgrade = tables.clock.get({ zero: 0 })?.upgrade
  return upgrade === undefined || height < upgrade.height ? chain.protocol : Math.max(chain.protocol, upgrade.protocol)
}
