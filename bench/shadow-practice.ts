/**
 * A practice that never was, from a seed: claims (837), remittances (835) and contract rates, with planted findings and
 * the list of them. Written by hand as text, so that it shares nothing with our own writers.
 */

import { claimFiles, remittanceFiles } from "./shadow-files.ts"
import { type Answer, date, days, firstDay, money, type PracticeFile, payers } from "./shadow-terms.ts"

export interface Practice {
  /** Claims first, then remittances by week and payer. */
  readonly files: readonly PracticeFile[]
  readonly rates: string
  /** `claim|line control|class` of every planted finding, save those that only habit can hint at. */
  readonly truth: ReadonlySet<string>
  /** Underpayments by the payer without rates: found where it paid the same service often enough. */
  readonly hints: ReadonlySet<string>
  /** What the contract rates prove, in cents. */
  readonly proven: bigint
  /** Σ BPR02, in cents. */
  readonly paid: bigint
}

/** mulberry32: small, and the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const hinted = 3

const services = [
  ["S0620", 12000],
  ["S0621", 9500],
  ["G0117", 4200],
  ["G0118", 3100],
  ["J0178", 96000],
  ["J2778", 88000],
  ["V2020", 7400],
  ["V2100", 5200],
  ["A4262", 2600],
  ["L3000", 24000],
  ["G0008", 2500],
  ["V2781", 11000],
] as const

type Fate =
  | "paid"
  | "underpaid"
  | "fixable"
  | "final"
  | "unanswered"
  | "duplicate"
  | "takeback"
  | "corrected"
  | "secondary"
  // Nothing is wrong with these, though they look like it.
  | "sequestered"
  | "ranked"
  | "capitated"
  | "cheap"
  | "resent"
  | "replaced"
  | "component"

/** Out of a thousand claims. */
const fates: readonly (readonly [Fate, number])[] = [
  ["underpaid", 40],
  ["fixable", 35],
  ["final", 35],
  ["unanswered", 40],
  ["duplicate", 10],
  ["takeback", 10],
  ["corrected", 10],
  ["secondary", 20],
  ["sequestered", 10],
  ["ranked", 10],
  ["capitated", 5],
  ["cheap", 10],
  ["resent", 10],
  ["replaced", 10],
  ["component", 10],
]

const fixable = [
  ["16", "M76"],
  ["16", "N290"],
  ["4", "N822"],
  ["31", "N382"],
  ["11", ""],
] as const
const final = [
  ["50", "N115"],
  ["96", "N130"],
  ["97", "N19"],
  ["29", ""],
  ["197", ""],
] as const

interface Line {
  readonly control: string
  readonly code: string
  readonly modifier: string
  readonly charge: number
  readonly allowed: number
}

interface Claim {
  readonly number: number
  readonly control: string
  readonly payer: number
  readonly member: string
  readonly day: number
  readonly lines: readonly Line[]
  readonly fate: Fate
}

const allowedOf = (payer: number, base: number) => Math.round((base * payers[payer]!.rate) / 100)

/** Builds the practice; 100,000 claims hold about 250,000 lines. */
export function makePractice(seed: number, claimCount: number): Practice {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const truth = new Set<string>()
  const hints = new Set<string>()
  const answers: Answer[] = []
  const bodies: string[] = []
  let proven = 0
  for (let number = 1; number <= claimCount; number++) {
    const claim = makeClaim(number, random, pick)
    bodies.push(claimText(claim))
    if (claim.fate === "resent") bodies.push(claimText(claim))
    if (claim.fate === "replaced") bodies.push(claimText(claim, `ICN${claim.number}W${weekOf(claim)}`))
    const before = answers.length
    const found = answerClaim(claim, random, pick, answers)
    proven += found.proven
    for (const key of found.keys) (key.endsWith("underpaid") && claim.payer === hinted ? hints : truth).add(key)
    if (claim.fate === "unanswered") answers.length = before
  }
  const remittances = remittanceFiles(answers)
  return {
    files: [...claimFiles(bodies), ...remittances.files],
    rates: ratesText(),
    ...{ truth, hints },
    proven: BigInt(proven),
    paid: BigInt(remittances.paid),
  }
}

