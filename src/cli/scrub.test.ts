/** What `scrub` says over several files: every finding with its file, and one bad file stops no other. */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { test } from "node:test"
import { Refused } from "../base/refusal.ts"
import { Screen } from "./screen.ts"
import { scrubCommand } from "./scrub.ts"

const example = join(import.meta.dirname, "../../examples/eye-claim.837")

async function scrub(...args: readonly string[]): Promise<string> {
  let said = ""
  const out = new Writable({
    write(chunk, _encoding, done) {
      said += String(chunk)
      done()
    },
  })
  await scrubCommand.run(args, new Screen(out))
  return said
}

test("of several files each finding names its own; what cannot be read is named and the others go on", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-scrub-"))
  t.after(() => rmSync(folder, { recursive: true }))
  const empty = join(folder, "empty.837")
  writeFileSync(empty, "")
  // The example with a provider number whose check digit fails.
  const claim = join(folder, "wrong.837")
  writeFileSync(claim, readFileSync(example, "utf8").replaceAll("1000000004", "1000000001"))
  const said = await scrub(empty, join(folder, "absent.837"), folder, claim)
  assert.match(said, /error +empty\.837 {2}.*the file is empty/)
  assert.match(said, /error +absent\.837 {2}.*there is none of this name/)
  assert.match(said, /error +claim 4 \(1 of wrong\.837\) {2}NM109/)
  assert.match(await scrub(claim), /error +claim 1 {2}NM109/)
  assert.match(await scrub(example), /May be sent: 1 claim, 0 errors, 0 warnings/)
  await assert.rejects(scrub(empty), (error) => error instanceof Refused && error.refusal.code === "x12-no-isa")
})
