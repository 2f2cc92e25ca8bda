/**
 * Goal: a community leaves its operator and loses nothing. Method: an embedded chain in the middle of its work is moved
 * with the command; the new chain runs under another key, and everything signed before is tried on it.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { publicKeyOf } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { Refused } from "../base/refusal.ts"
import { SettableClock } from "../engine/clock.ts"
import { BlockMaker } from "../engine/embedded/block-maker.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { Stopwatch } from "../engine/embedded/stopwatch.ts"
import { decodeGenesis, encodeGenesis } from "../ledger/constitution/genesis.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import { by, chainId, custodian, exampleGenesis, firstHour, payer, seedOf } from "../ledger/example-chain.ts"
import { scanInvariants } from "../ledger/invariants.ts"
import { isRejection } from "../ledger/rejection.ts"
import { legStates } from "../ledger/rows.ts"
import { openTables } from "../ledger/state.ts"
import { type PresignedVisit, presignVisit, signDraft } from "../ledger/visit/drafts.ts"
import { holdDraft } from "../ledger/visit/world.ts"
import { LedgerApplication } from "../node/application.ts"
import { Chain } from "../node/chain.ts"
import { verifyStoredChain } from "../node/stored-chain.ts"
import { anchorOfGenesis } from "../verify/genesis-anchor.ts"
import { decodeAnchor, decodeLinks, encodeAnchor, encodeLinks, type TrustAnchor } from "../verify/trust.ts"
import { verifyReceipt } from "../verify/verify.ts"
import { type MoveValue, move, moveCommand } from "./move.ts"
import { Screen } from "./screen.ts"
import { verifyFiles } from "./verify.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-move-"))
after(() => rmSync(root, { recursive: true }))
const at = (name: string) => join(root, name)
const oldSeed = seedOf("validator")
const newSeed = seedOf("validator of the new chain")
const newId = "the-consortium"

async function run(directory: string, genesis: Uint8Array, start: { seed: Uint8Array; seconds: number }) {
  const application = await LedgerApplication.open(directory, genesis)
  assert.ok(!isRejection(application), isRejection(application) ? application.message : "")
  const clock = new SettableClock({ seconds: start.seconds, nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, { seed: start.seed, threads: 1, clock })
  await engine.start()
  const anchor = anchorOfGenesis(genesis)
  assert.ok(!isRejection(anchor))
  const chain = new Chain({
    chainId: anchor.chainId,
    anchor,
    state: application.state,
    source: engine,
    handovers: () => [],
  })
  const outcomes = async (...transactions: readonly Uint8Array[]) => {
    const codes: string[] = []
    for (const bytes of transactions) codes.push((await engine.submit(bytes)).outcome.rejection?.code ?? "applied")
    return codes
  }
  const stop = async () => {
    await engine.settled()
    await engine.stop()
    await application.close()
  }
  return { application, engine, chain, anchor, outcomes, stop }
}

const depositDraft = (reference: string) => ({
  type: "deposit/1" as const,
  body: { custodian, org: payer, amount: 100_000_00n, reference: seedOf(reference) },
  orders: [by(custodian, "custody", "deposited")],
})
const deposit = (reference: string) => signDraft({ ...depositDraft(reference), expiry: firstHour + 24 })
const [settled, held, promised] = ["settled", "held", "promised"].map((label) =>
  presignVisit(label, { hour: firstHour }),
) as [Presigned, Presigned, Presigned]
type Presigned = ReturnType<typeof presignVisit>

let oldGenesis: Uint8Array
let oldAnchor: TrustAnchor
const receipts: Uint8Array[] = []
let late: Uint8Array
let moved: MoveValue

/** Money, a settled visit, a held one, a voucher given out; then the move; then the operator's key writes on. */
before(async () => {
  const rows = exampleGenesis()
  oldGenesis = encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const) })
  writeFileSync(at("genesis.cbor"), oldGenesis)
  const start = { seed: oldSeed, seconds: firstHour * 3600 }
  const old = await run(at("operator/ledger"), oldGenesis, start)
  oldAnchor = old.anchor
  const before = [deposit("one"), settled.hold, settled.settle, held.hold]
  for (const bytes of before) {
    assert.deepEqual(await old.outcomes(bytes), ["applied"])
    receipts.push(await old.chain.receipt(bytes))
  }
  await old.stop()

  writeFileSync(at("four.json"), JSON.stringify([1, 2, 3, 4].map((n) => seat(n, seedOf(`seat ${n}`)))))
  writeFileSync(at("one.json"), JSON.stringify([seat(1, newSeed)]))
  moved = await move({ ...order, out: at("out") })

  const after = await run(at("operator/ledger"), oldGenesis, { ...start, seconds: start.seconds + 60 })
  assert.deepEqual(await after.outcomes(deposit("two")), ["applied"])
  late = await after.chain.receipt(deposit("two"))
  await after.stop()
})
const seat = (organization: number, seed: Uint8Array) => ({ organization, key: toHex(publicKeyOf(seed)), power: 10 })
const order = { directory: at("operator"), genesis: at("genesis.cbor"), chainId: newId, validators: at("one.json") }