function makeClaim(number: number, random: () => number, pick: <T>(list: readonly T[]) => T): Claim {
  const payer = Math.floor(random() * payers.length)
  const control = `A${String(number).padStart(7, "0")}`
  const codes = new Set<(typeof services)[number]>()
  const wanted = 1 + Math.floor(random() * 4)
  while (codes.size < wanted) codes.add(pick(services))
  let roll = random() * 1000
  const fate = fates.find(([, share]) => (roll -= share) < 0)?.[0] ?? "paid"
  const lines = [...codes].map(([code, base], index) => {
    const allowed = allowedOf(payer, base)
    // A cheap line is charged below its contract rate, a component is priced at less than the whole service.
    const charge = fate === "cheap" ? Math.floor(allowed / 2) : Math.round(base * 1.6) + index
    const modifier = fate === "component" ? "26" : random() < 0.1 ? pick(["LT", "RT", "25"]) : ""
    const priced = fate === "cheap" ? charge : fate === "component" ? Math.floor(allowed / 3) : allowed
    return { control: `${control}L${index + 1}`, code, modifier, charge, allowed: priced }
  })
  const member = `M${String(Math.floor(random() * 20_000)).padStart(6, "0")}P${payer}`
  return {
    number,
    control,
    payer,
    member,
    day: firstDay + Math.floor((number * days) / 100_000) + Math.floor(random() * 7),
    lines,
    fate,
  }
}

/** The claim; with the payer's number of the first, its replacement. */
function claimText(claim: Claim, original = ""): string {
  const { control, payer, member, day, lines } = claim
  const total = lines.reduce((sum, line) => sum + line.charge, 0)
  const level = claim.number + 1
  return [
    ...[`HL*${level}*1*22*0`, "SBR*P*18*******CI", `NM1*IL*1*FAMILY${claim.number % 997}*GIVEN****MI*${member}`],
    ...["N3*1 INVENTED ROAD", "N4*NOWHERE*OH*44004", "DMG*D8*19700101*F"],
    `NM1*PR*2*${payers[payer]!.name}*****PI*${payers[payer]!.id}`,
    `CLM*${control}*${money(total)}***11:B:${original === "" ? 1 : 7}*Y*A*Y*Y`,
    ...(original === "" ? [] : [`REF*F8*${original}`]),
    "HI*ABK:H3530*ABF:H2513",
    "NM1*82*1*ROWAN*AVERY****XX*1003000126",
    ...lines.flatMap((line, index) => [
      `LX*${index + 1}`,
      `SV1*HC:${line.code}${line.modifier === "" ? "" : `:${line.modifier}`}*${money(line.charge)}*UN*1***1`,
      ...[`DTP*472*D8*${date(day)}`, `REF*6R*${line.control}`],
    ]),
  ].join("~\n")
}

const weekOf = (claim: Claim) => Math.floor((claim.day - firstDay + 14) / 7)

interface Decided {
  readonly line: Line
  readonly paid: number
  readonly share: number
  readonly cas: readonly (readonly [group: string, carc: string, amount: number])[]
  readonly remark: string
}

function decide(line: Line, allowed: number, share: number): Decided {
  const patient = Math.min(share, allowed)
  const cas: (readonly [string, string, number])[] = [["CO", "45", line.charge - allowed]]
  if (patient > 0) cas.push(["PR", "3", patient])
  return { line, paid: allowed - patient, share: patient, cas, remark: "" }
}

const deny = (line: Line, group: string, carc: string, remark: string): Decided => ({
  ...{ line, paid: 0, share: 0, remark },
  cas: [[group, carc, line.charge]],
})

