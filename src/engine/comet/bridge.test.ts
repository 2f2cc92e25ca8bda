/** What ends the engine, and what ends one connection only. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Decoded } from "../engine.ts"
import { AbciFault } from "./abci/abci-fault.ts"
import { AbciBridge, type BridgeEvents } from "./bridge.ts"

test("bytes that are no ABCI do not end the engine; what the application threw does", () => {
  const failures: unknown[] = []
  const events = { onFailure: (cause: unknown) => void failures.push(cause) } as unknown as BridgeEvents<Decoded>
  const bridge = new AbciBridge<Decoded>({} as never, {} as never, { events, version: "1" })
  bridge.onFailure(new AbciFault("a length of eleven digits"))
  assert.deepEqual(failures, [])
  const cause = new Error("a row that cannot be")
  bridge.onFailure(cause)
  assert.deepEqual(failures, [cause])
})
