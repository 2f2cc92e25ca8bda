/**
 * The baseline's server: one organization runs it over PostgreSQL. It checks signatures, keys, roles and rules, keeps
 * bodies encrypted with a key that is never on the database's disk, and enters every row in a Merkle log whose signed
 * heads the members keep. Its administrator can change anything that it holds.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"
import type { Client } from "pg"
import { publicKeyOf, sign, toUtf8 } from "#crypto"
import { concat, toHex } from "../../../src/base/bytes.ts"
import { merkleProof, merkleRoot } from "../../../src/base/merkle.ts"
import { consistencyProof } from "./consistency.ts"
import { type Bodies, bodyAs, type Draft, isSigned, type Kind, leafOf, type Role, type Row, signRow } from "./row.ts"
import { judge, type KeyHolder, type View } from "./rules.ts"

/** What the operator holds outside the database. */
export interface Secrets {
  /** Signs tree heads and access rows. */
  readonly seed: Uint8Array
  /** Encrypts bodies and makes the blind index. */
  readonly dataKey: Uint8Array
}

export interface Head {
  readonly size: number
  readonly root: Uint8Array
  /** Seconds since 1970. */
  readonly at: number
  readonly signature: Uint8Array
}

export const headBytes = ({ size, root, at }: Omit<Head, "signature">) => concat(toUtf8(`head/1 ${size} ${at} `), root)

export interface Shown {
  readonly row: Row
  readonly proof: readonly Uint8Array[]
}

/** A row was not taken, with the rule's code. */
export class NotTaken extends Error {
  readonly code: string

  constructor(code: string) {
    super(`Cannot take row: ${code}`)
    this.code = code
  }
}

const tables = `
  create table keys (key text primary key, holder text not null, role text not null, starts bigint, ends bigint);
  create table rows (seq bigint primary key, kind text not null, author text not null references keys (key),
    sealed bytea not null, signature bytea not null unique);
  create table once (tag bytea primary key, seq bigint not null);
  create table counted (tag bytea not null, seq bigint not null);
  create table log (seq bigint primary key, leaf bytea not null);`

interface Stored {
  readonly seq: string
  readonly kind: Kind
  readonly author: string
  readonly sealed: Buffer
  readonly signature: Buffer
}

export class Service {
  /** Another session of the same database may take its place. */
  client: Client
  readonly secrets: Secrets
  readonly #now: () => number

  /** @param now - the server's clock in seconds; the operator sets it. */
  constructor(client: Client, secrets: Secrets, now: () => number) {
    this.client = client
    this.secrets = secrets
    this.#now = now
  }

  static async create(client: Client, secrets: Secrets, now: () => number): Promise<Service> {
    await client.query(tables)
    const service = new Service(client, secrets, now)
    await service.enrol(publicKeyOf(secrets.seed), "service", "service")
    return service
  }

  get key(): Uint8Array {
    return publicKeyOf(this.secrets.seed)
  }

  /** Keys are taken in by hand, with the holder present. */
  async enrol(key: Uint8Array, holder: string, role: Role, ends: number = Number.MAX_SAFE_INTEGER): Promise<void> {
    await this.client.query("insert into keys values ($1, $2, $3, 0, $4)", [toHex(key), holder, role, ends])
  }