/** How the answer spells what it answers: as sent, or in the ways that make matching hard. */
interface Spelling {
  readonly control: string
  readonly hasControls: boolean
  readonly hasModifiers: boolean
}

function spellingOf(claim: Claim, way: number): Spelling {
  const garbled = way < 0.01 && claim.fate !== "replaced"
  return {
    control: garbled ? `X${claim.number}` : claim.control,
    hasControls: way < 0.005 || way > 0.06,
    hasModifiers: way > 0.08,
  }
}

function answerClaim(
  claim: Claim,
  random: () => number,
  pick: <T>(list: readonly T[]) => T,
  answers: Answer[],
): { keys: readonly string[]; proven: number } {
  const { fate, lines, payer } = claim
  const keys: string[] = []
  let proven = 0
  const mark = (line: Line, name: string) => keys.push(`${claim.control}|${line.control}|${name}`)
  const week =
    fate === "replaced" ? weekOf(claim) : Math.floor((claim.day - firstDay + 10 + Math.floor(random() * 30)) / 7)
  const way = random()
  const plain = spellingOf(claim, way)
  const send = (decided: readonly Decided[], status: string, at = week, spelling = plain) =>
    answers.push(answerText(claim, decided, status, at, spelling, way))
  const hit = Math.floor(random() * lines.length)
  const copay = pick([0, 0, 2000, 3500])
  const asPaid = lines.map((line, index) => decide(line, line.allowed, index === 0 ? copay : 0))
  if (fate === "unanswered") for (const line of lines) mark(line, "unanswered")
  if (fate === "underpaid") {
    const line = lines[hit]!
    const allowed = Math.round(line.allowed * (0.6 + random() * 0.35))
    mark(line, "underpaid")
    if (payer !== hinted) proven += line.allowed - allowed
    send(
      asPaid.map((one) => (one.line === line ? decide(line, allowed, one.share) : one)),
      "1",
    )
    return { keys, proven }
  }
  if (fate === "fixable" || fate === "final") {
    const line = lines[hit]!
    const [carc, remark] = fate === "fixable" ? pick(fixable) : pick(final)
    mark(line, fate === "fixable" ? "fixable denial" : "final denial")
    const decided = asPaid.map((one) => (one.line === line ? deny(line, "CO", carc, remark) : one))
    send(decided, decided.every(({ paid }) => paid === 0) ? "4" : "1")
    return { keys, proven }
  }
  const trap = trapOf(fate, asPaid)
  if (trap !== undefined) {
    send(trap, "1")
    return { keys, proven }
  }
  if (fate === "replaced") {
    send(
      lines.map((line) => deny(line, "CO", "16", "M76")),
      "4",
    )
    send(asPaid, "1", week + 4)
    return { keys, proven }
  }
  send(asPaid, fate === "secondary" ? "19" : "1")
  if (fate === "duplicate") {
    for (const line of lines) mark(line, "duplicate")
    send(
      lines.map((line) => deny(line, "OA", "18", "")),
      "4",
      week + 2,
    )
  }
  if (fate === "takeback")
    for (const line of lines) if (asPaid.find((one) => one.line === line)!.paid > 0) mark(line, "takeback")
  if (fate === "takeback" || fate === "corrected") send(asPaid.map(reversed), "22", week + 3)
  if (fate === "corrected") send(asPaid, "1", week + 3)
  if (fate === "secondary") sendSecondary(claim, asPaid, week + 2, plain, answers)
  return { keys, proven }
}

/** Lines paid below the rate for a lawful reason; undefined for other fates. */
function trapOf(fate: Fate, asPaid: readonly Decided[]): readonly Decided[] | undefined {
  const off = (group: string, carc: string, partOf: (one: Decided) => number) =>
    asPaid.map((one): Decided => {
      const amount = partOf(one)
      return { ...one, paid: one.paid - amount, cas: [...one.cas, [group, carc, amount]] }
    })
  if (fate === "sequestered") return off("CO", "253", ({ paid }) => Math.round(paid * 0.02))
  if (fate === "ranked") return off("CO", "59", ({ paid }) => Math.floor(paid / 2))
  if (fate === "capitated") return off("CO", "24", ({ paid }) => paid)
  return undefined
}

