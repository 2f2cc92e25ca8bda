/** Every way to forge a receipt whose trust runs through changes of validators, by a forger with all validators' keys. */
import { sha256 } from "#crypto"
import type { Commit } from "../../src/base/chain/commit.ts"
import { type Header, headerHash } from "../../src/base/chain/header.ts"
import { totalPower, type Validator, validatorsHash } from "../../src/base/chain/validators.ts"
import type { FailureCode } from "../../src/verify/reason.ts"
import { encodeReceipt, type Handover, type Receipt } from "../../src/verify/receipt.ts"
import { commitBy, type Seat } from "./signed-chain.ts"

export interface Forgery {
  readonly it: string
  readonly code: FailureCode
  readonly bytes: Uint8Array
}

export interface Forger {
  /** Receipts of one chain, the second of another transaction; with two changes of validators or more. */
  readonly receipt: Receipt
  readonly other: Receipt
  /** At genesis. */
  readonly founders: readonly Validator[]
  /** Who holds the key of a validator of any set. */
  readonly seatOf: (validator: Validator) => Seat
}

const digest = sha256(Uint8Array.of(66))

/** The strongest part of a set that has two thirds of its power and no more. */
export function tooFew(set: readonly Validator[]): readonly Validator[] {
  let best: readonly Validator[] = []
  for (let chosen = 0; chosen < 2 ** set.length; chosen++) {
    const some = set.filter((_, i) => (chosen & (1 << i)) !== 0)
    if (totalPower(some) * 3 <= totalPower(set) * 2 && totalPower(some) > totalPower(best)) best = some
  }
  return best
}

export function forgeries(forger: Forger): readonly Forgery[] {
  return [...ofHandovers(forger), ...ofVotes(forger), ...ofChains(forger), ...ofContent(forger)]
}

const forgery = (it: string, code: FailureCode, receipt: Receipt): Forgery => ({
  it,
  code,
  bytes: encodeReceipt(receipt),
})

/** The set that must have signed each change: the founders, then each heir. */
function signersOf({ receipt, founders }: Forger): readonly (readonly Validator[])[] {
  return [founders, ...receipt.handovers.map(({ validators }) => validators)]
}

function withHandover(receipt: Receipt, at: number, change: Partial<Handover>): Receipt {
  const handovers = receipt.handovers.map((one, i) => (i === at ? { ...one, ...change } : one))
  return { ...receipt, handovers }
}

function ofHandovers({ receipt }: Forger): readonly Forgery[] {
  const { handovers, header } = receipt
  const withList = (list: readonly Handover[]) => ({ ...receipt, handovers: list })
  const rows: Forgery[] = [forgery("without any change of validators", "validators-unknown", withList([]))]
  for (const [i, one] of handovers.entries()) {
    const rest = handovers.filter((_, at) => at !== i)
    rows.push(forgery(`change ${i} left out`, "validators-unknown", withList(rest)))
    const doubled = handovers.flatMap((change, at) => (at === i ? [change, change] : [change]))
    rows.push(forgery(`change ${i} twice`, "handover-forged", withList(doubled)))
    rows.push(forgery(`all but change ${i}`, "validators-unknown", withList([one])))
    const next = handovers[i + 1]
    if (next === undefined) continue
    const swapped = handovers.map((change, at) => (at === i ? next : at === i + 1 ? one : change))
    rows.push(forgery(`changes ${i} and ${i + 1} swapped`, "validators-unknown", withList(swapped)))
    const heirs = withHandover(receipt, i, { validators: next.validators })
    rows.push(forgery(`change ${i} to the heirs of ${i + 1}`, "handover-forged", heirs))
    const borrowed = withHandover(receipt, i, { commit: next.commit })
    rows.push(forgery(`change ${i} with the votes of ${i + 1}`, "handover-forged", borrowed))
  }
  const last = handovers.at(-1)!
  const late = { ...last, header: { ...last.header, height: header.height } }
  rows.push(forgery("a change at the receipt's own height", "handover-forged", withList([...handovers, late])))
  return rows
}

