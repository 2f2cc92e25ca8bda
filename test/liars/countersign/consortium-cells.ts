/**
 * Four validators: one function a lie of `consortiumLies`, told to a network that the function starts and stops. Engine:
 * consortium. A lie without a function here is shown as not run, on the page and by the tests.
 */
import { findCometBft } from "../../../src/engine/comet/binary.ts"
import type { Cell } from "../lies.ts"
import { historyCells } from "./consortium-histories.ts"
import { turnCells } from "./consortium-turns.ts"

export const consortiumCells: Readonly<Record<string, () => Promise<Cell>>> = { ...turnCells, ...historyCells }

/** Why none of them can be told on this machine; undefined when they can. */
export function noConsortium(): string | undefined {
  return findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : undefined
}
