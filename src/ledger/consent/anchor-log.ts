/**
 * The root of an organization's access log, hour after hour: each anchor names the one before, so that a line that is
 * deleted later can be missed. The first names 32 zero bytes.
 */
import { equalBytes } from "../../base/bytes.ts"
import { b32, hour, org, struct } from "../../base/schema.ts"
import { reject } from "../rejection.ts"
import { refuseSigner } from "../signer.ts"
import { defineTransaction, signatureOf } from "../transaction.ts"

const noRoot = new Uint8Array(32)

export const anchorLogBody = struct({ org, hour, root: b32, previous: b32 })

/** Anchors the root of one hour's access log. */
export const anchorLog = defineTransaction({
  type: "anchor-log/1",
  body: anchorLogBody,
  meanings: ["anchored"],
  key: "applied",
  duringFreeze: true,

  load: ({ body, tables }) => ({ last: tables.logs.get({ org: body.org }) }),

  authorize(context) {
    const { key } = signatureOf(context, "anchored")
    return refuseSigner(context, key, { role: "operate", org: context.body.org })
  },

  check({ body, hour: now }, { last }) {
    if ((last !== undefined && body.hour <= last.hour) || body.hour > now)
      return reject("out-of-order", { what: `the log of hour ${body.hour}` })
    if (!equalBytes(body.previous, last?.root ?? noRoot))
      return reject("out-of-order", { what: "the root named as previous" })
    return undefined
  },

  apply({ body, tables }) {
    tables.logs.put({ org: body.org }, { hour: body.hour, root: body.root, previous: body.previous })
  },
})
