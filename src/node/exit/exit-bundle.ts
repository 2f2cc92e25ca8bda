/**
 * Everything of one organization in one folder, to be read without us: its part of the ledger with receipts, its working
 * data, its sealed records with the key that opens them, its papers, and the verifier. `README.txt` in it says what each
 * file is.
 */
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { dirname, isAbsolute, join, resolve } from "node:path"
import { Encrypter } from "age-encryption"
import { toUtf8 } from "#crypto"
import { fromHex, toHex } from "../../base/bytes.ts"
import type { Header } from "../../base/chain/header.ts"
import { toJson } from "../../base/json.ts"
import { refuse } from "../../base/refusal.ts"
import { encodeAs, list } from "../../base/schema.ts"
import { schemas } from "../../ledger/rows.ts"
import { type LogPage, logPage, readLine } from "../../record/access-log.ts"
import { ageIdentity } from "../../record/age-keys.ts"
import { syncPath, writeDurably } from "../../store/durable-files.ts"
import { encodeLogProof } from "../../verify/log-proof.ts"
import { decodeReceipt } from "../../verify/receipt.ts"
import { receiptToJson } from "../../verify/receipt-json.ts"
import { encodeLinks } from "../../verify/trust.ts"
import { writeSums } from "../backup-files.ts"
import type { Founding } from "../block-source.ts"
import type { NodeContext } from "../context.ts"
import { encodeHandovers } from "../newcomer.ts"
import type { PlanPack } from "../plans.ts"
import { registerDoors } from "../register-doors.ts"
import { leaving, leavingValue, unknownOf } from "./collections.ts"
import { readmeOf } from "./exit-readme.ts"
import { offlineVerifier } from "./offline-verifier.ts"
import { type OwnTransaction, ownTransactions } from "./own-transactions.ts"

/** What of a node an exit takes; a stopped one is opened for it (`stored-node.ts`). */
export type Leaving = Pick<NodeContext, "config" | "keys" | "work" | "vault" | "log" | "chain">

export interface ExitOrder {
  /** Absent, or an empty directory; it appears when all of it is on disk. */
  readonly folder: string
  /** Closes the file with the key to the records: 12 characters or more. */
  readonly passphrase: string
}

export interface ExitReport {
  readonly folder: string
  readonly receipts: number
  /** Own transactions whose mark in the state has expired: nothing proves them any more. */
  readonly height: number
  /** First block that was looked through; above 1 where this node keeps no older ones. */
  readonly lowest: number
  readonly sealed: number
  readonly rows: number
  /** Collections that this version does not know, and that stay. */
  readonly stays: readonly string[]
}

const shortest = 12

/** One folder in the making: every file is its owner's alone. */
class Folder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  async write(name: string, bytes: Uint8Array | string): Promise<void> {
    const path = join(this.path, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeDurably(path, typeof bytes === "string" ? toUtf8(bytes) : bytes)
  }

  lines(name: string, values: readonly unknown[]): Promise<void> {
    return this.write(name, values.map((value) => `${toJson(value, 0)}\n`).join(""))
  }
}

/** As a file may be called. */
const fileName = (name: string) => name.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_")

async function writeChain({ chain, work }: Leaving, out: Folder): Promise<number> {
  const founding = work.get<Founding>("founding", "genesis")
  if (founding === undefined)
    return refuse("not-founded", "Cannot leave: this directory belongs to no chain", "node", "There is nothing to take")
  const headers: Header[] = []
  for (let height = 1; height <= chain.height; height++) {
    const header = chain.source.block(height)?.header
    if (header !== undefined) headers.push(header)
  }
  const last = chain.source.block(chain.height)
  await out.write("genesis.cbor", founding.genesis)
  if (founding.former !== undefined) await out.write("former-genesis.cbor", founding.former)
  await out.write("anchor.cbor", chain.anchorBytes())
  await out.write("headers.cbor", encodeLinks(headers))
  await out.write("handovers.cbor", encodeHandovers(last === undefined ? [] : chain.signed(last).handovers))
  return headers[0]?.height ?? chain.height + 1
}

