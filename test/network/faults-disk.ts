/** A disk that is full, and then is not: one organization's directory is a small file system of its own. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sleep, until } from "./consortium.ts"
import { acknowledgedBetween, type Fault } from "./fault.ts"
import { allBack } from "./faults-processes.ts"

/** A validator. */
export const smallDiskOrganization = 3
const megabytes = 512
const fullMs = 6000

/** What a node that stops by itself exits with. */
const faultCode = 2

/** Mounts a memory file system at a new folder. Whoever mounts also unmounts. */
export function mountSmallDisk(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "tmpfs", directory], { stdio: "pipe" })
}

/** A mount that is still used is let go as soon as nobody uses it. */
export function unmountSmallDisk(directory: string): void {
  try {
    execFileSync("umount", ["-l", directory], { stdio: "pipe" })
  } catch {
    // It never was mounted.
  }
}

let answered: { readonly reason: string | undefined } | undefined

/** Why no file system can be mounted here; undefined when it can. Tried once. */
export function noSmallDisk(): string | undefined {
  if (answered !== undefined) return answered.reason
  const folder = mkdtempSync(join(tmpdir(), "cs-mount-"))
  try {
    mountSmallDisk(folder)
    answered = { reason: undefined }
  } catch {
    answered = { reason: "this user may not mount a file system" }
  } finally {
    unmountSmallDisk(folder)
    rmdirSync(folder)
  }
  return answered.reason
}

/** Writes until nothing more goes in. */
function fill(ballast: string): void {
  const folder = join(ballast, "..")
  for (let step = 0; step < 64; step++) {
    const { bavail, bsize } = statfsSync(folder)
    if (bavail === 0) return
    try {
      writeFileSync(`${ballast}-${step}`, Buffer.alloc(Math.min(bavail * bsize, 64 * 1024 * 1024)))
    } catch {
      // What was written of it stays, and counts.
    }
  }
}

const diskFull: Fault = {
  name: "disk-full",
  absent: noSmallDisk,
  async strike(scene) {
    const { consortium } = scene
    const ballast = join(consortium.directoryOf(smallDiskOrganization), "ballast")
    const deaths = consortium.deaths.length
    const engine = consortium.engineOf(smallDiskOrganization)
    const from = performance.now()
    // CometBFT writes each block before our node does: as a rule it is the first to meet the full disk.
    const stopped = () => consortium.deaths.length > deaths || consortium.engineOf(smallDiskOrganization) !== engine
    try {
      fill(ballast)
      await until("the node or its CometBFT stops by itself", stopped, { withinMs: 45_000 })
      // What other processes freed or a log still had: it must stay full.
      fill(ballast)
      await sleep(fullMs)
    } finally {
      for (let step = 0; step < 64; step++) rmSync(`${ballast}-${step}`, { force: true })
    }
    const ended = consortium.deaths.slice(deaths)
    for (const { organization, code } of ended) {
      if (organization !== smallDiskOrganization) scene.fail(`${consortium.titleOf(organization)} ended, too`)
      else if (code !== faultCode) scene.fail(`with a full disk the node ended with ${code}, not with a fault`)
    }
    const went = acknowledgedBetween(scene, from + 2000, performance.now())
    if (went === 0) scene.fail("the others acknowledged nothing while one disk was full")
    const what = ended.length > 0 ? `its node ended ${ended.length} times` : "its CometBFT ended, its node stayed up"
    scene.note(`disk of ${consortium.titleOf(smallDiskOrganization)} full: ${what}; ${went} acknowledged meanwhile`)
    await allBack(scene)
  },
}

export const diskFaults: readonly Fault[] = [diskFull]
