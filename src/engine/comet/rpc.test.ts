/** The client against a socket that answers as CometBFT does, badly, or not at all; and what answers are read as. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { publicKeyOf, sha256, sign } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { type Commit, type CommitSig, flags, verifyCommit, voteSignBytes } from "../../base/chain/commit.ts"
import { type BlockId, type Header, headerHash, makeHeader } from "../../base/chain/header.ts"
import { orderValidators, validatorAddress } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import { CometRpc, RpcFault } from "./rpc.ts"
import { parseSignedHeader, parseStatus, parseTime, parseValidators } from "./rpc-answers.ts"

type Answer = (call: { method: string; params: Record<string, unknown> }) => string | undefined

/** A client, and a server that answers each call with what `answer` gives; undefined leaves the call open. */
async function scene(t: { after(done: () => void): void }, answer: Answer, timeoutMs = 5000): Promise<CometRpc> {
  const directory = mkdtempSync(join(tmpdir(), "comet-"))
  const socket = join(directory, "rpc.sock")
  const server: Server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => {
      body += String(chunk)
    })
    request.on("end", () => {
      const text = answer(JSON.parse(body))
      if (text !== undefined) response.end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const rpc = new CometRpc(socket, { timeoutMs })
  t.after(() => {
    rpc.close()
    server.close()
    server.closeAllConnections()
    rmSync(directory, { recursive: true, force: true })
  })
  return rpc
}

const result = (value: unknown) => JSON.stringify({ jsonrpc: "2.0", id: 1, result: value })
const failure = (data: string) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "Internal error", data } })

test("times are read to the nanosecond, and what is no time is refused", () => {
  assert.deepEqual(parseTime("2026-11-21T13:54:04.746970664Z"), { seconds: 1_795_269_244, nanos: 746_970_664 })
  assert.deepEqual(parseTime("1970-01-01T00:00:00Z"), { seconds: 0, nanos: 0 })
  assert.deepEqual(parseTime("2000-02-29T23:59:59.1Z"), { seconds: 951_868_799, nanos: 100_000_000 })
  assert.deepEqual(parseTime("2000-02-29T23:59:59.000000001Z")?.nanos, 1)
  assert.deepEqual(parseTime("0001-01-01T00:00:00Z"), { seconds: -62_135_596_800, nanos: 0 })
  for (const wrong of [
    "2026-11-21T13:54:04.7469706641Z",
    "2026-11-21T13:54:04+01:00",
    "2026-02-29T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21 13:54:04Z",
    "",
  ])
    assert.equal(parseTime(wrong), undefined, wrong)
})

test("a transaction's answer: accepted, refused, known already, no room", async (t) => {
  const transaction = Buffer.from("a=1")
  const hash = Buffer.from(sha256(transaction)).toString("hex").toUpperCase()
  const answers = [
    result({ code: 0, data: "", log: "", codespace: "", hash }),
    result({ code: 7, data: "", log: "no", codespace: "", hash }),
    failure("tx already exists in cache"),
    failure("mempool is full: number of txs 5 (max: 5), total txs bytes 1 (max: 9)"),
    failure("endpoint is closed while node is catching up"),
    failure("Tx too large. Max size is 1, but got 3"),
  ]
  const seen: unknown[] = []
  const rpc = await scene(t, (call) => {
    seen.push(call.params["tx"])
    return answers.shift()
  })
  const plain = { hash: sha256(transaction), duplicate: false, full: false }
  assert.deepEqual(await rpc.broadcastTxSync(transaction), { ...plain, code: 0, log: "" })
  assert.deepEqual(await rpc.broadcastTxSync(transaction), { ...plain, code: 7, log: "no" })
  const known = await rpc.broadcastTxSync(transaction)
  assert.deepEqual([known.duplicate, known.full, known.code], [true, false, 0])
  assert.deepEqual(known.hash, plain.hash)
  const full = await rpc.broadcastTxSync(transaction)
  assert.deepEqual([full.duplicate, full.full, full.code], [false, true, 1])
  const isFault = (retryable: boolean) => (error: unknown) => error instanceof RpcFault && error.retryable === retryable
  await assert.rejects(rpc.broadcastTxSync(transaction), isFault(true))
  await assert.rejects(rpc.broadcastTxSync(transaction), isFault(false))
  assert.deepEqual(new Set(seen), new Set([transaction.toString("base64")]))
})

