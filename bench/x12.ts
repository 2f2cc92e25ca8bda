/**
 * Reading X12: megabytes a second of claims (837, all in one transaction) and payments (835, many transactions), and the
 * most memory that a process takes for 10 MB and for 100 MB. Each measurement is a process of its own: `node bench/x12.ts`.
 */
import { execFileSync } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Fault } from "../src/base/fault.ts"
import { isRefusal } from "../src/formats/answer.ts"
import { checkFile } from "../src/formats/x12/check/check-file.ts"
import { claimsOf837 } from "../src/formats/x12/claim/read-837-claims.ts"
import { remittanceOf835 } from "../src/formats/x12/remittance/read-835.ts"
import { pullTransactions } from "../src/formats/x12/syntax/pull.ts"

const kinds = ["837", "835"] as const
const works = ["split", "read", "check"] as const
type Kind = (typeof kinds)[number]
/** Segments only; claims or payments as values; the whole check with the guide's rules. */
type Work = (typeof works)[number]

const piece = 1 << 16
const isa =
  "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*000000001*0*T*:~\n"
const opening = (group: string, guide: string) => `${isa}GS*${group}*CLINIC*PAYER*20260414*1200*1*X*${guide}~\n`
const head837 = `ST*837*0001*005010X222A1~
BHT*0019*00*B1*20260414*1200*CH~
NM1*41*2*CLINIC*****46*S1~
PER*IC*DESK*TE*5551234567~
NM1*40*2*PAYER*****46*P1~
HL*1**20*1~
NM1*85*2*EYE CLINIC*****XX*1234567893~
N3*12 MAIN STREET~
N4*SPRINGFIELD*IL*62701~
REF*EI*123456789~
`
const procedures = ["92014", "92083", "92134", "67028"]

/** One subscriber with one claim of four lines; n makes its numbers its own. */
function claim837(n: number): string {
  const lines = procedures.map(
    (code, i) =>
      `LX*${i + 1}~\nSV1*HC:${code}*${100 + i}*UN*1***1~\nDTP*472*D8*202604${String(1 + (n % 28)).padStart(2, "0")}~\nREF*6R*${n}-${i + 1}~\n`,
  )
  return `HL*${n + 2}*1*22*0~
SBR*P*18*GROUP${n % 97}******CI~
NM1*IL*1*FAMILY${n}*GIVEN****MI*M${n}~
N3*${n % 999} SIDE STREET~
N4*SPRINGFIELD*IL*62701~
DMG*D8*19${50 + (n % 50)}0612*F~
NM1*PR*2*SAMPLE MUTUAL*****PI*P1~
CLM*C${n}*406***11:B:1*Y*A*Y*Y~
HI*ABK:H353211*ABF:H2513~
${lines.join("")}`
}

function payment835(n: number): string {
  const claims = Array.from({ length: 50 }, (_, i) => {
    const lines = procedures.map(
      (code) =>
        `SVC*HC:${code}*100*60**1~\nDTM*472*20260414~\nCAS*CO*45*25~\nCAS*PR*2*15~\nREF*6R*${n}-${i}~\nAMT*B6*75~\n`,
    )
    return `CLP*C${n}-${i}*1*400*240*60*CI*P${n}-${i}*11*1~\nNM1*QC*1*FAMILY${n}*GIVEN****MI*M${n}~\n${lines.join("")}`
  })
  const head = `BPR*I*12000*C*CHK************20260420~\nTRN*1*T${n}*1234567890~\nDTM*405*20260420~\nN1*PR*SAMPLE MUTUAL~\nN1*PE*EYE CLINIC*XX*1234567893~\nLX*1~\n`
  const body = head + claims.join("")
  return `ST*835*${String(n + 1).padStart(6, "0")}~\n${body}SE*${body.split("~").length + 1}*${String(n + 1).padStart(6, "0")}~\n`
}

/** The texts of a file of about so many bytes; made while they are read, so that they take no memory. */
function* texts(kind: Kind, bytes: number): Generator<string, void, void> {
  let [length, count, segments] = [0, 0, 12]
  yield kind === "837" ? opening("HC", "005010X222A1") + head837 : opening("HP", "005010X221A1")
  for (; length < bytes; count++) {
    const text = kind === "837" ? claim837(count) : payment835(count)
    if (kind === "837") segments += text.split("~").length - 1
    length += text.length
    yield text
  }
  if (kind === "837") yield `SE*${segments - 1}*0001~\n`
  yield `GE*${kind === "837" ? 1 : count}*1~\nIEA*1*000000001~\n`
}

