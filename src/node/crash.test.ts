/**
 * Crashes: whatever is lost, what was answered is there, and the state is that of the blocks. Processes are killed at
 * every step; and a disk is simulated that loses or keeps each page of an unfinished write as it likes.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { fileURLToPath } from "node:url"
import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { verifyCommit } from "../base/chain/commit.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { sumsOf, TallyApplication } from "../engine/tally.ts"
import { StateStore } from "../store/state-store.ts"
import { crashChain, crashK, crashSeed, crashTransaction, randomFrom } from "./crash-victim.ts"

const long = process.env["COUNTERSIGN_LONG"] !== undefined
const root = mkdtempSync(join(tmpdir(), "countersign-crash-"))
after(() => rmSync(root, { recursive: true }))

interface Answer {
  readonly nonce: number
  readonly height: number
}

/** Opens what a crash has left; returns its height. Opening itself compares the app hash with the rows. */
async function assertIntact(
  directory: string,
  answers: readonly Answer[],
  { seed, goesOn }: { readonly seed: number; readonly goesOn: boolean },
): Promise<number> {
  const store = new StateStore(directory, { k: crashK })
  const application = new TallyApplication(store, crashChain)
  const { height } = store
  const blocks: FinalBlock[] = []
  for (let at = 1; at <= height; at++) {
    const block = store.blocks.get(at)
    assert.ok(block, `seed ${seed}: block ${at} of ${height} is missing`)
    assert.equal(verifyCommit(block.header, block.commit, block.validators), undefined)
    blocks.push(block)
  }
  assert.equal(store.blocks.get(height + 1), undefined)
  for (const answer of answers) {
    const held = blocks[answer.height - 1]?.batches.flatMap((batch) => application.decodeBatch(batch) ?? [])
    const bytes = crashTransaction(answer.nonce)
    assert.ok(
      held?.some((one) => equalBytes(one, bytes)),
      `seed ${seed}: ${answer.nonce} was answered and is lost`,
    )
  }
  const sums = sumsOf(application, blocks)
  for (let sum = 0; sum < 5; sum++) assert.equal(application.sum(sum), sums.get(sum) ?? 0, `seed ${seed}: sum ${sum}`)
  if (goesOn) await assertGoesOn(application)
  await store.close()
  return height
}

async function assertGoesOn(application: TallyApplication): Promise<void> {
  const { height } = application
  const clock = new SettableClock(crashChain.genesisTime)
  const engine = new EmbeddedEngine(application, { seed: crashSeed, threads: 1, clock })
  await engine.start()
  const finality = await engine.submit(crashTransaction(999_999))
  assert.ok(finality.height > height)
  await engine.stop()
}

function kill(seed: number, directory: string): Promise<readonly Answer[]> {
  const victim = fileURLToPath(new URL("./crash-victim.ts", import.meta.url))
  // Early steps of all kinds, then any.
  const dieAt = seed < 24 ? seed * 5 : randomFrom(seed)(200)
  const child = spawn(process.execPath, [victim, directory, String(seed), String(dieAt)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let printed = ""
  child.stdout.on("data", (bytes) => {
    printed += String(bytes)
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (_code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`seed ${seed}: the victim lived`))
      const lines = printed.split("\n").filter((line, i, all) => i < all.length - 1 && line !== "")
      resolve(lines.map((line) => ({ nonce: Number(line.split(" ")[0]), height: Number(line.split(" ")[1]) })))
    })
  })
}

test("a process killed at any step loses nothing that it answered", { timeout: 3_600_000 }, async (t) => {
  const seeds = long ? 1000 : 8
  let next = 0
  let answered = 0
  const line = async () => {
    for (let seed = next++; seed < seeds; seed = next++) {
      const directory = mkdtempSync(join(root, "kill-"))
      const answers = await kill(seed, directory)
      answered += answers.length
      await assertIntact(directory, answers, { seed, goesOn: true })
      rmSync(directory, { recursive: true })
    }
  }
  await Promise.all([line(), line()])
  t.diagnostic(`${seeds} kills, ${answered} answers before them, none lost`)
})

