/** Links between validators that carry nothing for a while. */
import { sleep, validators } from "./consortium.ts"
import { acknowledgedBetween, type Fault, type Scene } from "./fault.ts"

/** What was under way when the links were cut may still be answered. */
const graceMs = 1500
const partedMs = 7000

async function part(scene: Scene, alone: readonly number[]): Promise<number> {
  const { consortium } = scene
  const others = validators.filter((organization) => !alone.includes(organization))
  consortium.links.part(alone, others)
  const from = performance.now()
  await sleep(partedMs)
  const went = acknowledgedBetween(scene, from + graceMs, performance.now())
  consortium.links.mend()
  scene.note(`${alone.map((one) => consortium.titleOf(one)).join(", ")} cut off: ${went} acknowledged meanwhile`)
  return went
}

const oneOfFour: Fault = {
  name: "partition-1-3",
  async strike(scene) {
    if ((await part(scene, [scene.random.pick(validators)])) === 0) scene.fail("three of four did not go on")
  },
}

const twoAndTwo: Fault = {
  name: "partition-2-2",
  async strike(scene) {
    const went = await part(scene, scene.random.some(validators, 2))
    if (went > 0) scene.fail(`two of four acknowledged ${went} transactions`)
  },
}

export const linkFaults: readonly Fault[] = [oneOfFour, twoAndTwo]
