/**
 * Four validators: one function a lie of `consortiumLies`, told to a network that the function starts and stops. Engine:
 * consortium. A lie that cannot be told on a machine is skipped there, and said to be.
 */
import { findCometBft } from "../../../src/engine/comet/binary.ts"
import type { Cell } from "../lies.ts"
import { historyCells } from "./consortium-histories.ts"
import { noWrongClock, turnCells } from "./consortium-turns.ts"

export const consortiumCells: Readonly<Record<string, () => Promise<Cell>>> = { ...turnCells, ...historyCells }

/** Why a lie cannot be told on this machine; undefined when it can. */
export function noConsortium(id: string): string | undefined {
  if (findCometBft() === undefined) return "CometBFT is not installed: npm run engine"
  return id === "consortium-clock" ? noWrongClock() : undefined
}
