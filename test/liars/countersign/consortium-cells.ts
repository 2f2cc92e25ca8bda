/**
 * THE PLACE FOR FOUR VALIDATORS: one function a lie of `consortiumLies`, told to a network that the function starts and
 * stops. Engine: consortium. A lie without a function here is shown as not run, on the page and by the tests.
 */
import type { Cell } from "../lies.ts"

export const consortiumCells: Readonly<Record<string, () => Promise<Cell>>> = {}

export const noConsortium = "no network of four validators is started here yet"
