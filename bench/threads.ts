/** Processor time by thread: what a visit costs, however busy the machine is with other things. */
import { readdirSync, readFileSync } from "node:fs"

/** Milliseconds of processor time since the process began. `disk` is the store's writer and whatever else there is. */
export interface ProcessorTime {
  readonly main: number
  readonly verifiers: number
  /** The garbage collector's and the compiler's threads. */
  readonly collector: number
  readonly disk: number
}

/** Milliseconds of processor time of this thread. */
export function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Linux tells each thread's time by its name; elsewhere all but the main thread counts as `disk`. */
export function processorTime(): ProcessorTime {
  const { user, system } = process.cpuUsage()
  const main = threadMilliseconds()
  const verifiers = millisecondsOf("WorkerThread")
  const collector = millisecondsOf("V8Worker")
  return { main, verifiers, collector, disk: (user + system) / 1000 - main - verifiers - collector }
}

function millisecondsOf(name: string): number {
  const tasks = "/proc/self/task"
  let milliseconds = 0
  try {
    for (const task of readdirSync(tasks)) {
      if (!readFileSync(`${tasks}/${task}/comm`, "latin1").startsWith(name)) continue
      milliseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ")[0]) / 1e6
    }
  } catch {
    return 0
  }
  return milliseconds
}

export function between(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
  return {
    main: after.main - before.main,
    verifiers: after.verifiers - before.verifiers,
    collector: after.collector - before.collector,
    disk: after.disk - before.disk,
  }
}

export function totalOf({ main, verifiers, collector, disk }: ProcessorTime): number {
  return main + verifiers + collector + disk
}

/** Resident memory in MB: all of it, and the part that is pages of files, which the system takes back when it likes. */
export function residentMegabytes(): { readonly all: number; readonly files: number } {
  const all = process.memoryUsage.rss() / 1e6
  try {
    const kilobytes = /^RssFile:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]
    return { all, files: Number(kilobytes ?? 0) * 1.024e-3 }
  } catch {
    return { all, files: 0 }
  }
}
