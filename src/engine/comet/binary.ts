/** Finds the CometBFT program and asks which version it is. Nothing here builds it: `npm run engine` does. */
import { execFile } from "node:child_process"
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { promisify } from "node:util"
import { refuse } from "../../base/refusal.ts"

const packageRoot = resolve(import.meta.dirname, "..", "..", "..")

/** Where `npm run engine` puts it. */
export const engineDirectory = join(packageRoot, ".engine")

const remedy = "Run npm run engine; or set COUNTERSIGN_COMETBFT to a CometBFT 0.39 or 0.38"

/** Whether a file is there that we may run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * The program's path: what COUNTERSIGN_COMETBFT names, else the one that `npm run engine` built, else the first in
 * PATH. Undefined when there is none; a named one that is not there is not made up for by another.
 */
export function findCometBft(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["COUNTERSIGN_COMETBFT"]
  if (named !== undefined && named !== "") return isProgram(resolve(named)) ? resolve(named) : undefined
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  return [engineDirectory, ...folders].map((folder) => resolve(folder, "cometbft")).find(isProgram)
}

/** Whether our ABCI and our settings fit: 0.39 and 0.38. The abandoned 1.0 does not, though it is called the latest. */
export function isSupported(version: string): boolean {
  return /^0\.(38|39)\.\d+$/.test(version)
}

/** `0.39.4`, without a `v` or a commit. @throws Refused when it does not run or says something else. */
export async function cometBftVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["version"], { timeout: 20_000 }).catch(() =>
    refuse("engine-unusable", "Cannot use CometBFT: it does not run", path, remedy),
  )
  const version = /^v?(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1]?.split("+")[0]
  return version ?? refuse("engine-unusable", "Cannot use CometBFT: it does not say its version", path, remedy)
}

/** The path of a CometBFT that fits. @throws Refused when there is none, or one of another version. */
export async function requireCometBft(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const path = findCometBft(environment)
  if (path === undefined)
    return refuse("engine-absent", "Cannot start a validator: CometBFT is not installed", "cometbft", remedy)
  const version = await cometBftVersion(path)
  if (!isSupported(version))
    return refuse("engine-version", `Cannot use CometBFT ${version}: only 0.39 and 0.38 fit`, path, remedy)
  return path
}
