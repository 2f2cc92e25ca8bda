/**
 * The closed schema of the state: every table, its key and its value, in wire order. A field that is not here does
 * not exist on the ledger; genesis files, proofs and exports decode with the same codecs.
 */
import {
  amount,
  b32,
  type Codec,
  type Decoded,
  hour,
  key,
  list,
  name,
  opt,
  org,
  type StructCodec,
  struct,
  sum,
  text,
  uint,
} from "../base/schema.ts"
import { actionCodec, ruleFields } from "./constitution/action.ts"
import { limits } from "./limits.ts"
import { allRoles } from "./roles.ts"

/** Of an hour: never. */
export const openEnd = Number.MAX_SAFE_INTEGER

const bit = uint(0, 1)
const singleton = struct({ zero: uint(0, 0) })
const byOrg = struct({ org })
const byDigest = struct({ id: b32 })
const byExpiry = struct({ expiry: hour, id: b32 })
const byKey = struct({ key })

const organizationRow = struct({
  name,
  kind: uint(1, 7),
  group: uint(),
  status: uint(0, 2),
  panel: list(org, 0, limits.panel),
})

const legRow = struct({
  voucher: b32,
  payer: org,
  cap: amount,
  /** All ever held. */
  held: amount,
  /** Still behind the leg. */
  hold: amount,
  state: uint(1, 5),
  /** Amount commitments; the identity is stored as absent. */
  owed: opt(b32),
  paid: opt(b32),
  expires: hour,
  /** Running hour, or 0. */
  deadline: hour,
  bundle: opt(b32),
  contested: amount,
  /** Running hour, or 0. */
  settled: hour,
  refunded: bit,
})
const factsRow = struct({ id: b32, practitioner: b32, assurance: uint(0, 3), recorded: hour })
const statementRow = struct({
  id: b32,
  facts: b32,
  /** Whether the statement itself bears V's or the proxy's signature. */
  own: bit,
  void: bit,
  legs: list(struct({ leg: uint(0, limits.legs - 1), amount: b32 }), 0, limits.legs),
})
const transitionRow = struct({
  operation: uint(1, 17),
  /** Absent where the set of legs alone is the key. */
  key: opt(b32),
  legs: uint(0, 255),
  transaction: b32,
})
const visitRow = struct({
  opened: hour,
  proxy: opt(key),
  facts: list(factsRow, 0, limits.factsStatements),
  statement: opt(statementRow),
  legs: list(legRow, 0, limits.legs),
  transitions: list(transitionRow),
})
const visitKey = struct({ V: b32, provider: org })
const paymentRow = struct({
  payer: org,
  provider: org,
  amount: sum,
  legs: list(struct({ V: b32, leg: uint(0, limits.legs - 1) }), 1, limits.legsPerPayment),
  direction: bit,
})

const anchoredRow = { hour, root: b32, previous: b32 }
const shortLog = struct(anchoredRow)
const countedLog = struct({ ...anchoredRow, lines: uint() })
/** Protocol 1 left no count: such a row keeps its three fields, and its bytes, until the next anchor. */
const logRow: Codec<Decoded<typeof shortLog> & { readonly lines?: number }> = {
  inside: { ...anchoredRow, lines: uint() },
  read(reader) {
    const { offset } = reader
    if (reader.array() === shortLog.size) return shortLog.readFields(reader)
    reader.offset = offset
    return countedLog.read(reader)
  },
  write(writer, { lines, ...row }) {
    if (lines === undefined) shortLog.write(writer, row)
    else countedLog.write(writer, { ...row, lines })
  },
}

export interface TableSchema<K, V> {
  readonly key: StructCodec<K>
  readonly value: Codec<V>
}
function table<K, V>(keyCodec: StructCodec<K>, value: Codec<V>): TableSchema<K, V> {
  return { key: keyCodec, value }
}

