/**
 * Goal: a community leaves its operator for a consortium in the middle of its work, and loses nothing. Method: seven
 * processes on an embedded chain leave a visit settled, one waiting for the patient, one for the payer, one only held
 * and a voucher unused; the chain is moved, every organization adopts it on its own directory, and four of them go on as
 * CometBFT validators with the keys that they had.
 */
import assert from "node:assert/strict"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { Refused } from "../src/base/refusal.ts"
import { formatDate, monthOfDay } from "../src/base/time.ts"
import { Community } from "../src/cli/community/community.ts"
import { operatorNumber, organizations } from "../src/cli/community/organizations.ts"
import { plansFolder, readPlanFiles } from "../src/cli/community/plan-files.ts"
import {
  deposit,
  engagePractitioner,
  found,
  join as joinCommunity,
  publishPlan,
  roles,
  type Setting,
} from "../src/cli/community/setting.ts"
import { move } from "../src/cli/move.ts"
import { verifyFiles } from "../src/cli/verify.ts"
import { eyeVisit, planOfYear } from "../src/cli/visit/eye-visit.ts"
import { SettableClock } from "../src/engine/clock.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { EmbeddedEngine } from "../src/engine/embedded/engine.ts"
import type { DecodedTransaction } from "../src/ledger/decode.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { type Adopted, adoptSuccessor } from "../src/node/adopt.ts"
import { LedgerApplication } from "../src/node/application.ts"
import { Chain } from "../src/node/chain.ts"
import { KeyRing } from "../src/node/keys.ts"
import { verifyStoredChain } from "../src/node/stored-chain.ts"
import { Work } from "../src/node/work.ts"
import { WorkStore } from "../src/store/work-store.ts"
import { anchorOfGenesis } from "../src/verify/genesis-anchor.ts"
import { decodeReceipt } from "../src/verify/receipt.ts"
import { decodeAnchor, decodeLinks } from "../src/verify/trust.ts"
import { verifyReceipt } from "../src/verify/verify.ts"
import { depositedLater, finish, type HalfDone, leaveHalfDone, until, type VisitScene } from "./half-done-visits.ts"
import { MovedCommunity, validatorsOf } from "./moved-community.ts"

const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false
const root = mkdtempSync(join(tmpdir(), "cs-moved-"))
const at = (name: string) => join(root, name)
const old = new Community(at("nodes"))
/** The old chain's clock stands an hour back: the new one's first blocks are dated by the real one. */
const begun = Math.floor(Date.now() / 1000) - 3600
const today = Math.floor(begun / 86_400)
const deposited = 10_000_000n
const newId = "the-consortium"
const seats = [1, 2, 3, 4]

let left: HalfDone
let adopted: readonly Adopted[]
let consortium: MovedCommunity
let setting: Setting

async function foundScene(at: Setting): Promise<VisitScene> {
  const plan_ = readPlanFiles(join(plansFolder(), "eye-sample.md"))
  const told = eyeVisit(planOfYear(plan_, Number(formatDate(today).slice(0, 4))), today)
  const practitioner = await engagePractitioner(at, roles.clinic, told.practitioner.licence)
  const plan = await publishPlan(at, told.plan)
  await deposit(at, roles.payer, deposited)
  return { told, practitioner, plan }
}

async function workHalfDone(): Promise<HalfDone> {
  await old.start()
  const setting = await found(old, begun)
  const left = await leaveHalfDone(setting, await foundScene(setting), async () => {
    writeFileSync(at("validators.json"), await validatorsOf(old, seats))
    await old.node(roles.payer).stop()
  })
  await old.stop()
  return left
}

