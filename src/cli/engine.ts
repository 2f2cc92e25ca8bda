/**
 * `countersign engine`: builds the pinned CometBFT into `.engine/` with the machine's own Go. A version is always named:
 * what CometBFT calls the latest is a line of versions that was given up.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { Refused, refuse } from "../base/refusal.ts"
import { cometBftVersion, engineDirectory, isProgram } from "../engine/comet/binary.ts"
import type { Command } from "./command.ts"
import type { Screen } from "./screen.ts"

export interface EngineValue {
  readonly path: string
  readonly version: string
  /** False when the right version was there already. */
  readonly built: boolean
}

export interface EngineBuild {
  /** Where the program goes. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  /** Build again even if the right version is there. */
  readonly force: boolean
}

/** Newest first, with the oldest minor version of Go 1 that compiles it. */
const versions = [
  { version: "0.39.4", go: 25 },
  { version: "0.38.25", go: 22 },
] as const

const remedy = "Install Go 1.25 or newer from https://go.dev/dl, then run npm run engine again"

/** In PATH, else where Go's own installer puts it. */
function findGo({ environment }: EngineBuild): string | undefined {
  const folders = [...(environment["PATH"] ?? "").split(delimiter), environment["GOROOT"] ?? "/usr/local/go"]
  return folders
    .filter((folder) => folder !== "")
    .flatMap((folder) => [join(folder, "go"), join(folder, "bin", "go")])
    .find(isProgram)
}

interface Ran {
  readonly code: number | null
  readonly lines: readonly string[]
}

/** Runs a program to its end; its lines of both outputs go to `say` as they come. */
function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  say: (line: string) => void,
): Promise<Ran> {
  return new Promise((resolve) => {
    const lines: string[] = []
    const hear = (line: string) => {
      lines.push(line)
      say(line)
    }
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", hear)
    child.once("error", (error) => resolve({ code: null, lines: [...lines, error.message] }))
    child.once("close", (code) => resolve({ code, lines }))
  })
}

/** The minor version of a Go 1, as `go version` says it. */
async function goMinor(go: string, build: EngineBuild): Promise<number> {
  // Local: else an older Go would fetch a newer one by itself, and answer for that.
  const env = { ...build.environment, GOTOOLCHAIN: "local" }
  const { lines } = await run(go, ["version"], { cwd: build.directory, env }, () => {})
  const minor = /\bgo1\.(\d+)/.exec(lines.join("\n"))?.[1]
  if (minor === undefined)
    return refuse("go-unusable", "Cannot build CometBFT: Go does not say its version", go, remedy)
  return Number(minor)
}

/** The version that the program in its place has; undefined when there is none that runs. */
async function builtVersion(path: string): Promise<string | undefined> {
  return existsSync(path) ? cometBftVersion(path).catch(() => undefined) : undefined
}

/** Which version to build, and with which Go. @throws Refused when Go is missing or too old. */
async function choose(build: EngineBuild): Promise<{ go: string; version: string }> {
  const go = findGo(build)
  if (go === undefined) return refuse("go-absent", "Cannot build CometBFT: Go is not installed", "go", remedy)
  const minor = await goMinor(go, build)
  const chosen = versions.find((one) => minor >= one.go)
  if (chosen === undefined) return refuse("go-too-old", `Cannot build CometBFT: Go 1.${minor} is too old`, go, remedy)
  return { go, version: chosen.version }
}

/** The command's whole work. @throws Refused when it cannot be done, with what to do about it. */
export async function buildEngine(build: EngineBuild, screen: Screen): Promise<EngineValue> {
  mkdirSync(build.directory, { recursive: true })
  const path = join(build.directory, "cometbft")
  const present = await builtVersion(path)
  if (present === versions[0].version && !build.force) return { path, version: present, built: false }
  const { go, version } = await choose(build)
  if (present === version && !build.force) return { path, version: present, built: false }
  if (version !== versions[0].version) screen.say(`This Go is too old for CometBFT ${versions[0].version}.`)
  screen.say(`Building CometBFT ${version} with ${go}. The first time it takes some minutes.`)
  const env = { ...build.environment, CGO_ENABLED: "0", GOBIN: build.directory, GOTOOLCHAIN: "local" }
  const target = `github.com/cometbft/cometbft/cmd/cometbft@v${version}`
  const { code, lines } = await run(go, ["install", target], { cwd: build.directory, env }, (line) =>
    screen.quiet(line),
  )
  if (code !== 0) {
    const reason = lines.findLast((line) => line.trim() !== "") ?? "go install says nothing"
    const what = "See that Go can reach its module proxy, then run npm run engine again"
    return refuse("engine-not-built", `Cannot build CometBFT ${version}: ${reason}`, "go install", what)
  }
  const built = await cometBftVersion(path)
  if (built !== version)
    return refuse("engine-not-built", `Cannot build CometBFT ${version}: it became ${built}`, path, remedy)
  return { path, version, built: true }
}

export const engineCommand: Command = {
  summary: "Builds CometBFT, the engine of a consortium, with the Go on this machine",
  usage: "engine [--force] [--if-possible]",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: { force: { type: "boolean", default: false }, "if-possible": { type: "boolean", default: false } },
    })
    const build = { directory: engineDirectory, environment: process.env, force: values.force }
    const value = await buildEngine(build, screen).catch((error: unknown) => {
      if (!values["if-possible"] || !(error instanceof Refused)) throw error
      screen.say(`${error.message}. Whatever needs it is skipped, and says so.`)
      return undefined
    })
    if (value === undefined) return { value: { built: false } }
    screen.say(`${screen.good(value.built ? "BUILT" : "THERE")}  CometBFT ${value.version}  ${value.path}`)
    return { value }
  },
}
