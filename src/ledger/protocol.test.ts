/** A new version of the rules at its height: which blocks follow it, which types it begins and ends, and whose word counts. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { equalBytes } from "../base/bytes.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { applyBlock, checkTransaction, openBlock } from "./block.ts"
import { type DecodedTransaction, decodeTransaction } from "./decode.ts"
import { by, chainId, clinic, ExampleChain, exampleGenesis, seedOf } from "./example-chain.ts"
import { newestProtocol, protocolAt } from "./protocol.ts"
import { isRejection } from "./rejection.ts"
import { schemas } from "./rows.ts"
import { openTables } from "./state.ts"

const none = new Uint8Array(32)
const anchored = by(clinic, "operate", "anchored")
const zero = { zero: 0 }

/** A chain whose next version begins at a height. */
function upgrading(height: number, protocol = 2): ExampleChain {
  const rows = exampleGenesis()
  const clock = rows.clock!.map(([key, row]) => [key, { ...row, upgrade: { protocol, height } }] as const)
  return new ExampleChain({ ...rows, clock })
}

function anchor(
  chain: ExampleChain,
  version: 1 | 2,
  more: { root?: string; previous?: Uint8Array; lines?: number } = {},
) {
  const { root = "root", previous = none, lines = 0 } = more
  const body = { org: clinic, hour: chain.hour, root: seedOf(root), previous, ...(version === 2 ? { lines } : {}) }
  return chain.transaction(`anchor-log/${version}`, body, [anchored])
}

function decodedAt(protocol: number, bytes: Uint8Array): DecodedTransaction {
  const decoded = decodeTransaction(chainId, bytes, protocol)
  assert.ok(!isRejection(decoded), isRejection(decoded) ? decoded.message : "")
  return decoded
}

test("the block of the height is the first under the new version, and the schedule is gone with it", () => {
  const chain = upgrading(3)
  for (const [height, nextProtocol] of [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
  ] as const) {
    const before = openTables(chain.state)
    assert.equal(protocolAt(before, height), height < 3 ? 1 : 2, "known before the block")
    assert.equal(openBlock(chain.state, { height, seconds: chain.seconds }).protocol, height < 3 ? 1 : 2)
    assert.equal(chain.block([]).nextProtocol, nextProtocol)
    const after = openTables(chain.state)
    assert.equal(after.chain.get(zero)?.protocol, height < 3 ? 1 : 2, `the row after block ${height}`)
    assert.equal(after.clock.get(zero)?.upgrade === undefined, height >= 3)
  }
})

test("a type that has not begun is unknown without state; one that has ended decodes, and is refused when it runs", () => {
  const chain = upgrading(2)
  const [old, fresh] = [anchor(chain, 1), anchor(chain, 2)]
  const early = decodeTransaction(chainId, fresh, 1)
  assert.equal(isRejection(early) && early.code, "type-unknown")
  const stale = decodedAt(1, old)
  assert.equal(decodedAt(2, old).type.type, "anchor-log/1")

  const first = openBlock(chain.state, { height: 1, seconds: chain.seconds })
  assert.equal(checkTransaction(first, stale), undefined)
  assert.equal(checkTransaction(first, decodedAt(2, fresh))?.code, "type-unknown", "whoever decoded it")
  chain.block([])
  // Decoded under the old version, run under the new one: a recorded refusal, the same on every node.
  const before = chain.state.dump()
  const { results, resultRoots } = chain.block([stale, decodedAt(2, fresh)])
  assert.deepEqual(
    results[0]!.map(({ number }) => number),
    [5, 0],
  )
  const other = upgrading(2)
  other.block([])
  const again = applyBlock(other.state, { height: 2, seconds: other.seconds }, [
    [decodedAt(2, old), decodedAt(2, fresh)],
  ])
  assert.deepEqual(again.resultRoots, resultRoots)
  assert.deepEqual(other.state.dump(), chain.state.dump())
  assert.notDeepEqual(before, chain.state.dump())
})

test("what was applied under the old version stays; sent again under the new one it is unknown", () => {
  const chain = upgrading(3)
  const bytes = anchor(chain, 1)
  assert.equal(chain.outcome(bytes), "applied")
  assert.equal(chain.outcome(bytes), "repeated")
  chain.block([])
  assert.equal(chain.outcome(bytes), "type-unknown")
  const key = encodeAs(schemas.logs.key, { org: clinic })
  const row = chain.state.get("logs", key)!
  const decoded = decodeAs(schemas.logs.value, row)
  assert.equal(decoded.lines, undefined)
  assert.ok(equalBytes(encodeAs(schemas.logs.value, decoded), row), "a row of the old version keeps its bytes")
})

test("the count of lines begins with the new version and never falls", () => {
  const chain = upgrading(2)
  assert.equal(chain.outcome(anchor(chain, 1, { root: "one" })), "applied")
  const steps: readonly (readonly [root: string, previous: string, lines: number, code: string])[] = [
    ["two", "one", 7, "applied"],
    ["three", "two", 6, "out-of-order"],
    ["three", "two", 7, "applied"],
    ["four", "three", 8, "applied"],
    ["five", "four", 0, "out-of-order"],
  ]
  for (const [root, previous, lines, code] of steps) {
    chain.pass(1)
    assert.equal(
      chain.outcome(anchor(chain, 2, { root, previous: seedOf(previous), lines })),
      code,
      `${root}, ${lines}`,
    )
  }
  assert.equal(openTables(chain.state).logs.get({ org: clinic })?.lines, 8)
})

test("a version never falls: an upgrade to a lower one goes by without effect", () => {
  const chain = upgrading(1, 2)
  chain.block([])
  const tables = openTables(chain.state)
  tables.clock.put(zero, { lost: 0, frozenUntil: 0, upgrade: { protocol: 1, height: 2 } })
  tables.flush()
  assert.equal(chain.block([]).nextProtocol, 2)
  assert.equal(openTables(chain.state).clock.get(zero)?.upgrade, undefined)
})

test("no block is run by rules that are newer than this software", () => {
  const chain = upgrading(2, newestProtocol + 1)
  assert.equal(chain.block([]).nextProtocol, newestProtocol + 1, "told one block ahead")
  const before = chain.state.dump()
  assert.throws(() => chain.block([]), { name: "Defect" })
  assert.deepEqual(chain.state.dump(), before)
})
