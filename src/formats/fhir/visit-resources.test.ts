import assert from "node:assert/strict"
import { test } from "node:test"
import { inflateSync } from "node:zlib"
import { isRefusal } from "../answer.ts"
import { greyPng } from "../png.ts"
import { at, textAt } from "./json-path.ts"
import { readJson } from "./json-spans.ts"
import { eyeVisitResources } from "./visit-resources.ts"

test("the example's resources: the same bytes each time, what R4 requires, and four facts tied to their entries", () => {
  const visit = eyeVisitResources({ date: "2026-04-14" })
  assert.deepEqual(visit, eyeVisitResources({ date: "2026-04-14" }))
  assert.notDeepEqual(visit.entries[0], eyeVisitResources({ date: "2026-04-15" }).entries[0])
  const required: Readonly<Record<string, readonly string[]>> = {
    Encounter: ["status", "class"],
    Observation: ["status", "code"],
    Procedure: ["status", "subject"],
    MedicationAdministration: ["status", "medicationCodeableConcept", "subject"],
  }
  const types = []
  for (const entry of visit.entries.filter((one) => one.mediaType === "application/fhir+json")) {
    const node = readJson(entry.bytes)
    assert.ok(!isRefusal(node))
    const type = textAt(node, "resourceType")!
    types.push(type)
    for (const name of required[type]!) assert.notEqual(at(node, name), undefined, `${type}.${name}`)
  }
  assert.deepEqual(types, ["Encounter", "Observation", "Observation", "Procedure", "MedicationAdministration"])
  assert.equal(visit.facts.length, 4)
  for (const fact of visit.facts) assert.notEqual(visit.entries[fact.entry], undefined)
})

test("a grey picture is a PNG that zlib inflates to the pixels asked for", () => {
  const png = Buffer.from(greyPng(3, 2, (x, y) => 10 * x + y))
  const at = png.indexOf("IDAT")
  const length = png.readUInt32BE(at - 4)
  // zlib checks the Adler-32 sum itself.
  assert.deepEqual([...inflateSync(png.subarray(at + 4, at + 4 + length))], [0, 0, 10, 20, 0, 1, 11, 21])
  assert.equal(png.subarray(-8).toString("hex"), "49454e44ae426082")
})
