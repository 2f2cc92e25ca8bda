import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import fc from "fast-check"
import { scaledInteger } from "../amount.ts"
import { isRefusal } from "../answer.ts"
import { type FhirEntry, listEncounters, openVisits, readVisit } from "./bundle.ts"

const folder = new URL("../../../../shared/data/fhir-synthea/", import.meta.url)
const open = (name: string) => new Uint8Array(gunzipSync(readFileSync(new URL(name, folder))))
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

test("every public Synthea patient: encounters are listed; visits read exactly and to the cent", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const seen = { files: 0, encounters: 0, visits: 0, entries: 0, lines: 0, claims: 0, leftOut: 0 }
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".json.gz"))) {
    const bytes = open(name)
    const bundle = openVisits(bytes)
    seen.files++
    if (name.startsWith("hospital")) {
      assert.ok(isRefusal(bundle) && bundle.code === "fhir-no-encounter", name)
      continue
    }
    assert.ok(!isRefusal(bundle), name)
    const rows = bundle.encounters
    assert.ok(rows.length >= 5, name)
    seen.encounters += rows.length
    const file = Buffer.from(bytes)
    for (const row of rows) {
      const visit = bundle.read(row.id)
      assert.ok(!isRefusal(visit), `${name} ${row.id} ${isRefusal(visit) ? visit.code : ""}`)
      seen.visits++
      seen.leftOut += visit.leftOut.length
      for (const entry of visit.entries) {
        seen.entries++
        assert.notEqual(file.indexOf(entry.bytes), -1, "an entry is the file's own bytes")
        assert.equal(JSON.parse(Buffer.from(entry.bytes).toString()).id, entry.id)
      }
      assert.equal(visit.entries[0]?.type, "Encounter")
      assert.equal(visit.facts.length, visit.entries.length)
      assert.ok(visit.entries.every((entry) => entry.type !== "Patient" && entry.type !== "ExplanationOfBenefit"))
      let whole = 0n
      for (const claim of visit.claims) {
        seen.claims++
        const sum = claim.lines.reduce((total, line) => total + line.charge, 0n)
        // The total again, by a reader of its own: the Claim as an ordinary JSON parse sees it.
        const source: FhirEntry = visit.entries.find((entry) => entry.id === claim.id)!
        const total: string = /"total":\s*\{\s*"value":\s*([-+.\deE]+)/.exec(Buffer.from(source.bytes).toString())![1]!
        assert.equal(sum, scaledInteger(total, 2), `${name} ${claim.id}`)
        assert.equal(sum, claim.total)
        whole += sum
        for (const line of claim.lines) {
          seen.lines++
          assert.ok(line.charge >= 0n && line.facts.length > 0 && line.from >= visit.from && line.to <= visit.to)
        }
      }
      assert.equal(whole, row.total)
      assert.equal(visit.claims.flatMap((claim) => claim.lines).length, row.claimLines)
    }
  }
  t.diagnostic(JSON.stringify(seen))
})

test("every encounter of one patient with many claims is read", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const bytes = open("Antonio_Runolfsson_a1795152-808d-4cb9-b259-ce6e3716dedf.json.gz")
  const rows = listEncounters(bytes)
  assert.ok(!isRefusal(rows))
  assert.equal(rows.length, 12)
  const visits = rows.map((row) => readVisit(bytes, row.id))
  assert.ok(visits.every((visit) => !isRefusal(visit)))
  const [first] = visits
  assert.ok(first !== undefined && !isRefusal(first))
  assert.equal(first.start, "2003-12-12T06:05:58+00:00")
  assert.deepEqual(
    first.facts.filter((fact) => fact.entry === 0),
    [{ sentence: "Visit: Encounter for symptom, on 2003-12-12.", entry: 0 }],
  )
})

test("refusals: cut off anywhere, unknown encounter, no claim, not a Bundle, an amount finer than a cent", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const bytes = open("Christian_Balistreri_59339691-0270-4c4a-a34d-338e3008b9c3.json.gz")
  const codeOf = (value: unknown) => (isRefusal(value) ? value.code : "read")
  for (const part of [0.1, 0.5, 0.999]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * part))
    assert.equal(codeOf(listEncounters(cut)), "json-cut-off")
  }
  const unknown = readVisit(bytes, "nobody")
  assert.ok(
    isRefusal(unknown) &&
      unknown.code === "fhir-encounter-unknown" &&
      /for instance [0-9a-f-]{36}/.test(unknown.remedy),
  )
  assert.equal(codeOf(readVisit(utf8('{"resourceType":"Patient"}'), "x")), "fhir-not-a-bundle")
  assert.equal(codeOf(readVisit(utf8('{"resourceType":"Bundle","entry":[]}'), "x")), "fhir-no-encounter")
  assert.equal(codeOf(readVisit(small({}), "e1")), "read")
  assert.equal(codeOf(readVisit(small({ claim: "Basic" }), "e1")), "fhir-no-claim")
  assert.equal(codeOf(readVisit(small({ total: "12.345" }), "e1")), "fhir-amount-not-exact")
  assert.equal(codeOf(readVisit(small({ total: "12.340" }), "e1")), "read")
  assert.equal(codeOf(readVisit(small({ total: "1.00", net: "2.00" }), "e1")), "fhir-total-unbalanced")
  assert.equal(codeOf(readVisit(small({ photo: true }), "e1")), "read")
})

interface Small {
  readonly total?: string
  readonly net?: string
  readonly claim?: string
  readonly photo?: boolean
}

/** A Bundle of one Encounter, one Observation and one Claim with the fault asked for. */
function small({ total = "125.00", net, claim = "Claim", photo = false }: Small): Uint8Array {
  const face = photo ? ',"contained":[{"resourceType":"Patient","photo":[{"data":"AA=="}]}]' : ""
  const price = net === undefined ? "" : `,"net":{"value":${net},"currency":"USD"}`
  return utf8(`{"resourceType":"Bundle","entry":[
    {"resource":{"resourceType":"Encounter","id":"e1","period":{"start":"2020-02-29T23:30:00-05:00"}}},
    {"resource":{"resourceType":"Observation","id":"o1","encounter":{"reference":"Encounter/e1"}${face}}},
    {"resource":{"resourceType":"${claim}","id":"c1","type":{"coding":[{"code":"professional"}]},
      "item":[{"sequence":1,"productOrService":{"coding":[{"system":"s","code":"A"}]},
      "encounter":[{"reference":"Encounter/e1"}]${price}}],"total":{"value":${total},"currency":"USD"}}}]}`)
}

test("bytes changed at random are read or refused, never an error of ours", () => {
  const whole = small({ net: "125.00" })
  const change = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(...Buffer.from('{}[]",:1e-\\\\ n\\xff')))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice()
      for (const [at, byte] of changes) bytes[at] = byte
      const visit = readVisit(bytes, "e1")
      assert.ok(isRefusal(visit) || visit.entries.length > 0)
      listEncounters(bytes)
    }),
    { numRuns: 1000 },
  )
})

test("a resource with a face in it is left out and listed", () => {
  const visit = readVisit(small({ photo: true }), "Encounter/e1")
  assert.ok(!isRefusal(visit))
  assert.deepEqual(visit.leftOut, [{ type: "Observation", id: "o1", why: "photo" }])
  assert.ok(!visit.entries.some((entry) => Buffer.from(entry.bytes).includes("photo")))
})
