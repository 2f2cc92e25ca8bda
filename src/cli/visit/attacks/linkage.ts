/**
 * What ties two visits of one patient at two clinics: everything of each that stands on the ledger, compared for equal
 * strings of 16 bytes and more, but for those that stand in the genesis or in other people's transactions, too.
 */
import { fromHex, toHex } from "../../../base/bytes.ts"
import { finalBlockCodec } from "../../../base/chain/block.ts"
import { decodeAs, encodeAs, list } from "../../../base/schema.ts"
import { decodeBatch } from "../../../ledger/batch.ts"
import { isRejection } from "../../../ledger/rejection.ts"
import { findVisit } from "../../../node/provider/visit-file.ts"
import { addressContent } from "../../../record/visit-address.ts"
import { roles } from "../../community/setting.ts"
import type { Journey } from "../journey.ts"
import type { Attacker } from "./attacker.ts"
import { attack } from "./family.ts"
import { type AttackRow, NotRun } from "./scene.ts"

const shortest = 16
const blocksCodec = list(finalBlockCodec, 0, 256)

/** Every transaction of the chain, as anybody may read it. */
async function allTransactions(attacker: Attacker): Promise<readonly Uint8Array[]> {
  const bank = attacker.node(roles.bank)
  const found: Uint8Array[] = []
  for (let from = 1; ; ) {
    const blocks = decodeAs(blocksCodec, await bank.getBytes(`/chain/blocks?from=${from}&wait=0`))
    if (blocks.length === 0) return found
    for (const { batches } of blocks) {
      for (const batch of batches) {
        const transactions = decodeBatch(batch)
        if (!isRejection(transactions)) found.push(...transactions)
      }
    }
    from += blocks.length
  }
}

/** Every hex string of a row as a desk shows it. */
function hexOf(value: unknown): readonly Uint8Array[] {
  if (typeof value === "string") return /^([0-9a-f]{2}){16,}$/.test(value) ? [fromHex(value)] : []
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(hexOf) : []
}

function windows(parts: readonly Uint8Array[]): Set<string> {
  const found = new Set<string>()
  for (const part of parts) {
    const text = Buffer.from(part).toString("latin1")
    for (let at = 0; at + shortest <= text.length; at++) found.add(text.slice(at, at + shortest))
  }
  return found
}

/** Strings of both, each counted once however long it is; none of `known`. */
function commonStrings(a: readonly Uint8Array[], b: readonly Uint8Array[], known: ReadonlySet<string>): number {
  const ours = windows(a)
  let count = 0
  const seen = new Set<string>()
  for (const part of b) {
    const text = Buffer.from(part).toString("latin1")
    let inside = false
    for (let at = 0; at + shortest <= text.length; at++) {
      const piece = text.slice(at, at + shortest)
      const common = ours.has(piece) && !known.has(piece)
      if (common && !inside && !seen.has(piece)) count++
      if (common) seen.add(piece)
      inside = common
    }
  }
  return count
}

export const links = attack("links between two clinics' visits", async (attacker): Promise<AttackRow> => {
  const name = "links between two clinics' visits"
  const here = (await attacker.phantom()).journey
  const there = (await attacker.elsewhere()).journey
  const all = await allTransactions(attacker)
  const names = (transaction: Uint8Array, { visit }: Journey) => Buffer.from(transaction).includes(Buffer.from(visit.V))
  const rowOf = async (journey: Journey) => hexOf(await attacker.shown(journey))
  const [first, second] = await Promise.all(
    [here, there].map(async (journey) => [
      ...all.filter((transaction) => names(transaction, journey)),
      ...(await rowOf(journey)),
    ]),
  )
  if (first!.length < 3 || second!.length < 3) throw new NotRun("the two visits are not on the ledger")
  const others = all.filter((transaction) => !names(transaction, here) && !names(transaction, there))
  const known = windows([attacker.setting.genesis, ...others])
  const planted = Uint8Array.from({ length: 20 }, (_, i) => 200 - i)
  if (commonStrings([...first!, planted], [...second!, planted], known) < 1)
    throw new NotRun("the comparison does not find a planted link")
  const onLedger = commonStrings(first!, second!, known)
  const opened = await openedAddresses(attacker, [here, there])
  const together = commonStrings([opened[0]!], [opened[1]!], known)
  const detail = `${onLedger} on the ledger, where both stand with ${toHex(here.visit.V).slice(0, 8)} and ${toHex(there.visit.V).slice(0, 8)}; ${together} if the two clinics lay side by side what she opened to each.`
  return { name, result: "measured", by: `links ${onLedger}`, detail, figures: { onLedger, opened: together } }
})

/** What each clinic opened of the address she showed there. */
function openedAddresses(attacker: Attacker, journeys: readonly Journey[]): Promise<readonly Uint8Array[]> {
  return Promise.all(
    journeys.map(async ({ provider, visit }) => {
      const { work } = await attacker.insider(provider)
      const file = findVisit(work, visit.V)
      if (file === undefined) throw new NotRun("a clinic does not know its visit")
      return encodeAs(addressContent, file.address)
    }),
  )
}
