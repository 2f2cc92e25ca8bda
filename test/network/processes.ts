/** The processes of this machine as the system lists them: who is whose child, and whose file names what. */
import { readdirSync, readFileSync } from "node:fs"

export function isAlive(pid: number): boolean {
  // After the name in brackets: the state. A zombie has ended.
  const stat = read(`/proc/${pid}/stat`)
  return stat !== undefined && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2))
}

/** Process ids of the children of a process that run a program of this name. */
export function childrenOf(parent: number, program: string): readonly number[] {
  return all().filter((pid) => {
    const stat = read(`/proc/${pid}/stat`) ?? ""
    const [, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return Number(ppid) === parent && stat.includes(`(${program})`) && isAlive(pid)
  })
}

/** Process ids of those whose command line names a text: a directory that nobody else has. */
export function naming(text: string): readonly number[] {
  return all().filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`)?.includes(text) === true)
}

/** @returns whether there was such a process. */
export function signal(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}

function all(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return undefined
  }
}
