/** Four validators and another history: two votes of one, an old backup of one, a second chain by three. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publicKeyOf } from "#crypto"
import { equalBytes, toHex } from "../../../src/base/bytes.ts"
import { flags } from "../../../src/base/chain/commit.ts"
import { headerHash } from "../../../src/base/chain/header.ts"
import { encodeBatch } from "../../../src/ledger/batch.ts"
import { backupNode, restoreNode } from "../../../src/node/backup.ts"
import { Directory } from "../../../src/node/directory.ts"
import { HeaderWatch, type TwoHistories, votedHeader } from "../../../src/node/header-watch.ts"
import { Work } from "../../../src/node/work.ts"
import { WorkStore } from "../../../src/store/work-store.ts"
import { headerEquivocation, verifyEquivocation } from "../../../src/verify/header-equivocation.ts"
import { verifyReceipt } from "../../../src/verify/verify.ts"
import { LightAnchor } from "../../../src/wallet/light-anchor.ts"
import { addressOf, anchorOf, Consortium, type HonestNode, until, validatorSeed } from "../../byzantine/consortium.ts"
import { signedDeposit, signedVisit } from "../../byzantine/signing.ts"
import { type Cell, must, prevented, timed } from "../lies.ts"
import { Four, type Fourth, fourth } from "./four.ts"

/** Peer key of the fourth's second process. */
const otherPeer = 9

/** The fourth runs twice with one key: at its turn one proposes nothing, the other a deposit, and each votes for its own. */
async function twoVotes(four: Four): Promise<Cell> {
  const one = await four.join()
  const other = await four.join("twin", otherPeer)
  const from = Math.max(1, four.height)
  one.liar.lie = () => []
  other.liar.lie = () => [encodeBatch([signedDeposit()])]
  let looked = from
  let named: ReadonlySet<string> = new Set()
  const { ms } = await timed(() =>
    four.goOnUntil("evidence in a block", async () => {
      const height = four.height
      named = await four.named(looked)
      looked = Math.max(looked, height)
      return named.size > 0
    }),
  )
  must(named.size === 1 && named.has(toHex(addressOf(fourth))), "evidence names another")
  four.assertOneHistory()
  return prevented("the three others: one block has two thirds", {
    when: "at that height; named by CometBFT's evidence some blocks later",
    evidence: "its two signed votes, in a decided block",
    note: "Every validator's desk shows whom the evidence names; taking its vote away is for a ballot.",
    ms,
  })
}

const startKey = "b".repeat(32)

/** The fourth's directories as a node's own, and back. */
async function throughBackup(four: Four, { directory }: Fourth): Promise<() => Promise<boolean>> {
  const node = join(four.root, "node")
  cpSync(join(directory, "ledger"), join(node, "ledger"), { recursive: true })
  cpSync(join(directory, "home"), join(node, "engine", "home"), { recursive: true })
  mkdirSync(join(node, "work"), { mode: 0o700 })
  await new WorkStore(join(node, "work"), startKey).close()
  await backupNode(node, join(four.root, "backup"), { startKey, engineStopped: true })
  return async () => {
    const restored = join(four.root, "restored")
    const { mayVote } = await restoreNode(join(four.root, "backup"), restored)
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    renameSync(join(restored, "ledger"), join(directory, "ledger"))
    renameSync(join(restored, "engine", "home"), join(directory, "home"))
    return mayVote
  }
}

/**
 * First by hand, with what it signed last as old as the rest: it may vote again for heights that are closed. Then as the
 * product restores: it has no vote.
 */
async function backup(four: Four): Promise<Cell> {
  const first = await four.join()
  await four.goOnUntil("some blocks", () => four.height >= 4)
  await first.stop()
  const old = join(four.root, "by-hand")
  cpSync(first.directory, old, { recursive: true })
  const restore = await throughBackup(four, first)
  const again = await four.join()
  const from = four.height
  await four.goOnUntil("four blocks more", () => four.height > from + 4)
  await four.untilItVotes()
  const { height: lost } = await four.applied(0)
  await again.stop()
  rmSync(first.directory, { recursive: true })
  cpSync(old, first.directory, { recursive: true })
  const { found: byHand, ms } = await timed(() => four.join())
  must(byHand.liar.application.height >= lost, "it did not fetch what it lacks")
  four.assertOneHistory()
  await byHand.stop()
  must(!(await restore()), "the restored validator may vote")
  const restored = await four.join()
  const silentFrom = four.height + 1
  await four.goOnUntil("two turns of each", () => four.height > silentFrom + 8)
  const silent = four
    .blocks(silentFrom)
    .every((block) => four.voteOfFourth(block) === undefined && !four.isByFourth(block))
  must(silent, "the restored validator votes")
  must(restored.liar.application.height > silentFrom, "the restored validator does not follow")
  four.assertOneHistory()
  return prevented("the three others: it gets their blocks again", {
    when: "at its start",
    note: "Restored by the product it signs nothing until its key is changed; copied back by hand it may sign a closed height again, which changes nothing there and can name it.",
    ms,
  })
}

