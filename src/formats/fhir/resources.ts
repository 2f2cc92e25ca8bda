/** A Bundle opened up: its resources with their types, ids and byte ranges, and the ways references name them. */
import { refuse } from "../../base/refusal.ts"
import { orRefuse } from "../answer.ts"
import { itemsAt, textAt } from "./json-path.ts"
import { type JsonSpan, placeOf, readJson } from "./json-spans.ts"

export interface BundledResource {
  readonly type: string
  readonly id: string
  readonly fullUrl: string | undefined
  readonly node: JsonSpan
  /** JSON pointer of the resource in the file. */
  readonly pointer: string
}

/** The texts by which a reference may name a resource: full URL, `urn:uuid:` and id, `Type/id`. */
export function namesOf(resource: BundledResource): readonly string[] {
  const names = [`urn:uuid:${resource.id}`, `${resource.type}/${resource.id}`]
  return resource.fullUrl === undefined ? names : [resource.fullUrl, ...names]
}

export class Resources {
  readonly all: readonly BundledResource[]
  readonly #byName = new Map<string, BundledResource>()

  constructor(all: readonly BundledResource[]) {
    this.all = all
    for (const resource of all) {
      for (const name of new Set(namesOf(resource))) {
        const other = this.#byName.get(name)
        if (other !== undefined && other !== resource) {
          const what = "Cannot read the Bundle: two resources answer to one reference"
          refuse("fhir-duplicate-id", what, resource.pointer, "Give each resource an id of its own.")
        }
        this.#byName.set(name, resource)
      }
    }
  }

  /** The resource a reference names, when the Bundle holds it. */
  named(reference: string | undefined): BundledResource | undefined {
    return reference === undefined ? undefined : this.#byName.get(reference)
  }

  ofType(type: string): readonly BundledResource[] {
    return this.all.filter((resource) => resource.type === type)
  }
}

/** Scans the bytes and lists the Bundle's resources. @throws Refused, at the reader's door turned into a refusal. */
export function openBundle(bytes: Uint8Array): Resources {
  const root = orRefuse(readJson(bytes))
  if (textAt(root, "resourceType") !== "Bundle") {
    const place = placeOf(bytes, root.start)
    refuse("fhir-not-a-bundle", "Cannot read the file: it is not a FHIR Bundle", place, "Send a Bundle resource.")
  }
  const all: BundledResource[] = []
  for (const [index, entry] of itemsAt(root, "entry").entries()) {
    const node = entry.kind === "object" ? entry.members.get("resource") : undefined
    if (node === undefined) continue
    const pointer = `/entry/${index}/resource`
    const type = textAt(node, "resourceType")
    if (type === undefined || !/^[A-Z][A-Za-z]{1,63}$/.test(type)) {
      const what = "Cannot read the Bundle: an entry's resource has no resourceType"
      refuse("fhir-no-type", what, pointer, "Give the resource its resourceType.")
    }
    const fullUrl = textAt(entry, "fullUrl")
    const id = textAt(node, "id") ?? fullUrl?.replace(/^urn:uuid:/, "")
    if (id === undefined) {
      const what = "Cannot read the Bundle: a resource has neither id nor fullUrl"
      refuse("fhir-no-id", what, pointer, "Give the resource an id.")
    }
    all.push({ type, id, fullUrl, node, pointer })
  }
  return new Resources(all)
}
