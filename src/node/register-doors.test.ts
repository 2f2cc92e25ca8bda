/**
 * Goal: a reader with nothing but a trust anchor believes a register exactly as far as it is proven. Method: real
 * nodes, one of them asked over HTTP; then its answers forged in every way, and read with other anchors.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { openScene, type Scene } from "../../test/local-community.ts"
import { equalBytes, toHex } from "../base/bytes.ts"
import { encodeAs } from "../base/schema.ts"
import { anchorOf, engagePractitioner, roles } from "../cli/community/setting.ts"
import { schemas } from "../ledger/rows.ts"
import {
  decodeRegisterPage,
  encodeRegisterPage,
  mostPageRows,
  openRegisterPage,
  type RegisterPage,
} from "../verify/register-page.ts"
import { encodeRegisterProof } from "../verify/register-proof.ts"
import type { TrustAnchor } from "../verify/trust.ts"
import { isFailure } from "../verify/verify.ts"
import type { Chain } from "./chain.ts"
import { registerDoors } from "./register-doors.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-registers-"))
let scene: Scene
let anchor: TrustAnchor
before(async () => {
  scene = await openScene(root)
  await engagePractitioner(scene.setting, roles.hospital, "ret-5567")
  anchor = (await anchorOf(scene.setting)).anchor
})
after(async () => {
  await scene?.community.stop()
  rmSync(root, { recursive: true, force: true })
})

async function ask(path: string): Promise<Response> {
  return fetch(`${scene.community.node(roles.association).url}/registers/${path}`)
}
const page = async (path: string) =>
  new Uint8Array(await (await ask(`${path}${path.includes("?") ? "&" : "?"}form=cbor`)).arrayBuffer())
function opened(bytes: Uint8Array) {
  const answer = openRegisterPage(bytes, anchor)
  assert.ok(!isFailure(answer), isFailure(answer) ? answer.code : "")
  return answer
}
function codeOf(bytes: Uint8Array, trusted = anchor): string | undefined {
  const answer = openRegisterPage(bytes, trusted)
  return isFailure(answer) ? answer.code : undefined
}
const forged = (page: RegisterPage, i: number, change: Partial<RegisterPage["rows"][number]>) =>
  encodeRegisterPage({ ...page, rows: page.rows.map((row, at) => (at === i ? { ...row, ...change } : row)) })

test("any node serves all organizations, and proves that there is no other", async () => {
  const { rows, allOrganizations, trust, at } = opened(await page("organizations"))
  const names = rows.flatMap((row) => (row.table === "organizations" && row.value ? [row.value.name] : []))
  assert.equal(names.length, 7)
  assert.deepEqual([names[0], names[5]], ["lakeside-eye", "health-regulator"])
  assert.deepEqual([allOrganizations, trust, at.height > 0], [true, "operator", true])
})

test("plans, practitioners and an organization's keys, each row proven", async () => {
  const plans = opened(await page("plans")).rows
  assert.ok(plans.length === 1 && plans[0]!.table === "plans" && equalBytes(plans[0]!.key.plan, scene.plan))
  const practitioners = opened(await page("practitioners")).rows
  const ids = practitioners.flatMap((row) => (row.table === "practitioners" ? [toHex(row.key.practitioner)] : []))
  assert.ok(ids.length === 2 && ids.includes(toHex(scene.practitioner.id)))
  const keys = opened(await page(`keys?organization=${roles.payer}`)).rows
  assert.ok(keys.length >= 5)
  assert.ok(keys.every((row) => row.table === "keys" && row.value?.org === roles.payer))
})

test("the same rows to read, with the header that proves them", async () => {
  const view = (await (await ask("practitioners")).json()) as Record<string, unknown>
  const rows = view["rows"] as { practitioner: string; history: { status: number }[] }[]
  assert.deepEqual([view["register"], view["chainId"], rows.length], ["practitioners", anchor.chainId, 2])
  assert.ok(rows.every(({ history }) => history[0]!.status === 0))
  assert.match(view["headerHash"] as string, /^[0-9a-f]{64}$/)
})

test("one key is shown, or its absence is proven; neither can be turned into the other", async () => {
  const id = toHex(scene.practitioner.id)
  const there = await page(`practitioners?id=${id}`)
  const [row] = opened(there).rows
  assert.ok(row?.table === "practitioners" && row.value !== undefined)
  const nobody = "ab".repeat(32)
  const gone = await page(`practitioners?id=${nobody}`)
  assert.equal(opened(gone).rows[0]!.value, undefined)
  const view = (await (await ask(`practitioners?id=${nobody}`)).json()) as { absent: { practitioner: string }[] }
  assert.deepEqual(view.absent, [{ practitioner: nobody }])
  // Left out by the node: the row is there, and the page says that it is not.
  assert.equal(codeOf(forged(decodeRegisterPage(there), 0, { value: undefined })), "state-forged")
  const { value } = decodeRegisterPage(there).rows[0]!
  assert.equal(codeOf(forged(decodeRegisterPage(gone), 0, { value })), "state-forged")
  const absent = decodeRegisterPage(gone).rows[0]!
  const practitioner = scene.practitioner.id
  const lie = { ...absent, key: encodeAs(schemas.practitioners.key, { practitioner }) }
  assert.equal(codeOf(forged(decodeRegisterPage(gone), 0, lie)), "state-forged")
})

test("a forged row, a row of another register, another header, another chain", async () => {
  const bytes = await page("organizations")
  const read = decodeRegisterPage(bytes)
  const row = { name: "sample-mutual", kind: 6, group: 3, status: 0, panel: [] }
  assert.equal(codeOf(forged(read, 2, { value: encodeAs(schemas.organizations.value, row) })), "state-forged")
  assert.equal(codeOf(forged(read, 2, { table: "plans" })), "state-forged")
  assert.equal(codeOf(forged(read, 2, { siblings: read.rows[2]!.siblings.slice(1) })), "state-forged")
  const other = { ...read, header: { ...read.header, height: read.header.height + 1 } }
  assert.equal(codeOf(encodeRegisterPage(other)), "commit-forged")
  assert.equal(codeOf(bytes, { ...anchor, chainId: "elsewhere" }), "other-chain")
  assert.equal(codeOf(bytes, { ...anchor, genesis: new Uint8Array(32) }), "other-chain")
  const strangers = [{ publicKey: scene.practitioner.id, power: 10 }]
  assert.equal(codeOf(bytes, { ...anchor, validators: strangers }), "validators-unknown")
  const whole = opened(encodeRegisterPage({ ...read, rows: read.rows.slice(0, -1) }))
  assert.equal(whole.allOrganizations, false, "without the absent one nothing says that these are all")
  const gap = opened(encodeRegisterPage({ ...read, rows: read.rows.filter((_, i) => i !== 3) }))
  assert.equal(gap.allOrganizations, false)
})

test("no byte can be flipped, and nothing throws; cut short it is truncated", async () => {
  const bytes = await page(`practitioners?id=${toHex(scene.practitioner.id)}`)
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice()
    changed[i]! ^= 1 << (i % 8)
    assert.notEqual(codeOf(changed), undefined, `byte ${i}`)
  }
  for (let end = 1; end < bytes.length; end += 11) assert.equal(codeOf(bytes.subarray(0, end)), "truncated")
})

test("what does not read is refused, and what is not public is not there", async () => {
  const status = async (path: string) => (await ask(path)).status
  for (const path of ["accounts", "visits", "__proto__", "Organizations"]) assert.equal(await status(path), 404, path)
  for (const path of [
    "keys",
    "keys?organization=0",
    "keys?organization=x",
    "practitioners?id=ab",
    "plans?id=",
    "organizations?id=70000",
    "plans?from=zz",
  ])
    assert.equal(await status(path), 422, path)
  assert.equal(await status("keys?organization=99&form=cbor"), 404)
  assert.equal(await status("keys?organization=99"), 200)
})

/** A chain of 133 practitioners, whose proofs are made up; it hands out `handovers` with them. */
async function longChain(handovers: RegisterPage["handovers"] = []) {
  const count = mostPageRows * 2 + 5
  const ids = Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i, 0, 4))
  const seal = { key: new Uint8Array(33), credential: new Uint8Array(32) }
  const row = { board: 5, ...seal, history: [{ status: 0, from: 0 }], glass: { day: 0, count: 0 } }
  const { rows: _, ...signed } = decodeRegisterPage(await page("organizations"))
  const value = encodeAs(schemas.practitioners.value, row)
  const proof = { k: anchor.k, pairs: [], siblings: [new Uint8Array(32)] }
  const asked: string[] = []
  const proven = { table: "keys" as const, key: Uint8Array.of(0x80), value, pairs: [], siblings: proof.siblings }
  const chain = {
    chainId: anchor.chainId,
    anchor,
    tables: () => ({
      practitioners: { rows: () => ids.map((practitioner) => [{ practitioner }, row]) },
      keys: { first: () => [[{ key: seal.key }]] },
    }),
    registerProof: async () => encodeRegisterProof({ ...signed, rows: [proven], handovers }),
    source: {
      prove: async (_table: string, key: Uint8Array) => {
        asked.push(toHex(key))
        return { value, proof, block: signed }
      },
    },
  } as unknown as Chain
  return { door: registerDoors(chain), asked, count, ...signed }
}

test("a long register comes page by page, each row once", async () => {
  const { door, asked, count } = await longChain()
  let from: string | undefined
  let pages = 0
  do {
    const { view } = (await door("practitioners", { from }))!
    const { next } = view as { next?: Uint8Array }
    from = next && toHex(next)
    pages++
  } while (from !== undefined)
  assert.deepEqual([pages, asked.length, new Set(asked).size], [3, count, count])
})

test("a page carries every change of validators before its header, and none after", async () => {
  const { header, commit, validators } = await longChain()
  const at = (height: number) => ({ header: { ...header, height }, commit, validators })
  const { door } = await longChain([at(1), at(header.height - 1), at(header.height), at(header.height + 5)])
  const { proof } = (await door("practitioners", {}))!
  const heights = decodeRegisterPage(proof!).handovers.map((one) => one.header.height)
  assert.deepEqual(heights, [1, header.height - 1])
})
