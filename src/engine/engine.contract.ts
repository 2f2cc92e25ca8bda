/**
 * What every engine must keep, run on the tally ledger. An engine's own test calls `engineContract` with a way to open
 * it on a directory; what is not durable there is lost between two openings.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { sha256 } from "#crypto"
import { equalBytes } from "../base/bytes.ts"
import { encode } from "../base/cbor.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { verifyCommit } from "../base/chain/commit.ts"
import { compareTime, headerHash } from "../base/chain/header.ts"
import { keyHash, valueHash, verifyStateProof } from "../base/state.ts"
import type { Engine } from "./engine.ts"
import { sumLimit, sumsOf, type TallyApplication, tallyTransaction } from "./tally.ts"

export interface OpenChain {
  readonly engine: Engine
  readonly application: TallyApplication
  /** Stops the engine and closes what it stands on. */
  close(): Promise<void>
}

export interface ContractSetup {
  /** A fresh directory, or whatever the chain is opened on again. */
  readonly newPlace: () => string
  /** A started engine on the place. */
  readonly open: (place: string) => Promise<OpenChain>
  readonly trust: Engine["trust"]
}

const seed = (n: number) => sha256(Uint8Array.of(n))
const add = (sum: number, amount: number, nonce = 0) => tallyTransaction(seed(1), { sum, amount, nonce })

async function withChain(setup: ContractSetup, run: (chain: OpenChain) => Promise<void>): Promise<void> {
  const chain = await setup.open(setup.newPlace())
  try {
    await run(chain)
  } finally {
    await chain.close()
  }
}

function blocksOf({ engine }: OpenChain): FinalBlock[] {
  return Array.from({ length: engine.height }, (_, i) => engine.block(i + 1)!)
}

function assertLinked(blocks: readonly FinalBlock[]): void {
  for (const [i, block] of blocks.entries()) {
    assert.equal(block.header.height, i + 1)
    assert.equal(verifyCommit(block.header, block.commit, block.validators), undefined)
    const before = blocks[i - 1]
    if (before === undefined) continue
    assert.deepEqual(block.header.lastBlockId?.hash, headerHash(before.header))
    assert.ok(compareTime(block.header.time, before.header.time) > 0, "block time rises strictly")
  }
}

export function engineContract(name: string, setup: ContractSetup): void {
  test(`${name}: says whose word it is`, () =>
    withChain(setup, async ({ engine }) => assert.equal(engine.trust, setup.trust)))

  test(`${name}: a transaction is final, in a block, and the state has it`, () =>
    withChain(setup, async (chain) => {
      const { engine, application } = chain
      const bytes = add(1, 5)
      const finality = await engine.submit(bytes)
      assert.equal(finality.outcome.number, 0)
      assert.ok(finality.height >= 1 && finality.height <= engine.height)
      const block = engine.block(finality.height)!
      const inBlock = block.batches.flatMap((batch) => application.decodeBatch(batch)!)
      assert.ok(equalBytes(inBlock[finality.index]!, bytes))
      assert.equal(application.sum(1), 5)
      assert.deepEqual(engine.status(sha256(bytes)), finality)
    }))

  test(`${name}: the same bytes twice, together and later, take effect once and get one answer`, () =>
    withChain(setup, async ({ engine, application }) => {
      const bytes = add(1, 5)
      const [a, b] = await Promise.all([engine.submit(bytes), engine.submit(Uint8Array.from(bytes))])
      assert.deepEqual(a, b)
      assert.deepEqual(await engine.submit(bytes), a)
      assert.equal(application.sum(1), 5)
    }))

  test(`${name}: a refusal by state is recorded and may be sent again; one without state enters no block`, () =>
    withChain(setup, async ({ engine, application }) => {
      const tooMuch = await engine.submit(add(2, sumLimit + 1))
      assert.equal(tooMuch.outcome.rejection?.code, "too-much")
      assert.ok(tooMuch.height >= 1)
      assert.equal(engine.status(sha256(add(2, sumLimit + 1))), "unknown")
      const again = await engine.submit(add(2, sumLimit + 1))
      assert.ok(again.height > tooMuch.height, "the same bytes are judged once more")
      const garbage = await engine.submit(Uint8Array.of(1, 2, 3))
      assert.deepEqual([garbage.height, garbage.outcome.rejection?.code], [0, "bad-encoding"])
      const forged = add(1, 7)
      forged[forged.length - 1]! ^= 1
      const answer = await engine.submit(forged)
      assert.deepEqual([answer.height, answer.outcome.rejection?.code], [0, "bad-signature"])
      assert.equal(application.sum(1), 0)
      assert.equal((await engine.submit(add(1, 7))).outcome.number, 0)
    }))

  test(`${name}: order of submission is order of execution`, () =>
    withChain(setup, async ({ engine }) => {
      const answers = await Promise.all([
        engine.submit(add(3, sumLimit)),
        engine.submit(add(3, 1)),
        engine.submit(add(4, 1)),
      ])
      assert.deepEqual(
        answers.map(({ outcome }) => outcome.number),
        [0, 9, 0],
      )
    }))

  test(`${name}: blocks are linked, signed and without gaps, before and after reopening`, async () => {
    const place = setup.newPlace()
    const first = await setup.open(place)
    const submitted = Array.from({ length: 300 }, (_, n) => add(n % 7, n, n))
    const answers = await Promise.all(submitted.map((bytes) => first.engine.submit(bytes)))
    const before = blocksOf(first)
    await first.close()
    const again = await setup.open(place)
    try {
      assert.ok(again.engine.height >= before.length)
      assert.deepEqual(blocksOf(again).slice(0, before.length), before)
      assert.deepEqual(await again.engine.submit(submitted[17]!), answers[17], "the first answer outlives a restart")
      await again.engine.submit(add(1, 1, 999))
      const followed: FinalBlock[] = []
      for await (const block of again.engine.blocks(1)) {
        followed.push(block)
        if (followed.length === again.engine.height) break
      }
      assertLinked(followed)
      const sums = sumsOf(again.application, followed)
      for (let sum = 0; sum < 7; sum++) assert.equal(again.application.sum(sum), sums.get(sum) ?? 0)
    } finally {
      await again.close()
    }
  })

  test(`${name}: what a row holds is proven under the next header`, () =>
    withChain(setup, async ({ engine }) => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => engine.submit(add(n, 2, n))))
      for (const sum of [0, 49, 50]) {
        const key = encode([sum])
        const { proof, block } = await engine.prove("sums", key)
        assert.equal(verifyCommit(block.header, block.commit, block.validators), undefined)
        const shown = verifyStateProof(block.header.appHash, keyHash("sums", key), proof)
        assert.deepEqual(shown, sum === 50 ? "absent" : valueHash(encode([2])))
      }
    }))

  test(`${name}: after a stop nothing is taken, and the fault may be retried`, async () => {
    const chain = await setup.open(setup.newPlace())
    await chain.engine.submit(add(1, 1))
    await chain.close()
    await assert.rejects(chain.engine.submit(add(1, 2)), { name: "Fault", retryable: true })
  })
}
