/**
 * The root of an organization's access log, hour after hour: each anchor names the one before, so that a line that is
 * deleted later can be missed. The first names 32 zero bytes.
 *
 *   protocol 1   `anchor-log/1`
 *   protocol 2   `anchor-log/2`: counts the lines of the log so far as well, so that a log cut off at its end shows
 */
import { equalBytes } from "../../base/bytes.ts"
import { b32, type Decoded, hour, org, type StructCodec, struct, uint } from "../../base/schema.ts"
import { type Rejection, reject } from "../rejection.ts"
import type { RowOf } from "../rows.ts"
import { refuseSigner } from "../signer.ts"
import { type Context, type Definition, defineTransaction, signatureOf } from "../transaction.ts"

const noRoot = new Uint8Array(32)
const anchor = { org, hour, root: b32, previous: b32 }

export const anchorLogBody = struct(anchor)
type Anchor = Decoded<typeof anchorLogBody>

/** What both versions ask, and then what `more` asks of the row before. */
function anchorDefinition<B extends Anchor>(
  body: StructCodec<B>,
  more: (body: B, last: RowOf<"logs"> | undefined) => Rejection | undefined,
): Omit<Definition<B, { readonly last: RowOf<"logs"> | undefined }>, "type" | "apply"> {
  return {
    body,
    meanings: ["anchored"],
    key: "applied",
    duringFreeze: true,

    load: (context) => ({ last: context.tables.logs.get({ org: context.body.org }) }),

    authorize(context) {
      const { key } = signatureOf(context, "anchored")
      return refuseSigner(context, key, { role: "operate", org: context.body.org })
    },

    check: (context, { last }) => refuseOrder(context, last) ?? more(context.body, last),
  }
}

function refuseOrder({ body, hour: now }: Context<Anchor>, last: RowOf<"logs"> | undefined): Rejection | undefined {
  if ((last !== undefined && body.hour <= last.hour) || body.hour > now)
    return reject("out-of-order", { what: `the log of hour ${body.hour}` })
  if (!equalBytes(body.previous, last?.root ?? noRoot))
    return reject("out-of-order", { what: "the root named as previous" })
  return undefined
}

/** Anchors the root of one hour's access log. */
export const anchorLog = defineTransaction({
  ...anchorDefinition(anchorLogBody, () => undefined),
  type: "anchor-log/1",
  until: 2,

  apply({ body, tables }) {
    tables.logs.put({ org: body.org }, { hour: body.hour, root: body.root, previous: body.previous })
  },
})

export const countedAnchorBody = struct({
  ...anchor,
  /** Of the whole log, from its first hour to this one. */
  lines: uint(),
})

/** The same with the number of lines, which never falls. After a row that has none it may be any. */
export const countedAnchor = defineTransaction({
  ...anchorDefinition(countedAnchorBody, ({ lines }, last) =>
    lines < (last?.lines ?? 0) ? reject("out-of-order", { what: `a log of ${lines} lines` }) : undefined,
  ),
  type: "anchor-log/2",
  since: 2,

  apply({ body, tables }) {
    const { hour: anchored, root, previous, lines } = body
    tables.logs.put({ org: body.org }, { hour: anchored, root, previous, lines })
  },
})
