/**
 * Goal: nothing about a patient's health or person can stand on the ledger, since no field could hold it. Method: walk
 * the codecs of every transaction body and every table, and ask of each field which kind of public thing it is. A new
 * field fails here until somebody says what it shows.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Codec } from "../base/schema.ts"
import { bodies } from "./bodies.ts"
import { schemas } from "./rows.ts"

/** The kinds of thing that may stand on the ledger, and the fields of each. */
const kinds = {
  "public fact about an organization, plan, practitioner or licence":
    "org board payer provider custodian proposers panel group kind name key roles practitioner old new credential " +
    "status from until plan series version power",
  "one-time key or handle": "V delegate proxy handle",
  "digest or hiding commitment":
    "id reference root previous recordRoot factsRoot ceiling facts claim determination trace statement supersedes terms " +
    "bundle evidence voucher transaction commitment header",
  "amount commitment or its opening": "owed paid blinding",
  "laddered amount, opened amount or public sum": "amount cap held hold contested free reserved deposited withdrawn",
  "protocol constant or count":
    "leg legs scope choice operation state assurance own void refunded revoked direction result vote action kinds count " +
    "percent number value zero chainId protocol currency k open",
  "block time in hours, seconds, days or heights; month of a voucher":
    "hour hours month expires deadline settled recorded opened expiry lost frozenUntil day height",
} as const
const known = new Set(Object.values(kinds).flatMap((fields) => fields.split(" ")))

/** The names of all leaves below a codec; a list's and an optional value's are those of what they hold. */
function leavesOf(codec: Codec<unknown>, name: string): readonly string[] {
  if (codec.inside === undefined) return [name]
  return Object.entries(codec.inside).flatMap(([field, inner]) =>
    leavesOf(inner, field === "item" || field === "body" ? name : field),
  )
}

test("every field of every transaction and table is of a kind that may be public", () => {
  for (const [type, body] of Object.entries(bodies))
    for (const field of leavesOf(body as Codec<unknown>, type)) assert.ok(known.has(field), `${type}: ${field}`)
  for (const [table, { key, value }] of Object.entries(schemas))
    for (const codec of [key, value] as readonly Codec<unknown>[])
      for (const field of leavesOf(codec, table)) assert.ok(known.has(field), `${table}: ${field}`)
})

test("no kind lists a field that does not exist", () => {
  const fields = new Set<string>()
  for (const body of Object.values(bodies)) for (const field of leavesOf(body as Codec<unknown>, "")) fields.add(field)
  for (const { key, value } of Object.values(schemas))
    for (const codec of [key, value] as readonly Codec<unknown>[])
      for (const field of leavesOf(codec, "")) fields.add(field)
  assert.deepEqual(
    [...known].filter((field) => !fields.has(field)),
    [],
  )
})

test("a field that nobody has classed would be seen", () => {
  const leaf: Codec<unknown> = bodies["deposit/1"].inside?.["amount"] as Codec<unknown>
  const body: Codec<unknown> = {
    ...leaf,
    inside: { amount: leaf, legs: { ...leaf, inside: { item: { ...leaf, inside: { diagnosis: leaf } } } } },
  }
  assert.deepEqual(
    leavesOf(body, "x/1").filter((field) => !known.has(field)),
    ["diagnosis"],
  )
})
