/**
 * Seven processes that load the same code: it is compiled once, by the first, into the platform's compile cache, and
 * read from there by the others. Where no cache can be written, or the platform has none (Node 20), everything works
 * the same, only slower.
 */
import { existsSync } from "node:fs"
import * as platform from "node:module"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Beside the dependencies, in a checkout and in an installed package; never a folder that others may write. */
function cacheFolder(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const dependencies = basename(folder) === "node_modules" ? folder : join(folder, "node_modules")
    if (existsSync(dependencies)) return join(dependencies, ".cache", "countersign")
  }
  return undefined
}

/** Compiles a node's code and gives the environment in which others find it compiled. */
export async function compileOnce(): Promise<Readonly<Record<string, string>>> {
  const folder = cacheFolder()
  // Names of a later Node than the oldest we run on: looked up, not imported.
  if (folder === undefined || typeof platform.flushCompileCache !== "function") return {}
  const { status } = platform.enableCompileCache(folder)
  const { FAILED, DISABLED } = platform.constants.compileCacheStatus
  if (status === FAILED || status === DISABLED) return {}
  await import("../../node/node.ts")
  platform.flushCompileCache()
  const directory = platform.getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}
