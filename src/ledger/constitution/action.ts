/**
 * What a ballot can do: the closed set of actions with their fields, as they stand in proposals and in the state.
 * On the wire an action is [number, field…]; numbers never change meaning.
 */
import { EncodingError } from "../../base/cbor.ts"
import { type Codec, type Decoded, key, list, name, org, type StructCodec, struct, uint } from "../../base/schema.ts"
import { limits } from "../limits.ts"
import { kinds } from "../roles.ts"

/** Hours that a proposal may stay open at most: the year that every parameter in hours is bounded by. */
export const mostRuleHours = 8784

/** Who may propose, and how many of which kinds must agree. Rules 11 and 12 are met by co-signatures. */
export const ruleFields = struct({
  /** Bit k is kind k. */
  proposers: uint(0, 255),
  needs: list(struct({ kinds: uint(0, 255), count: uint(0, 65535), percent: uint(0, 100) }), 1, 8),
  /** Running hours that a proposal stays open. */
  hours: uint(0, mostRuleHours),
})
export type Rule = Decoded<typeof ruleFields>
export type Need = Rule["needs"][number]

const anyKind = uint(1, 7)
/** A licence board vouches for practitioners, so it has an action, and a rule, of its own. */
const anyKindButBoard: Codec<number> = {
  read(reader) {
    const kind = anyKind.read(reader)
    if (kind === kinds.licenceBoard) throw new EncodingError("Cannot read CBOR: a licence board is admitted as one")
    return kind
  },
  write: anyKind.write,
}

const panelMembers = list(org, 1, limits.panel)
const panel: Codec<readonly number[]> = {
  inside: { item: org },
  read(reader) {
    const members = panelMembers.read(reader)
    if (new Set(members).size !== members.length) throw new EncodingError("Cannot read CBOR: a panel's member twice")
    return members
  },
  write: panelMembers.write,
}

const admitted = (kind: Codec<number>) => struct({ org, name, kind, group: uint(), key })

export const actionFields = {
  admit: admitted(anyKindButBoard),
  "admit-board": admitted(uint(kinds.licenceBoard, kinds.licenceBoard)),
  "set-status": struct({ org, status: uint(0, 2) }),
  /** Power 0 removes. */
  "set-validator": struct({ org, key, power: uint(0, 1000) }),
  "set-parameter": struct({ number: uint(), value: uint() }),
  "set-rule": struct({ action: uint(1, 12), rule: ruleFields }),
  "set-panel": struct({ payer: org, panel }),
  "replace-admin": struct({ org, key }),
  "schedule-upgrade": struct({ protocol: uint(), height: uint() }),
  freeze: struct({ hours: uint(1, limits.freezeHours) }),
} as const

export const actionNumbers = {
  admit: 1,
  "admit-board": 2,
  "set-status": 3,
  "set-validator": 4,
  "set-parameter": 5,
  "set-rule": 6,
  "set-panel": 7,
  "replace-admin": 8,
  "schedule-upgrade": 9,
  freeze: 10,
} as const satisfies Readonly<Record<keyof typeof actionFields, number>>

export type ActionName = keyof typeof actionFields
export type ActionFields<N extends ActionName> = Decoded<(typeof actionFields)[N]>
export type Action = { readonly [N in ActionName]: { readonly name: N; readonly fields: ActionFields<N> } }[ActionName]

const nameOf = new Map<number, ActionName>(
  Object.entries(actionNumbers).map(([action, number]) => [number, action as ActionName]),
)

function fieldsOf(action: ActionName): StructCodec<unknown> {
  return actionFields[action] as unknown as StructCodec<unknown>
}

export const actionCodec: Codec<Action> = {
  inside: actionFields as unknown as Readonly<Record<ActionName, Codec<unknown>>>,
  read(reader) {
    const size = reader.array()
    const action = nameOf.get(reader.uint())
    if (action === undefined) throw new EncodingError("Cannot read CBOR: no such action")
    const codec = fieldsOf(action)
    if (size !== codec.size + 1) throw new EncodingError("Cannot read CBOR: array of another length")
    return { name: action, fields: codec.readFields(reader) } as Action
  },
  write(writer, action) {
    const codec = fieldsOf(action.name)
    writer.array(codec.size + 1)
    writer.uint(actionNumbers[action.name])
    codec.writeFields(writer, action.fields)
  },
}
