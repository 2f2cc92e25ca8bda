/** The build of CometBFT, with a program that plays Go: which version it asks for, and what it says when it cannot. */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { type TestContext, test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { buildEngine, type EngineBuild } from "./engine.ts"
import { Screen } from "./screen.ts"

interface Scene {
  readonly build: EngineBuild
  /** What Go was asked to do, one call a line. */
  calls(): readonly string[]
}

/** A directory to build into, and a Go of that version; `install` is what it does when asked to install. */
function scene(t: TestContext, version: string | undefined, install?: string): Scene {
  const root = mkdtempSync(join(tmpdir(), "engine-"))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const log = join(root, "calls")
  writeFileSync(log, "")
  mkdirSync(join(root, "bin"))
  // The target ends in @vVERSION: what is "built" says that version.
  const builds = `printf '#!/bin/sh\\necho %s\\n' "\${2##*@v}" > "$GOBIN/cometbft"; chmod +x "$GOBIN/cometbft"`
  const go = `#!/bin/sh
if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; exit 0; fi
echo "$* CGO_ENABLED=$CGO_ENABLED GOTOOLCHAIN=$GOTOOLCHAIN" >> ${log}
${install ?? builds}
`
  if (version !== undefined) writeFileSync(join(root, "bin", "go"), go, { mode: 0o755 })
  const environment = { PATH: `${join(root, "bin")}:/usr/bin:/bin`, GOROOT: join(root, "absent") }
  const calls = () => readFileSync(log, "utf8").split("\n").filter(Boolean)
  return { build: { directory: join(root, ".engine"), environment, force: false }, calls }
}

const screen = () => new Screen(new PassThrough())
const isRefused = (code: string, says: RegExp) => (error: unknown) =>
  error instanceof Refused &&
  error.refusal.code === code &&
  says.test(error.message) &&
  /npm run engine/.test(error.refusal.remedy)

test("a new Go builds the pinned version, once; --force builds again", async (t) => {
  const { build, calls } = scene(t, "go1.26.8")
  const path = join(build.directory, "cometbft")
  assert.deepEqual(await buildEngine(build, screen()), { path, version: "0.39.4", built: true })
  const call = "install github.com/cometbft/cometbft/cmd/cometbft@v0.39.4 CGO_ENABLED=0 GOTOOLCHAIN=local"
  assert.deepEqual(calls(), [call])
  assert.deepEqual(await buildEngine(build, screen()), { path, version: "0.39.4", built: false })
  assert.equal(calls().length, 1)
  assert.equal((await buildEngine({ ...build, force: true }, screen())).built, true)
  assert.equal(calls().length, 2)
})

test("an older Go builds the version that it can, and keeps it", async (t) => {
  for (const go of ["go1.22.2", "go1.24.9"]) {
    const { build, calls } = scene(t, go)
    assert.equal((await buildEngine(build, screen())).version, "0.38.25")
    assert.equal((await buildEngine(build, screen())).built, false)
    assert.equal(calls().length, 1)
    assert.match(calls()[0]!, /@v0\.38\.25 /)
  }
})

test("another version in its place is built over", async (t) => {
  const { build } = scene(t, "go1.25.0")
  mkdirSync(build.directory)
  writeFileSync(join(build.directory, "cometbft"), "#!/bin/sh\necho 0.38.25\n", { mode: 0o755 })
  assert.deepEqual({ ...(await buildEngine(build, screen())), path: "" }, { path: "", version: "0.39.4", built: true })
})

test("no Go, one that is too old, one that cannot: each is said, with what to do", async (t) => {
  await assert.rejects(buildEngine(scene(t, undefined).build, screen()), isRefused("go-absent", /Go is not installed/))
  await assert.rejects(
    buildEngine(scene(t, "go1.19.8").build, screen()),
    isRefused("go-too-old", /Go 1\.19 is too old/),
  )
  await assert.rejects(buildEngine(scene(t, "devel").build, screen()), isRefused("go-unusable", /does not say/))
  const offline = scene(t, "go1.26.8", "echo 'dial tcp: no route to host' >&2; exit 1")
  await assert.rejects(buildEngine(offline.build, screen()), isRefused("engine-not-built", /no route to host/))
  const other = scene(
    t,
    "go1.26.8",
    `printf '#!/bin/sh\\necho 1.0.1\\n' > "$GOBIN/cometbft"; chmod +x "$GOBIN/cometbft"`,
  )
  await assert.rejects(buildEngine(other.build, screen()), isRefused("engine-not-built", /it became 1\.0\.1/))
})