const pageBytes = 4096
/** LMDB keeps two meta pages and writes them in turn; all else is written and synced before. */
const metaPages = 2

/** An image of the data file before and after each durable commit, and what had been answered before it. */
interface Moment {
  readonly before: Buffer
  /** As a killed process would leave it, while the commit was under way. */
  readonly during: readonly Buffer[]
  readonly after: Buffer
  readonly heightBefore: number
  readonly answers: readonly Answer[]
}

async function moments(seed: number): Promise<readonly Moment[]> {
  const random = randomFrom(seed)
  const directory = mkdtempSync(join(root, "disk-"))
  const file = join(directory, "data.mdb")
  const store = new StateStore(directory, { k: crashK })
  const seen: Moment[] = []
  const answers: Answer[] = []
  class Watched extends TallyApplication {
    override async commit(blocks: readonly FinalBlock[]): Promise<void> {
      const before = { before: readFileSync(file), heightBefore: this.height, answers: [...answers] }
      const during: Buffer[] = []
      let under = true
      const done = super.commit(blocks).finally(() => {
        under = false
      })
      for (let look = 0; under && look < 20; look++) {
        during.push(readFileSync(file))
        await new Promise(setImmediate)
      }
      await done
      seen.push({ ...before, during, after: readFileSync(file) })
    }
  }
  const clock = new SettableClock(crashChain.genesisTime)
  const engine = new EmbeddedEngine(new Watched(store, crashChain), { seed: crashSeed, threads: 1, clock })
  await engine.start()
  let nonce = 0
  for (let round = 0; round < 4; round++) {
    const together = Array.from({ length: 1 + random(30) }, () => nonce++)
    await Promise.all(
      together.map(async (n) => answers.push({ nonce: n, height: (await engine.submit(crashTransaction(n))).height })),
    )
  }
  await engine.stop()
  await store.close()
  rmSync(directory, { recursive: true })
  return seen
}

/** The disk after power was lost before the meta page: each page of the write is there or is not. */
function torn({ before, after: written }: Moment, random: (below: number) => number): Buffer {
  const pages = Math.ceil(written.length / pageBytes)
  const image = Buffer.alloc(random(2) === 0 ? written.length : before.length)
  before.copy(image)
  for (let page = metaPages; page < pages; page++) {
    if (random(2) === 0) written.copy(image, page * pageBytes, page * pageBytes, (page + 1) * pageBytes)
  }
  return image
}

function imageOf(kind: "torn" | "during" | "whole", moment: Moment, random: (below: number) => number): Buffer {
  if (kind === "torn") return torn(moment, random)
  if (kind === "whole") return moment.after
  return moment.during[random(moment.during.length)] ?? moment.before
}

test("a disk that tears or loses an unfinished write leaves the block before it, whole", {
  timeout: 3_600_000,
}, async (t) => {
  const seeds = long ? 1000 : 50
  let seen: readonly Moment[] = []
  for (let seed = 0; seed < seeds; seed++) {
    if (seed % 10 === 0) seen = await moments(seed)
    const random = randomFrom(seed + 1)
    const moment = seen[random(seen.length)]!
    const directory = join(root, `torn-${seed}`)
    mkdirSync(directory)
    const kind = (["torn", "torn", "torn", "during", "whole"] as const)[seed % 5]!
    writeFileSync(join(directory, "data.mdb"), imageOf(kind, moment, random))
    const height = await assertIntact(directory, moment.answers, { seed, goesOn: seed % 10 === 0 })
    if (kind === "whole") assert.ok(height > moment.heightBefore, "what reached the disk wholly is there")
    if (kind === "torn") assert.equal(height, moment.heightBefore, `seed ${seed}: the unfinished write is gone, wholly`)
    if (kind === "during") assert.ok(height >= moment.heightBefore, "a commit under way is there or is not")
    rmSync(directory, { recursive: true })
  }
  t.diagnostic(`${seeds} torn or lost writes`)
})
