/** Two histories signed by one key, shown by two members: a node that asks both can prove it. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import type { FinalBlock } from "../base/chain/block.ts"
import { type Commit, commitCodec, signCommit } from "../base/chain/commit.ts"
import { type Header, headerCodec, makeHeader } from "../base/chain/header.ts"
import { encodeAs, struct } from "../base/schema.ts"
import { WorkStore } from "../store/work-store.ts"
import { verifyEquivocation } from "../verify/header-equivocation.ts"
import { isFailure } from "../verify/verify.ts"
import type { Chain } from "./chain.ts"
import { Directory, type Entry } from "./directory.ts"
import { HeaderWatch, type TwoHistories } from "./header-watch.ts"
import type { Request } from "./transport.ts"
import { Work } from "./work.ts"

const root = mkdtempSync(join(tmpdir(), "cs-watch-"))
after(() => rmSync(root, { recursive: true }))
const seed = sha256(Uint8Array.of(1))
const stranger = sha256(Uint8Array.of(2))
const validators = [{ publicKey: publicKeyOf(seed), power: 1 }]
const filled = (n: number) => new Uint8Array(32).fill(n)

function headerOf(appHash: Uint8Array, signer = seed): { header: Header; commit: Commit } {
  const header = makeHeader({
    chainId: "watched",
    protocol: 1,
    height: 7,
    time: { seconds: 1000, nanos: 0 },
    last: { blockId: { hash: filled(1), partsTotal: 1, partsHash: filled(2) }, commitHash: filled(3) },
    dataHash: filled(4),
    validators: signer === seed ? validators : [{ publicKey: publicKeyOf(signer), power: 1 }],
    nextValidators: validators,
    appHash,
    lastResultsHash: filled(5),
    proposer: publicKeyOf(signer),
  })
  return { header, commit: signCommit(signer, "watched", header) }
}

const own: FinalBlock = {
  ...headerOf(filled(9)),
  validators,
  nextValidators: validators,
  batches: [],
  resultRoots: [],
  results: [],
}
const anchor = { chainId: "watched", genesis: filled(8), k: 6, validators }
const chain = {
  height: 7,
  source: { block: () => own },
  signed: () => ({ chainId: "watched", genesis: filled(8), ...own, handovers: [] }),
} as unknown as Chain

function watchOf(shown: Uint8Array | undefined, name: string) {
  const work = new Work(new WorkStore(join(root, name), "k".repeat(32)), "k".repeat(32))
  const directory = new Directory()
  const entry = { organization: 2, name: "other", kind: "payer", url: "https://127.0.0.1:1", sealingKey: filled(1) }
  directory.set([entry as Entry])
  const request: Request = async () => ({
    status: shown === undefined ? 404 : 200,
    bytes: shown ?? new Uint8Array(),
    retryAfter: undefined,
  })
  const found: TwoHistories[] = []
  return {
    found,
    watch: new HeaderWatch({ organization: 1, chain, directory, request, work, onFound: (one) => found.push(one) }),
  }
}

const codec = struct({ header: headerCodec, commit: commitCodec })

test("a second header with the same signature is found once, and the evidence holds against the genesis", async () => {
  const { watch, found } = watchOf(encodeAs(codec, headerOf(filled(10))), "two")
  await watch.look()
  await watch.look()
  watch.stop()
  assert.equal(found.length, 1)
  assert.deepEqual(watch.found(), found)
  const liars = verifyEquivocation(found[0]!.evidence, anchor)
  assert.ok(!isFailure(liars) && "signers" in liars)
  assert.deepEqual(liars.signers, validators)
})

test("the same header, one that a stranger signed, rubbish and silence prove nothing", async () => {
  const shown = [
    encodeAs(codec, { header: own.header, commit: own.commit }),
    encodeAs(codec, headerOf(filled(10), stranger)),
    Uint8Array.of(1, 2, 3),
    undefined,
  ]
  for (const [i, bytes] of shown.entries()) {
    const { watch, found } = watchOf(bytes, `none-${i}`)
    await watch.look()
    watch.stop()
    assert.deepEqual(found, [])
  }
})
