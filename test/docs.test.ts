/**
 * Goal: what the pages say can be done, can be done. Every script, command, flag, file and heading that a page names
 * exists; every command that the help lists answers, and the README speaks of it.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { test } from "node:test"

const root = resolve(import.meta.dirname, "..")
const main = join(root, "src/cli/main.ts")
const read = (file: string) => readFileSync(join(root, file), "utf8")
const manifest = JSON.parse(read("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

function pagesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file))
}
const pages = [...readdirSync(root).filter((file) => file.endsWith(".md")), ...["docs", "examples"].flatMap(pagesUnder)]

function countersign(...args: readonly string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", input: "", cwd: root })
}

/** The commands of the help, each with its usage line. */
function commandsOfHelp(): ReadonlyMap<string, string> {
  const { status, stdout } = countersign("help")
  assert.equal(status, 0)
  const lines = stdout
    .split("\n")
    .slice(1)
    .filter((line) => line.startsWith("  "))
  return new Map(lines.map((line) => [line.trim().split(" ")[0]!, line.trim()]))
}

test("the README's two commands are scripts of the package, and every script that a page names exists", () => {
  const readme = read("README.md")
  for (const command of ["npm ci && npm run visit", "npm ci && npm test"]) assert.ok(readme.includes(command), command)
  assert.ok("visit" in manifest.scripts && "test" in manifest.scripts)
  for (const page of pages)
    for (const [, name] of read(page).matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g))
      assert.ok(name! in manifest.scripts, `${page} names the script ${name}`)
})

test("every command of the help is there, refuses a flag it does not know, and is in the README", () => {
  const commands = commandsOfHelp()
  for (const name of ["visit", "verify"]) assert.ok(commands.has(name), name)
  const readme = read("README.md")
  for (const name of commands.keys()) {
    const { status, stdout, stderr } = countersign(name, "--no-such-flag", "--json")
    assert.equal(status, 1, `${name}: ${stderr}`)
    assert.equal((JSON.parse(stdout) as { readonly code: string }).code, "arguments", name)
    assert.ok(readme.includes(`\`${name} `) || readme.includes(`\`${name}\``), `the README speaks of ${name}`)
  }
})

test("every flag in the README's table of commands is one that the command's code reads", () => {
  const sources = readdirSync(join(root, "src/cli"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  )
  const code = sources.map((file) => read(join("src/cli", file))).join("\n")
  const rows = read("README.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
  const flags = new Set(rows.flatMap((row) => [...row.matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag!)))
  for (const flag of flags)
    assert.match(code, new RegExp(`(?:^|[\\s{,"])"?${flag}"?: (?:\\{ type:|text\\b)`, "m"), `--${flag}`)
  assert.ok(flags.size > 5)
})

/** As the places that show such pages make them: lower case, punctuation away, spaces to hyphens. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = withoutCode(read(page)).matchAll(/^#{1,6} (.+)$/gm)
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .trim()
      .replace(/ /g, "-")
  return new Set([...headings].map(([, heading]) => slug(heading!)))
}
function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "")
}

test("every link of a page to a file or a heading of ours leads somewhere", () => {
  let links = 0
  for (const page of pages) {
    for (const [, target] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const [path = "", anchor] = target!.split("#")
      const file = path === "" ? page : relative(root, resolve(root, dirname(page), path))
      links++
      assert.ok(existsSync(join(root, file)), `${page} links to ${target}`)
      if (anchor !== undefined && file.endsWith(".md"))
        assert.ok(anchorsOf(file).has(anchor), `${page} links to ${target}`)
    }
  }
  assert.ok(links > 5, `${links} links`)
})

test("every file of ours that a page names by its path exists", () => {
  for (const page of pages)
    for (const [, path] of read(page).matchAll(
      /`((?:src|test|plans|docs|bench)\/[\w./-]+\.(?:ts|md|csv|cases|json))`/g,
    ))
      assert.ok(existsSync(join(root, path!)), `${page} names ${path}`)
})

test("what the package packs is there, but for what the build makes", () => {
  for (const file of manifest.files) if (file !== "dist") assert.ok(existsSync(join(root, file)), file)
  assert.deepEqual(manifest.bin, { countersign: "./dist/cli/main.js" })
})
