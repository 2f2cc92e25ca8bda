/**
 * Goal: wallets, desks and the regulator carry on what was half done when their chain moved. Method: the seven nodes of
 * the story in this process; the chain is moved to a new id and every node adopts it on its own directory; then each
 * visit goes on from where it was. `succession.test.ts` does the same among CometBFT validators.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { Refused } from "../src/base/refusal.ts"
import { monthOfDay } from "../src/base/time.ts"
import type { Community } from "../src/cli/community/community.ts"
import { operatorNumber } from "../src/cli/community/organizations.ts"
import { resume, roles, type Setting } from "../src/cli/community/setting.ts"
import { move } from "../src/cli/move.ts"
import { eyeVisitDay } from "../src/cli/visit/eye-visit.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { adoptSuccessor } from "../src/node/adopt.ts"
import { anchorOfGenesis } from "../src/verify/genesis-anchor.ts"
import { verifyReceipt } from "../src/verify/verify.ts"
import { bodyOf, drain } from "../src/wallet/post.ts"
import { review } from "../src/wallet/review.ts"
import { finish, type HalfDone, leaveHalfDone, until } from "./half-done-visits.ts"
import { openScene, type Scene } from "./local-community.ts"

const root = mkdtempSync(join(tmpdir(), "cs-desks-"))
const at = (name: string) => join(root, name)
const newId = "carried-on"

let scene: Scene
let left: HalfDone
let setting: Setting

async function moved(): Promise<Uint8Array> {
  const operator = scene.community.node(operatorNumber)
  await Promise.all(scene.community.nodes.map((node) => node.stop()))
  const key = toHex(publicKeyOf(operator.keys.seed("validator")))
  writeFileSync(at("validators.json"), JSON.stringify([{ organization: operatorNumber, key, power: 10 }]))
  writeFileSync(at("genesis.cbor"), left.setting.genesis)
  const order = { genesis: at("genesis.cbor"), chainId: newId, validators: at("validators.json"), out: at("out") }
  await move({ directory: operator.directory, ...order })
  return new Uint8Array(readFileSync(at("out/genesis.cbor")))
}

before(async () => {
  scene = await openScene(at("nodes"))
  left = await leaveHalfDone(scene.setting, scene, () => scene.community.node(roles.payer).stop())
  const genesis = await moved()
  for (const node of scene.community.nodes) await node.restart((stopped) => adoptSuccessor({ ...stopped, genesis }))
  const resumed = await resume(scene.setting, scene.community as unknown as Community)
  setting = { ...resumed, chainId: newId, genesis }
})
after(async () => {
  await scene.community.stop()
  rmSync(root, { recursive: true, force: true })
})

test("a wallet moves to the chain after its own, and to no other", () => {
  const { wallet } = left.held
  const anchor = anchorOfGenesis(setting.genesis)
  assert.ok(!isRejection(anchor))
  const isOther = (error: unknown) => error instanceof Refused && error.refusal.code === "successor-other"
  assert.throws(() => wallet.moveTo({ ...anchor, former: "another" }), isOther)
  assert.throws(() => wallet.moveTo({ ...anchor, former: undefined }), isOther)
  assert.equal(wallet.settings.chainId, left.setting.chainId)
})

test("a bundle from before the move is not signed by what it proved then; the clinic sends it again, proven anew", async () => {
  const journey = left.claimed.at(setting)
  const { mailbox } = journey.visit
  const { url } = setting.organizations.get(mailbox.address.host)!
  const bundles = async () => {
    const { hour } = await scene.community.node(roles.clinic).get<{ hour: number }>("/health")
    const letters = await drain({ ...mailbox, received: undefined }, url, { chainId: newId, hour })
    return letters.filter(({ kind }) => kind === "bundle")
  }
  await until("the clinic has sent it again", async () => (await bundles()).length === 2)
  const [former, again] = (await bundles()).map((letter) => bodyOf("bundle", letter))
  const own = journey.wallet.ownKnowledge(roles.payer)
  const isFormer = (error: unknown) => error instanceof Refused && error.refusal.code === "registers-former"
  await assert.rejects(review(mailbox, former!, own), isFormer)
  const { verdict } = await review(mailbox, again!, own)
  assert.deepEqual([verdict.good, verdict.statementChain, verdict.notChecked], [true, left.setting.chainId, []])
  assert.deepEqual(former!.statement, again!.statement)
})

test("every visit half done is settled, and a new one beside them", async () => {
  const receipts = await finish(left, setting)
  const anchor = anchorOfGenesis(setting.genesis)
  assert.ok(!isRejection(anchor))
  assert.deepEqual(
    receipts.map((receipt) => verifyReceipt(receipt, anchor).reason),
    receipts.map(() => undefined),
  )
})

test("the records of both chains' visits are amended, each facts statement over the one before", async () => {
  for (const journey of [left.settled.journey, left.claimed, left.countersigned.journey, left.held]) {
    const here = journey.at(setting)
    const visit = toHex(here.visit.V)
    const { supersedes } = await here.clinic.desk<{ supersedes?: string }>("commit-record", { visit })
    assert.match(supersedes ?? "", /^[0-9a-f]{64}$/)
  }
})

test("snapshots and accumulators go on across the move", async () => {
  for (const { journey } of [left.settled, left.countersigned]) {
    const here = journey.at(setting)
    await until("the payer counts the visit", async () => {
      await here.fetchVouchers(monthOfDay(eyeVisitDay))
      return here.wallet.cover(roles.payer).snapshots.newest?.value.visits.length === 1
    })
  }
})

test("a settled visit of the old chain is corrected on the new one, the patient shown why, and all is paid", async () => {
  const journey = left.settled.journey.at(setting)
  const visit = toHex(journey.visit.V)
  const { statement } = await journey.clinic.desk<{ statement: string }>("replace", { visit, remove: [2] })
  await journey.settled(fromHex(statement))
  journey.noted(await journey.review())
  const paid = await journey.clinic.desk<{ visits: number; receipt: string }>("pay", { payer: roles.payer, few: true })
  assert.equal(paid.visits, 6)
  await until("the remittance is there", async () => {
    const { documents } = await journey.clinic.desk<{ documents: unknown[] }>("documents")
    return documents.length === 1
  })
})

test("the regulator checks all of them again, whichever chain they were signed for", async () => {
  const [payer, regulator] = [scene.community.node(roles.payer), scene.community.node(roles.regulator)]
  const opened = await payer.desk("open-to-regulator", { regulator: roles.regulator })
  assert.deepEqual(opened, { settled: 6, opened: 6, notHeld: 0 })
  interface Report {
    readonly visits: { readonly opened: number }
    readonly differing: readonly unknown[]
  }
  const recheck = () => regulator.desk<Report>("recheck")
  await until("the letters are there", async () => (await recheck()).visits.opened === 6)
  assert.deepEqual((await recheck()).differing, [])
})