function* chunks(kind: Kind, bytes: number): Generator<Uint8Array, void, void> {
  let pending = ""
  for (const text of texts(kind, bytes)) {
    pending += text
    if (pending.length < piece) continue
    yield Buffer.from(pending)
    pending = ""
  }
  yield Buffer.from(pending)
}

/** Claims that came through. @throws Fault when anything is refused: then nothing was measured. */
function work(kind: Kind, how: Work, source: Iterable<Uint8Array>): number {
  if (how === "check") {
    const report = checkFile(source)
    const all = report.interchanges.flatMap(({ groups }) => groups).flatMap(({ transactions }) => transactions)
    const wrong = all.find(({ isRefused }) => isRefused)
    if (wrong !== undefined)
      throw new Fault(`Cannot measure: ${JSON.stringify(wrong.findings[0] ?? wrong.refusedClaims[0])}`)
    return all.reduce((sum, { claims }) => sum + claims, 0)
  }
  let claims = 0
  const tell = ({ message }: { readonly message: string }) => {
    throw new Fault(`Cannot measure: ${message}`)
  }
  for (const { header, segments } of pullTransactions(source, tell)) {
    const { set, control, guide, group } = header
    const envelope = { control: group.interchange.control, component: group.interchange.separators.component }
    if (how === "split") {
      for (const { tag } of segments) if (tag === "CLM" || tag === "CLP") claims++
    } else if (kind === "837") {
      for (const found of claimsOf837({ set, control, guide, segments }, envelope)) {
        if ("refusal" in found) throw new Fault(`Cannot measure: ${found.refusal.message} ${found.refusal.at}`)
        claims++
      }
    } else {
      const remittance = remittanceOf835({ set, control, guide, segments }, envelope)
      if (isRefusal(remittance)) throw new Fault(`Cannot measure: ${remittance.message} ${remittance.at}`)
      claims += remittance.claims.length
    }
  }
  return claims
}

interface Measured {
  readonly megabytes: number
  readonly claims: number
  /** By the working time of one thread; making the file is not counted. */
  readonly megabytesPerSecond: number
  readonly peakMb: number
}

/** Seconds that this thread has worked: other programs on the machine do not count. */
function busy(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

function measure(kind: Kind, how: Work, megabytes: number): Measured {
  let [bytes, making] = [0, 0]
  function* timed(): Generator<Uint8Array, void, void> {
    const source = chunks(kind, megabytes * 1e6)
    for (;;) {
      const before = busy()
      const { value, done } = source.next()
      making += busy() - before
      if (done === true) return
      bytes += value.length
      yield value
    }
  }
  const started = busy()
  const claims = work(kind, how, timed())
  const seconds = busy() - started - making
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024)
  return { megabytes: bytes / 1e6, claims, megabytesPerSecond: bytes / 1e6 / seconds, peakMb }
}

function measureApart(kind: Kind, how: Work, megabytes: number): Measured {
  // Held to a small heap, a process that kept what it has read would die.
  const args = ["--max-old-space-size=48", fileURLToPath(import.meta.url), "--one", `${kind} ${how} ${megabytes}`]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))
}

/** The table of `node bench/x12.ts`. */
export function x12Table(): string {
  const rows = kinds.flatMap((kind) =>
    works.map((how) => {
      const [small, large] = [measureApart(kind, how, 10), measureApart(kind, how, 100)]
      const speeds = [small, large].map(({ megabytesPerSecond }) => megabytesPerSecond.toFixed(1).padStart(6))
      const peaks = [small, large].map(({ peakMb }) => String(peakMb).padStart(5))
      return `${kind} ${how.padEnd(6)} ${speeds.join(" ")}    ${peaks.join(" ")}    ${large.claims}`
    }),
  )
  const title = `X12 on one of ${availableParallelism()} cores: MB/s and peak MB for files of 10 and 100 MB; claims in the larger`
  return [title, "           MB/s 10    100     MB 10   100", ...rows].join("\n")
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { one: { type: "string" } } })
  if (values.one === undefined) console.log(x12Table())
  else {
    const [kind, how, megabytes] = values.one.split(" ")
    console.log(JSON.stringify(measure(kind as Kind, how as Work, Number(megabytes))))
  }
}
