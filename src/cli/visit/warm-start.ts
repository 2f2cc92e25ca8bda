/**
 * Seven processes that load the same code: it is compiled once, by the first, into the platform's compile cache, and
 * read from there by the others. Where no cache can be written everything works the same, only slower.
 */

import { existsSync } from "node:fs"
import { constants, enableCompileCache, flushCompileCache, getCompileCacheDir } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Beside the dependencies of this checkout, else where the platform keeps such things. */
function cacheFolder(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder)
  return existsSync(join(folder, "node_modules")) ? join(folder, "node_modules", ".cache", "countersign") : undefined
}

/** Compiles a node's code and gives the environment in which others find it compiled. */
export async function compileOnce(): Promise<Readonly<Record<string, string>>> {
  const { status } = enableCompileCache(cacheFolder())
  if (status === constants.compileCacheStatus.FAILED || status === constants.compileCacheStatus.DISABLED) return {}
  await import("../../node/node.ts")
  flushCompileCache()
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}
