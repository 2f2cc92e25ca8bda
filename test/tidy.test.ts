/** The house rules that a program can check: who may import whom, sizes, words, purity. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { test } from "node:test"

const root = resolve(import.meta.dirname, "..")
const source = join(root, "src")

/** The import table: folder → folders of ours it may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  plan: ["base"],
  privacy: ["base"],
  engine: ["base"],
  store: ["base"],
  ledger: ["base", "privacy"],
  record: ["base", "privacy"],
  verify: ["base", "plan", "privacy", "ledger"],
  formats: ["base", "plan", "record"],
  billing: ["base", "plan", "formats"],
  wallet: ["base", "plan", "privacy", "ledger", "record", "verify", "formats"],
  node: ["base", "plan", "privacy", "engine", "store", "ledger", "record", "verify", "formats", "billing"],
  cli: [
    "base",
    "plan",
    "privacy",
    "engine",
    "store",
    "ledger",
    "record",
    "verify",
    "formats",
    "billing",
    "wallet",
    "node",
  ],
}
const pureFolders = ["base", "plan", "privacy", "ledger", "verify", "formats", "billing"]
const platformFiles = ["src/base/crypto.node.ts", "src/base/crypto.browser.ts"]
const bannedNames = ["utils", "helpers", "common", "shared", "types"]
/** Files over the 400-line limit and why they are let stand. May only shrink. */
const longFiles: Readonly<Record<string, string>> = {}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}
const files = filesUnder(source)
const text = (file: string) => readFileSync(join(root, file), "utf8")
const folderOf = (file: string) => relative(source, join(root, file)).split("/")[0]!
const isTest = (file: string) => /\.(test|contract)\.ts$/.test(file) || /(^|\/)test\//.test(file)

function importsOf(file: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g
  return [...text(file).matchAll(pattern)].map((match) => match[1]!)
}

test("folders import only what the table allows", () => {
  for (const file of files.filter((name) => !isTest(name))) {
    const folder = folderOf(file)
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith(".")) continue
      const target = relative(source, resolve(root, dirname(file), specifier)).split("/")[0]!
      if (target === folder) continue
      assert.ok(mayImport[folder]?.includes(target), `${file} may not import ${target}`)
    }
  }
})

test("no import goes in a circle", () => {
  const graph = new Map<string, string[]>()
  for (const file of files) {
    graph.set(
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => relative(root, resolve(root, dirname(file), specifier))),
    )
  }
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    assert.ok(!path.includes(file), `circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`)
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test("pure folders read no clock, chance, locale or platform", () => {
  const banned =
    /\b(Date\b(?!\w)(?=\s*[.(])|new Date|Math\.random|Intl\.|toLocale\w*|localeCompare|process\.|setTimeout|fetch\(|async |await |"node:|performance\.)/
  for (const file of files.filter((name) => pureFolders.includes(folderOf(name)) && !isTest(name))) {
    if (platformFiles.includes(file)) continue
    const code = text(file)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\/\/.*$/gm, "")
    const hit = banned.exec(code)
    assert.equal(hit, null, `${file} uses ${hit?.[0]}`)
  }
})

test("files keep to their size and carry names a stranger would guess", () => {
  for (const file of files) {
    const base = file.split("/").at(-1)!.replace(/\.ts$/, "")
    assert.ok(!bannedNames.includes(base), `${file}: a drawer, not a name`)
    if (isTest(file)) continue
    const lines = text(file).split("\n").length
    assert.ok(lines <= 401 || file in longFiles, `${file} has ${lines} lines`)
  }
  for (const file of Object.keys(longFiles)) assert.ok(text(file).split("\n").length > 401, `${file} is short now`)
})

test("one version of each name for one thing", () => {
  const words = /\b(unhackable|fraud-proof|HIPAA-compliant|TODO|FIXME|XXX)\b/
  for (const file of files) assert.doesNotMatch(text(file), words, file)
})
