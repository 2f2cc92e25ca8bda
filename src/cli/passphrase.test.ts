/** Goal: a passphrase is asked for without showing it, twice where a directory begins with it, and never guessed at. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { after, test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { askHidden, startKeyOf, type Terminal } from "./passphrase.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-words-"))
after(() => rmSync(root, { recursive: true }))
const refused = (error: unknown) => error instanceof Refused && error.refusal.code === "passphrase"

/** A terminal on which these lines are typed, one a question. */
function terminal(isTTY: boolean, ...lines: readonly string[]) {
  const raw: boolean[] = []
  const shown: string[] = []
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: (on: boolean) => raw.push(on) })
  const output = new PassThrough()
  let next = 0
  output.on("data", (chunk: Buffer) => {
    shown.push(chunk.toString())
    if (chunk.toString().endsWith(": ")) setImmediate(() => input.write(lines[next++] ?? "\u0004"))
  })
  return { terminal: { input, output } satisfies Terminal, raw, shown }
}

test("what is typed is not shown, corrections count, and the terminal is given back", async () => {
  const { terminal: own, raw, shown } = terminal(true, "secrex\u007ft words\r")
  assert.equal(await askHidden("Passphrase: ", own), "secret words")
  assert.deepEqual(raw, [true, false])
  assert.equal(shown.join(""), "Passphrase: \n")
})

test("control-C and the end of input break it off, and the terminal is given back", async () => {
  for (const key of ["\u0003", "\u0004"]) {
    const { terminal: own, raw } = terminal(true, `half${key}`)
    await assert.rejects(askHidden("Passphrase: ", own), refused)
    assert.deepEqual(raw, [true, false])
  }
})

test("a directory that begins is asked for twice, and two that differ begin nothing", async () => {
  const same = terminal(true, "correct horse battery\r", "correct horse battery\r")
  const key = await startKeyOf(join(root, "one"), {}, { twice: true, terminal: same.terminal })
  assert.match(key, /^[!-~]{32}$/)
  const other = terminal(true, "correct horse battery\r", "correct horse batter\r")
  await assert.rejects(startKeyOf(join(root, "two"), {}, { twice: true, terminal: other.terminal }), refused)
  writeFileSync(join(root, "words"), "correct horse battery\n")
  assert.equal(await startKeyOf(join(root, "one"), { "passphrase-file": join(root, "words") }), key, "the same by file")
})

test("without a terminal nobody is asked; a key store hands the key over on standard input", async () => {
  const none = terminal(false)
  const before = process.env["COUNTERSIGN_PASSPHRASE"]
  delete process.env["COUNTERSIGN_PASSPHRASE"]
  try {
    await assert.rejects(startKeyOf(join(root, "one"), {}, { terminal: none.terminal }), refused)
  } finally {
    if (before !== undefined) process.env["COUNTERSIGN_PASSPHRASE"] = before
  }
  const input = new PassThrough()
  input.end(`${"k".repeat(32)}\n`)
  const given = startKeyOf(
    join(root, "one"),
    { "start-key-from-stdin": true },
    { terminal: { input, output: new PassThrough() } },
  )
  assert.equal(await given, "k".repeat(32))
  await assert.rejects(startKeyOf(join(root, "one"), { "passphrase-file": join(root, "absent") }), refused)
})
