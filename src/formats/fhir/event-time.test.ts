import assert from "node:assert/strict"
import { existsSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { parseEventTime } from "../../record/timeline.ts"
import { eventTimeOf } from "./event-time.ts"
import { eyeVisitResources } from "./visit-resources.ts"

const of = (resource: unknown) => eventTimeOf(toUtf8(JSON.stringify(resource)))

test("the event itself counts before its period, and both before when it was written down", () => {
  const period = { start: "2026-04-14T09:10:00-04:00", end: "2026-04-14T09:55:00-04:00" }
  assert.equal(of({ issued: "2026-04-15T08:00:00Z", effectiveDateTime: "2026-04-14" }), "2026-04-14")
  assert.equal(of({ recordedDate: "2026-04-20", performedPeriod: period }), period.start)
  assert.equal(of({ period, status: "finished" }), period.start)
  assert.equal(of({ period: { end: "2026" }, date: "2026-04" }), "2026-04")
  for (const none of [{}, [], null, 7, { effectiveDateTime: 7 }, { period: null }, { date: "soon" }])
    assert.equal(of(none), undefined)
  assert.equal(eventTimeOf(Uint8Array.of(0x89, 0x50)), undefined)
  assert.equal(eventTimeOf(toUtf8('{"date":')), undefined)
})

test("every resource of the standing example has an event time that reads", () => {
  const { entries } = eyeVisitResources({ date: "2026-04-14" })
  const times = entries
    .filter(({ mediaType }) => mediaType.startsWith("application/fhir"))
    .map(({ bytes }) => eventTimeOf(bytes)!)
  assert.equal(times.length, 5)
  for (const time of times) assert.equal(parseEventTime(time) !== undefined && time.slice(0, 10), "2026-04-14")
})

test("event times of real bundles read", async (t) => {
  const folder = resolve(import.meta.dirname, "../../../../shared/data/fhir-synthea")
  if (!existsSync(folder)) return t.skip("…/shared is absent")
  const { readMaybeGzipped } = await import("../../cli/input-file.ts")
  const [name] = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.json(\.gz)?$/.test(file))
    .sort()
  const bundle = JSON.parse(Buffer.from(readMaybeGzipped(join(folder, name!))).toString()) as {
    entry: { resource: { resourceType: string } }[]
  }
  const clinical = new Set(["Encounter", "Observation", "Procedure", "Immunization", "MedicationRequest", "Claim"])
  let read = 0
  for (const { resource } of bundle.entry) {
    const text = of(resource)
    if (text === undefined) assert.ok(!clinical.has(resource.resourceType), resource.resourceType)
    else read++
  }
  assert.ok(read > 20)
})
