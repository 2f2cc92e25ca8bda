/** The ABCI codec against a second one, on generated messages of every kind in both directions. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  ResponseApplySnapshotChunk_Result as ApplyResult,
  CheckTxType,
  MisbehaviorType,
  ResponseOfferSnapshot_Result as OfferResult,
  Request,
  Response,
  ResponseProcessProposal_ProposalStatus as Status,
} from "cosmjs-types/tendermint/abci/types"
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator"
import { toHex } from "../../../base/bytes.ts"
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "./codec.ts"
import { Chance, generateRequest, generateResponse, requestKinds, responseKinds } from "./generated-messages.ts"

const rounds = process.env["COUNTERSIGN_LONG"] ? 600 : 60

/** Fields that the oracle holds as 64-bit numbers. */
const wide = new Set(
  `blockVersion p2pVersion initialHeight height power maxTxBytes totalVotingPower maxBytes maxGas maxAgeNumBlocks app
  voteExtensionsEnableHeight appVersion lastBlockHeight gasWanted gasUsed retainHeight seconds`.split(/\s+/),
)

/** Our names of enumerated values, as numbers of the oracle's own. */
const enumerated: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  type: {
    new: CheckTxType.NEW,
    recheck: CheckTxType.RECHECK,
    unknown: MisbehaviorType.UNKNOWN,
    duplicateVote: MisbehaviorType.DUPLICATE_VOTE,
    lightClientAttack: MisbehaviorType.LIGHT_CLIENT_ATTACK,
  },
  blockIdFlag: {
    unknown: BlockIDFlag.BLOCK_ID_FLAG_UNKNOWN,
    absent: BlockIDFlag.BLOCK_ID_FLAG_ABSENT,
    commit: BlockIDFlag.BLOCK_ID_FLAG_COMMIT,
    nil: BlockIDFlag.BLOCK_ID_FLAG_NIL,
  },
  status: { accept: Status.ACCEPT, reject: Status.REJECT },
}
const results: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  offerSnapshot: {
    accept: OfferResult.ACCEPT,
    abort: OfferResult.ABORT,
    reject: OfferResult.REJECT,
    rejectFormat: OfferResult.REJECT_FORMAT,
    rejectSender: OfferResult.REJECT_SENDER,
  },
  applySnapshotChunk: {
    accept: ApplyResult.ACCEPT,
    abort: ApplyResult.ABORT,
    retry: ApplyResult.RETRY,
    retrySnapshot: ApplyResult.RETRY_SNAPSHOT,
    rejectSnapshot: ApplyResult.REJECT_SNAPSHOT,
  },
}

/** One of our values in the oracle's shape. */
function asOracle(kind: string, key: string, value: unknown): unknown {
  if (typeof value === "number") return wide.has(key) || (kind === "query" && key === "index") ? BigInt(value) : value
  if (typeof value === "string") {
    if (key === "result") return results[kind]![value]
    return enumerated[key]?.[value] ?? value
  }
  if (Array.isArray(value)) return value.map((item) => asOracle(kind, key, item))
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (key === "pubKey") {
    const { type, bytes } = value as { type: string; bytes: Uint8Array }
    return { [type]: bytes }
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "kind")
      .map(([name, part]) => [name, asOracle(kind, name, part)]),
  )
}

const wrap = (value: { readonly kind: string }) => ({ [value.kind]: asOracle(value.kind, "", value) })

for (const kind of requestKinds) {
  test(`request ${kind} is written and read as the oracle does`, () => {
    for (let seed = 1; seed <= rounds; seed++) {
      const ours = generateRequest(new Chance(seed), kind)
      const theirs = Request.fromPartial<object>(wrap(ours))
      const bytes = Request.encode(theirs).finish()
      assert.equal(toHex(encodeRequest(ours)), toHex(bytes), `seed ${seed}`)
      assert.deepEqual(decodeRequest(bytes), ours, `seed ${seed}`)
      assert.deepEqual(Request.decode(encodeRequest(ours)), theirs, `seed ${seed}`)
    }
  })
}

for (const kind of responseKinds) {
  test(`answer ${kind} is written and read as the oracle does`, () => {
    for (let seed = 1; seed <= rounds; seed++) {
      const ours = generateResponse(new Chance(seed), kind)
      const theirs = Response.fromPartial<object>(wrap(ours))
      const bytes = Response.encode(theirs).finish()
      assert.equal(toHex(encodeResponse(ours)), toHex(bytes), `seed ${seed}`)
      assert.deepEqual(decodeResponse(bytes), ours, `seed ${seed}`)
      assert.deepEqual(Response.decode(encodeResponse(ours)), theirs, `seed ${seed}`)
    }
  })
}