export const schemas = {
  chain: table(
    singleton,
    struct({
      chainId: text,
      protocol: uint(),
      currency: name,
      k: uint(1, 24),
      /** The chain whose state this one carries on: its id, and hash, height and Unix seconds of its last header. */
      pinned: opt(struct({ chainId: text, header: b32, height: uint(), seconds: uint() })),
    }),
  ),
  parameters: table(struct({ number: uint() }), struct({ value: uint() })),
  rules: table(struct({ action: uint() }), ruleFields),
  clock: table(
    singleton,
    struct({ lost: uint(), frozenUntil: hour, upgrade: opt(struct({ protocol: uint(), height: uint() })) }),
  ),
  organizations: table(byOrg, organizationRow),
  validators: table(byKey, struct({ org, power: uint(1, 1000) })),
  proposals: table(
    byDigest,
    struct({ org, action: actionCodec, until: hour, ballots: list(struct({ org, vote: bit })) }),
  ),
  keys: table(
    byKey,
    /** `org` is 0 for a practitioner's own key, and, with no role and no practitioner, for a delegate's. */
    struct({ org: uint(0, 65535), roles: uint(0, allRoles), practitioner: opt(b32), from: hour, until: hour }),
  ),
  practitioners: table(
    struct({ practitioner: b32 }),
    struct({
      board: org,
      key,
      credential: b32,
      history: list(struct({ status: uint(0, 2), from: hour }), 1),
      glass: struct({ day: uint(), count: uint() }),
    }),
  ),
  plans: table(struct({ plan: b32 }), struct({ payer: org, series: name, version: uint(), from: hour, until: hour })),
  accounts: table(byOrg, struct({ free: sum, reserved: sum, paid: sum, open: uint() })),
  custodians: table(byOrg, struct({ deposited: sum, withdrawn: sum })),
  references: table(byDigest, struct({ custodian: org, amount, direction: bit })),
  vouchers: table(byExpiry, struct({ state: uint(1, 2) })),
  visits: table(visitKey, visitRow),
  payments: table(byDigest, paymentRow),
  grants: table(struct({ handle: b32 }), struct({ commitment: b32, until: hour, revoked: bit })),
  glass: table(byDigest, struct({ practitioner: b32, provider: org, commitment: b32, until: hour })),
  logs: table(byOrg, logRow),
  applied: table(byExpiry, struct({ result: uint() })),
} as const

export type TableName = keyof typeof schemas
/** In wire order of the genesis file. */
export const tableNames = Object.keys(schemas) as readonly TableName[]

export type KeyOf<N extends TableName> = Decoded<(typeof schemas)[N]["key"]>
export type RowOf<N extends TableName> = Decoded<(typeof schemas)[N]["value"]>
export type Leg = Decoded<typeof legRow>
export type FactsRow = Decoded<typeof factsRow>
export type StatementRow = Decoded<typeof statementRow>
export type Transition = Decoded<typeof transitionRow>
export type VisitRow = Decoded<typeof visitRow>
export type Account = RowOf<"accounts">
export type Organization = RowOf<"organizations">
export type KeyRow = RowOf<"keys">
export type PaymentRow = Decoded<typeof paymentRow>

export const legStates = { held: 1, settled: 2, paid: 3, disputed: 4, released: 5 } as const
export const operations = {
  hold: 1,
  topUp: 2,
  cancel: 3,
  expire: 4,
  commitRecord: 5,
  amendRecord: 6,
  countersign: 7,
  settle: 8,
  agree: 9,
  deliver: 10,
  elapse: 11,
  contest: 12,
  rule: 13,
  pay: 14,
  refund: 15,
  replace: 16,
  void: 17,
} as const
export const assurances = { patient: 0, proxy: 1, attested: 2, silent: 3 } as const
export const voucherStates = { used: 1, void: 2 } as const
/** Of `references` and `payments`. */
export const directions = { deposit: 0, withdrawal: 1, payment: 0, refund: 1 } as const
