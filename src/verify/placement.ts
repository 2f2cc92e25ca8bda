/**
 * Where the state shows a transaction: most leave their id in the row of their visit or among the applied ids, others
 * have a row of their own. Nodes ask it which row to prove; the verifier, whether that row shows this transaction.
 */
import { equalBytes } from "../base/bytes.ts"
import { decode, type Value } from "../base/cbor.ts"
import { meanings } from "../base/envelope.ts"
import { type Decoded, decodeAs, encodeAs } from "../base/schema.ts"
import { ballotMark } from "../ledger/constitution/ballot-mark.ts"
import type { DecodedTransaction } from "../ledger/decode.ts"
import {
  directions,
  type KeyOf,
  operations,
  type RowOf,
  schemas,
  type TableName,
  voucherStates,
} from "../ledger/rows.ts"
import type { voidVoucherBody } from "../ledger/visit/1-hold.ts"

/** The row that shows a transaction, and the test of its value. */
export interface Placement {
  readonly table: TableName
  /** As the state holds it: CBOR. */
  readonly key: Uint8Array
  /** Whether this value (CBOR of the row) shows the transaction. @throws EncodingError if it is no row of the table. */
  readonly shows: (value: Uint8Array) => boolean
}

function row<N extends TableName>(table: N, key: KeyOf<N>, shows: (value: RowOf<N>) => boolean): Placement {
  const schema = schemas[table]
  return {
    table,
    key: encodeAs(schema.key as never, key as never),
    shows: (value) => shows(decodeAs(schema.value as never, value) as RowOf<N>),
  }
}

const visitOperations: Readonly<Record<string, number>> = {
  "hold/1": operations.hold,
  "top-up/1": operations.topUp,
  "cancel/1": operations.cancel,
  "expire/1": operations.expire,
  "deliver/1": operations.deliver,
  "elapse/1": operations.elapse,
  "contest/1": operations.contest,
  "rule/1": operations.rule,
  "void/1": operations.void,
}

type Fields = readonly Value[]
const sameBytes = (a: Uint8Array, b: Value | undefined) => b instanceof Uint8Array && equalBytes(a, b)

/** A visit's row, one of whose transitions is this transaction in one of these operations. */
function inVisit(visit: Fields, id: Uint8Array, allowed: readonly number[]): Placement {
  const [V, provider] = visit as [Uint8Array, number]
  return row("visits", { V, provider }, ({ transitions }) =>
    transitions.some((step) => equalBytes(step.transaction, id) && allowed.includes(step.operation)),
  )
}

/** The signatures of a statement say what it did, so a signature taken away or added shows. */
function statementOperations(type: string, { signatures }: DecodedTransaction, body: Fields): readonly number[] {
  const has = (meaning: number) => signatures.some((signature) => signature.meaning === meaning)
  if (type === "visit-statement/1")
    return has(meanings.agreed)
      ? [operations.settle, operations.agree, operations.replace]
      : [operations.countersign, operations.replace]
  const [, , supersedes] = body
  if (!sameBytes(new Uint8Array(0), supersedes)) return [operations.amendRecord]
  return has(meanings.countersigned) || has(meanings.attested) ? [operations.countersign] : [operations.commitRecord]
}

function inOwnRow(type: string, body: Fields, transaction: DecodedTransaction) {
  const { id, chainId } = transaction
  const [a, b, c, d, e] = body as [never, never, never, never, never]
  const amount = (value: Value) => BigInt(value as number)
  switch (type) {
    case "pay/1":
      return row("payments", { id }, ({ direction }) => direction === directions.payment)
    case "refund/1":
      return row("payments", { id }, ({ direction }) => direction === directions.refund)
    case "break-glass/1":
      return row("glass", { id }, () => true)
    case "deposit/1":
      return row(
        "references",
        { id: d },
        (found) => found.custodian === a && found.amount === amount(c) && found.direction === directions.deposit,
      )
    case "withdraw/1":
      return row(
        "references",
        { id: d },
        (found) => found.custodian === b && found.amount === amount(c) && found.direction === directions.withdrawal,
      )
    case "publish-plan/1":
      return row(
        "plans",
        { plan: a },
        (found) => found.payer === b && found.series === c && found.version === d && found.from === e,
      )
    case "void-voucher/1": {
      const { voucher } = transaction.body as Decoded<typeof voidVoucherBody>
      const key = { expiry: voucher.expiry, id: voucher.id(chainId) }
      return row("vouchers", key, ({ state }) => state === voucherStates.void)
    }
    case "ballot/1":
      return row(
        "applied",
        { expiry: transaction.expiry, id: ballotMark(id, transaction.signatures[0]!.key) },
        () => true,
      )
    case "grant/1":
      return row("grants", { handle: a }, ({ commitment, until }) => equalBytes(commitment, b) && until === c)
    case "revoke-grant/1":
      return row("grants", { handle: a }, ({ revoked }) => revoked === 1)
    default:
      return undefined
  }
}

/** Where the state shows a decoded transaction, once it is applied. */
export function placementOf(transaction: DecodedTransaction): Placement {
  const { id, expiry, payload, type } = transaction
  const [, , ...body] = decode(payload) as Fields
  const operation = visitOperations[type.type]
  if (operation !== undefined) return inVisit(body, id, [operation])
  if (type.type === "facts-statement/1") return inVisit(body, id, statementOperations(type.type, transaction, body))
  if (type.type === "visit-statement/1") {
    const [, , ...facts] = decode(body[0] as Uint8Array) as Fields
    return inVisit(facts, id, statementOperations(type.type, transaction, body))
  }
  return inOwnRow(type.type, body, transaction) ?? row("applied", { expiry, id }, () => true)
}
