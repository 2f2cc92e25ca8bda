/**
 * Builds the package into dist/: JavaScript and declarations of everything that the command line and the four public
 * doors reach (`tsconfig.build.json` lists where to start). The checkout runs from source; only an installed package
 * needs this, because Node strips no types under node_modules. `plans/` and the pages are packed as they are.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildVerifier } from "./src/node/exit/offline-verifier.ts"

const root = import.meta.dirname
const source = join(root, "src")
const dist = join(root, "dist")
/** Declarations without code: the compiler reads them and emits nothing. */
const declarations = ["base/crypto.d.ts", "base/sodium-native.d.ts"]

function compile(): void {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc")
  const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  })
  if (status !== 0) process.exit(1)
}

/** Node takes `#crypto` from the nearest package.json; inside dist/ that is this one, and it names JavaScript. */
function writeManifest(): void {
  const { imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
  const built = (path: string) => path.replace(/^\.\/src\//, "./").replace(/(?<!\.d)\.ts$/, ".js")
  const rewritten = Object.entries(imports).map(([name, conditions]) => [
    name,
    Object.fromEntries(Object.entries(conditions).map(([condition, path]) => [condition, built(path)])),
  ])
  const manifest = { type: "module", imports: Object.fromEntries(rewritten) }
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** The compiler rewrites `./x.ts` in code; in declarations it leaves it, where no such file is packed. */
function rewriteDeclarations(): void {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"))
  for (const file of files) {
    const path = join(dist, file)
    const text = readFileSync(path, "utf8")
    const rewritten = text.replace(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]+?)(?<!\.d)\.ts"/g, '$1.js"')
    if (rewritten !== text) writeFileSync(path, rewritten)
  }
}

rmSync(dist, { recursive: true, force: true })
compile()
for (const file of declarations) copyFileSync(join(source, file), join(dist, file))
rewriteDeclarations()
writeManifest()
// What an exit bundle carries along: one file, built here since an installed package has no bundler.
writeFileSync(join(dist, "verify.mjs"), await buildVerifier(source))
chmodSync(join(dist, "cli", "main.js"), 0o755)