  get view(): View {
    return {
      seconds: this.#now(),
      holderOf: async (key) => {
        const text = "select holder, role, starts, ends from keys where key = $1"
        const [found] = (await this.client.query<KeyHolder & { starts: string; ends: string }>(text, [key])).rows
        return found && { ...found, from: Number(found.starts), until: Number(found.ends) }
      },
      row: async (seq) => (await this.#select("where seq = $1", [seq]))[0],
      rowsOf: (kind) => this.#select("where kind = $1", [kind]),
    }
  }

  async #select(where: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.client.query<Stored>(`select * from rows ${where} order by seq`, [...values])
    return rows.map(({ seq, kind, author, sealed, signature }) => {
      return { seq: Number(seq), kind, author, body: this.#open(sealed), signature: new Uint8Array(signature) }
    })
  }

  seal(body: Uint8Array): Buffer {
    const nonce = randomBytes(12)
    const cipher = createCipheriv("aes-256-gcm", this.secrets.dataKey, nonce)
    return Buffer.concat([nonce, cipher.update(body), cipher.final(), cipher.getAuthTag()])
  }

  #open(sealed: Buffer): Uint8Array {
    const cipher = createDecipheriv("aes-256-gcm", this.secrets.dataKey, sealed.subarray(0, 12))
    cipher.setAuthTag(sealed.subarray(-16))
    return new Uint8Array(Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]))
  }

  #tag(name: string): Buffer {
    return createHmac("sha256", this.secrets.dataKey).update(name).digest()
  }

  /**
   * Takes a row: all of it or nothing.
   * @param lenient - the operator lets the rules be, for a friend.
   * @throws NotTaken with the rule's code.
   */
  async append(draft: Draft, lenient = false): Promise<number> {
    if (!isSigned(draft)) throw new NotTaken("bad-signature")
    const answer = await judge(this.view, draft)
    if ("code" in answer && !lenient) throw new NotTaken(answer.code)
    await this.client.query("begin")
    try {
      await this.client.query("select pg_advisory_xact_lock(1)")
      const seq = await this.size()
      if (!("code" in answer)) await this.#take(answer, seq)
      await this.client.query("insert into rows values ($1, $2, $3, $4, $5)", [
        seq,
        draft.kind,
        draft.author,
        this.seal(draft.body),
        draft.signature,
      ])
      await this.client.query("insert into log values ($1, $2)", [seq, leafOf({ ...draft, seq })])
      await this.client.query("commit")
      return seq
    } catch (error) {
      await this.client.query("rollback")
      if ((error as { code?: string }).code === "23505") throw new NotTaken("already-there")
      throw error
    }
  }

  async #take(
    { once, counted }: { once: readonly string[]; counted: readonly (readonly [string, number])[] },
    seq: number,
  ) {
    for (const name of once) await this.client.query("insert into once values ($1, $2)", [this.#tag(name), seq])
    for (const [name, most] of counted) {
      await this.client.query("insert into counted values ($1, $2)", [this.#tag(name), seq])
      const { rows } = await this.client.query("select count(*) as n from counted where tag = $1", [this.#tag(name)])
      if (Number(rows[0].n) > most) throw new NotTaken("limit-used")
    }
  }

  async size(): Promise<number> {
    return Number((await this.client.query("select count(*) as n from log")).rows[0].n)
  }

  async #leaves(size?: number): Promise<readonly Uint8Array[]> {
    const text = "select leaf from log order by seq limit $1"
    const { rows } = await this.client.query<{ leaf: Buffer }>(text, [size ?? null])
    return rows.map(({ leaf }) => new Uint8Array(leaf))
  }

  async head(): Promise<Head> {
    const leaves = await this.#leaves()
    const head = { size: leaves.length, root: merkleRoot(leaves), at: this.#now() }
    return { ...head, signature: sign(this.secrets.seed, headBytes(head)) }
  }

  async consistency(from: number, to: number): Promise<readonly Uint8Array[]> {
    const leaves = await this.#leaves(to)
    return from < 1 || from > leaves.length ? [] : consistencyProof(leaves, from)
  }

  /** A row with its proof under the log of `size` leaves. */
  async show(seq: number, size: number): Promise<Shown | undefined> {
    const row = await this.view.row(seq)
    const leaves = await this.#leaves(size)
    return row && seq < leaves.length ? { row, proof: merkleProof(leaves, seq) } : undefined
  }

  /** Shows a visit's row to one of its parties, after it has entered who read it. @throws NotTaken for anybody else. */
  async read<K extends "record" | "claim">(seq: number, kind: K, reader: Bodies["access"]): Promise<Bodies[K]> {
    const row = await this.view.row(seq)
    if (row === undefined) throw new NotTaken("row-unknown")
    const body = bodyAs(row, kind)
    const checkin = bodyAs((await this.view.row(body.checkin))!, "checkin")
    const promise = bodyAs((await this.view.row(checkin.eligibility))!, "eligibility")
    if (![checkin.provider, promise.patient, "payer"].includes(reader.who)) throw new NotTaken("not-yours")
    await this.append(signRow(this.secrets.seed, "access", reader))
    return body
  }
}
