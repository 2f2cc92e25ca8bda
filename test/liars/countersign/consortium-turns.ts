/** What validators can do with their turns and their votes, short of another history: leave out, stop, lie about state or time. */
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { equalBytes } from "../../../src/base/bytes.ts"
import { flags } from "../../../src/base/chain/commit.ts"
import { payer, secondPayer } from "../../../src/ledger/example-chain.ts"
import { openTables } from "../../../src/ledger/state.ts"
import { plainLies } from "../../byzantine/lies.ts"
import { signedDeposit } from "../../byzantine/signing.ts"
import type { Fault, Scene } from "../../network/fault.ts"
import { clockFaults } from "../../network/faults-clock.ts"
import { childrenOf } from "../../network/processes.ts"
import { type Cell, must, none, nothingWritten, prevented, timed } from "../lies.ts"
import { Four, type Fourth } from "./four.ts"

/** The fourth validator leaves a member's transaction out of its own proposal. */
async function refuse(four: Four): Promise<Cell> {
  const { liar } = await four.join()
  for (let tries = 0; tries < 60; tries++) {
    const blocked = Buffer.from(signedDeposit(secondPayer))
    const isBlocked = (bytes: Uint8Array) => Buffer.from(bytes).includes(blocked)
    let leftOut = 0
    liar.lie = (waiting) => {
      leftOut += waiting.filter(isBlocked).length
      return waiting.filter((bytes) => !isBlocked(bytes))
    }
    const { found, ms } = await timed(() => four.applied(tries, blocked))
    await four.consortium.reached(found.height)
    must(!four.isByFourth(four.block(found.height)), "the liar took it")
    if (leftOut === 0) continue
    const note = "It costs its member one turn of four; nobody can prove why."
    return prevented("the next validator in turn", { when: "one block later", note, ms })
  }
  return must<Cell>(undefined, "it was never the liar's turn")
}

/** Six transactions one after another while the fourth is away. */
async function stop(four: Four): Promise<Cell> {
  const gone = await four.join()
  await four.untilItVotes()
  await gone.stop()
  let longest = 0
  for (let n = 0; n < 6; n++) longest = Math.max(longest, (await timed(() => four.applied(n))).ms)
  const note =
    "The time is the longest wait of six transactions: each turn of the absent costs a time-out (1,500 ms here)."
  return prevented("the three others: more than two thirds", { when: "at its next turn", note, ms: longest })
}

/** The next height whose proposer in round 0 is the fourth, with all four in turn. */
async function turnOf(four: Four): Promise<number> {
  let turn = 0
  await four.goOnUntil("a steady turn", () => {
    const own = four.blocks(1).filter((block) => four.isByFourth(block))
    const [last, before] = [own.at(-1)?.header.height ?? 0, own.at(-2)?.header.height ?? 0]
    turn = last + 4
    return before > 0 && last - before === 4 && four.height <= last + 1
  })
  return turn
}

/** It gives a payer money before it executes the block below its turn, and then proposes a header with that state. */
function alterBelow({ liar }: Fourth, turn: number): void {
  const { application } = liar
  const execute = application.execute
  application.execute = function (block) {
    if (block.height === turn - 1) {
      const tables = openTables(this.state)
      const account = tables.accounts.get({ org: payer })!
      tables.accounts.put({ org: payer }, { ...account, free: account.free + 1n })
      tables.flush()
    }
    return execute.call(this, block)
  }
}

async function state(four: Four): Promise<Cell> {
  const liar = await four.join()
  const forged = plainLies.find(({ reason }) => reason === "signature-bad")!
  const seen = () => four.honest.every(({ rejected }) => rejected.some(({ reason }) => reason === forged.reason))
  liar.liar.lie = forged.batches
  await four.goOnUntil("three votes against a forged transaction", seen)
  // Its proposals are honest from here on, and are counted.
  liar.liar.lie = (waiting) => waiting
  const turn = await turnOf(four)
  alterBelow(liar, turn)
  await four.goOnUntil("the block below its turn", () => four.height >= turn - 1)
  const { ms } = await timed(() => four.goOnUntil("the block of its turn", () => four.height >= turn))
  await four.goOnUntil("four blocks more", () => four.height >= turn + 4)
  const after = four.blocks(turn)
  must(!after.some((block) => four.isByFourth(block)), "a block of the liar was taken")
  must(
    liar.liar.proposed.some(({ height }) => height === turn),
    "the liar did not propose",
  )
  must(four.block(turn).commit.round > 0, "its turn was not passed over")
  must(liar.liar.application.height < four.height, "the liar goes on with the others")
  four.assertOneHistory()
  const note = "It halts alone, and the others go on as without it."
  return prevented("the three others: signature-bad, app hash", { when: "at its turn, by their votes", note, ms })
}