before(async () => {
  if (skip !== false) return
  left = await workHalfDone()
  writeFileSync(at("old-genesis.cbor"), left.setting.genesis)
  const operator = join(old.directory, organizations.find(({ number }) => number === operatorNumber)!.name)
  const order = {
    directory: operator,
    genesis: at("old-genesis.cbor"),
    chainId: newId,
    validators: at("validators.json"),
  }
  await move({ ...order, out: at("out") })
  const genesis = read("out/genesis.cbor")
  consortium = new MovedCommunity(old, { chainId: newId, genesis, validators: seats })
  adopted = await Promise.all(
    organizations.map(({ name, number }) =>
      adoptSuccessor({ directory: join(old.directory, name), startKey: old.startKeyOf(number), genesis }),
    ),
  )
  await consortium.start()
  setting = await joinCommunity(consortium)
})
after(async () => {
  await Promise.all([old.stop(), consortium?.stop()])
  rmSync(root, { recursive: true, force: true })
})

const read = (name: string) => new Uint8Array(readFileSync(at(name)))

const oldVerdict = (receipt: Uint8Array, links = decodeLinks(read("out/old-headers.cbor"))) => {
  const { valid, code, trust } = verifyReceipt(receipt, decodeAnchor(read("out/old-anchor.cbor")), links)
  return valid ? trust : code
}
const newVerdict = (receipt: Uint8Array) => {
  const anchor = anchorOfGenesis(consortium.genesis)
  assert.ok(!isRejection(anchor))
  const { valid, code, trust } = verifyReceipt(receipt, anchor)
  return valid ? trust : code
}

test("every organization found the new chain to be its own copy of the old, and knows its own seat", { skip }, () => {
  for (const [i, { number, name }] of organizations.entries()) {
    const { chainId, former, validators, archive } = adopted[i]!
    assert.deepEqual([chainId, former], [newId, left.setting.chainId])
    assert.equal(archive, join(old.directory, name, `ledger-${left.setting.chainId}`))
    assert.deepEqual(
      validators.map(({ organization, own }) => [organization, own]).sort(),
      seats.map((seat) => [seat, seat === number]),
    )
  }
  assert.equal(new Set(adopted.map(({ pinned }) => toHex(pinned.header))).size, 1)
})