/** What an honest node asks of others is answered by the second history. */
function watchOf(own: HonestNode, shown: HonestNode, work: Work, onFound: (found: TwoHistories) => void): HeaderWatch {
  const directory = new Directory()
  const url = "https://127.0.0.1:1"
  directory.set([{ organization: 1, name: "first", kind: "clinic", url, sealingKey: new Uint8Array(32) }])
  const request = async (asked: string) => {
    const bytes = votedHeader(shown.chain, Number(new URL(asked).searchParams.get("height")))
    return { status: bytes === undefined ? 404 : 200, bytes: bytes ?? new Uint8Array(), retryAfter: undefined }
  }
  return new HeaderWatch({ organization: own.n + 1, chain: own.chain, directory, request, work, onFound })
}

/** The receipt of a visit that is settled on a chain. */
async function receiptOf({ honest }: Consortium): Promise<Uint8Array> {
  const [node] = honest as readonly [HonestNode]
  const { hold, settle } = signedVisit()
  for (const transaction of [signedDeposit(), hold, settle])
    must((await node.engine.submit(transaction)).outcome.rejection === undefined, "an honest transaction is refused")
  return node.chain.receipt(settle)
}

const liars = [0, 1, 2].map((n) => toHex(publicKeyOf(validatorSeed(n)))).sort()

/** Whether a validator's vote for a block is in a node's chain, above the first height: two first blocks share their past. */
function hasVotedFor({ engine }: HonestNode, n: number): boolean {
  const heights = Array.from({ length: Math.max(0, engine.height - 1) }, (_, i) => i + 2)
  return heights.some((height) =>
    engine
      .block(height)!
      .commit.signatures.some((slot) => slot.flag === flags.commit && equalBytes(slot.address, addressOf(n))),
  )
}

/** Who voted for both histories, at any height; a height's votes are of three of four, and not always of the same. */
function namedAtAll(own: HonestNode, shown: HonestNode, height: number): readonly string[] {
  const named = new Set<string>()
  for (let at = 1; at <= height; at++) {
    const [a, b] = [own.engine.block(at)!, shown.engine.block(at)!]
    for (const { publicKey } of headerEquivocation(a, b, a.validators)?.signers ?? []) named.add(toHex(publicKey))
  }
  return [...named].sort()
}

/**
 * Three leave the fourth behind and write the chain again from its genesis, by its rules: three real validators with
 * their own keys are more than two thirds, and everything that they write verifies.
 */
async function caughtBy(
  root: string,
  { own, second, receipt }: { own: HonestNode; second: Consortium; receipt: Uint8Array },
): Promise<Cell> {
  const anchor = anchorOf(second.genesis)
  const [shown] = second.honest as readonly [HonestNode]
  const wallet = new LightAnchor(anchor)
  const at = own.engine.block(own.engine.height)!
  must(wallet.advance(own.chain.signed(at)) === undefined, "the true header is not good")
  const again = await receiptOf(second)
  await until("the second history is as long", async () => {
    if (shown.engine.height <= at.header.height) await shown.engine.submit(signedDeposit())
    return shown.engine.height > at.header.height
  })
  const other = shown.engine.block(at.header.height)!
  must(!equalBytes(headerHash(other.header), headerHash(at.header)), "the histories are one")
  must(
    [receipt, again].every((bytes) => verifyReceipt(bytes, anchor).valid),
    "a receipt does not verify",
  )
  const store = new WorkStore(join(root, "watch"), startKey)
  const found: TwoHistories[] = []
  const watch = watchOf(own, shown, new Work(store, startKey), (one) => found.push(one))
  try {
    const { ms } = await timed(() => watch.look())
    const seen = wallet.judge(shown.chain.signed(other))
    for (const evidence of [found[0]?.evidence, typeof seen === "object" ? seen.evidence : undefined]) {
      const named = verifyEquivocation(must(evidence, "nobody noticed"), anchor)
      must("signers" in named && named.signers.length >= 2, "the evidence does not name two")
    }
    must(namedAtAll(own, shown, at.header.height).join() === liars.join(), "all heights do not name the three")
    return {
      verdict: "caught",
      by: "every node that holds the first, by comparing headers; a wallet that saw it: header-forked",
      when: "within ten seconds, when a node next asks the others",
      evidence: "two headers of one height with the same validators' votes for both",
      note: "Not prevented: who has the genesis alone and asks nobody believes either, and what was paid on one is not paid on the other. One height names two of the three at least, all heights together named all three. The fourth stands still meanwhile.",
      ms,
    }
  } finally {
    watch.stop()
    await store.close()
  }
}

async function three(): Promise<Cell> {
  const root = mkdtempSync(join(tmpdir(), "cs-three-"))
  try {
    const first = await Consortium.open(join(root, "a"), { validators: 4 })
    try {
      const receipt = await receiptOf(first)
      const own = first.honest[fourth]!
      await until("each of the three has voted for a block", async () => {
        await own.engine.submit(signedDeposit())
        return [0, 1, 2].every((n) => hasVotedFor(own, n))
      })
      await Promise.all(first.honest.slice(0, fourth).map((one) => one.stop()))
      const second = await Consortium.open(join(root, "b"), { validators: 4, nodes: fourth })
      try {
        return await caughtBy(root, { own, second, receipt })
      } finally {
        await second.close()
      }
    } finally {
      await first.close()
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

export const historyCells: Readonly<Record<string, () => Promise<Cell>>> = {
  "consortium-two-histories": () => Four.run(twoVotes),
  "consortium-backup": () => Four.run(backup),
  "consortium-three-of-four": three,
}