/** Two are half: neither can close a block without one of the other two. */
async function twoStop(four: Four): Promise<Cell> {
  const gone = await four.join()
  await four.applied(0)
  await Promise.all([gone.stop(), four.honest[2]!.stop()])
  // What was under way when they left is done by then.
  await sleep(3000)
  const before = four.honest[0]!.engine.height
  const waiting = four.honest[0]!.engine.submit(signedDeposit())
  await sleep(5000)
  must(four.honest[0]!.engine.height === before, "two went on alone")
  const back = four.join()
  const { found, ms } = await timed(() => waiting)
  must(found.outcome.rejection === undefined, "what waited was refused")
  await back
  const note =
    "Nothing is written meanwhile and nothing is lost; it goes on by itself when one of them is back, in the time given."
  return { verdict: "caught", by: "everybody", when: "at once", evidence: none, note, ms }
}

const hour = 3600
const clockSkew = clockFaults.find(({ name }) => name === "clock-skew")!

/** The fault's own hands, on a process of ours: the clock of the fourth's CometBFT an hour ahead, then an hour behind. */
async function skewed(four: Four, { directory }: Fourth, fault: Fault): Promise<void> {
  const named = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory)
  const pid = must(childrenOf(process.pid, "cometbft").find(named), "its process is not found")
  const sent: { acknowledgedAt: number }[] = []
  const desk = async () => ({ seconds: four.block(four.height).header.time.seconds })
  const scene = {
    random: { pick: () => 0 },
    consortium: {
      nodeOf: () => pid,
      engineOf: () => pid,
      titleOf: () => "the fourth",
      network: { node: () => ({ desk }) },
    },
    load: { sent },
    note: () => undefined,
    fail: (text: string) => must<Scene>(undefined, text),
  } as unknown as Scene
  let over = false
  const struck = fault.strike(scene).finally(() => {
    over = true
  })
  const load = async () => {
    for (let n = 0; !over; n++) {
      await four.applied(n)
      sent.push({ acknowledgedAt: performance.now() })
    }
  }
  await Promise.all([struck, load()])
}

/** Seconds by which a block's time lies outside of the times that honest validators said of the block before. */
function outside(four: Four, height: number): number {
  const { commit } = four.block(height)
  const times = commit.signatures.flatMap((slot) =>
    slot.flag === flags.absent || equalBytes(slot.address, four.fourthAddress) ? [] : [seconds(slot.time)],
  )
  const time = seconds(four.block(height + 1).header.time)
  return Math.max(0, time - Math.max(...times), Math.min(...times) - time)
}

const seconds = (time: { readonly seconds: number; readonly nanos: number }) => time.seconds + time.nanos / 1e9

async function clock(four: Four): Promise<Cell> {
  const liar = await four.join()
  await four.untilItVotes()
  const from = four.height
  await skewed(four, liar, clockSkew)
  await four.consortium.reached(four.height)
  const off = four.blocks(from).flatMap((block) => {
    const vote = four.voteOfFourth(block)
    return vote === undefined ? [] : [vote.seconds - block.header.time.seconds]
  })
  const ahead = off.filter((by) => by > hour / 2).length
  must(ahead > 0, "it cast no vote with a wrong time")
  const moved = four
    .blocks(from)
    .slice(0, -1)
    .map(({ header }) => outside(four, header.height))
  must(Math.max(...moved) === 0, `block time moved by ${Math.max(...moved)} s`)
  const note = `${ahead} of its votes said an hour more, and block time moved by 0 s: each block's time lay among those that the others had said. An hour behind moved it as little.`
  return prevented("the median of the votes' times", { when: "at each block", evidence: nothingWritten, note })
}

/** Why a process's clock cannot be set wrong on this machine; undefined when it can. */
export const noWrongClock = (): string | undefined => clockSkew.absent?.()

const told =
  (tell: (four: Four) => Promise<Cell>): (() => Promise<Cell>) =>
  () =>
    Four.run(tell)

export const turnCells: Readonly<Record<string, () => Promise<Cell>>> = {
  "consortium-refuse": told(refuse),
  "consortium-stop": told(stop),
  "consortium-state": told(state),
  "consortium-clock": told(clock),
  "consortium-two-of-four": told(twoStop),
}
