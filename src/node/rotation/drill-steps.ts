/** One row of the drill a key: what names old and new, how the change is made, and when the old one ends. */
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { generateNodeKey } from "../../record/bundle-sealing.ts"
import { certificateOf } from "../certificate.ts"
import type { NodeContext } from "../context.ts"
import { type PrivateUse, privateUses, type SeedUse, usesOf } from "../keys.ts"
import { deskKeyOf, nextDeskKey, practitionersHere, rotateDeskKey } from "./desk-keys.ts"
import { type LedgerUse, ledgerUses, liveFormer, revokeKey, rotateUse } from "./ledger-keys.ts"
import { rotateValidator } from "./validator-key.ts"

/** `desk` stands for the practitioners' keys here. */
export type DrillUse = SeedUse | "desk"

export interface DrillRow {
  /** A use; `desk` with the practitioner's id behind it. */
  readonly use: string
  /** What names the key, in hex: its public key with its tag, a pin, the first bytes of a public sealing key. */
  readonly old: string
  readonly next: string
  /** Block hour from which the new one counts. */
  readonly from?: number
  /** Block hour at which the old one ended on the ledger; absent where it ends by itself after its grace, or is on none. */
  readonly revoked?: number
  readonly state: "done" | "waits"
  readonly note?: string
}

export interface DrillStep {
  readonly use: string
  /** Makes the successor, on disk only, and gives both names. */
  names(): Promise<Pick<DrillRow, "old" | "next">>
  /** Puts the successor in its place, once however often it is called, and ends the old one where it is lost. */
  change(row: DrillRow): Promise<DrillRow>
  /** What of it waits until the others are told. */
  readonly end?: (row: DrillRow) => Promise<DrillRow>
}

/** The word of a row's use, as `compromised` has it. */
export function wordOf(use: string): DrillUse {
  return use.split(" ")[0] as DrillUse
}

/** Every word that `compromised` may hold for this kind of organization. */
export function drillUses({ config }: Pick<NodeContext, "config">): readonly DrillUse[] {
  return [...usesOf(config.kind), ...privateUses, ...(config.kind === "provider" ? (["desk"] as const) : [])]
}

function done({ note: _, ...row }: DrillRow, more: Partial<DrillRow> = {}): DrillRow {
  return { ...row, ...more, state: "done" }
}

/** Ends the old key, and those of earlier rotations that are still in their hours of grace. */
async function endOld(node: NodeContext, row: DrillRow): Promise<Pick<DrillRow, "revoked">> {
  for (const key of liveFormer(node, row.use)) await revokeKey(node, key)
  const old = fromHex(row.old)
  // One that the ledger never had can do nothing there.
  return node.chain.tables().keys.get({ key: old }) === undefined ? {} : { revoked: await revokeKey(node, old) }
}

function ledgerStep(node: NodeContext, use: LedgerUse, isLost: boolean): DrillStep {
  const { keys, work, chain, config } = node
  const idNow = () => toHex(keyId(keys.publicKey(use)))
  const restart =
    use === "peer" && config.consensus === true ? { note: "restart the node: it connects with it then" } : {}
  const ended = async (row: DrillRow) => done(row, { ...(await endOld(node, row)), ...restart })
  return {
    use,
    names: async () => ({ old: idNow(), next: toHex(keyId(publicKeyOf(await keys.prepare(work, use)))) }),
    async change(row) {
      // A third voucher key would be refused: where the use is lost, those of earlier rotations go first.
      if (isLost && use !== "admin")
        for (const key of liveFormer(node, use)) if (toHex(key) !== row.old) await revokeKey(node, key)
      if (idNow() !== row.next) await rotateUse(node, use)
      const from = chain.tables().keys.get({ key: fromHex(row.next) })?.from
      const changed: DrillRow = { ...row, ...(from === undefined ? {} : { from }) }
      // An admin key ends with its rotation.
      if (use === "admin") return done(changed, { revoked: await revokeKey(node, fromHex(row.old)) })
      if (!isLost) return done(changed, restart)
      return use === "operate" ? { ...changed, note: "ends when the others have the new one" } : ended(changed)
    },
    ...(use === "operate" && isLost ? { end: ended } : {}),
  }
}

function deskStep(node: NodeContext, practitioner: Uint8Array, isLost: boolean): DrillStep {
  const { chain } = node
  const idNow = () => toHex(deskKeyOf(node, practitioner))
  return {
    use: `desk ${toHex(practitioner)}`,
    names: async () => ({ old: idNow(), next: toHex(await nextDeskKey(node, practitioner)) }),
    async change(row) {
      if (idNow() !== row.next) await rotateDeskKey(node, practitioner)
      const from = chain.tables().keys.get({ key: fromHex(row.next) })?.from
      const changed = done(row, from === undefined ? {} : { from })
      return isLost ? { ...changed, ...(await endOld(node, row)) } : changed
    },
  }
}

/** What names a private key without being one: the pin, or the first bytes of the public half. */
async function nameOf(use: PrivateUse, seed: Uint8Array): Promise<string> {
  if (use === "transport") return toHex(certificateOf(seed).pin)
  return toHex((await generateNodeKey(seed)).publicKey.subarray(0, 32))
}

function privateStep(node: NodeContext, use: PrivateUse): DrillStep {
  const { keys, work, chain } = node
  const nameNow = () => nameOf(use, keys.seed(use))
  return {
    use,
    names: async () => ({ old: await nameNow(), next: await nameOf(use, await keys.prepare(work, use)) }),
    async change(row) {
      if ((await nameNow()) !== row.next) await keys.promote(work, use, chain.hour)
      if (use === "transport") node.showTransport()
      return done(row, { from: chain.hour })
    },
  }
}

function validatorStep(node: NodeContext): DrillStep {
  const { keys, work } = node
  const idNow = () => toHex(keyId(keys.publicKey("validator")))
  return {
    use: "validator",
    names: async () => ({ old: idNow(), next: toHex(keyId(publicKeyOf(await keys.prepare(work, "validator")))) }),
    async change(row) {
      // Taken into use at a start: nothing is left to vote on.
      if (idNow() === row.next) return done(row)
      const { done: isDone, proposal, note } = await rotateValidator(node)
      const words = [note, proposal && `proposal ${proposal}`].filter((word) => word !== undefined).join("; ")
      return { ...row, state: isDone ? "done" : "waits", note: words }
    },
  }
}

/** All steps in their order: the admin first, who signs for the others; the ballot's last of those on the ledger. */
export function stepsOf(node: NodeContext, isLost: (use: DrillUse) => boolean): readonly DrillStep[] {
  return [
    ...ledgerUses(node).map((use) => ledgerStep(node, use, isLost(use))),
    ...practitionersHere(node).map((practitioner) => deskStep(node, practitioner, isLost("desk"))),
    validatorStep(node),
    ...privateUses.map((use) => privateStep(node, use)),
  ]
}
