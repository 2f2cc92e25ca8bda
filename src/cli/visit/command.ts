/**
 * `countersign visit`: the main job on one screen. Starts seven organizations, tells the story of one visit, stops every
 * process and verifies the receipt, starts them again from their disks and lets the story attack itself.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../../base/money.ts"
import { formatDate } from "../../base/time.ts"
import type { Command, CommandResult } from "../command.ts"
import { Community } from "../community/community.ts"
import { plansFolder, readPlanFiles } from "../community/plan-files.ts"
import { anchorOf, found, join as joinCommunity, resume, type Setting } from "../community/setting.ts"
import type { Screen } from "../screen.ts"
import { verifyFiles } from "../verify.ts"
import { showAttacks } from "./attack-score.ts"
import type { AttackRow } from "./attacks/scene.ts"
import { eyeVisit, morningVisits, planOfYear } from "./eye-visit.ts"
import { OutFolder } from "./files.ts"
import {
  auditStep,
  claimStep,
  countStep,
  coverStep,
  holdStep,
  ledgerBytes,
  papersStep,
  payStep,
  quoteStep,
  recordStep,
  setTheScene,
  settleMorning,
  settleStep,
  type Tale,
} from "./story.ts"
import type { VisitCase } from "./visit-case.ts"

/** Reads and refuses before anything is started or written. */
async function visitOf(values: {
  fhir?: string | undefined
  encounter?: string | undefined
  claim?: string | undefined
  network?: string | undefined
}): Promise<VisitCase> {
  if (values.fhir !== undefined) return (await import("./fhir-case.ts")).caseFromFhir(values.fhir, values.encounter)
  if (values.claim !== undefined) return (await import("./x12-case.ts")).caseFrom837(values.claim)
  const plan = readPlanFiles(join(plansFolder(), "eye-sample.md"))
  if (values.network === undefined) return eyeVisit(plan)
  const today = Math.floor(Date.now() / 86_400_000)
  return eyeVisit(planOfYear(plan, Number(formatDate(today).slice(0, 4))), today)
}

interface Told {
  readonly value: Record<string, unknown>
  readonly tale: Tale
  readonly receipt: string
  readonly bundle: string
}

/** Steps 1 to 8, on running nodes. */
async function tell(screen: Screen, out: OutFolder, setting: Setting, visit: VisitCase): Promise<Told> {
  const morning = visit.extra === undefined ? [] : morningVisits(visit.serviceDay)
  const tale = await setTheScene(screen, out, setting, visit, morning)
  await coverStep(tale)
  const quote = await quoteStep(tale)
  await holdStep(tale)
  await recordStep(tale)
  const claimed = await claimStep(tale)
  const settled = await settleStep(tale, quote, claimed)
  await settleMorning(tale)
  const { payment, receipt } = await payStep(tale, settled)
  const { bundle } = await papersStep(tale, claimed.review, payment)
  await countStep(tale, "counts this visit")
  if (await auditStep(tale, settled.paid)) await countStep(tale, "counts the corrected claim in its place")
  const { plan, patient } = quote
  const value = {
    quoted: { plan, patient },
    paid: settled.paid,
    same: settled.same,
    determinations: settled.determinations,
    payment: { sum: payment.sum, visits: payment.visits, back: payment.back, trace: payment.trace },
    receipt,
    bundle,
    bytesOnLedger: ledgerBytes(settled.receipt, tale.holdBytes),
  }
  return { value, tale, receipt, bundle }
}

/** 9. No process is asked: the receipt stands by itself. */
function verifyStep(screen: Screen, { receipt, bundle, tale }: Told): unknown {
  const { turnable } = tale.setting.community
  screen.heading(turnable ? "9. Every process is stopped" : "9. No node is asked")
  const anchor = join(tale.out.path, "anchor.cbor")
  const { value } = verifyFiles(receipt, { anchor, bundle })
  screen.line(`countersign verify ${receipt} --bundle ${bundle}`)
  const cents =
    value.recomputed === undefined
      ? ""
      : `; re-computed: plan ${formatMoney(BigInt(value.recomputed.plan))}, patient ${formatMoney(BigInt(value.recomputed.patient))}`
  screen.line(
    value.valid
      ? `${screen.good("VALID")} at height ${value.height}, by ${wordOf(value.trust)}${cents}`
      : screen.bad(`NOT VALID: ${value.reason}`),
  )
  if (value.notChecked.length > 0) screen.quiet(`Not checked with every node off: ${value.notChecked.join(", ")}`)
  tale.timings["verifiedMs"] = Math.round(performance.now())
  return value
}