test("no server, no answer in time, half an answer, no JSON: a retryable fault each", {
  timeout: 20_000,
}, async (t) => {
  const isFault = (error: unknown) => error instanceof Fault && !(error instanceof RpcFault) && error.retryable
  await assert.rejects(new CometRpc(join(tmpdir(), "comet-nobody.sock")).status(), isFault)
  await assert.rejects((await scene(t, () => undefined, 50)).status(), isFault)
  await assert.rejects((await scene(t, () => "{")).status(), isFault)
  await assert.rejects((await scene(t, () => "null")).status(), isFault)
})

test("a kept connection that the server closes under a call is replaced by another", { timeout: 20_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "comet-"))
  const socket = join(directory, "rpc.sock")
  const served = new WeakSet<object>()
  let connections = 0
  const server = createServer((request, response) => {
    if (served.has(request.socket)) return request.socket.destroy()
    served.add(request.socket)
    connections += 1
    return response.end(result({ listening: true, peers: [] }))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const rpc = new CometRpc(socket)
  t.after(() => {
    rpc.close()
    server.close()
    server.closeAllConnections()
    rmSync(directory, { recursive: true, force: true })
  })
  for (let i = 0; i < 3; i++) assert.equal((await rpc.netInfo()).listening, true)
  assert.equal(connections, 3)
})

test("an answer that dribbles in does not hold its caller past the time", { timeout: 20_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "comet-"))
  const socket = join(directory, "rpc.sock")
  const server = createServer((_, response) => {
    const timer = setInterval(() => response.write(" "), 10)
    response.on("close", () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const rpc = new CometRpc(socket, { timeoutMs: 200 })
  t.after(() => {
    rpc.close()
    server.close()
    server.closeAllConnections()
    rmSync(directory, { recursive: true, force: true })
  })
  await assert.rejects(rpc.status(), (error) => error instanceof Fault && error.retryable)
})

test("a set of more validators than a page holds is read whole", async (t) => {
  const all = Array.from({ length: 130 }, (_, i) => ({
    address: "00".repeat(20),
    pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.alloc(32, i).toString("base64") },
    voting_power: String(1000 - i),
  }))
  const rpc = await scene(t, ({ params }) => {
    const [page, perPage] = [Number(params["page"]), Number(params["per_page"])]
    const validators = all.slice((page - 1) * perPage, page * perPage)
    return result({ block_height: params["height"], validators, count: String(validators.length), total: "130" })
  })
  const set = await rpc.validators(3)
  assert.equal(set.length, 130)
  assert.deepEqual([set[129]?.power, set[129]?.publicKey[0]], [871, 129])
})

/** A header and its votes as CometBFT says them, from our own. */
function said(header: Header, commit: Commit): unknown {
  const hex = (bytes: Uint8Array) => toHex(bytes).toUpperCase()
  const id = (blockId: BlockId | undefined) =>
    blockId === undefined
      ? { hash: "", parts: { total: 0, hash: "" } }
      : { hash: hex(blockId.hash), parts: { total: blockId.partsTotal, hash: hex(blockId.partsHash) } }
  const names = "lastCommitHash dataHash validatorsHash nextValidatorsHash consensusHash appHash lastResultsHash"
  const hashes = `${names} evidenceHash proposerAddress`.split(" ").map((name) => {
    const theirs = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    return [theirs, hex(header[name as "dataHash"])]
  })
  const signatures = commit.signatures.map((slot) =>
    slot.flag === flags.absent
      ? { block_id_flag: 1, validator_address: "", timestamp: "0001-01-01T00:00:00Z", signature: null }
      : {
          block_id_flag: slot.flag,
          validator_address: hex(slot.address),
          timestamp: "2027-01-15T08:00:00.000000007Z",
          signature: Buffer.from(slot.signature).toString("base64"),
        },
  )
  const signed_header = {
    header: {
      version: { block: "11", app: String(header.protocol) },
      chain_id: header.chainId,
      height: String(header.height),
      time: "2027-01-15T08:00:00.000000007Z",
      last_block_id: id(header.lastBlockId),
      ...Object.fromEntries(hashes),
    },
    commit: { height: String(commit.height), round: commit.round, block_id: id(commit.blockId), signatures },
  }
  return { signed_header, canonical: true }
}

