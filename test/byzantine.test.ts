/**
 * Validated by others first (promise A6): what a proposer slips in is voted down by every other validator, one test a
 * reason, first against one node's own check and then on four real validators of which one runs modified software.
 *
 * Adjudication is no question of votes: the ledger never decides a claim. A wrong one is refused by the payer's and the
 * patient's own runs of the plan: `src/verify/check-bundle.test.ts`, `src/wallet/review.test.ts`, `test/parties.test.ts`
 * and the attacks of `test/attacks.test.ts`.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { sha256 } from "#crypto"
import { equalBytes, toHex } from "../src/base/bytes.ts"
import type { FinalBlock } from "../src/base/chain/block.ts"
import { resultsHash } from "../src/base/chain/header.ts"
import { Fault } from "../src/base/fault.ts"
import { encodeAs } from "../src/base/schema.ts"
import { treeRoot } from "../src/base/tree.ts"
import type { ProcessProposalRequest } from "../src/engine/comet/abci/messages.ts"
import { AbciBridge } from "../src/engine/comet/bridge.ts"
import { CheckedBatches } from "../src/engine/comet/checked-batches.ts"
import type { Finality } from "../src/engine/engine.ts"
import { encodeBatch } from "../src/ledger/batch.ts"
import { decodeTransaction } from "../src/ledger/decode.ts"
import { chainId, payer, secondPayer } from "../src/ledger/example-chain.ts"
import { isRejection, rejections } from "../src/ledger/rejection.ts"
import { schemas } from "../src/ledger/rows.ts"
import { LedgerApplication } from "../src/node/application.ts"
import { addressOf, Consortium, genesisOf, type HonestNode, skip, until } from "./byzantine/consortium.ts"
import { deaf, type Lie, verifyJobs } from "./byzantine/liar.ts"
import { plainLies, statefulLies } from "./byzantine/lies.ts"
import { signedDeposit, signedVisit } from "./byzantine/signing.ts"

const root = mkdtempSync(join(tmpdir(), "cs-byz-"))
after(() => rmSync(root, { recursive: true, force: true }))

const hashOf = (bytes: Uint8Array) => toHex(sha256(bytes))

describe("one node's own check", () => {
  let application: LedgerApplication
  let bridge: AbciBridge<ReturnType<typeof decoded>>
  const reasons: string[] = []

  before(async () => {
    const opened = await LedgerApplication.open(join(root, "one"), genesisOf(1))
    assert.ok(!isRejection(opened))
    application = opened
    const events = { ...deaf, onRejected: (_: number, reason: string) => reasons.push(reason) }
    bridge = new AbciBridge(application, new CheckedBatches(application, verifyJobs), { events, version: "1" })
  })
  after(() => application.close())

  const votesFor = async (txs: readonly Uint8Array[]) => {
    const request = { kind: "processProposal", txs, height: 1 } as ProcessProposalRequest
    const answer = await bridge.handle(request)
    return answer.kind === "processProposal" && answer.status === "accept"
  }

  for (const { it, reason, batches } of plainLies) {
    test(`votes against ${it}: ${reason}`, async () => {
      const lie = batches()
      reasons.length = 0
      assert.equal(await votesFor(lie), false)
      assert.equal(await votesFor(lie), false, "and again: a fault is not forgotten into a good batch")
      assert.deepEqual(reasons, [reason, reason])
    })
  }

  test("votes for what only the state can judge, and for the honest", async () => {
    const settled = signedVisit()
    for (const { transaction } of statefulLies(settled)) assert.ok(await votesFor([encodeBatch([transaction()])]))
    const honest = [encodeBatch([signedDeposit(), settled.hold]), encodeBatch([settled.settle], new Uint8Array(8))]
    assert.ok(await votesFor(honest))
    assert.ok(await votesFor([]))
  })

  test("proposes nothing itself that it would vote against, whatever waits in its mempool", async () => {
    const good = [signedDeposit(), signedDeposit()].map((one) => encodeBatch([one]))
    const alone = plainLies.filter(({ it, reason }) => reason !== "batch-twice" && !it.includes("behind a good one"))
    const waiting = [good[0]!, ...alone.flatMap(({ batches }) => batches()), good[1]!]
    const answer = await bridge.handle({
      kind: "prepareProposal",
      txs: waiting,
      maxTxBytes: 4 * 1024 * 1024,
    } as unknown as Parameters<typeof bridge.handle>[0])
    assert.ok(answer.kind === "prepareProposal")
    assert.deepEqual(answer.txs.map(hashOf), good.map(hashOf))
  })
})

function decoded(bytes: Uint8Array) {
  const transaction = decodeTransaction(chainId, bytes)
  assert.ok(!isRejection(transaction))
  return transaction
}

describe("four validators, one of them modified", { skip }, () => {
  let consortium: Consortium
  const settled = signedVisit()

  before(async () => {
    consortium = await Consortium.open(join(root, "four"), { validators: 4, liar: true })
    for (const transaction of [signedDeposit(), settled.hold, settled.settle]) await applied(0, transaction)
  })
  after(() => consortium?.close())

  const honest = () => consortium.honest
  const liar = () => consortium.liar

  async function applied(n: number, transaction: Uint8Array) {
    const finality = await honest()[n]!.engine.submit(transaction)
    assert.equal(finality.outcome.rejection?.code, undefined)
    return finality
  }

  /** Payments of the honest go on, and so do heights, until something has come about. */
  async function goOnUntil(what: string, isSo: () => boolean): Promise<void> {
    let n = 0
    await until(what, async () => {
      if (isSo()) return true
      await applied(n++ % 3, signedDeposit())
      return isSo()
    })
  }

  /** Lies until `isSo`, then is honest again. */
  async function lieUntil(what: string, lie: Lie, isSo: () => boolean): Promise<void> {
    liar().lie = lie
    try {
      await goOnUntil(what, isSo)
    } finally {
      liar().lie = undefined
    }
  }

  const blocksOf = ({ engine }: HonestNode): readonly FinalBlock[] =>
    Array.from({ length: engine.height }, (_, i) => engine.block(i + 1)!)

  /** All nodes at one height, with one state. */
  async function assertAgreed(): Promise<void> {
    const { height } = await applied(0, signedDeposit())
    await consortium.reached(height + 1)
    const headers = honest().map(({ engine }) => toHex(engine.block(height + 1)!.header.appHash))
    assert.equal(new Set(headers).size, 1)
    await until("the liar's own ledger follows", () => liar().application.height > height)
  }

  for (const { it, reason, batches } of plainLies) {
    test(`${it} is voted down by the three others: ${reason}`, async () => {
      const known = honest().map(({ rejected }) => rejected.length)
      const from = liar().proposed.length
      const seen = () => honest().every(({ rejected }, n) => rejected.length > known[n]!)
      await lieUntil(`three votes against ${it}`, batches, seen)
      for (const [n, { rejected }] of honest().entries()) {
        assert.deepEqual(new Set(rejected.slice(known[n]!).map((one) => one.reason)), new Set([reason]))
        assert.ok(rejected.slice(known[n]!).every(({ height }) => liar().proposed.some((one) => one.height === height)))
      }
      const lies = new Set(
        liar()
          .proposed.slice(from)
          .flatMap((one) => one.batches.map(hashOf)),
      )
      const { height } = await applied(1, signedDeposit())
      await consortium.reached(height)
      for (const node of honest())
        assert.ok(blocksOf(node).every((block) => block.batches.every((bytes) => !lies.has(hashOf(bytes)))))
    })
  }

  test("each height with a lie closed in a later round, with the proposal of another", async () => {
    const [{ engine }] = honest() as [HonestNode]
    const votedDown = new Set(honest().flatMap(({ rejected }) => rejected.map(({ height }) => height)))
    assert.ok(votedDown.size >= 1)
    for (const height of votedDown) {
      const { commit, header } = engine.block(height)!
      assert.ok(commit.round >= 1, `height ${height}`)
      assert.ok(!equalBytes(header.proposerAddress, addressOf(liar().n)))
    }
    await assertAgreed()
  })

  for (const { it, code } of statefulLies(settled)) {
    test(`${it} is a recorded refusal in a block and changes nothing: ${code}`, async () => {
      const transaction = statefulLies(settled)
        .find((one) => one.it === it)!
        .transaction()
      const batch = encodeBatch([transaction])
      const holding = ({ batches }: FinalBlock) => batches.some((bytes) => equalBytes(bytes, batch))
      const found = () => blocksOf(honest()[0]!).findLast(holding)
      let told = false
      const once: Lie = (waiting) => {
        if (found() !== undefined) return waiting
        told = true
        return [batch]
      }
      await lieUntil(`a block with ${it}`, once, () => told && found() !== undefined)
      const { height } = found()!.header
      await applied(0, signedDeposit())
      await consortium.reached(height + 1)
      for (const { engine } of honest()) {
        const [block, next] = [engine.block(height)!, engine.block(height + 1)!]
        assert.ok(equalBytes(block.header.proposerAddress, addressOf(liar().n)))
        assert.deepEqual(block.batches.map(hashOf), [hashOf(batch)])
        const { number } = rejections[code]
        assert.deepEqual(
          block.results.map((bytes) => [...bytes]),
          [[number]],
        )
        const expected = treeRoot("result", [[decoded(transaction).id, number]])
        assert.deepEqual(block.resultRoots, [expected])
        assert.deepEqual(next.header.lastResultsHash, resultsHash([expected]), "the root is the batch's result data")
        assert.deepEqual(next.header.appHash, block.header.appHash, "no row changed")
      }
    })
  }

  test("a proposer that leaves a member's transactions out delays them to the next proposer", async () => {
    let leftOut = 0
    for (let tries = 0; leftOut === 0 && tries < 40; tries++) {
      const blocked = Buffer.from(signedDeposit(secondPayer))
      const isBlocked = (bytes: Uint8Array) => Buffer.from(bytes).includes(blocked)
      liar().lie = (waiting) => {
        leftOut += waiting.filter(isBlocked).length
        return waiting.filter((bytes) => !isBlocked(bytes))
      }
      const { height } = await applied(2, blocked)
      const { header } = await honestBlock(height)
      assert.ok(!equalBytes(header.proposerAddress, addressOf(liar().n)))
    }
    liar().lie = undefined
    assert.ok(leftOut > 0, "the liar had it and left it out")
    await assertAgreed()
  })

  test("a proposer that proposes nothing of anybody's does not stop anybody", async () => {
    const from = liar().proposed.length
    const withheld = () => liar().proposed.slice(from).length
    let held = 0
    const lie: Lie = (waiting) => {
      held += waiting.length
      return []
    }
    await lieUntil("the liar withheld what waited", lie, () => withheld() >= 2 && held >= 1)
    await assertAgreed()
  })

  async function honestBlock(height: number): Promise<FinalBlock> {
    await consortium.reached(height, [honest()[0]!])
    return honest()[0]!.engine.block(height)!
  }

  /** Each in a batch of its own: an engine makes one batch of all that comes at once. */
  async function submitEach(transactions: readonly Uint8Array[]): Promise<readonly { answer: Promise<Finality> }[]> {
    const under: { answer: Promise<Finality> }[] = []
    for (const transaction of transactions) {
      under.push({ answer: honest()[0]!.engine.submit(transaction) })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return under
  }

  test("a proposer that reorders changes who comes first, for all nodes alike; the refused may come again", async () => {
    for (let i = 0; i < 5; i++) await applied(0, signedDeposit())
    const again: Uint8Array[] = []
    liar().lie = (waiting) => [...waiting].reverse()
    await until("a settlement before its hold", async () => {
      const visits = Array.from({ length: 4 }, () => signedVisit())
      const holds = await submitEach(visits.map(({ hold }) => hold))
      const settles = await submitEach(visits.map(({ settle }) => settle))
      for (const { answer } of holds) assert.equal((await answer).outcome.number, 0)
      const settlements = await Promise.all(settles.map(({ answer }) => answer))
      for (const [i, { outcome, height }] of settlements.entries()) {
        if (outcome.rejection === undefined) continue
        assert.equal(outcome.rejection.code, "leg-unknown")
        assert.ok(equalBytes((await honestBlock(height)).header.proposerAddress, addressOf(liar().n)))
        again.push(visits[i]!.settle)
        // A node that has not seen the refusal yet would answer the same bytes with it.
        await consortium.reached(height)
      }
      return again.length > 0
    })
    liar().lie = undefined
    for (const settle of again) await applied(1, settle)
    await assertAgreed()
  })

  test("a validator whose state was altered halts alone: it proves nothing of it, and the others go on", async () => {
    const victim = honest()[2]!
    const others = honest().slice(0, 2)
    const tables = victim.chain.tables()
    const account = tables.accounts.get({ org: payer })!
    tables.accounts.put({ org: payer }, { ...account, free: account.free + 1n })
    tables.flush()
    for (let i = 0; i < 4; i++) await consortium.reached((await applied(i % 2, signedDeposit())).height, others)
    assert.ok(victim.engine.height < others[0]!.engine.height, "it closes no block that the others closed")
    assert.ok(!equalBytes(victim.application.appHash, others[0]!.application.appHash))
    const row = { table: "accounts", key: encodeAs(schemas.accounts.key, { org: payer }) } as const
    const asked = [victim.chain.registerProof([row]), victim.engine.submit(signedDeposit())]
    const answers = asked.map((one) => one.then(() => "answered").catch((cause: unknown) => cause))
    const second = new Promise((resolve) => setTimeout(() => resolve("waits"), 1000))
    assert.equal(await Promise.race([...answers, second]), "waits", "no header carries its state, no block its lie")
    await victim.stop()
    for (const cause of await Promise.all(answers)) assert.ok(cause instanceof Fault && cause.retryable)
    await applied(1, signedDeposit())
  })
})