const read = (name: string) => new Uint8Array(readFileSync(at(name)))
const verdict = (receipt: Uint8Array, anchor: TrustAnchor, links = decodeLinks(read("out/old-headers.cbor"))) => {
  const { valid, code, trust } = verifyReceipt(receipt, anchor, links)
  return valid ? trust : code
}

test("old receipts stay good under the anchor that ends, by the headers to its last; nothing after it counts", () => {
  const anchor = decodeAnchor(read("out/old-anchor.cbor"))
  assert.deepEqual(
    receipts.map((receipt) => verdict(receipt, anchor)),
    receipts.map(() => "operator"),
  )
  assert.equal(verdict(receipts[0]!, anchor, []), "other-history", "below the checkpoint, without its links")
  assert.equal(verdict(late, oldAnchor), "operator", "the operator's key still signs")
  assert.equal(verdict(late, anchor), "other-history", "and it is worth nothing")
  assert.deepEqual([anchor.checkpoint?.height, anchor.checkpoint?.last], [moved.pinned.height, true])
})

test("the command says what an old receipt lacks, takes it with the headers, and why a late one counts nothing", () => {
  const anchor = at("out/old-anchor.cbor")
  const links = at("out/old-headers.cbor")
  const answer = (receipt: Uint8Array, options: { links?: string } = {}) => {
    writeFileSync(at("receipt.cbor"), receipt)
    const { valid, remedy } = verifyFiles(at("receipt.cbor"), { anchor, ...options }).value
    return { valid, remedy: remedy ?? "" }
  }
  const { height } = moved.pinned
  assert.deepEqual(answer(receipts[0]!, { links }), { valid: true, remedy: "" })
  const lacking = answer(receipts[0]!)
  assert.equal(lacking.valid, false)
  assert.match(lacking.remedy, new RegExp(`older than this anchor's checkpoint at height ${height}: give .* --links`))
  writeFileSync(at("few-headers.cbor"), encodeLinks(decodeLinks(read("out/old-headers.cbor")).slice(-1)))
  assert.match(answer(receipts[0]!, { links: at("few-headers.cbor") }).remedy, /do not lead from height \d+ to/)
  for (const options of [{}, { links }])
    assert.match(answer(late, options).remedy, /The chain ended with .*: nothing signed above it counts/)
  assert.throws(() => verifyFiles(at("receipt.cbor"), { anchor, links: at("genesis.cbor") }), { name: "Refused" })
})

test("a genesis for four validators decodes, and its anchor is the word of several", async () => {
  const { files } = await move({ ...order, validators: at("four.json"), out: at("four") })
  const genesis = decodeGenesis(new Uint8Array(readFileSync(files[0]!)))
  assert.ok(!isRejection(genesis))
  const anchor = anchorOfGenesis(new Uint8Array(readFileSync(files[0]!)))
  assert.ok(!isRejection(anchor))
  assert.deepEqual([anchor.chainId, anchor.former, anchor.validators.length], [newId, chainId, 4])
  assert.equal(decodeAnchor(encodeAnchor(anchor)).former, chainId)
})

