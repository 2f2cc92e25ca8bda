import assert from "node:assert/strict"
import { test } from "node:test"
import { chainId, filled, makeBundle, mutual, served, view } from "../../test/sample-bundle.ts"
import { anchor, type RegisterWishes, sampleRegisters } from "../../test/sample-registers.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { transactionId } from "../ledger/envelopes.ts"
import { licenceStatus, roles } from "../ledger/roles.ts"
import { assurances, type KeyRow } from "../ledger/rows.ts"
import { sealBundle } from "../record/bundle-sealing.ts"
import { type Bundle, encodeBundle } from "../verify/bundle.ts"
import { verifyEquivocation } from "../verify/header-equivocation.ts"
import { encodeRegisterProof } from "../verify/register-proof.ts"
import { LightAnchor } from "./light-anchor.ts"
import { openMailbox } from "./post.ts"
import { type OwnKnowledge, review, reviewOf } from "./review.ts"

const own: OwnKnowledge = { chainId, anchor, snapshots: view.snapshots! }
const good = encodeRegisterProof(sampleRegisters())
/** As it comes to a wallet: the practitioner has signed, nobody else. */
const bundle = makeBundle({ signs: ["performed"] })
const bytes = encodeBundle(bundle)
const idOf = ({ visitStatement }: Bundle) => transactionId(chainId, decodeEnvelope(visitStatement).payload)
const statement = idOf(bundle)

function verdictWith(wishes: RegisterWishes) {
  return reviewOf(bytes, statement, { ...own, registers: encodeRegisterProof(sampleRegisters(wishes)) }).verdict
}
const changed = <V>(map: ReadonlyMap<string, V> | undefined, change: (row: V) => V) =>
  new Map([...map!].map(([key, row]) => [key, change(row)] as const))
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

test("a letter with registers is checked wholly, and nothing is left unchecked", async () => {
  const mailbox = await openMailbox(filled(7), 1, 7)
  const sealed = await sealBundle(mailbox.address.sealingKey, statement, bytes)
  const { verdict } = await review(mailbox, { statement, sealed, registers: good }, own)
  assert.deepEqual([verdict.failure, verdict.good, verdict.notChecked], [undefined, true, []])
  const bare = await review(mailbox, { statement, sealed, registers: undefined }, own)
  assert.equal(bare.verdict.good, true)
  assert.deepEqual(bare.verdict.notChecked, ["keys", "plan", "licence", "held"])
})

test("a wallet with no anchor cannot judge a proof: it takes nothing from it, true or false", () => {
  const { verdict } = reviewOf(bytes, statement, { chainId, registers: filled(9) })
  assert.deepEqual(verdict.notChecked, ["keys", "plan", "licence", "snapshot", "held"])
})

test("nobody of the patient's side has signed yet: her own signature is the strongest, so no tier is overstated", () => {
  const pending = makeBundle({ signs: ["performed"], tier: 1 })
  const id = transactionId(chainId, decodeEnvelope(pending.factsStatement).payload)
  const silent = { id, practitioner: filled(40), assurance: assurances.silent, recorded: served * 24 }
  for (const facts of [[], [silent]]) {
    const registers = encodeRegisterProof(sampleRegisters({ facts }))
    const { verdict } = reviewOf(encodeBundle(pending), idOf(pending), { ...own, registers })
    assert.deepEqual([verdict.good, verdict.notChecked], [true, []])
  }
})

