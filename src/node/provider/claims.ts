/**
 * The visit's claim from pricing to settlement: the practitioner signs what was done, the wallet counter-signs, the
 * payer agrees, and one transaction with three signatures settles it. The clinic gathers the signatures; each arrives by
 * sealed mail and moves the visit on.
 */
import { verifySignature } from "#crypto"
import { equalBytes, toHex } from "../../base/bytes.ts"
import { EncodingError } from "../../base/cbor.ts"
import { decodeEnvelope, encodeEnvelope, meanings, toSign } from "../../base/envelope.ts"
import { type Refusal, Refused, refuse } from "../../base/refusal.ts"
import { chainOfId } from "../../ledger/chain-names.ts"
import type { ClaimLine } from "../../plan/claim.ts"
import { decodeClaim } from "../../plan/claim.ts"
import { determinationDigest } from "../../plan/leg.ts"
import { sealBundle } from "../../record/bundle-sealing.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { signWith } from "../keys.ts"
import { linesOf } from "./lines.ts"
import { deskKey } from "./practitioners.ts"
import { describe, type Priced, priceVisit } from "./pricing.ts"
import { mustFind } from "./reception.ts"
import { withRecorded } from "./record-history.ts"
import { registersFor } from "./registers.ts"
import { buildFacts, buildStatement, bundleOf, statementEnvelope } from "./statement.ts"
import {
  type FiledStatement,
  findByStatement,
  latestStatement,
  type StatementSignature,
  saveVisit,
  type VisitFile,
} from "./visit-file.ts"

/** Prices the lines, states facts and claim, signs as the practitioner, and asks the wallet. */
async function claim(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const lines = linesOf(fields)
  return stateClaim(node, file, lines)
}

async function stateClaim(node: NodeContext, file: VisitFile, lines: readonly ClaimLine[]): Promise<unknown> {
  for (const line of lines) {
    const known = line.facts.length > 0 && line.facts.every((index) => index < file.facts.length)
    if (!known)
      refuse(
        "line-without-fact",
        "Cannot claim line: it cites no recorded fact",
        `lines[${line.number}]`,
        "Record what was done first",
      )
  }
  const priced = await priceVisit(node, file, lines, "claim")
  const ceiling = file.quote?.patient ?? priced.leg.totals.patient
  const facts = buildFacts(node, file, ceiling > priced.leg.totals.patient ? ceiling : priced.leg.totals.patient)
  const unsigned = buildStatement(node, facts, priced, { voucher: file.voucher!, supersedes: undefined })
  const performed = signPerformed(node, file, unsigned.payload)
  const statement: FiledStatement = {
    ...unsigned,
    factsSignatures: [signPerformed(node, file, facts.payload)],
    signatures: [performed],
  }
  const saved = { ...file, lines, statements: [...file.statements, statement] }
  await saveVisit(node.work, saved)
  await askWallet(node, saved, statement)
  return answerOf(statement, priced)
}

function answerOf(statement: FiledStatement, priced: Priced): unknown {
  return {
    ...(describe(priced) as object),
    statement: statement.id,
    determination: determinationDigest(statement.determination),
  }
}

function signPerformed(node: NodeContext, file: VisitFile, payload: Uint8Array): StatementSignature {
  const signature = signWith(deskKey(node, file.practitioner), "performed", node.chain.chainId, payload)
  return { meaning: "performed", ...signature }
}

/** Opens the statement to the patient: to sign, or, of a correction, to see. */
export async function askWallet(node: NodeContext, file: VisitFile, statement: FiledStatement): Promise<void> {
  const { mailbox } = file.address
  const bundle = await bundleOf(node, file, statement)
  const sealed = await sealBundle(mailbox.sealingKey, statement.id, bundle)
  const registers = await registersFor(node, bundle)
  await node.mail.send(mailbox, "bundle", { statement: statement.id, sealed, registers }, file.visit)
}

