/** The files that a command line names: each by itself, or all that lie in a folder. */
import { readdirSync, statSync } from "node:fs"
import { basename, join, relative } from "node:path"

/** The files named, and those in the folders named, each with the name it is shown under. */
export function filesOf(paths: readonly string[]): readonly { readonly path: string; readonly name: string }[] {
  return paths.flatMap((path) => {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    if (!isFolder) return [{ path, name: basename(path) }]
    const inside = readdirSync(path, { recursive: true, withFileTypes: true })
    const files = inside.filter((entry) => entry.isFile() && !/^\.|\.md$/i.test(entry.name))
    const found = files.map((entry) => join(entry.parentPath, entry.name)).sort()
    return found.map((one) => ({ path: one, name: relative(path, one) }))
  })
}
