/**
 * What one visit weighs: published bytes on the ledger, and sealed bytes off it, measured on what the standing story
 * leaves on the disks of its nodes; then what a million such visits cost under the assumed prices of `docs/costs.md`.
 *
 * Letters leave no trace on a disk: their sizes are those of the story's own bundle and receipts, sealed again here.
 */
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { encodeAs, type StructCodec } from "../src/base/schema.ts"
import { decodeBatch } from "../src/ledger/batch.ts"
import { decodeTransaction } from "../src/ledger/decode.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { generateNodeKey, mailInfo, sealBundle, sealFor } from "../src/record/bundle-sealing.ts"
import { type LetterBody, type LetterKind, letter, letterBodies } from "../src/record/letter.ts"
import { openEnvironment, openTable } from "../src/store/environment.ts"
import { ReadOnlyChain } from "../src/store/read-only-chain.ts"

const root = join(import.meta.dirname, "..")
const organizations = 7

/** Assumptions, not measurements: US dollars, as of November 2026. `docs/costs.md` says what each is. */
export const assumedPrices = { objectGbMonth: 0.023, diskGbMonth: 0.08, trafficGb: 0.09, millionWrites: 5 }
const years = 10

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

/** Bytes of every transaction on the chain, by type. */
function transactionBytes(chain: ReadOnlyChain, chainId: string): ReadonlyMap<string, readonly number[]> {
  const sizes = new Map<string, number[]>()
  for (let height = 1; height <= chain.height; height++) {
    for (const batch of chain.block(height)?.batches ?? []) {
      const transactions = decodeBatch(batch)
      if (isRejection(transactions)) continue
      for (const bytes of transactions) {
        const decoded = decodeTransaction(chainId, bytes)
        if (isRejection(decoded)) continue
        const { type } = decoded.type
        sizes.set(type, [...(sizes.get(type) ?? []), bytes.length])
      }
    }
  }
  return sizes
}

/** Rows and bytes (key and value) of one table of the state. */
async function tableBytes(directory: string, name: string): Promise<readonly number[]> {
  const environment = openEnvironment(directory, { readOnly: true })
  try {
    const prefix = Buffer.from(`${name}\0`)
    const sizes: number[] = []
    for (const { key, value } of openTable(environment, "state").getRange({})) {
      if (Buffer.compare(Buffer.from(key).subarray(0, prefix.length), prefix) === 0)
        sizes.push(key.length + value.length)
    }
    return sizes
  } finally {
    await environment.close()
  }
}

function filesIn(folder: string): readonly number[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
}

async function sealedLetter<K extends LetterKind>(
  kind: K,
  body: LetterBody<K>,
  from: "wallet" | "node",
): Promise<number> {
  const { publicKey } = await generateNodeKey(new Uint8Array(32))
  const answerTo = { host: 7, handle: new Uint8Array(32), sealingKey: publicKey }
  const content = encodeAs(letter, {
    kind,
    sender: from === "wallet" ? 0 : 1,
    thread: new Uint8Array(32),
    answerTo: from === "wallet" ? answerTo : undefined,
    body: encodeAs(letterBodies[kind] as unknown as StructCodec<LetterBody<K>>, body),
  })
  return (await sealFor(publicKey, mailInfo, content)).length
}

/** Letters of one visit from the bundle to the receipts, by kind. */
async function letterBytes(out: string): Promise<Readonly<Record<string, number>>> {
  const read = (name: string) => new Uint8Array(readFileSync(join(out, name)))
  const [bundle, receipt] = [read("bundle.cbor"), read("receipt.cbor")]
  const registers = existsSync(join(out, "registers.cbor")) ? read("registers.cbor") : undefined
  const { publicKey } = await generateNodeKey(new Uint8Array(32))
  const statement = new Uint8Array(32)
  const signed = { statement, header: new Uint8Array(48), signature: new Uint8Array(64) }
  const sealed = await sealBundle(publicKey, statement, bundle)
  const proof = await sealedLetter("proof", { receipt }, "node")
  return {
    bundleToWallet: await sealedLetter("bundle", { statement, sealed, registers }, "node"),
    bundleToPayer: await sealedLetter("bundle", { statement, sealed, registers: undefined }, "node"),
    countersignature: await sealedLetter("countersignature", signed, "wallet"),
    agreement: await sealedLetter("agreement", signed, "node"),
    receiptToWallet: proof,
    receiptToPayer: proof,
  }
}

