/** The operator's clock, set wrong: followed by a member's node as the product opens one on the real clock. */
import { mkdtempSync } from "node:fs"
import { join } from "node:path"
import { verifyCommit } from "../../../src/base/chain/commit.ts"
import type { DeskClient } from "../../../src/cli/community/desk-client.ts"
import type { NodeProcess } from "../../../src/cli/community/node-process.ts"
import { operatorNumber } from "../../../src/cli/community/organizations.ts"
import { caughtUp, roles } from "../../../src/cli/community/setting.ts"
import { BadBlock } from "../../../src/engine/replay.ts"
import { isRejection } from "../../../src/ledger/rejection.ts"
import { LedgerApplication } from "../../../src/node/application.ts"
import { openSource, type SourceParts } from "../../../src/node/block-source.ts"
import { Directory } from "../../../src/node/directory.ts"
import { Transport } from "../../../src/node/transport.ts"
import { type Cell, must, notCaught, timed } from "../lies.ts"
import { blockAt, book, copyOperator, heightOf, startDouble, until } from "./double.ts"
import type { Telling } from "./party-cells.ts"

const hour = 3600
const machine = () => Math.floor(Date.now() / 1000)
const timeOf = async (node: DeskClient) => (await node.desk<{ seconds: number }>("clock")).seconds

interface Watching {
  readonly height: () => number
  readonly halted: () => unknown
}

/** The bank's node follows, with the source that a node without `turnable-clock` opens. */
async function following(
  { scene }: Telling,
  root: string,
  followed: DeskClient,
  watch: (watching: Watching) => Promise<Cell>,
): Promise<Cell> {
  const { genesis } = scene.setting
  const application = await LedgerApplication.open(mkdtempSync(join(root, "clock-")), genesis)
  if (isRejection(application)) throw new Error(application.message)
  const directory = new Directory()
  const entry = {
    organization: operatorNumber,
    name: "operator",
    kind: "licence-board",
    sealingKey: new Uint8Array(32),
  }
  directory.set([{ ...entry, url: followed.url, transport: followed.pin }])
  let halted: unknown
  const parts = {
    config: { organization: roles.bank, operator: false, turnableClock: false },
    directory,
    transport: new Transport(),
    onHalt: (cause: unknown) => {
      halted = cause
    },
  } as unknown as SourceParts
  const { source, hangUp } = await openSource(application, { genesis, start: 0, operator: operatorNumber }, parts)
  try {
    return await watch({ height: () => source.height, halted: () => halted })
  } finally {
    hangUp()
    await source.stop()
    await application.close()
  }
}

/** On a copy, so that the chain of the other lies keeps its time. */
async function withDouble(telling: Telling, root: string, tell: (double: NodeProcess) => Promise<Cell>): Promise<Cell> {
  await caughtUp(telling.community)
  const double = await startDouble(telling.community, copyOperator(telling.community, root))
  try {
    return await tell(double)
  } finally {
    await double.stop()
  }
}

async function reached(double: DeskClient, { height, halted }: Watching): Promise<void> {
  const wanted = await heightOf(double)
  await until("the follower has it", () => (height() >= wanted ? true : undefined))
  must(halted() === undefined, `it halted before: ${halted()}`)
}

export const clockLies: Readonly<Record<string, (telling: Telling, root: string) => Promise<Cell>>> = {
  /** First right, which the follower takes; then an hour ahead, and more would be no other. */
  clock: (telling, root) =>
    withDouble(telling, root, (double) =>
      following(telling, root, double, async (watching) => {
        await double.desk("leap-clock", { seconds: machine() - (await timeOf(double)) })
        await book(double, "in time")
        await reached(double, watching)
        await double.desk("turn-clock", { seconds: hour })
        const { found, ms } = await timed(() => until("the follower stops", () => watching.halted()))
        const { height, reason } = must(found instanceof BadBlock && found, `it halted for ${found}`)
        must(reason === "its time is ahead of this machine's clock", reason)
        const { header, commit } = must(await blockAt(double, height), "the block is gone")
        must(header.time.seconds > machine(), "the time has come")
        const { validators } = telling.scene.anchor
        must(verifyCommit(header, commit, validators) === undefined, "the header is not the operator's")
        return {
          verdict: "caught",
          by: "every follower: its own clock",
          when: "at that block",
          evidence: "a signed header with a time that has not come",
          note: "More than 60 s ahead.",
          ms,
        }
      }),
    ),

  /** The clock of this chain is turned by hand and stands months behind the machine's. */
  "clock-behind": (telling, root) =>
    withDouble(telling, root, (double) =>
      following(telling, root, double, async (watching) => {
        await book(double, "late")
        must(machine() - (await timeOf(double)) > 24 * hour, "the clock is not behind")
        await reached(double, watching)
        return notCaught("Followers go on; all that a node says is that its last block is old.")
      }),
    ),
}
