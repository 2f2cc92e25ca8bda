/** Ends within a node's and its engine's own durable steps: at each of them, and in the middle of what they wrote. */
import { closeSync, ftruncateSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { type Consortium, sleep, until, validators } from "./consortium.ts"
import type { Fault, Scene } from "./fault.ts"
import { allBack } from "./faults-processes.ts"

const module = new URL("./die-at-step.ts", import.meta.url).href

/** The steps that a node in consensus makes durable while visits settle. */
const steps = ["commitBody", "attach"].flatMap((step) => ["before", "during", "after"].map((at) => `${step}:${at}`))

/** Options of Node that load a module of ours before the program's own. */
export function importing(file: string, name: string, value: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${file}`.trim(), [name]: value }
}

/** Ends a node's process and starts it with another environment; the one after that has none of it. */
export async function restartWith(
  consortium: Consortium,
  organization: number,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await consortium.takeDown(organization)
  consortium.environment.set(organization, environment)
  const started = consortium.network.startNode(organization)
  consortium.environment.delete(organization)
  await started
}

async function dieAt(scene: Scene, step: string): Promise<void> {
  const { consortium, random } = scene
  const organization = random.pick(validators)
  const deaths = consortium.deaths.length
  const wanted = `${step}:${random.whole(1, 12)}`
  // It may die before it says that it is ready: then the network has it started again.
  const started = restartWith(consortium, organization, importing(module, "COUNTERSIGN_TEST_DIE_AT", wanted))
  await started.catch(() => undefined)
  // One death is the end of the run before.
  await until(`${consortium.titleOf(organization)} dies at ${wanted}`, () => consortium.deaths.length >= deaths + 2, {
    withinMs: 60_000,
  })
  await allBack(scene)
}

const killStep: Fault = {
  name: "kill-step",
  async strike(scene) {
    for (const step of steps) await dieAt(scene, step)
    scene.note(`SIGKILL at ${steps.join(", ")}`)
  },
}

const truncatedWal: Fault = {
  name: "truncated-wal",
  async strike(scene) {
    const { consortium, random } = scene
    for (const organization of random.some(validators, 2)) {
      await consortium.takeDown(organization)
      const file = join(consortium.directoryOf(organization), "engine", "home", "data", "cs.wal", "wal")
      const { size } = statSync(file)
      // The last blocks' messages are at its end: that is where a crash cuts it.
      const left = Math.max(0, size - random.whole(1, Math.min(size, 200_000)))
      const descriptor = openSync(file, "r+")
      ftruncateSync(descriptor, left)
      closeSync(descriptor)
      scene.note(`the write-ahead log of ${consortium.titleOf(organization)} cut from ${size} to ${left} bytes`)
      await sleep(300)
      await consortium.network.startNode(organization)
      await allBack(scene)
    }
  },
}

export const stepFaults: readonly Fault[] = [killStep, truncatedWal]
