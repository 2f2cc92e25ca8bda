/** Processes that end, stand still or are away. */
import { everybody, sleep, until, validators } from "./consortium.ts"
import { acknowledgedBetween, type Fault, type Scene } from "./fault.ts"
import { signal } from "./processes.ts"

const perceptibleMs = 1500

/** Ends processes of one organization after another, at moments of chance, and lets them come back by themselves. */
async function endAtRandom(scene: Scene, kill: (organization: number) => boolean): Promise<void> {
  const { consortium, random } = scene
  const among = random.some(validators, 3)
  for (const organization of among) {
    await sleep(random.whole(200, 1500))
    if (!kill(organization)) scene.fail(`${consortium.titleOf(organization)} had no process to kill`)
    // One at a time: who is killed next must not be the second that is away.
    await sleep(perceptibleMs)
    await allBack(scene)
  }
  scene.note(`killed: ${among.map((organization) => consortium.titleOf(organization)).join(", ")}`)
}

/** Every node is up, and every validator has its CometBFT. */
export async function allBack({ consortium }: Scene): Promise<void> {
  await until(
    "all processes are back",
    async () => {
      if (consortium.up.length < everybody.length) return false
      if (validators.some((organization) => consortium.engineOf(organization) === undefined)) return false
      return [...(await consortium.heights()).values()].every((height) => height !== undefined)
    },
    { withinMs: 90_000, everyMs: 200 },
  )
}

const kill: Fault = {
  name: "kill",
  strike: (scene) => endAtRandom(scene, (one) => signal(scene.consortium.nodeOf(one), "SIGKILL")),
}

const killEngine: Fault = {
  name: "kill-engine",
  strike: (scene) => endAtRandom(scene, (one) => signal(scene.consortium.engineOf(one), "SIGKILL")),
}

const killBoth: Fault = {
  name: "kill-both",
  strike: (scene) =>
    endAtRandom(scene, (one) => {
      scene.consortium.killBoth(one)
      return true
    }),
}

const pause: Fault = {
  name: "pause",
  async strike(scene) {
    const { consortium, random } = scene
    const ways = ["node", "engine", "both"] as const
    for (const way of ways) {
      const organization = random.pick(validators)
      const pids = [
        ...(way === "engine" ? [] : [consortium.nodeOf(organization)]),
        ...(way === "node" ? [] : [consortium.engineOf(organization)]),
      ]
      for (const pid of pids) signal(pid, "SIGSTOP")
      await sleep(random.whole(1500, 3000))
      for (const pid of pids) signal(pid, "SIGCONT")
      scene.note(`${way} of ${consortium.titleOf(organization)} stood still`)
      await sleep(500)
    }
  },
}

const restartAll: Fault = {
  name: "restart-all",
  async strike(scene) {
    for (const organization of everybody) scene.consortium.killBoth(organization)
    await sleep(perceptibleMs)
    await allBack(scene)
  },
}

const oneAway: Fault = {
  name: "one-away",
  async strike(scene) {
    const { consortium, random } = scene
    const away = random.pick(validators)
    await consortium.takeDown(away)
    const from = performance.now()
    await sleep(8000)
    const went = acknowledgedBetween(scene, from + 2000, performance.now())
    if (went === 0) scene.fail("with one validator away nothing was acknowledged")
    scene.note(`${consortium.titleOf(away)} away: ${went} acknowledged in 6 s`)
    await consortium.network.startNode(away)
  },
}

const twoAway: Fault = {
  name: "two-away",
  async strike(scene) {
    const { consortium, random } = scene
    const [first, second] = random.some(validators, 2) as readonly [number, number]
    await Promise.all([consortium.takeDown(first), consortium.takeDown(second)])
    const from = performance.now()
    await sleep(5000)
    const went = acknowledgedBetween(scene, from + 1000, performance.now())
    if (went > 0) scene.fail(`with two of four validators away ${went} transactions were acknowledged`)
    const back = performance.now()
    await consortium.network.startNode(first)
    await until("it goes on with three of four", () => acknowledgedBetween(scene, back, performance.now()) > 0, {
      withinMs: 90_000,
    })
    const waited = (performance.now() - back) / 1000
    scene.note(`halted with two away, went on ${waited.toFixed(1)} s after one was started again`)
    await consortium.network.startNode(second)
  },
}

export const processFaults: readonly Fault[] = [kill, killEngine, killBoth, pause, restartAll, oneAway, twoAway]