test("on the new chain the held visit is settled, the promised voucher used once, and nothing old runs again", async () => {
  const genesis = read("out/genesis.cbor")
  const now = firstHour * 3600 + 90 * 86_400
  const { application, engine, chain, anchor, outcomes, stop } = await run(at("successor"), genesis, {
    seed: newSeed,
    seconds: now,
  })
  const hour = Math.floor(now / 3600)
  const resigned = (visit: PresignedVisit) =>
    signDraft({ ...holdDraft(visit.handle, { voucher: visit.voucher }), expiry: hour + 24 }, newId)
  assert.deepEqual(await outcomes(deposit("one"), settled.hold, held.hold), Array(3).fill("bad-signature"))
  const applied = [deposit("one"), settled.hold, settled.settle, held.hold]
  assert.deepEqual(
    [...applied, deposit("two"), promised.hold, held.settle].map((bytes) => chain.shows(bytes)),
    [true, true, true, true, false, false, false],
    "carried rows show what the old chain applied, and nothing else",
  )
  assert.equal(chain.shows(signDraft({ ...depositDraft("one"), expiry: firstHour + 24 }, "another")), false)
  assert.deepEqual(await outcomes(settled.settle, held.settle), ["applied", "applied"])
  assert.deepEqual(await outcomes(resigned(promised), resigned(promised), promised.settle), Array(3).fill("applied"))
  assert.deepEqual(await outcomes(resigned(held)), ["voucher-used"])
  const tables = openTables(application.state)
  for (const { handle } of [settled, held, promised]) {
    const { legs, transitions } = tables.visits.get(handle)!
    assert.deepEqual([legs.length, legs[0]?.state, transitions.length], [1, legStates.settled, 2])
  }
  // Ninety days went by in between; no deadline came nearer.
  assert.equal(chain.runningHour, firstHour)
  scanInvariants(application.state, hour)
  assert.equal(tables.accounts.get({ org: payer })?.reserved, 3n * 2_000_00n)

  const shown = await Promise.all([held.settle, settled.hold, deposit("one")].map((bytes) => chain.receipt(bytes)))
  assert.deepEqual(
    shown.map((receipt) => verdict(receipt, anchor)),
    Array(3).fill("operator"),
  )
  assert.deepEqual(
    shown.map((receipt) => verdict(receipt, { ...anchor, former: undefined })),
    Array(3).fill("signature-forged"),
  )
  assert.equal(verdict(shown[0]!, oldAnchor), "other-chain")
  assert.equal(engine.block(1)?.header.chainId, newId)
  const { height } = application
  await stop()
  assert.ok(((await verifyStoredChain(at("successor"), genesis)) as { height: number }).height >= height)
})

/** A chain whose last block changed the state, and no header says so yet. */
async function unproven(): Promise<string> {
  const application = await LedgerApplication.open(at("unproven"), oldGenesis)
  assert.ok(!isRejection(application))
  const maker = new BlockMaker(application, { seed: oldSeed, stopwatch: new Stopwatch() })
  const bytes = deposit("one")
  const transaction = application.decode(bytes) as DecodedTransaction
  const time = { seconds: firstHour * 3600, nanos: 0 }
  const { block } = maker.make([[{ bytes, hash: "", transaction, since: 0 }]], time)
  await application.commit([block])
  await application.close()
  return at("unproven")
}

test("what cannot be moved is said before anything is written", async () => {
  const refusal = async (changes: Partial<typeof order> & { out?: string }) => {
    const found = await move({ ...order, out: at("never"), ...changes }).catch((error: unknown) => error)
    return found instanceof Refused ? found.refusal.code : found
  }
  const file = (name: string, content: string) => {
    writeFileSync(at(name), content)
    return at(name)
  }
  assert.equal(await refusal({ out: at("out") }), "file-exists")
  assert.equal(await refusal({ directory: at("nowhere") }), "ledger-absent")
  assert.equal(await refusal({ chainId }), "bad-encoding")
  assert.equal(await refusal({ validators: file("none.json", "[]") }), "bad-encoding")
  for (const content of [
    "{",
    "{}",
    "[1]",
    '[{"organization":1,"key":"00","power":1}]',
    '[{"organization":1,"power":0}]',
  ])
    assert.equal(await refusal({ validators: file("bad.json", content) }), "validators-malformed", content)
  assert.equal(await refusal({ directory: await unproven() }), "state-unproven")
  const screen = new Screen({ write: () => true } as never)
  await assert.rejects(moveCommand.run([at("operator")], screen), { name: "Refused" })
})