const isPractitioners = ({ roles: held }: KeyRow) => (held & roles.perform) !== 0
const suspended = [
  { status: licenceStatus.active, from: 0 },
  { status: licenceStatus.suspended, from: served * 24 + 8 },
]
/** What a provider might hope goes unseen, each in a ledger that really says so, with good proofs. */
const attacks: readonly [what: string, wishes: RegisterWishes, code: string][] = [
  [
    "the practitioner's key is another organization's",
    { keys: changed(view.keys, (row) => (isPractitioners(row) ? { ...row, org: 7 } : row)) },
    "signer-unknown",
  ],
  [
    "the practitioner's key may not perform",
    { keys: changed(view.keys, (row) => (isPractitioners(row) ? { ...row, roles: roles.bill } : row)) },
    "signer-unknown",
  ],
  [
    "the voucher is signed by a key that is not the payer's",
    { keys: changed(view.keys, (row) => (row.org === mutual ? { ...row, org: 2 } : row)) },
    "signer-unknown",
  ],
  ["nobody published the plan", { plans: new Map() }, "plan-unpublished"],
  ["the plan is another payer's", { plans: changed(view.plans, (row) => ({ ...row, payer: 2 })) }, "plan-unpublished"],
  [
    "the plan had ended",
    { plans: changed(view.plans, (row) => ({ ...row, until: served * 24 })) },
    "plan-not-in-force",
  ],
  [
    "the licence is suspended",
    { practitioners: changed(view.practitioners, (row) => ({ ...row, history: suspended })) },
    "licence-not-active",
  ],
  ["the practitioner was never enrolled", { practitioners: new Map() }, "licence-not-active"],
  [
    "the key is bound to another practitioner",
    { keys: changed(view.keys, (row) => (isPractitioners(row) ? { ...row, practitioner: filled(41) } : row)) },
    "licence-not-active",
  ],
  ["less is held than the plan would pay", { leg: { held: 100000n } }, "above-hold"],
  ["what is held was contested away", { leg: { contested: 100000n } }, "above-hold"],
  ["nothing is held here", { provider: 2 }, "above-hold"],
  ["the proof is from before the visit", { seconds: served * 86400 - 3600 }, "registers-old"],
]
for (const [what, wishes, code] of attacks) {
  test(`the wallet refuses: ${what}`, () => {
    const { good, failure } = verdictWith(wishes)
    assert.deepEqual([good, failure?.code], [false, code])
  })
}

test("a snapshot that this wallet never added up is refused, though the payer signed it", () => {
  const { verdict } = reviewOf(bytes, statement, { ...own, snapshots: new Set(), registers: good })
  assert.equal(verdict.failure?.code, "snapshot-unknown")
})

test("registers that are not the ledger's are refused, not passed over", () => {
  const bad = sampleRegisters({ practitioners: changed(view.practitioners, (row) => ({ ...row, history: suspended })) })
  const hidden = { ...bad, rows: sampleRegisters().rows }
  for (const registers of [encodeRegisterProof(hidden), filled(9), good.subarray(1)]) {
    assert.throws(() => reviewOf(bytes, statement, { ...own, registers }), refusedWith("registers-false"))
  }
  const elsewhere = { ...own, anchor: { ...anchor, genesis: filled(2) } }
  assert.throws(() => reviewOf(bytes, statement, { ...elsewhere, registers: good }), refusedWith("registers-false"))
})

test("what a proof stands on must follow from what the wallet saw: a fork is refused, and shows who signed both", () => {
  const light = new LightAnchor(anchor)
  const read = (registers: Uint8Array) => reviewOf(bytes, statement, { ...own, light, registers })
  assert.equal(read(good).verdict.good, true)
  assert.equal(light.newest?.height, 9)
  assert.equal(read(good).verdict.good, true, "the same once more")
  const fork = encodeRegisterProof(sampleRegisters({ practitioners: new Map() }))
  assert.throws(() => read(fork), refusedWith("registers-false"))
  assert.equal(light.caught.length, 1)
  assert.ok("signers" in verifyEquivocation(light.caught[0]!, anchor))
  const alone = reviewOf(bytes, statement, { ...own, registers: fork })
  assert.equal(alone.verdict.failure?.code, "licence-not-active", "one that saw nothing takes the fork at its word")
  assert.throws(() => read(filled(9)), refusedWith("registers-false"))
})
