import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

interface Ran {
  readonly exit: number
  readonly text: string
}

function x12(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "x12", ...args], (error, stdout) => {
      resolve({ exit: error === null ? 0 : Number(error.code), text: stdout })
    })
  })
}

const isa = (control: string) =>
  `ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*${control}*0*T*:~`
const claims = (control: string, more = "") =>
  [
    isa(control),
    "GS*HC*CLINIC*PAYER*20260414*1200*1*X*005010X222A1~",
    "ST*837*0001*005010X222A1~",
    "BHT*0019*00*B1*20260414*1200*CH~",
    "NM1*41*2*CLINIC*****46*S1~",
    "NM1*40*2*PAYER*****46*P1~",
    "HL*1**20*1~",
    "NM1*85*2*CLINIC*****XX*1234567893~",
    "HL*2*1*22*0~",
    "SBR*P*18*******CI~",
    "NM1*IL*1*DOEFAMILY*JANE****MI*MEMBER77~",
    "NM1*PR*2*PAYER*****PI*P1~",
    "CLM*CLAIM-ONE*210***11:B:1*Y*A*Y*Y~",
    "HI*ABK:H353211~",
    "LX*1~",
    "SV1*HC:92014*210*UN*1***1~",
    "DTP*472*D8*20260414~",
    "CLM*CLAIM-TWO*300***11:B:1*Y*A*Y*Y~",
    "HI*ABK:H353211~",
    "LX*1~",
    "SV1*HC:92014*210*UN*1***1~",
    "DTP*472*D8*20260414~",
    `${more}SE*${more === "" ? 21 : 22}*0001~`,
    "GE*1*1~",
    `IEA*1*${control}~`,
  ].join("\n")

function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-x12-"))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

test("a folder: a table, counts by kind, exit 1, and acknowledgements for their owner only", async (t) => {
  const good = claims("000000001").replace("CLAIM-TWO*300", "CLAIM-TWO*210")
  const folder = folderOf(t, {
    "good.837": good,
    "packed.837.gz": gzipSync(good.replaceAll("000000001", "000000002")),
    "total.837": claims("000000003"),
    "order.837": claims("000000004", "N3*1 STREET~"),
    "cut.837": claims("000000005").slice(0, 600),
    "notes.md": "not a file of X12",
    "other.txt": "hello",
  })
  const out = join(folder, "answers")
  const { exit, text } = await x12("check", folder, "--out", out, "--json")
  const { files, kinds } = JSON.parse(text)
  assert.equal(exit, 1)
  const shown = (file: { file: string; isRead: boolean; readClaims: number; claims: number; written: string[] }) =>
    `${file.file} ${file.isRead} ${file.readClaims}/${file.claims} ${file.written.map((one) => one.split(".").at(-1))}`
  assert.deepEqual(files.map(shown), [
    "cut.837 false 0/2 TA1",
    "good.837 true 2/2 999,277CA",
    "order.837 false 0/2 999",
    "other.txt false 0/0 ",
    "packed.837.gz true 2/2 999,277CA",
    "total.837 false 1/2 999,277CA",
  ])
  assert.deepEqual(kinds, [
    { kind: "837P", files: 5, read: 2, refused: 3 },
    { kind: "unknown", files: 1, read: 0, refused: 1 },
  ])
  assert.equal(statSync(out).mode & 0o777, 0o700)
  for (const name of readdirSync(out)) assert.equal(statSync(join(out, name)).mode & 0o777, 0o600)
  const status = readFileSync(join(out, "total.837.277CA"), "utf8")
  assert.match(status, /TRN\*2\*CLAIM-ONE~\nSTC\*A2:20\*\d{8}\*WQ\*210.00~/)
  assert.match(status, /TRN\*2\*CLAIM-TWO~\nSTC\*A8:400\*\d{8}\*U\*300.00~/)
  assert.match(readFileSync(join(out, "order.837.999"), "utf8"), /IK3\*N3\*21\*2400\*7~|IK3\*N3\*21\*2400\*2~/)
  assert.match(readFileSync(join(out, "cut.837.TA1"), "utf8"), /TA1\*000000005\*260414\*1200\*R\*023~/)
  assert.doesNotMatch(text, /DOEFAMILY|MEMBER77|CLAIM-/)
})

test("one file: its defects in sentences, with line and remedy, and no claim's number", async (t) => {
  const folder = folderOf(t, { "total.837": claims("000000003") })
  const { exit, text } = await x12("check", join(folder, "total.837"))
  assert.equal(exit, 1)
  assert.match(text, /837P, guide 005010X222A1: refused/)
  assert.match(text, /transactions read 0 of 1, claims read 1 of 2/)
  assert.match(text, /refused .*line 18.*claim 2/)
  assert.match(text, /What to do: /)
  assert.doesNotMatch(text, /Neither TA1/)
  assert.doesNotMatch(text, /DOEFAMILY|MEMBER77|CLAIM-/)
  const hello = await x12("check", join(folderOf(t, { "hello.837": "hello" }), "hello.837"))
  assert.equal(hello.exit, 1)
  assert.match(hello.text, /Neither TA1 nor 999 can answer it: no ISA names a sender/)
  const absent = await x12("check", join(folder, "nothing.837"))
  assert.equal(absent.exit, 1)
  assert.match(absent.text, /file-absent/)
  assert.equal((await x12("check")).exit, 1)
})
