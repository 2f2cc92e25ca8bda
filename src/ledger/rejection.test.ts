import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { isRejection, type RejectionCode, reject, rejections } from "./rejection.ts"

type Details = { readonly [C in RejectionCode]: Parameters<(typeof rejections)[C]["says"]>[0] }

const id = Uint8Array.of(0xab, 0xcd)
const key = Uint8Array.of(0x01, 0xab, 0xcd)
const visit = { V: id, provider: 1 }
const leg = { ...visit, leg: 0 }
const hours = { hour: 493_060, until: 493_056 }
const org = 3

/** One refusal a code: the sentences that the catalogue of rejections shows. */
const examples: Details = {
  "bad-encoding": { what: "the bytes end too soon" },
  "bad-envelope": { what: "deposit/1 is not signed by paidOut" },
  "bad-signature": { key },
  "too-large": { what: "transaction", size: 70_000, most: 65_536 },
  "type-unknown": { type: "mint/1" },
  expired: hours,
  "expiry-too-far": { hour: 493_056, until: 493_100 },
  frozen: { until: 493_100 },
  "signer-unknown": { key },
  "signer-inactive": { key, hour: 493_060 },
  "signer-wrong-role": { key, role: "hold" },
  "signer-not-party": { key },
  "organization-suspended": { org },
  "organization-unknown": { org: 77 },
  "organization-wrong-kind": { org },
  "not-independent": { org },
  "quorum-missing": { given: 1 },
  "practitioner-unknown": { practitioner: id },
  "licence-not-active": { practitioner: id, hour: 493_060 },
  "key-malformed": { key },
  "key-known": { key },
  "key-unknown": { key },
  "last-admin-key": { org },
  "limit-reached": { what: "legs", most: 8 },
  "plan-unknown": { id },
  "plan-known": { id },
  "dates-invalid": { from: 493_060, until: 493_056 },
  "reference-known": { id },
  "bad-amount": { amount: 0n },
  "account-short": { org, amount: 200_000n, free: 150_000n },
  "custodian-short": { org: 4, amount: 200_000n, owed: 150_000n },
  "voucher-mismatch": { id },
  "voucher-expired": { id, ...hours },
  "voucher-used": { id },
  "voucher-void": { id },
  "not-on-ladder": { amount: 300_000n },
  "above-cap": { amount: 500_000n, most: 200_000n },
  "visit-unknown": visit,
  "leg-unknown": leg,
  "facts-unknown": { id },
  "statement-unknown": { id },
  "statement-superseded": { id },
  "wrong-stage": { what: "a leg that is not held" },
  "patient-side-unsigned": visit,
  "bad-point": leg,
  "bad-opening": { amount: 320_000n },
  "above-hold": { amount: 320_000n, most: 200_000n },
  "already-refunded": leg,
  "not-delivered": leg,
  "too-early": { hour: 493_056, until: 493_060 },
  "too-late": hours,
  "no-panel": { org },
  "grant-unknown": { id },
  "grant-known": { id },
  "rate-limited": { most: 10 },
  "out-of-order": { what: "version 3" },
  "proposal-unknown": { id },
  "ballot-cast": { id, org },
  "parameter-out-of-range": { number: 1, value: 23 },
  "validator-set-invalid": { org },
  "organization-in-use": { org },
}

const codes = Object.keys(rejections) as RejectionCode[]

/** Refused by transaction types that are not in the catalogue yet: grants and emergency access. */
const comingCodes: ReadonlySet<string> = new Set(["grant-unknown", "grant-known", "rate-limited"])

function messageOf<C extends RejectionCode>(code: C): string {
  return reject(code, examples[code]).message
}

test("there are 61 codes, numbered in order of precedence", () => {
  assert.deepEqual(
    codes.map((code) => rejections[code].number),
    Array.from({ length: 61 }, (_, i) => i + 1),
  )
})

test("every sentence says what cannot be done and why, in ids and numbers alone", () => {
  for (const code of codes) {
    const { message } = reject(code, examples[code])
    assert.match(message, /^Cannot [a-z].*: \S.*[^.]$/, code)
    assert.ok(!message.includes("undefined") && !message.includes("[object"), code)
  }
})

test("a rejection is a value with its number, remedy and place", () => {
  const refused = reject("expired", { hour: 2, until: 1 }, "expiry")
  assert.ok(isRejection(refused))
  assert.deepEqual(
    { ...refused },
    {
      code: "expired",
      number: 6,
      message: "Cannot apply transaction: it expired at hour 1, the block's hour is 2",
      remedy: "fix",
      fhir: "expired",
      at: "expiry",
    },
  )
  assert.ok(!("at" in reject("expired", { hour: 2, until: 1 })))
  assert.ok(!isRejection({ ...refused }))
})

const catalogue = new URL("../../docs/rejections.md", import.meta.url)

test("the catalogue has every code in order, with its number, remedy and an example of its sentence", () => {
  assert.ok(existsSync(catalogue))
  const sections = readFileSync(catalogue, "utf8").split(/^## /m).slice(1)
  assert.deepEqual(
    sections.map((section) => section.split("\n")[0]),
    codes.map((code) => `${rejections[code].number}. ${code}`),
  )
  for (const [i, code] of codes.entries()) {
    const section = sections[i]!
    assert.match(section, /^When: \S.*\.$/m, code)
    assert.ok(section.includes(`Remedy: **${rejections[code].remedy}**`), code)
    assert.ok(section.includes(`Example: \`${messageOf(code)}\``), code)
  }
})

/** The text of every file below this folder whose name ends so. */
function sources(ending: (name: string) => boolean): string {
  const folder = new URL(".", import.meta.url)
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ending(name) && name !== "rejection.ts" && name !== "rejection.test.ts")
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .join("\n")
}

test("every code is some table's outcome, and those to come are nobody's yet", () => {
  const tests = sources((name) => name.endsWith(".test.ts"))
  const rules = sources((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  const untested = codes.filter((code) => !tests.includes(`"${code}"`) && !comingCodes.has(code))
  assert.deepEqual(untested, [])
  for (const code of comingCodes) assert.ok(!rules.includes(`reject("${code}"`), `${code} has come: test it`)
})
