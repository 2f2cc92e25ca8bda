/**
 * Receipts from anywhere (promises A3 and A7): those of any node verify offline from the genesis alone, through changes
 * of validators by ballot; forged ones fail with the reason. First on headers signed here, then on four real validators
 * of which one leaves and a fifth joins.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { concat, equalBytes, toHex } from "../src/base/bytes.ts"
import { type Header, headerHash } from "../src/base/chain/header.ts"
import { type Validator, validatorsHash } from "../src/base/chain/validators.ts"
import { encodeAs } from "../src/base/schema.ts"
import type { Action } from "../src/ledger/constitution/action.ts"
import { decodeTransaction } from "../src/ledger/decode.ts"
import { association, by, chainId, keyOf, regulator } from "../src/ledger/example-chain.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { schemas } from "../src/ledger/rows.ts"
import { verifyEquivocation } from "../src/verify/header-equivocation.ts"
import { decodeReceipt, encodeReceipt, type Receipt, type SignedHeader } from "../src/verify/receipt.ts"
import { receiptToJson } from "../src/verify/receipt-json.ts"
import { checkHeader } from "../src/verify/trust.ts"
import { verifyReceipt } from "../src/verify/verify.ts"
import { LightAnchor } from "../src/wallet/light-anchor.ts"
import { anchorOf, Consortium, type HonestNode, skip, validatorSeed } from "./byzantine/consortium.ts"
import { type Forger, forgeries } from "./byzantine/forgeries.ts"
import { commitBy, type Seat, SignedChain, seat } from "./byzantine/signed-chain.ts"
import { signed, signedDeposit, signedVisit } from "./byzantine/signing.ts"
import { k, Tree } from "./proven-state.ts"

const genesis = sha256(Uint8Array.of(1))
const long = process.env.COUNTERSIGN_LONG === "1"

const proposed = (action: Action, org = regulator) => signed("propose/1", { action }, [by(org, "vote", "proposed")])
const idOf = (bytes: Uint8Array) => {
  const transaction = decodeTransaction(chainId, bytes)
  assert.ok(!isRejection(transaction))
  return transaction
}

/** Receipts of two transactions at a height of a chain whose validators change four times. */
function receiptsOf(genesisOf: Uint8Array, marker = 0) {
  const two = [1, 2].map((value) => proposed({ name: "set-parameter", fields: { number: value, value: 24 } }))
  const tree = new Tree()
  for (let i = 0; i < 30; i++)
    tree.put("applied", { expiry: 493_100, id: sha256(Uint8Array.of(marker, i)) }, { result: 0 })
  for (const bytes of two) tree.put("applied", { expiry: idOf(bytes).expiry, id: idOf(bytes).id }, { result: 0 })
  const founders = [0, 1, 2, 3].map((n) => seat(n))
  const [a, b, c, d] = founders as [Seat, Seat, Seat, Seat]
  const [e, f] = [seat(4), seat(5)]
  const sets = [
    { from: 1, seats: founders },
    { from: 4, seats: [...founders, e] },
    { from: 7, seats: [{ ...a, power: 15 }, b, c, d, e] },
    { from: 9, seats: [{ ...a, power: 15 }, c, d, e] },
    { from: 11, seats: [c, d, e, f] },
  ]
  const plan = { chainId, genesis: genesisOf, k, sets, height: 14, appHash: () => tree.appHash() }
  const chain = new SignedChain(plan)
  const receiptAt = (height: number, which = 0): Receipt => ({
    ...chain.signed(height),
    transaction: two[which]!,
    rows: [tree.prove(30 + which)],
  })
  return { chain, receiptAt }
}