/** Opens the statement to its payer, who re-runs it and signs or says why not. */
export async function askPayer(node: NodeContext, file: VisitFile, statement: FiledStatement): Promise<void> {
  const correspondent = node.directory.find(file.payer)
  if (correspondent === undefined) {
    return refuse("organization-address", "Cannot ask payer: its address is not known", "payer", "Register its address")
  }
  const sealed = await sealBundle(correspondent.sealingKey, statement.id, await bundleOf(node, file, statement))
  // The payer has its own copy of the ledger.
  const letter = { statement: statement.id, sealed, registers: undefined }
  await node.mail.send(file.payer, "bundle", letter, file.visit)
}

export async function addSignature(
  node: NodeContext,
  file: VisitFile,
  id: Uint8Array,
  signature: StatementSignature,
): Promise<{ file: VisitFile; statement: FiledStatement }> {
  const statements = file.statements.map((statement) =>
    toHex(statement.id) === toHex(id) && !statement.signatures.some(({ meaning }) => meaning === signature.meaning)
      ? { ...statement, signatures: [...statement.signatures, signature] }
      : statement,
  )
  const changed = { ...file, statements }
  await saveVisit(node.work, changed)
  return { file: changed, statement: statements.find((statement) => toHex(statement.id) === toHex(id))! }
}

/** Lines the patient said did not happen leave the claim with their facts; the rest is determined anew. */
async function holdLines(node: NodeContext, file: VisitFile, denied: readonly number[]): Promise<void> {
  const isHeld = (line: ClaimLine) => line.facts.some((index) => denied.includes(index))
  const kept = file.facts.map((_, index) => index).filter((index) => !denied.includes(index))
  const lines = file.lines
    .filter((line) => !isHeld(line))
    .map((line) => ({ ...line, facts: line.facts.map((index) => kept.indexOf(index)) }))
  const heldLines = [...file.heldLines, ...file.lines.filter(isHeld)]
  const facts = kept.map((index) => file.facts[index]!)
  await saveVisit(node.work, { ...file, facts, lines, heldLines })
  if (lines.length > 0) await stateClaim(node, { ...file, facts, lines, heldLines }, lines)
}

async function settle(node: NodeContext, file: VisitFile, statement: FiledStatement): Promise<void> {
  const transaction = statementEnvelope(statement)
  let height: number
  try {
    height = (await node.chain.submit(transaction, "settle")).height
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    await saveVisit(node.work, { ...file, refused: error.refusal })
    return
  }
  const settled = { statement: statement.id, transaction }
  const { refused: _, ...rest } = withRecorded(node, file, { facts: statement.facts, height })
  const saved = { ...rest, settled: file.settled ?? settled, latest: settled }
  await saveVisit(node.work, saved)
  const receipt = await node.chain.receipt(transaction)
  await saveVisit(node.work, { ...saved, receipt })
  await node.mail.send(file.address.mailbox, "proof", { receipt }, file.visit)
  await node.mail.send(file.payer, "proof", { receipt }, file.visit)
}

