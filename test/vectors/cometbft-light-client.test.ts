/** CometBFT's own light-client traces (tendermint-rs, model based): every hash and vote re-computed, verdicts compared. */
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { toHex } from "../../src/base/bytes.ts"
import {
  type Commit,
  type CommitSig,
  commitCodec,
  flags,
  verifyCommit,
  voteSignBytes,
} from "../../src/base/chain/commit.ts"
import {
  type BlockId,
  type BlockTime,
  compareTime,
  embeddedConsensusHash,
  type Header,
  headerCodec,
  headerHash,
} from "../../src/base/chain/header.ts"
import {
  orderValidators,
  type Validator,
  validatorAddress,
  validatorsCodec,
  validatorsHash,
} from "../../src/base/chain/validators.ts"
import { decodeAs, encodeAs } from "../../src/base/schema.ts"
import { fromHexText, vectorJson, vectorTest } from "./published.ts"

interface JsonBlockId {
  hash: string
  parts?: { total: number; hash: string }
  part_set_header?: { total: number; hash: string }
}
interface JsonSet {
  validators: { address: string; pub_key: { value: string }; voting_power?: string; power?: string }[] | null
}
interface JsonSigned {
  header: Record<string, string> & { version: { block: string; app?: string }; last_block_id: JsonBlockId | null }
  commit: {
    height: string
    round: number | string
    block_id: JsonBlockId
    signatures: { block_id_flag: number; validator_address: string; timestamp: string; signature: string | null }[]
  }
}
interface LightBlock {
  signed_header: JsonSigned
  validator_set: JsonSet
  next_validator_set: JsonSet
}

function timeOf(text: string): BlockTime {
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(text)!
  return { seconds: Date.parse(`${match[1]}Z`) / 1000, nanos: Number((match[2] ?? "").padEnd(9, "0")) }
}

function blockIdOf(id: JsonBlockId | null): BlockId | undefined {
  if (id === null) return undefined
  const parts = (id.part_set_header ?? id.parts)!
  return { hash: fromHexText(id.hash), partsTotal: parts.total, partsHash: fromHexText(parts.hash) }
}

function headerOf({ header }: JsonSigned): Header {
  const hash = (field: string) => fromHexText(header[field] ?? "")
  return {
    blockVersion: Number(header.version.block),
    protocol: Number(header.version.app ?? 0),
    chainId: header.chain_id!,
    height: Number(header.height),
    time: timeOf(header.time!),
    lastBlockId: blockIdOf(header.last_block_id),
    lastCommitHash: hash("last_commit_hash"),
    dataHash: hash("data_hash"),
    validatorsHash: hash("validators_hash"),
    nextValidatorsHash: hash("next_validators_hash"),
    consensusHash: hash("consensus_hash"),
    appHash: hash("app_hash"),
    lastResultsHash: hash("last_results_hash"),
    evidenceHash: hash("evidence_hash"),
    proposerAddress: hash("proposer_address"),
  }
}

function commitOf({ commit }: JsonSigned): Commit {
  return {
    height: Number(commit.height),
    round: Number(commit.round),
    blockId: blockIdOf(commit.block_id)!,
    signatures: commit.signatures.map((slot): CommitSig => {
      if (slot.block_id_flag === flags.absent) return { flag: flags.absent }
      return {
        flag: slot.block_id_flag as typeof flags.commit,
        address: fromHexText(slot.validator_address),
        time: timeOf(slot.timestamp),
        signature: new Uint8Array(Buffer.from(slot.signature ?? "", "base64")),
      }
    }),
  }
}

function setOf({ validators }: JsonSet): Validator[] {
  const given = (validators ?? []).map(({ pub_key, voting_power, power }) => ({
    publicKey: new Uint8Array(Buffer.from(pub_key.value, "base64")),
    power: Number(voting_power ?? power),
  }))
  return [...orderValidators(given)]
}

interface SingleStep {
  initial: { signed_header: JsonSigned; next_validator_set: JsonSet; trusting_period: string; now: string }
  input: { block: LightBlock; now: string; verdict: "SUCCESS" | "INVALID" | "NOT_ENOUGH_TRUST" }[]
}

const folder = join(import.meta.dirname, "../../../shared/data/vectors/light-client")
const files = (prefix: string) => readdirSync(folder).filter((file) => file.startsWith(prefix))
/** Everything a block says of itself: its set's hash, and more than two thirds of that set for exactly this header. */
function holdsTogether({ signed_header, validator_set, next_validator_set }: LightBlock): boolean {
  const header = headerOf(signed_header)
  const set = setOf(validator_set)
  return (
    toHex(validatorsHash(set)) === toHex(header.validatorsHash) &&
    toHex(validatorsHash(setOf(next_validator_set))) === toHex(header.nextValidatorsHash) &&
    verifyCommit(header, commitOf(signed_header), set) === undefined
  )
}

