/** The ledger itself through the embedded engine: a visit, its proof, its reopening, a follower, a flipped byte. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { equalBytes } from "../base/bytes.ts"
import { finalBlockCodec } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { keyHash, valueHash, verifyStateProof } from "../base/state.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { Follower } from "../engine/follower.ts"
import { runThrough } from "../engine/measure.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import {
  by,
  chainId,
  clinic,
  custodian,
  ExampleChain,
  exampleGenesis,
  firstHour,
  payer,
  seedOf,
} from "../ledger/example-chain.ts"
import { isRejection } from "../ledger/rejection.ts"
import { schemas } from "../ledger/rows.ts"
import { openTables } from "../ledger/state.ts"
import {
  agreedBy,
  handle,
  holdDraft,
  patient,
  performed,
  signedBy,
  statementDraft,
  voucherFor,
} from "../ledger/visit/world.ts"
import { LedgerApplication } from "./application.ts"
import { verifyBlocks, verifyStoredChain } from "./stored-chain.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-application-"))
after(() => rmSync(root, { recursive: true }))

const genesis = (() => {
  const rows = exampleGenesis()
  // Few buckets: the tests open many stores.
  return encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const) })
})()

async function open(directory: string): Promise<LedgerApplication> {
  const application = await LedgerApplication.open(directory, genesis)
  assert.ok(!isRejection(application))
  return application
}

async function run(directory: string) {
  const application = await open(directory)
  const clock = new SettableClock({ seconds: firstHour * 3600, nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, { seed: seedOf("validator"), threads: 1, clock })
  await engine.start()
  return { application, engine, clock }
}

const signer = new ExampleChain()
const deposit = signer.transaction(
  "deposit/1",
  { custodian, org: payer, amount: 1_000_000_00n, reference: seedOf("reference") },
  [by(custodian, "custody", "deposited")],
)

/** Hold and settlement of one visit: six signatures. */
function visitTransactions(label: string): readonly [hold: Uint8Array, settle: Uint8Array] {
  const visit = handle(label)
  const voucher = voucherFor(visit)
  const hold = holdDraft(visit, { voucher })
  const statement = statementDraft(visit, { legs: [{ voucher: voucher.id(chainId), amount: 1_337_98n }] })
  const settle = signedBy(statement, performed(clinic), patient(visit, "countersigned"), agreedBy(payer))
  return [
    signer.transaction(hold.type, hold.body, hold.orders),
    signer.transaction(settle.type, settle.body, settle.orders, settle.expiry),
  ]
}

test("a visit is held and settled, proven, and there after reopening; a follower and a check agree", async () => {
  const directory = mkdtempSync(join(root, "chain-"))
  const { application, engine } = await run(directory)
  assert.equal((await engine.submit(deposit)).outcome.number, 0)
  const visits = Array.from({ length: 20 }, (_, n) => visitTransactions(`visit ${n}`))
  const measured = await runThrough(engine, visits.flat(), { outstanding: 10 })
  assert.deepEqual([measured.transactions, measured.refused], [40, 0])

  const key = encodeAs(schemas.visits.key, { V: handle("visit 7").V, provider: clinic })
  const { value, proof, block } = await engine.prove("visits", key)
  assert.deepEqual(verifyStateProof(block.header.appHash, keyHash("visits", key), proof), valueHash(value!))

  const copy = await open(mkdtempSync(join(root, "copy-")))
  const follower = new Follower(copy, engine, { threads: 1 })
  await follower.start()
  const again = await follower.submit(visits[3]![0])
  assert.equal(again.outcome.number, 0)
  await engine.advance(3600)
  for await (const { header } of follower.blocks(engine.height)) if (header.height === engine.height) break
  assert.deepEqual(copy.appHash, application.appHash)
  await follower.stop()
  await copy.close()

  await engine.stop()
  const { height, appHash } = application
  await application.close()
  const reopened = await open(directory)
  assert.deepEqual([reopened.height, reopened.appHash], [height, appHash])
  const account = openTables(reopened.state).accounts.get({ org: payer })
  assert.equal(account?.reserved, 20n * 2_000_00n)
  await reopened.close()
  assert.deepEqual(await verifyStoredChain(directory, genesis), { height })
})

test("a byte flipped in any stored block is found at its height", async () => {
  const { application, engine } = await run(mkdtempSync(join(root, "chain-")))
  await engine.submit(deposit)
  for (const transaction of visitTransactions("flipped")) await engine.submit(transaction)
  await engine.settled()
  await engine.stop()
  const { height, appHash } = application
  for (let at = 1; at <= height; at++) {
    const bytes = encodeAs(finalBlockCodec, application.block(at)!)
    const position = (at * 2_654_435_761) % bytes.length
    bytes[position]! ^= 4
    const block = (wanted: number) => {
      if (wanted !== at) return application.block(wanted)
      try {
        return decodeAs(finalBlockCodec, bytes)
      } catch (cause) {
        throw new Fault("Cannot read block", { cause })
      }
    }
    const check = await verifyBlocks(genesis, { height, appHash, block })
    assert.ok(!isRejection(check) && check.bad?.height === at, `byte ${position} of block ${at}`)
  }
  await application.close()
})

test("refusals of the ledger arrive in the outcome, with the ledger's own code", async () => {
  const { application, engine } = await run(mkdtempSync(join(root, "chain-")))
  const [hold] = visitTransactions("short")
  assert.equal((await engine.submit(hold)).outcome.rejection?.code, "account-short")
  assert.equal((await engine.submit(Uint8Array.of(0xd8))).outcome.rejection?.code, "bad-envelope")
  const forged = Uint8Array.from(hold)
  forged[forged.length - 1]! ^= 1
  const answer = await engine.submit(forged)
  assert.deepEqual([answer.height, answer.outcome.rejection?.code], [0, "bad-signature"])
  assert.equal((await engine.submit(deposit)).outcome.number, 0)
  assert.equal((await engine.submit(hold)).outcome.number, 0, "a refused transaction may be sent again unchanged")
  await engine.stop()
  await application.close()
})

test("a directory takes no other genesis, and a bad genesis is a Rejection", async () => {
  const directory = mkdtempSync(join(root, "chain-"))
  await (await open(directory)).close()
  const rows = exampleGenesis()
  const other = encodeGenesis({
    ...rows,
    chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6, currency: "eur" }] as const),
  })
  assert.ok(!equalBytes(other, genesis))
  await assert.rejects(LedgerApplication.open(directory, other), Fault)
  const bad = await LedgerApplication.open(mkdtempSync(join(root, "chain-")), genesis.subarray(0, 40))
  assert.ok(isRejection(bad))
})
