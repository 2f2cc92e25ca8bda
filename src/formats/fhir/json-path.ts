/** Ways into scanned JSON: a member or an item by its path, and the text of a leaf. Absent parts are undefined. */
import type { JsonSpan } from "./json-spans.ts"

/** The part of `node` at a path of member names and item numbers. */
export function at(node: JsonSpan | undefined, ...path: readonly (string | number)[]): JsonSpan | undefined {
  let here = node
  for (const step of path) {
    if (here?.kind === "object" && typeof step === "string") here = here.members.get(step)
    else if (here?.kind === "array" && typeof step === "number") here = here.items[step]
    else return undefined
  }
  return here
}

/** The text of a string or a number (as it stands), at a path. */
export function textAt(node: JsonSpan | undefined, ...path: readonly (string | number)[]): string | undefined {
  const leaf = at(node, ...path)
  return leaf?.kind === "string" || leaf?.kind === "number" ? leaf.text : undefined
}

/** The items of an array at a path; none when there is no array. */
export function itemsAt(node: JsonSpan | undefined, ...path: readonly (string | number)[]): readonly JsonSpan[] {
  const list = at(node, ...path)
  return list?.kind === "array" ? list.items : []
}

/** Every value in `node`, itself included, outer before inner. */
export function* everyValue(node: JsonSpan): Generator<JsonSpan> {
  yield node
  if (node.kind === "array") for (const item of node.items) yield* everyValue(item)
  if (node.kind === "object") for (const member of node.members.values()) yield* everyValue(member)
}

/** All `reference` texts inside a resource, contained resources included. */
export function referencesIn(node: JsonSpan): ReadonlySet<string> {
  const found = new Set<string>()
  for (const value of everyValue(node)) {
    const reference = value.kind === "object" ? textAt(value, "reference") : undefined
    if (reference !== undefined) found.add(reference)
  }
  return found
}