vectorTest(
  "single-step traces: every hash, every vote, every verdict our sequential rule can reach",
  "light-client",
  (context) => {
    const seen = { headers: 0, verdicts: { SUCCESS: 0, INVALID: 0, NOT_ENOUGH_TRUST: 0 }, adjacent: 0 }
    for (const file of files("single_step")) {
      const { initial, input } = vectorJson<SingleStep>(`light-client/${file}`)
      let trusted = headerOf(initial.signed_header)
      const period = Number(BigInt(initial.trusting_period) / 1_000_000_000n)
      for (const { block, verdict, now } of input) {
        const header = headerOf(block.signed_header)
        const commit = commitOf(block.signed_header)
        seen.headers++
        seen.verdicts[verdict]++
        assert.equal(toHex(headerHash(header)), block.signed_header.commit.block_id.hash.toLowerCase(), file)
        assert.deepEqual(decodeAs(headerCodec, encodeAs(headerCodec, header)), header)
        assert.deepEqual(decodeAs(commitCodec, encodeAs(commitCodec, commit)), commit)
        assert.deepEqual(
          decodeAs(validatorsCodec, encodeAs(validatorsCodec, setOf(block.validator_set))),
          setOf(block.validator_set),
        )
        for (const { address, pub_key } of block.validator_set.validators ?? [])
          assert.equal(
            toHex(validatorAddress(new Uint8Array(Buffer.from(pub_key.value, "base64")))),
            address.toLowerCase(),
          )
        const inTime =
          compareTime(header.time, timeOf(now)) <= 0 &&
          compareTime(header.time, trusted.time) > 0 &&
          timeOf(now).seconds - trusted.time.seconds <= period
        // A trace says INVALID of bad votes and of bad moments alike; the rest must be good in itself.
        if (verdict !== "INVALID") assert.equal(holdsTogether(block), true, file)
        else if (inTime) assert.equal(holdsTogether(block), false, file)
        // Stepping to the very next height needs no trust level: the last header names the set.
        if (header.height === trusted.height + 1 && inTime) {
          seen.adjacent++
          const named = toHex(header.validatorsHash) === toHex(trusted.nextValidatorsHash)
          assert.equal(named && holdsTogether(block), verdict === "SUCCESS", file)
        }
        if (verdict === "SUCCESS") trusted = header
      }
    }
    context.diagnostic(JSON.stringify(seen))
    assert.ok(seen.headers > 50 && seen.adjacent > 0)
  },
)

interface Peers {
  primary: { lite_blocks: LightBlock[] }
  witnesses: { value: { lite_blocks: LightBlock[] } }[]
}

// These two files are of 2019: their sets are hashed and their votes signed in the amino encoding that protobuf replaced.
vectorTest("traces in the retired amino encoding: no block passes", "light-client", (context) => {
  let blocks = 0
  for (const file of [...files("single_peer"), ...files("multi_peer")]) {
    const { primary, witnesses } = vectorJson<Peers>(`light-client/${file}`)
    for (const block of [primary, ...witnesses.map(({ value }) => value)].flatMap((peer) => peer?.lite_blocks ?? [])) {
      blocks++
      assert.equal(holdsTogether(block), false, file)
    }
  }
  context.diagnostic(`${blocks} blocks`)
  assert.ok(blocks > 5)
})

test("the bytes of a vote are those of a CometBFT v0.38 node at height 10", () => {
  const signed = voteSignBytes("dockerchain", {
    height: 10,
    round: 0,
    blockId: {
      hash: fromHexText("00ecdac463c201ecd4bdbbaae4a53a4c80291d4051fd69ed97f6420ce1388bfe"),
      partsTotal: 1,
      partsHash: fromHexText("ff0a320e696fd233dd4d3cc7cd82ff90f54b8fdbc9c700d9375c95a02782b062"),
    },
    time: { seconds: 1684332773, nanos: 605374524 },
  })
  assert.equal(
    toHex(signed),
    "700802110a0000000000000022480a2000ecdac463c201ecd4bdbbaae4a53a4c80291d4051fd69ed97f6420ce1388bfe122408011220ff0a320e696fd233dd4d3cc7cd82ff90f54b8fdbc9c700d9375c95a02782b0622a0c08e5c193a30610bc90d5a002320b646f636b6572636861696e",
  )
})

test("the fixed consensus hash is that of CometBFT's default parameters", () => {
  assert.equal(toHex(embeddedConsensusHash), "048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f")
})
