/**
 * The files of a backup: copied durably, and listed with their digests in `SHA256SUMS`, which `sha256sum -c` reads, too.
 * A database file that a disk has changed must be found out before it is opened: it can end the process that maps it.
 */
import { createHash } from "node:crypto"
import { createReadStream, existsSync, readFileSync } from "node:fs"
import { chmod, copyFile, mkdir, readdir } from "node:fs/promises"
import { dirname, isAbsolute, join, normalize } from "node:path"
import { Fault } from "../base/fault.ts"
import { syncPath, writeDurably } from "../store/durable-files.ts"

const sumsName = "SHA256SUMS"

/** Copies the regular files of a folder that may be absent. One that goes while it is copied is left out. */
export async function copyFolder(from: string, to: string, takes: (path: string) => boolean, at = ""): Promise<void> {
  const folder = join(from, at)
  if (!existsSync(folder)) return
  await mkdir(join(to, at), { recursive: true, mode: 0o700 })
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(at, entry.name)
    if (entry.isDirectory()) await copyFolder(from, to, takes, path)
    else if (entry.isFile() && takes(path)) await copyDurably(join(from, path), join(to, path), { mayBeGone: true })
  }
  await syncPath(join(to, at))
}

/** The copy is readable by its owner alone. @throws Fault when a disk refuses. */
export async function copyDurably(from: string, to: string, { mayBeGone = false } = {}): Promise<void> {
  try {
    await copyFile(from, to)
    await chmod(to, 0o600)
    await syncPath(to)
  } catch (cause) {
    if (mayBeGone && !existsSync(from)) return
    throw new Fault(`Cannot copy ${from}`, { retryable: true, cause })
  }
}

/** Lists every file under a folder with its digest, in the folder itself. */
export async function writeSums(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const lines: string[] = []
  for (const path of paths.sort()) lines.push(`${await sumOf(path)}  ${path.slice(join(folder, "/").length)}\n`)
  await writeDurably(join(folder, sumsName), Buffer.from(lines.join("")))
}

/**
 * Copies the listed files of a backup.
 *
 * @param takes - by path within the backup.
 * @throws Fault when one is missing or is not what was listed.
 */
export async function copyListed(from: string, to: string, takes: (path: string) => boolean): Promise<void> {
  const folders = new Set<string>()
  for (const [path, sum] of readSums(from).filter(([name]) => takes(name))) {
    await mkdir(dirname(join(to, path)), { recursive: true, mode: 0o700 })
    await copyDurably(join(from, path), join(to, path))
    if ((await sumOf(join(to, path))) !== sum)
      throw new Fault(`Cannot restore node: ${path} of the backup is not what was written`)
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder)
  }
  for (const folder of folders) await syncPath(join(to, folder))
}

function readSums(from: string): readonly (readonly [path: string, sum: string])[] {
  if (!existsSync(join(from, sumsName))) throw new Fault(`Cannot restore node: the backup has no ${sumsName}`)
  const lines = readFileSync(join(from, sumsName), "utf8").split("\n").slice(0, -1)
  return lines.map((line) => {
    const [, sum, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    if (
      sum === undefined ||
      path === undefined ||
      isAbsolute(path) ||
      normalize(path) !== path ||
      path.startsWith("..")
    )
      throw new Fault(`Cannot restore node: the backup's ${sumsName} is damaged`)
    return [path, sum] as const
  })
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash("sha256")
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer)
  return hash.digest("hex")
}
