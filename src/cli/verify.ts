/**
 * `countersign verify`: checks a receipt against a trust anchor with every node switched off, and with the opened bundle
 * re-computes the cents and the clauses, and holds it against the registers as proven. Reads files; asks nobody.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import type { Header } from "../base/chain/header.ts"
import { formatMoney } from "../base/money.ts"
import { refuse } from "../base/refusal.ts"
import { decodeClaim } from "../plan/claim.ts"
import { explain } from "../plan/explain/explain.ts"
import { readPlan } from "../plan/language/read.ts"
import { decodeLeg } from "../plan/leg.ts"
import { decodeSteps } from "../plan/trace.ts"
import { type Bundle, decodeBundle } from "../verify/bundle.ts"
import { type BundleVerdict, checkBundle } from "../verify/check-bundle.ts"
import { openRegisterProof } from "../verify/register-proof.ts"
import type { RegisterView } from "../verify/register-view.ts"
import { decodeAnchor, decodeLinks, type TrustAnchor } from "../verify/trust.ts"
import { isFailure, type Verdict, verifyReceipt } from "../verify/verify.ts"
import type { Command } from "./command.ts"
import type { Screen } from "./screen.ts"

function read(path: string, what: string): Uint8Array {
  if (!existsSync(path)) return refuse("file-absent", `Cannot read ${what}: no such file`, path, "Check the path")
  return new Uint8Array(readFileSync(path))
}

function decoded<T>(what: string, path: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof EncodingError)
      return refuse("bad-encoding", `Cannot read ${what}: ${error.message}`, path, "Ask for the file again")
    throw error
  }
}

function linksIn(path: string | undefined): readonly Header[] {
  if (path === undefined) return []
  const bytes = read(path, "headers")
  return decoded("headers", path, () => decodeLinks(bytes))
}

interface BundleAnswer {
  readonly verdict: BundleVerdict
  readonly bundle: Bundle
  /** Of the header that proves the registers. */
  readonly registers?: RegisterView["at"]
  /** Why a proof of registers that was given shows nothing. */
  readonly falseRegisters?: string
}

interface BundleFiles {
  readonly bundle: string
  /** Headers by which what is older than the anchor's checkpoint reaches it. */
  readonly links: readonly Header[]
  /** Proof of the registers; the `registers.cbor` beside the bundle if it is there and no other is named. */
  readonly registers?: string | undefined
}

function checkBundleFile({ bundle: path, registers, links }: BundleFiles, anchor: TrustAnchor): BundleAnswer {
  const bytes = read(path, "bundle")
  const bundle = decoded("bundle", path, () => decodeBundle(bytes))
  const beside = join(dirname(path), "registers.cbor")
  const named = registers ?? (existsSync(beside) ? beside : undefined)
  const { chainId, former } = anchor
  const names: RegisterView = { chainId, former }
  const view = named === undefined ? names : openRegisterProof(read(named, "registers"), anchor, bundle, links)
  if (!isFailure(view)) return { bundle, verdict: checkBundle(bundle, view), registers: view.at }
  const reason = `registers-false: the registers shown are not the ledger's, ${view.code}: ${view.message}`
  return { bundle, verdict: checkBundle(bundle, names), falseRegisters: reason }
}

/** The reasons line by line, from the plan inside the bundle. */
function reasons({ bundle }: BundleAnswer): readonly string[] {
  const tables = new Map(bundle.tables.map(({ name, content }) => [name, content]))
  const answer = readPlan(bundle.plan, tables)
  const own = bundle.legs[bundle.own]?.opened
  if (!("plan" in answer) || own === undefined) return []
  return explain(answer.plan, decodeClaim(bundle.claim), { leg: decodeLeg(own.leg), trace: decodeSteps(own.trace) })
}

function show(screen: Screen, value: VerifyValue, bundle: BundleAnswer | undefined): void {
  if (!value.valid) {
    screen.say(`${screen.bad("NOT VALID")}  ${value.reason}`)
    if (value.remedy !== undefined) screen.line(value.remedy)
    return
  }
  const word = value.trust === "operator" ? "one operator's word" : "more than two thirds of the validators"
  screen.say(
    `${screen.good("VALID")}  ${value.type} ${value.transactionId?.slice(0, 16)}… at height ${value.height}, by ${word}`,
  )
  for (const { meaning, of } of value.signers ?? [])
    screen.line(
      `${meaning} by ${typeof of === "number" ? `organization ${of}` : (of ?? "a key the receipt does not name")}`,
    )
  if (value.recomputed === undefined || bundle === undefined) return
  const { plan, patient } = value.recomputed
  screen.say(`Re-computed: the plan pays ${formatMoney(BigInt(plan))}, the patient ${formatMoney(BigInt(patient))}`)
  for (const sentence of reasons(bundle)) screen.line(sentence)
  if (value.registers !== undefined)
    screen.line(`Keys, plan, licence and hold are as the ledger's registers said at height ${value.registers}.`)
  if (value.notChecked.length > 0) screen.quiet(`Not checked with every node off: ${value.notChecked.join(", ")}`)
}