/** @param kept - where the story left its nodes' directories. */
export async function measure(kept: string, out: string, chainId: string) {
  const ledger = join(kept, "lakeside-eye", "ledger")
  const chain = new ReadOnlyChain(ledger)
  const byType = transactionBytes(chain, chainId)
  await chain.close()
  const mean = (numbers: readonly number[]) => Math.round(sum(numbers) / numbers.length)
  const visits = await tableBytes(ledger, "visits")
  const entries = filesIn(join(kept, "lakeside-eye", "vault"))
  const letters = await letterBytes(out)
  return {
    visits: visits.length,
    onLedger: {
      hold: mean(byType.get("hold/1") ?? []),
      settle: mean(byType.get("visit-statement/1") ?? []),
      payShare: Math.round(sum(byType.get("pay/1") ?? []) / visits.length),
      stateRow: mean(visits),
    },
    offLedger: {
      sealedEntries: Math.round(sum(entries) / visits.length),
      entries: entries.length / visits.length,
      bundle: statSync(join(out, "bundle.cbor")).size,
      letters,
      lettersTotal: sum(Object.values(letters)),
    },
  }
}
export type VisitBytes = Awaited<ReturnType<typeof measure>>

/** US dollars for a million visits, rounded to cents; the arithmetic is that of `docs/costs.md`. */
export function costOfMillion({ onLedger, offLedger }: VisitBytes, nodes = organizations) {
  const { objectGbMonth, diskGbMonth, trafficGb, millionWrites } = assumedPrices
  const gigabytes = (bytes: number) => (bytes * 1e6) / 1e9
  const months = years * 12
  const cents = (dollars: number) => Math.round(dollars * 100) / 100
  const published = onLedger.hold + onLedger.settle + onLedger.payShare
  const ledgerGb = gigabytes(published + onLedger.stateRow) * nodes
  // The clinic and the payer each keep the bundle.
  const sealedGb = gigabytes(offLedger.sealedEntries + 2 * offLedger.bundle)
  const sentGb = gigabytes(published * (nodes - 1) + offLedger.lettersTotal)
  const ledger = ledgerGb * diskGbMonth * months
  const sealed = sealedGb * objectGbMonth * months
  const writes = offLedger.entries * millionWrites
  const traffic = sentGb * trafficGb
  const total = cents(ledger + sealed + writes + traffic)
  return {
    gigabytes: { ledger: ledgerGb, sealed: sealedGb, sent: sentGb },
    ledger: cents(ledger),
    sealed: cents(sealed),
    writes: cents(writes),
    traffic: cents(traffic),
    total,
  }
}

/** Runs the story once, in folders of its own, and weighs what it leaves. */
export async function bytesPerVisit(): Promise<VisitBytes> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-bytes-"))
  const out = join(folder, "out")
  const command = [join(root, "src/cli/main.ts"), "visit", "--no-attacks", "--keep", "--json", "--out", out]
  try {
    await promisify(execFile)(process.execPath, command, { env: { ...process.env, TMPDIR: folder } })
    const kept = readdirSync(folder).find((name) => {
      return name.startsWith("countersign-") && readdirSync(join(folder, name)).includes("lakeside-eye")
    })
    const { chainId } = JSON.parse(readFileSync(join(out, "receipt.json"), "utf8")) as { chainId: string }
    return await measure(join(folder, kept!), out, chainId)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const measured = await bytesPerVisit()
  console.log(JSON.stringify({ ...measured, millionVisits: { years, ...costOfMillion(measured) } }, undefined, 2))
}