test("a header and its votes are read as they were said: first block, an absent vote, a vote for nil", () => {
  const seeds = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))
  const validators = orderValidators(seeds.map((seed) => ({ publicKey: publicKeyOf(seed), power: 10 })))
  const ordered = validators.map(
    ({ publicKey }) => seeds.find((seed) => toHex(publicKeyOf(seed)) === toHex(publicKey))!,
  )
  const time = { seconds: 1_800_000_000, nanos: 7 }
  const base = { chainId: "said", protocol: 3, height: 1, time, dataHash: sha256(new Uint8Array(1)), validators }
  const last = {
    blockId: { hash: sha256(seeds[0]!), partsTotal: 2, partsHash: sha256(seeds[1]!) },
    commitHash: sha256(seeds[2]!),
  }
  for (const changes of [{ last: undefined }, { last, height: 2, protocol: 0 }]) {
    const rest = { nextValidators: validators, appHash: new Uint8Array(32), lastResultsHash: sha256(seeds[3]!) }
    const header = makeHeader({ ...base, ...rest, proposer: validators[0]!.publicKey, ...changes })
    const blockId = { hash: headerHash(header), partsTotal: 1, partsHash: header.dataHash }
    const vote = { height: header.height, round: 1, time }
    const signatures = ordered.map((seed, i): CommitSig => {
      if (i === 1) return { flag: flags.absent }
      const message = voteSignBytes("said", { ...vote, blockId: i === 2 ? undefined : blockId })
      const address = validatorAddress(publicKeyOf(seed))
      return { flag: i === 2 ? flags.nil : flags.commit, address, time, signature: sign(seed, message) }
    })
    const commit = { height: header.height, round: 1, blockId, signatures }
    const read = parseSignedHeader(JSON.parse(JSON.stringify(said(header, commit))))
    assert.deepEqual(read, { header, commit, canonical: true })
    // Half the power is not enough; every vote was good, else it would say so.
    assert.equal(verifyCommit(read.header, read.commit, validators), "too-little-power")
  }
})

test("an answer of another form is a fault that names the place, never a wrong value", () => {
  const throwsAt = (action: () => unknown, path: RegExp) =>
    assert.throws(action, (error) => error instanceof Fault && path.test(error.message))
  throwsAt(() => parseStatus(undefined), /status is no object/)
  throwsAt(() => parseValidators({ validators: {}, total: "1" }), /validators\.validators is no list/)
  const validator = (power: unknown, value: string) => ({
    validators: [{ pub_key: { value }, voting_power: power }],
    total: "1",
  })
  const key = Buffer.alloc(32, 1).toString("base64")
  assert.equal(parseValidators(validator("10", key)).validators[0]?.power, 10)
  throwsAt(() => parseValidators(validator("9007199254740993", key)), /voting_power is no whole number/)
  throwsAt(() => parseValidators(validator("1e3", key)), /voting_power/)
  throwsAt(() => parseValidators(validator("10", key.slice(0, -1))), /pub_key\.value is no base64/)
  throwsAt(() => parseValidators(validator("10", `${key}!`)), /pub_key\.value/)
  throwsAt(
    () => parseSignedHeader({ signed_header: { header: {}, commit: {} }, canonical: true }),
    /commit\.signed_header/,
  )
})