test("an old receipt is good by its anchor and headers, on the command line as well, and says what it lacks", {
  skip,
}, async () => {
  const { receipt } = left.settled
  assert.equal(oldVerdict(receipt), "operator")
  assert.equal(oldVerdict(receipt, []), "other-history")
  assert.equal(newVerdict(receipt), "other-chain")
  writeFileSync(at("receipt.cbor"), receipt)
  const anchor = at("out/old-anchor.cbor")
  const { value } = verifyFiles(at("receipt.cbor"), { anchor, links: at("out/old-headers.cbor") })
  assert.deepEqual([value.valid, value.trust, value.remedy], [true, "operator", undefined])
  const { value: lacking } = verifyFiles(at("receipt.cbor"), { anchor })
  assert.equal(lacking.valid, false)
  assert.match(lacking.remedy ?? "", /older than this anchor's checkpoint at height \d+: give .* with --links/)
})

/** The old operator's key goes on writing, on what it has kept. */
async function writeOn(transaction: Uint8Array): Promise<Uint8Array> {
  const { name, number, kind } = organizations.find(({ number }) => number === operatorNumber)!
  const store = new WorkStore(join(old.directory, name, "work"), old.startKeyOf(number))
  const keys = await KeyRing.open(new Work(store, old.startKeyOf(number)), kind)
  await store.close()
  cpSync(adopted[number - 1]!.archive, at("written-on"), { recursive: true })
  const application = await LedgerApplication.open(at("written-on"), left.setting.genesis)
  assert.ok(!isRejection(application))
  const clock = new SettableClock({ seconds: Math.floor(Date.now() / 1000), nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, {
    seed: keys.seed("validator"),
    threads: 1,
    clock,
  })
  await engine.start()
  await engine.advance(60)
  const anchor = anchorOfGenesis(left.setting.genesis)
  assert.ok(!isRejection(anchor))
  const { state } = application
  const chain = new Chain({ chainId: anchor.chainId, anchor, state, source: engine, handovers: () => [] })
  const receipt = await chain.receipt(transaction)
  assert.equal(verifyReceipt(receipt, anchor).valid, true, "whoever does not know of the move would believe it")
  await engine.stop()
  await application.close()
  return receipt
}

test("what the old operator signs after the move is worth nothing", { skip }, async () => {
  await consortium.node(operatorNumber).stop()
  const late = await writeOn(decodeReceipt(left.settled.receipt).transaction)
  assert.equal(oldVerdict(late), "other-history")
  writeFileSync(at("late.cbor"), late)
  const { value } = verifyFiles(at("late.cbor"), { anchor: at("out/old-anchor.cbor") })
  assert.match(value.remedy ?? "", /The chain ended with .* nothing signed above it counts/)
  await consortium.startNode(operatorNumber, "--resume")
})

test("visits half done are settled on the new chain: by old letters, old signatures, old vouchers", {
  skip,
}, async () => {
  setting = await joinCommunity(consortium)
  const receipts = await finish(left, setting)
  assert.deepEqual(
    receipts.map(newVerdict),
    receipts.map(() => "byzantine"),
  )
})

test("what was counted before counts on: new vouchers stand on the visit of the old chain", { skip }, async () => {
  const journey = left.settled.journey.at(setting)
  await journey.fetchVouchers(monthOfDay(today))
  const { newest } = journey.wallet.cover(roles.payer).snapshots
  assert.equal(newest?.value.visits.length, 1)
  const { journey: other } = left.countersigned
  await until("the payer has counted the visit", async () => {
    await other.at(setting).fetchVouchers(monthOfDay(today))
    return other.wallet.cover(roles.payer).snapshots.newest?.value.visits.length === 1
  })
})

interface Account {
  readonly free: string
  readonly reserved: string
}

test("all six visits are paid together, the regulator finds them clean, and no money came or went", {
  skip,
}, async () => {
  const payment = { payer: roles.payer, few: true }
  const paid = await consortium
    .node(roles.clinic)
    .desk<{ visits: number; sum: string; receipt: string }>("pay", payment)
  assert.equal(paid.visits, 6)
  assert.equal(newVerdict(fromHex(paid.receipt)), "byzantine")
  const accounts = await Promise.all(
    organizations.map(({ number }) =>
      consortium.node(roles.regulator).desk<Account>("account", { organization: number }),
    ),
  )
  const total = accounts.reduce((sum, { free, reserved }) => sum + BigInt(free) + BigInt(reserved), 0n)
  assert.equal(total, deposited + depositedLater)
  await until("the remittance is there", async () => {
    const { documents } = await consortium.node(roles.clinic).desk<{ documents: unknown[] }>("documents")
    return documents.length === 1
  })
  const opened = await consortium.node(roles.payer).desk("open-to-regulator", { regulator: roles.regulator })
  assert.deepEqual(opened, { settled: 6, opened: 6, notHeld: 0 })
  interface Report {
    readonly visits: { readonly opened: number }
    readonly differing: readonly unknown[]
  }
  const recheck = () => consortium.node(roles.regulator).desk<Report>("recheck")
  await until("the letters are there", async () => (await recheck()).visits.opened === 6)
  assert.deepEqual((await recheck()).differing, [])
})

test("the old chain lies aside whole, and runs again from its genesis", { skip }, async () => {
  const { archive, pinned } = adopted[roles.regulator - 1]!
  assert.deepEqual(await verifyStoredChain(archive, left.setting.genesis), { height: pinned.height })
})

test("adopted once more, nothing changes; a refusal names what is wrong", { skip }, async () => {
  const { name, number } = organizations[0]!
  const order = { directory: join(old.directory, name), startKey: old.startKeyOf(number), genesis: consortium.genesis }
  await assert.rejects(
    adoptSuccessor(order),
    (error) => error instanceof Refused && error.refusal.code === "node-running",
  )
  await consortium.node(number).stop()
  assert.deepEqual(await adoptSuccessor(order), adopted[0])
  await consortium.startNode(number, "--resume")
  await until("it goes on", async () => {
    const heights = [1, 2].map((n) => consortium.node(n).get<{ height: number }>("/health"))
    const [own, others] = await Promise.all(heights)
    return own!.height > 0 && own!.height >= others!.height
  })
})