function ofVotes(forger: Forger): readonly Forgery[] {
  const { receipt, founders, seatOf } = forger
  const { header, validators, handovers } = receipt
  const votesOf = (of: Header, set: readonly Validator[], voters: readonly Validator[]): Commit =>
    commitBy(of, set, voters.map(seatOf))
  const rows: Forgery[] = []
  const signers = signersOf(forger)
  for (const [i, one] of handovers.entries()) {
    const few = votesOf(one.header, signers[i]!, tooFew(signers[i]!))
    rows.push(
      forgery(`change ${i} with two thirds and no more`, "handover-forged", withHandover(receipt, i, { commit: few })),
    )
    if (i === 0) continue
    const usurped = { ...one.header, validatorsHash: validatorsHash(founders) }
    const commit = votesOf(usurped, founders, founders)
    const change = withHandover(receipt, i, { header: usurped, commit })
    rows.push(forgery(`change ${i} by the founders, who have left`, "validators-unknown", change))
    const slots = votesOf(one.header, founders, founders)
    rows.push(
      forgery(`change ${i} with the founders' votes`, "handover-forged", withHandover(receipt, i, { commit: slots })),
    )
  }
  const few = votesOf(header, validators, tooFew(validators))
  rows.push(forgery("the votes of two thirds and no more", "too-little-power", { ...receipt, commit: few }))
  const nobody = { ...receipt, commit: votesOf(header, validators, []) }
  rows.push(forgery("no vote at all", "too-little-power", nobody))
  const founded = { ...header, validatorsHash: validatorsHash(founders) }
  const old = { ...receipt, header: founded, validators: founders, commit: votesOf(founded, founders, founders) }
  rows.push(forgery("a header by the founders, who have left", "validators-unknown", old))
  const hidden = { ...receipt, commit: votesOf(header, founders, founders), validators: founders }
  rows.push(forgery("the founders' votes for the true header", "validators-unknown", hidden))
  rows.push(forgery("the founders' votes in the set's slots", "commit-forged", { ...receipt, commit: hidden.commit }))
  return rows
}

/** A chain of the same validators: every header signed anew under its name. */
function signedFor(forger: Forger, chainId: string): Receipt {
  const { receipt, seatOf } = forger
  const signers = signersOf(forger)
  const again = (header: Header, set: readonly Validator[]) => {
    const named = { ...header, chainId }
    return { header: named, commit: commitBy(named, set, set.map(seatOf)) }
  }
  const handovers = receipt.handovers.map((one, i) => ({ ...one, ...again(one.header, signers[i]!) }))
  return { ...receipt, chainId, ...again(receipt.header, receipt.validators), handovers }
}

function ofChains(forger: Forger): readonly Forgery[] {
  const { receipt } = forger
  const sister = signedFor(forger, "sister-chain")
  const { chainId } = receipt
  const renamed = { ...sister.header, chainId }
  const blockId = { ...sister.commit.blockId, hash: headerHash(renamed) }
  return [
    forgery("a receipt of another chain of the same validators", "other-chain", sister),
    forgery("the same with our chain's name on it", "other-chain", { ...sister, chainId }),
    forgery("the same with its header renamed", "other-chain", { ...sister, chainId, header: renamed }),
    forgery("its header among our changes", "commit-forged", { ...receipt, header: renamed, commit: sister.commit }),
    forgery("the same with its votes renamed", "commit-forged", {
      ...receipt,
      header: renamed,
      commit: { ...sister.commit, blockId },
    }),
    forgery("our header among its changes", "other-chain", { ...receipt, handovers: sister.handovers }),
    forgery("another genesis", "other-chain", { ...receipt, genesis: digest }),
  ]
}

function ofContent({ receipt, other }: Forger): readonly Forgery[] {
  const { header, rows } = receipt
  return [
    forgery("another transaction of the chain", "transaction-swapped", { ...receipt, transaction: other.transaction }),
    forgery("another state in the header", "commit-forged", { ...receipt, header: { ...header, appHash: digest } }),
    forgery("another time in the header", "commit-forged", {
      ...receipt,
      header: { ...header, time: { seconds: header.time.seconds - 3600, nanos: 0 } },
    }),
    forgery("rows with a sibling changed", "state-forged", {
      ...receipt,
      rows: rows.map((row) => ({ ...row, siblings: [digest, ...row.siblings.slice(1)] })),
    }),
  ]
}
