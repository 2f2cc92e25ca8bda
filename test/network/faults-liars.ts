/** One validator of four that lies: about the state that it has, and in its votes. */
import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { toHex } from "../../src/base/bytes.ts"
import { ReadOnlyChain } from "../../src/store/read-only-chain.ts"
import { type Consortium, sleep, until, validators } from "./consortium.ts"
import { acknowledgedBetween, type Fault, type Scene } from "./fault.ts"
import { allBack } from "./faults-processes.ts"
import { importing, restartWith } from "./faults-steps.ts"
import { blocksOf } from "./replica.ts"
import { startTwin } from "./twin.ts"

const alterState = new URL("./alter-state.ts", import.meta.url).href
/** Without votes: what it says of the chain comes from the others' votes alone. */
const observer = 6
/** Its peer key is on the ledger, and it runs no CometBFT that would use it. */
const lender = 5

/** Validators whose state on disk is not the one that the next header, signed by two thirds, names. */
async function differing(consortium: Consortium): Promise<readonly number[]> {
  const found: number[] = []
  for (const organization of validators) {
    const stored = new ReadOnlyChain(join(consortium.directoryOf(organization), "ledger"))
    const { height, appHash } = stored
    await stored.close()
    await until("a header follows", async () => ((await consortium.heights()).get(observer) ?? 0) > height, {
      withinMs: 60_000,
    })
    const [next] = await blocksOf(consortium, observer, height + 1, height + 1)
    if (toHex(next!.header.appHash) !== toHex(appHash)) found.push(organization)
  }
  return found
}

/** Makes an organization begin again from the others' blocks. What its validator signed last is not forgotten. */
async function beginAgain(consortium: Consortium, organization: number): Promise<void> {
  await consortium.takeDown(organization)
  const directory = consortium.directoryOf(organization)
  rmSync(join(directory, "ledger"), { recursive: true, force: true })
  const data = join(directory, "engine", "home", "data")
  for (const name of readdirSync(data))
    if (name !== "priv_validator_state.json") rmSync(join(data, name), { recursive: true })
  await consortium.network.startNode(organization)
}

const liarState: Fault = {
  name: "liar-state",
  async strike(scene) {
    const { consortium, random } = scene
    const liar = random.pick(validators)
    const environment = importing(alterState, "COUNTERSIGN_TEST_ALTER_AT", String(random.whole(1, 5)))
    await restartWith(consortium, liar, environment)
    const lied = async () => (await differing(consortium)).length > 0
    await until("the liar falls out of step", lied, { withinMs: 120_000, everyMs: 1000 })
    const from = performance.now()
    const named = await differing(consortium)
    await until("the others go on", () => acknowledgedBetween(scene, from, performance.now()) > 0, {
      withinMs: 30_000,
    })
    const height = (await consortium.heights()).get(liar) ?? 0
    await sleep(2000)
    if (((await consortium.heights()).get(liar) ?? 0) > height + 1) scene.fail("the liar goes on with the others")
    if (named.join() !== String(liar)) scene.fail(`${named.join() || "nobody"} is named, and ${liar} has lied`)
    scene.note(`named by its state: ${named.map((one) => consortium.titleOf(one)).join(", ")}; the others went on`)
    await beginAgain(consortium, liar)
    await allBack(scene)
  },
}

interface Evidence {
  readonly height: number
  readonly kind: string
  readonly organization?: number
}

async function evidenceOf(consortium: Consortium, organization: number): Promise<readonly Evidence[]> {
  return (await consortium.network.node(organization).desk<{ evidence: readonly Evidence[] }>("evidence")).evidence
}

async function nameTwice(scene: Scene, liar: number): Promise<void> {
  const { consortium } = scene
  const before = new Map<number, number>()
  for (const organization of validators) before.set(organization, (await evidenceOf(consortium, organization)).length)
  const begun = performance.now()
  const end = await startTwin(consortium, join(scene.scratch, "twin"), { of: liar, peer: lender })
  try {
    for (const organization of validators)
      await until(
        `${consortium.titleOf(organization)} has evidence`,
        async () => (await evidenceOf(consortium, organization)).length > before.get(organization)!,
        { withinMs: 240_000, everyMs: 250 },
      )
  } finally {
    await end()
  }
  const took = ((performance.now() - begun) / 1000).toFixed(1)
  const all = (await Promise.all(validators.map((one) => evidenceOf(consortium, one)))).flat()
  const named = [...new Set(all.map(({ organization }) => organization))]
  if (named.join() !== String(liar)) scene.fail(`evidence names ${named.join()}, and ${liar} has voted twice`)
  scene.note(`evidence on every validator (${all[0]?.kind}) names ${consortium.titleOf(liar)}, after ${took} s`)
}

const liarVotes: Fault = {
  name: "liar-votes",
  strike: (scene) => nameTwice(scene, validators[0]),
}

export const liarFaults: readonly Fault[] = [liarState, liarVotes]
