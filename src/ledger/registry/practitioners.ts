/**
 * Practitioners, as their licence boards vouch for them. A licence's history only grows, and never backwards.
 *
 *   (none) ──enrol──▶ active ◀──set-licence-status──▶ suspended,   either ──set-licence-status──▶ ended
 */
import { assert } from "../../base/assert.ts"
import { b32, hour, key, org, struct, uint } from "../../base/schema.ts"
import { reject } from "../rejection.ts"
import { licenceStatus } from "../roles.ts"
import { openEnd, type RowOf } from "../rows.ts"
import { refuseSigner } from "../signer.ts"
import { defineTransaction, signatureOf } from "../transaction.ts"
import { refusePossession } from "./keys.ts"
import { endKeysOf, refuseKnown, refuseMalformed } from "./known-keys.ts"

type Practitioner = RowOf<"practitioners">

function lastEntry({ history }: Practitioner): Practitioner["history"][number] {
  const last = history.at(-1)
  assert(last !== undefined, "a practitioner has a history from enrolment on")
  return last
}

/** Not before this block hour, nor before the last entry: what was relied on stays true. */
function isBackwards(from: number, now: number, enrolled: Practitioner | undefined): boolean {
  return from < now || (enrolled !== undefined && from < lastEntry(enrolled).from)
}

/** `credential` is SHA-256 of the part of the credential that the board signed. */
export const enrolPractitionerBody = struct({ board: org, practitioner: b32, key, credential: b32, from: hour })

/** A licence board vouches for a practitioner and the practitioner's own key. */
export const enrolPractitioner = defineTransaction({
  type: "enrol-practitioner/1",
  body: enrolPractitionerBody,
  meanings: ["enrolled", "possessed"],
  key: "applied",

  load: ({ body, tables }) => ({ enrolled: tables.practitioners.get({ practitioner: body.practitioner }) }),

  authorize(context) {
    const { key: signer } = signatureOf(context, "enrolled")
    return (
      refuseSigner(context, signer, { role: "enrol", org: context.body.board, active: true }) ??
      refusePossession(context, context.body.key)
    )
  },

  check({ body, tables, hour: now }, { enrolled }) {
    const refused = refuseMalformed(body.key) ?? refuseKnown(tables, body.key)
    if (refused !== undefined) return refused
    if (enrolled !== undefined && enrolled.board !== body.board && lastEntry(enrolled).status !== licenceStatus.ended)
      return reject("wrong-stage", { what: "the practitioner's enrolment at another board" })
    if (isBackwards(body.from, now, enrolled)) return reject("dates-invalid", { from: body.from, until: openEnd })
    return undefined
  },

  apply(context, { enrolled }) {
    const { body, tables, hour: now } = context
    if (enrolled !== undefined) endKeysOf(context, body.practitioner)
    tables.keys.put({ key: body.key }, { org: 0, roles: 0, practitioner: body.practitioner, from: now, until: openEnd })
    tables.practitioners.put(
      { practitioner: body.practitioner },
      {
        board: body.board,
        key: body.key,
        credential: body.credential,
        history: [...(enrolled?.history ?? []), { status: licenceStatus.active, from: body.from }],
        glass: enrolled?.glass ?? { day: 0, count: 0 },
      },
    )
  },
})

export const setLicenceStatusBody = struct({ practitioner: b32, status: uint(0, 2), from: hour })

/** The board of the enrolment suspends a licence, restores it, or ends it. */
export const setLicenceStatus = defineTransaction({
  type: "set-licence-status/1",
  body: setLicenceStatusBody,
  meanings: ["enrolled"],
  key: "applied",
  duringFreeze: true,

  load({ body, tables }) {
    const enrolled = tables.practitioners.get({ practitioner: body.practitioner })
    return enrolled === undefined ? reject("practitioner-unknown", { practitioner: body.practitioner }) : { enrolled }
  },

  authorize(context, { enrolled }) {
    const { key: signer } = signatureOf(context, "enrolled")
    return refuseSigner(context, signer, { role: "enrol", org: enrolled.board })
  },

  check({ body, hour: now }, { enrolled }) {
    if (lastEntry(enrolled).status === licenceStatus.ended)
      return reject("wrong-stage", { what: "the practitioner's licence" })
    if (isBackwards(body.from, now, enrolled)) return reject("dates-invalid", { from: body.from, until: openEnd })
    return undefined
  },

  apply({ body, tables }, { enrolled }) {
    tables.practitioners.put(
      { practitioner: body.practitioner },
      { ...enrolled, history: [...enrolled.history, { status: body.status, from: body.from }] },
    )
  },
})
