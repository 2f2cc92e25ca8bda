/** One segment of an X12 file, how its elements are read, and how its place is named. */

export interface X12Segment {
  readonly tag: string
  /** `elements[0]` is the first after the tag: SV102 is `elements[1]`. Read them with `element`. */
  readonly elements: readonly string[]
  /** Line in the file, from 1. */
  readonly line: number
}

/** The characters that one interchange's ISA sets. */
export interface Separators {
  readonly element: string
  /** Parts of a composite: ISA16. */
  readonly component: string
  /** Between repetitions of an element: ISA11 from version 00402 on; undefined where ISA11 names none. */
  readonly repetition: string | undefined
  readonly terminator: string
}

/** SV102 is `element(segment, 2)`; an absent or empty element is the empty text. */
export function element(segment: X12Segment | undefined, number: number): string {
  return segment?.elements[number - 1]?.trim() ?? ""
}

/** SV102 from `SV1` and 2. */
export function elementName(tag: string, number: number | undefined): string {
  return number === undefined ? tag : tag + String(number).padStart(2, "0")
}

/** Where something stands, in X12's own way of naming it: `SV102, line 34`. */
export function placeIn(segment: X12Segment, number?: number): string {
  return `${elementName(segment.tag, number)}, line ${segment.line}`
}
