/**
 * When a resource says that what it tells of happened, in the resource's own words: the text is never parsed and
 * written again. The first good one of the fields of R4's event pattern counts, before when it was written down.
 */
import { fromUtf8 } from "#crypto"
import { parseEventTime } from "../../record/timeline.ts"

const instants = ["effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime"]
const periods = ["effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod", "period", "billablePeriod"]
/** Where a resource has no such field: its own start. */
const others = ["started", "authoredOn", "recordedDate", "issued", "created", "date"]

function textAt(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const field = (value as Readonly<Record<string, unknown>>)[name]
  return typeof field === "string" ? field : undefined
}

function start(resource: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return textAt(resource[name], "start")
}

/** The event time of a resource's JSON; undefined when it says none that reads, or is no JSON object. */
export function eventTimeOf(resourceBytes: Uint8Array): string | undefined {
  const resource = objectOf(resourceBytes)
  if (resource === undefined) return undefined
  const found = [
    ...instants.map((name) => textAt(resource, name)),
    ...periods.map((name) => start(resource, name)),
    ...others.map((name) => textAt(resource, name)),
  ]
  return found.find((text) => text !== undefined && parseEventTime(text) !== undefined)
}

function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes) ?? "")
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
