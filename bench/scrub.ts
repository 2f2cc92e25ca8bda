/**
 * `node bench/scrub.ts [--claims N] [--seed N]`: a year of an eye practice that never was, sent out without an error; then
 * one slip after another is planted in it. Prints how many the scrubber finds by the format alone, with the payer's plan and
 * with its list of members, and what it says of the good claims.
 */
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { toUtf8 } from "#crypto"
import { formatDate, parseDate } from "../src/base/time.ts"
import { readMembers } from "../src/billing/members.ts"
import { isProviderNumber } from "../src/billing/scrub/identity.ts"
import { measureScrubber, type ScrubScore } from "../src/billing/scrub/plant.ts"
import { mustReadPlan } from "../src/cli/plan/files.ts"
import { Screen } from "../src/cli/screen.ts"
import { orRefuse } from "../src/formats/answer.ts"
import type { Claim837, Line837 } from "../src/formats/x12/claim/claim-837.ts"
import { readClaims837 } from "../src/formats/x12/claim/read-837-claims.ts"
import { seeded } from "./shadow-practice.ts"

const root = new URL("../", import.meta.url)
const [template] = orRefuse(readClaims837(new Uint8Array(readFileSync(new URL("examples/eye-claim.837", root)))))

type Service = readonly [code: string, modifiers: readonly string[], units: number, cents: bigint]
const eye = (random: () => number) => (random() < 0.5 ? "RT" : "LT")

/** The visits of an eye practice, and how often they come. */
const visits: readonly ((random: () => number) => readonly Service[])[] = [
  () => [["E11", [], 1, 15_000n]],
  () => [
    ["E11", [], 1, 15_000n],
    ["T25", [], 1, 9_000n],
  ],
  () => [
    ["E10", [], 1, 21_000n],
    ["T20", ["50"], 1, 12_500n],
    ["P30", [], 1, 8_000n],
  ],
  (random) => [
    ["E10", ["25"], 1, 21_000n],
    ["T20", ["50"], 1, 12_500n],
    ["S30", [eye(random)], 1, 45_000n],
    ["J0178", ["JZ"], 2, 220_000n],
  ],
  (random) => [
    ["T20", ["50"], 1, 12_500n],
    ["S30", [eye(random)], 1, 45_000n],
    ["J0178", ["JZ"], 2, 220_000n],
  ],
  (random) => [["S60", [eye(random)], 1, 150_000n]],
  () => [
    ["R15", [], 1, 14_000n],
    ["F50", [], 1, 23_000n],
    ["G51", [], 1, 12_000n],
  ],
]
const diagnoses = ["H353211", "H353221", "H2513", "H401131", "E113211", "H5213"]

/** A number with the right check digit, from a range that is not given out. */
function providerNumber(index: number): string {
  const stem = `10000${String(index % 10_000).padStart(4, "0")}`
  return [..."0123456789"].map((digit) => stem + digit).find(isProviderNumber)!
}

function lineOf(
  [code, modifiers, units, charge]: Service,
  number: number,
  day: number,
  own: readonly string[],
): Line837 {
  const model = template!.lines[0]!
  const systems = code.startsWith("J") ? "HC" : "ER"
  const line = { ...model, number, code, codeSystem: systems, modifiers, unitsMilli: units * 1000, charge }
  return { ...line, from: day, to: day, diagnoses: own, control: String(number) }
}

function practice(seed: number, count: number): readonly { position: number; claim: Claim837 }[] {
  const random = seeded(seed)
  const start = parseDate("2026-01-05")!
  return Array.from({ length: count }, (_, index) => {
    const day = start + Math.floor((index * 330) / count)
    const own = [diagnoses[Math.floor(random() * diagnoses.length)]!]
    const services = visits[Math.floor(random() * visits.length)]!(random)
    const lines = services.map((service, at) => lineOf(service, at + 1, day, own))
    const isSurgery = services.some(([code]) => code === "S60")
    const born = parseDate("1935-01-01")! + Math.floor(random() * 22_000)
    const person = { id: `M${10_000 + index}`, born, sex: random() < 0.5 ? "F" : "M" }
    const claim: Claim837 = {
      ...template!,
      control: `SCRUB-${index + 1}`,
      billing: { ...template!.billing, id: providerNumber(1) },
      rendering: undefined,
      subscriber: { ...template!.subscriber, ...person },
      diagnoses: own,
      diagnosisSystem: "ABK",
      authorization: isSurgery ? `A${index}` : undefined,
      total: lines.reduce((sum, line) => sum + line.charge, 0n),
      from: day,
      to: day,
      lines,
    }
    return { position: index + 1, claim }
  })
}

function say(screen: Screen, name: string, scores: readonly (readonly [words: string, score: ScrubScore])[]): void {
  const share = (found: number, planted: number) => (planted === 0 ? "" : `${Math.floor((100 * found) / planted)} %`)
  screen.heading(name)
  const rows = scores[0]![1].slips.map(({ name: slip, planted }, index) => [
    slip,
    `${planted}`,
    ...scores.map(([, score]) => share(score.slips[index]!.found, planted)),
  ])
  screen.table(["planted error", ">planted", ...scores.map(([words]) => `>${words}`)], rows)
  const sum = (score: ScrubScore, part: "planted" | "found") => score.slips.reduce((all, one) => all + one[part], 0)
  for (const [words, score] of scores) {
    const [planted, found] = [sum(score, "planted"), sum(score, "found")]
    const false_ = `${score.falseErrors} false errors and ${score.falseWarnings} false warnings on ${score.claims} good claims`
    screen.say(`${words}: ${found} of ${planted} found (${share(found, planted)}), ${false_}`)
  }
}

const { values } = parseArgs({ options: { claims: { type: "string" }, seed: { type: "string" } } })
const [count, seed] = [Number(values.claims ?? "300"), Number(values.seed ?? "20260414")]
const claims = practice(seed, count)
const on = Math.max(...claims.map(({ claim }) => claim.to)) + 1
const { plan } = mustReadPlan(new URL("plans/eye-full.md", root).pathname)
const screen = new Screen(process.stdout)
screen.say(`${count} claims from seed ${seed}, looked through on ${formatDate(on)}`)
const roll = claims.map(({ claim: { subscriber } }) => `${subscriber.id},${formatDate(subscriber.born!)},2025-01-01`)
const members = orRefuse(readMembers(toUtf8(`member,born,coverFrom\n${roll.join("\n")}\n`), plan))
say(screen, "Eye practice", [
  ["format alone", measureScrubber(claims, { on })],
  ["and the plan", measureScrubber(claims, { on, plan })],
  ["and the members", measureScrubber(claims, { on, plan, members })],
])