const wordOf = (trust: unknown) =>
  trust === "byzantine" ? "the word of more than two thirds of the validators" : "one operator's word"

/** What a thief would look for on every disk: names, and what was found out about the patient. */
function canariesOf({ patient, practitioner, facts }: VisitCase): readonly string[] {
  return [patient, practitioner.name, ...facts.map(({ sentence }) => sentence)]
}

/** 10. The attacks, against the running nodes. */
async function attackStep(
  screen: Screen,
  setting: Setting,
  { tale, receipt, bundle }: Told,
): Promise<readonly AttackRow[]> {
  const { runAttacks } = await import("./attacks/index.ts")
  const { practitioner, plan, visit, journey } = tale
  const read = (path: string) => new Uint8Array(readFileSync(path))
  const scene = {
    setting,
    practitioner,
    plan: { digest: plan, files: visit.plan },
    told: visit,
    main: journey.at(setting),
    receipt: read(receipt),
    bundle: read(bundle),
    anchor: (await anchorOf(setting)).anchor,
    canaries: canariesOf(visit),
  }
  return showAttacks(screen, (report) => runAttacks(scene, report))
}

const startOfDay = 8 * 3600

interface Telling {
  readonly screen: Screen
  readonly out: OutFolder
  readonly visit: VisitCase
  readonly attacks: boolean
}

/** On a community of its own: seven processes, stopped before the receipt is checked, then started from their disks. */
async function tellAlone(telling: Telling, keep: boolean): Promise<Ending> {
  const { screen, out, visit } = telling
  const home = mkdtempSync(join(tmpdir(), "countersign-"))
  const community = new Community(home)
  const stop = () =>
    void community.stop().then(() => {
      rmSync(home, { recursive: true, force: true })
      process.exit(130)
    })
  process.once("SIGINT", stop)
  try {
    await community.start()
    const told = await tell(screen, out, await found(community, visit.serviceDay * 86400 + startOfDay), visit)
    await community.stop()
    const verified = verifyStep(screen, told)
    if (!telling.attacks) return { told, verified, attacks: [] }
    await community.start()
    const setting = await resume(told.tale.setting, community)
    return { told, verified, attacks: await attackStep(screen, setting, told) }
  } finally {
    process.off("SIGINT", stop)
    await community.stop()
    if (keep) screen.line(`Directories of the organizations kept in ${home}`)
    else rmSync(home, { recursive: true, force: true })
  }
}

/** On a network that others run: nothing is started or stopped, and no clock is turned. */
async function tellOn(directory: string, telling: Telling): Promise<Ending> {
  const { screen, out, visit } = telling
  const { AttachedNetwork } = await import("../network/file.ts")
  const setting = await joinCommunity(
    await AttachedNetwork.open(resolve(directory), process.env["COUNTERSIGN_PASSPHRASE"]),
  )
  const told = await tell(screen, out, setting, visit)
  const verified = verifyStep(screen, told)
  return { told, verified, attacks: telling.attacks ? await attackStep(screen, setting, told) : [] }
}

interface Ending {
  readonly told: Told
  readonly verified: unknown
  readonly attacks: readonly AttackRow[]
}

async function run(args: readonly string[], screen: Screen): Promise<CommandResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fhir: { type: "string" },
      encounter: { type: "string" },
      claim: { type: "string" },
      network: { type: "string" },
      out: { type: "string" },
      keep: { type: "boolean" },
      "no-attacks": { type: "boolean" },
    },
  })
  const visit = await visitOf(values)
  const out = new OutFolder(resolve(values.out ?? "out"))
  const telling = { screen, out, visit, attacks: values["no-attacks"] !== true }
  const { told, verified, attacks } = await (values.network === undefined
    ? tellAlone(telling, values.keep === true)
    : tellOn(values.network, telling))
  const { timings } = told.tale
  timings["totalMs"] = Math.round(performance.now())
  screen.say()
  screen.line(`Settled after ${seconds(timings["settledMs"])}, whole story ${seconds(timings["totalMs"])}.`)
  const canaries = attacks.find(({ name }) => name.startsWith("planted canaries"))?.figures ?? null
  return { value: { ...told.value, verified, attacks, canaries, timings } }
}

const seconds = (ms = 0) => `${(ms / 1000).toFixed(1)} s`

export const visitCommand: Command = {
  summary: "One visit, signed three times, paid to the cent",
  usage: "visit [--fhir FILE --encounter ID | --claim FILE] [--network DIR] [--out DIR] [--keep] [--no-attacks]",
  run,
}