describe("headers signed here", () => {
  const { chain, receiptAt } = receiptsOf(genesis)
  const { anchor } = chain
  const receipt = receiptAt(14)
  const seats = [...[0, 1, 2, 3, 4, 5].map((n) => seat(n)), seat(0, 15)]
  const forger: Forger = {
    receipt,
    other: receiptAt(14, 1),
    founders: anchor.validators,
    seatOf: ({ publicKey }) => seats.find(({ seed }) => equalBytes(publicKeyOf(seed), publicKey))!,
  }

  test("a receipt at every height verifies from the genesis, the headers of the changes themselves too", () => {
    for (let height = 1; height <= 14; height++) {
      assert.equal(verifyReceipt(encodeReceipt(receiptAt(height)), anchor).reason, undefined, `height ${height}`)
      assert.equal(verifyReceipt(receiptToJson(receiptAt(height)), anchor).trust, "byzantine")
    }
  })

  test("the order in which an anchor names the founders is of no matter", () => {
    const turned = { ...anchor, validators: [...anchor.validators].reverse() }
    assert.equal(verifyReceipt(encodeReceipt(receipt), turned).reason, undefined)
    assert.equal(verifyReceipt(encodeReceipt(receiptAt(2)), turned).reason, undefined)
  })

  for (const { it, code, bytes } of forgeries(forger))
    test(`refused, ${it}: ${code}`, () => assert.equal(verifyReceipt(bytes, anchor).code, code))

  test("no byte of any change of validators can be flipped", () => {
    const encoded = encodeReceipt(receipt)
    const start = encoded.length - encodeReceipt({ ...receipt, handovers: [] }).length
    let refused = 0
    for (let i = encoded.length - start; i < encoded.length; i += long ? 1 : 3) {
      const forged = encoded.slice()
      forged[i]! ^= 1 << (i % 8)
      const { valid, code } = verifyReceipt(forged, anchor)
      assert.equal(valid, false, `byte ${i}`)
      assert.ok(code !== undefined)
      refused++
    }
    assert.ok(refused > 1000)
  })

  test("cut anywhere it is truncated, in both forms; with a byte more it is none", () => {
    const [encoded, json] = [encodeReceipt(receipt), receiptToJson(receipt)]
    for (let end = 1; end < encoded.length; end += 53)
      assert.equal(verifyReceipt(encoded.subarray(0, end), anchor).code, "truncated")
    assert.equal(verifyReceipt(json.subarray(0, json.length - 9), anchor).code, "truncated")
    assert.equal(verifyReceipt(concat(encoded, Uint8Array.of(0)), anchor).code, "bad-encoding")
  })

  /** The founders, who have left, sign a second header of a height, as if they had never gone. */
  function second(height: number): Receipt {
    const forged = receiptAt(height)
    const set = anchor.validators
    const hash = validatorsHash(set)
    const time = { seconds: forged.header.time.seconds + 1, nanos: 0 }
    const header = { ...forged.header, validatorsHash: hash, nextValidatorsHash: hash, time }
    return { ...forged, header, commit: commitBy(header, set, set.map(forger.seatOf)), validators: set, handovers: [] }
  }
  const pinnedAt = (height: number) => {
    const { header } = chain.blocks[height - 1]!
    const { nextValidatorsHash } = header
    return { ...anchor, checkpoint: { height, headerHash: headerHash(header), nextValidatorsHash, last: false } }
  }

  test("keys of validators who have left cannot write a second history, above a checkpoint or below it", () => {
    const links: readonly Header[] = chain.blocks.slice(1, 12).map(({ header }) => header)
    for (let height = 11; height <= 14; height++)
      assert.equal(verifyReceipt(encodeReceipt(second(height)), pinnedAt(10)).code, "other-history")
    for (let height = 1; height <= 11; height++) {
      assert.equal(verifyReceipt(encodeReceipt(second(height)), pinnedAt(12), links).code, "other-history")
      assert.equal(verifyReceipt(encodeReceipt(receiptAt(height)), pinnedAt(12), links).reason, undefined)
    }
    // Who holds the genesis alone and asks nobody else cannot tell: that is what a checkpoint is for.
    assert.equal(verifyReceipt(encodeReceipt(second(14)), anchor).valid, true)
    const wallet = new LightAnchor(anchor)
    assert.equal(wallet.advance(chain.signed(12)), undefined)
    assert.notEqual(typeof wallet.judge(second(14)), "string")
  })

  test("a chain of one name, the same validators and another genesis: all of them have signed two histories", () => {
    const sister = receiptsOf(sha256(Uint8Array.of(2)), 7)
    const foreign = sister.receiptAt(14)
    assert.equal(verifyReceipt(encodeReceipt(foreign), anchor).code, "other-chain")
    // A header names its chain, not its genesis: with ours written on it, it takes the true header to tell.
    const relabelled = { ...foreign, genesis }
    const wallet = new LightAnchor(anchor)
    assert.equal(wallet.advance(chain.signed(14)), undefined)
    const answer = wallet.judge(relabelled)
    assert.ok(typeof answer === "object" && answer.evidence !== undefined)
    const liars = verifyEquivocation(answer.evidence, anchor)
    assert.ok("signers" in liars && liars.power === liars.totalPower)
  })
})

