/**
 * Clocks that are wrong. A running process's wall clock is set off from the machine's by writing another
 * `clock_gettime` over the one that the kernel maps into it (vDSO): the machine's own clock stays as it is. CometBFT
 * reads its time there, and so does Node.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs"
import { sleep, validators } from "./consortium.ts"
import { acknowledgedBetween, type Fault, type Scene } from "./fault.ts"

const skewMs = 6000
/** A node without a vote. */
const observer = 6
/** Between validators' votes and our own look at the clock. */
const toleranceSeconds = 60

interface Mapped {
  readonly memory: number
  /** Where the image of the vDSO lies. */
  readonly base: number
  readonly image: Buffer
}

function openClock(pid: number): Mapped {
  const line = readFileSync(`/proc/${pid}/maps`, "latin1")
    .split("\n")
    .find((each) => each.endsWith("[vdso]"))
  const [from, to] =
    /^([0-9a-f]+)-([0-9a-f]+)/
      .exec(line ?? "")
      ?.slice(1)
      .map((hex) => Number.parseInt(hex, 16)) ?? []
  if (from === undefined || to === undefined) throw new Error("the process has no vDSO")
  const memory = openSync(`/proc/${pid}/mem`, "r+")
  const image = Buffer.alloc(to - from)
  readSync(memory, image, 0, image.length, from)
  return { memory, base: from, image }
}

/** Where in an ELF image (64 bits, little-endian) a dynamic symbol's code begins. */
function symbolIn(image: Buffer, wanted: string): number {
  const u64 = (at: number) => Number(image.readBigUInt64LE(at))
  const sections = u64(0x28)
  const [size, count] = [image.readUInt16LE(0x3a), image.readUInt16LE(0x3c)]
  const dynamicSymbols = 11
  for (let i = 0; i < count; i++) {
    const section = sections + i * size
    if (image.readUInt32LE(section + 4) !== dynamicSymbols) continue
    const names = u64(sections + image.readUInt32LE(section + 0x28) * size + 0x18)
    const [offset, bytes] = [u64(section + 0x18), u64(section + 0x20)]
    for (let symbol = offset; symbol < offset + bytes; symbol += 24) {
      const name = names + image.readUInt32LE(symbol)
      if (image.toString("latin1", name, image.indexOf(0, name)) === wanted) return u64(symbol + 8)
    }
  }
  throw new Error(`the vDSO has no ${wanted}`)
}

/** `clock_gettime` by system call; to the seconds of the wall clock (number 0) the offset is added. */
function skewedClock(offsetSeconds: number): Buffer {
  const code = Buffer.from("b8e40000000f0585ff750748810600000000c3", "hex")
  code.writeInt32LE(offsetSeconds, 14)
  return code
}

/** Sets a process's wall clock off. @returns what puts it right again. */
async function skew(pid: number, offsetSeconds: number): Promise<() => Promise<void>> {
  const { memory, base, image } = openClock(pid)
  const at = symbolIn(image, "__vdso_clock_gettime")
  const code = skewedClock(offsetSeconds)
  const before = image.subarray(at, at + code.length)
  const put = (bytes: Buffer) =>
    whileOutside(pid, { from: base + at, length: bytes.length }, () =>
      writeSync(memory, bytes, 0, bytes.length, base + at),
    )
  await put(code)
  return async () => {
    try {
      await put(before)
    } catch {
      // It has ended, and its clock with it.
    }
    closeSync(memory)
  }
}

/** Does it while the process stands still, and none of its threads in the code that will be another. */
async function whileOutside(pid: number, at: { from: number; length: number }, action: () => void): Promise<void> {
  const { from, length } = at
  for (let tries = 0; tries < 100; tries++) {
    process.kill(pid, "SIGSTOP")
    try {
      // It stops when its threads next look.
      await sleep(5)
      const places = readdirSync(`/proc/${pid}/task`).map((thread) => standsAt(pid, thread))
      if (places.every((place) => place !== undefined && (place < from || place >= from + length))) {
        action()
        return
      }
    } finally {
      process.kill(pid, "SIGCONT")
    }
    await sleep(20)
  }
  throw new Error("the process is never out of its clock's code")
}

/** The address of a stopped thread's next instruction; undefined while it still runs. */
function standsAt(pid: number, thread: string): number | undefined {
  const last = readFileSync(`/proc/${pid}/task/${thread}/syscall`, "latin1").trim().split(" ").at(-1)
  return last?.startsWith("0x") === true ? Number(last) : undefined
}

function noSkew(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "it is known for Linux on x64 only"
  try {
    const { memory, image } = openClock(process.pid)
    closeSync(memory)
    symbolIn(image, "__vdso_clock_gettime")
    return undefined
  } catch (error) {
    return `no process's clock can be set off here: ${(error as Error).message}`
  }
}

async function skewOne(scene: Scene, offsetSeconds: number): Promise<void> {
  const { consortium, random } = scene
  const organization = random.pick(validators)
  const pids = [consortium.nodeOf(organization)!, consortium.engineOf(organization)!]
  const mends = await Promise.all(pids.map((pid) => skew(pid, offsetSeconds)))
  const from = performance.now()
  await sleep(skewMs)
  const went = acknowledgedBetween(scene, from, performance.now())
  for (const mend of mends) await mend()
  if (went === 0) scene.fail(`with one clock off by ${offsetSeconds} s nothing was acknowledged`)
  const { seconds } = await consortium.network.node(observer).desk<{ seconds: number }>("clock")
  const off = Math.round(Math.abs(seconds - Date.now() / 1000))
  if (off > toleranceSeconds) scene.fail(`one clock off by ${offsetSeconds} s moved the chain's time by ${off} s`)
  scene.note(
    `${consortium.titleOf(organization)} off by ${offsetSeconds} s: ${went} acknowledged, block time ${off} s off`,
  )
}

const clockSkew: Fault = {
  name: "clock-skew",
  absent: noSkew,
  async strike(scene) {
    await skewOne(scene, 3600)
    await skewOne(scene, -3600)
  },
}

export const clockFaults: readonly Fault[] = [clockSkew]