export interface VerifyValue {
  readonly valid: boolean
  readonly trust?: string | undefined
  readonly height?: number | undefined
  readonly transactionId?: string | undefined
  readonly type?: string | undefined
  readonly signers?: readonly { readonly meaning: string; readonly of: string | number | undefined }[] | undefined
  readonly recomputed?: { readonly plan: string; readonly patient: string }
  readonly determination?: string
  /** Height at which the registers are proven by which the bundle was checked. */
  readonly registers?: number
  readonly notChecked: readonly string[]
  readonly reason: string | null
  /** What would help, where something may: headers that were not given. */
  readonly remedy?: string
}

export interface VerifyOptions {
  readonly anchor: string
  readonly bundle?: string | undefined
  readonly registers?: string | undefined
  /** A file of headers (`headers/1`), for a receipt older than the anchor's checkpoint. */
  readonly links?: string | undefined
}

/** Why a header does not lead to the anchor's checkpoint, as far as its height tells. */
function remedyFor({ code, height }: Verdict, { checkpoint }: TrustAnchor, links: string | undefined) {
  if (code !== "other-history" || checkpoint === undefined || height === undefined) return undefined
  const at = `this anchor's checkpoint at height ${checkpoint.height}`
  if (height > checkpoint.height)
    return checkpoint.last ? `The chain ended with ${at}: nothing signed above it counts.` : undefined
  const file = "the file of headers that came with the anchor (old-headers.cbor after a move)"
  if (links === undefined) return `It is older than ${at}: give ${file} with --links.`
  return `The headers given do not lead from height ${height} to ${at}: ask for ${file}.`
}

/** The command's whole answer, for the story as well. */
export function verifyFiles(receipt: string, options: VerifyOptions) {
  const shown = read(receipt, "receipt")
  const bytes = read(options.anchor, "trust anchor")
  const anchor = decoded("trust anchor", options.anchor, () => decodeAnchor(bytes))
  const links = linksIn(options.links)
  const verdict = verifyReceipt(shown, anchor, links)
  const { bundle: path, registers } = options
  if (path === undefined && registers !== undefined)
    refuse("arguments", "Cannot check registers: no bundle given", "registers", "Name the bundle with --bundle")
  const bundle = path === undefined ? undefined : checkBundleFile({ bundle: path, registers, links }, anchor)
  const { failure, recomputed, determination, statementId } = bundle?.verdict ?? {}
  const other =
    verdict.valid &&
    statementId !== undefined &&
    verdict.type === "visit-statement/1" &&
    toHex(statementId) !== verdict.transactionId
  const bundleReason = failure === undefined ? undefined : `${failure.code}: ${failure.message} (${failure.at})`
  const reason =
    verdict.reason ??
    bundle?.falseRegisters ??
    bundleReason ??
    (other ? "bundle-swapped: the bundle opens another statement" : null)
  const remedy = remedyFor(verdict, anchor, options.links)
  const value: VerifyValue = {
    valid: reason === null,
    trust: verdict.trust,
    height: verdict.height,
    transactionId: verdict.transactionId,
    type: verdict.type,
    signers: verdict.signers,
    ...(recomputed === undefined
      ? {}
      : { recomputed: { plan: recomputed.plan.toString(), patient: recomputed.patient.toString() } }),
    ...(determination === undefined ? {} : { determination: toHex(determination) }),
    ...(bundle?.registers === undefined ? {} : { registers: bundle.registers.height }),
    notChecked: bundle?.verdict.notChecked ?? [],
    reason,
    ...(remedy === undefined ? {} : { remedy }),
  }
  return { value, bundle }
}

export const verifyCommand: Command = {
  summary: "Checks a receipt offline; with the bundle, re-computes the cents",
  usage: "verify RECEIPT [--bundle FILE [--registers FILE]] [--anchor FILE] [--links FILE]",
  async run(args, screen) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        bundle: { type: "string" },
        registers: { type: "string" },
        anchor: { type: "string" },
        links: { type: "string" },
      },
    })
    const [receipt] = positionals
    if (receipt === undefined)
      return refuse("arguments", "Cannot verify: no receipt given", "arguments", "countersign verify RECEIPT")
    const anchor = values.anchor ?? join(dirname(receipt), "anchor.cbor")
    const { value, bundle } = verifyFiles(receipt, { ...values, anchor })
    show(screen, value, bundle)
    return { value, failed: !value.valid }
  },
}