function reversed({ line, paid, share, cas, remark }: Decided): Decided {
  return {
    line: { ...line, charge: -line.charge },
    paid: -paid,
    share: -share,
    cas: cas.map(([group, carc, amount]) => [group, carc, -amount] as const),
    remark,
  }
}

/** The next payer takes over the copay that the first left. */
function sendSecondary(
  claim: Claim,
  first: readonly Decided[],
  week: number,
  plain: Spelling,
  answers: Answer[],
): void {
  const second = { ...claim, payer: (claim.payer + 1) % payers.length }
  const decided = first.map(
    ({ line, share }): Decided => ({
      line,
      paid: share,
      share: 0,
      cas: [["OA", "23", line.charge - share]],
      remark: "",
    }),
  )
  answers.push(answerText(second, decided, "2", week, plain, 1))
}

function answerText(
  claim: Claim,
  decided: readonly Decided[],
  status: string,
  week: number,
  spelling: Spelling,
  way: number,
): Answer {
  const sum = (value: (one: Decided) => number) => decided.reduce((all, one) => all + value(one), 0)
  const paid = sum((one) => one.paid)
  const patient = sum((one) => one.share)
  const segments = [
    `CLP*${spelling.control}*${status}*${money(sum(({ line }) => line.charge))}*${money(paid)}*${money(patient)}*12*ICN${claim.number}W${week}*11*1`,
    ...[`NM1*QC*1*FAMILY${claim.number % 997}*GIVEN****MI*${claim.member}`, `DTM*232*${date(claim.day)}`],
    ...decided.flatMap((one) => lineText(claim, one, spelling, way > 0.98 && status === "1")),
  ]
  return { payer: claim.payer, week, text: segments.join("~\n"), segments: segments.length, paid }
}

function lineText(claim: Claim, one: Decided, spelling: Spelling, isSplit: boolean): readonly string[] {
  const { line, paid, cas, remark } = one
  const code = `HC:${line.code}${line.modifier === "" || !spelling.hasModifiers ? "" : `:${line.modifier}`}`
  const segment = (charge: number, pays: number, takes: Decided["cas"]) => [
    `SVC*${code}*${money(charge)}*${money(pays)}**1`,
    `DTM*472*${date(claim.day)}`,
    ...takes
      .filter(([, , amount]) => amount !== 0)
      .map(([group, carc, amount]) => `CAS*${group}*${carc}*${money(amount)}`),
    ...(spelling.hasControls ? [`REF*6R*${line.control}`] : []),
    ...(remark === "" ? [] : [`LQ*HE*${remark}`]),
  ]
  if (!isSplit || cas.length !== 1 || paid < 200) return segment(line.charge, paid, cas)
  // One line answered as two: half of the charge each, all of the payment with its own share of the adjustment.
  const [charge, pays] = [Math.floor(line.charge / 2), Math.floor(paid / 2)]
  const [group, carc] = cas[0]!
  const rest = [line.charge - charge, paid - pays] as const
  return [
    ...segment(charge, pays, [[group, carc, charge - pays]]),
    ...segment(rest[0], rest[1], [[group, carc, rest[0] - rest[1]]]),
  ]
}

function ratesText(): string {
  const rows = payers
    .slice(0, hinted)
    .flatMap(({ name }, payer) =>
      services.map(([code, base]) => `${name},${code},,,2026-01-01,2028-01-01,${money(allowedOf(payer, base))}`),
    )
  return `payer,code,modifier,place,from,until,rate\n${rows.join("\n")}\n`
}
