/** Loaded before a node of a test (`--import`): the software of a time when nobody knew protocol 2. */
import { registerHooks } from "node:module"

const newest = "export const newestProtocol = 2"

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith("/src/ledger/protocol.ts")) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString("utf8")
    if (!source.includes(newest)) throw new Error("The newest protocol is another one: this test needs a look")
    return { ...loaded, source: source.replace(newest, "export const newestProtocol = 1") }
  },
})