describe("four real validators, a fifth that joins and one that leaves", { skip }, () => {
  let root: string
  let consortium: Consortium
  const honest = () => consortium.honest
  const anchor = () => anchorOf(consortium.genesis)
  /** Whatever was applied, in order, and the receipts that were taken as it went. */
  const transactions: Uint8Array[] = []
  const receipts: { readonly when: string; readonly n: number; readonly bytes: Uint8Array }[] = []
  const changes: { readonly ballot: Uint8Array; readonly receipt: Receipt }[] = []

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "cs-any-"))
    consortium = await Consortium.open(root, { validators: 4, nodes: 5 })
  })
  after(async () => {
    await consortium?.close()
    rmSync(root, { recursive: true, force: true })
  })

  async function applied(n: number, transaction: Uint8Array) {
    const finality = await honest()[n]!.engine.submit(transaction)
    assert.equal(finality.outcome.rejection?.code, undefined)
    transactions.push(transaction)
    return finality
  }

  async function take(when: string, n: number, transaction: Uint8Array): Promise<Receipt> {
    const bytes = await honest()[n]!.chain.receipt(transaction)
    receipts.push({ when, n, bytes })
    return decodeReceipt(bytes)
  }

  async function visit(n: number): Promise<Uint8Array> {
    const { hold, settle } = signedVisit()
    await applied(n, hold)
    await applied(n, settle)
    return settle
  }

  /** Proposed by the regulator, carried by the patients' association; resolves when the new set signs. */
  async function decide(n: number, fields: { org: number; key: Uint8Array; power: number }): Promise<number> {
    const proposal = proposed({ name: "set-validator", fields })
    await applied(n, proposal)
    const vote = signed("ballot/1", { proposal: idOf(proposal).id, vote: 1 }, [by(association, "vote", "balloted")])
    const { height } = await applied(n, vote)
    changes.push({ ballot: vote, receipt: await take("in the block of a change", n, vote) })
    await consortium.reached(height + 2)
    return height
  }

  const setAt = ({ engine }: HonestNode, height: number) => engine.block(height)!.validators
  const powerOf = (set: readonly Validator[], n: number) =>
    set.find(({ publicKey }) => equalBytes(publicKey, publicKeyOf(validatorSeed(n))))?.power

  test("a change decided at height H is in header H + 1 and signs from H + 2", async () => {
    await applied(0, signedDeposit())
    const early = await visit(0)
    for (const n of [0, 1, 2, 3, 4]) {
      await consortium.reached(honest()[0]!.engine.height)
      await take("before", n, early)
    }
    const rows = [
      { n: 4, org: 5, power: 10, by: 1 },
      { n: 0, org: 1, power: 12, by: 4 },
      { n: 1, org: 2, power: 0, by: 2 },
    ]
    for (const { n, org, power, by: asked } of rows) {
      const height = await decide(asked, { org, key: keyOf(validatorSeed(n)), power })
      for (const node of honest()) {
        const { header } = node.engine.block(height + 1)!
        assert.ok(!equalBytes(header.validatorsHash, header.nextValidatorsHash))
        assert.notEqual(powerOf(setAt(node, height + 1), n) ?? 0, power)
        assert.equal(powerOf(setAt(node, height + 2), n) ?? 0, power)
      }
      const late = await visit(asked)
      await take("between", asked, late)
      await take("between, of before", (asked + 1) % 5, early)
    }
    assert.equal(setAt(honest()[0]!, honest()[0]!.engine.height).length, 4)
  })

  test("receipts of every node, from before, between and after, verify from the genesis file alone", async () => {
    const last = await visit(3)
    await consortium.reached(honest()[3]!.engine.height)
    for (const n of [0, 1, 2, 3, 4]) for (const one of [transactions[1]!, last]) await take("after", n, one)
    for (const { when, n, bytes } of receipts) {
      const verdict = verifyReceipt(bytes, anchor())
      assert.equal(verdict.reason, undefined, `${when}, by node ${n}`)
      assert.equal(verdict.trust, "byzantine")
      assert.equal(verifyReceipt(receiptToJson(decodeReceipt(bytes)), anchor()).valid, true)
    }
    assert.ok(receipts.length >= 24)
    assert.equal(decodeReceipt(receipts.at(-1)!.bytes).handovers.length, 3)
  })

  test("the receipt of a deciding ballot stands under the header of the change itself", () => {
    for (const { receipt } of changes) {
      const { header, handovers } = receipt
      assert.ok(!equalBytes(header.validatorsHash, header.nextValidatorsHash))
      assert.ok(handovers.every((one) => one.header.height < header.height))
      assert.equal(checkHeader(receipt, anchor(), []), undefined)
    }
    assert.equal(changes.length, 3)
  })

  test("handovers are exactly the headers that name another next set, on every node", () => {
    for (const { engine, application } of honest()) {
      const headers = Array.from({ length: engine.height }, (_, i) => engine.block(i + 1)!.header)
      const changing = headers.filter((one) => !equalBytes(one.validatorsHash, one.nextValidatorsHash))
      assert.deepEqual(
        application.handovers().map(({ header }) => toHex(headerHash(header))),
        changing.map((one) => toHex(headerHash(one))),
      )
    }
    for (const { bytes } of receipts) {
      const { header, handovers } = decodeReceipt(bytes)
      const known = honest()[0]!
        .application.handovers()
        .filter((one) => one.header.height < header.height)
      assert.deepEqual(
        handovers.map((one) => one.header.height),
        known.map((one) => one.header.height),
      )
    }
  })

  const signedAt = ({ engine, application }: HonestNode, height: number): SignedHeader => {
    const { header, commit, validators } = engine.block(height)!
    const handovers = application.handovers().filter((one) => one.header.height < height)
    return { chainId, genesis: anchor().genesis, header, commit, validators, handovers }
  }

  test("every header of every node verifies from the genesis, and a wallet follows them one by one", () => {
    for (const node of honest()) {
      const wallet = new LightAnchor(anchor())
      for (let height = 1; height <= node.engine.height; height++) {
        assert.equal(checkHeader(signedAt(node, height), anchor(), []), undefined)
        assert.equal(wallet.advance(signedAt(node, height)), undefined)
      }
      assert.equal(wallet.newest?.height, node.engine.height)
    }
  })

  test("forged receipts of this chain fail with the reason", () => {
    const after = receipts.filter(({ when }) => when === "after").map(({ bytes }) => decodeReceipt(bytes))
    const [receipt, other] = [after[0]!, after[1]!]
    const seats = [0, 1, 2, 3, 4].map((n) => ({ seed: validatorSeed(n), power: 10 }))
    const seatOf = ({ publicKey }: Validator) => seats.find(({ seed }) => equalBytes(publicKeyOf(seed), publicKey))!
    const rows = forgeries({ receipt, other, founders: anchor().validators, seatOf })
    assert.ok(rows.length >= 30)
    for (const { it, code, bytes } of rows) assert.equal(verifyReceipt(bytes, anchor()).code, code, it)
    const encoded = encodeReceipt(receipt)
    for (let i = 0; i < encoded.length; i += long ? 1 : 41) {
      const forged = encoded.slice()
      forged[i]! ^= 1 << (i % 8)
      assert.equal(verifyReceipt(forged, anchor()).valid, false, `byte ${i}`)
    }
  })

  test("the validator that was removed still serves receipts, and its key no longer makes any", async () => {
    const { header } = await take("by the one that left", 1, transactions[1]!)
    assert.ok(header.height > changes.at(-1)!.receipt.header.height)
    assert.equal(powerOf(setAt(honest()[0]!, header.height), 1), undefined)
    assert.equal(verifyReceipt(receipts.at(-1)!.bytes, anchor()).valid, true)
    const row = {
      table: "validators",
      key: encodeAs(schemas.validators.key, { key: keyOf(validatorSeed(1)) }),
    } as const
    assert.equal(honest()[0]!.application.state.get(row.table, row.key), undefined)
  })
})