function nameOf({ height, former, decoded }: OwnTransaction): string {
  const place = `${former ? "former-" : ""}${String(height).padStart(9, "0")}`
  return `${place}-${decoded.type.type.replace("/", "-")}-${toHex(decoded.id).slice(0, 12)}`
}

async function writeReceipts({ chain, config }: Leaving, out: Folder): Promise<number> {
  const index: unknown[] = []
  const names = new Set<string>()
  for await (const own of ownTransactions(chain, config.organization, config.directory)) {
    const { height, former, decoded, visit } = own
    // Signatures that came one after the other are transactions of one id.
    const given = nameOf(own)
    const name = names.has(given) ? `${given}-${names.size}` : given
    names.add(name)
    const receipt = await chain.receipt(own.bytes)
    await out.write(`receipts/${name}.cbor`, receipt)
    await out.write(`receipts/${name}.json`, receiptToJson(decodeReceipt(receipt)))
    index.push({ receipt: `${name}.cbor`, type: decoded.type.type, id: decoded.id, height, former, visit })
  }
  await out.lines("receipts/index.jsonl", index)
  return index.length
}

async function writeRegisters({ chain, config }: Leaving, out: Folder): Promise<void> {
  const doors = registerDoors(chain)
  for (const register of ["organizations", "plans", "practitioners", "keys"]) {
    let from: string | undefined
    for (let page = 1; ; page++) {
      const answer = await doors(register, { organization: String(config.organization), from })
      if (answer?.proof === undefined) break
      await out.write(`registers/${register}-${page}.cbor`, answer.proof)
      await out.write(`registers/${register}-${page}.json`, `${toJson(answer.view)}\n`)
      from = (JSON.parse(toJson(answer.view, 0)) as { readonly next?: string }).next
      if (from === undefined) break
    }
  }
}

/** What the ledger says in plain rows: balances, visits, payments. The receipts prove them. */
async function writeRows({ chain, config }: Leaving, out: Folder): Promise<void> {
  const tables = chain.tables()
  const { organization } = config
  const visits = [...tables.visits.rows()].filter(
    ([{ provider }, { legs }]) => provider === organization || legs.some(({ payer }) => payer === organization),
  )
  const payments = [...tables.payments.rows()].filter(
    ([, { payer, provider }]) => payer === organization || provider === organization,
  )
  const flat = (rows: readonly (readonly [object, object])[]) => rows.map(([key, value]) => ({ ...key, ...value }))
  await out.write(
    "ledger/account.json",
    `${toJson({
      organization: tables.organizations.get({ org: organization }),
      account: tables.accounts.get({ org: organization }),
      custodian: tables.custodians.get({ org: organization }),
      height: chain.height,
      seconds: chain.seconds,
    })}\n`,
  )
  await out.lines("ledger/visits.jsonl", flat(visits))
  await out.lines("ledger/payments.jsonl", flat(payments))
}

async function writeWork({ work }: Leaving, out: Folder): Promise<number> {
  let count = 0
  for (const collection of leaving) {
    const rows = work.rows(collection)
    if (rows.length === 0) continue
    count += rows.length
    const values = rows.map(([id, value]) => ({ id, value: leavingValue(collection, value) }))
    await out.lines(`data/${collection}.jsonl`, values)
  }
  const entries = work.get<readonly unknown[]>("directory", "entries") ?? []
  await out.write("organizations.json", `${toJson(entries)}\n`)
  return count
}

async function writePapers({ work }: Leaving, out: Folder): Promise<void> {
  for (const [id, pack] of work.rows<PlanPack>("plans")) {
    await out.write(`plans/${fileName(id)}/plan.md`, pack.bytes)
    for (const { name, bytes } of pack.tables) await out.write(`plans/${fileName(id)}/${fileName(name)}.csv`, bytes)
  }
  for (const [id, bytes] of work.rows<Uint8Array>("remittances"))
    await out.write(`remittances/${fileName(id)}.835`, bytes)
  for (const [name, bytes] of work.rows<Uint8Array>("documents")) await out.write(`documents/${fileName(name)}`, bytes)
}

function sealedFiles(directory: string): readonly string[] {
  const vault = join(directory, "vault")
  if (!existsSync(vault)) return []
  return readdirSync(vault, { recursive: true, encoding: "utf8" })
    .map((path) => path.split("/").at(-1)!)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .sort()
}

