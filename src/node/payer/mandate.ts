/**
 * The payer's side of a regulator's mandate: every settled visit of a period, opened to the regulator's node in one
 * sealed letter each. `regulator/opened-visit.ts` says what is in it and what is left out.
 */
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { kinds, organizationStatus } from "../../ledger/roles.ts"
import { decodeBundle } from "../../verify/bundle.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { sealOpenedVisit } from "../regulator/opened-visit.ts"
import { periodOf, settledLegs } from "../regulator/settled-legs.ts"
import type { AgreedClaim } from "./agreement.ts"

/** A mandate is a regulator's: nobody else gets a visit opened, whatever the desk was asked. */
function regulatorOf(node: NodeContext, fields: Fields): { readonly number: number; readonly sealingKey: Uint8Array } {
  const number = fields.organization("regulator")
  const row = node.chain.tables().organizations.get({ org: number })
  if (row?.kind !== kinds.regulator || row.status !== organizationStatus.active)
    refuse("not-a-regulator", "Cannot open visits: not an active regulator of this ledger", "regulator", "Name one")
  const address = node.directory.find(number)
  if (address !== undefined) return { number, sealingKey: address.sealingKey }
  return refuse("organization-address", "Cannot open visits: no address of that organization", "regulator", "List it")
}

async function openToRegulator(node: NodeContext, fields: Fields): Promise<unknown> {
  const regulator = regulatorOf(node, fields)
  const period = periodOf(fields)
  const mine = settledLegs(node.chain.tables(), period).filter(({ leg }) => leg.payer === node.config.organization)
  let opened = 0
  for (const { visit } of mine) {
    // A leg that settled by this payer's silence, or by a ruling, was never agreed to: there is nothing to open.
    const agreed = visit.statement && node.work.get<AgreedClaim>("agreed", toHex(visit.statement.id))
    if (agreed === undefined) continue
    const { statement, bundle } = agreed
    const sealed = await sealOpenedVisit(regulator.sealingKey, statement, decodeBundle(bundle))
    await node.mail.send(regulator.number, "bundle", { statement, sealed, registers: undefined }, statement)
    opened++
  }
  return { settled: mine.length, opened, notHeld: mine.length - opened }
}

export function mandateOperations(node: NodeContext): Operations {
  return {
    /**
     * Opens this payer's settled visits of a period to a regulator. Answers how many the ledger says were settled, how
     * many were opened, and of how many this payer holds no bundle that it agreed to.
     */
    "open-to-regulator": (fields) => openToRegulator(node, fields),
  }
}
