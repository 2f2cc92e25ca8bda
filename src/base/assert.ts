/** A broken invariant: our own mistake, never bad input. Only the process's main file sees it, and stops. */
export class Defect extends Error {
  override readonly name = "Defect"
}

/** Stops with the broken invariant in plain words. Never used on input, never switched off. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (condition !== true) throw new Defect(invariant)
}