/** The files as they are, each read noted in the access log, and the identities that open them, under a passphrase. */
async function writeVault({ config, keys, vault, chain }: Leaving, out: Folder, passphrase: string): Promise<number> {
  const names = sealedFiles(config.directory)
  const reader = { time: chain.seconds, who: "this node", purpose: "exit bundle" }
  for (const name of names) {
    const sealed = await vault.get(fromHex(name), reader)
    if (sealed !== undefined) await out.write(`vault/${name}.age`, sealed)
  }
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  const identities = keys.openers("records").map((seed) => `${ageIdentity(seed)}\n`)
  await out.write("records-identity.txt.age", await encrypter.encrypt(identities.join("")))
  return names.length
}

const pagesCodec = list(logPage)

async function writeLog({ config, log, work, chain }: Leaving, out: Folder): Promise<void> {
  const pages = log.pages()
  const lines = work.rows<{ hour: number; line: LogPage["lines"][number] }>("access-log").map(([, { hour, line }]) => {
    const { sequence, time, who, digest, purpose } = readLine(line)
    const words = { who: Buffer.from(who).toString("utf8"), purpose: Buffer.from(purpose).toString("utf8") }
    return { hour, sequence, time, ...words, digest, salt: line.salt }
  })
  await out.lines("access-log/lines.jsonl", lines)
  await out.write("access-log/pages.cbor", encodeAs(pagesCodec, pages))
  const roots = work.rows<Uint8Array>("anchored").map(([hour, root]) => ({ hour: Number(hour), root }))
  await out.write("access-log/roots.json", `${toJson(roots)}\n`)
  const key = encodeAs(schemas.logs.key, { org: config.organization })
  const { value, proof, block } = await chain.source.prove("logs", key)
  if (value === undefined) return
  const { pairs, siblings } = proof
  await out.write(
    "access-log/proof.cbor",
    encodeLogProof({ ...chain.signed(block), row: { table: "logs", key, value, pairs, siblings } }),
  )
}

function demandOrder({ folder, passphrase }: ExitOrder): string {
  const target = resolve(folder)
  if (!isAbsolute(folder))
    refuse("exit-folder", "Cannot write exit bundle: the folder's whole path is needed", "folder", "Begin it with /")
  if (existsSync(target) && readdirSync(target).length > 0)
    refuse("exit-not-empty", "Cannot write exit bundle: the folder is not empty", target, "Name a new one")
  if (passphrase.length < shortest)
    refuse(
      "passphrase-short",
      `Cannot write exit bundle: under ${shortest} characters`,
      "passphrase",
      "Take a longer one",
    )
  return target
}

/**
 * Writes the bundle. The node may run or be stopped; what the ledger takes meanwhile is not in it.
 *
 * @throws Refused `exit-not-empty`, `exit-folder`, `passphrase-short`, `not-founded`; Fault when a disk refuses or a
 *   proof cannot be made now.
 */
export async function writeExitBundle(node: Leaving, order: ExitOrder): Promise<ExitReport> {
  const target = demandOrder(order)
  const unfinished = `${target}.${randomBytes(4).toString("hex")}.unfinished`
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  const out = new Folder(unfinished)
  try {
    const lowest = await writeChain(node, out)
    const receipts = await writeReceipts(node, out)
    await writeRegisters(node, out)
    await writeRows(node, out)
    const rows = await writeWork(node, out)
    await writePapers(node, out)
    const sealed = await writeVault(node, out, order.passphrase)
    await writeLog(node, out)
    await out.write("verify.mjs", await offlineVerifier())
    const stays = unknownOf(node.work.collections())
    const { chain, config } = node
    const report: ExitReport = { folder: target, receipts, height: chain.height, lowest, sealed, rows, stays }
    await out.write("README.txt", readmeOf(report, { name: config.name, chainId: chain.chainId }))
    await writeSums(unfinished)
    await syncPath(unfinished)
    await rm(target, { recursive: true, force: true })
    await rename(unfinished, target)
    await syncPath(dirname(target))
    return report
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}