export function receiveClaimLetters(node: NodeContext): void {
  node.mail.on("document", async (_letter, { name, content }) => {
    await node.work.put("documents", name, content)
  })
  node.mail.on("countersignature", async (_letter, { statement: id, header, signature }) => {
    const found = findByStatement(node.work, id)
    if (found === undefined) return
    const given = { meaning: "countersigned", header, signature } as const
    if (!isSignedBy(node, found, id, given, isPatient(found))) return
    const { file, statement } = await addSignature(node, found, id, given)
    await askPayer(node, file, statement)
  })
  node.mail.on("held-line", async (_letter, { statement: id, facts }, key) => {
    const found = findByStatement(node.work, id)
    if (found === undefined || found.settled !== undefined) return
    // Facts are numbered as in the newest statement: an older letter, or one more, would take others away.
    if (!equalBytes(latestStatement(found)!.id, id)) return
    // Only the wallet that showed this visit's address knows the handle's key.
    if (equalBytes(key.subarray(1), found.address.mailbox.handle)) await holdLines(node, found, facts)
  })
  node.mail.on("agreement", async ({ sender }, { statement: id, header, signature }) => {
    const found = findByStatement(node.work, id)
    if (found === undefined || sender !== found.payer) return
    const given = { meaning: "agreed", header, signature } as const
    if (!isSignedBy(node, found, id, given, (key) => node.chain.isKeyOf(key, found.payer, "agree"))) return
    const { file, statement } = await addSignature(node, found, id, given)
    await settle(node, file, statement)
  })
  node.mail.on("disagreement", async ({ sender }, { statement: id, reason }) => {
    const found = findByStatement(node.work, id)
    if (found === undefined || sender !== found.payer) return
    const refusal: Refusal = {
      // Another organization's words go no further than a code.
      code: /^[a-z0-9-]{1,64}$/.test(reason) ? reason : "not-said",
      message: `Cannot settle visit: organization ${sender} will not sign it`,
      at: "bundle",
      remedy: "Fix what it names, or let an arbiter decide",
    }
    await saveVisit(node.work, { ...found, refused: refusal })
  })
}

const isPatient = (file: VisitFile) => (key: Uint8Array) => equalBytes(key.subarray(1), file.visit)

/** Whether a signature that came by letter is one of a key that may give it: a bad one must not take a good one's place. */
function isSignedBy(
  node: NodeContext,
  file: VisitFile,
  id: Uint8Array,
  { meaning, header, signature }: StatementSignature,
  mayGive: (key: Uint8Array) => boolean,
): boolean {
  const statement = file.statements.find((one) => equalBytes(one.id, id))
  if (statement === undefined) return false
  try {
    const [read] = decodeEnvelope(encodeEnvelope(statement.payload, [{ header, signature }])).signatures
    // Whoever signs beside the others signs for the same chain: for the former one where the first signed before a move.
    const chain = chainOfId(node.chain.names, id, statement.payload) ?? node.chain.chainId
    const message = toSign(chain, header, statement.payload)
    return (
      read!.meaning === meanings[meaning] &&
      mayGive(read!.key) &&
      verifySignature(read!.key.subarray(1), message, signature)
    )
  } catch (error) {
    if (error instanceof EncodingError) return false
    throw error
  }
}

/** Where a visit stands, for the people at the desk. */
function status(node: NodeContext, fields: Fields): unknown {
  const file = mustFind(node, fields)
  const statement = latestStatement(file)
  return {
    held: file.held?.amount,
    heldLines: file.heldLines.map(({ number }) => number),
    statement: statement?.id,
    determination: statement && determinationDigest(statement.determination),
    plan: statement?.plan,
    patient: statement?.patient,
    signatures: statement?.signatures.map(({ meaning }) => meaning) ?? [],
    lines: statement === undefined ? 0 : decodeClaim(statement.claim).lines.length,
    settled: file.settled !== undefined,
    latestSettled: file.latest?.statement,
    refused: file.refused,
    receipt: file.receipt,
    paid: file.paid,
  }
}

/**
 * The bundle of the newest statement, and the ledger's rows that it is checked by: for the clinic's own files and for
 * an auditor it opens them to.
 */
async function openFile(node: NodeContext, fields: Fields): Promise<unknown> {
  const file = mustFind(node, fields)
  const statement = latestStatement(file)
  if (statement === undefined)
    return refuse("no-statement", "Cannot open bundle: nothing is stated", "visit", "Claim first")
  const bundle = await bundleOf(node, file, statement)
  return { bundle, statement: statement.id, registers: await registersFor(node, bundle) }
}

export function claimOperations(node: NodeContext): Operations {
  return {
    claim: (fields) => claim(node, fields),
    "visit-status": async (fields) => status(node, fields),
    "visit-bundle": (fields) => openFile(node, fields),
    /** Papers that payers sent: remittances by name. */
    documents: async () => ({
      documents: node.work.rows<Uint8Array>("documents").map(([name, content]) => ({ name, content })),
    }),
  }
}
